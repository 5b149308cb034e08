"""A connection that only reads (WEB-09, WEB-11)"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from builders import BRIDGE, match, person, revision, ticket, verdict

from monitor.errors import Refused, Unavailable
from monitor.model.record import Record
from monitor.stores.sqlite.connection import Reader, open_reader
from monitor.stores.sqlite.file import Database, connect
from monitor.stores.sqlite.search import open_search, reading_search
from monitor.stores.sqlite.store import open_store

FOR_EVER = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "notes.db"
    with closing(connect(path)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE notes (says TEXT)")
        database.execute("CREATE VIRTUAL TABLE words USING fts5 (says)")
        database.execute("CREATE VIEW twice AS SELECT says FROM notes UNION ALL SELECT says FROM notes")
        for table in ("notes", "words"):
            database.execute(f"INSERT INTO {table} VALUES ('the bridge fell')")
    return path


@pytest.fixture
async def reader(path: Path) -> AsyncIterator[Reader]:
    async with open_reader(path, prepare=lambda database: None, seconds=0.1) as reader:
        yield reader


def put_aside(path: Path) -> None:
    path.rename(path.with_suffix(".away"))


def put_back(path: Path) -> None:
    path.with_suffix(".away").rename(path)


async def ask(reader: Reader, statement: str) -> list[tuple[object, ...]]:
    return await reader.read(lambda database: database.execute(statement).fetchall())


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE notes SET says = 'stands'",
        "INSERT INTO notes VALUES ('stands')",
        "INSERT OR REPLACE INTO notes SELECT says FROM notes",
        "DELETE FROM notes",
        "INSERT INTO words (words) VALUES ('optimize')",
        "CREATE TABLE more (says TEXT)",
        "CREATE TEMP TABLE more (says TEXT)",
        "CREATE TEMP VIEW more AS SELECT 1",
        "DROP TABLE notes",
        "ALTER TABLE notes RENAME TO others",
        "CREATE INDEX i ON notes (says)",
        "REINDEX",
        "ANALYZE",
        "VACUUM",
        "SAVEPOINT here",
        "ATTACH ':memory:' AS other",
        "ATTACH 'elsewhere.db' AS other",
        "VACUUM INTO 'elsewhere.db'",
        "DETACH main",
        "PRAGMA writable_schema = ON",
        "PRAGMA writable_schema",
        "PRAGMA query_only = OFF",
        "PRAGMA trusted_schema = ON",
        "PRAGMA user_version = 9",
        "PRAGMA application_id = 9",
        "PRAGMA journal_mode = DELETE",
        "PRAGMA wal_checkpoint",
        "PRAGMA mmap_size = 9",
        "SELECT * FROM pragma_table_info('notes')",
        "EXPLAIN DELETE FROM notes",
    ],
)
async def test_refuses_whatever_is_not_reading(reader: Reader, path: Path, statement: str) -> None:
    with pytest.raises(Refused, match=r"notes\.db is open for reading only"):
        await ask(reader, statement)

    assert await ask(reader, "SELECT says FROM notes") == [("the bridge fell",)]
    assert sorted(each.name for each in path.parent.iterdir() if "-" not in each.name) == ["notes.db"]


@pytest.mark.parametrize(
    ("statement", "answer"),
    [
        ("SELECT count(*), max(says) FROM notes", [(1, "the bridge fell")]),
        ("SELECT count(*) FROM twice", [(2,)]),
        ("SELECT says FROM words WHERE words MATCH '\"bridge\" AND fe*'", [("the bridge fell",)]),
        ("SELECT highlight(words, 0, '[', ']') FROM words WHERE words MATCH 'bridge'", [("the [bridge] fell",)]),
        ("SELECT value ->> 0 FROM json_each('[[1], [2]]')", [(1,), (2,)]),
        ("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT sum(i) FROM n", [(6,)]),
        ("SELECT count(*) FROM sqlite_schema WHERE name = 'notes'", [(1,)]),
        ("PRAGMA user_version", [(0,)]),
    ],
)
async def test_answers_whatever_is(reader: Reader, statement: str, answer: list[tuple[object, ...]]) -> None:
    assert await ask(reader, statement) == answer


async def test_is_interrupted_when_its_time_is_up_and_goes_on(reader: Reader) -> None:
    with pytest.raises(Unavailable, match=r"^the query took longer than 0\.1 s$"):
        await ask(reader, FOR_EVER)

    assert await ask(reader, "SELECT says FROM notes") == [("the bridge fell",)]


async def test_has_its_time_for_all_that_one_look_asks(reader: Reader) -> None:
    def look(database: Database) -> None:
        while True:  # each for itself is done in a moment
            database.execute(FOR_EVER.replace("FROM n)", "FROM n WHERE i < 5000)")).fetchall()

    with pytest.raises(Unavailable, match="took longer"):
        await reader.read(look)


async def test_has_its_time_anew_for_every_look(reader: Reader) -> None:
    for _ in range(3):
        with pytest.raises(Unavailable, match="took longer"):
            await ask(reader, FOR_EVER)
        await asyncio.to_thread(lambda: None)
        assert await ask(reader, "SELECT count(*) FROM words WHERE words MATCH 'fell'") == [(1,)]


async def test_is_guarded_again_where_it_was_made_again(reader: Reader, path: Path) -> None:
    put_aside(path)
    with pytest.raises(Unavailable, match="moved away or replaced"):
        await ask(reader, "SELECT says FROM notes")
    put_back(path)

    with pytest.raises(Refused):
        await ask(reader, "DELETE FROM notes")
    with pytest.raises(Unavailable, match="took longer"):
        await ask(reader, FOR_EVER)


async def test_takes_as_long_as_it_likes_where_nobody_limits_it(path: Path) -> None:
    async with open_reader(path, prepare=lambda database: None) as reader:
        assert await ask(reader, f"{FOR_EVER.replace('FROM n)', 'FROM n WHERE i < 300000)')}") == [(300_000,)]


async def test_finds_what_waits_for_a_review_in_its_time_behind_months_of_reviews(tmp_path: Path) -> None:
    """10,000 matches, the newest 9,000 of them reviewed: some 25 ms."""
    async with open_store(tmp_path / "monitor.db") as store:
        filed = await store.ledger.append([revision(number=number) for number in range(1, 10_001)])
        records = [each.index for each in filed]
        await store.findings.file([match(record) for record in records], [], since=0, upto=await store.ledger.size())
        await store.ledger.append([verdict(number=number) for number in range(1_001, 10_001)])

    async with open_store(tmp_path / "monitor.db", readonly=True, seconds=20) as store:
        for story in ("bridge", None):
            began = time.process_time()
            found = await store.reviews.waiting(story=story, limit=50)
            took = time.process_time() - began
            assert found == [match(record) for record in reversed(records[950:1_000])]
            assert took < 0.5


async def test_answers_everything_that_a_store_and_its_search_are_asked(tmp_path: Path) -> None:
    async with open_store(tmp_path / "monitor.db") as store, open_search(tmp_path / "search.db") as search:
        await store.ledger.append([revision(number=1), revision(number=2), verdict()])
        await store.findings.file([match(1), match(2)], [], since=0, upto=3)
        await store.people.put(person())
        await store.people.admit(ticket())
        records: list[Record] = list(await store.ledger.read(0, 100))
        await search.index(records, since=0, upto=len(records))

    async with (
        open_store(tmp_path / "monitor.db", readonly=True, seconds=5) as store,
        reading_search(tmp_path / "search.db", seconds=5) as search,
    ):
        assert await search.find("bridge", channel=BRIDGE) == [2, 1]
        assert len(await store.ledger.histories([(1, 1), (1, 2)])) == 2
        assert len(await store.ledger.standing(BRIDGE, [1, 2])) == 2
        assert [held.posts for held in await store.ledger.held()] == [2]
        assert await store.ledger.missing(BRIDGE, first=1, last=4, limit=9) == [(3, 4)]
        assert await store.findings.alerted([(1, 1)]) == []
        assert await store.outbox.due(0, limit=9) == []
        assert await store.outbox.count() == {}
        assert await store.reviews.waiting(limit=9) == [match(2)]
        assert len(await store.reviews.of_posts([(1, 1)])) == 1
        assert await store.people.admitted(ticket().digest, now=ticket().made_at) == (person(), ticket())
        assert await store.health.facts() == []
        assert await store.checkpoints.latest() is None
        assert (await store.auditing.stored()).size == 6
