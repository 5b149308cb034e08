"""Backups that are made under load, cut off, or find no room, and what is put back of them (STO-02, STO-05, STO-25, SEC-05)"""

import asyncio
import base64
import json
import os
import shutil
import sqlite3
from collections import Counter
from pathlib import Path

import haunting
import pytest
from backed import files, fill, happened, signed
from commanding import Desk, Ended
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from faults.daemons import installed, met, records, until, until_recorded
from faults.failing import Befallen, failed, library
from haunting import FLAGGED, count
from installation import BOT, PHONE, SECRET, Installation, Receiver
from measuring import FULL, Measured

from monitor.backup.manifest import read
from monitor.clock import SystemClock
from monitor.model.alert import State
from monitor.model.instant import Instant
from monitor.model.record import Custody, Kind
from monitor.rehearsal import Remote, Server, launch, sign_in
from monitor.stores.sqlite.file import connect
from monitor.stores.sqlite.store import SqliteStore, open_store

CHANNELS = ("bridge_news", "harbour_news", "port_news")
KEPT_APART = ("ledger.key", "reader-1.session", "server.pem")
"""Of `var/`, by the operator: what is in no backup."""
SPEED = 8
STRIDE = 1 if FULL else 17
NO_ROOM = (
    "No space left on device",
    "disk is full",
    "disk is full)",
    "(disk I/O error)",
    "readonly database)",
    "unable to open database file",
    "unable to open database file)",
)
"""What is told of it, behind the name of a file; the last three by SQLite, where it could not make what it keeps beside a database."""
SAID_TOO = ("removed .monitor-", "the ledger does not tell of this backup: ")
"""How lines begin that come before it."""
NEVER = 10**9
"""A moment that no command comes to."""


# ------------------------------------------------------------------------------------------------------------- under load


@pytest.mark.timeout(240)
async def test_sto_25_backed_up_under_load_wiped_and_restored_it_goes_on_and_nothing_is_lost(
    tmp_path: Path, measured: Measured
) -> None:
    async with launch() as telegram, Receiver().open() as receiver:
        desk = await an_installation(telegram, tmp_path, receiver)
        begun = SystemClock().now()
        daemon = await hurried(desk, since=begun)
        async with open_store(desk.store) as store:
            await until(lambda: met(store, len(CHANNELS)))
        publishing = asyncio.create_task(keep_publishing(telegram))
        await receiver.until(lambda received: len(received) >= 10)

        taken = await desk.json("backup", str(tmp_path / "backup"))
        since = len(receiver.received)
        await receiver.until(lambda received: len(received) >= since + 10)
        daemon.kill()
        await daemon.wait()
        drill = await desk.json("restore", "--dry-run", str(tmp_path / "backup"))
        wipe(tmp_path / "var")
        restored = await desk.json("restore", str(tmp_path / "backup"))
        verified = await desk.json("verify")

        daemon = await hurried(desk, since=begun)
        async with open_store(desk.store) as store:
            await receiver.until(lambda received: len(received) >= since + 30)
            publishing.cancel()
            await asyncio.gather(publishing, return_exceptions=True)
            await until(lambda: settled(store, telegram), seconds=120)
            outcome = await count(store, telegram, CHANNELS)
            again = await records(store, Kind.CUSTODY)
        daemon.terminate()
        assert await daemon.wait() == 0, desk.log()
        async with open_store(tmp_path / "backup" / "monitor.db", readonly=True) as backup:
            alerts = await backup.outbox.alerts(limit=100_000)
    code, _, complaint = await desk.command("verify")

    assert (restored["size"], restored["root"]) == (taken["size"], taken["root"]) == (drill["size"], drill["root"])
    assert verified["ok"]
    assert verified["size"] == taken["size"] + 1
    assert [each.content.action for each in again if isinstance(each.content, Custody)] == ["restored"]
    assert outcome.wrong() == {}
    assert code == 0, complaint
    hooks = Counter(key for key, _, _ in receiver.received)
    before = [alert.key for alert in alerts if alert.state is State.DELIVERED and not alert.within]
    assert before
    assert {hooks[key] for key in before} == {1}
    measured("records in a backup under load", taken["size"], f"of {sum(outcome.records.values()):,} in the end")
    measured("posts of which none was lost over a restore", outcome.posts)


async def test_a_daemon_that_collects_keeps_its_store_and_the_drill_does_not_disturb_it(
    telegram: Server, tmp_path: Path
) -> None:
    desk = await installed(telegram, tmp_path)
    async with desk.running() as daemon, open_store(desk.store) as store:
        telegram.world.publish("bridge_news", "The bridge fell.")
        await until_recorded(store, "The bridge fell.")
        assert (await desk.command("backup", str(tmp_path / "backup")))[0] == 0

        for more in ((), ("--move-aside",)):
            code, _, told = await desk.command("restore", str(tmp_path / "backup"), *more)
            assert code == 4
            assert f"is in use by process {daemon.pid}" in told
        code, _, told = await desk.command("restore", "--dry-run", str(tmp_path / "backup"))

        assert code == 0, told
        telegram.world.publish("bridge_news", "The bridge stands.")
        await until_recorded(store, "The bridge stands.")


async def test_sec_05_no_byte_of_a_backup_is_of_a_secret(telegram: Server, tmp_path: Path) -> None:
    telegram.world.add_bot(BOT)
    desk = await installed(telegram, tmp_path)
    desk.write(channels=["bridge_news"], webhook="https://desk.example/hook")
    async with desk.running(), open_store(desk.store) as store:
        telegram.world.publish("bridge_news", "The bridge fell.")
        await until_recorded(store, "The bridge fell.")
        await until(lambda: signed_once(store))
        assert (await desk.command("backup", str(tmp_path / "backup")))[0] == 0
    secrets = all_secrets(desk)
    assert len(secrets) == 8

    assert (tmp_path / "backup" / "monitor.db.checkpoint").exists()
    for file in files(tmp_path / "backup"):
        data = file.read_bytes()
        assert [name for name, secret in secrets.items() if secret in data] == [], file


async def an_installation(telegram: Remote, base: Path, receiver: Receiver) -> Installation:
    """An account that reads all channels, and a webhook that is told."""
    for name in CHANNELS:
        await telegram.do("add_channel", username=name)
    await telegram.do("add_account", phone=PHONE, joined=list(CHANNELS))
    made = Installation(base, port=telegram.port, public_key=telegram.public_key)
    await sign_in(telegram, made.session, PHONE)
    looks = f'poll_seconds = 2\nreread = ["{SPEED}s", "{6 * SPEED}s"]'
    made.write(channels=CHANNELS, webhook=receiver.url, alerts="edit_seconds = 1", collect=looks)
    return made


async def hurried(desk: Installation, *, since: Instant) -> asyncio.subprocess.Process:
    """A daemon whose clock runs faster since then: between two looks is a minute."""
    program = str(Path(haunting.__file__).with_name("hurried.py"))
    return await desk.launch(program, str(desk.config), str(SPEED), str(since))


async def keep_publishing(telegram: Remote) -> None:
    """Posts, edits and deletions as fast as they are taken, until cancelled; no text comes twice."""
    number, mine = 0, dict[str, list[int]]()
    while True:
        number += 1
        name = CHANNELS[number % len(CHANNELS)]
        posts = mine.setdefault(name, [])
        text = f"{FLAGGED} №{number}" if number % 10 == 0 else f"Погода №{number}"
        posts.append(await telegram.do("publish", channel=name, text=text))
        if number % 7 == 0:
            await telegram.do("edit", channel=name, post=posts[-2 if len(posts) > 1 else -1], text=f"Правка №{number}")
        if number % 11 == 0 and len(posts) > 4:
            await telegram.do("delete", channel=name, posts=[posts.pop(-4)])
        await asyncio.sleep(0.02)  # the pace of whoever publishes


async def settled(store: SqliteStore, telegram: Remote) -> bool:
    """All that happened is recorded, matched and told."""
    marks: dict[str, list[int]] = await telegram.do("marks")
    reached = {contact.channel.username: contact.pts for contact in await store.peers.contacts()}
    if any(reached.get(name) != pts for name, (_, pts) in marks.items()):
        return False
    untold = await store.outbox.next_due(), await store.outbox.next_ripe()
    if await store.positions.position("detect") < await store.ledger.size() or untold != (None, None):
        return False
    # What was deleted while nobody watched, and is not told any more, is called so after two looks, a minute apart.
    return not (await count(store, telegram, CHANNELS)).undead


async def signed_once(store: SqliteStore) -> bool:
    return await store.checkpoints.latest() is not None


def wipe(folder: Path) -> None:
    """All of it, but what the operator keeps apart."""
    for each in folder.iterdir():
        if each.is_dir():
            shutil.rmtree(each)
        elif each.name not in KEPT_APART:
            each.unlink()


def all_secrets(desk: Installation) -> dict[str, bytes]:
    """Every one in every form that it has on the disk."""
    pem = (desk.base / "var" / "ledger.key").read_bytes()
    key = load_pem_private_key(pem, password=None).private_bytes_raw()  # type: ignore[union-attr]
    with sqlite3.connect(desk.session) as session:
        [[account]] = session.execute("SELECT auth_key FROM sessions")
    return {
        "session": desk.session.read_bytes()[-512:],
        "the session's key": account,
        "api_hash": (desk.base / "secrets" / "api_hash").read_bytes(),
        "the bot's token": BOT.encode(),
        "the webhook's secret": SECRET.encode(),
        "what that stands for": base64.b64decode(SECRET.removeprefix("whsec_")),
        "signing key": key,
        "signing key as it is kept": pem.splitlines()[1],
    }


# ------------------------------------------------------------------------------------------------- cut off, and without room


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path, lambda *_: Ended(0, "", ""))
    fill(made)
    return made


def of(desk: Desk, *arguments: object) -> list[str]:
    """A command on this desk's configuration."""
    return ["--config", str(desk.config), *map(str, arguments)]


@pytest.mark.timeout(900 if FULL else 300)
@pytest.mark.parametrize("how", ["kill", "full"])
def test_sto_02_a_backup_that_is_cut_off_at_any_write_is_none(how: str, desk: Desk, tmp_path: Path) -> None:
    into = tmp_path / "backups"
    into.mkdir()

    taken = of(desk, "backup", into / "{}")
    drill = of(desk, "restore", "--dry-run", into / "{}")
    found = failed(how, STRIDE, taken, drill, environment=library(tmp_path))

    assert len(found) > 60 / STRIDE
    *cut, whole = found
    assert whole.codes == [0, 0]
    assert_told(found, how)
    # One that has its name was on the disk before it got it; of all others nothing can be taken for a backup.
    assert {each.codes[1] for each in cut} <= {0, 2}
    named = [each.moment for each in cut if each.codes[1] == 0]
    assert named == [each.moment for each in cut if (into / str(each.moment)).exists()]
    assert all(moment >= whole.moment - 2 * STRIDE for moment in named)
    assert [name for name in os.listdir(into) if name.endswith(".part")] == []  # the last removed what others had left


@pytest.mark.timeout(900 if FULL else 300)
@pytest.mark.parametrize("how", ["kill", "full"])
def test_sto_02_a_restore_that_is_cut_off_at_any_write_ends_well_when_it_is_done_again(
    how: str, desk: Desk, tmp_path: Path
) -> None:
    environment, backup = library(tmp_path), tmp_path / "backup"
    failed("kill", NEVER, of(desk, "backup", backup), environment=environment)
    environment |= {"MONITOR_STORE__PATH": str(tmp_path / "stores" / "{}" / "monitor.db")}

    restored, again, verified = (
        of(desk, "restore", backup),
        of(desk, "restore", "--move-aside", backup),
        of(desk, "verify", "--json"),
    )
    found = failed(how, STRIDE, restored, verified, again, verified, environment=environment)

    assert len(found) > 60 / STRIDE
    assert_told(found, how)
    size = read(backup).size + 1
    for each in found:
        assert each.codes[1] in (0, 2), each  # all of it, or none yet
        assert each.codes[1] == 2 or json.loads(each.out[1])["size"] == size
        assert each.codes[2:] == [0, 0], each
        assert json.loads(each.out[3])["size"] == size
        assert json.loads(each.out[3])["media"] == {"files": 2, "missing": 0}


@pytest.mark.timeout(900 if FULL else 300)
@pytest.mark.parametrize("how", ["kill", "full"])
def test_sto_02_what_a_restore_replaces_is_never_lost_nor_taken_for_a_new_beginning(
    how: str, desk: Desk, tmp_path: Path
) -> None:
    environment, older, newer = library(tmp_path), tmp_path / "older", tmp_path / "newer"
    failed("kill", NEVER, of(desk, "backup", older), environment=environment)
    desk.fill(lambda store: happened(store, 1))
    desk.fill(lambda store: signed(store, desk))
    failed("kill", NEVER, of(desk, "backup", newer), environment=environment)
    environment |= {"MONITOR_STORE__PATH": str(tmp_path / "stores" / "{}" / "monitor.db")}

    found = failed(
        how,
        STRIDE,
        of(desk, "restore", newer),
        of(desk, "restore", "--move-aside", older),
        of(desk, "checkpoint"),  # whatever adds to a ledger looks first whether it is what was signed for
        of(desk, "verify", "--json"),
        of(desk, "restore", "--move-aside", older),
        of(desk, "verify", "--json"),
        befalls=1,
        environment=environment,
    )

    assert len(found) > 60 / STRIDE
    assert_told(found, how, befalls=1)
    before, after = read(newer).size + 1, read(older).size + 1
    for each in found:
        assert each.codes[2] in (0, 3), each
        if (
            each.codes[2] == 0
        ):  # a ledger that goes on is one of the two, and the checkpoint just signed is one record more
            assert json.loads(each.out[3])["size"] in (before + 1, after + 1)
        assert each.codes[4:] == [0, 0], each
        assert json.loads(each.out[5])["size"] == after
        left = (tmp_path / "stores" / str(each.moment)).glob("monitor.db.before-*Z")
        assert any(size in (before, before + 1) for size in map(records_in, left)), each


def assert_told(found: list[Befallen], how: str, *, befalls: int = 0) -> None:
    """Each but the last was killed, or told in a line that there was no room."""
    for each in found[:-1]:
        assert each.codes[befalls] == (-9 if how == "kill" else 1), each
        if how == "full":
            told = [line for line in each.err[befalls].splitlines() if not line.startswith(SAID_TOO)]
            assert len(told) == 1, each
            assert any(told[0].endswith(words) for words in NO_ROOM), each
            assert told[0].startswith("/"), each


def records_in(path: Path) -> int:
    database = connect(path)
    [count] = database.execute("SELECT count(*) FROM log").fetchone()
    database.close()
    return int(count)
