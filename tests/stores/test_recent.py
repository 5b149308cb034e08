"""What has just been written is read without the file, and reads the same."""

from pathlib import Path

from builders import BRIDGE, HARBOUR, NOON, access, blind, deletion, gap, photo, raw, revision, verdict
from owed import said

from monitor.model.channel import Identity
from monitor.model.record import Draft, Kind, Record
from monitor.stores.sqlite.recent import Recent
from monitor.stores.sqlite.store import SqliteStore, open_store

EVERYTHING = [
    revision("The bridge fell.", media=(photo(seconds=3),), raw=raw()),
    revision("It fell \ud800 indeed.", number=2, album=2**70),
    revision("The bridge was blown up.", edited_at=NOON + 60_000, edit=True),
    revision("Nothing fell.", channel=HARBOUR, number=2**40, published_at=None, source=None),
    deletion(),
    gap(3, 9),
    access(),
    blind(),
    verdict(),
    revision("Under another name.", channel=Identity(id=BRIDGE.id, username="bridge_now"), number=10),
]


def filled(recent: Recent, first: int, count: int, *, size: int = 1) -> Recent:
    recent.add([said(index=index) for index in range(first, first + count)], [size] * count)
    return recent


def indices(recent: Recent, start: int, limit: int = 100) -> list[int]:
    return [each.index for each in recent.read(start, limit)]


async def both(store: SqliteStore, path: Path) -> tuple[list[Record], list[Record]]:
    """The whole ledger, as the one who wrote it reads it, and as it lies in the file."""
    async with open_store(path, readonly=True) as file:
        return list(await store.ledger.read(0, 1_000)), list(await file.ledger.read(0, 1_000))


async def test_reads_as_the_file_does_whatever_is_in_it(tmp_path: Path) -> None:
    path = tmp_path / "monitor.db"
    async with open_store(path) as store:
        drafts: list[Draft] = EVERYTHING
        await store.ledger.append(drafts[:4])
        await store.ledger.append(drafts[4:])

        written, held = await both(store, path)

    assert written == held
    assert {each.kind for each in written} > {Kind.PUBLISHED, Kind.EDITED, Kind.DELETED, Kind.GAP, Kind.IDENTITY}
    assert len({each.channel for each in written if each.number == 1}) == 2


async def test_what_another_process_wrote_in_between_is_read_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "monitor.db"
    async with open_store(path) as ours, open_store(path) as theirs:
        for number, store in enumerate((ours, ours, theirs, ours, theirs), start=1):
            await store.ledger.append([revision(f"post {number}", number=number)])
        found = [each for start in range(7) for each in await ours.ledger.read(start, 1)]

        _, held = await both(ours, path)

    assert found == held


async def test_what_was_not_kept_is_not_read(tmp_path: Path) -> None:
    async with open_store(tmp_path / "monitor.db") as store:
        await store.ledger.append([revision("post 1")])
        try:
            await store.ledger.append([revision("post 2", number=2), revision(number=2**80)])
        except Exception as error:
            refused = error

        assert "64 bits" in str(refused)
        assert [each.post for each in await store.ledger.read(0, 10)] == [0, 1]


def test_holds_the_newest_within_its_bounds() -> None:
    assert indices(filled(Recent(records=10), 0, 25), 15) == list(range(15, 25))
    assert indices(filled(Recent(records=10), 0, 25), 14) == []
    assert indices(filled(Recent(size=30), 0, 25, size=10), 22) == [22, 23, 24]
    assert indices(filled(Recent(size=30), 0, 25, size=10), 21) == []
    assert indices(filled(Recent(size=30), 0, 1, size=31), 0) == []


def test_gives_no_more_than_is_asked_for() -> None:
    assert indices(filled(Recent(), 0, 25), 5, 3) == [5, 6, 7]
    assert indices(filled(Recent(), 0, 25), 24, 3) == [24]
    assert indices(filled(Recent(), 0, 25), 25) == []


def test_a_gap_ends_what_was_before() -> None:
    recent = filled(filled(Recent(), 0, 5), 6, 2)

    assert indices(recent, 4) == []
    assert indices(recent, 6) == [6, 7]
