"""monitor run: the daemon."""

import asyncio
import os
import signal

import click

from monitor.cli.ending import until_told
from monitor.cli.usage import Usage, with_usage
from monitor.config import load
from monitor.loop import new_event_loop


@click.command()
@with_usage
def command(usage: Usage) -> int:
    """Collect, record, match and alert until SIGTERM. Stays up, red, when a server, the disk or a destination is away.
    SIGUSR1: takes over stories that were changed.

    \b
    Example:
      monitor run
      monitor run --config /etc/monitor
    """
    asked = asyncio.Event()
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        # Before the files are read: who changes a story while the daemon starts, and says so, is heard once it has.
        runner.get_loop().add_signal_handler(signal.SIGUSR1, asked.set)
        from monitor import daemon  # Telethon and the dictionaries, which `--help` need not wait for

        settings = load(usage.directory, os.environ, secrets=True)
        daemon.check_ready(settings)
        runner.run(until_told(daemon.run(settings, as_json=usage.json, asked=asked)))
    return 0
