"""A post that was erased while the daemon runs: no file of the installation holds its words, their stems, its bytes or its picture"""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from faults.daemons import CHANNEL, installed, met, recorded, records, until
from installation import Installation, Receiver

from monitor.model.post import Media
from monitor.model.record import Kind
from monitor.ports import Store
from monitor.rehearsal import Server
from monitor.stores.media import place
from monitor.stores.sqlite.search import open_search
from monitor.stores.sqlite.store import SqliteStore, open_store

FLAGGED = "Взрыв на Крымском мосту"
WORDS = f"{FLAGGED}: гражданин Кукушкин-Перекатный видел всё с Ольховой улицы и рассказал соседке."
EDITED = f"{FLAGGED}: Кукушкин-Перекатный отказался от показаний, соседка молчит."
UNUSUAL = ("Кукушкин", "Перекатн", "Ольхов", "соседк", "показани")
"""Beginnings that every form of these words has, and their stems. None stands in the dictionary of invented posts that contents are
compressed with, which lies in the database itself."""

QUOTING = (Kind.PUBLISHED, Kind.EDITED, Kind.MATCH, Kind.MEDIA)


def traces() -> list[bytes]:
    """As a file may hold them, in any case and encoding."""
    forms = {form for word in UNUSUAL for form in (word, word.lower(), word.upper())}
    return [form.encode(code) for form in forms for code in ("utf-8", "utf-16-le", "utf-16-be")]


def files(base: Path) -> Iterator[Path]:
    return (path for path in base.rglob("*") if path.is_file() and not path.is_symlink())


def holding(base: Path, sought: list[bytes]) -> set[str]:
    found = set()
    for path in files(base):
        data = path.read_bytes()
        if any(each in data for each in sought):
            found.add(str(path.relative_to(base)))
    return found


def bodies(path: Path, records: list[int]) -> list[bytes]:
    """The contents as they lie on the disk, and the salts."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        rows = database.execute(
            f"SELECT body, salt FROM content WHERE seq IN ({','.join(map(str, records))})"
        ).fetchall()
    return [bytes(each) for row in rows for each in row]


async def held(store: SqliteStore) -> list[str]:
    return list(await store.downloads.files(limit=99))


async def found(store: Store, installation: Installation, word: str) -> list[int]:
    async with open_search(installation.base / "var" / "monitor.db.search") as search:
        behind = await search.position() < await store.ledger.size()
        return [-1] if behind else list(await search.find(word))


async def test_is_in_no_file_and_does_not_come_back(telegram: Server, tmp_path: Path) -> None:
    installation = await installed(telegram, tmp_path, collect='poll_seconds = 1\nreread = ["1s", "3s", "6s"]')
    async with Receiver().open() as receiver, open_store(installation.store) as store:
        installation.write(
            channels=[CHANNEL], webhook=receiver.url, collect='poll_seconds = 1\nreread = ["1s", "3s", "6s"]'
        )
        async with installation.running():
            await until(lambda: met(store))
            telegram.world.publish(CHANNEL, f"{FLAGGED}, сообщают другие.")
            post = telegram.world.publish(CHANNEL, WORDS, media=Media("photo", size=3_000))
            await receiver.until(lambda received: len(received) >= 2)
            telegram.world.edit(CHANNEL, post, EDITED)
            await until(lambda: recorded(store, EDITED))
            await until(lambda: held(store))
            await until(lambda: found(store, installation, "кукушкин"))
            [sha256] = await held(store)
            picture = place(installation.base / "var" / "media", sha256).read_bytes()
            mine = [each.index for each in await records(store) if each.post == post and each.kind in QUOTING]
            sought = [*traces(), picture[:64], picture[-64:], *bodies(installation.store, mine)]
            assert "var/monitor.db" in {name.removesuffix("-wal") for name in holding(tmp_path, sought)}

            code, out, err = await installation.command(
                "erase", f"{CHANNEL}/{post}", "--reason", "order 2 C 17/23", "--yes", "--json"
            )
            assert code == 0, err
            assert '"subscriber":"desk"' in out

            assert [each for each in sought if holding(tmp_path, [each])] == []
            telegram.world.edit(CHANNEL, post, EDITED + " Так и сказал.")
            later = f"{FLAGGED}, погода не изменится."
            telegram.world.publish(CHANNEL, later)
            await until(lambda: recorded(store, later))
            calls = telegram.calls.count("channels.getMessages")
            await until(lambda: _asked(telegram, calls))
            await until(lambda: found(store, installation, "погода"))
            assert holding(tmp_path, sought) == set()

        assert holding(tmp_path, sought) == set()
        about = [each for each in await records(store) if each.post == post]
        assert not any(each.said for each in about)
        assert [each.kind for each in about if each.kind is Kind.ERASED] == [Kind.ERASED]
        told = [body for _, body, _ in receiver.received if body["post"]["id"] == post]
        assert [body["event"] for body in told] == ["published"]  # the edit waited, and is told to nobody
    code, out, err = await installation.command("verify")
    assert code == 0, out + err
    assert "erased contents that records own to" in out


async def _asked(telegram: Server, calls: int) -> bool:
    """Was the channel asked about its posts once more?"""
    await asyncio.sleep(0)
    return telegram.calls.count("channels.getMessages") > calls
