"""monitor match: which stories do these posts speak of?"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import click

from monitor.cli.posts import opened_lines
from monitor.cli.records import spans, truncated
from monitor.cli.screen import Piece, counted, emit, line, say, say_pieces, tell
from monitor.cli.usage import Usage, with_usage
from monitor.compiling import word_many
from monitor.config.loading import load_channels, load_stories
from monitor.config.mistakes import Mistakes
from monitor.matching.language import spoken
from monitor.matching.matcher import Found, Matcher, Sighting, Subject
from monitor.model.match import Span
from monitor.sources.lines import BadLine, Candidate, read_loosely

BATCH = 256
"""Posts that one pass looks at."""


@click.command()
@click.argument("file", type=click.Path(path_type=Path), default="-")
@click.option("--all", "everything", is_flag=True, help="Also every name and word that was seen without a flag.")
@with_usage
def command(usage: Usage, *, file: Path, everything: bool) -> int:
    """A dry run: which stories do these posts (JSON lines; - is standard input) speak of, and where? Stores nothing and needs
    nothing but the stories; of a post it needs no more than its text. With --json a line a post and story; with --all one more
    for each post, without a story, that holds what else was seen.

    \b
    Example:
      monitor match posts.jsonl
      echo '{"channel":"vvgladkov","id":1,"date":"2023-06-04T13:00:00Z","text":"…"}' | monitor match --json
    """
    stories = load_stories(usage.directory)
    if not stories:
        tell(f"no stories in {usage.directory / 'stories'}: nothing can match")
    matcher = Matcher(stories, languages=_languages(usage.directory), words=word_many)
    bad = posts = flagged = broken = 0
    with opened_lines(file) as lines:
        found = read_loosely(lines, name=str(file))
        while batch := list(islice(found, BATCH)):
            candidates = [each for each in batch if isinstance(each, Candidate)]
            for each in batch:
                if isinstance(each, BadLine):
                    bad += 1
                    tell(str(each))
            subjects = [Subject(each.identity, each.post.fields(), each.at) for each in candidates]
            sightings = matcher.match(subjects, everything=everything)
            posts += len(candidates)
            flagged += sum(bool(sighting.flagged) for sighting in sightings)
            broken += sum(bool(sighting.broken) for sighting in sightings)
            for candidate, sighting in zip(candidates, sightings, strict=True):
                if usage.json:
                    _emit(candidate, sighting, everything=everything)
                else:
                    _say(candidate, sighting)
                for story in sighting.broken:
                    reason = type(story.error).__name__
                    tell(f"{_name(candidate)}: story {story.story} could not be evaluated ({reason}); this is a bug")
    if not usage.json:
        tell(f"{counted(posts, 'post')}, {flagged:,} of them flagged")
    return 1 if bad or broken else 0


def _languages(directory: Path) -> Mapping[str, str]:
    """What the channels speak. A wording can be tried without."""
    try:
        return spoken(load_channels(directory))
    except Mistakes as error:
        tell(f"{error}\nmatched as if no channel had a language")
        return {}


def _emit(candidate: Candidate, sighting: Sighting, *, everything: bool) -> None:
    """The contract's lines: one for each story that the post speaks of, and for what else was seen one without a story."""
    for found in sighting.flagged:
        emit(_as_json(candidate, found.spans, found) | truncated(sighting.truncated))
    if everything:
        emit(_as_json(candidate, sighting.others, None) | truncated(sighting.truncated))


def _as_json(candidate: Candidate, shown: Sequence[Span], found: Found | None) -> dict[str, Any]:
    """`channel` and `id` as the line gave them, so that it can be found again by them."""
    return {
        "channel": candidate.channel,
        "id": candidate.id,
        "story": found.story if found else None,
        "edition": found.edition if found else None,
        "priority": found.priority if found else None,
        "spans": spans(shown),
    }


def _say(candidate: Candidate, sighting: Sighting) -> None:
    post = _name(candidate)
    for found in sighting.flagged:
        say(f"{post} speaks of {found.story} ({found.priority})", style="bold")
        say_pieces(list(_pieces(candidate.post.text, found.spans)), indent="  | ")
        for reason in dict.fromkeys(found.why):
            say(f"  {line(reason)}")
    if sighting.truncated:
        say(f"{post} is so long, or holds so many tracked words, that the rest was not looked at", style="yellow")
    if sighting.others:
        seen = ", ".join(f"«{line(span.text)}» {span.story}/{span.name}" for span in sighting.others)
        say(f"{post} also holds {seen}", style="dim")


def _name(candidate: Candidate) -> str:
    name = candidate.identity.name if candidate.identity else "a post"
    return name if candidate.id is None else f"{name}/{line(str(candidate.id))}"


def _pieces(text: str, shown: Sequence[Span]) -> Iterator[Piece]:
    """The text with what was found set off."""
    place = 0
    for span in sorted(shown):
        if span.start < place:
            continue  # within one that is set off already
        yield Piece(text[place : span.start])
        yield Piece(text[span.start : span.end], style="bold yellow")
        place = span.end
    yield Piece(text[place:])
