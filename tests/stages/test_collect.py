"""Collecting from Telegram"""

import asyncio
from collections import Counter
from itertools import permutations
from pathlib import Path

import pytest
from builders import revision
from carrying import Clock
from collecting import PHONE, Collecting, a_collector, a_source, collecting, polling
from msgspec.structs import replace

from monitor.model.channel import Identity
from monitor.model.instant import HOUR, MINUTE, Instant, parse
from monitor.model.record import Draft, Gap, Kind, Source
from monitor.ports import Batch, Step, Store
from monitor.rehearsal import Server
from monitor.rehearsal.mishaps import ban, unban, withhold

PUBLISHED, EDITED, DELETED = Kind.PUBLISHED, Kind.EDITED, Kind.DELETED
NOON = parse("2023-06-04T12:00:00Z")
IDENTITY = Identity(username="bridge_news")


@pytest.fixture
def bridge(telegram: Server) -> Server:
    telegram.world.add_channel("bridge_news", "Bridge news")
    telegram.world.add_account(PHONE, joined=["bridge_news"])
    return telegram


async def test_records_posts_edits_and_deletions_as_they_are_pushed(
    bridge: Server, store: Store, tmp_path: Path
) -> None:
    async with collecting(bridge, store, tmp_path, "bridge_news") as at_work:
        first = bridge.world.publish("bridge_news", "The bridge fell.")
        await at_work.until(lambda told: len(told) == 1)
        bridge.world.edit("bridge_news", first, "The bridge did not fall.")
        bridge.world.delete("bridge_news", [first])

        await at_work.until(lambda told: len(told) == 3)

        assert await at_work.told() == [
            (PUBLISHED, "bridge_news", first, "The bridge fell."),
            (EDITED, "bridge_news", first, "The bridge did not fall."),
            (DELETED, "bridge_news", first, ""),
        ]


async def test_reads_what_was_there_before_in_silence(bridge: Server, store: Store, tmp_path: Path) -> None:
    for number in range(5):
        bridge.world.publish("bridge_news", f"Old {number}.")

    async with collecting(bridge, store, tmp_path, "bridge_news", first_history=3) as at_work:
        await at_work.until(lambda told: len(told) == 3)
        bridge.world.publish("bridge_news", "New.")
        await at_work.until(lambda told: len(told) == 4)

        said = [record for record in await at_work.records() if record.said and record.said.text]
        assert [(record.said.text, record.content.quiet, record.source) for record in said] == [
            ("Old 2.", True, Source.BACKFILL),
            ("Old 3.", True, Source.BACKFILL),
            ("Old 4.", True, Source.BACKFILL),
            ("New.", False, Source.PUSH),
        ]


async def test_declares_what_is_older_as_unknown_once(bridge: Server, store: Store, tmp_path: Path) -> None:
    for number in range(5):
        bridge.world.publish("bridge_news", f"Old {number}.")

    async with collecting(bridge, store, tmp_path, "bridge_news", first_history=2) as at_work:
        await at_work.until_recorded(Kind.GAP)
    async with collecting(bridge, store, tmp_path, "bridge_news", first_history=2) as at_work:
        bridge.world.publish("bridge_news", "New.")
        await at_work.until(lambda told: len(told) == 3)

        gaps = [record.content for record in await at_work.records() if isinstance(record.content, Gap)]
        assert gaps == [Gap(1, 4, "unknown")]


async def test_fetches_what_happened_while_it_was_away(bridge: Server, store: Store, tmp_path: Path) -> None:
    async with collecting(bridge, store, tmp_path, "bridge_news") as at_work:
        kept, changed, gone = (bridge.world.publish("bridge_news", text) for text in ("Kept.", "Before.", "Gone."))
        await at_work.until(lambda told: len(told) == 3)
    bridge.world.edit("bridge_news", changed, "After.")
    bridge.world.delete("bridge_news", [gone])
    new = bridge.world.publish("bridge_news", "While away.")

    async with collecting(bridge, store, tmp_path, "bridge_news") as at_work:
        await at_work.until(lambda told: len(told) == 6)

        assert sorted((await at_work.told())[3:]) == sorted(
            [
                (PUBLISHED, "bridge_news", new, "While away."),
                (EDITED, "bridge_news", changed, "After."),
                (DELETED, "bridge_news", gone, ""),
            ]
        )
        assert kept


async def test_fetches_what_a_push_shows_to_be_missing(bridge: Server, store: Store, tmp_path: Path) -> None:
    async with collecting(bridge, store, tmp_path, "bridge_news") as at_work:
        bridge.world.publish("bridge_news", "First.")
        await at_work.until(lambda told: len(told) == 1)
        bridge.faults.swallow(times=3)
        for text in ("Swallowed 1.", "Swallowed 2.", "Swallowed 3."):
            bridge.world.publish("bridge_news", text)
        bridge.world.publish("bridge_news", "Last.")

        await at_work.until(lambda told: len(told) == 5)

        assert {text for *_, text in await at_work.told()} >= {"Swallowed 1.", "Swallowed 2.", "Swallowed 3."}


async def test_fetches_what_no_push_ever_tells_at_the_next_poll(bridge: Server, store: Store, tmp_path: Path) -> None:
    async with collecting(bridge, store, tmp_path, "bridge_news") as at_work:
        bridge.world.publish("bridge_news", "First.")
        await at_work.until(lambda told: len(told) == 1)
        bridge.world.publish("bridge_news", "Never told.", announce=False)

        await at_work.poll()
        await at_work.until(lambda told: len(told) == 2)

        assert (await at_work.records())[-1].source is Source.POLL


async def test_loses_nothing_when_the_difference_is_too_long_to_be_told(
    bridge: Server, store: Store, tmp_path: Path
) -> None:
    async with collecting(bridge, store, tmp_path, "bridge_news") as at_work:
        bridge.world.publish("bridge_news", "First.")
        await at_work.until(lambda told: len(told) == 1)
    for number in range(250):
        bridge.world.publish("bridge_news", f"Missed {number}.")

    async with collecting(bridge, store, tmp_path, "bridge_news") as at_work:
        await at_work.until(lambda told: len(told) == 251)

        assert len({post for _, _, post, _ in await at_work.told()}) == 251
        assert not await store.ledger.missing((await store.ledger.held())[0].identity, first=1, last=252, limit=10)


async def test_records_ids_that_are_not_there_as_absent_never_as_deleted(
    bridge: Server, store: Store, tmp_path: Path
) -> None:
    async with collecting(bridge, store, tmp_path, "bridge_news") as at_work:
        bridge.world.publish("bridge_news", "First.")
        await at_work.until(lambda told: len(told) == 1)
        bridge.world.publish("bridge_news", "After a hole.", skip_ids=2)
        await at_work.until(lambda told: len(told) == 2)

        await at_work.collector.poll(
            (await store.peers.contacts())[0:1] and [(await store.peers.contacts())[0].channel]
        )

        gaps = [record.content for record in await at_work.records() if isinstance(record.content, Gap)]
        assert Gap(3, 4, "absent") in gaps
        assert DELETED not in {record.kind for record in await at_work.records()}


async def test_follows_a_channel_that_the_account_has_not_joined(
    telegram: Server, store: Store, tmp_path: Path
) -> None:
    telegram.world.add_channel("not_joined", "Not joined")
    telegram.world.add_account(PHONE)
    async with collecting(telegram, store, tmp_path, "not_joined") as at_work:
        await at_work.poll()
        telegram.world.publish("not_joined", "No push for this one.")
        await at_work.poll()

        await at_work.until(lambda told: len(told) == 1)


async def test_what_is_told_of_a_channel_while_it_is_asked_is_looked_at_next(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    bridge.world.add_channel("harbour_news", "Harbour news")
    bridge.world.publish("harbour_news", "Seen.")
    source = await a_source(bridge, store, tmp_path, "harbour_news", clock=clock)
    tellings, recorded = [], asyncio.Event()

    def tell() -> None:
        recorded.set()
        if not tellings:
            bridge.world.publish("harbour_news", "While it was asked.")
            told = Batch(behind=(Identity(username="harbour_news"), *source.channels))
            tellings.append(asyncio.create_task(collector.take(told)))

    collector = a_collector(source, store, clock, first_history=100, recorded=tell)
    at_work = Collecting(collector, source, store, recorded)
    await collector.load()
    async with source.asked():
        fetching = asyncio.create_task(collector.fetch())
        collector.tick()

        await at_work.until(lambda told: [text for *_, text in told] == ["Seen.", "While it was asked."])

        fetching.cancel()
        await asyncio.gather(fetching, *tellings, return_exceptions=True)


async def test_what_is_told_of_a_channel_does_not_wait_for_the_end_of_a_long_round(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    others = [f"harbour_{number}" for number in range(20)]
    for name in others:  # none of them joined: each takes a request of its own, a few at a time
        bridge.world.add_channel(name)
        bridge.world.publish(name, "Seen.")
    source = await a_source(bridge, store, tmp_path, "bridge_news", *others, clock=clock)
    tellings, recorded = [], asyncio.Event()

    def tell() -> None:
        recorded.set()
        if not tellings:
            bridge.world.publish("bridge_news", "While others were asked.")
            tellings.append(asyncio.create_task(collector.take(Batch(behind=source.channels[:1]))))

    collector = a_collector(source, store, clock, first_history=100, recorded=tell)
    at_work = Collecting(collector, source, store, recorded)
    await collector.load()
    async with source.asked():
        fetching = asyncio.create_task(collector.fetch())
        collector.tick()

        await at_work.until(lambda told: len(told) == 21)

        fetching.cancel()
        await asyncio.gather(fetching, *tellings, return_exceptions=True)
    told = [text for *_, text in await at_work.told()]
    assert told.index("While others were asked.") <= 6


async def test_a_channel_of_which_nothing_can_be_learned_is_red_after_five_minutes(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    bridge.world.add_channel("harbour_news")
    async with polling(bridge, store, tmp_path, "bridge_news", "harbour_news", clock=clock) as at_work:
        bridge.faults.fail("messages.getPeerDialogs", "CHANNEL_INVALID", times=None)  # so each is asked about by itself
        bridge.faults.fail("messages.getHistory", "RPC_CALL_FAIL", channel="harbour_news", times=None)
        await at_work.poll()
        assert not await at_work.red()
        clock.move(5 * MINUTE)

        await at_work.poll()

        assert (await at_work.red()).keys() == {"harbour_news"}


async def test_goes_on_after_the_connection_was_lost(bridge: Server, store: Store, tmp_path: Path) -> None:
    async with collecting(bridge, store, tmp_path, "bridge_news") as at_work:
        bridge.world.publish("bridge_news", "First.")
        await at_work.until(lambda told: len(told) == 1)
        bridge.faults.drop()
        await at_work.until_recorded(Kind.BLIND)
        bridge.world.publish("bridge_news", "The line is up again.")

        await at_work.until(lambda told: len(told) == 2)


async def test_fetches_missing_posts_although_the_source_cannot_tell_what_happened(
    bridge: Server, store: Store, tmp_path: Path
) -> None:
    async with collecting(bridge, store, tmp_path, "bridge_news") as at_work:
        bridge.world.publish("bridge_news", "First.")
        await at_work.until(lambda told: len(told) == 1)
        bridge.faults.fail("updates.getChannelDifference", "PERSISTENT_TIMESTAMP_OUTDATED", times=None)
        bridge.faults.swallow(times=1)
        bridge.world.publish("bridge_news", "Swallowed.")
        bridge.world.publish("bridge_news", "Last.")

        await at_work.until(lambda told: len(told) == 3)

        assert {text for *_, text in await at_work.told()} == {"First.", "Swallowed.", "Last."}


async def test_fetches_missing_posts_where_a_difference_is_refused(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with polling(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        await at_work.poll()
        bridge.faults.fail("updates.getChannelDifference", "USER_NOT_PARTICIPANT", times=None)
        bridge.world.publish("bridge_news", "New.")
        await at_work.poll()

        assert [text for *_, text in await at_work.told()] == ["New."]
        assert not await at_work.red()


async def test_a_history_that_comes_short_makes_no_post_absent(bridge: Server, store: Store, tmp_path: Path) -> None:
    async with collecting(bridge, store, tmp_path, "bridge_news") as at_work:
        bridge.world.publish("bridge_news", "First.")
        await at_work.until(lambda told: len(told) == 1)
    for number in range(250):
        bridge.world.publish("bridge_news", f"Missed {number}.")
    bridge.faults.shorten("messages.getHistory", 30, times=None)

    async with collecting(bridge, store, tmp_path, "bridge_news") as at_work:
        await at_work.until(lambda told: len(told) == 251)

        gaps = [record.content for record in await at_work.records() if isinstance(record.content, Gap)]
        assert "absent" not in {gap.standing for gap in gaps}


# ------------------------------------------------------------------------------------------------- what cannot be seen, or told


async def test_col_05_says_once_that_a_channel_is_lost_and_once_that_it_is_seen_again(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    bridge.world.publish("bridge_news", "Seen.")
    async with polling(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        await at_work.poll()
        ban(bridge.world, PHONE, "bridge_news")
        for _ in range(3):
            await at_work.poll()
        assert "bridge_news" in await at_work.red()
        unban(bridge.world, PHONE, "bridge_news")
        clock.move(HOUR)
        await at_work.poll()

        assert [told.standing for told in await at_work.contents(Kind.ACCESS)] == ["lost", "granted"]
        assert not await at_work.contents(DELETED)
        assert not await at_work.red()


async def test_a_channel_that_is_found_only_later_is_recorded_as_granted(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with polling(bridge, store, tmp_path, "bridge_news", "new_news", clock=clock) as at_work:
        await at_work.poll()
        bridge.world.add_channel("new_news")
        clock.move(HOUR)
        await at_work.poll()

        access = [record for record in await at_work.records() if record.kind is Kind.ACCESS]
        assert [(told.channel.username, told.content.standing) for told in access] == [
            ("new_news", "lost"),
            ("new_news", "granted"),
        ]


async def test_col_04_a_channel_that_waits_to_be_looked_up_is_red_and_nothing_is_claimed_of_it(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    bridge.world.account(PHONE).joined.clear()
    bridge.faults.flood("contacts.resolveUsername", 66_230, times=None)
    async with polling(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        await at_work.poll()

        assert "66230" in (await at_work.red())["bridge_news"]
        assert not await at_work.contents(Kind.ACCESS)


async def test_col_41_posts_that_are_withheld_by_law_are_neither_absent_nor_deleted(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    bridge.world.publish("bridge_news", "Seen.")
    async with polling(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        await at_work.poll()
        withhold(bridge.world, PHONE, "bridge_news", reason="blocked by a court")
        bridge.world.publish("bridge_news", "Withheld.")
        await at_work.poll()

        (access,) = await at_work.contents(Kind.ACCESS)
        assert (access.standing, access.reason) == ("restricted", "blocked by a court")
        assert "blocked by a court" in (await at_work.red())["bridge_news"]
        assert not await at_work.contents(DELETED)
        assert not await at_work.contents(Kind.GAP)


async def test_declares_the_time_without_contact_to_a_channel(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with polling(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        await at_work.poll()
        clock.move(HOUR)
        await at_work.poll()

        (blind,) = await at_work.contents(Kind.BLIND)
        assert (blind.since, blind.until) == (NOON, NOON + HOUR)


async def test_looks_at_the_last_posts_where_nobody_tells_what_happened(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    kept, changed, gone = (bridge.world.publish("bridge_news", text) for text in ("Kept.", "Before.", "Gone."))
    async with polling(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        await at_work.poll()
        bridge.world.edit("bridge_news", changed, "After.")
        bridge.world.delete("bridge_news", [gone])
        bridge.faults.too_long()
        await at_work.poll()

        assert (EDITED, "bridge_news", changed, "After.") in await at_work.told()
        assert [errand.post for errand in await store.agenda.due(clock.now() + MINUTE, limit=10)] == [gone]
        assert len(await at_work.contents(Kind.BLIND)) == 1
        assert kept


async def test_an_edit_whose_push_waits_while_nobody_tells_what_happened_is_found_by_looking(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    bridge.world.publish("bridge_news", "First.")
    async with polling(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        await at_work.poll()
        channel = at_work.source.channels[0]
        post = bridge.world.publish("bridge_news", "Before.")
        bridge.world.edit("bridge_news", post, "After.")
        bridge.faults.too_long()
        pushed = Batch(drafts=(revision("Before.", number=post, channel=channel, source=Source.PUSH),))
        looks = bridge.faults.hold("channels.getMessages")
        poll = asyncio.create_task(at_work.poll())
        while not looks.waiting:
            await asyncio.sleep(0)
        await at_work.collector.take(pushed)  # and its edit is still on its way when the daemon dies
        looks.release()
        await poll

    assert (EDITED, "bridge_news", post, "After.") in await at_work.told()


async def test_looks_as_far_back_as_what_happened_was_last_told(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    changed = bridge.world.publish("bridge_news", "Before.")
    async with polling(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        await at_work.poll()
        bridge.world.edit("bridge_news", changed, "After.")
        for number in range(150):
            bridge.world.publish("bridge_news", f"New {number}.")
        bridge.faults.fail("updates.getChannelDifference", "PERSISTENT_TIMESTAMP_OUTDATED", times=None)
        clock.move(MINUTE)
        await at_work.poll()  # the posts are fetched; what else happened stays unknown
        bridge.faults.too_long()
        clock.move(MINUTE)
        await at_work.poll()

        assert (EDITED, "bridge_news", changed, "After.") in await at_work.told()
        (blind,) = await at_work.contents(Kind.BLIND)
        assert (blind.since, blind.until) == (NOON, NOON + 2 * MINUTE)


async def test_what_telegram_shows_counts_against_what_a_file_said(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    post = bridge.world.publish("bridge_news", "As it is.")
    await store.ledger.append([revision("As a file has it.", number=post, channel=IDENTITY, source=Source.IMPORT)])
    async with polling(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        await at_work.poll()

        assert [text for *_, text in await at_work.told()] == ["As a file has it.", "As it is."]


def push(says: str, post: int, channel: Identity, *, counter: int, edited_at: Instant | None = NOON) -> Draft:
    """What is pushed of a post, leading the channel's counter there."""
    return replace(
        revision(says, number=post, channel=channel, edited_at=edited_at), counter=counter, source=Source.PUSH
    )


def edited_twice(bridge: Server) -> tuple[int, int]:
    """A post that was edited twice within a second, and the channel's counter after it."""
    post = bridge.world.publish("bridge_news", "As published.")
    for says in ("Edited.", "Edited again at once."):
        bridge.world.edit("bridge_news", post, says, NOON)
    return post, bridge.world.channel("bridge_news").pts


async def test_col_16_an_edit_that_was_overtaken_within_its_second_is_not_the_newest(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with polling(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        await at_work.poll()
        (channel,) = at_work.source.channels
        start = bridge.world.channel("bridge_news").pts
        for place, numbers in enumerate(permutations(range(3))):
            post, before = 10 + place, start + 3 * place
            texts = [("As published.", None), ("Edited.", NOON), ("Edited again at once.", NOON)]
            for number in numbers:
                says, edited_at = texts[number]
                after = before + number + 1
                pushed = push(says, post, channel, counter=after, edited_at=edited_at)
                await at_work.collector.take(Batch(drafts=(pushed,), steps=(Step(channel, after - 1, after),)))

        told = await at_work.told()
        assert Counter((post, text) for _, _, post, text in told) == Counter(
            (10 + place, says) for place in range(6) for says, _ in texts
        )
        standing = await store.ledger.standing(channel, range(10, 16))
        assert {each.post.text for each in standing.values() if each.post} == {"Edited again at once."}


async def test_col_16_an_edit_pushed_after_a_later_one_was_fetched_is_not_the_newest(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with polling(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        await at_work.poll()
        (channel,) = at_work.source.channels
        post, pts = edited_twice(bridge)
        await at_work.poll()  # the difference brings the post as it reads now

        pushed = push("Edited.", post, channel, counter=pts - 1)
        await at_work.collector.take(Batch(drafts=(pushed,), steps=(Step(channel, pts - 2, pts - 1),)))

        standing = await store.ledger.standing(channel, [post])
        assert standing[post].post is not None
        assert standing[post].post.text == "Edited again at once."


async def test_col_16_an_edit_recorded_after_the_post_was_looked_at_later_is_not_the_newest(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with polling(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        await at_work.poll()
        (channel,) = at_work.source.channels
        post, pts = edited_twice(bridge)
        looked = await at_work.source.look(channel, [post])

        await store.ledger.append([each for each in looked.values() if each is not None])
        for says, after in (("Edited.", pts - 1), ("Edited again at once.", pts)):
            await store.ledger.append([push(says, post, channel, counter=after)])

        standing = await store.ledger.standing(channel, [post])
        assert standing[post].post is not None
        assert standing[post].post.text == "Edited again at once."
