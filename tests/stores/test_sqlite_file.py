"""The SQLite file of a ledger (STO-05, 07, 09, 10, 11, 12, 20)"""

import asyncio
import resource
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import randbytes

import msgspec
import pytest
from builders import BRIDGE, NOON, alert, match, person, raw, revision, verdict
from structlog.testing import capture_logs

from monitor.errors import ConfigError, LedgerBroken, Refused, Unavailable
from monitor.ledger import tree
from monitor.ledger.audit import Audit, Broken
from monitor.ledger.checkpoint import Checkpoint, sign, verifier
from monitor.ledger.encoding import decode_header, encode_header
from monitor.ledger.tree import leaf_hash, verify_consistency
from monitor.model.channel import Identity
from monitor.model.record import Draft, Kept
from monitor.stores.sqlite import checkpoints, migrations
from monitor.stores.sqlite.file import Database, Error, connect
from monitor.stores.sqlite.ledger import node_source, root_at
from monitor.stores.sqlite.store import SqliteStore, open_store

KEY = bytes(range(32))
FORGED, BEYOND = (sign(Checkpoint("desk", size, bytes(32)), key=KEY) for size in (300, 700))
SAID = "the bridge fell this morning, nobody was hurt, and the governor asks to wait for news. " * 3


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "monitor.db"


async def written(path: Path, count: int = 20, *, start: int = 1, note: bool = False) -> None:
    async with open_store(path) as store:
        await store.ledger.append(
            [revision(f"Post {number} says: {SAID}", number=number) for number in range(start, start + count)]
        )
        if note:
            await keep_note(store)


async def keep_note(store: SqliteStore) -> str:
    size, root = await store.ledger.root()
    note = sign(Checkpoint("desk", size, root), key=KEY)
    await store.ledger.append([Draft(content=Kept(note), observed_at=NOON)])
    return note


async def audited(path: Path, *notes: str) -> Broken | None:
    async with open_store(path, readonly=True) as store:
        try:
            size, root = await store.ledger.root()
        except LedgerBroken as broken:
            return Broken(str(broken), broken.index)
        stored = await store.auditing.stored()
        walk = Audit([*notes, *await store.checkpoints.all()], verifiers=[verifier(KEY, "desk")], stored=stored)
        while not walk.broken and (batch := await store.ledger.sealed(walk.size, 7)):
            walk.walk(batch)
        return walk.finish(size=size, root=root).broken


def bytes_of(path: Path) -> bytes:
    return path.read_bytes()


def overwrite(path: Path, at: int, data: bytes) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:at] + data + whole[at + len(data) :])


def remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


@pytest.fixture
def tampering(path: Path) -> Iterator[Database]:
    """Somebody with a text editor for databases, whom no trigger stops."""
    with closing(sqlite_of(path)) as database:
        yield database


def sqlite_of(path: Path) -> Database:
    database = connect(path)
    for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        database.execute(f"DROP TRIGGER {name}")
    return database


# ------------------------------------------------------------------------------------------------- it is only ever added to


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE log SET header = x'00' WHERE seq = 3",
        "DELETE FROM log WHERE seq = 3",
        "DELETE FROM log WHERE seq = 20",
        "INSERT OR REPLACE INTO log VALUES (3, x'00', x'00')",
        "REPLACE INTO log VALUES (20, x'00', x'00')",
        "INSERT INTO log VALUES (22, x'00', x'00')",
        "INSERT INTO log VALUES (-1, x'00', x'00')",
        "INSERT INTO log (header, leaf) VALUES (x'00', x'00')",
        "INSERT INTO log VALUES (3, x'00', x'00') ON CONFLICT (seq) DO UPDATE SET header = excluded.header",
        "UPDATE OR REPLACE log SET seq = 4 WHERE seq = 3",
        "DELETE FROM content WHERE seq = 3",
        "UPDATE content SET body = x'00' WHERE seq = 3",
        "UPDATE content SET seq = 4, codec = NULL, salt = NULL, body = NULL WHERE seq = 3",
        "INSERT OR REPLACE INTO content VALUES (3, 0, x'00', x'00')",
        "INSERT INTO content VALUES (99, 0, x'00', x'00')",
    ],
)
async def test_refuses_every_statement_that_would_change_a_record(path: Path, statement: str) -> None:
    await written(path)

    with closing(connect(path)) as database, pytest.raises(Error):
        database.execute(statement)

    assert await audited(path) is None


async def test_lets_content_be_erased_and_not_put_back(path: Path) -> None:
    await written(path)

    with closing(connect(path)) as database:
        database.execute("UPDATE content SET codec = NULL, salt = NULL, body = NULL WHERE seq = 3")
        with pytest.raises(Error):
            database.execute("UPDATE content SET codec = 0, salt = x'00', body = x'00' WHERE seq = 3")

    async with open_store(path) as store:
        [sealed] = await store.ledger.sealed(3, 1)
        [record] = await store.ledger.records([3])
        standing = await store.ledger.standing(BRIDGE, [3])
    assert (sealed.salt, sealed.content) == (None, None)
    assert (record.content, record.post) == (None, 3)
    assert (standing[3].post, standing[3].deleted) == (None, False)


async def test_gives_every_root_it_ever_had_and_the_proofs_between_them(path: Path) -> None:
    await written(path, 999)

    with closing(connect(path, readonly=True)) as database:
        async with open_store(path) as store:
            leaves = [leaf_hash(sealed.header) for sealed in await store.ledger.sealed(0, 2000)]
        for size in (0, 1, 255, 256, 257, 511, 640, 768, 1000):
            assert root_at(database, size) == tree.root(leaves[:size])
            assert verify_consistency(
                old=size,
                new=1000,
                old_root=tree.root(leaves[:size]),
                new_root=tree.root(leaves),
                proof=tree.consistency_proof(size, 1000, node_source(database)),
            )


async def test_can_be_read_whatever_dictionary_it_was_written_with(path: Path) -> None:
    await written(path)
    with closing(connect(path)) as database:
        database.execute(
            "INSERT INTO dictionaries VALUES (7, ?)", (b"of a later program, which was here in between" * 9,)
        )

    await written(path, start=100)

    with closing(connect(path)) as database:
        assert {codec for (codec,) in database.execute("SELECT DISTINCT codec FROM content")} >= {2, 7}
        with pytest.raises(Error, match="a dictionary is kept"):
            database.execute("DELETE FROM dictionaries")
    assert await audited(path) is None


# ------------------------------------------------------------------------------------------------------------ tampering


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        ("UPDATE log SET header = CAST(substr(header, 1, 5) || x'7f' || substr(header, 7) AS BLOB) WHERE seq = 7", 7),
        ("UPDATE log SET leaf = zeroblob(32) WHERE seq = 7", 7),
        ("UPDATE content SET body = x'00' WHERE seq = 7", 7),
        ("UPDATE content SET body = x'28b52ffde0ffffffffffffff7f' WHERE seq = 7", 7),  # claims 2^63 bytes
        ("UPDATE content SET body = CAST(body || x'00' AS BLOB) WHERE seq = 7", 7),  # behind what is the content
        ("UPDATE content SET codec = 99 WHERE seq = 7", 7),
        ("UPDATE content SET salt = zeroblob(16) WHERE seq = 7", 7),
        ("UPDATE content SET codec = NULL, salt = NULL, body = NULL WHERE seq = 7", 7),
        ("UPDATE content SET body = (SELECT body FROM content WHERE seq = 8) WHERE seq = 7", 7),
        ("DELETE FROM log WHERE seq = 7", 7),
        ("DELETE FROM content WHERE seq = 7", 7),
        ("DELETE FROM log WHERE seq = 20", 20),
        ("UPDATE log SET seq = 99 WHERE seq = 20", 20),
        ("UPDATE tree SET size = 19", 19),
        ("UPDATE tree SET size = 20", None),
        ("UPDATE tree SET peaks = zeroblob(length(peaks))", None),
    ],
)
async def test_is_found_altered_at_the_record_that_was(
    path: Path, request: pytest.FixtureRequest, statement: str, index: int | None
) -> None:
    await written(path)
    database: Database = request.getfixturevalue("tampering")

    database.execute(statement)

    broken = await audited(path)
    assert broken is not None
    assert broken.index == index


async def test_is_found_rewritten_whole_by_what_was_written_down_elsewhere(path: Path, tmp_path: Path) -> None:
    await written(path)
    async with open_store(path) as store:
        outside = await keep_note(store)
    forged = tmp_path / "forged.db"
    await written(forged, 30, start=100)

    assert await audited(path, outside) is None
    broken = await audited(forged, outside)

    assert broken is not None
    assert "root that desk signed for size 21" in broken.reason


# -------------------------------------------------------------------------------------------------------- losing its end


async def test_is_refused_where_it_lost_what_was_signed_for(path: Path, tmp_path: Path) -> None:
    await written(path)
    shutil.copy(path, tmp_path / "yesterday.db")
    await written(path, start=100, note=True)

    shutil.copy(tmp_path / "yesterday.db", path)

    with pytest.raises(LedgerBroken, match="has lost records: it holds 21, and 41 were signed for") as broken:
        async with open_store(path):
            pass
    assert broken.value.index == 21
    async with open_store(path, readonly=True) as store:
        assert await store.ledger.size() == 21


async def test_is_refused_where_it_is_gone_and_its_checkpoint_is_not(path: Path) -> None:
    await written(path, note=True)
    remove(path)

    with pytest.raises(LedgerBroken, match="it is gone and holds 0, and 21 were signed for"):
        async with open_store(path):
            pass


async def test_is_refused_where_another_ledger_took_its_place(path: Path, tmp_path: Path) -> None:
    await written(path, note=True)
    await written(tmp_path / "other.db", 50)

    shutil.copy(tmp_path / "other.db", path)

    with pytest.raises(LedgerBroken, match="the root over the first 21 is another"):
        async with open_store(path):
            pass


async def test_is_written_on_where_the_note_beside_it_is_none_which_is_told_and_kept(path: Path) -> None:
    await written(path, note=True)
    kept = checkpoints.beside(path)
    kept.write_bytes(b"all is well\xff")

    with capture_logs() as lines:
        async with open_store(path) as store:
            await store.ledger.append([revision("news", number=99)])

    assert [(line["event"], line["log_level"], line["path"]) for line in lines] == [
        ("checkpoint beside the database damaged", "error", str(kept))
    ]
    assert bytes_of(Path(lines[0]["kept"])) == b"all is well\xff"
    async with open_store(path) as store:
        note = await keep_note(store)
    assert kept.read_text() == note
    assert await audited(path, note) is None


async def test_waits_for_a_note_beside_it_that_cannot_be_read(path: Path) -> None:
    await written(path)
    checkpoints.beside(path).mkdir()

    with pytest.raises(Unavailable, match="checkpoint: Is a directory"):
        async with open_store(path):
            pass


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("UPDATE tree SET peaks = zeroblob(length(peaks))", "a tree that is not that of its records"),
        ("UPDATE nodes SET hash = zeroblob(32) WHERE level = 9", "a tree that is not that of its records"),
        ("UPDATE log SET leaf = zeroblob(32) WHERE seq = 600", "a tree that is not that of its records"),
        ("DELETE FROM nodes", "the tree lacks its node 0 of level 9"),
        ("UPDATE tree SET peaks = zeroblob(7)", "the tree's own row is damaged"),
        ("DELETE FROM tree", "the tree's own row is missing"),
        ("UPDATE tree SET size = size - 1", "it counts 601 records and holds 602|the tree's own row is damaged"),
        (
            "UPDATE checkpoints SET note = 'all is well'",
            "its newest checkpoint, record 601, is none: not a signed note",
        ),
        (f"UPDATE checkpoints SET note = '{FORGED}'", "were signed for in it: the root over the first 300 is another"),
        (
            f"UPDATE checkpoints SET note = '{BEYOND}'",
            "it has lost records: it holds 602, and 700 were signed for in it",
        ),
    ],
)
async def test_is_refused_and_left_as_it_is_where_it_does_not_hold_together(
    path: Path, statement: str, reason: str
) -> None:
    await written(path, 600, note=True)
    with closing(sqlite_of(path)) as database:
        database.execute(statement)
        database.execute("DELETE FROM dictionaries")  # what a later program would put its own into
    before = bytes_of(path)

    with pytest.raises(LedgerBroken, match=f"^{path}: .*({reason})"):
        async with open_store(path):
            pass

    assert bytes_of(path) == before


async def test_is_laid_out_once_where_many_open_it_at_the_same_time(tmp_path: Path) -> None:
    async def added(path: Path, number: int) -> None:
        async with open_store(path) as store:
            await store.ledger.append([revision("news", number=number)])

    for attempt in range(15):
        path = tmp_path / f"{attempt}.db"

        await asyncio.gather(*(added(path, number) for number in range(1, 9)))

        async with open_store(path) as store:
            assert (await store.ledger.count())["published"] == 8


async def test_is_opened_while_others_write_into_it(path: Path) -> None:
    await written(path, 300)

    async def add() -> None:
        async with open_store(path) as store:
            for number in range(500, 600):
                await store.ledger.append([revision("news", number=number)])
                await keep_note(store)

    adding = asyncio.ensure_future(add())
    opened = 0
    while not adding.done():
        async with open_store(path) as store:
            opened += await store.ledger.size() > 0
    await adding

    assert opened


async def test_names_the_stretch_of_the_stored_tree_in_which_a_record_was_rewritten(path: Path) -> None:
    await written(path, 600, note=True)
    with closing(sqlite_of(path)) as database:
        [header] = database.execute("SELECT header FROM log WHERE seq = 300").fetchone()
        found = decode_header(header)
        assert found is not None
        other = encode_header(msgspec.structs.replace(found, observed_at=0))
        database.execute("UPDATE log SET header = ?, leaf = ? WHERE seq = 300", (other, leaf_hash(other)))

    broken = await audited(path)

    assert broken == Broken("records 256 to 511 do not give the root that desk signed for size 601", None, 256, 511)


async def test_is_refused_where_a_flipped_bit_took_the_end_of_its_write_ahead_log(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    async with open_store(path) as store:
        await store.ledger.append([revision(f"post {number}", number=number) for number in range(1, 200)])
        await store.ledger.append([revision("more", number=500)])
        await keep_note(store)
        for suffix in ("", "-wal"):  # as the machine left them when it died
            shutil.copy(path.with_name(path.name + suffix), copy.with_name(copy.name + suffix))
    shutil.copy(checkpoints.beside(path), checkpoints.beside(copy))
    wal = copy.with_name(copy.name + "-wal")
    middle = len(bytes_of(wal)) // 2
    overwrite(wal, middle, bytes([bytes_of(wal)[middle] ^ 1]))

    with pytest.raises(LedgerBroken):
        async with open_store(copy):
            pass


async def test_writes_nothing_more_where_it_was_set_back_while_it_was_open(path: Path, tmp_path: Path) -> None:
    await written(path)
    shutil.copy(path, tmp_path / "yesterday.db")
    async with open_store(path) as store:
        await store.ledger.append([revision("today", number=99)])
        remove(path)
        shutil.copy(tmp_path / "yesterday.db", path)

        with pytest.raises(Unavailable, match="moved away or replaced"):
            await store.ledger.append([revision("tomorrow", number=100)])
        with pytest.raises(LedgerBroken, match="it holds 21, and 22 were acknowledged"):
            await store.ledger.append([revision("tomorrow", number=100)])


async def test_keeps_the_newest_note_beside_it_for_its_owner_alone(path: Path) -> None:
    async with open_store(path) as store:
        await keep_note(store)
        note = await keep_note(store)

    kept = checkpoints.beside(path)
    assert kept.read_text(encoding="utf-8") == note
    assert oct(kept.stat().st_mode)[-3:] == "600"
    assert not kept.with_name(kept.name + ".part").exists()


async def test_keeps_the_record_of_a_note_that_cannot_be_written_beside_it(path: Path) -> None:
    async with open_store(path) as store:
        checkpoints.beside(path).mkdir()
        note = await keep_note(store)

        assert await store.checkpoints.latest() == note
        assert await store.ledger.size() == 1


# --------------------------------------------------------------------------------------------------------------- layouts


async def test_sto_20_of_a_later_program_is_refused_and_left_as_it_is(path: Path) -> None:
    await written(path)
    with closing(connect(path)) as database:
        database.execute("PRAGMA user_version = 99")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = bytes_of(path)

    for readonly in (False, True):
        with pytest.raises(ConfigError, match="written by a later version"):
            async with open_store(path, readonly=readonly):
                pass

    assert bytes_of(path) == before


async def test_of_another_program_is_refused_and_left_as_it_is(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE recipes (name)")
        database.commit()
    before = bytes_of(path)

    with pytest.raises(ConfigError, match="a database of another program"):
        async with open_store(path):
            pass

    assert bytes_of(path) == before


def test_is_brought_to_the_newest_layout_a_step_at_a_time(path: Path) -> None:
    with closing(connect(path)) as database:
        migrations.migrate(database, path)

        assert migrations.check(database, path) == max(migrations.layouts()) == len(migrations.layouts())


def test_sto_20_stays_at_the_last_whole_layout_where_a_step_fails(path: Path) -> None:
    with closing(connect(path)) as database:
        database.execute("PRAGMA application_id = 1836019249")
        database.execute("CREATE TABLE outbox (in_the_way)")  # the second layout makes it

        with pytest.raises(Error, match="outbox"):
            migrations.migrate(database, path)

        assert migrations.check(database, path) == 1
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        assert "log" in tables
        assert "positions" not in tables
        database.execute("DROP TABLE outbox")
        migrations.migrate(database, path)
        assert migrations.check(database, path) == max(migrations.layouts())


def before_bundles(database: Database) -> None:
    """Takes away what layouts 7 and 8 bring."""
    database.execute("DROP INDEX outbox_copies")
    for column in ("copy", "story", "created_at"):
        database.execute(f"ALTER TABLE outbox DROP COLUMN {column}")
    for index in ("waiting", "held", "of_bundle", "within"):
        database.execute(f"DROP INDEX outbox_{index}")
    for column in ("bundle", "held", "within"):
        database.execute(f"ALTER TABLE outbox DROP COLUMN {column}")
    for table in ("troubles", "noticed"):
        database.execute(f"DROP TABLE {table}")
    database.execute("CREATE INDEX outbox_waiting ON outbox (lane, number) WHERE state = 'waiting'")


async def test_from_before_there_were_people_and_reviews_is_brought_up_to_date_with_all_it_holds(
    path: Path, tmp_path: Path
) -> None:
    """Layout 3, as it was delivered."""
    await written(path, 5, note=True)
    with closing(connect(path)) as database:
        for table in (
            "reviews",
            "tickets",
            "people",
            "pauses",
            "blind",
            "wanted",
            "media",
            "files",
            "tallies",
            "erasures",
            "holds",
        ):
            database.execute(f"DROP TABLE {table}")
        before_bundles(database)
        database.execute("PRAGMA user_version = 3")
    with pytest.raises(ConfigError, match=r"of an older layout \(3\)"):
        async with open_store(path, readonly=True):
            pass

    async with open_store(path) as store:
        await store.people.put(person())
        await store.ledger.append([verdict()])

    async with open_store(path, readonly=True) as store:
        assert await store.positions.position("media") == 7  # nothing is fetched of what was recorded before
        assert await store.people.all() == [person()]
        assert len(await store.reviews.of_posts([(1, 1)])) == 1
        assert await store.ledger.count() == {"published": 5, "identity": 1, "review": 1, "checkpoint": 1}
    assert await audited(path) is None
    await written(tmp_path / "new.db", 0)
    with closing(connect(path)) as old, closing(connect(tmp_path / "new.db")) as new:
        tables = [set(each.execute("SELECT name, sql FROM sqlite_schema").fetchall()) for each in (old, new)]
    assert tables[0] == tables[1]


async def test_of_an_older_layout_is_not_read_before_it_is_brought_up_to_date(path: Path) -> None:
    with closing(connect(path)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA application_id = 1836019249")
        database.execute("PRAGMA user_version = 1")

    with pytest.raises(ConfigError, match="older layout"):
        async with open_store(path, readonly=True):
            pass


# --------------------------------------------------------------------------------------------------------------- reading


async def test_that_is_open_for_reading_is_not_written(path: Path) -> None:
    await written(path)

    async with open_store(path, readonly=True) as store:
        assert await store.ledger.size() == 21
        with pytest.raises(Refused, match="open for reading only"):
            await store.ledger.append([revision(number=99)])
        with pytest.raises(Refused, match="open for reading only"):
            await store.positions.advance("detect", upto=1)


async def test_that_is_open_for_reading_shows_what_others_add(path: Path) -> None:
    await written(path)

    async with open_store(path, readonly=True) as reading, open_store(path) as writing:
        await writing.ledger.append([revision("new", number=99, channel=Identity(id=-1005))])

        assert (await reading.ledger.read(22, 1))[0].channel == Identity(id=-1005)


async def test_whose_layout_is_damaged_says_so(path: Path) -> None:
    """SQLite's message quotes what it cannot read, and that need be no text."""
    await written(path, 3)
    with closing(connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytes_of(path)
    damaged = data.replace(b"tableloglog", b"tablel\xa0\xfflog").replace(b"CREATE TABLE log", b"\xa0REATE TABLE log")
    overwrite(path, 0, damaged)

    with pytest.raises(LedgerBroken, match="the file is damaged"):
        async with open_store(path, readonly=True):
            pass


async def test_that_is_damaged_says_so_where_it_is_read(path: Path) -> None:
    await written(path, 2_000)
    with closing(connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        [page] = database.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'log'").fetchone()
        [size] = database.execute("PRAGMA page_size").fetchone()
    overwrite(path, (page - 1) * size, b"\xff" * size)

    with pytest.raises(LedgerBroken, match="damaged"):
        async with open_store(path) as store:
            await store.ledger.read(0, 2_000)


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """No file of this process grows beyond `size` bytes: what a full disk looks like to a database."""
    before, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, most))


async def test_sto_05_keeps_nothing_of_a_transaction_that_did_not_fit_on_the_disk(path: Path) -> None:
    large = [revision(f"post {number}", raw=raw(randbytes(3_000)), number=number) for number in range(2, 402)]
    async with open_store(path) as store:
        await store.ledger.append([revision("before")])

        with files_up_to(500_000):
            with pytest.raises(Unavailable):
                await store.ledger.append(large)
            with pytest.raises(Unavailable):
                await store.findings.file([match(1)] * 2_000, [alert()], since=0, upto=300)

        assert await store.ledger.size() == 2
        assert await store.positions.position("detect") == 0
        await store.ledger.append(large)
        leaves = [leaf_hash(sealed.header) for sealed in await store.ledger.sealed(0, 1000)]
        assert await store.ledger.root() == (402, tree.root(leaves))
    assert await audited(path) is None
