"""Commands that the operating system fails at any one moment: they are killed there, or the disk is full from there on.

python failing.py kill|full STRIDE BEFALLS COMMANDS, in the environment that `library` makes. It changes something on the disk at so many
moments; with a stride of 3 every third is tried, each in a process of its own.
"""

import ctypes
import errno
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

FAILING = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
static volatile long left = -1, times = -1, counted, changed, synced;
static volatile int how;
void fail_at(long moment, int error, long often) { left = moment; how = error; times = often; }
long calls(void) { return counted; }
int all_on_disk(void) { return changed < synced; }
static int due(int takes_room) {
    counted++;
    if (left < 0) return 0;
    if (left > 0) { left--; return 0; }
    if (!how) kill(getpid(), SIGKILL);
    if (!takes_room && (how == ENOSPC || how == EDQUOT)) return 0;
    if (takes_room < 2 && how == EMFILE) return 0;
    if (times > 0 && !--times) left = -1;
    errno = how;
    return 1;
}
static volatile int *error;
__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("DISK_ERROR");
    int file = path ? open(path, O_RDONLY) : -1;
    void *found = file < 0 ? MAP_FAILED : mmap(0, sizeof *error, PROT_READ, MAP_SHARED, file, 0);
    error = found == MAP_FAILED ? 0 : found;
}
static int none_left(int file, off_t end) {
    struct stat found;
    if (!error || !*error || fstat(file, &found) || !S_ISREG(found.st_mode)) return 0;
    if (end < 0) end = lseek(file, 0, SEEK_CUR) - end;
    errno = *error;
    return *error != ENOSPC || found.st_size < end;
}
static int fails(int takes_room) {
    int failed = due(takes_room);
    changed = counted;
    if (!failed && error && *error && takes_room) { errno = *error; return 1; }
    return failed;
}
static int unsynced(void) { int failed = due(0) || (error && *error == EIO && (errno = EIO)); if (!failed) synced = counted; return failed; }
static int writes_fail(void) { int failed = due(1); changed = counted; return failed; }
#define PLAIN(name) static __typeof__(name) *plain; if (!plain) plain = dlsym(RTLD_NEXT, #name)
#define CALL(takes_room, kind, name, given, passed) \
    kind name given { PLAIN(name); return fails(takes_room) ? -1 : plain passed; }
#define WRITE(name, place) \
    ssize_t name(int file, const void *data, size_t size, place at) { \
        PLAIN(name); \
        return none_left(file, at + size) || writes_fail() ? -1 : plain(file, data, size, at); \
    }
#define SYNC(name) int name(int file) { PLAIN(name); return unsynced() ? -1 : plain(file); }
#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        PLAIN(name); \
        va_list more; va_start(more, flags); mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(more, mode_t) : 0; va_end(more); \
        return flags & O_CREAT && access(path, F_OK) && fails(2) ? -1 : plain(path, flags, mode); \
    }
ssize_t write(int file, const void *data, size_t size) {
    PLAIN(write);
    return file > 2 && (none_left(file, -(off_t)size) || writes_fail()) ? -1 : plain(file, data, size);
}
WRITE(pwrite, off_t)
WRITE(pwrite64, off64_t)
CALL(1, int, mkdir, (const char *path, mode_t mode), (path, mode))
CALL(1, int, rename, (const char *old, const char *new), (old, new))
CALL(1, int, link, (const char *old, const char *new), (old, new))
CALL(1, int, linkat, (int a, const char *old, int b, const char *new, int flags), (a, old, b, new, flags))
CALL(0, int, unlink, (const char *path), (path))
CALL(0, int, ftruncate, (int file, off_t size), (file, size))
CALL(0, int, ftruncate64, (int file, off64_t size), (file, size))
OPEN(open)
OPEN(open64)
SYNC(fsync)
SYNC(fdatasync)
"""
"""A library that is loaded before the C library: counts the calls that change what is on the disk, and whether they were followed by
one that waits for it. A file is made by `open`, where there was none. While the file in DISK_ERROR says so, the whole disk has that
error; one that is full still takes what is written over."""

HOW = {
    "kill": 0,
    "full": errno.ENOSPC,
    "quota": errno.EDQUOT,
    "broken": errno.EIO,
    "readonly": errno.EROFS,
    "files": errno.EMFILE,
}
"""What befalls a process at the moment: it is killed, or its calls get this error from there on."""


class Disk:
    """The disk of the processes that are started with this `environment`."""

    def __init__(self, directory: Path) -> None:
        self._error = directory / "disk.error"
        self._error.write_bytes(bytes(4))
        self.environment = {**library(directory), "DISK_ERROR": str(self._error)}

    def turn(self, how: str) -> None:
        """From now on it is "full", "broken" or "readonly", or well again: ""."""
        with self._error.open("r+b") as file:
            file.write(struct.pack("i", HOW[how] if how else 0))


def fail_at(moment: int, how: str, *, times: int = -1) -> None:
    """In a process that `library` was loaded into: after so many calls, and then so often (-1: for ever). A moment of -1 ends it."""
    ctypes.CDLL(None).fail_at(ctypes.c_long(moment), HOW[how], ctypes.c_long(times))


def calls() -> int:
    """How many there were so far."""
    return int(ctypes.CDLL(None).calls())


def all_on_disk() -> bool:
    """Was every change followed by a call that waits for the disk?"""
    return bool(ctypes.CDLL(None).all_on_disk())


def library(directory: Path) -> dict[str, str]:
    """The environment of processes that can be failed."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("no C compiler, or no Linux: the calls of a process cannot be made to fail")
    source, built = directory / "failing.c", directory / "failing.so"
    source.write_text(FAILING)
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-w", "-o", built, source, "-ldl"], check=True)
    return {**os.environ, "LD_PRELOAD": str(built)}


class Befallen(NamedTuple):
    """What came of the commands at one moment: their exit codes, -9 for one that was killed, what they printed, and what they told
    on standard error."""

    moment: int
    codes: list[int]
    out: list[str]
    err: list[str]


def failed(
    how: str,
    stride: int,
    *commands: Sequence[str],
    befalls: int = 0,
    environment: Mapping[str, str],
    seconds: float = 900,
) -> list[Befallen]:
    """These commands one after the other, for each moment at which the one at place `befalls` is failed; at last for one at which it
    comes to its end. `{}` in their arguments, and in MONITOR_STORE__PATH, is the number of the moment."""
    ended = subprocess.run(
        [sys.executable, __file__, how, str(stride), str(befalls), json.dumps(commands)],
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return [Befallen(*json.loads(line)) for line in ended.stdout.splitlines()]


def main(how: str, stride: str, befalls: str, given: str) -> None:
    from monitor.cli import load

    for name in ("backup", "restore", "verify", "checkpoint"):
        load(name)
    moment, commands, store = 0, json.loads(given), os.environ.get("MONITOR_STORE__PATH", "")
    while True:
        ends = []
        for place, command in enumerate(commands):
            if store:
                os.environ["MONITOR_STORE__PATH"] = store.replace("{}", str(moment))
            at = moment if place == int(befalls) else -1
            ends.append(_end([each.replace("{}", str(moment)) for each in command], at, how=how))
        print(json.dumps([moment, *zip(*ends, strict=True)]), flush=True)
        if ends[int(befalls)][0] == 0:
            return
        moment += int(stride)


def _end(arguments: Sequence[str], at: int, *, how: str) -> tuple[int, str, str]:
    from monitor.__main__ import main as monitor

    with tempfile.TemporaryFile() as printed, tempfile.TemporaryFile() as told:
        child = os.fork()
        if child == 0:
            os.dup2(printed.fileno(), 1)
            os.dup2(told.fileno(), 2)
            fail_at(at, how)
            os._exit(monitor(arguments))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        for file in (printed, told):
            file.seek(0)
        return code, printed.read().decode(), told.read().decode()


if __name__ == "__main__":
    main(*sys.argv[1:])
