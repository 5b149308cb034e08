"""The search file …"""

import asyncio
import os
import stat
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path

import pytest

from monitor.errors import ConfigError, Refused, Unavailable
from monitor.matching.words import inflect
from monitor.model.channel import Identity
from monitor.model.post import Post
from monitor.model.record import Kind, Record, Said
from monitor.ports import Search
from monitor.stores.sqlite import file
from monitor.stores.sqlite.search import open_search, reading_search

POSTS = [f"Обмен номер {number} состоится на границе, сообщил губернатор" for number in range(400)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "search.db"


def record(index: int, text: str | None, *, kind: Kind = Kind.PUBLISHED, post: int | None = None) -> Record:
    return Record(
        index=index,
        kind=kind,
        number=1,
        channel=Identity(id=-1001),
        post=index + 1 if post is None else post,
        published_at=0,
        observed_at=0,
        source=None,
        content=None if text is None else Said(Post(text=text)),
        leaf=bytes(32),
    )


async def take_in(search: Search, records: Sequence[Record]) -> None:
    assert await search.index(records, since=await search.position(), upto=records[-1].index + 1)


async def fill(path: Path) -> None:
    async with open_search(path) as search:
        await take_in(search, [record(index, text) for index, text in enumerate(POSTS)])


def on_the_disk(path: Path) -> bytes:
    """The file, its write-ahead log and the index of that."""
    return b"".join(file.read_bytes() for file in path.parent.iterdir())


def on_the_disk_of(path: Path) -> bytes:
    """The file alone."""
    return path.read_bytes()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_is_readable_to_its_owner_alone(path: Path) -> None:
    async with open_search(path):
        assert mode(path) == 0o600


async def test_holds_stems_and_no_text(path: Path) -> None:
    async with open_search(path) as search:
        await take_in(search, [record(0, "Свидетель Иванченко рассказал")])

        assert "ванченк".encode() in on_the_disk(path)
        assert "ванченко".encode() not in on_the_disk(path)


async def test_holds_no_word_of_an_erased_post(path: Path) -> None:
    async with open_search(path) as search:
        await take_in(search, [record(0, "Свидетель Иванченко рассказал"), *map(record, range(1, 300), POSTS)])
        held = on_the_disk(path)

        await take_in(search, [record(300, None, kind=Kind.ERASED, post=1)])

        assert "ванченк".encode() in held
        assert "ванченк".encode() not in on_the_disk(path)
        assert await search.find("обмен", limit=1) == [299]


def segments(path: Path) -> int:
    with closing(file.connect(path, readonly=True)) as database:
        [number] = database.execute("SELECT count(DISTINCT segid) FROM words_idx").fetchone()
    return int(number)


async def test_holds_no_word_of_a_post_that_is_erased_after_everything_was_put_in_order(path: Path) -> None:
    async with open_search(path) as search:
        await take_in(search, [record(0, "Свидетель Иванченко рассказал"), *map(record, range(1, 300), POSTS)])
        await search.compact()
        assert segments(path) == 1

        await take_in(search, [record(300, None, kind=Kind.ERASED, post=1)])

        assert "ванченк".encode() not in on_the_disk(path)
        assert await search.find("обмен", limit=1) == [299]


@pytest.mark.parametrize("batches", range(2, 7))
async def test_holds_no_word_of_a_post_that_is_erased_while_what_holds_it_is_being_merged(
    path: Path, batches: int
) -> None:
    async with open_search(path) as search:
        for first in range(0, 1_000 * batches, 1_000):
            texts = [" ".join(f"{first}х{number}х{word}" for word in range(60)) for number in range(150)]
            secret = record(first, "01917иванченко")
            await take_in(search, [secret, *map(record, range(first + 1, first + 151), texts)])
        assert b"01917" in on_the_disk(path)

        erased = [record(10_000 + batch, None, kind=Kind.ERASED, post=1_000 * batch + 1) for batch in range(batches)]
        await take_in(search, erased)

        assert b"01917" not in on_the_disk(path)


async def test_is_of_few_segments_however_little_is_taken_in_at_a_time(path: Path) -> None:
    async with open_search(path) as search:
        numbers = []
        for index, text in enumerate(POSTS):
            await take_in(search, [record(index, text)])
            numbers.append(segments(path))
        assert sum(numbers) / len(numbers) < 5
        found = await search.find("обмен", limit=1_000)

        await search.compact()

        assert segments(path) == 1
        assert await search.find("обмен", limit=1_000) == found == list(range(399, -1, -1))


async def test_can_be_written_by_others_while_one_puts_it_in_order(path: Path) -> None:
    async with open_search(path) as one, open_search(path) as other:
        for index, text in enumerate(POSTS[:50]):
            await take_in(one, [record(index, text)])

        await asyncio.gather(one.compact(), take_in(other, [record(50, "обмен")]), other.compact())

        assert await one.find("обмен", limit=1_000) == list(range(50, -1, -1))


async def test_asks_a_dictionary_for_the_forms_of_a_word_where_it_is_given_one(path: Path) -> None:
    async with open_search(path, forms=inflect) as search:
        await take_in(search, [record(0, "людей вывезли"), record(1, "Харкова не бачили")])

        assert await search.find("человек") == [0]
        assert await search.find("Харків") == [1]


async def test_is_not_taken_for_the_database_of_something_else(path: Path) -> None:
    database = file.connect(path)
    database.execute("CREATE TABLE precious (thing TEXT)")
    database.close()

    with pytest.raises(ConfigError, match=r"search\.db is not a search file"):
        async with open_search(path):
            pass

    database = file.connect(path)
    assert database.execute("SELECT count(*) FROM precious").fetchone() == (0,)
    database.close()


async def test_is_built_again_where_its_layout_is_another(path: Path) -> None:
    await fill(path)
    database = file.connect(path)
    database.execute("PRAGMA user_version = 99")
    database.close()

    async with open_search(path) as search:
        assert await search.position() == 0


def overwritten(path: Path) -> None:
    path.write_bytes(b"Not a database at all. " * 1000)


def cut_short(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2 + 100)


def emptied(path: Path) -> None:
    os.truncate(path, 0)


def scrambled(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:4096] + os.urandom(len(content) - 4096))


def flooded(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))


@pytest.mark.parametrize("harm", [overwritten, cut_short, emptied, scrambled])
async def test_sto_23_is_built_again_when_it_is_found_damaged_at_the_start(
    path: Path, harm: Callable[[Path], None]
) -> None:
    await fill(path)
    harm(path)

    async with open_search(path) as search:
        try:
            assert await search.position() == 0
        except Unavailable:  # found out just now
            assert await search.position() == 0
        await take_in(search, [record(0, "обмен")])
        assert await search.find("обмен") == [0]


@pytest.mark.parametrize("page", range(2, 20))
async def test_sto_23_answers_rightly_or_is_built_again_wherever_it_is_damaged(path: Path, page: int) -> None:
    await fill(path)
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(bytes(4096))

    async with open_search(path) as search:
        for _ in range(5):
            with suppress(Unavailable):  # damaged and being built again
                position = await search.position()
                records = [record(index, text) for index, text in enumerate([*POSTS, "Обмен"])][position:]
                await search.index(records, since=position, upto=401)
                found = await search.find("обмен", limit=1000)
                break

    assert found == list(range(400, -1, -1))


async def test_stays_of_use_to_another_process_when_one_empties_it(path: Path) -> None:
    await fill(path)

    async with open_search(path) as one, open_search(path) as other:
        await one.empty(since=len(POSTS))

        assert await other.position() == 0
        assert await other.find("обмен") == []
        await take_in(other, [record(0, "обмен")])
        assert await one.find("обмен") == [0]


async def test_is_laid_out_once_where_many_open_it_at_the_same_time(tmp_path: Path) -> None:
    async def taken_in(path: Path) -> bool:
        async with open_search(path) as search:
            return await search.index([record(0, "обмен")], since=0, upto=1)

    for number in range(15):
        path = tmp_path / f"{number}.db"

        assert sum(await asyncio.gather(*(taken_in(path) for _ in range(8)))) == 1

        async with open_search(path) as search:
            assert await search.position() == 1
            assert await search.find("обмен") == [0]


# ---------------------------------------------------------------------------------------------------- opened for reading


async def test_opened_for_reading_finds_what_is_and_comes_to_be_there(path: Path) -> None:
    async with open_search(path) as writing:
        await take_in(writing, [record(0, "обмен")])
        async with reading_search(path, seconds=1) as search:
            assert await search.find("обмен") == [0]

            await take_in(writing, [record(1, "обмена")])

            assert await search.find("обмен") == [1, 0]
            assert await search.find('"обмен" NOT (мен* AND "обмен обмен")', channel=Identity(id=-1001)) == [1, 0]
            assert await search.position() == 2


async def test_opened_for_reading_is_not_written(path: Path) -> None:
    await fill(path)

    async with reading_search(path) as search:
        for change in (search.index([], since=400, upto=401), search.empty(since=400)):
            with pytest.raises(Refused, match="open for reading only"):
                await change
        assert await search.position() == 400


async def test_is_not_made_to_read_from(path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no search file at .*search\.db: the daemon builds it"):
        async with reading_search(path):
            pass

    assert list(path.parent.iterdir()) == []


async def test_of_another_layout_is_not_read_and_left_alone(path: Path) -> None:
    await fill(path)
    database = file.connect(path)
    database.execute("PRAGMA user_version = 99")
    database.execute("PRAGMA wal_checkpoint (TRUNCATE)")
    database.close()
    before = on_the_disk_of(path)

    with pytest.raises(ConfigError, match="the daemon builds it"):
        async with reading_search(path):
            pass

    assert on_the_disk_of(path) == before


@pytest.mark.parametrize("harm", [overwritten, scrambled])
async def test_that_is_damaged_is_left_alone_by_who_only_reads(path: Path, harm: Callable[[Path], None]) -> None:
    await fill(path)
    harm(path)
    before = on_the_disk_of(path)

    with pytest.raises(Unavailable, match="the search index is damaged: the daemon builds it"):
        async with reading_search(path) as search:
            await search.find("обмен")

    assert on_the_disk_of(path) == before


async def test_found_damaged_while_it_is_read_is_left_alone(path: Path) -> None:
    await fill(path)
    flooded(path)
    before = on_the_disk_of(path)

    async with reading_search(path) as search:  # its first page is whole
        with pytest.raises(Unavailable, match="damaged"):
            await search.find("обмен", limit=1_000)

    assert on_the_disk_of(path) == before
