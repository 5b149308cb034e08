"""monitor alerts: what is due, what failed for good, and try that again."""

import asyncio
import os
from collections.abc import Sequence

import click
import msgspec

from monitor.cli.opening import adding, reading
from monitor.cli.screen import counted, emit, line, red, say, say_table, tell
from monitor.cli.usage import Usage, with_usage
from monitor.clock import SystemClock
from monitor.config import Settings, load
from monitor.model.alert import Alert, Notice, State
from monitor.model.instant import text

_STATES = click.Choice([state.value for state in State])
_MANY = 100_000


@click.group()
@with_usage
def command(usage: Usage) -> None:
    """Alerts on their way: `waiting` to be sent, `delivered`, `uncertain` (sent, and nobody knows whether it arrived), or `dead`
    (refused, or given up after a week).

    \b
    Example:
      monitor alerts list --state dead
      monitor alerts retry
    """


@command.command("list")
@click.option("--state", "states", multiple=True, type=_STATES, help="Default: all that are not delivered.")
@click.option("--subscriber", metavar="NAME", help="Only theirs.")
@click.option("--limit", metavar="N", type=click.IntRange(1, _MANY), default=50, show_default=True)
@with_usage
def list_(usage: Usage, *, states: tuple[str, ...], subscriber: str | None, limit: int) -> int:
    """What is due and what failed, newest first.

    \b
    Example:
      monitor alerts list
      monitor alerts list --state dead --state uncertain --subscriber desk --json
    """
    settings = load(usage.directory, os.environ)
    wanted = [State(state) for state in states] or [State.WAITING, State.UNCERTAIN, State.DEAD]
    alerts = asyncio.run(_read(settings, wanted, subscriber=subscriber, limit=limit))
    if usage.json:
        for alert in alerts:
            emit(_as_json(alert))
    elif alerts:
        say_table(
            ("state", "due", "subscriber", "story", "post", "tries", "reason", "key"),
            map(_row, alerts),
            folded=("story", "post", "reason"),
        )
    else:
        say("none")
    return 0


@command.command()
@click.argument("keys", metavar="[KEY]…", nargs=-1)
@click.option("--subscriber", metavar="NAME", help="Only theirs.")
@with_usage
def retry(usage: Usage, *, keys: tuple[str, ...], subscriber: str | None) -> int:
    """Dead and uncertain alerts wait again, under the keys they had, so that a receiver knows one it has seen. Without keys: all
    that are dead; an uncertain one may have arrived, and is only sent again when it is named.

    \b
    Example:
      monitor alerts retry
      monitor alerts retry m-0123456789abcdef
    """
    settings = load(usage.directory, os.environ)
    count = asyncio.run(_retry(settings, keys, subscriber=subscriber))
    if usage.json:
        emit({"retried": count})
    else:
        say(f"waiting again: {counted(count, 'alert')}")
    if keys and count < len(set(keys)):
        tell(f"{len(set(keys)) - count} of the keys are of no alert that is dead or uncertain")
        return 1
    return 0


async def _read(settings: Settings, states: Sequence[State], *, subscriber: str | None, limit: int) -> Sequence[Alert]:
    async with reading(settings) as store:
        return await store.outbox.alerts(states=states, subscriber=subscriber, limit=limit)


async def _retry(settings: Settings, keys: Sequence[str], *, subscriber: str | None) -> int:
    async with reading(settings):
        pass  # there is a ledger, or it is told that there is none
    async with adding(settings) as store:
        if not keys:
            dead = await store.outbox.alerts(states=[State.DEAD], subscriber=subscriber, limit=_MANY)
            keys = [alert.key for alert in dead]
        return await store.outbox.retry(keys, now=SystemClock().now())


def _row(alert: Alert) -> tuple[object, ...]:
    state = alert.state.value
    return (
        red(state) if alert.state in (State.DEAD, State.UNCERTAIN) else state,
        text(alert.due_at),
        alert.subscriber,
        alert.story,
        _about(alert),
        alert.attempts,
        line(alert.reason or _waits_for(alert), most=60),
        alert.key,
    )


def _about(alert: Alert) -> str:
    notice = alert.message.notice
    if isinstance(notice, Notice):
        return f"notice: {notice.part} {line(notice.subject)} {notice.notice}"
    return f"{alert.message.post.channel}/{alert.post}"


def _waits_for(alert: Alert) -> str:
    if alert.within:
        return f"told in {alert.within}"
    return "held, to be told with others" if alert.held else ""


def _as_json(alert: Alert) -> dict[str, object]:
    return {
        "key": alert.key,
        "alert": alert.alert,
        "state": alert.state.value,
        "subscriber": alert.subscriber,
        "story": alert.story,
        "event": alert.message.event,
        "channel": alert.message.post.channel,
        "id": alert.post,
        "record": alert.record,
        "attempts": alert.attempts,
        "reason": alert.reason,
        "held": alert.held,
        "within": alert.within or None,
        "notice": msgspec.to_builtins(notice) if isinstance(notice := alert.message.notice, Notice) else None,
        "created_at": text(alert.created_at),
        "due_at": text(alert.due_at),
    }
