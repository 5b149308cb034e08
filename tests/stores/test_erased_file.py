"""The file after an erasure: byte by byte, what was said is in none of its pages"""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from builders import BRIDGE, NOON, alert, match, message, receipt, revision, verdict

from monitor.model.instant import MINUTE
from monitor.ports import Store
from monitor.stores.sqlite.store import open_store
from monitor.stores.sqlite.sweeping import holds, sweep

WORDS = "Гражданин Кукушкин-Перекатный сообщил адрес: Ольховая улица, дом девяносто."
UNUSUAL = ("Кукушкин", "Перекатн", "Ольхов", "девяност")
OTHERS = 400


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "monitor.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[Store]:
    async with open_store(path, now=lambda: NOON) as store:
        yield store


def files(path: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in path.parent.iterdir() if each.is_file()}


def found(path: Path, *traces: bytes) -> list[str]:
    """The files in which something of it stands, in UTF-8, UTF-16 or as one of these bytes."""
    words = [each for word in UNUSUAL for each in (word, word.lower(), word.upper())]
    sought = [each.encode(code) for each in words for code in ("utf-8", "utf-16-le", "utf-16-be")]
    return [name for name, data in files(path).items() if any(each in data for each in (*sought, *traces))]


async def filled(store: Store) -> list[bytes]:
    """A ledger in which post 200 says it, was edited, flagged, told, reviewed; the bodies as they lie in the file."""
    numbers = count()
    for number in range(1, OTHERS):
        says = WORDS if number == 200 else f"The bridge, day {number}: " + "nothing happened. " * (number % 40)
        [said] = [each.index for each in await store.ledger.append([revision(says, number=number)])]
        owed = [
            alert(f"m-{next(numbers)}", record=said, post=number, message=message(says=says, record=said))
            for _ in range(2)
        ]
        position, size = await store.positions.position("detect"), await store.ledger.size()
        quoted = match(said, why=(f"«{says[:40]}»",))
        assert await store.findings.file([quoted], owed, since=position, upto=size)
        await store.outbox.settle([receipt(owed[0].key, reason="said: " + "x" * (number % 50))])
    edited = revision(WORDS + " Срочно!", number=200, edited_at=NOON + MINUTE)
    await store.ledger.append([edited, verdict(number=200, reason=f"он пишет: {WORDS}")])
    return []


async def test_holds_it_before_and_nowhere_after(path: Path, store: Store) -> None:
    await filled(store)
    assert found(path)

    erasure = await store.erasures.erase(BRIDGE, 200, reason="a court's order", by="olena")

    assert not sweep(path, erasure.traces)
    assert found(path, *erasure.traces) == []
    assert {record.kind.value for record in await store.ledger.records(erasure.records)} == {
        "published",
        "edited",
        "match",
        "review",
    }


async def test_written_by_a_program_that_overwrote_nothing_is_written_anew(path: Path) -> None:
    async with open_store(path, now=lambda: NOON) as store:
        await filled(store)
    with closing(sqlite3.connect(path)) as left:  # a row that was there once, of which the page still holds the bytes
        left.execute("PRAGMA secure_delete = OFF")
        left.execute("CREATE TABLE once (words TEXT)")
        left.executemany("INSERT INTO once VALUES (?)", [(WORDS,)] * 50)
        left.execute("DROP TABLE once")
        left.commit()

    async with open_store(path, now=lambda: NOON) as store:
        erasure = await store.erasures.erase(BRIDGE, 200, reason="a court's order", by="olena")
        assert found(path)
        assert sweep(path, erasure.traces)
        assert found(path, *erasure.traces) == []
        assert (await store.ledger.root())[0] == await store.ledger.size()


def test_is_looked_through_to_its_end_across_the_pieces_that_are_read(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"\0" * ((1 << 20) - 3) + b"a trace" + b"\0" * 9)

    assert holds(file, [b"no trace", b"a trace"])
    assert not holds(file, [b"A trace"])
    assert not holds(file, [])
