"""A story that cannot be evaluated (MAT-12)"""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from builders import BRIDGE, NOON, deletion, revision, story
from carrying import Clock
from owed import subscriber

from monitor.alerting.plan import Audience
from monitor.config import load
from monitor.matching.explain import explain
from monitor.matching.matcher import Matcher, Subject
from monitor.model.alert import Notice
from monitor.model.instant import MINUTE
from monitor.model.match import Span
from monitor.model.record import Configured, Draft, Faulted, Record
from monitor.ports import Store
from monitor.stages.broken import broken_at
from monitor.stages.detect import Dealt, Detector, keep_detecting
from monitor.stages.notices import Watchman
from monitor.views.health import gather, judge

STORIES = [
    story("bridge", entities={}, topics={"bridge": "bridge"}),
    story("fire", entities={}, topics={"bridge": "fire OR explosion"}),
    story("harbour", entities={}, topics={"bridge": "harbour"}),
]
SAID = ["A bridge and a fire.", "The bridge, the harbour: an explosion.", "A fire in the harbour.", "The weather."]


def faulty(span: Span) -> str:
    """What explains a span, and breaks on one word."""
    if span.text == "explosion":
        raise IndexError("as a bug would")
    return explain(span)


FAULTY, SOUND = Matcher(STORIES, explain=faulty), Matcher(STORIES)


class Watch:
    """Detection over a real store, for one who is told of everything."""

    def __init__(self, store: Store, matcher: Matcher = FAULTY) -> None:
        self.store = store
        self.clock = Clock(NOON, hasty=True)
        self.detector = Detector(
            store.ledger,
            store.positions,
            store.findings,
            matcher=matcher,
            audience=Audience(subscribers=(subscriber("desk"),), titles={}),
            clock=self.clock,
        )
        self.watchman = Watchman(
            store.ledger,
            store.positions,
            store.health,
            store.troubles,
            subscribers=[subscriber("desk", notices=True)],
            channels=[],
            concerned={"story": [each.id for each in STORIES]},
            clock=self.clock,
        )

    async def deal(self, *drafts: Draft, limit: int = 500) -> list[Dealt]:
        if drafts:
            await self.store.ledger.append(drafts)
        steps = []
        while (step := await self.detector.detect(limit=limit)).records:
            steps.append(step)
        return steps

    async def run(self) -> None:
        """The stage as the daemon runs it, until there is nothing more to do."""
        calm = asyncio.Event()
        running = asyncio.create_task(
            keep_detecting(
                self.detector,
                recorded=asyncio.Event(),
                owed=asyncio.Event(),
                calm=calm,
                health=self.store.health,
                clock=self.clock,
            )
        )
        async with asyncio.timeout(10):
            await calm.wait()
        running.cancel()
        await asyncio.wait([running])

    async def records(self) -> Sequence[Record]:
        return await self.store.ledger.read(0, 1_000)

    async def matched(self) -> list[tuple[int, str]]:
        """Post and story of every match."""
        posts = {record.index: record.post for record in await self.records() if record.said}
        found = await self.store.findings.of_records(list(posts))
        return sorted((posts[match.record], match.story) for match in found)

    async def owed(self) -> list[tuple[int, str]]:
        alerts = await self.store.findings.alerted([(1, number) for number in range(1, 9)])
        return sorted((alert.post, alert.story) for alert in alerts)

    async def faults(self) -> list[Faulted]:
        return [record.content for record in await self.records() if isinstance(record.content, Faulted)]

    async def notices(self) -> list[Notice]:
        await self.watchman.look()
        return [
            alert.message.notice
            for alert in await self.store.outbox.alerts()
            if isinstance(alert.message.notice, Notice)
        ]

    async def red(self) -> list[str]:
        return [fact.subject for fact in await self.store.health.facts() if fact.red]


def posts() -> list[Draft]:
    return [revision(said, number=number) for number, said in enumerate(SAID, 1)]


OTHERS = [(1, "bridge"), (1, "fire"), (2, "bridge"), (2, "harbour"), (3, "fire"), (3, "harbour")]
"""All but what the broken story would have said of post 2."""


def test_mat_12_the_other_stories_are_evaluated_and_the_broken_one_is_named() -> None:
    subjects = [Subject(BRIDGE, (("text", said),)) for said in SAID]

    sightings = FAULTY.match(subjects)

    assert [[found.story for found in sighting.flagged] for sighting in sightings] == [
        ["bridge", "fire"],
        ["bridge", "harbour"],
        ["fire", "harbour"],
        [],
    ]
    assert [[(each.story, str(each.error)) for each in sighting.broken] for sighting in sightings] == [
        [],
        [("fire", "as a bug would")],
        [],
        [],
    ]
    assert [sighting.flagged for sighting in FAULTY.match(subjects, everything=True)] == [
        sighting.flagged for sighting in sightings
    ]


@pytest.mark.parametrize("limit", [1, 2, 500])
async def test_mat_12_the_others_are_filed_and_told_once_and_the_ledger_says_what_is_missing(
    store: Store, limit: int
) -> None:
    watch = Watch(store)

    steps = await watch.deal(*posts(), limit=limit)
    await Watch(store).deal()

    [fault] = await watch.faults()
    [spoiled] = [record for record in await watch.records() if record.said and record.post == 2]
    assert await watch.matched() == await watch.owed() == OTHERS
    assert fault == Faulted("detect", "IndexError", record=spoiled.index, story="fire")
    assert sum(step.faults for step in steps) == 1


async def test_mat_12_two_processes_at_once_file_each_match_alert_and_fault_once(store: Store) -> None:
    one, other = Watch(store), Watch(store)
    await store.ledger.append(posts())

    await asyncio.gather(*(each.deal(limit=1) for each in (one, other, one, other)))

    assert await one.matched() == await one.owed() == OTHERS
    assert len(await one.faults()) == 1


async def test_mat_12_an_edit_and_a_deletion_of_the_post_are_told_to_whoever_was_told_of_it(store: Store) -> None:
    watch = Watch(store)
    await watch.deal(*posts())

    await watch.deal(revision("The bridge: an explosion!", number=2, edited_at=NOON + MINUTE), deletion(number=2))

    assert [story for post, story in await watch.owed() if post == 2] == ["bridge"] * 3 + ["harbour"] * 3
    assert [fault.story for fault in await watch.faults()] == ["fire", "fire"]


async def test_mat_12_the_story_is_red_and_whoever_asked_for_notices_is_told_at_once(
    store: Store, tmp_path: Path
) -> None:
    watch = Watch(store)
    await store.ledger.append(posts())
    assert await watch.notices() == []

    await watch.run()

    [notice] = await watch.notices()
    settings = load(configured(tmp_path), {})
    lines = [line for line in judge(settings, await gather(store), now=watch.clock.now()) if line.part == "story"]
    assert (notice.notice, notice.part, notice.subject) == ("red", "story", "fire")
    assert "IndexError" in notice.reason
    assert [(line.subject, line.red) for line in lines] == [("fire", True)]
    assert lines[0].words == f"it could not be evaluated for record {(await watch.faults())[0].record}: IndexError"


async def test_mat_12_it_stays_red_over_a_restart_until_the_record_no_longer_breaks_it(store: Store) -> None:
    first = Watch(store)
    await store.ledger.append(posts())
    await first.run()

    await Watch(store).run()
    still = await first.red()
    await Watch(store, SOUND).run()

    assert still == ["fire"]
    assert await first.red() == []
    assert [story for post, story in await first.matched() if post == 2] == ["bridge", "harbour"]


async def test_mat_12_it_is_well_again_where_a_wording_comes_into_force_that_does_not_break(store: Store) -> None:
    watch = Watch(store)
    await store.ledger.append(posts())
    await watch.run()
    before = await watch.red()

    told = Draft(content=Configured("1", {}, SOUND.editions), observed_at=NOON)
    coming = watch.detector.exchange(SOUND, Audience(subscribers=(subscriber("desk"),)), told=told)
    await watch.run()

    assert coming.done()
    assert before == ["fire"]
    assert await watch.red() == []
    assert watch.detector.broken == {}


async def test_mat_12_nobody_is_told_any_more_of_a_broken_story_that_an_exchange_took_out(store: Store) -> None:
    watch = Watch(store)
    await store.ledger.append(posts())
    await watch.run()
    told = await watch.notices()

    watch.watchman.concern("story", ["bridge", "harbour"])

    assert [notice.subject for notice in told] == ["fire"]
    assert await watch.notices() == told
    assert list(await store.troubles.standing()) == []


async def test_mat_12_the_record_that_the_fault_names_can_be_tried_again(store: Store) -> None:
    watch = Watch(store)
    await watch.deal(*posts())
    [fault] = await watch.faults()

    [record] = await store.ledger.records([fault.record or 0])
    assert record.said
    [sighting] = SOUND.match([Subject(record.channel, record.said.fields())])

    assert fault.story in [found.story for found in sighting.flagged]


async def test_mat_12_a_story_that_was_taken_out_is_no_longer_red_in_the_status(store: Store, tmp_path: Path) -> None:
    watch = Watch(store)
    await watch.deal(*posts())
    await store.health.report(list(watch.detector.broken.values()))
    settings = load(configured(tmp_path), {})
    (tmp_path / "config/stories/fire.toml").unlink()

    lines = list(judge(load(tmp_path / "config", {}), await gather(store), now=NOON))

    assert "fire" in {each.id for each in settings.stories}
    assert [line for line in lines if line.part == "story"] == []


async def test_mat_12_the_row_names_the_record_that_broke_it(store: Store) -> None:
    await store.ledger.append(posts())
    [record] = [each for each in await store.ledger.read(0, 100) if each.post == 2 and each.said]
    [sighting] = FAULTY.match([Subject(BRIDGE, (("text", SAID[1]),))])

    fact = broken_at(record, sighting.broken[0], now=NOON)

    assert (fact.part, fact.subject, fact.red, fact.lasting) == ("story", "fire", True, True)
    assert fact.figures == {"record": record.index}


def configured(base: Path) -> Path:
    """A configuration with these stories."""
    (base / "config/stories").mkdir(parents=True)
    for each in STORIES:
        (base / f"config/stories/{each.id}.toml").write_text(
            f"title = 'The {each.id}'\n[topics]\nbridge = '{each.topics['bridge']}'\n[[flag]]\nwhen = 'bridge'\n"
        )
    (base / "config/monitor.toml").touch()
    (base / "config/channels.toml").write_text(
        "[[channel]]\nusername = 'bridge_news'\nparty = 'x'\nsource = 'preview'\n"
    )
    return base / "config"
