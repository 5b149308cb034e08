"""monitor match: which stories do these posts speak of?"""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import click

from monitor.cli.posts import opened
from monitor.cli.records import spans
from monitor.cli.screen import Piece, counted, emit, line, say, say_pieces, tell
from monitor.cli.usage import Usage, with_usage
from monitor.config.loading import load_stories
from monitor.matching.matcher import Found, Matcher, Sighting, Subject
from monitor.model.match import Span
from monitor.model.record import Draft, Said
from monitor.sources.lines import BadLine, read

BATCH = 256
"""Posts that one pass looks at."""


@click.command()
@click.argument("file", type=click.Path(path_type=Path), default="-")
@click.option("--all", "everything", is_flag=True, help="Also every name and word that was seen without a flag.")
@with_usage
def command(usage: Usage, *, file: Path, everything: bool) -> int:
    """A dry run: which stories do these posts (JSON lines; - is standard input) speak of, and where? Stores nothing and needs
    nothing but the stories.

    \b
    Example:
      monitor match posts.jsonl
      echo '{"channel":"vvgladkov","id":1,"date":"2023-06-04T13:00:00Z","text":"…"}' | monitor match --json
    """
    stories = load_stories(usage.directory)
    if not stories:
        tell(f"no stories in {usage.directory / 'stories'}: nothing can match")
    matcher = Matcher(stories)
    bad = posts = flagged = 0
    with opened(file) as lines:
        found = read(lines, name=str(file), channel=None, observed_at=0, quiet=True)
        while batch := list(islice(found, BATCH)):
            drafts = [each for each in batch if isinstance(each, Draft)]
            for each in batch:
                if isinstance(each, BadLine):
                    bad += 1
                    tell(str(each))
            sightings = matcher.match([_subject(draft) for draft in drafts], everything=everything)
            posts += len(drafts)
            flagged += sum(bool(sighting.flagged) for sighting in sightings)
            for draft, sighting in zip(drafts, sightings, strict=True):
                _show(draft, sighting, usage=usage)
    if not usage.json:
        tell(f"{counted(posts, 'post')}, {flagged:,} of them flagged")
    return 1 if bad else 0


def _subject(draft: Draft) -> Subject:
    fields = draft.content.post.fields() if isinstance(draft.content, Said) else ()
    return Subject(draft.channel, fields)


def _show(draft: Draft, sighting: Sighting, *, usage: Usage) -> None:
    name = draft.channel.name if draft.channel else ""
    if usage.json:
        for found in sighting.flagged:
            emit(_as_json(name, draft.post, found.spans, found))
        if sighting.others:
            emit(_as_json(name, draft.post, sighting.others, None))
        return
    for found in sighting.flagged:
        say(f"{name}/{draft.post} speaks of {found.story} ({found.priority})", style="bold")
        _print(draft, found.spans)
        for reason in dict.fromkeys(found.why):
            say(f"  {line(reason)}")
    if sighting.others:
        seen = ", ".join(f"«{line(span.text)}» {span.story}/{span.name}" for span in sighting.others)
        say(f"{name}/{draft.post} also holds {seen}", style="dim")


def _as_json(channel: str, post: int, shown: Sequence[Span], found: Found | None) -> dict[str, Any]:
    """The contract's line of a post and a story; without a story, of what else was seen."""
    return {
        "channel": channel,
        "id": post,
        "story": found.story if found else None,
        "edition": found.edition if found else None,
        "priority": found.priority if found else None,
        "spans": spans(shown),
    }


def _print(draft: Draft, shown: Sequence[Span]) -> None:
    """The text with what was found set off."""
    text = draft.content.post.text if isinstance(draft.content, Said) else ""
    say_pieces(list(_pieces(text, [span for span in shown if span.field == "text"])), indent="  | ")


def _pieces(text: str, shown: Sequence[Span]) -> Iterator[Piece]:
    place = 0
    for span in sorted(shown):
        if span.start < place:
            continue  # within one that is set off already
        yield Piece(text[place : span.start])
        yield Piece(text[span.start : span.end], style="bold yellow")
        place = span.end
    yield Piece(text[place:])
