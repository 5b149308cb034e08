"""Health: how everything stands, and on what evidence"""

import msgspec
import pytest
from builders import BRIDGE, NOON, gap, revision

from monitor.anchors import file
from monitor.config import Settings
from monitor.config.settings import Anchor
from monitor.model.channel import Channel
from monitor.model.instant import DAY, MINUTE, SECOND, Instant
from monitor.ports import Contact, Fact, Store
from monitor.views.health import Line, Seen, evidence, gather, judge, told


async def channels(store: Store, settings: Settings) -> list[Line]:
    seen = await gather(store)
    return [line for line in judge(settings, seen, now=NOON) if line.part == "channel"]


@pytest.fixture
def watching(settings: Settings) -> Settings:
    """One channel."""
    return msgspec.structs.replace(settings, channels=(Channel(username="bridge_news"),))


async def test_a_channel_with_a_fresh_proof_of_contact_is_well(store: Store, watching: Settings) -> None:
    await store.ledger.append([revision(number=3)])
    await store.ledger.append([gap(1, 2)])
    await store.peers.met([Contact(BRIDGE, NOON - MINUTE, top=3)])

    [line] = await channels(store, watching)

    assert (line.red, line.at, line.words) == (False, NOON - MINUTE, "1 post, newest 3")


async def test_a_channel_says_how_many_ids_nothing_is_known_of(store: Store, watching: Settings) -> None:
    await store.ledger.append([gap(1, 2_000, "unknown"), gap(1, 500), revision(number=700), revision(number=2_001)])
    await store.peers.met([Contact(BRIDGE, NOON, top=2_001)])

    [line] = await channels(store, watching)

    assert line.words == "2 posts, newest 2,001, 1,499 older or missing ids declared unknown"
    assert line.figures["declared unknown"] == 1_499


async def test_a_proof_that_is_too_old_is_none(store: Store, watching: Settings) -> None:
    await store.ledger.append([revision()])
    await store.peers.met([Contact(BRIDGE, NOON - 60 * MINUTE, top=1)])

    [line] = await channels(store, watching)

    assert (line.red, line.words) == (True, "no proof of contact since then; 1 post, newest 1")


async def test_where_nothing_is_watched_that_is_red(store: Store, settings: Settings) -> None:
    [line] = await channels(store, msgspec.structs.replace(settings, channels=()))

    assert (line.red, line.words) == (True, "no channels: nothing is watched")


def test_the_evidence_is_as_old_as_the_newest_fact_of_somebody_who_looks() -> None:
    facts = [
        Fact("channel", "bridge_news", NOON - 9 * SECOND),
        Fact("stage", "detect", NOON - 7 * SECOND),
        Fact("destination", "desk", NOON - SECOND),
    ]

    assert evidence(facts, now=NOON) == 7 * SECOND


@pytest.mark.parametrize("part", ["source", "channel", "stage", "duty"])
def test_each_of_those_who_look_gives_evidence_even_of_trouble(part: str) -> None:
    assert evidence([Fact(part, "x", NOON - 1, red=True)], now=NOON) == 1


def test_there_is_none_where_nobody_ever_looked() -> None:
    assert evidence([], now=NOON) is None
    assert evidence([Fact("destination", "desk", NOON)], now=NOON) is None


def test_evidence_from_a_clock_that_is_ahead_is_new() -> None:
    assert evidence([Fact("duty", "reread", NOON + MINUTE)], now=NOON) == 0


@pytest.mark.parametrize(
    ("name", "figure", "words"),
    [
        ("skew", 0.01, "as Telegram's"),
        ("skew", -7.24, "7.2 s behind Telegram's"),
        ("skew", 7.24, "7.2 s ahead of Telegram's"),
        ("other devices", 0.0, "signed in nowhere else"),
        ("other devices", 2.0, "signed in on 2 other devices"),
        ("private messages passed over", 0.0, ""),
        ("private messages passed over", 3.0, "3 private messages passed over"),
        ("seen", 1_685_880_000_000.0, ""),
        ("attempts", 1.0, "reached at once"),
        ("attempts", 3.0, "reached after 3 attempts"),
        ("waiting", 0.0, ""),
        ("bytes held", 53_092_133.0, "53.10 MB held"),
        ("channels", 6.0, "6 channels"),
    ],
)
def test_figures_are_told_in_words_and_left_to_programs_where_they_say_nothing(
    name: str, figure: float, words: str
) -> None:
    assert told(name, figure) == words


ANCHOR = Anchor(name="safe", every=DAY, to=file.Config(name="safe", directory="/safe"))


async def anchored(store: Store, settings: Settings, *, now: Instant = NOON) -> Line:
    seen = await gather(store)
    [line] = judge_anchors(msgspec.structs.replace(settings, anchors=(ANCHOR,)), seen, now)
    return line


def judge_anchors(settings: Settings, seen: Seen, now: Instant) -> list[Line]:
    return [line for line in judge(settings, seen, now=now) if line.part == "anchor"]


async def test_sec_11_a_place_that_never_got_a_checkpoint_is_red(store: Store, settings: Settings) -> None:
    line = await anchored(store, settings)

    assert (line.red, line.at, line.words) == (True, None, "no checkpoint has left for it")


async def test_sec_11_a_place_is_red_once_twice_its_interval_has_passed_since_a_checkpoint_left(
    store: Store, settings: Settings
) -> None:
    figures = {"left": float(NOON), "size": 1_234.0, "since": float(NOON - DAY), "failed": 0.0}
    await store.health.report([Fact("anchor", "safe", NOON, figures=figures)])

    fresh, old = [await anchored(store, settings, now=NOON + later) for later in (2 * DAY, 2 * DAY + 1)]

    assert (fresh.red, fresh.at, fresh.words) == (False, NOON, "has the one for 1,234 records")
    assert (old.red, old.at) == (True, NOON)
    assert old.words == "no newer checkpoint has left since; has the one for 1,234 records"


async def test_a_place_says_why_it_has_none_and_one_that_was_taken_out_says_nothing(
    store: Store, settings: Settings
) -> None:
    figures = {"left": 0.0, "size": 0.0, "since": float(NOON), "failed": 1.0}
    facts = [
        Fact("anchor", name, NOON, red=True, note="certificate has expired", figures=figures)
        for name in ("safe", "old")
    ]
    await store.health.report(facts)

    line = await anchored(store, settings)

    assert (line.red, line.words) == (True, "certificate has expired")
