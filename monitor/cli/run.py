"""monitor run: the daemon."""

import asyncio
import os
import signal
from collections.abc import Coroutine
from typing import Any

import click

from monitor.cli.usage import Usage, with_usage
from monitor.config import load


@click.command()
@with_usage
def command(usage: Usage) -> int:
    """Collect, record, match and alert until SIGTERM. Stays up, red, when a server, the disk or a destination is away.

    \b
    Example:
      monitor run
      monitor run --config /etc/monitor
    """
    from monitor import daemon  # Telethon and the dictionaries, which `--help` need not wait for

    settings = load(usage.directory, os.environ, secrets=True)
    daemon.check_ready(settings)
    return asyncio.run(_until_told(daemon.run(settings, as_json=usage.json)))


async def _until_told(running: Coroutine[Any, Any, None]) -> int:
    """0 after SIGTERM; Ctrl-C is an interruption like any other command's."""
    told: list[signal.Signals] = []
    task = asyncio.create_task(running)

    def stop(number: signal.Signals) -> None:
        told.append(number)
        task.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop, number)
    try:
        await task
    except asyncio.CancelledError:
        if not told:
            raise
    if signal.SIGINT in told:
        raise KeyboardInterrupt
    return 0
