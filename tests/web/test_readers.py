"""Who looked at what is in the ledger"""

from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from browsing import Site, site
from builders import BRIDGE, NOON, person, revision
from whole import all_records

from monitor.model.instant import DAY, Instant
from monitor.model.record import Custody
from monitor.stores.sqlite.file import connect
from monitor.stores.sqlite.store import SqliteStore, open_store
from monitor.web.desk import open_desk
from monitor.web.readers import Readers

OLENA = person("olena")


async def a_post(store: SqliteStore) -> None:
    await store.ledger.append([revision("The bridge fell.", number=1)])


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[Site]:
    async with site(tmp_path, a_post) as there:
        yield there


async def seen(store: SqliteStore) -> list[tuple[str, str]]:
    """By whom, and what."""
    done = [each.content for each in await all_records(store.ledger) if isinstance(each.content, Custody)]
    return [(each.by, each.subject) for each in done if each.action == "viewed"]


async def test_once_each_day_for_each_person_and_thing(there: Site) -> None:
    async with there.signed_in("olena", "reader") as olena, there.signed_in("taras", "reviewer") as taras:
        for visitor in (olena, olena, taras):
            assert (await visitor.get("/post/bridge_news/1")).status_code == 200
        for path in ("/story/bridge", "/story/bridge", "/feed/bridge.atom", f"/post/{BRIDGE.id}/1"):
            assert (await olena.get(path)).status_code == 200

    post = f"post {BRIDGE.id}/1"
    assert await seen(there.store) == [("olena", post), ("taras", post), ("olena", "story bridge")]


async def test_also_by_a_program(there: Site) -> None:
    async with there.signed_in("olena", "reader") as olena:
        for path in (f"/api/posts/{BRIDGE.id}/1", "/api/stories/bridge"):
            assert (await olena.get(path)).status_code == 200

    assert await seen(there.store) == [("olena", f"post {BRIDGE.id}/1"), ("olena", "story bridge")]


async def test_not_of_what_is_not_there(there: Site) -> None:
    async with there.signed_in("olena") as olena:
        for path in ("/post/bridge_news/2", "/post/nobody/1", "/story/nothing", "/feed/nothing.atom"):
            assert (await olena.get(path)).status_code == 404

    assert await seen(there.store) == []


async def test_again_on_the_next_day(there: Site) -> None:
    now = [NOON]
    readers = Readers(there.store.ledger, now=lambda: now[0])
    for hours in (0, 1, 24, 25):
        now[0] = Instant(NOON + hours * DAY // 24)
        await readers.shown(OLENA, "story bridge")

    assert await seen(there.store) == [("olena", "story bridge")] * 2


async def test_not_where_the_ledger_does_not_verify(there: Site) -> None:
    """It is read all the same."""
    async with open_desk(there.settings) as desk:
        readers = Readers(None, now=lambda: desk.now)
        await readers.shown(OLENA, "story bridge")

    assert await seen(there.store) == []


async def test_nobody_waits_long_for_a_ledger_that_is_held_and_nothing_is_forgotten(there: Site) -> None:
    readers = Readers(there.store.ledger, now=lambda: NOON)
    with closing(connect(there.settings.store.path)) as another:
        another.execute("BEGIN EXCLUSIVE")
        await readers.shown(OLENA, "story bridge")
        assert another.execute("SELECT count(*) FROM log WHERE header IS NULL").fetchone() == (0,)  # still holds it
        another.execute("ROLLBACK")
    await readers.close()

    assert await seen(there.store) == [("olena", "story bridge")]


async def test_nobody_is_kept_from_reading_by_a_ledger_that_takes_nothing(there: Site, tmp_path: Path) -> None:
    async with open_store(tmp_path / "gone.db") as store:
        readers = Readers(store.ledger, now=lambda: NOON)

    await readers.shown(OLENA, "story bridge")  # the store is closed
