"""monitor run: the daemon."""

import asyncio
import os

import click

from monitor.cli.ending import until_told
from monitor.cli.usage import Usage, with_usage
from monitor.config import load
from monitor.loop import new_event_loop


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
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(until_told(daemon.run(settings, as_json=usage.json)))
    return 0
