"""Asking public pages, over the wire"""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing

import pytest
from carrying import Clock
from previewing import a_preview
from sources.preview.samples import bubble, page, said

from monitor.clock import SystemClock
from monitor.errors import Refused, Unavailable
from monitor.model.channel import Identity
from monitor.model.instant import HOUR, MINUTE, SECOND
from monitor.model.post import Forward, Markup, Media, Post, PostId
from monitor.model.record import Draft, Faulted, Said, Source
from monitor.ports import Batch, Contact, NoContact, Store
from monitor.rehearsal import Pages, World, preview
from monitor.rehearsal.mishaps import cut_history
from monitor.sources.preview.source import PreviewSource

LEGION = Identity(username="legion")


@pytest.fixture
def source(pages: Pages, store: Store, clock: Clock) -> PreviewSource:
    return a_preview(pages, store, clock, "legion")


def post_of(draft: Draft | None) -> Post:
    assert draft is not None
    assert isinstance(draft.content, Said)
    return draft.content.post


async def told(source: PreviewSource) -> Batch:
    """What it has to tell by itself."""
    async with aclosing(source.observations()) as batches:  # type: ignore[type-var]
        return await anext(aiter(batches))


def present(looks: Mapping[PostId, Draft | None]) -> dict[PostId, bool]:
    return {post: draft is not None for post, draft in looks.items()}


# ------------------------------------------------------------------------------------------------------------- what is seen


async def test_a_channel_shows_who_it_is_and_how_far_it_goes(source: PreviewSource, world: World, clock: Clock) -> None:
    world.publish_many("legion", ["one", "two"])

    async with source.asked():
        found = await source.contact([LEGION])

    known = Identity(world.channel("legion").id, "legion", "Legion")
    assert found == [Contact(known, clock.now(), 3)]
    assert source.channels == (known,)
    assert source.found(LEGION) == source.found(Identity(id=known.id)) == known
    assert source.state == "connected"


async def test_a_post_says_on_the_page_what_it_says(source: PreviewSource, world: World) -> None:
    world.add_channel("corps", title="The Corps")
    marks = (
        Markup("bold", 3, 5),
        Markup("spoiler", 3, 8),
        Markup("custom_emoji", 0, 2, document=77),
        Markup("text_url", 12, 4, url="https://e.org/?a=1&b=2"),
    )
    forward = Forward(channel=Identity(username="corps"), post=7)
    media = Media("poll", texts=("Q?", "yes", "no"))
    id = world.publish(
        "legion", "🎉 hello\nto here", entities=marks, forward=forward, media=media, author="Ada", reply_to=1
    )

    async with source.asked():
        look = (await source.look(LEGION, [id]))[id]

    found = post_of(look)
    assert look is not None
    assert (look.source, look.published_at) == (Source.PREVIEW, world.channel("legion").posts[id].date)
    assert (found.text, found.author) == ("🎉 hello\nto here", "Ada")
    assert set(found.entities) >= {marks[0], marks[2], marks[3]}
    assert found.media == (media,)
    assert found.forward == Forward(channel=Identity(username="corps", title="The Corps"), post=7)
    assert found.reply_to is not None
    assert found.reply_to.post == 1


@pytest.mark.parametrize(
    "media",
    [
        Media("photo", id=5467914902124479304),
        Media("video", seconds=34.0),
        Media("animation"),
        Media("voice", seconds=3.0),
        Media("document", file_name="a.pdf"),
        Media("audio", texts=("Song", "Band")),
        Media("sticker", texts=("🎉",)),
        Media("link", url="https://a.org/b", texts=("Title", "About")),
        Media("contact", texts=("Ivan", "+7000")),
        Media("location", url="geo:50.595414,36.587277"),
        Media("venue", url="geo:50.595414,36.587277", texts=("The bridge", "River street")),
        Media("unsupported"),
    ],
    ids=lambda media: media.kind,
)
async def test_what_is_attached_is_what_was_attached(source: PreviewSource, world: World, media: Media) -> None:
    id = world.publish("legion", "look", media=media)

    async with source.asked():
        looks = await source.look(LEGION, [id])

    assert post_of(looks[id]).media == (media,)


# --------------------------------------------------------------------------------------------------------- back and forth


async def test_history_goes_back_page_by_page_until_there_is_no_more(source: PreviewSource, world: World) -> None:
    world.publish_many("legion", [f"{number}" for number in range(50)])
    world.delete("legion", [20, 21])
    found: list[PostId] = []
    before = 52

    async with source.asked():
        while (part := await source.history(LEGION, limit=100, before=before)).drafts:
            assert [each.post for each in part.drafts] == sorted(each.post for each in part.drafts)
            found = [each.post for each in part.drafts] + found
            before = found[0]

    assert found == [*range(1, 20), *range(22, 52)]
    assert not part.more


async def test_history_goes_forth_without_a_hole(source: PreviewSource, world: World) -> None:
    world.publish_many("legion", [f"{number}" for number in range(50)])
    world.delete("legion", range(11, 15))
    found: list[PostId] = []

    async with source.asked():
        while part := (await source.history(LEGION, limit=7, after=found[-1] if found else 0)).drafts:
            found += [each.post for each in part]

    assert found == [*range(1, 11), *range(15, 52)]


async def test_a_page_that_passes_posts_over_is_not_believed(source: PreviewSource, pages: Pages, world: World) -> None:
    world.publish_many("legion", [f"{number}" for number in range(60)])
    state = world.channel("legion")
    late = page(bubble(post="legion/40", number=state.bare), name="legion")
    pages.faults.replace("/s/legion?after=10", late)

    async with source.asked():
        with pytest.raises(Unavailable, match="came short"):
            await source.history(LEGION, limit=100, after=10)


async def test_a_page_that_shows_others_than_those_asked_for_is_not_believed(
    source: PreviewSource, pages: Pages, world: World
) -> None:
    world.publish_many("legion", [f"{number}" for number in range(60)])
    newest = page(bubble(post="legion/61", number=world.channel("legion").bare), name="legion")
    for path in ("/s/legion?before=30", "/s/legion?before=41", "/s/legion?before=61"):
        pages.faults.replace(path, newest)

    async with source.asked():
        with pytest.raises(Unavailable, match="other posts"):
            await source.history(LEGION, limit=100, before=30)
        looks = await source.look(LEGION, [30])

    assert looks == {}


async def test_an_album_is_not_cut(source: PreviewSource, world: World) -> None:
    for _ in range(4):
        world.publish("legion", media={"kind": "photo"}, album="raid")
    world.publish("legion", "after")

    async with source.asked():
        older = await source.history(LEGION, limit=3, before=7)
        newer = await source.history(LEGION, limit=3, after=1)

    assert [each.post for each in older.drafts] == [6]
    assert [each.post for each in newer.drafts] == [2, 3, 4]  # it alone is more than was asked for


# ----------------------------------------------------------------------------------------------------------------- looking


async def test_a_look_tells_what_is_there_and_what_is_not(source: PreviewSource, world: World, clock: Clock) -> None:
    world.publish_many("legion", [f"{number}" for number in range(100)])
    world.delete("legion", [5, 50, 101])

    async with source.asked():
        await source.contact([LEGION])
        clock.move(MINUTE)
        looks = await source.look(LEGION, [5, 6, 50, 51, 101, 400])

    assert present(looks) == {5: False, 6: True, 50: False, 51: True, 101: False, 400: False}


async def test_parts_of_an_album_are_found_each_by_its_number(
    source: PreviewSource, world: World, clock: Clock
) -> None:
    world.publish("legion", "before")
    for _ in range(9):
        world.publish("legion", media={"kind": "photo"}, album="raid")
    world.publish("legion", "after")

    async with source.asked():
        await source.contact([LEGION])
        clock.move(MINUTE)
        looks = await source.look(LEGION, [4, 7])

    assert present(looks) == {4: True, 7: True}


async def test_what_was_before_the_first_post_is_not_there(source: PreviewSource, world: World, clock: Clock) -> None:
    world.publish_many("legion", [f"{number}" for number in range(60)])
    cut_history(world, "legion", upto=40)

    async with source.asked():
        await source.contact([LEGION])
        clock.move(MINUTE)
        looks = await source.look(LEGION, [1, 2, 30, 41])

    assert present(looks) == {1: False, 2: False, 30: False, 41: True}


async def test_a_page_without_posts_alone_does_not_say_that_one_is_gone(
    source: PreviewSource, pages: Pages, world: World, clock: Clock
) -> None:
    world.publish_many("legion", [f"{number}" for number in range(60)])
    pages.faults.replace("/s/legion?before=21", page(name="legion"))

    async with source.asked():
        await source.contact([LEGION])
        clock.move(MINUTE)
        looks = await source.look(LEGION, [10])

    assert present(looks) == {10: True}


async def test_where_a_post_has_no_number_nobody_is_missing(
    source: PreviewSource, pages: Pages, world: World, clock: Clock
) -> None:
    world.publish_many("legion", ["one", "two"])
    bare = world.channel("legion").bare
    odd = page(
        bubble(post="legion/1", number=bare), bubble(said("who am I"), post="", number=None), bubble(post="legion/3", number=bare),
        name="legion",
    )  # fmt: skip

    async with source.asked():
        await source.contact([LEGION])
        clock.move(MINUTE)
        pages.faults.replace("/s/legion?before=14", odd)
        looks = await source.look(LEGION, [1, 2, 3])
        batch = await told(source)

    assert present(looks) == {1: True, 2: True, 3: True}  # the second has a page of its own
    (fault,) = batch.drafts
    assert isinstance(fault.content, Faulted)
    assert fault.content.reason == "a post without a number"
    assert b"who am I" in fault.content.raw


async def test_one_post_of_a_channel_that_is_not_watched_can_be_had(source: PreviewSource, world: World) -> None:
    world.add_channel("corps", title="The Corps")
    id = world.publish("corps", "the original")
    corps = Identity(username="corps")

    async with source.asked():
        found, gone = await source.single(corps, id), await source.single(corps, 99)
        with pytest.raises(Refused, match="not found"):
            await source.single(Identity(username="nobody"), 1)

    assert post_of(found).text == "the original"
    assert found is not None
    assert found.channel == Identity(id=world.channel("corps").id, username="corps")
    assert gone is None
    assert source.wanted == (LEGION,)


@pytest.mark.parametrize("name", ["", "/evil.example", "..", "a b", "a?q=1#", "имя", "x" * 65, "@legion", "a/b"])
async def test_a_name_that_is_none_leads_nowhere(source: PreviewSource, pages: Pages, name: str) -> None:
    async with source.asked():
        with pytest.raises(Refused, match="no address"):
            await source.single(Identity(username=name), 1)
        with pytest.raises(Refused, match="no address"):
            await source.single(Identity(id=-1001234567890), 1)

    assert pages.asked == []


# ------------------------------------------------------------------------------------------------------ which are watched


async def test_channels_come_and_go_while_it_runs(source: PreviewSource, pages: Pages, world: World) -> None:
    corps = world.add_channel("corps")
    async with source.asked():
        source.watch([Identity(corps.id, "corps", "Corps"), Identity(username="LEGION")])
        both = await source.contact(source.channels)
        source.release([Identity(username="legion")])
        pages.asked.clear()
        left = await source.contact([*source.channels, LEGION])
        with pytest.raises(Refused):
            await source.look(LEGION, [1])

    assert [each.channel.username for each in both] == ["legion", "corps"]
    assert [each.channel.username for each in left] == ["corps"]
    assert pages.asked == ["/s/corps"]
    assert (source.found(LEGION), source.found(Identity(id=corps.id))) == (None, Identity(corps.id, "corps", "corps"))
    assert source.missing(LEGION).reason == "it is not read from its public page"


async def test_one_that_was_handed_over_by_its_id_can_be_asked_at_once(source: PreviewSource, world: World) -> None:
    corps = world.add_channel("corps")
    id = world.publish("corps", "hello")
    known = Identity(corps.id, "corps", "Corps")
    source.watch([known])

    async with source.asked():
        looks = await source.look(known, [id])

    assert post_of(looks[id]).text == "hello"


async def test_one_without_a_public_name_has_no_page(pages: Pages, store: Store, clock: Clock) -> None:
    source = a_preview(pages, store, clock, Identity(id=-1001234567890))

    async with source.asked():
        (answer,) = await source.contact(source.channels)

    assert isinstance(answer, NoContact)
    assert (answer.standing, answer.reason) == ("lost", "it has no public name")


async def test_a_channel_without_posts_is_waited_for(pages: Pages, store: Store, clock: Clock, world: World) -> None:
    world.add_channel("empty", first_id=1)
    source = a_preview(pages, store, clock, "empty")

    async with source.asked():
        (before,) = await source.contact(source.channels)
        world.publish("empty", "at last")
        (after,) = await source.contact(source.channels)

    assert isinstance(before, NoContact)
    assert before.standing == "waiting"
    assert isinstance(after, Contact)
    assert after.top == 1


async def test_who_could_not_be_asked_in_a_round_is_told_of_at_once_and_comes_first(
    pages: Pages, store: Store, clock: Clock, world: World
) -> None:
    names = [f"channel_{number}" for number in range(40)]
    for name in names:
        world.add_channel(name)
    source = a_preview(pages, store, clock, *names, requests_per_second=1.0)

    async with source.asked():
        first = await source.contact(source.channels)
        batch = await told(source)
        second = await source.contact(source.channels)

    met = [each.channel.username for each in first]
    assert met == names[: len(met)]
    assert [each.username for each in batch.behind] == names[len(met) :]
    assert [each.channel.username for each in second][: len(batch.behind)] == names[len(met) :]


# ------------------------------------------------------------------------------------------------------------------- manners


async def test_it_says_who_it_is_and_keeps_no_cookies(source: PreviewSource, pages: Pages) -> None:
    async with source.asked():
        await source.contact([LEGION])
        await source.contact([LEGION])

    (agent,) = pages.agents
    assert agent.startswith("monitor/")
    assert pages.cookies == []


async def test_no_more_than_so_many_pages_a_second(pages: Pages, store: Store, clock: Clock, world: World) -> None:
    world.publish_many("legion", [f"{number}" for number in range(200)])
    source = a_preview(pages, store, clock, "legion", requests_per_second=2.0)
    begun = clock.now()

    async with source.asked():
        await source.look(LEGION, range(1, 200))

    assert len(pages.asked) > 10
    assert clock.now() - begun >= (len(pages.asked) - 1) * SECOND // 2


@pytest.mark.parametrize("status", [429, 503])
async def test_it_asks_for_nothing_as_long_as_it_is_told_to_wait(
    source: PreviewSource, pages: Pages, clock: Clock, status: int
) -> None:
    pages.faults.fail(status, times=1, wait=300)

    async with source.asked():
        with pytest.raises(Unavailable) as refusal:
            await source.contact([LEGION])
        clock.move(299 * SECOND)
        with pytest.raises(Unavailable):
            await source.contact([LEGION])
        before = len(pages.asked)
        clock.move(2 * SECOND)
        (answer,) = await source.contact([LEGION])

    assert refusal.value.wait == 300
    assert before == 1
    assert isinstance(answer, Contact)


async def test_a_wait_may_be_told_as_a_date(source: PreviewSource, pages: Pages) -> None:
    pages.faults.fail(429, times=1, wait="Sun, 04 Jun 2023 12:10:00 GMT")

    async with source.asked():
        with pytest.raises(Unavailable) as refusal:
            await source.contact([LEGION])

    assert refusal.value.wait == 600


@pytest.mark.parametrize("wait", ["soon", "", "9" * 400, "-5"])
async def test_odd_waits_do_not_silence_it_for_good(
    source: PreviewSource, pages: Pages, clock: Clock, wait: str
) -> None:
    pages.faults.fail(503, times=1, wait=wait)

    async with source.asked():
        with pytest.raises(Unavailable) as refusal:
            await source.contact([LEGION])
        clock.move(24 * HOUR)
        (answer,) = await source.contact([LEGION])

    assert refusal.value.wait is not None
    assert refusal.value.wait <= 24 * 3600
    assert isinstance(answer, Contact)


async def test_a_server_that_fails_again_and_again_is_asked_less_and_less(
    source: PreviewSource, pages: Pages, clock: Clock
) -> None:
    pages.faults.fail(500)

    async with source.asked():
        for _ in range(600):
            with pytest.raises(Unavailable):
                await source.contact([LEGION])
            clock.move(SECOND)

    assert len(pages.asked) < 20


async def test_a_server_that_never_answers_is_given_up_on(pages: Pages, store: Store) -> None:
    source = a_preview(pages, store, SystemClock(), "legion", patience=0.2)
    pages.faults.fall_silent()

    async with source.asked():
        with pytest.raises(Unavailable, match=r"did not answer within 0.2 s"):
            await source.contact([LEGION])


async def test_where_the_proxy_is_down_nothing_goes_another_way(pages: Pages, store: Store, clock: Clock) -> None:
    door = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1")
    port = door.sockets[0].getsockname()[1]
    door.close()
    await door.wait_closed()
    source = a_preview(pages, store, clock, "legion", proxy=f"http://127.0.0.1:{port}")

    async with source.asked():
        with pytest.raises(Unavailable):
            await source.contact([LEGION])

    assert pages.asked == []


async def test_nothing_is_followed_to_another_place(
    source: PreviewSource, pages: Pages, world: World, store: Store, clock: Clock
) -> None:
    async with preview(world) as elsewhere:

        async def lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(
                f"HTTP/1.1 302 Found\r\nlocation: {elsewhere.address}/legion\r\ncontent-length: 0\r\n\r\n".encode()
            )
            writer.close()

        door = await asyncio.start_server(lead, "127.0.0.1")
        async with door:
            leading = PreviewSource(
                address=f"http://127.0.0.1:{door.sockets[0].getsockname()[1]}",
                channels=[LEGION],
                peers=store.peers,
                clock=clock,
                requests_per_second=None,
            )
            async with leading.asked():
                assert await leading.contact([LEGION]) == []

        assert elsewhere.asked == []


async def test_a_page_that_is_none_teaches_nothing(source: PreviewSource, pages: Pages) -> None:
    pages.faults.replace("/s/legion", b"<html><body>Bad gateway</body></html>")

    async with source.asked():
        assert await source.contact([LEGION]) == []
        pages.faults.clear()
        pages.faults.fail(404)
        assert await source.contact([LEGION]) == []


@pytest.mark.parametrize("size", [9 << 20, 64 << 20])
async def test_a_page_without_end_is_not_read_to_its_end(source: PreviewSource, pages: Pages, size: int) -> None:
    pages.faults.replace("/s/legion", b"x" * size)

    async with source.asked():
        assert await source.contact([LEGION]) == []


async def test_a_page_that_did_not_change_is_not_sent_again(world: World, store: Store, clock: Clock) -> None:
    async with preview(world, conditional=True) as pages:
        source = a_preview(pages, store, clock, "legion")
        async with source.asked():
            first = await source.contact([LEGION])
            clock.move(MINUTE)
            again = await source.contact([LEGION])
            world.publish("legion", "news")
            clock.move(MINUTE)
            (changed,) = await source.contact([LEGION])

        assert pages.spared == 1
    assert [each.at for each in (*first, *again)] == [clock.now() - 2 * MINUTE, clock.now() - MINUTE]
    assert isinstance(changed, Contact)
    assert changed.top == 2
