"""Collecting from public pages, without an account"""

from carrying import Clock
from collecting import Collecting
from previewing import reading

from monitor.model.instant import MINUTE, SECOND
from monitor.model.record import Access, Gap, Gone, Kind, Source
from monitor.ports import Store
from monitor.rehearsal import Pages, World
from monitor.rehearsal.mishaps import hand_over, vanish
from monitor.stages.reread import Rereader


def rereader(reading: Collecting, clock: Clock) -> Rereader:
    store = reading.store
    return Rereader(
        store.ledger,
        store.positions,
        store.agenda,
        reader_of=lambda channel: reading.source if reading.source.found(channel) else None,
        clock=clock,
    )


async def look(reading: Collecting, clock: Clock) -> None:
    again = rereader(reading, clock)
    while await again.reread(delays=[MINUTE]):
        pass
    await again.look_again()


async def test_reads_what_is_there_in_silence_and_then_what_is_new(
    pages: Pages, world: World, store: Store, clock: Clock
) -> None:
    world.publish_many("legion", [f"old {number}" for number in range(45)])

    async with reading(pages, store, clock, "legion") as collecting:
        await collecting.poll()
        clock.move(MINUTE)
        world.publish("legion", "the bridge fell")
        await collecting.poll()

        records = [each for each in await collecting.records() if each.said]
        quiet = [each.content.quiet for each in records]  # type: ignore[union-attr]

    assert [each.post for each in records] == list(range(1, 48))
    assert quiet == [True] * 46 + [False]
    assert records[-1].said is not None
    assert records[-1].said.text == "the bridge fell"
    assert records[-1].source is Source.PREVIEW
    assert records[-1].channel is not None
    assert (records[-1].channel.id, records[-1].channel.title) == (world.channel("legion").id, "Legion")
    assert (await collecting.red()) == {}


async def test_news_costs_one_page(pages: Pages, world: World, store: Store, clock: Clock) -> None:
    world.publish_many("legion", [f"old {number}" for number in range(5)])

    async with reading(pages, store, clock, "legion") as collecting:
        await collecting.poll()
        clock.move(MINUTE)
        pages.asked.clear()
        world.publish_many("legion", ["one", "two", "three"])
        await collecting.poll()

        assert [each.post for each in await collecting.records() if each.said][-3:] == [7, 8, 9]

    assert pages.asked == ["/s/legion"]


async def test_more_than_a_page_of_news_is_read_from_where_the_last_ended(
    pages: Pages, world: World, store: Store, clock: Clock
) -> None:
    world.publish("legion", "old")

    async with reading(pages, store, clock, "legion") as collecting:
        await collecting.poll()
        clock.move(10 * MINUTE)
        world.publish_many("legion", [f"new {number}" for number in range(250)])
        world.delete("legion", range(100, 130))
        await collecting.poll()

        told = [each for each in await collecting.records() if each.said]
        gaps = [each.content for each in await collecting.records() if isinstance(each.content, Gap)]

    assert sorted(each.post for each in told) == [*range(1, 100), *range(130, 253)]
    assert sorted((each.first, each.last) for each in gaps if each.standing == "absent") == [(100, 129)]


async def test_finds_an_edit_that_nobody_announced(pages: Pages, world: World, store: Store, clock: Clock) -> None:
    world.publish_many("legion", ["a bridge", "a harbour"])

    async with reading(pages, store, clock, "legion", first_history=0) as collecting:
        await collecting.poll()
        world.publish("legion", "12 captured")
        clock.move(MINUTE)
        await collecting.poll()
        world.edit("legion", 4, "22 captured")
        clock.move(2 * MINUTE)
        await look(collecting, clock)

        told = [each for each in await collecting.told() if each[2] == 4]

    assert told == [(Kind.PUBLISHED, "legion", 4, "12 captured"), (Kind.EDITED, "legion", 4, "22 captured")]


async def test_finds_a_deletion_by_two_looks(pages: Pages, world: World, store: Store, clock: Clock) -> None:
    async with reading(pages, store, clock, "legion") as collecting:
        await collecting.poll()
        clock.move(MINUTE)
        world.publish_many("legion", ["one", "two", "three"])
        await collecting.poll()
        world.delete("legion", [3], announce=False)
        clock.move(2 * MINUTE)
        await look(collecting, clock)
        once = [each for each in await collecting.records() if isinstance(each.content, Gone)]
        clock.move(2 * MINUTE)
        await look(collecting, clock)

        gone = [each for each in await collecting.records() if isinstance(each.content, Gone)]

    assert once == []
    assert [each.post for each in gone] == [3]
    assert gone[0].content.looks == 2  # type: ignore[union-attr]


async def test_a_channel_that_nobody_has_is_red_and_holds_up_no_other(
    pages: Pages, world: World, store: Store, clock: Clock
) -> None:
    world.publish("legion", "here")

    async with reading(pages, store, clock, "nobody_here", "legion") as collecting:
        await collecting.poll()

        red, access = await collecting.red(), await collecting.contents(Kind.ACCESS)

    assert red == {"nobody_here": "no channel has the name nobody_here"}
    assert access == [Access("lost", "preview", "no channel has the name nobody_here")]
    assert [each.post for each in await collecting.records() if each.said] == [1, 2]


async def test_a_channel_that_goes_is_lost_and_none_of_its_posts_deleted(
    pages: Pages, world: World, store: Store, clock: Clock
) -> None:
    world.publish_many("legion", ["one", "two"])

    async with reading(pages, store, clock, "legion") as collecting:
        await collecting.poll()
        vanish(world, "legion")
        for _ in range(3):
            clock.move(2 * MINUTE)
            await collecting.poll()
            await look(collecting, clock)

        records, red = await collecting.records(), await collecting.red()

    assert [each.content.standing for each in records if isinstance(each.content, Access)] == ["lost"]
    assert not [each for each in records if each.kind is Kind.DELETED]
    assert red == {"legion": "no channel has the name legion"}


async def test_a_channel_that_hides_its_history_is_lost_until_it_shows_it_again(
    pages: Pages, world: World, store: Store, clock: Clock
) -> None:
    world.publish("legion", "one")

    async with reading(pages, store, clock, "legion") as collecting:
        await collecting.poll()
        pages.faults.hide("legion")
        clock.move(MINUTE)
        await collecting.poll()
        hidden = await collecting.red()
        pages.faults.show("legion")
        world.publish("legion", "two")
        clock.move(11 * MINUTE)
        await collecting.poll()

        access = [each.standing for each in await collecting.contents(Kind.ACCESS)]
        told = [each[3] for each in await collecting.told()]

    assert hidden == {"legion": "legion shows no history without an account"}
    assert access == ["lost", "granted"]
    assert told == ["one", "two"]


async def test_a_name_that_went_to_another_channel_is_not_followed(
    pages: Pages, world: World, store: Store, clock: Clock
) -> None:
    world.publish("legion", "ours")
    impostor = world.add_channel("impostor")

    async with reading(pages, store, clock, "legion") as collecting:
        await collecting.poll()
        hand_over(world, "legion", to="impostor")
        world.publish(impostor.id, "theirs")
        clock.move(MINUTE)
        await collecting.poll()

    async with reading(pages, store, clock, "legion") as after_a_restart:
        clock.move(11 * MINUTE)
        await after_a_restart.poll()

        red, told = await after_a_restart.red(), await after_a_restart.told()

    assert red == {"legion": f"the name legion has gone to another channel, {impostor.id}"}
    assert [each[3] for each in told] == ["ours"]


async def test_a_server_that_is_down_is_red_and_everything_comes_when_it_is_back(
    pages: Pages, world: World, store: Store, clock: Clock
) -> None:
    world.publish("legion", "before")

    async with reading(pages, store, clock, "legion") as collecting:
        await collecting.poll()
        await pages.close_door()
        world.publish_many("legion", [f"meanwhile {number}" for number in range(30)])
        clock.move(MINUTE)
        await collecting.poll()
        down = await collecting.red()
        await pages.open_door()
        clock.move(5 * MINUTE)
        await collecting.poll()

        told, red = await collecting.told(), await collecting.red()

    assert "preview" in down
    assert len(told) == 31
    assert red == {}
    assert [each.reason for each in await collecting.contents(Kind.BLIND)] == ["no contact with the channel"]


async def test_an_album_is_as_many_posts_as_it_has_parts(
    pages: Pages, world: World, store: Store, clock: Clock
) -> None:
    async with reading(pages, store, clock, "legion") as collecting:
        await collecting.poll()
        clock.move(30 * SECOND)
        for number in range(4):
            world.publish("legion", "the caption" if number == 0 else "", media={"kind": "photo"}, album="raid")
        world.publish("legion", "after")
        await collecting.poll()

        posts = {each.post: each.said for each in await collecting.records() if each.said}

    assert sorted(posts) == [1, 2, 3, 4, 5, 6]
    assert [posts[number].text for number in range(2, 7)] == ["the caption", "", "", "", "after"]
    assert [len(posts[number].media) for number in range(2, 7)] == [1, 1, 1, 1, 0]
    assert {posts[number].album for number in range(2, 6)} == {2}
