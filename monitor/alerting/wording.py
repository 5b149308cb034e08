"""What does a person read of an alert, in a chat and on a terminal?

Words of ours and words of the post never mix: what a stranger wrote stands apart, is shown harmlessly (`display.py`), and cannot
imitate the lines around it.
"""

from collections.abc import Sequence

from monitor.alerting.display import cut, folded, harmless, units
from monitor.alerting.pieces import READ, Piece, When, Worded, clock, short, worded
from monitor.alerting.several import of_digest, of_notice, vanished
from monitor.model.alert import Digest, Message, Notice

__all__ = ["CHAT_UNITS", "COLUMNS", "QUOTE", "Worded", "for_chat", "for_terminal"]

CHAT_UNITS = 4096
"""Telegram takes no longer message: UTF-16 units, entities not counted."""
COLUMNS = 96
"""Cells of a line on a terminal, whatever its width: longer ones are hard to read."""
QUOTE = "  | "
"""Stands before every line of a stranger's on a terminal."""
TERMINAL_UNITS = 700
TERMINAL_LINES = 10
_REASONS = 6
_ALIKE = 3
_REASON_UNITS = 160


def for_chat(message: Message, *, time_zone: str = "UTC", most: int = CHAT_UNITS) -> Worded:
    """At most `most` UTF-16 units of plain text. Nothing in it is to be read as markup, a mention or a command."""
    when = clock(time_zone)
    if (pieces := _of_many(message, when, most=most)) is not None:
        return worded(pieces)
    texts = _texts(message)
    head = [*_heading(message, when), *_notes(message, when)]
    tail = [message.standing, message.post.link or "no public link", f"record {message.record}"]
    labels = [label for label, _ in texts]
    reasons, warnings = _reasons(message), _warnings(message)
    beware = ["beware:", *warnings] if warnings else []
    fixed = sum(units(line) + 1 for line in (*head, *beware, *labels, *tail, "why:", *reasons))
    shares = _shares([text for _, text in texts], most - fixed - len(texts), _cut_note(message))
    pieces = [Piece(line) for line in head]
    if warnings:
        pieces += [Piece("beware:"), Piece("\n".join(warnings), quoted=True)]
    for label, share in zip(labels, shares, strict=True):
        pieces += [Piece(label)] if label else []
        pieces += [Piece(share, quoted=True)] if share else []
    if reasons:
        pieces += [Piece("why:"), Piece("\n".join(reasons), quoted=True)]
    pieces += [Piece(line) for line in tail]
    return worded(pieces)


def for_terminal(message: Message, *, key: str, time_zone: str = "UTC") -> str:
    """Some lines, the last without a line break. No control character but the line break is in them."""
    when = clock(time_zone)
    if (pieces := _of_many(message, when, most=CHAT_UNITS)) is not None:
        said = [
            _line(line, lead=QUOTE, then=QUOTE) if piece.quoted else _line(line, lead="" if not place else "  ")
            for place, piece in enumerate(pieces)
            for line in piece.text.split("\n")
        ]
        return "\n".join([*said, _line(key)])
    lines = [_line(words, lead="") for words in _heading(message, when)]
    lines += [_line(f"beware: {warning}") for warning in _warnings(message)]
    for label, text in _texts(message):
        lines += [_line(label)] if label else []
        shown = _shortened(text, TERMINAL_UNITS, _cut_note(message))
        lines += [_line(words, lead=QUOTE, then=QUOTE) for words in _first_lines(shown, message)]
    lines += [_line(words) for words in _notes(message, when)]
    lines += [_line(f"why: {reason}") for reason in _reasons(message)]
    lines.append(_line(f"{message.standing} · {message.post.link or 'no public link'}"))
    lines.append(_line(f"story {harmless(message.story.id)} · record {message.record} · {key}"))
    return "\n".join(lines)


def _of_many(message: Message, when: When, *, most: int) -> list[Piece] | None:
    """None where it tells of one post."""
    if isinstance(message.notice, Notice):
        return of_notice(message.notice, when)
    if isinstance(message.digest, Digest):
        return of_digest(message.digest, message, when, most=most)
    return None


def _line(words: str, *, lead: str = "  ", then: str = " " * len(QUOTE)) -> str:
    """A line behind its lead, folded before a terminal does it."""
    return lead + f"\n{then}".join(folded(words.replace("\n", " "), COLUMNS - len(QUOTE)))


def _heading(message: Message, when: When) -> list[str]:
    """Which story, who speaks where, when."""
    post = message.post
    urgent = f"{message.priority.upper()} · " if message.priority == "high" else ""
    party = f"{short(post.party)} · " if post.party else ""
    published = f"published {when(post.date)}" if post.date else f"seen {when(message.observed_at)}, date unknown"
    return [
        f"{urgent}{message.event.upper()} · {short(message.story.title)}",
        f"{party}{short(post.channel)}, post {post.id}",
        published,
    ]


def _notes(message: Message, when: When) -> list[str]:
    """What must be known before the text is read."""
    notes = []
    if message.event == "deleted" and message.change is not None:
        notes.append(f"deleted: {vanished(message.change, when)}")
    if message.event == "edited":
        between = message.change.between if message.change else 0
        wordings = "1 other wording" if between == 1 else f"{between:,} other wordings"
        skipped = f"; {wordings} came between" if between else ""
        notes.append(f"edited: seen {when(message.observed_at)}{skipped}")
    if message.post.parts:
        notes.append(f"an album of {len(message.post.parts)} posts")
    for other in message.post.alike[:_ALIKE]:
        share = "the same words as" if other.alike == 1 else f"{other.alike:.0%} of the words as in"
        notes.append(f"{share} {short(other.channel)}, post {other.id}")
    if message.late:
        notes.append(f"late: we saw it {when(message.observed_at)}")
    if message.repeat:
        notes.append("possible repeat: this may have reached you before")
    return notes


def _texts(message: Message) -> list[tuple[str, str]]:
    """What the post says and said, each with the line that announces it."""
    now, before = message.post.text, message.change.before if message.change else None
    attached = [("attached:", "\n".join(message.post.attached))] if message.post.attached else []
    if message.event == "deleted":
        return [("it said:", before)] if before else [("what it said is not at hand", "")]
    if now is None:
        return [("the text is left out, as this subscription asks", "")]
    if before is None:
        return [("", now), *attached] if now else attached or [("no text", "")]
    if before == now and message.change and message.change.between:
        return [("the words are again what they were:", now), *attached]
    if before == now:
        return [("the words are the same; markup, media or links were changed:", now), *attached]
    says = [("now:" if now else "now without text", now), ("before:" if before else "before without text", before)]
    return [*says, *attached]


def _reasons(message: Message) -> list[str]:
    """The matched words, each with the reason, each once."""
    reasons = list(dict.fromkeys(message.why))
    shown = [short(reason, _REASON_UNITS) for reason in reasons[:_REASONS]]
    return shown + ([f"and {len(reasons) - _REASONS} more"] if len(reasons) > _REASONS else [])


def _warnings(message: Message) -> list[str]:
    return [short(warning, _REASON_UNITS) for warning in message.post.warnings[:_REASONS]]


def _shares(texts: Sequence[str], room: int, note: str) -> list[str]:
    """The texts in at most `room` units together: each has its share, and what a short one leaves is the other's."""
    left, shown = room, [""] * len(texts)
    shortest_first = sorted(range(len(texts)), key=lambda place: len(texts[place]))
    for done, place in enumerate(shortest_first):
        shown[place] = _shortened(texts[place], left // (len(texts) - done), note)
        left -= units(shown[place])
    return shown


def _shortened(text: str, most: int, note: str) -> str:
    shown = harmless(text[:READ])
    if len(text) <= READ and units(shown) <= most:
        return shown
    return cut(shown, most - units(note)) + note


def _cut_note(message: Message) -> str:
    return f" [cut, full text: record #{message.record}]"


def _first_lines(text: str, message: Message) -> list[str]:
    lines = [line for line in text.split("\n") if line.strip()]
    if len(lines) <= TERMINAL_LINES:
        return lines
    return [*lines[:TERMINAL_LINES], _cut_note(message).strip()]
