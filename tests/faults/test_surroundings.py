"""A daemon with little memory, few rights, or a service manager that watches it (PRC)"""

import asyncio
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from builders import NOON
from carrying import Clock
from faults.daemons import CHANNEL, befallen, green, installed, met, until, until_recorded
from installation import Installation

from monitor.heart import SIGNS, progressing
from monitor.model.instant import MINUTE, SECOND
from monitor.ports import Fact, Store
from monitor.rehearsal import Server
from monitor.stages.pulse import Attended
from monitor.stores.sqlite.store import open_store
from monitor.views.health import AHEAD, FRESH

ROOT = Path(__file__).parent.parent.parent
MEMORY = 400 << 20
LARGE = 10 << 20
NOBODY = 10001


@pytest.mark.timeout(300)
async def test_prc_04_posts_of_ten_megabytes_fit_into_little_memory(telegram: Server, tmp_path: Path) -> None:
    installation = await installed(telegram, tmp_path)
    lean = {**os.environ, "MALLOC_ARENA_MAX": "1"}  # as in the unit and the image
    async with open_store(installation.store) as store, installation.running(environment=lean) as daemon:
        resource.prlimit(daemon.pid, resource.RLIMIT_AS, (MEMORY, MEMORY))
        await until(lambda: green(store))
        for sign in "xyz":
            telegram.world.publish(CHANNEL, sign * LARGE)
            await until_recorded(store, sign * LARGE)
        telegram.world.publish(CHANNEL, "After.")

        await until_recorded(store, "After.")
        assert daemon.returncode is None


CAGE = """
set -e
mount --make-rprivate /
mount --bind "$BASE" /mnt
mount --bind "$PREFIX" /media
if [ -n "$HIDDEN" ]; then
    mount -t tmpfs -o mode=0755 tmpfs "$HIDDEN"
    mkdir -p "$PREFIX"
    mount --bind /media "$PREFIX"
fi
mount -t tmpfs -o noexec,nosuid,nodev,mode=1777 tmpfs /var/tmp
mount -o remount,bind,ro /
exec setpriv --reuid "$NOBODY" --regid "$NOBODY" --clear-groups --no-new-privs \\
    env -i TMPDIR=/var/tmp PYTHONPATH="$ROOT" PYTHONDONTWRITEBYTECODE=1 "$PYTHON" -m monitor --config /mnt/config run
"""
"""What a container does: nothing but its data can be written, nothing there is executed, nobody's user, no home."""


async def test_prc_12_nobody_on_a_read_only_root_without_a_home(telegram: Server, tmp_path: Path) -> None:
    if not _may_mount():
        pytest.skip("no right to make a mount namespace here")
    installation = await installed(telegram, tmp_path)
    _give_away(tmp_path)
    prefix = Path(sys.base_prefix)
    hidden = next((each for each in reversed([prefix, *prefix.parents]) if not each.stat().st_mode & 0o001), None)
    log = os.open(tmp_path / "daemon.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    daemon = await asyncio.create_subprocess_exec(
        *("unshare", "--mount", "sh", "-c", CAGE),
        env={
            **os.environ,
            "BASE": str(tmp_path),
            "PREFIX": str(prefix),
            "HIDDEN": str(hidden or ""),
            "NOBODY": str(NOBODY),
            "ROOT": str(ROOT),
            "PYTHON": sys.executable,
        },
        stdin=asyncio.subprocess.DEVNULL,
        stdout=log,
        stderr=log,
    )
    os.close(log)
    await until(lambda: _said(installation, "daemon started"))
    async with open_store(installation.store) as store:
        telegram.world.publish(CHANNEL, "Read by nobody.")
        await until_recorded(store, "Read by nobody.")
        daemon.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(daemon.wait(), 15) == 0, installation.log()
    assert {path.stat().st_uid for path in (tmp_path / "var").iterdir() if path.suffix == ".db"} == {NOBODY}


def _give_away(directory: Path) -> None:
    for path in (directory, *directory.rglob("*")):
        os.chown(path, NOBODY, NOBODY)


def _may_mount() -> bool:
    if os.geteuid() != 0 or shutil.which("unshare") is None or shutil.which("setpriv") is None:
        return False
    tried = "mount --make-rprivate / && mount -t tmpfs tmpfs /mnt && mount -o remount,bind,ro /"
    return subprocess.run(["unshare", "--mount", "sh", "-c", tried], capture_output=True, check=False).returncode == 0


async def _said(installation: Installation, words: str) -> bool:
    return words in installation.log()


class Manager:
    """A service manager: hears what it is told, and when nothing more is."""

    def __init__(self) -> None:
        name = f"monitor-{os.getpid()}-{id(self)}"
        self.environment = {**os.environ, "NOTIFY_SOCKET": f"@{name}"}
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(f"\0{name}")
        self._socket.setblocking(False)

    async def hear(self, *, seconds: float) -> str:
        """What comes next. TimeoutError if nothing comes for so long: what `WatchdogSec` is for."""
        async with asyncio.timeout(seconds):
            return (await asyncio.get_running_loop().sock_recv(self._socket, 100)).decode()

    async def silent(self, *, seconds: float) -> None:
        """Returns when nothing was heard for so long."""
        with suppress(TimeoutError):
            while True:
                await self.hear(seconds=seconds)

    def close(self) -> None:
        self._socket.close()


async def test_prc_15_the_service_manager_hears_that_it_is_ready_alive_and_stopping(
    telegram: Server, tmp_path: Path
) -> None:
    installation, manager = await installed(telegram, tmp_path), Manager()
    async with open_store(installation.store) as store, installation.running(environment=manager.environment) as daemon:
        assert await manager.hear(seconds=30) == "READY=1"
        await until(lambda: met(store))
        assert [await manager.hear(seconds=30) for _ in range(2)] == ["WATCHDOG=1"] * 2
        daemon.send_signal(signal.SIGTERM)
        while (heard := await manager.hear(seconds=30)) == "WATCHDOG=1":
            pass
        assert heard == "STOPPING=1"
    manager.close()


async def test_prc_15_a_daemon_whose_own_watchdog_sleeps_falls_silent_and_can_be_started_again(
    telegram: Server, tmp_path: Path
) -> None:
    installation, manager = await installed(telegram, tmp_path), Manager()
    async with open_store(installation.store) as store:
        daemon = await befallen(installation, "block", "900", "9000", "9999", environment=manager.environment)
        await until(lambda: green(store))
        daemon.send_signal(signal.SIGUSR2)

        await manager.silent(seconds=12)

        daemon.kill()
        await daemon.wait()
        telegram.world.publish(CHANNEL, "After.")
        async with installation.running():
            await until_recorded(store, "After.")
    manager.close()


async def test_prc_15_stages_that_get_nowhere_are_not_told_of_as_alive(store: Store) -> None:
    clock = Clock(NOON)
    health = Attended(store.health, clock)
    await health.report([Fact(part, subject, NOON) for part, subject in SIGNS])
    assert progressing(health, now=clock.steady(), started=NOON)

    clock.move(6 * MINUTE)
    await health.report([Fact(*who, clock.now(), red=True) for who in SIGNS if who != ("stage", "detect")])

    assert not progressing(health, now=clock.steady(), started=NOON)


def test_prc_15_the_unit_and_the_container_look_often_enough() -> None:
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    image = (ROOT / "docker" / "Dockerfile").read_text("utf-8")

    assert "Type=notify" in page
    assert "WatchdogSec=60" in page
    assert "--interval=30s --timeout=20s" in image
    assert "--retries=1" in image
    assert FRESH["pulse"] + AHEAD // 60 + 50 * SECOND < 2 * MINUTE
