"""A daemon whose disk fills up, or fails, while it watches (STO-05, STO-06)"""

import random
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from faults.daemons import CHANNEL, fact, green, installed, records, until
from faults.failing import Disk
from installation import Receiver
from measuring import Measured

from monitor.rehearsal import Server
from monitor.stores.sqlite.store import SqliteStore, open_store

POSTS = 30
FLAGGED = "Взрыв на Крымском мосту"
RED_WITHIN, RESUMED_WITHIN = 5.0, 30.0


@pytest.mark.timeout(240)
async def test_sto_05_a_full_disk_is_red_and_told_within_seconds_and_nothing_is_lost_once_there_is_room(
    telegram: Server, tmp_path: Path, measured: Measured
) -> None:
    await takes_nothing("full", "the disk is full", telegram, tmp_path, measured)


@pytest.mark.timeout(240)
async def test_sto_06_a_disk_that_fails_is_told_within_seconds_and_nothing_is_lost_once_it_does_well_again(
    telegram: Server, tmp_path: Path, measured: Measured
) -> None:
    await takes_nothing("broken", "the disk failed", telegram, tmp_path, measured)


async def takes_nothing(how: str, reason: str, telegram: Server, tmp_path: Path, measured: Measured) -> None:
    """The disk of a daemon turns so while it watches, flagged posts come, and it does well again."""
    installation, disk = await installed(telegram, tmp_path), Disk(tmp_path)
    async with (
        Receiver().open() as receiver,
        open_store(installation.store) as store,
    ):
        installation.write(channels=[CHANNEL], webhook=receiver.url, notices=True)
        async with installation.running(environment=disk.environment) as daemon:
            await until(lambda: green(store))
            before = telegram.world.publish(CHANNEL, f"{FLAGGED}: before.")
            await receiver.until(lambda received: before in told(received))

            disk.turn(how)
            began = time.monotonic()
            posts = [telegram.world.publish(CHANNEL, f"{FLAGGED} №{number} {large()}") for number in range(POSTS)]
            if how == "full":  # a broken disk does not even take what is written over
                await until(lambda: refused(store))
                red = time.monotonic() - began
                assert red <= RED_WITHIN
                measured("seconds until a full disk is red", round(red, 1))
            await receiver.until(lambda received: bool(notices(received)))
            measured(f"seconds until a disk that is {how} is told", round(time.monotonic() - began, 1))
            if how == "full":
                code, out, _ = await installation.command("status")
                assert code == 1
                assert f"nothing is stored: {reason}" in out
            assert daemon.returncode is None
            assert told(receiver.received) == {before}
            assert not await recorded(store, posts)

            disk.turn("")
            began = time.monotonic()
            await until(lambda: recorded(store, posts))
            resumed = time.monotonic() - began
            await receiver.until(lambda received: told(received) == {before, *posts})
            await until(lambda: green(store))

        found = Counter(each.post for each in await records(store) if each.said and not each.said.service)
    code, _, complaint = await installation.command("verify")
    assert resumed <= RESUMED_WITHIN
    assert found == Counter([before, *posts])
    assert code == 0, complaint
    [notice] = notices(receiver.received)
    assert (notice["notice"], notice["part"], notice["subject"]) == ("red", "disk", "store")
    assert reason in notice["reason"]
    measured(f"seconds until all is recorded that came while the disk was {how}", round(resumed, 1), "0 lost, 0 twice")


def large() -> str:
    """Words that no compression makes small."""
    return random.randbytes(2_000).hex()


def told(received: list[Any]) -> set[int]:
    """The posts that were told, one by one or several in a message."""
    bodies = [body for _, body, _ in received if body["event"] != "notice"]
    single = {body["post"]["id"] for body in bodies}
    return single | {each["post"]["id"] for body in bodies for each in (body.get("digest") or {}).get("items", ())}


def notices(received: list[Any]) -> list[dict[str, Any]]:
    """Each once."""
    bodies = {key: body for key, body, _ in received if body["event"] == "notice"}
    return [body for body in bodies.values() if body["part"] == "disk"]


async def refused(store: SqliteStore) -> bool:
    found = await fact(store, "disk", "store")
    return found is not None and found.red


async def recorded(store: SqliteStore, posts: list[int]) -> bool:
    return set(posts) <= {each.post for each in await records(store) if each.said}
