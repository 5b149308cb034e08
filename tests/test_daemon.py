"""The daemon as a whole: configuration in, alerts out, exit codes"""

import asyncio
import hashlib
import os
import resource
import signal
import sqlite3
from pathlib import Path

import pytest
from installation import BOT, CHAT, PHONE, Installation, Receiver
from telethon.sessions import SQLiteSession

from monitor.model.post import Media
from monitor.model.record import Kind
from monitor.rehearsal import Server, sign_in
from monitor.stores.sqlite.store import SqliteStore, open_store

FLAGGED = "Взрыв на Крымском мосту"


@pytest.fixture
async def installation(telegram: Server, tmp_path: Path) -> Installation:
    """An account that has joined one channel, signed in; nothing runs yet."""
    telegram.world.add_channel("bridge_news")
    telegram.world.add_account(PHONE, joined=["bridge_news"])
    made = Installation(tmp_path, port=telegram.port, public_key=telegram.public_key)
    await sign_in(telegram, made.session, PHONE)
    made.write(channels=["bridge_news"])
    return made


async def until(condition, *, seconds: float = 40) -> None:
    """Returns when the condition holds; what it waits for is another process."""
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.05)


async def met(store: SqliteStore) -> bool:
    return bool(await store.peers.contacts())


async def test_tells_a_webhook_and_a_chat_of_a_flagged_post_of_its_edit_and_of_its_deletion(
    telegram: Server, installation: Installation
) -> None:
    telegram.world.add_bot(BOT)
    telegram.world.add_chat(CHAT, "The desk")
    async with Receiver().open() as receiver:
        installation.write(channels=["bridge_news"], webhook=receiver.url, bot=True)
        async with open_store(installation.store) as store, installation.running():
            await until(lambda: met(store))
            post = telegram.world.publish("bridge_news", f"{FLAGGED}, сообщают жители.")
            telegram.world.publish("bridge_news", "Погода не изменится.")
            telegram.world.edit("bridge_news", post, f"{FLAGGED}, пострадавших нет.")
            telegram.world.delete("bridge_news", [post])
            await receiver.until(lambda received: len(received) == 3)
            await until(lambda: _arrived(telegram, 3))

    bodies = [body for _, body, _ in receiver.received]
    assert [body["event"] for body in bodies] == ["published", "edited", "deleted"]
    assert {body["post"]["id"] for body in bodies} == {post}
    assert len({body["alert"] for body in bodies}) == 1
    assert bodies[0]["post"]["party"] == "Party of bridge_news"
    assert [span["text"] for span in bodies[0]["spans"]] == ["Взрыв", "Крымском мосту"]
    assert bodies[0]["standing"] == "not independently verified"
    assert bodies[1]["change"]["before"] == f"{FLAGGED}, сообщают жители."
    assert bodies[2]["change"]["method"] == "push"
    assert len({sent.random_id for sent in telegram.world.sent}) == 3


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
async def test_ends_at_once_when_it_is_told_to(installation: Installation, number: signal.Signals, code: int) -> None:
    async with open_store(installation.store) as store:
        daemon = await installation.start()
        await until(lambda: met(store))

        daemon.send_signal(number)

        assert await asyncio.wait_for(daemon.wait(), 10) == code, installation.log()


async def test_a_second_one_ends_with_4_and_names_the_first(installation: Installation) -> None:
    async with open_store(installation.store) as store, installation.running() as first:
        await until(lambda: met(store))

        code, _, complaint = await installation.command("run")

        assert code == 4
        assert str(first.pid) in complaint
        assert len(complaint.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("no session", "monitor login"),
        ("a session that others may read", "chmod 600"),
        ("a session that is none", "sign in again"),
        ("a session with which nobody signed in", "monitor login"),
        ("a key that is none", "public_key_file"),
    ],
)
async def test_ends_with_2_and_one_clear_line_for(installation: Installation, what: str, words: str) -> None:
    match what:
        case "no session":
            installation.session.unlink()
        case "a session that others may read":
            installation.session.chmod(0o644)
        case "a session that is none":
            installation.session.write_bytes(b"this is no database, only some words, and some more of them")
        case "a session with which nobody signed in":
            installation.session.unlink()
            SQLiteSession(str(installation.session)).close()
            installation.session.chmod(0o600)
        case "a key that is none":
            (installation.base / "var" / "server.pem").write_text("no key")

    code, _, complaint = await installation.command("run")

    said = [line for line in complaint.splitlines() if not line.startswith("{")]
    assert code == 2, complaint
    assert len(said) == 1
    assert words in said[0]


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("a session without its table", "no Telethon session (no such table: sessions)"),
        ("half a session", "account[reader-1].session_file"),
        ("a session of the bot that is none", "bot.session_file"),
        ("a signing key that is none", "ledger.signing_key_file"),
        ("a signing key that is empty", "ledger.signing_key_file"),
        ("no key of the server", "telegram.server.public_key_file"),
        ("a webhook's secret that is none", "subscriber[desk].via.secret_file"),
    ],
)
async def test_decides_before_it_makes_anything_whether_it_can_start_with(
    installation: Installation, what: str, words: str
) -> None:
    installation.write(channels=["bridge_news"], bot=True, webhook="https://desk.example/hook")
    var = installation.base / "var"
    match what:
        case "a session without its table":
            with sqlite3.connect(installation.session) as database:
                database.execute("DROP TABLE sessions")
            database.close()
        case "half a session":
            whole = installation.session.read_bytes()
            installation.session.write_bytes(whole[: len(whole) // 2])
        case "a session of the bot that is none":
            _wrote(var / "bot.session", "no database")
        case "a signing key that is none":
            _wrote(var / "ledger.key", "no key")
        case "a signing key that is empty":
            _wrote(var / "ledger.key", "")
        case "no key of the server":
            (var / "server.pem").unlink()
        case "a webhook's secret that is none":
            _wrote(installation.base / "secrets" / "hook", "no secret!")
    before = sorted(installation.base.rglob("*"))

    code, _, complaint = await installation.command("run")
    checked = await installation.command("check")

    assert code == 2, complaint
    assert len(complaint.splitlines()) == 1
    assert words in complaint
    assert checked == (2, "", complaint)
    assert sorted(installation.base.rglob("*")) == before


async def test_makes_nothing_before_somebody_has_signed_in(installation: Installation) -> None:
    installation.session.unlink()
    before = sorted(installation.base.rglob("*"))

    code, _, complaint = await installation.command("run")

    assert code == 2
    assert "monitor.toml: account[reader-1].session_file: " in complaint
    assert "`monitor login reader-1`" in complaint
    assert sorted(installation.base.rglob("*")) == before


async def test_stays_up_and_red_while_the_server_is_away_and_recovers(
    telegram: Server, installation: Installation
) -> None:
    await telegram.faults.refuse()
    async with open_store(installation.store) as store, installation.running():
        await until(lambda: _red(store))
        code, _, _ = await installation.command("status")
        assert code == 1

        await telegram.faults.accept()

        await until(lambda: met(store))
        telegram.world.publish("bridge_news", FLAGGED)
        await until(lambda: _recorded(store, FLAGGED))


async def test_stays_up_with_a_session_that_was_revoked_and_says_so(
    telegram: Server, installation: Installation
) -> None:
    async with open_store(installation.store) as store, installation.running() as daemon:
        await until(lambda: met(store))

        telegram.faults.unregister(PHONE)

        await until(lambda: _red(store))
        assert daemon.returncode is None


async def test_stays_up_while_the_disk_is_full_and_loses_nothing(telegram: Server, installation: Installation) -> None:
    async with open_store(installation.store) as store, installation.running() as daemon:
        await until(lambda: met(store))
        _, hard = resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE)
        full = installation.store.with_name(installation.store.name + "-wal").stat().st_size
        resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (full, hard))
        for number in range(50):
            telegram.world.publish("bridge_news", f"{number}: {'written while there is no room ' * 40}")
        await until(lambda: _complained(installation))
        assert daemon.returncode is None
        assert not await _recorded(store, "49: ")

        resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (hard, hard))

        await until(lambda: _recorded(store, "49: "))
        texts = [record.said.text.split(":")[0] for record in await store.ledger.read(0, 1000) if record.said]
        assert set(map(str, range(50))) <= set(texts)


@pytest.mark.parametrize("what", ["monitor.db.lock", "monitor.db.search"])
async def test_waits_at_the_start_for_a_disk_on_which_something_cannot_be_written(
    installation: Installation, what: str
) -> None:
    in_the_way = installation.store.with_name(what)
    in_the_way.mkdir(parents=True)
    async with installation.running():
        await until(lambda: _said(installation, "store not available"))
        in_the_way.rmdir()

        await until(lambda: _said(installation, "daemon started"))


async def test_refuses_to_watch_nothing(installation: Installation) -> None:
    (installation.config / "channels.toml").write_text("")

    code, _, complaint = await installation.command("run")

    assert code == 2
    assert "no channels" in complaint


async def test_records_with_which_wording_it_watches(installation: Installation) -> None:
    async with open_store(installation.store) as store:
        async with installation.running():
            await until(lambda: met(store))

        (started,) = [record for record in await store.ledger.read(0, 100) if record.kind is Kind.CONFIG]
        assert started.content.editions["bridge"].startswith("sha256:")
        assert "stories/bridge.toml" in started.content.files


async def test_leaves_nothing_that_others_may_read(installation: Installation) -> None:
    async with open_store(installation.store) as store, installation.running():
        await until(lambda: met(store))

    readable = [path for path in (installation.base / "var").rglob("*") if path.stat().st_mode & 0o077]
    assert [path.name for path in readable] == ["server.pem"]
    assert os.stat(installation.base / "var").st_mode & 0o077 == 0


async def _arrived(telegram: Server, count: int) -> bool:
    return len(telegram.world.sent) >= count


async def _red(store: SqliteStore) -> bool:
    return any(fact.red for fact in await store.health.facts())


async def _recorded(store: SqliteStore, beginning: str) -> bool:
    return any(record.said and record.said.text.startswith(beginning) for record in await store.ledger.read(0, 10_000))


async def _complained(installation: Installation) -> bool:
    return "not recorded yet" in installation.log()


async def _said(installation: Installation, words: str) -> bool:
    return words in installation.log()


def _wrote(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o600)


async def test_fetches_what_is_attached_and_says_what_it_holds(telegram: Server, installation: Installation) -> None:
    async with open_store(installation.store) as store, installation.running():
        await until(lambda: met(store))
        telegram.world.publish("bridge_news", f"{FLAGGED}, фото.", media=Media("photo", size=90_000))
        telegram.world.publish("bridge_news", "Погода.", media=Media("document", size=30_000_000))
        await until(lambda: _settled(store, 2))
        await until(lambda: _reported(store))
        records = [each for each in await store.ledger.read(0, 1_000) if each.kind is Kind.MEDIA]
    held, skipped = sorted((each.content for each in records), key=lambda content: content.standing)
    _, shown, _ = await installation.command("show", "bridge_news/2")
    _, of_other, _ = await installation.command("show", "bridge_news/3")
    status = await installation.json("status")
    verified, _, complaint = await installation.command("verify")

    assert (held.standing, held.bytes, skipped.standing) == ("held", 90_000, "skipped")
    path = installation.base / "var" / "media" / held.sha256[:2] / held.sha256[2:4] / held.sha256
    assert hashlib.sha256(path.read_bytes()).hexdigest() == held.sha256
    assert f"held, 90 kB, SHA-256 {held.sha256}" in " ".join(shown.split())
    assert "not held: skipped: larger than the 20 MB" in of_other
    [line] = [line for line in status["lines"] if (line["part"], line["subject"]) == ("stage", "media")]
    assert (line["red"], line["figures"]["files held"], line["figures"]["skipped"]) == (False, 1, 1)
    assert verified == 0, complaint


async def _settled(store: SqliteStore, count: int) -> bool:
    return sum((await store.downloads.tally()).standings.values()) == count


async def _reported(store: SqliteStore) -> bool:
    """The stage has said in the health rows what it did."""
    return any(
        fact.subject == "media" and fact.figures["skipped"] and fact.figures["files held"]
        for fact in await store.health.facts()
    )
