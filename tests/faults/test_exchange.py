"""Stories that are changed while the daemon runs (MAT-13)"""

import asyncio
import json
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from faults.daemons import CHANNEL, fact, green, installed, met, records, texts, until, until_recorded
from installation import STORY, Installation, Receiver
from receiving import answering, receiving
from whole import all_records

from monitor.exchange import PART
from monitor.model.record import Configured, Kind
from monitor.ports import Fact
from monitor.rehearsal import Server
from monitor.stores.sqlite.store import SqliteStore, open_store

FLAGGED = "Взрыв на Крымском мосту"
FIRE = "Пожар в порту Бердянска"
HARBOUR = """
title = "The harbour"
[entities.harbour]
kind = "place"
names = ["Бердянск"]
[topics]
fire = 'пожар OR огонь'
[[flag]]
when = "harbour AND fire"
"""
BROKEN = STORY.replace("bridge AND damage", "bridge AND damages")


class Watched:
    """A daemon at work, and its files, which somebody writes to."""

    def __init__(
        self, installation: Installation, store: SqliteStore, daemon: asyncio.subprocess.Process, telegram: Server
    ) -> None:
        self.installation = installation
        self.store = store
        self.daemon = daemon
        self.telegram = telegram

    def write(self, **stories: str | None) -> None:
        """None: the story is taken out."""
        for name, words in stories.items():
            path = self.installation.config / "stories" / f"{name}.toml"
            path.unlink() if words is None else path.write_text(words)

    def ask(self) -> None:
        self.daemon.send_signal(signal.SIGUSR1)

    def said(self, words: str) -> int:
        """How often it logged that."""
        return sum(words in line for line in (self.installation.base / "daemon.log").read_text("utf-8").splitlines())

    async def until_said(self, words: str, times: int = 1) -> None:
        async def enough() -> bool:
            return self.said(words) >= times

        await until(enough)

    async def exchange(self, **stories: str | None) -> None:
        """Returns once they are in force."""
        times = self.said("stories exchanged")
        self.write(**stories)
        self.ask()
        await self.until_said("stories exchanged", times + 1)

    async def configured(self) -> list[tuple[int, Configured]]:
        """With which configuration the ledger says that the watch went on, and from which record on."""
        return [
            (each.index, each.content)
            for each in await records(self.store, Kind.CONFIG)
            if isinstance(each.content, Configured)
        ]

    async def fact(self) -> Fact | None:
        return await fact(self.store, PART)

    async def turned(self, *, red: bool) -> None:
        async def so() -> bool:
            found = await self.fact()
            return found is not None and found.red is red

        await until(so)

    async def dealt_with(self) -> None:
        async def so() -> bool:
            return await self.store.positions.position("detect") == await self.store.ledger.size()

        await until(so)

    async def stories_of(self, text: str) -> list[str]:
        """Of which stories the posts that say so were found to speak."""
        found = [each.index for each in await records(self.store) if each.said and each.said.text == text]
        return sorted(match.story for match in await self.store.findings.of_records(found))


@asynccontextmanager
async def watched(
    telegram: Server, base: Path, *, webhook: str | None = None, installation: Installation | None = None
) -> AsyncIterator[Watched]:
    """With one channel and the story of the bridge."""
    installation = installation or await installed(telegram, base)
    if webhook:
        installation.write(channels=[CHANNEL], webhook=webhook)
    async with open_store(installation.store) as store, installation.running() as daemon:
        await until(lambda: met(store))
        await until(lambda: green(store))
        yield Watched(installation, store, daemon, telegram)


class Hold:
    """What was compiled before is read from a pipe: whoever compiles waits until something is written there."""

    def __init__(self, installation: Installation) -> None:
        self._pipe = installation.store.with_name(f"{installation.store.name}.wordings")
        self._pipe.unlink(missing_ok=True)
        os.mkfifo(self._pipe, 0o600)
        self._end = -1

    async def until_somebody_waits(self) -> None:
        async def waits() -> bool:
            try:
                self._end = os.open(self._pipe, os.O_WRONLY | os.O_NONBLOCK)
            except OSError:  # nobody reads
                return False
            return True

        await until(waits)

    def release(self) -> None:
        os.close(self._end)


async def test_a_new_story_flags_what_comes_after_it_and_the_connection_stays(telegram: Server, tmp_path: Path) -> None:
    async with Receiver().open() as receiver, watched(telegram, tmp_path, webhook=receiver.url) as watch:
        telegram.world.publish(CHANNEL, FIRE)
        await until_recorded(watch.store, FIRE)
        await watch.dealt_with()
        connections = len(telegram.peers)

        await watch.exchange(harbour=HARBOUR)
        telegram.world.publish(CHANNEL, f"{FIRE} потушен.")
        telegram.world.publish(CHANNEL, f"{FLAGGED}.")
        await receiver.until(lambda received: len(received) >= 2)
        await watch.dealt_with()

        assert len(telegram.peers) == connections
        assert await watch.stories_of(FIRE) == []
        (_, before), (_, after) = await watch.configured()

    told = [(body["story"]["id"], body["post"]["text"], body["story"]["title"]) for _, body, _ in receiver.received]
    assert sorted(told) == [("bridge", f"{FLAGGED}.", "The bridge"), ("harbour", f"{FIRE} потушен.", "The harbour")]
    assert before.editions.keys() == {"bridge"}
    assert after.editions.keys() == {"bridge", "harbour"}
    assert after.editions["bridge"] == before.editions["bridge"]
    assert after.files["stories/harbour.toml"]


async def test_the_watch_goes_on_while_stories_are_compiled(telegram: Server, tmp_path: Path) -> None:
    async with watched(telegram, tmp_path) as watch:
        connections = len(telegram.peers)
        hold = Hold(watch.installation)
        watch.write(harbour=HARBOUR)
        watch.ask()
        await hold.until_somebody_waits()

        for text in (FLAGGED, FIRE):
            telegram.world.publish(CHANNEL, text)
            await until_recorded(watch.store, text)
        await watch.dealt_with()
        meanwhile = await watch.stories_of(FLAGGED), await watch.stories_of(FIRE), await watch.configured()
        hold.release()
        await watch.until_said("stories exchanged")
        telegram.world.publish(CHANNEL, f"{FIRE}!")
        await until_recorded(watch.store, f"{FIRE}!")
        await watch.dealt_with()

        assert meanwhile[:2] == (["bridge"], [])
        assert [content.editions.keys() for _, content in meanwhile[2]] == [{"bridge"}]
        assert await watch.stories_of(f"{FIRE}!") == ["harbour"]
        assert len(telegram.peers) == connections


async def test_all_that_ask_while_one_exchange_goes_on_get_one_more_with_what_they_wrote(
    telegram: Server, tmp_path: Path
) -> None:
    async with watched(telegram, tmp_path) as watch:
        hold = Hold(watch.installation)
        watch.write(harbour=HARBOUR)
        watch.ask()
        await hold.until_somebody_waits()

        watch.write(harbour=HARBOUR.replace("огонь", "горит"))
        for _ in range(3):
            watch.ask()
        hold.release()
        await watch.until_said("stories exchanged", 2)
        telegram.world.publish(CHANNEL, "В Бердянске горит склад.")
        await until_recorded(watch.store, "В Бердянске горит склад.")
        await watch.dealt_with()

        assert await watch.stories_of("В Бердянске горит склад.") == ["harbour"]
        assert len({content.editions.get("harbour") for _, content in await watch.configured()}) == 3
        assert watch.said("stories exchanged") == 2
        assert watch.said("stories read anew") == watch.said("not exchanged") == 0


async def test_who_asks_while_it_starts_is_heard_once_it_has(telegram: Server, tmp_path: Path) -> None:
    installation = await installed(telegram, tmp_path)
    hold = Hold(installation)
    async with open_store(installation.store) as store, installation.running() as daemon:
        watch = Watched(installation, store, daemon, telegram)
        await hold.until_somebody_waits()

        watch.write(harbour=HARBOUR)
        watch.ask()
        hold.release()
        await watch.until_said("stories exchanged")

        assert [content.editions.keys() for _, content in await watch.configured()] == [
            {"bridge"},
            {"bridge", "harbour"},
        ]


async def test_a_start_collects_while_it_compiles_and_then_flags_what_came(telegram: Server, tmp_path: Path) -> None:
    installation = await installed(telegram, tmp_path)
    async with watched(telegram, tmp_path, installation=installation) as watch:
        telegram.world.publish(CHANNEL, "Before.")
        await until_recorded(watch.store, "Before.")
    hold = Hold(installation)
    async with open_store(installation.store) as store, installation.running() as daemon:
        watch = Watched(installation, store, daemon, telegram)
        await hold.until_somebody_waits()

        telegram.world.publish(CHANNEL, FLAGGED)
        await until_recorded(store, FLAGGED)
        meanwhile = await watch.stories_of(FLAGGED)
        hold.release()
        await watch.dealt_with()

        assert meanwhile == []
        assert await watch.stories_of(FLAGGED) == ["bridge"]


@pytest.mark.parametrize("when", ["it starts", "stories are exchanged"])
async def test_an_end_does_not_wait_for_what_is_compiled_as(telegram: Server, tmp_path: Path, when: str) -> None:
    installation = await installed(telegram, tmp_path)
    hold = Hold(installation) if when == "it starts" else None
    async with open_store(installation.store) as store, installation.running() as daemon:
        watch = Watched(installation, store, daemon, telegram)
        if hold is None:
            await until(lambda: green(store))
            hold = Hold(installation)
            watch.write(harbour=HARBOUR)
            watch.ask()
        await hold.until_somebody_waits()

        daemon.send_signal(signal.SIGTERM)

        assert await asyncio.wait_for(daemon.wait(), 10) == 0, installation.log()
        assert len(await watch.configured()) == 1


async def test_a_broken_story_leaves_those_in_force_and_is_red_until_it_is_mended(
    telegram: Server, tmp_path: Path
) -> None:
    async with watched(telegram, tmp_path) as watch:
        watch.write(harbour=HARBOUR, bridge=BROKEN)
        watch.ask()
        await watch.turned(red=True)
        code, printed, complaint = await watch.installation.command("status", "--json")
        checked = await watch.installation.command("check")
        for text in (FLAGGED, FIRE):
            telegram.world.publish(CHANNEL, text)
            await until_recorded(watch.store, text)
        await watch.dealt_with()
        meanwhile = await watch.stories_of(FLAGGED), await watch.stories_of(FIRE), len(await watch.configured())

        await watch.exchange(bridge=STORY)
        await watch.turned(red=False)
        status = await watch.installation.json("status")

        key = f"{watch.installation.config}/stories/bridge.toml: flag[0].when: "
        [line] = [each for each in json.loads(printed)["lines"] if each["part"] == PART]
        assert line["red"]
        assert line["words"].startswith(f"not exchanged: {key}")
        assert (code, complaint) == (checked[0], checked[2]) == (2, complaint)
        assert complaint.startswith(key)
        assert meanwhile == (["bridge"], [], 1)
        assert len(await watch.configured()) == 2
        [line] = [each for each in status["lines"] if each["part"] == PART]
        assert (line["red"], line["figures"]) == (False, {"stories": 2})
        log = (tmp_path / "daemon.log").read_text("utf-8")
        [error] = [json.loads(each) for each in log.splitlines() if "not exchanged" in each]
        assert error["level"] == "error"
        assert key in error["reason"]
        assert "the nearest is damage" in error["reason"]
        assert "Traceback" not in log


@pytest.mark.parametrize("what", ["no story at all", "a mistake in another file"])
async def test_what_would_end_a_start_is_not_exchanged(telegram: Server, tmp_path: Path, what: str) -> None:
    async with watched(telegram, tmp_path) as watch:
        if what == "no story at all":
            watch.write(bridge=None)
        else:
            watch.write(harbour=HARBOUR)
            (watch.installation.config / "channels.toml").write_text("[[channel]]\nusernam = 'bridge_news'\n")
        watch.ask()
        await watch.turned(red=True)
        telegram.world.publish(CHANNEL, FLAGGED)
        await until_recorded(watch.store, FLAGGED)
        await watch.dealt_with()

        assert await watch.stories_of(FLAGGED) == ["bridge"]
        assert len(await watch.configured()) == 1


async def test_where_no_story_has_changed_that_is_said_and_nothing_recorded(telegram: Server, tmp_path: Path) -> None:
    async with watched(telegram, tmp_path) as watch:
        await watch.exchange(harbour=HARBOUR)
        watch.write(harbour=f"# reads the same\n{HARBOUR}")
        watch.ask()
        await watch.until_said("none of them has changed")

        assert len(await watch.configured()) == 2
        assert watch.said("stories exchanged") == 1


async def test_other_files_wait_for_the_next_start_and_say_so(telegram: Server, tmp_path: Path) -> None:
    async with watched(telegram, tmp_path) as watch:
        file = watch.installation.config / "channels.toml"
        file.write_text(f"{file.read_text()}[[channel]]\nusername = 'port_news'\nparty = 'Port'\n")

        await watch.exchange(harbour=HARBOUR)
        times = watch.said("before the next start")
        watch.write(harbour=HARBOUR.replace("[[flag]]", '[[flag]]\nchannels = ["port_news"]'))
        watch.ask()
        await watch.turned(red=True)

        (_, before), (_, after) = await watch.configured()
        found = await watch.fact()
        assert times == 1
        assert after.files["channels.toml"] == before.files["channels.toml"]
        assert found is not None
        assert 'stories/harbour.toml: flag[0].channels[0]: channel "port_news" is in channels.toml' in found.note
        assert (await watch.installation.command("check"))[0] == 0


async def test_mat_13_what_is_owed_for_a_story_that_was_taken_out_is_told(telegram: Server, tmp_path: Path) -> None:
    open_again = asyncio.Event()

    async def later(writer: asyncio.StreamWriter) -> None:
        await open_again.wait()
        await answering(204)(writer)

    async with receiving() as receiver, watched(telegram, tmp_path, webhook=receiver.url) as watch:
        receiver.answer = later
        for number in range(3):
            telegram.world.publish(CHANNEL, f"{FLAGGED}, {number}.")
            await until_recorded(watch.store, f"{FLAGGED}, {number}.")
        await watch.dealt_with()

        await watch.exchange(harbour=HARBOUR, bridge=None)
        telegram.world.publish(CHANNEL, FLAGGED)
        await until_recorded(watch.store, FLAGGED)
        await watch.dealt_with()
        gone = await watch.stories_of(FLAGGED)
        open_again.set()

        async def told() -> bool:
            return len({request.headers["webhook-id"] for request in receiver.requests}) == 3

        await until(told)

    assert gone == []
    bodies = [json.loads(request.body) for request in receiver.requests]
    assert {body["story"]["id"] for body in bodies} == {"bridge"}
    assert {body["post"]["text"] for body in bodies} == {f"{FLAGGED}, {number}." for number in range(3)}


async def test_mat_13_each_post_is_flagged_once_by_the_wording_that_was_in_force_however_many_pour_in(
    telegram: Server, tmp_path: Path
) -> None:
    number = 0

    async def write() -> None:
        nonlocal number
        while True:
            number += 1
            telegram.world.publish(CHANNEL, f"{FLAGGED}, {number}.")
            await asyncio.sleep(0.005)

    async with Receiver().open() as receiver, watched(telegram, tmp_path, webhook=receiver.url) as watch:
        connections = len(telegram.peers)
        author = asyncio.create_task(write())
        for word in ("огонь", "дым", "пепел", "гарь"):
            wordings = {"bridge": STORY.replace("explosion", word), "harbour": HARBOUR.replace("огонь", word)}
            await watch.exchange(**wordings)
            await until_recorded(watch.store, f"{FLAGGED}, {number + 20}.")
        author.cancel()
        await until_recorded(watch.store, f"{FLAGGED}, {number}.")
        await watch.dealt_with()
        found = await all_records(watch.store.ledger)
        posts = [each.index for each in found if each.said and not each.said.service]
        matches = await watch.store.findings.of_records(posts)
        alerts = await watch.store.outbox.alerts(limit=1_000_000)
        configured = await watch.configured()

        assert len(telegram.peers) == connections
        assert texts(found) == sorted(f"{FLAGGED}, {each}." for each in range(1, number + 1))
        assert sorted(match.record for match in matches) == posts
        assert Counter(alert.record for alert in alerts) == Counter(posts)
        assert len(configured) == 5
        for match in matches:
            in_force = [content for index, content in configured if index < match.record][-1]
            assert match.edition == in_force.editions["bridge"]
        assert {match.edition for match in matches} == {content.editions["bridge"] for _, content in configured}
        assert msgspec.structs.asdict(configured[-1][1])["files"].keys() == configured[0][1].files.keys() | {
            "stories/harbour.toml"
        }
