"""A daemon to which something happens: SIGUSR2 does the deed that the command line names.

runner.py CONFIG block 30        the event loop is busy with one thing for so many seconds
runner.py CONFIG raise detect    the task of this name meets an error that nobody foresaw
runner.py CONFIG cancel detect   what the task of this name waits for is cancelled
"""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

from monitor import daemon, logs
from monitor.cli.ending import until_told
from monitor.cli.exits import ending
from monitor.config import load
from monitor.watchdog import Limits


def main(config: str, deed: str, what: str, dump: str = "10", end: str = "60") -> int:
    async def run() -> None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR2, befall, deed, what)
        settings = load(Path(config), os.environ, secrets=True)
        await until_told(daemon.run(settings, limits=Limits(float(dump), float(end))))

    logs.configure()
    return ending(lambda: asyncio.run(run()))


def befall(deed: str, what: str) -> None:
    if deed == "block":
        time.sleep(float(what))
        return
    (task,) = [each for each in asyncio.all_tasks() if each.get_name() == what]
    waits_for = task
    while isinstance(waits_for, asyncio.Task):
        waits_for = waits_for._fut_waiter
    if waits_for is None or waits_for.done():  # it is at work; in a moment it waits again
        asyncio.get_running_loop().call_later(0.01, befall, deed, what)
    elif deed == "raise":
        waits_for.set_exception(ZeroDivisionError("broken on purpose"))
    elif deed == "cancel":
        waits_for.cancel()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
