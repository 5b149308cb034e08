"""monitor backfill: a channel's history, further back than the first contact went."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import click

from monitor.cli.progress import Progress, progress
from monitor.cli.screen import emit, say
from monitor.cli.usage import Usage, with_usage
from monitor.cli.words import moment
from monitor.clock import SystemClock
from monitor.config import Settings, load
from monitor.config.channels import username
from monitor.errors import ConfigError, Refused
from monitor.model.channel import Channel, Identity
from monitor.model.instant import Instant
from monitor.ports import Store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.sources.telegram.source import TelegramSource


@click.command(context_settings={"ignore_unknown_options": True})  # an id begins with a minus
@click.argument("channels", metavar="CHANNEL…", nargs=-1, required=True)
@click.option(
    "--since", metavar="DATE", callback=moment, help="Not further back than this: 2023-06-01 or 2023-06-01T12:00:00Z."
)
@click.option("--limit", type=click.IntRange(min=1), help="At most so many posts of each channel.")
@click.option("--alert", is_flag=True, help="Alert subscribers of what is found. Otherwise nobody is told.")
@with_usage
def command(usage: Usage, *, channels: tuple[str, ...], since: Instant | None, limit: int | None, alert: bool) -> int:
    """Read history into the ledger, newest first, from the oldest post that was ever asked for. Stopped, it goes on from
    there. Records, matches and indexes before it returns. The daemon must not be running with the same account.

    \b
    Example:
      monitor backfill vvgladkov --since 2023-05-01
      monitor backfill vvgladkov legionoffreedom --limit 1000
    """
    settings = load(usage.directory, os.environ, secrets=True)
    chosen = [_configured(settings, name) for name in channels]
    with progress("reading history") as moved:
        counts = asyncio.run(_backfill(settings, chosen, since=since, limit=limit, alert=alert, moved=moved))
    for channel, count in zip(chosen, counts, strict=True):
        if usage.json:
            emit({"channel": channel.name, "posts": count})
        else:
            say(f"{channel.name}: {count:,} posts")
    return 0


def _configured(settings: Settings, name: str) -> Channel:
    wanted = username(name).casefold()
    for channel in settings.channels:
        if wanted in ((channel.username or "").casefold(), str(channel.id)):
            return channel
    raise ConfigError(f"{settings.directory / 'channels.toml'}: no channel {name}; add it first")


async def _whose(channel: Identity, sources: Sequence[TelegramSource], store: Store) -> TelegramSource:
    """The account that has reached the channel before, else the first that is there."""
    for source in sources:
        for peer in await store.peers.peers(source.account):
            if channel.id == peer.id or (channel.username or "").casefold() == (peer.username or "-").casefold():
                return source
    return sources[0]


async def _backfill(
    settings: Settings,
    channels: list[Channel],
    *,
    since: Instant | None,
    limit: int | None,
    alert: bool,
    moved: Progress,
) -> list[int]:
    from monitor import assembly  # Telethon and the dictionaries, for which `--help` need not wait
    from monitor.cli.settling import settle
    from monitor.stages.backfill import backfill
    from monitor.stores.sqlite.store import open_store

    clock, counts = SystemClock(), []
    async with open_store(settings.store.path) as store:
        accounts, pages = assembly.sources(settings, store, clock), assembly.preview(settings, store, clock)
        for channel in channels:
            if channel.source == "telegram" and not accounts:
                raise ConfigError(f"{channel.name} is read with no account; backfill needs one")
            watch = pages if channel.source == "preview" else await _whose(channel.identity, accounts, store)
            if watch is None:
                raise ConfigError(f"{channel.name} has no public page")
            watch.watch([channel.identity])
            async with watch.asked(channel.identity):
                # Of a channel that was never met, no more is read than is asked for here.
                collector = assembly.collector(watch, settings, store, clock, lambda: None, first_history=0)
                await collector.load()
                known = watch.found(channel.identity)
                if known is None:
                    raise Refused(f"{channel.name}: {watch.missing(channel.identity).reason}")
                await collector.poll([known])
                counts.append(
                    await backfill(
                        watch, store.ledger, store.peers, clock,
                        channel=known, since=since, limit=limit, alert=alert,
                        progress=lambda contact, count: moved(count, limit or 0),
                    )
                )  # fmt: skip
        await settle(settings, store, moved=moved)
    return counts
