"""A file system on which locks are refused, or granted to everybody (STO-21)"""

import errno
import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.errors import AlreadyRunning, ConfigError
from monitor.locks import Lock, check_ranges, take
from monitor.telegram.client import locked

LOCKING = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static int odd(int file, const char *call) {
    char link[64], path[4096];
    const char *folder = getenv("LOCKS_FOLDER");
    if (!folder || strcmp(call, getenv("LOCKS_CALL"))) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    return length > 0 && !strncmp(path, folder, strlen(folder));
}
static int refused(void) { errno = atoi(getenv("LOCKS_ERROR")); return errno ? -1 : 0; }
int flock(int file, int operation) {
    int (*plain)(int, int) = dlsym(RTLD_NEXT, "flock");
    return odd(file, "flock") ? refused() : plain(file, operation);
}
#define FCNTL(name) \
    int name(int file, int command, ...) { \
        int (*plain)(int, int, void *) = dlsym(RTLD_NEXT, #name); \
        va_list more; va_start(more, command); void *given = va_arg(more, void *); va_end(more); \
        int locks = command == F_SETLK || command == F_SETLKW || command == F_OFD_SETLK || command == F_OFD_SETLKW; \
        return locks && odd(file, "fcntl") ? refused() : plain(file, command, given); \
    }
FCNTL(fcntl)
FCNTL(fcntl64)
"""
"""A library that is loaded before the C library: below the directory LOCKS_FOLDER the call LOCKS_CALL fails with LOCKS_ERROR, or, where
that is 0, grants what is asked for and does nothing. That is what file systems without working locks do."""

GRANTED = 0


def refusing(number: int) -> Lock:
    def lock(descriptor: int, operation: int) -> None:
        raise OSError(number, os.strerror(number))

    return lock


def granting(descriptor: int, operation: int) -> None:
    """Everything to everybody."""


LOCKS = {
    "none are left": refusing(errno.ENOLCK),
    "not supported": refusing(errno.EOPNOTSUPP),
    "not implemented": refusing(errno.ENOSYS),
    "granted to everybody": granting,
}


def taken(path: Path, lock: Lock) -> None:
    with path.open("w") as file:
        take(file.fileno(), path, flock=lock)


def ranges(path: Path, lock: Lock) -> None:
    check_ranges(path, lockf=lock)


@pytest.mark.parametrize("lock", LOCKS.values(), ids=LOCKS)
@pytest.mark.parametrize("look", [taken, ranges])
def test_sto_21_locks_that_do_not_hold_are_told_with_the_directory_and_what_to_do(
    look: Callable[[Path, Lock], None], lock: Lock, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as told:
        look(tmp_path / "monitor.db.lock", lock)

    assert str(told.value).startswith(f"{tmp_path}: locks on files do not hold there (")
    assert str(told.value).endswith("put it on a disk of this machine")


def test_locks_that_hold_are_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "monitor.db.lock"

    check_ranges(tmp_path / "monitor.db.locks")
    with locked(path, what="the data"):
        with (
            pytest.raises(AlreadyRunning, match=f"in use by process {os.getpid()}"),
            locked(path, what="the data"),
        ):
            pytest.fail("two have it")
        assert [each.name for each in tmp_path.iterdir()] == ["monitor.db.lock"]


def test_what_another_process_holds_is_not_taken_for_a_lock_that_does_not_hold(tmp_path: Path) -> None:
    path = tmp_path / "monitor.db.lock"
    with path.open("w") as first, path.open("w") as second:
        fcntl.flock(first, fcntl.LOCK_EX)

        with pytest.raises(BlockingIOError):
            take(second.fileno(), path)


@pytest.mark.parametrize(
    ("call", "error", "reason"),
    [
        ("fcntl", GRANTED, "they are granted to everybody"),
        pytest.param("flock", GRANTED, "they are granted to everybody", marks=pytest.mark.full),
        pytest.param("flock", errno.ENOLCK, "No locks available", marks=pytest.mark.full),
        pytest.param("fcntl", errno.EOPNOTSUPP, "Operation not supported", marks=pytest.mark.full),
    ],
)
def test_sto_21_the_daemon_does_not_start_on_such_a_file_system_and_writes_no_database(
    call: str, error: int, reason: str, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    (config / "stories").mkdir(parents=True)
    (config / "monitor.toml").write_text('[preview]\naddress = "http://127.0.0.1:9"\n')
    (config / "channels.toml").write_text('[[channel]]\nusername = "bridge_news"\nparty = "x"\nsource = "preview"\n')
    (config / "subscribers.toml").write_text('[[subscriber]]\nname = "me"\nvia = { kind = "console" }\n')
    (config / "stories/bridge.toml").write_text('title = "t"\n[topics]\na = "bridge"\n[[flag]]\nwhen = "a"\n')
    folder = tmp_path / "var"

    ended = subprocess.run(
        [sys.executable, "-m", "monitor", "--config", config, "run"],
        env=file_system(tmp_path, folder, call=call, error=error),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode == 2, ended.stderr
    assert f"{folder}: locks on files do not hold there ({reason})" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert [each.name for each in folder.iterdir()] == ["monitor.db.lock"]


def file_system(directory: Path, folder: Path, *, call: str, error: int) -> dict[str, str]:
    """The environment of processes to which `folder` is a file system on which `call` locks nothing."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("no C compiler, or no Linux: the calls of a process cannot be made to fail")
    source, library = directory / "locks.c", directory / "locks.so"
    source.write_text(LOCKING)
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-w", "-o", library, source, "-ldl"], check=True)
    told = {"LOCKS_FOLDER": str(folder), "LOCKS_CALL": call, "LOCKS_ERROR": str(error)}
    return {**os.environ, "LD_PRELOAD": str(library), **told}
