"""Detection: every record is dealt with once, and whoever is owed an alert for it has one in the outbox."""

import asyncio
from collections.abc import Sequence
from itertools import pairwise

import msgspec
import pytest
from builders import BRIDGE, HARBOUR, NOON, deletion, gap, revision, story
from carrying import Clock
from owed import subscriber

from monitor.alerting.plan import Audience
from monitor.errors import Unavailable
from monitor.matching.matcher import Matcher, Sighting, Subject
from monitor.model.alert import Alert, Message
from monitor.model.instant import MINUTE, SECOND
from monitor.model.record import Configured, Draft, Faulted, Kind
from monitor.model.story import Flag
from monitor.ports import Fact, Store
from monitor.stages.detect import Dealt, Detector, keep_detecting

MATCHER = Matcher([story("bridge", entities={}, topics={"bridge": "bridge OR мост"})])
AUDIENCE = Audience(subscribers=(subscriber("desk"),), titles={"bridge": "The bridge"})


class Fragile:
    """A matcher that breaks on one word."""

    def match(self, subjects: Sequence[Subject]) -> list[Sighting]:
        if any("poison" in words for subject in subjects for _, words in subject.fields):
            raise IndexError("as a bug would")
        return MATCHER.match(subjects)


class Watch:
    """Detection over a real store."""

    def __init__(self, store: Store, matcher: Matcher = MATCHER) -> None:
        self.store = store
        self.clock = Clock(NOON)
        self.detector = Detector(
            store.ledger, store.positions, store.findings, matcher=matcher, audience=AUDIENCE, clock=self.clock
        )

    async def record(self, *drafts: Draft) -> None:
        await self.store.ledger.append(drafts)

    async def to_the_end(self, *, limit: int = 500) -> Dealt:
        steps = []
        while (step := await self.detector.detect(limit=limit)).records:
            steps.append(step)
        return Dealt(*(sum(getattr(step, field) for step in steps) for field in Dealt.__struct_fields__))

    async def owed(self) -> list[Alert]:
        posts = [(number, post) for number in range(1, 4) for post in range(1, 30)]
        return sorted(await self.store.findings.alerted(posts), key=lambda alert: alert.record)

    async def told(self) -> list[Message]:
        return [alert.message for alert in await self.owed()]

    async def kinds(self) -> list[Kind]:
        return [record.kind for record in await self.store.ledger.read(0, 1000)]


@pytest.fixture
def watch(store: Store) -> Watch:
    return Watch(store)


async def test_files_a_match_and_an_alert_for_a_post_that_speaks_of_a_story(watch: Watch) -> None:
    await watch.record(revision("The weather."), revision("The bridge fell.", number=2))

    dealt = await watch.to_the_end()

    (told,) = await watch.told()
    assert (dealt.matches, dealt.alerts, dealt.faults) == (1, 1, 0)
    assert (told.event, told.post.id, told.post.text) == ("published", 2, "The bridge fell.")
    assert [span.text for span in told.spans] == ["bridge"]
    assert (await watch.kinds()).count(Kind.MATCH) == 1
    assert [match.record for match in await watch.store.findings.of_story("bridge", limit=9)] == [told.record]


async def test_deals_with_each_record_once_whoever_starts_again(watch: Watch) -> None:
    await watch.record(revision("The bridge fell."))

    await watch.to_the_end()
    again = await Watch(watch.store).to_the_end()

    assert again == Dealt()
    assert len(await watch.owed()) == 1


@pytest.mark.parametrize("name", ["bridge_news", "-1001234567890"])
async def test_a_flag_may_name_a_channel_by_its_username_or_by_its_id(store: Store, name: str) -> None:
    limited = story("bridge", entities={}, topics={"bridge": "bridge"}, flags=(Flag(when="bridge", channels=(name,)),))
    watch = Watch(store, Matcher([limited]))
    await watch.record(revision(channel=BRIDGE), revision(channel=HARBOUR))

    dealt = await watch.to_the_end()

    assert [alert.message.post.channel for alert in await watch.owed()] == ["bridge_news"]
    assert dealt.matches == 1


async def test_records_read_in_silence_are_matched_and_nobody_is_told(watch: Watch) -> None:
    await watch.record(revision("The bridge fell.", quiet=True))

    dealt = await watch.to_the_end()

    assert (dealt.matches, dealt.alerts) == (1, 0)


async def test_an_edit_is_told_with_what_the_post_said_before(watch: Watch) -> None:
    await watch.record(revision("The bridge fell."))
    await watch.to_the_end()
    await watch.record(revision("The bridge stands.", edited_at=NOON + MINUTE))
    await watch.to_the_end()
    await watch.record(revision("Nothing happened.", edited_at=NOON + 2 * MINUTE))
    await watch.to_the_end()

    told = await watch.told()

    assert [(each.event, each.post.text) for each in told] == [
        ("published", "The bridge fell."),
        ("edited", "The bridge stands."),
        ("edited", "Nothing happened."),
    ]
    assert [each.change and each.change.before for each in told] == [None, "The bridge fell.", "The bridge stands."]


async def test_a_deletion_is_told_with_its_interval_and_what_was_said(watch: Watch) -> None:
    await watch.record(revision("The bridge fell."), deletion())

    await watch.to_the_end()

    told = (await watch.told())[-1]
    assert told.event == "deleted"
    assert told.change is not None
    assert (told.change.before, told.change.method) == ("The bridge fell.", "push")
    assert (told.change.last_seen_at, told.change.first_missing_at) == ("2023-06-04T12:00:00Z", "2023-06-04T13:00:00Z")


async def test_edits_and_deletions_of_posts_that_nobody_was_told_of_are_not_told(watch: Watch) -> None:
    await watch.record(
        revision("The weather."), revision("The weather, corrected.", edited_at=NOON + MINUTE), deletion(), gap(5, 9)
    )

    assert (await watch.to_the_end()).alerts == 0


async def test_every_batch_size_gives_the_same_alerts(watch: Watch) -> None:
    drafts = [
        revision("The bridge fell.", channel=channel, number=number)
        for channel in (BRIDGE, HARBOUR)
        for number in (1, 2)
    ]
    drafts += [revision("Or not.", edited_at=NOON + MINUTE), deletion(number=2), revision("A bridge!", number=3)]
    await watch.record(*drafts)

    dealt = await watch.to_the_end(limit=1)

    whole = Watch(watch.store)
    told = [(each.event, each.post.channel, each.post.id) for each in await whole.told()]
    assert dealt.alerts == 7
    assert told == [
        ("published", "bridge_news", 1),
        ("published", "bridge_news", 2),
        ("published", "harbour", 1),
        ("published", "harbour", 2),
        ("edited", "bridge_news", 1),
        ("deleted", "bridge_news", 2),
        ("published", "bridge_news", 3),
    ]


async def test_one_odd_record_is_written_down_as_a_fault_and_the_others_are_dealt_with(store: Store) -> None:
    watch = Watch(store, Fragile())  # type: ignore[arg-type]
    await watch.record(revision("The bridge."), revision("poison", number=2), revision("A bridge.", number=3))

    dealt = await watch.to_the_end()

    faults = [record.content for record in await store.ledger.read(0, 100) if record.kind is Kind.FAULT]
    assert dealt.faults == 1
    assert [told.post.id for told in await watch.told()] == [1, 3]
    assert [(fault.stage, fault.reason) for fault in faults if isinstance(fault, Faulted)] == [("detect", "IndexError")]


async def test_two_processes_at_once_tell_nobody_twice(watch: Watch) -> None:
    await watch.record(*(revision("The bridge fell.", number=number) for number in range(1, 20)))
    other = Watch(watch.store)

    dealt = await asyncio.gather(*(each.to_the_end(limit=3) for each in (watch, other) for _ in range(2)))

    await watch.to_the_end()
    assert len(await watch.owed()) == 19
    assert sum(step.alerts for step in dealt) <= 19


async def test_a_text_that_json_cannot_carry_is_told(watch: Watch) -> None:
    await watch.record(revision("The bridge \ud83d fell."))

    await watch.to_the_end()

    (told,) = await watch.told()
    assert "\ufffd" in msgspec.json.encode(told).decode()


async def test_goes_on_by_itself_and_says_when_something_is_owed(watch: Watch) -> None:
    recorded, owed = asyncio.Event(), asyncio.Event()
    running = asyncio.create_task(
        keep_detecting(
            watch.detector,
            recorded=recorded,
            owed=owed,
            calm=asyncio.Event(),
            health=watch.store.health,
            clock=watch.clock,
        )
    )

    async with asyncio.timeout(10):
        for number in (1, 2):
            await watch.record(revision("The bridge fell.", number=number))
            recorded.set()
            await owed.wait()
            owed.clear()
    running.cancel()
    await asyncio.wait([running])

    assert [told.post.id for told in await watch.told()] == [1, 2]
    assert [(fact.part, fact.subject) for fact in await watch.store.health.facts()] == [("stage", "detect")]


async def test_says_at_least_every_twenty_seconds_that_it_looks_though_nothing_happens(watch: Watch) -> None:
    clock, calm = Clock(NOON, hasty=True), asyncio.Event()
    said: list[int] = []

    class Told:
        """Health rows, of which each remains; full after ten."""

        async def report(self, facts: Sequence[Fact]) -> None:
            said.extend(fact.at for fact in facts)
            if len(said) == 10:
                full.set()

        async def facts(self) -> Sequence[Fact]:
            return ()

    full = asyncio.Event()
    running = asyncio.create_task(
        keep_detecting(
            watch.detector,
            recorded=asyncio.Event(),
            owed=asyncio.Event(),
            calm=calm,
            health=Told(),  # type: ignore[arg-type]
            clock=clock,
        )
    )

    async with asyncio.timeout(10):
        await full.wait()
    running.cancel()
    await asyncio.wait([running])

    assert all(10 * SECOND <= later - earlier <= 20 * SECOND for earlier, later in pairwise(said))


async def test_waits_while_the_store_is_away_and_then_goes_on(watch: Watch) -> None:
    class Away:
        """A ledger that cannot be read at first."""

        tries = 0

        async def read(self, start: int, limit: int) -> object:
            self.tries += 1
            if self.tries < 3:
                raise Unavailable("the disk is full")
            return await watch.store.ledger.read(start, limit)

    await watch.record(revision("The bridge fell."))
    owed, clock = asyncio.Event(), Clock(NOON, hasty=True)
    store = watch.store
    detector = Detector(Away(), store.positions, store.findings, matcher=MATCHER, audience=AUDIENCE, clock=clock)  # type: ignore[arg-type]
    running = asyncio.create_task(
        keep_detecting(
            detector, recorded=asyncio.Event(), owed=owed, calm=asyncio.Event(), health=store.health, clock=clock
        )
    )

    async with asyncio.timeout(10):
        await owed.wait()
    running.cancel()
    await asyncio.wait([running])

    assert len(await watch.owed()) == 1


async def test_an_alert_names_who_said_nearly_the_same_over_a_restart_too(watch: Watch) -> None:
    words = "The bridge fell at noon today and nobody was on it, says the ministry of roads and rivers"
    await watch.record(revision(words))
    await watch.to_the_end()
    again = Watch(watch.store)
    await again.detector.recall()

    await watch.record(revision(words.replace("nobody was", "nobody at all was"), channel=HARBOUR, number=7))
    await again.to_the_end()

    first, second = await watch.told()
    assert first.post.alike == ()
    (other,) = second.post.alike
    assert (other.channel, other.id, other.record) == ("bridge_news", 1, first.record)
    assert 0.8 < other.alike < 1


async def test_stories_that_are_exchanged_are_looked_for_in_what_is_recorded_from_then_on(watch: Watch) -> None:
    harbour = Matcher([story("harbour", entities={}, topics={"bridge": "bridge"})])
    told = Draft(content=Configured("1", {}, harbour.editions), observed_at=NOON)
    await watch.record(*(revision(f"The bridge, {number}.", number=number) for number in (1, 2, 3)))
    await watch.detector.detect(limit=2)

    coming = watch.detector.exchange(harbour, AUDIENCE, told=told)
    at_once = await watch.detector.take_up()
    await watch.record(revision("The bridge, 4.", number=4))
    await watch.to_the_end()
    before = coming.done()
    taken = await watch.detector.take_up()
    await watch.to_the_end()

    (configured,) = [each for each in await watch.store.ledger.read(0, 1_000) if each.kind is Kind.CONFIG]
    assert (at_once, before, taken) == (False, False, True)
    assert coming.result() == configured.index
    assert [(alert.post, alert.story) for alert in await watch.owed()] == [
        (1, "bridge"),
        (2, "bridge"),
        (3, "bridge"),
        (4, "harbour"),
    ]
    assert await watch.detector.take_up() is False
