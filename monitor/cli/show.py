"""monitor show: what is known of one post?"""

import asyncio
import os
from collections.abc import Sequence
from typing import Any

import click
import msgspec

from monitor.cli.diff import changes
from monitor.cli.opening import known_channel, reading
from monitor.cli.records import as_json, match_as_json
from monitor.cli.screen import Piece, emit, line, say, say_pieces, say_table
from monitor.cli.usage import Usage, with_usage
from monitor.cli.words import post
from monitor.config import Settings, load
from monitor.errors import LedgerBroken, Refused
from monitor.ledger.audit import altered
from monitor.model.alert import Alert
from monitor.model.channel import Identity
from monitor.model.instant import text
from monitor.model.match import Match
from monitor.model.post import PostId
from monitor.model.record import Gone, Record, Reviewed

STYLES = {"same": "", "gone": "red strike", "new": "green"}
MARKS = {"same": ("", ""), "gone": ("[-", "-]"), "new": ("{+", "+}")}
"""What git's word diff uses, for where there is no colour."""


class Dossier(msgspec.Struct, frozen=True):
    """All records of one post, its matches and the alerts about it, each oldest first."""

    channel: Identity
    post: PostId
    records: Sequence[Record]
    matches: Sequence[Match]
    alerts: Sequence[Alert]


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("reference", metavar="CHANNEL/ID", callback=post)
@with_usage
def command(usage: Usage, *, reference: tuple[str, PostId]) -> int:
    """One post: every revision, what changed from one to the next, why it matched, whom it was told, and where in the ledger
    it stands. What was taken out of the text is shown as [-so-], what was put in as {+so+}.

    \b
    Example:
      monitor show vvgladkov/123
      monitor show https://t.me/vvgladkov/123 --json
    """
    settings = load(usage.directory, os.environ)
    dossier = asyncio.run(_gather(settings, *reference))
    if usage.json:
        emit(_for_programs(dossier))
    else:
        _print(dossier)
    return 0


async def _gather(settings: Settings, name: str, post: PostId) -> Dossier:
    async with reading(settings) as store:
        channel = await known_channel(store.ledger, name)
        records = await store.ledger.revisions(channel, post)
        if not records:
            raise Refused(f"post {name}/{post} is not in the ledger")
        for record in records:
            for sealed in await store.ledger.sealed(record.index, 1):
                if reason := altered(sealed):
                    raise LedgerBroken(f"record {sealed.index} does not verify: {reason}", index=sealed.index)
        matches = await store.findings.of_records([record.index for record in records])
        alerts = await store.findings.alerted([(records[0].number, post)])
    return Dossier(channel, post, records, matches, alerts)


def _for_programs(dossier: Dossier) -> dict[str, Any]:
    name = dossier.channel.name
    return {
        "channel": name,
        "id": dossier.post,
        "records": [as_json(record) for record in dossier.records],
        "matches": [
            match_as_json(match, channel=name, post=dossier.post) | {"record": match.record, "why": match.why}
            for match in dossier.matches
        ],
        "alerts": [
            {
                "key": alert.key,
                "alert": alert.alert,
                "subscriber": alert.subscriber,
                "story": alert.story,
                "record": alert.record,
                "event": alert.message.event,
                "state": alert.state.value,
                "attempts": alert.attempts,
                "reason": alert.reason,
            }
            for alert in dossier.alerts
        ],
    }


def _print(dossier: Dossier) -> None:
    title = f" ({line(dossier.channel.title)})" if dossier.channel.title else ""
    say(f"{dossier.channel.name}/{dossier.post}{title}", style="bold")
    before: str | None = None
    for record in dossier.records:
        say()
        say(_heading(record), style="bold")
        say(f"  record {record.index}, leaf {record.leaf.hex()}")
        if record.said is not None:
            if record.said.text or before:
                say_pieces(_pieces(before, record.said.text), indent="  | ")
            before = record.said.text
            for item in record.said.media:
                say(f"  attached: {line(item.described(), most=400)}")
            if record.said.service:
                say(f"  {line(record.said.service)}")
        elif (words := _words(record)) is not None:
            say(f"  {words}")
    if dossier.matches:
        say()
        for match in dossier.matches:
            say(f"record {match.record} speaks of {match.story} ({match.priority})", style="bold")
            for reason in match.why:
                say(f"  {line(reason)}")
    if dossier.alerts:
        say()
        rows = [
            (alert.subscriber, alert.story, alert.message.event, alert.state.value, line(alert.reason, most=80))
            for alert in dossier.alerts
        ]
        say_table(("told", "story", "event", "state", "reason"), rows)


def _heading(record: Record) -> str:
    found = f"{record.kind.value}, seen {text(record.observed_at)}"
    if record.published_at is not None:
        found += f", published {text(record.published_at)}"
    return f"{found}, by {record.source.value}" if record.source is not None else found


def _words(record: Record) -> str | None:
    match record.content:
        case None:
            return "the content was erased, or is of a later version"
        case Gone(method=method, last_seen_at=seen, first_missing_at=missing, looks=looks):
            known = f"last seen {_at(seen)}, missing since {_at(missing)} at the latest"
            return f"{known}; {'we were told' if method == 'push' else f'looked for {looks} times'}"
        case Reviewed(verdict=verdict, aspect=aspect, reason=reason, by=by):
            return f"{line(by)}: {aspect} {verdict}: {line(reason)}"
    return None


def _at(at: int | None) -> str:
    return "nobody knows when" if at is None else text(at)


def _pieces(before: str | None, after: str) -> list[Piece]:
    if before is None:
        return [Piece(after)]
    return [Piece(words, *MARKS[what], style=STYLES[what]) for what, words in changes(before, after)]
