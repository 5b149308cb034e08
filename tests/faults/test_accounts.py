"""Accounts: who uses them, what goes out of them, by which way, and what happens when Telegram will have no more of them"""

import asyncio
import resource
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from carrying import Clock
from collecting import PHONE, a_source, collecting, polling
from installation import Installation
from measuring import Measured
from proxies import proxying
from whole import all_records

from monitor.model.instant import HOUR, parse
from monitor.model.record import Kind
from monitor.ports import Fact, Store
from monitor.rehearsal import Server, sign_in
from monitor.sources.telegram.guard import Guard
from monitor.stores.sqlite.store import SqliteStore, open_store

NOON = parse("2023-06-04T12:00:00Z")
ENDED = ["AUTH_KEY_UNREGISTERED", "SESSION_REVOKED", "USER_DEACTIVATED_BAN"]
NAME = "telegram.invalid"
"""A host that only the proxy can resolve."""


@pytest.fixture
def news(telegram: Server) -> Server:
    telegram.world.add_channel("bridge_news")
    telegram.world.add_account(PHONE, joined=["bridge_news"])
    telegram.world.publish("bridge_news", "The bridge stands.")
    return telegram


@pytest.fixture
async def installation(news: Server, tmp_path: Path) -> Installation:
    made = Installation(tmp_path, port=news.port, public_key=news.public_key)
    await sign_in(news, made.session, PHONE)
    made.write(channels=["bridge_news"], collect="poll_seconds = 1")
    return made


async def until(condition: Callable[[], Awaitable[object]], *, seconds: float = 60) -> None:
    """Returns when the condition holds; what it waits for is another process."""
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.05)


async def fact(store: Store | SqliteStore, part: str = "source") -> Fact | None:
    return next((each for each in await store.health.facts() if each.part == part and each.subject == "reader-1"), None)


async def red(store: Store | SqliteStore, part: str = "source") -> str:
    found = await fact(store, part)
    return found.note if found is not None and found.red else ""


async def met(store: SqliteStore) -> bool:
    return any(contact.pts for contact in await store.peers.contacts())


async def holds(store: SqliteStore, text: str) -> bool:
    return any(record.said and record.said.text == text for record in await store.ledger.read(0, 10_000))


# ------------------------------------------------------------------------------------------- keys that are no longer good


async def test_col_12_a_key_used_from_two_places_is_used_no_more_from_the_first_word_on(
    news: Server, installation: Installation
) -> None:
    news.faults.fail("*", "AUTH_KEY_DUPLICATED", times=None)
    before = len(news.calls.log)
    async with open_store(installation.store) as store, installation.running() as daemon:
        await until(lambda: _says(store, "AUTH_KEY_DUPLICATED"))
        asked = len(news.calls.log)
        polled = await fact(store)
        await until(lambda: _later(store, polled))

        assert len(news.calls.log) == asked == before + 1
        assert daemon.returncode is None
        note = await red(store)
        code, _, _ = await installation.command("status")
        assert code == 1
    assert "AUTH_KEY_DUPLICATED" in note
    assert "`monitor login reader-1`" in note


@pytest.mark.parametrize("error", ["AUTH_KEY_DUPLICATED", *ENDED])
async def test_col_13_an_account_that_was_ended_is_found_out_by_the_next_poll_and_asks_nothing_more(
    news: Server, installation: Installation, error: str
) -> None:
    async with open_store(installation.store) as store, installation.running() as daemon:
        await until(lambda: met(store))
        before = len(news.calls.log)
        news.faults.unregister(PHONE, error=error)  # nothing is pushed: only a question can find out
        await until(lambda: _says(store, error))
        asked = len(news.calls.log)
        polled = await fact(store)
        await until(lambda: _later(store, polled))
        news.world.publish("bridge_news", "Nobody sees this.")

        assert [each.error for each in news.calls.log][before:].count(error) == 1
        assert len(news.calls.log) == asked
        assert daemon.returncode is None
        note = await red(store)
    assert error in note
    assert "`monitor login reader-1`" in note


async def test_col_13_a_key_that_the_server_has_forgotten_is_as_good_as_ended(
    news: Server, installation: Installation
) -> None:
    async with open_store(installation.store) as store, installation.running() as daemon:
        await until(lambda: met(store))
        news.faults.forget_key(PHONE)
        news.faults.drop()
        await until(lambda: _says(store, "`monitor login reader-1`"))
        asked, doors = len(news.calls.log), len(news.peers)
        polled = await fact(store)
        await until(lambda: _later(store, polled))

        assert (len(news.calls.log), len(news.peers)) == (asked, doors)
        assert daemon.returncode is None


async def _later(store: SqliteStore, before: Fact | None) -> bool:
    """Has another poll said how the account is since?"""
    now = await fact(store)
    return now is not None and before is not None and now.at > before.at + 2_000


async def _says(store: SqliteStore, words: str) -> bool:
    return words in await red(store)


# --------------------------------------------------------------------------------------------------------- one at a time


@pytest.mark.parametrize("what", ["the same data", "the same session"])
async def test_col_14_a_second_daemon_ends_at_once_names_the_first_and_disturbs_nobody(
    news: Server, installation: Installation, measured: Measured, what: str
) -> None:
    async with open_store(installation.store) as store, installation.running() as daemon:
        await until(lambda: met(store))
        if what == "the same session":
            toml = installation.config / "monitor.toml"
            toml.write_text(toml.read_text().replace('"var/monitor.db"', '"var/other.db"'))
        used = resource.getrusage(resource.RUSAGE_CHILDREN)

        code, _, complaint = await installation.command("run")

        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert code == 4
        assert f"process {daemon.pid}" in complaint
        took = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
        measured(f"seconds of a processor until a second daemon on {what} has ended", f"{took:.1f}", "2 at most")
        assert not installation.store.with_name("other.db").exists()
        news.world.publish("bridge_news", "The first goes on.")
        await until(lambda: holds(store, "The first goes on."))


# ---------------------------------------------------------------------------------------------------------- the session file


@pytest.mark.parametrize("what", ["locked", "flipped", "read-only", "gone"])
async def test_col_15_what_happens_to_the_session_file_does_not_stop_the_collecting(
    news: Server, store: Store, tmp_path: Path, what: str
) -> None:
    async with collecting(news, store, tmp_path, "bridge_news") as at_work:
        path = tmp_path / "reader-1.session"
        holder = sqlite3.connect(path, isolation_level=None)
        match what:
            case "locked":
                holder.execute("BEGIN EXCLUSIVE")
            case "flipped":
                path.write_bytes(bytes(each ^ 0xFF for each in path.read_bytes()))
            case "read-only":
                path.chmod(0o400)
            case "gone":
                path.unlink()
        before = path.read_bytes() if path.exists() else b""

        news.faults.drop()
        news.world.publish("bridge_news", "While it was so.")
        await at_work.until(lambda told: told[-1][3] == "While it was so.")

        holder.close()
        assert (path.read_bytes() if path.exists() else b"") == before


async def test_col_15_a_damaged_session_is_told_of_and_neither_overwritten_nor_signed_in_anew(
    news: Server, installation: Installation
) -> None:
    data = bytearray(installation.session.read_bytes())
    data[20:4096] = bytes(each ^ 0xFF for each in data[20:4096])
    installation.session.write_bytes(data)
    asked, doors = len(news.calls.log), len(news.peers)

    for command in ("run", "login"):
        code, _, complaint = await installation.command(command)

        assert code == 2
        assert str(installation.session) in complaint
        assert "move it away" in complaint
    assert installation.session.read_bytes() == bytes(data)
    assert (len(news.calls.log), len(news.peers)) == (asked, doors)


async def test_sec_01_a_session_that_others_may_read_is_red_while_the_daemon_runs(
    news: Server, store: Store, tmp_path: Path
) -> None:
    source = await a_source(news, store, tmp_path, "bridge_news")
    guard = Guard(source, clock=Clock(NOON))
    async with source.asked():
        before = await guard.look()
        (tmp_path / "reader-1.session").chmod(0o640)
        after = await guard.look()

    assert (before.red, after.red) == (False, True)
    assert "chmod 600" in after.note


async def test_sec_08_a_sign_in_that_nobody_knows_of_is_red_within_the_hour(
    news: Server, store: Store, tmp_path: Path
) -> None:
    await sign_in(news, tmp_path / "phone", PHONE)
    clock = Clock(NOON)
    source = await a_source(news, store, tmp_path, "bridge_news", clock=clock)
    async with source.asked():
        guard = Guard(source, clock=clock)
        first = await guard.look()
        await sign_in(news, tmp_path / "thief", PHONE)
        at_once = await guard.look()
        clock.move(HOUR)
        within_the_hour = await guard.look()
        after_a_restart = await Guard(source, clock=clock).look()

    assert (first.red, first.figures["other devices"]) == (False, 1)
    assert not at_once.red  # asked once an hour
    assert within_the_hour.red
    assert "signed in elsewhere" in within_the_hour.note
    assert after_a_restart.red
    assert news.calls.count("account.getAuthorizations") == 3


# ---------------------------------------------------------------------------------------------- what is nobody's business


async def test_col_40_private_messages_and_login_codes_are_counted(news: Server, store: Store, tmp_path: Path) -> None:
    async with collecting(news, store, tmp_path, "bridge_news") as at_work:
        letter = write_privately(news)
        news.world.take_back(PHONE, [letter])

        async def passed_over() -> bool:
            return at_work.source.passed_over == 3

        await until(passed_over)
        told = await Guard(at_work.source, clock=Clock(NOON)).look()

    assert told.figures["private messages passed over"] == 3


async def test_col_40_nothing_of_private_messages_and_login_codes_is_kept(
    news: Server, installation: Installation
) -> None:
    async with open_store(installation.store) as store, installation.running("run", "--verbose"):
        await until(lambda: met(store))
        letter = write_privately(news)
        news.world.take_back(PHONE, [letter])
        news.world.publish("bridge_news", "After them.")
        await until(lambda: holds(store, "After them."))
        records = await all_records(store.ledger)

    said = [record for record in records if record.said or record.kind is Kind.DELETED]
    assert {record.channel.username for record in said if record.channel} == {"bridge_news"}
    held = b"".join(path.read_bytes() for path in installation.base.rglob("*") if path.is_file())
    for words in ("41873", "Do not give", "a private word", "4711"):
        assert words.encode() not in held


def write_privately(telegram: Server) -> int:
    """A code from Telegram itself, and somebody's letter: its number."""
    telegram.world.write_to(PHONE, "Login code: 41873. Do not give this code to anyone")
    return telegram.world.write_to(PHONE, "a private word", sender=4711)


# ------------------------------------------------------------------------------------------------------------------ joining


async def test_col_34_a_channel_that_must_be_joined_is_told_as_such_and_the_others_are_fine(
    news: Server, store: Store, tmp_path: Path
) -> None:
    invited = news.world.add_channel("-1001044298783", "By invitation").id
    news.world.leave(PHONE, "bridge_news")
    async with polling(news, store, tmp_path, "bridge_news", str(invited), clock=Clock(NOON)) as at_work:
        await at_work.poll()

        told = await at_work.red()
        assert [text for *_, text in await at_work.told()] == ["The bridge stands."]
    assert list(told) == [str(invited)]
    assert "join" in told[str(invited)]
    assert news.calls.count("channels.joinChannel") == 0
    assert news.calls.count("messages.importChatInvite") == 0


# ------------------------------------------------------------------------------------------------------------------ proxies


def direct(news: Server, ports: set[int], *, since: int) -> list[tuple[str, int]]:
    """Connections that reached the server and came by another way than the proxy."""
    return [peer for peer in news.peers[since:] if peer[1] not in ports]


@pytest.mark.parametrize("kind", ["socks5", "http"])
async def test_col_10_an_account_with_a_proxy_never_goes_another_way(
    news: Server, installation: Installation, kind: str
) -> None:
    since = len(news.peers)
    login = ("reader", "hunter2-canary")
    async with proxying(names={NAME: "127.0.0.1"}, login=login) as proxy, open_store(installation.store) as store:
        _reach_through(installation, f"{kind}://{':'.join(login)}@127.0.0.1:{proxy.port}")
        async with installation.running("run", "--verbose"):
            await until(lambda: met(store))
            news.world.publish("bridge_news", "Through the proxy.")
            await until(lambda: holds(store, "Through the proxy."))

            await proxy.kill()
            await until(lambda: _says(store, f"by way of the proxy {kind}://127.0.0.1:{proxy.port}"))
            news.world.publish("bridge_news", "While it was down.")
            before = await fact(store)
            await until(lambda: _later(store, before))
            assert not await holds(store, "While it was down.")
            assert direct(news, proxy.ports, since=since) == []

            await proxy.start()
            await until(lambda: holds(store, "While it was down."))
            await until(lambda: _green(store))
            assert direct(news, proxy.ports, since=since) == []
    assert len(news.peers) - since >= 2
    assert set(proxy.asked) == {NAME}, "the proxy resolves the name"
    assert "hunter2-canary" not in (installation.base / "daemon.log").read_text()
    assert b"hunter2-canary" not in installation.store.read_bytes()


@pytest.mark.parametrize("kind", ["socks5", "http"])
@pytest.mark.parametrize("why", ["it denies", "a wrong password"])
async def test_col_10_a_proxy_that_refuses_is_an_outage_and_no_reason_to_go_another_way(
    news: Server, installation: Installation, kind: str, why: str
) -> None:
    since = len(news.peers)
    async with (
        proxying(names={NAME: "127.0.0.1"}, login=("reader", "right")) as proxy,
        open_store(installation.store) as store,
    ):
        proxy.denying = why == "it denies"
        password = "right" if proxy.denying else "wrong-canary"
        _reach_through(installation, f"{kind}://reader:{password}@127.0.0.1:{proxy.port}")
        async with installation.running("run", "--verbose") as daemon:
            await until(lambda: _says(store, "by way of the proxy"))
            assert daemon.returncode is None
            if proxy.denying:
                proxy.denying = False
                await until(lambda: _green(store))
    assert direct(news, proxy.ports, since=since) == []
    assert "wrong-canary" not in (installation.base / "daemon.log").read_text()


def _reach_through(installation: Installation, url: str) -> None:
    """The server by a name that only the proxy knows, and the proxy."""
    toml = installation.config / "monitor.toml"
    toml.write_text(
        toml.read_text()
        .replace('host = "127.0.0.1"', f'host = "{NAME}"')
        .replace('name = "reader-1"', f'name = "reader-1"\nproxy = "{url}"')
    )


async def _green(store: SqliteStore) -> bool:
    found = await fact(store)
    return found is not None and not found.red
