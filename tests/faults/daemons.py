"""What the tests of this directory share: a daemon of its own process, what it has in its store, and a clock that jumps."""

import asyncio
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import pytest
from installation import PHONE, Installation
from whole import all_records

from monitor.model.record import Kind, Record
from monitor.ports import Fact
from monitor.rehearsal import Server, sign_in
from monitor.stores.sqlite.store import SqliteStore

CHANNEL = "bridge_news"

JUMPING = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
static volatile long long *ahead;
__attribute__((constructor)) static void begin(void) {
    int file = open(getenv("JUMPING_CLOCK"), O_RDONLY);
    void *found = file < 0 ? MAP_FAILED : mmap(0, 8, PROT_READ, MAP_SHARED, file, 0);
    ahead = found == MAP_FAILED ? 0 : found;
}
int clock_gettime(clockid_t id, struct timespec *now) {
    static int (*plain)(clockid_t, struct timespec *);
    if (!plain) plain = dlsym(RTLD_NEXT, "clock_gettime");
    int failed = plain(id, now);
    if (id == CLOCK_REALTIME && ahead) now->tv_sec += *ahead;
    return failed;
}
int gettimeofday(struct timeval *now, void *zone) {
    struct timespec exact;
    clock_gettime(CLOCK_REALTIME, &exact);
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return 0;
}
time_t time(time_t *kept) {
    struct timespec exact;
    clock_gettime(CLOCK_REALTIME, &exact);
    if (kept) *kept = exact.tv_sec;
    return exact.tv_sec;
}
"""
"""A library that is loaded before the C library: the wall clock of one process is ahead by what a file says."""


class WallClock:
    """The wall clock of the processes that are started with this `environment`."""

    def __init__(self, directory: Path) -> None:
        compiler = shutil.which("cc") or shutil.which("gcc")
        if compiler is None or not sys.platform.startswith("linux"):
            pytest.skip("no C compiler, or no Linux: a process cannot be given a wall clock of its own")
        source, library, self._ahead = directory / "clock.c", directory / "clock.so", directory / "ahead"
        source.write_text(JUMPING)
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-w", "-o", library, source, "-ldl"], check=True)
        self.set(0)
        self.environment = {**os.environ, "LD_PRELOAD": str(library), "JUMPING_CLOCK": str(self._ahead)}

    def set(self, ahead: int) -> None:
        """So many seconds ahead of the true time, from now on."""
        with open(self._ahead, "r+b" if self._ahead.exists() else "wb") as file:
            file.write(struct.pack("q", ahead))


async def installed(
    telegram: Server, base: Path, *, channels: int = 1, collect: str = "poll_seconds = 2"
) -> Installation:
    """An account that has joined so many channels, signed in; nothing runs yet."""
    names = [CHANNEL, *(f"news_{number}" for number in range(1, channels))]
    for name in names:
        telegram.world.add_channel(name)
    telegram.world.add_account(PHONE, joined=names)
    made = Installation(base, port=telegram.port, public_key=telegram.public_key)
    await sign_in(telegram, made.session, PHONE)
    made.write(channels=names, collect=collect)
    return made


async def until(condition: Callable[[], Awaitable[object]], *, seconds: float = 60) -> None:
    """Returns when the condition holds; what it waits for is another process."""
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.05)


async def met(store: SqliteStore, count: int = 1) -> bool:
    return len(await store.peers.contacts()) >= count


async def records(store: SqliteStore, kind: Kind | None = None) -> list[Record]:
    return [each for each in await all_records(store.ledger) if kind in (None, each.kind)]


async def recorded(store: SqliteStore, text: str) -> bool:
    return any(each.said and each.said.text == text for each in await records(store))


async def until_recorded(store: SqliteStore, text: str, *, seconds: float = 60) -> None:
    await until(lambda: recorded(store, text), seconds=seconds)


async def fact(store: SqliteStore, part: str, subject: str | None = None) -> Fact | None:
    return next(
        (each for each in await store.health.facts() if each.part == part and subject in (None, each.subject)), None
    )


async def green(store: SqliteStore) -> bool:
    """Everybody has been heard of, detection by its stories too, and nobody is red."""
    facts = await store.health.facts()
    return {"source", "pulse", "stage", "stories"} <= {each.part for each in facts} and not any(
        each.red for each in facts
    )


def texts(found: list[Record]) -> list[str]:
    """What the posts say, one for each record that says so."""
    return sorted(each.said.text for each in found if each.said and not each.said.service)


def without(environment: Mapping[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name not in names}


async def befallen(
    installation: Installation, deed: str, what: str, *more: str, environment: Mapping[str, str] | None = None
) -> asyncio.subprocess.Process:
    """A daemon to which something happens when it gets SIGUSR2 (`runner.py`)."""
    with (installation.base / "daemon.log").open("ab") as log:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            str(Path(__file__).with_name("runner.py")),
            str(installation.config),
            deed,
            what,
            *more,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=None if environment is None else dict(environment),
        )
