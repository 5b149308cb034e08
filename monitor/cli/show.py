"""monitor show: what is known of one post?"""

import asyncio
import os
from collections.abc import Iterator
from typing import Any

import click

from monitor.cli.opening import reading
from monitor.cli.records import as_json, match_as_json
from monitor.cli.screen import Piece, emit, line, say, say_pieces, say_table
from monitor.cli.usage import Usage, with_usage
from monitor.cli.words import channel_or_post
from monitor.config import Settings, load
from monitor.matching.language import INFLECTED, base_of, language_of, spoken
from monitor.model.coverage import Coverage
from monitor.model.instant import text
from monitor.model.post import Post, PostId
from monitor.model.record import Gone, Record, Reviewed
from monitor.views import covering
from monitor.views.changes import changes
from monitor.views.dossier import Dossier, dossier
from monitor.views.media import fates

STYLES = {"same": "", "gone": "red strike", "new": "green"}
MARKS = {"same": ("", ""), "gone": ("[-", "-]"), "new": ("{+", "+}")}
"""What git's word diff uses, for where there is no colour."""


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("reference", metavar="CHANNEL[/ID]", callback=channel_or_post)
@with_usage
def command(usage: Usage, *, reference: tuple[str, PostId | None]) -> int:
    """One post, or a channel. Of a channel: how each of its ids is accounted for, when it could not be seen, who may see it, and
    what it was called. Of a post: every revision, what changed from one to the
    next, why it matched, what reviewers said of it, whom it was told,
    and where in the ledger it stands. What was taken out of the text is shown as [-so-], what was put in as {+so+}.

    \b
    Example:
      monitor show vvgladkov/123
      monitor show vvgladkov
      monitor show https://t.me/vvgladkov/123 --json
    """
    settings = load(usage.directory, os.environ)
    name, number = reference
    if number is None:
        coverage = asyncio.run(_cover(settings, name))
        if usage.json:
            emit(covering.for_programs(coverage))
        else:
            say(
                f"{coverage.channel.name}" + (f" ({line(coverage.channel.title)})" if coverage.channel.title else ""),
                style="bold",
            )
            for words in covering.in_words(coverage):
                say(line(words, most=400))
        return 0
    found = asyncio.run(_gather(settings, name, number))
    language = language_of(_last_said(found), {*INFLECTED, *map(base_of, spoken(settings.channels).values())})
    if usage.json:
        emit(for_programs(found) | {"language": language})
    else:
        _print(found, language)
    return 0


async def _cover(settings: Settings, name: str) -> Coverage:
    async with reading(settings) as store:
        return await covering.covering(store, name)


async def _gather(settings: Settings, name: str, post: PostId) -> Dossier:
    async with reading(settings) as store:
        return await dossier(store, name, post)


def for_programs(found: Dossier) -> dict[str, Any]:
    """The dossier as the contract words it."""
    name = found.channel.name
    return {
        "channel": name,
        "id": found.post,
        "records": [as_json(record) for record in found.records],
        "matches": [
            match_as_json(match, channel=name, post=found.post) | {"record": match.record, "why": match.why}
            for match in found.matches
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
            for alert in found.alerts
        ],
        "reviews": [_review(record) for record in found.reviews],
        "media": [as_json(record) for record in found.media],
        "erasures": [as_json(record) for record in found.erasures],
    }


def _review(record: Record) -> dict[str, Any]:
    said = record.content  # erased, it is still known that there was one, and when
    found: dict[str, Any] = {"record": record.index, "at": text(record.observed_at)}
    if isinstance(said, Reviewed):
        found |= {
            "story": said.story,
            "aspect": said.aspect,
            "verdict": said.verdict,
            "reason": said.reason,
            "by": said.by,
        }
    return found


def _last_said(found: Dossier) -> str:
    return next((record.said.text for record in reversed(found.records) if record.said is not None), "")


def _print(found: Dossier, language: str | None) -> None:
    title = f" ({line(found.channel.title)})" if found.channel.title else ""
    say(f"{found.channel.name}/{found.post}{title}", style="bold")
    if _last_said(found):
        say(f"language: {language or 'unknown'}")
    before: str | None = None
    for record in found.records:
        say()
        say(_heading(record), style="bold")
        say(f"  record {record.index}, leaf {record.leaf.hex()}")
        if record.said is not None:
            if record.said.text or before:
                say_pieces(_pieces(before, record.said.text), indent="  | ")
            before = record.said.text
            fate = {each.media: each.words for each in fates(record.said, found.media, found.waiting)}
            for item in record.said.media:
                say(f"  attached: {line(item.described(), most=400)}")
                if item in fate:
                    say(f"    {line(fate[item], most=400)}")
            if record.said.service:
                say(f"  {line(record.said.service)}")
            for beside in _beside(record.said):
                say(f"  {line(beside, most=400)}")
        elif (words := _words(found, record)) is not None:
            say(f"  {words}")
    if found.matches:
        say()
        for match in found.matches:
            say(f"record {match.record} speaks of {match.story} ({match.priority})", style="bold")
            for reason in match.why:
                say(f"  {line(reason)}")
    if found.reviews:
        say()
        for record in found.reviews:
            story = f" for {line(record.content.story)}" if isinstance(record.content, Reviewed) else ""
            say(f"reviewed{story}, {text(record.observed_at)}", style="bold")
            say(f"  {_words(found, record)}")
    if found.alerts:
        say()
        rows = [
            (alert.subscriber, alert.story, alert.message.event, alert.state.value, line(alert.reason, most=80))
            for alert in found.alerts
        ]
        say_table(("told", "story", "event", "state", "reason"), rows)


def _beside(post: Post) -> Iterator[str]:
    """Whence it came, what it answers, who signed it: each in a few words."""
    if (forward := post.forward) is not None:
        if forward.channel is not None:
            whence = forward.channel.title or forward.channel.name
        else:
            whence = f"{forward.name}, as it calls itself" if forward.name else "somebody without a name"
        yield f"forwarded from {whence}" + (f", post {forward.post}" if forward.post else "")
    if (reply := post.reply_to) is not None:
        what = f"{reply.channel.name}/{reply.post}" if reply.channel else str(reply.post or "a post that is not seen")
        yield f"answers {what}" + (f": «{reply.quote}»" if reply.quote else "")
    if post.author:
        yield f"signed {post.author}"
    if post.buttons:
        yield f"buttons: {' / '.join(post.buttons)}"


def _heading(record: Record) -> str:
    found = f"{record.kind.value}, seen {text(record.observed_at)}"
    if record.published_at is not None:
        found += f", published {text(record.published_at)}"
    return f"{found}, by {record.source.value}" if record.source is not None else found


def _words(found: Dossier, record: Record) -> str | None:
    match record.content:
        case None:
            return line(found.why_empty(record))
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
