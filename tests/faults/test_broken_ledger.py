"""A ledger that broke is left as it is, and the watch goes on in a new segment (STO)"""

import asyncio
import json
import random
import shutil
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Any

import pytest
from builders import NOON, revision
from faults.daemons import CHANNEL, fact, installed, met, records, texts, until, until_recorded
from installation import Installation, Receiver
from measuring import FULL

from monitor.errors import LedgerBroken, MonitorError
from monitor.ledger.checkpoint import Checkpoint, parse, sign
from monitor.model.record import Blind, Custody, Draft, Kept, Kind, Record
from monitor.rehearsal import Server
from monitor.stores.sqlite.bodies import Unpacker
from monitor.stores.sqlite.checkpoints import beside
from monitor.stores.sqlite.copying import by_itself, copy
from monitor.stores.sqlite.file import connect
from monitor.stores.sqlite.ledger import in_order
from monitor.stores.sqlite.salvage import salvage
from monitor.stores.sqlite.segments import numbers, path_of
from monitor.stores.sqlite.store import SqliteStore, open_store
from monitor.views.segments import quoted

FLIPS = 400 if FULL else 40
FLAGGED = "Взрыв на Крымском мосту, часть {}."


@pytest.mark.timeout(240)
async def test_sto_07_a_flipped_bit_in_the_write_ahead_log_is_noticed_and_what_it_took_is_fetched_again(
    telegram: Server, tmp_path: Path
) -> None:
    async with Receiver().open() as receiver:
        installation = await installed(telegram, tmp_path)
        installation.write(channels=[CHANNEL], webhook=receiver.url, notices=True, alerts="spread_seconds = 0")
        await killed_with_posts(telegram, installation, receiver, 12)
        told = len(alerts(receiver))
        flip(wal_of(installation.store), at=0.5)
        left = bytes_of(installation.store)

        async with installation.running(), opened(installation, 2) as store:
            telegram.world.publish(CHANNEL, FLAGGED.format("new"))
            await until_recorded(store, FLAGGED.format("new"))
            await until(lambda: holds_all(installation, telegram))
            await receiver.until(lambda _: any("new" in each["post"]["text"] for each in alerts(receiver)))
            await receiver.until(lambda received: any(body["event"] == "notice" for _, body, _ in received))
            red = await fact(store, "ledger", "segment 1")
            status, said, _ = await installation.command("status")
            first = (await store.ledger.read(0, 1))[0]
            blind = [each.content for each in await records(store, Kind.BLIND)]
        verified, _, _ = await installation.command("verify")

    assert bytes_of(installation.store) == left, "not a byte of it was written"
    assert red is not None
    assert (red.red, red.lasting) == (True, True)
    assert status == 1
    assert "segment 1" in said
    assert isinstance(first.content, Custody)
    assert first.content.action == "continued"
    assert "that were signed for are not there" in first.content.note
    assert any(isinstance(each, Blind) and "segment 1" in each.reason for each in blind)
    assert verified == 3
    assert told == 12
    assert {each["post"]["id"] for each in alerts(receiver)} == flagged(telegram)


async def test_sto_07_of_every_flipped_bit_either_nothing_is_lost_or_it_is_noticed(tmp_path: Path) -> None:
    whole = tmp_path / "monitor.db"
    async with open_store(whole) as store:
        for number in range(1, 30):
            await store.ledger.append([revision(f"post {number}", number=number)])
        size, root = await store.ledger.root()
        note = sign(Checkpoint("desk", size, root), key=bytes(32))
        await store.ledger.append([Draft(content=Kept(note), observed_at=NOON)])
        left = bytes_of(whole)  # as the machine left them when it died
    chance, noticed, sound = random.Random(7), 0, 0

    for number in range(FLIPS):
        flipped = tmp_path / f"flip-{number}" / "monitor.db"
        flipped.parent.mkdir()
        altered = bytearray(left[wal_of(whole).name])
        place = chance.randrange(len(altered))
        altered[place] ^= 1 << chance.randrange(8)
        flipped.write_bytes(left[whole.name])
        wal_of(flipped).write_bytes(altered)
        shutil.copy(beside(whole), beside(flipped))
        before = bytes_of(flipped)
        try:
            async with open_store(flipped) as store:
                assert await store.ledger.size() >= size, f"bit at {place}"
                sound += 1
        except LedgerBroken:
            noticed += 1
            assert bytes_of(flipped) == before

    assert noticed + sound == FLIPS
    assert noticed > FLIPS // 4


async def test_sto_07_a_log_that_is_lost_from_its_first_page_on_is_noticed_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "monitor.db"
    async with open_store(path) as store:
        await store.ledger.append([revision("The bridge fell.")])
        size, root = await store.ledger.root()
        note = sign(Checkpoint("desk", size, root), key=bytes(32))
        await store.ledger.append([Draft(content=Kept(note), observed_at=NOON)])
        left = bytes_of(path)
    altered = bytearray(left[wal_of(path).name])
    altered[100] ^= 1  # of the page that says how the file is laid out
    lost = tmp_path / "lost" / "monitor.db"
    lost.parent.mkdir()
    lost.write_bytes(left[path.name])
    wal_of(lost).write_bytes(altered)
    shutil.copy(beside(path), beside(lost))
    before = bytes_of(lost)

    with pytest.raises(LedgerBroken, match="it has lost records"):
        async with open_store(lost):
            pass

    assert bytes_of(lost) == before


@pytest.mark.parametrize(
    ("done", "trusted"),
    [
        ("DELETE FROM log WHERE seq > 30", 31),
        ("INSERT INTO log SELECT seq + 100, header, leaf FROM log WHERE seq = 7", 42),
        ("UPDATE log SET header = (SELECT header FROM log AS o WHERE o.seq = 17 - log.seq) WHERE seq IN (7, 10)", 7),
        ("UPDATE log SET seq = -seq WHERE seq > 20", 21),
        ("UPDATE log SET (header, leaf) = (SELECT header, leaf FROM log AS o WHERE o.seq = 7) WHERE seq = 8", 8),
    ],
    ids=["taken from the end", "put in", "exchanged", "renumbered", "doubled"],
)
async def test_sto_10_records_that_somebody_moved_are_noticed_and_only_those_before_are_trusted(
    tmp_path: Path, done: str, trusted: int
) -> None:
    path = tmp_path / "monitor.db"
    await written(path, 40, note=True)
    tampered(path, done)

    found = salvage(path)

    assert found.broken is not None
    assert found.trusted == trusted
    assert found.signed == 41


async def test_sto_09_a_ledger_that_was_rewritten_whole_is_noticed_by_what_was_signed_beside_it(tmp_path: Path) -> None:
    path, other = tmp_path / "monitor.db", tmp_path / "other.db"
    await written(path, 40, note=True)
    await written(other, 60, note=False)
    remove(path)
    other.rename(path)

    with pytest.raises(LedgerBroken, match="the root over the first 41 is another"):
        async with open_store(path):
            pass
    found = salvage(path)

    assert found.trusted == 0
    assert (found.held, found.signed) == (61, 41)


@pytest.mark.timeout(240)
async def test_sto_08_a_flipped_bit_in_the_database_is_named_by_verify_and_collecting_goes_on(
    telegram: Server, tmp_path: Path
) -> None:
    async with Receiver().open() as receiver:
        installation = await installed(telegram, tmp_path)
        installation.write(channels=[CHANNEL], webhook=receiver.url)
        await killed_with_posts(telegram, installation, receiver, 12)
        by_itself(installation.store)
        bad = flip_in_record(installation.store, FLAGGED.format(5))

        async with installation.running():
            async with opened(installation, 1) as store:
                telegram.world.publish(CHANNEL, FLAGGED.format("before"))
                await until_recorded(store, FLAGGED.format("before"))
            found = await verified(installation)
            async with opened(installation, 2) as store:
                telegram.world.publish(CHANNEL, FLAGGED.format("after"))
                await until_recorded(store, FLAGGED.format("after"))
                await until(lambda: holds_all(installation, telegram))
                await receiver.until(lambda _: {each["post"]["id"] for each in alerts(receiver)} == flagged(telegram))
                again = texts(await records(store))
                first = (await store.ledger.read(0, 1))[0].content
        found_later = await verified(installation)

    assert (found["ok"], found["index"], found["segment"]) == (False, bad, 1)
    assert isinstance(first, Custody)
    assert f"records 0 to {bad - 1} can be trusted" in first.note
    assert parse(quoted(first) or "").size <= bad
    assert FLAGGED.format(5) in again, "what the old file shows no more"
    assert FLAGGED.format(0) not in again, "what can be trusted is not fetched again"
    assert counted(receiver) == dict.fromkeys(flagged(telegram), 1), "nobody is told twice of what had been matched"
    assert [(each["segment"], each["ok"], each["index"]) for each in found_later["segments"]] == [
        (1, False, bad),
        (2, True, None),
    ]
    assert found_later["segments"][1]["origin"] == "rehearsal/2"


@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    "how", ["deleted", *(pytest.param(how, marks=pytest.mark.full) for how in ("renamed", "replaced"))]
)
async def test_sto_18_a_database_that_is_taken_away_under_it_is_noticed_and_collecting_goes_on(
    telegram: Server, tmp_path: Path, how: str
) -> None:
    installation = await installed(telegram, tmp_path)
    yesterday = tmp_path / "yesterday.db"

    async with installation.running():
        async with opened(installation, 1) as store:
            await until(lambda: met(store))
            copy(installation.store, yesterday, lambda done, of: None)
            telegram.world.publish(CHANNEL, FLAGGED.format("today"))
            await until_recorded(store, FLAGGED.format("today"))
        began = asyncio.get_running_loop().time()
        match how:
            case "deleted":
                remove(installation.store)
            case "renamed":
                installation.store.rename(tmp_path / "elsewhere.db")
            case "replaced":
                remove(installation.store)
                yesterday.replace(installation.store)
        async with opened(installation, 2) as store:
            noticed = asyncio.get_running_loop().time() - began
            telegram.world.publish(CHANNEL, FLAGGED.format("after"))
            await until_recorded(store, FLAGGED.format("after"))
            await until(lambda: holds_all(installation, telegram))
            first = (await store.ledger.read(0, 1))[0].content
            red = await fact(store, "ledger", "segment 1")

    assert noticed < 60
    assert isinstance(first, Custody)
    assert red is not None
    assert red.red
    assert (await verified(installation))["segment"] == 1


# ----------------------------------------------------------------------------------------------------------------------


async def killed_with_posts(telegram: Server, installation: Installation, receiver: Receiver, count: int) -> None:
    """So many posts are recorded, told of and signed for; then the daemon is killed."""
    daemon = await installation.start()
    async with opened(installation, 1) as store:
        await until(lambda: met(store))
        for number in range(count):
            telegram.world.publish(CHANNEL, FLAGGED.format(number))
        await until_recorded(store, FLAGGED.format(count - 1))
        await receiver.until(lambda _: len(alerts(receiver)) >= count)
        code, _, err = await installation.command("checkpoint")
        assert code == 0, err
        daemon.kill()
        await daemon.wait()


@asynccontextmanager
async def opened(installation: Installation, segment: int) -> AsyncIterator[SqliteStore]:
    """To read it, once it is there."""
    path = path_of(installation.store, segment)

    async def there() -> bool:
        try:
            async with open_store(path, readonly=True):
                return True
        except MonitorError:
            return False

    await until(there)
    async with open_store(path, readonly=True) as store:
        yield store


async def kept_of(installation: Installation) -> set[str]:
    """What the posts say that are in any segment."""
    found: set[str] = set()
    for number in numbers(installation.store):
        if not path_of(installation.store, number).exists():
            continue  # no more than its mark
        async with opened(installation, number) as store:
            found.update(texts(await readable(store)))
    return found


async def readable(store: SqliteStore) -> list[Record]:
    """The records before the first that cannot be read."""
    found: list[Record] = []
    with suppress(LedgerBroken):
        while batch := await store.ledger.read(len(found), 1):
            found += batch
    return found


async def verified(installation: Installation) -> Any:
    code, out, err = await installation.command("verify", "--json")
    assert code == 3, err
    return json.loads(out)


def flip_in_record(path: Path, text: str) -> int:
    """One bit of the content of the record that says so, in the file as an error of the disk would; its index."""
    with closing(connect(path, readonly=True)) as database:
        unpacker = Unpacker()
        [found] = [
            (each.index, body)
            for each in in_order(database, unpacker, 0, 10_000)
            if each.content and text.encode() in each.content
            for (body,) in database.execute("SELECT body FROM content WHERE seq = ?", (each.index,))
        ]
    index, body = found
    data = bytearray(path.read_bytes())
    at = data.find(body)
    assert at > 0
    while at > 0:  # also where SQLite left it behind when it moved the page's rows
        data[at + len(body) // 2] ^= 1
        at = data.find(body, at)
    path.write_bytes(data)
    return index


def counted(receiver: Receiver) -> dict[int, int]:
    """How often somebody was told of each post."""
    return dict(Counter(each["post"]["id"] for each in alerts(receiver)))


def remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


async def holds_all(installation: Installation, telegram: Server) -> bool:
    """Is every post that Telegram still has in one of the segments?"""
    return there(telegram) <= await kept_of(installation)


def there(telegram: Server) -> set[str]:
    return {each.text for each in telegram.world.truth(CHANNEL) if each.service is None}


def flagged(telegram: Server) -> set[int]:
    return {each.post for each in telegram.world.truth(CHANNEL) if "Взрыв" in each.text}


def alerts(receiver: Receiver) -> list[dict[str, Any]]:
    return [body for _, body, _ in receiver.received if body["event"] == "published"]


def wal_of(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def bytes_of(path: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in (path, wal_of(path)) if each.exists()}


def flip(path: Path, *, at: float) -> None:
    """One bit of the file, so far into it."""
    data = bytearray(path.read_bytes())
    data[int(len(data) * at)] ^= 1
    path.write_bytes(data)


async def written(path: Path, count: int, *, note: bool) -> None:
    """A ledger of so many posts, each of which says how many there are; signed for where `note`."""
    async with open_store(path) as store:
        await store.ledger.append([revision(f"{number} of {count}", number=number) for number in range(1, count + 1)])
        if note:
            size, root = await store.ledger.root()
            signed = sign(Checkpoint("desk", size, root), key=bytes(32))
            await store.ledger.append([Draft(content=Kept(signed), observed_at=NOON)])


def tampered(path: Path, statement: str) -> None:
    """As somebody does it whom no trigger stops."""
    with closing(connect(path)) as database:
        for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {name}")
        database.execute(statement)
