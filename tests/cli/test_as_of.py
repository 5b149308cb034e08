"""A story as it could be known at a time: equal to what was printed, and exported, then"""

import asyncio
import json
import random
from typing import Any

import pytest
from builders import BRIDGE, HARBOUR, NOON, deletion, match, revision, verdict
from commanding import Desk

from monitor.config import load
from monitor.model.channel import Identity
from monitor.model.instant import MINUTE, Instant, text
from monitor.model.record import Draft
from monitor.stores.sqlite.store import open_store

STORY = "title = 'The bridge'\n[topics]\nbridge = 'bridge'\n[[flag]]\nwhen = 'bridge'\n"


class Ledger:
    """A ledger that is added to as time goes on."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.now: Instant = NOON
        desk.write("stories/bridge.toml", STORY)

    def append(self, *drafts: Draft) -> None:
        """And flags for the story whatever speaks of a bridge."""

        async def work() -> None:
            path = load(self._desk.config, {}).store.path
            async with open_store(path, now=lambda: self.now) as store:
                added = await store.ledger.append(drafts)
                records = await store.ledger.records([each.index for each in added if each.new])
                found = [match(each.index) for each in records if each.said is not None and "bridge" in each.said.text]
                since, upto = await store.positions.position("detect"), await store.ledger.size()
                assert await store.findings.file(found, [], since=since, upto=upto)

        asyncio.run(work())

    def say(self, number: int, says: str, *, channel: Identity = BRIDGE, edited: bool = False) -> None:
        self.append(
            revision(says, number=number, channel=channel, observed_at=self.now, edited_at=self.now if edited else None)
        )


@pytest.fixture
def ledger(desk: Desk) -> Ledger:
    return Ledger(desk)


def shown(desk: Desk, *more: str) -> list[dict[str, Any]]:
    ended = desk.run("story", "show", "bridge", "--json", *more)
    assert ended.code == 0, ended.err
    return ended.lines


def exported(desk: Desk) -> dict[int, dict[str, Any]]:
    out = desk.run("export", "--format", "jsonl", "--plain", "-o", "-").out
    return {line["index"]: line for line in map(json.loads, out.splitlines())}


@pytest.mark.parametrize("seed", range(3))
def test_is_what_was_printed_and_exported_then_whatever_came_later(desk: Desk, ledger: Ledger, seed: int) -> None:
    chance = random.Random(seed)
    then: dict[Instant, tuple[list[dict[str, Any]], dict[int, dict[str, Any]]]] = {}
    for step in range(12):
        ledger.now += MINUTE
        number, channel = chance.randrange(1, 5), chance.choice((BRIDGE, HARBOUR))
        match step % 4:
            case 0 | 1:
                ledger.say(number, chance.choice(("The bridge fell.", "Ships are late.")) + str(step), channel=channel)
            case 2:
                ledger.say(number, f"The bridge stands, {step}.", channel=channel, edited=True)
            case 3:
                ledger.append(
                    deletion(number=number, channel=channel, observed_at=ledger.now),
                    verdict(number=number, channel=channel, observed_at=ledger.now),
                )
        if step % 3 == 0:
            then[ledger.now] = shown(desk), exported(desk)

    assert len({len(lines) for lines, _ in then.values()}) > 1
    for at, (lines, records) in then.items():
        found = shown(desk, "--as-of", text(at))
        assert found == lines
        for each in found:
            assert {key: value for key, value in each.items() if key != "match"} == records[each["index"]]
            if each["match"] is not None:
                [filed] = [one for one in records.values() if one["kind"] == "match" and one["record"] == each["index"]]
                assert (filed["spans"], filed["why"]) == (each["match"]["spans"], each["match"]["why"])


def test_knows_neither_what_was_seen_nor_what_was_flagged_later(desk: Desk, ledger: Ledger) -> None:
    ledger.say(1, "The bridge fell.")
    ledger.now += MINUTE
    ledger.say(1, "The bridge stands.", edited=True)
    ledger.say(2, "The bridge stands, they say.")

    assert [each["text"] for each in shown(desk, "--as-of", text(NOON))] == ["The bridge fell."]
    assert shown(desk, "--as-of", text(NOON - 1)) == []
    assert "no post was flagged by then" in desk.run("story", "show", "bridge", "--as-of", text(NOON - 1)).out
    assert len(shown(desk, "--as-of", text(ledger.now))) == 3


def test_of_what_was_erased_since_says_so(desk: Desk, ledger: Ledger) -> None:
    ledger.say(1, "The bridge fell.")
    before = shown(desk)
    assert desk.run("erase", "bridge_news/1", "--reason", "an order", "--as", "olena", "--yes").code == 0

    [found] = shown(desk, "--as-of", text(NOON))

    assert (found["index"], found["leaf"]) == (before[0]["index"], before[0]["leaf"])
    assert "text" not in found
    assert (found["erased"]["reason"], found["erased"]["by"]) == ("an order", "olena")


def test_a_time_that_is_none_is_told(desk: Desk, ledger: Ledger) -> None:
    ledger.say(1, "The bridge fell.")

    assert desk.run("story", "show", "bridge", "--as-of", "yesterday").code == 2
