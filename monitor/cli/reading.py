"""What came of reading a file: how much of what, and what is a person told of it?"""

from collections import Counter

from monitor.cli.screen import counted, line, tell
from monitor.model.channel import Identity
from monitor.model.record import Draft, Faulted, Said
from monitor.sources.desktop_export import Broken, PassedOver
from monitor.sources.lines import BadLine

BATCH = 1_000
"""Posts in one transaction."""


class Told:
    """How much has been told line by line already."""

    def __init__(self, most: int) -> None:
        self._left = most

    def tell(self, words: str) -> None:
        """Unless that were too much."""
        if self._left > 0:
            tell(words)
        self._left -= 1


class Count:
    """What was read of one file. Posts, service messages and faults are records; bad lines are told and nothing more."""

    def __init__(self, file: str, form: str) -> None:
        self.file = file
        self.form = form
        self.posts = self.service = self.faults = self.bad = 0
        self.channels: dict[Identity, None] = {}
        self.passed_over: Counter[tuple[str, str]] = Counter()
        self.messages: Counter[tuple[str, str]] = Counter()
        self.broken: Broken | None = None

    def as_json(self) -> dict[str, object]:
        return {
            "file": self.file,
            "format": self.form,
            "posts": self.posts,
            "service": self.service,
            "faults": self.faults,
            "bad": self.bad,
            "channels": [{"id": each.id, "username": each.username, "title": each.title} for each in self.channels],
            "passed_over": [
                {"kind": kind, "chats": chats, "messages": self.messages[kind, reason], "reason": reason}
                for (kind, reason), chats in self.passed_over.items()
            ],
            "broken": None if self.broken is None else {"line": self.broken.line, "reason": self.broken.reason},
        }

    def in_words(self) -> list[str]:
        """Of an export; of lines there is nothing to say that the sum does not."""
        if self.form == "lines":
            return []
        named = ", ".join(
            f"{each.name} ({line(each.title, most=80)})" if each.title else each.name for each in self.channels
        )
        found = [f"{self.file}: {counted(self.posts, 'post')}, {counted(self.service, 'service message')}"]
        if named:
            found[0] += f" of {named}"
        if any(each.username is None for each in self.channels):
            found.append("  an export tells no public names; --channel NAME gives a channel its own")
        if self.faults:
            found.append(f"  recorded as {counted(self.faults, 'fault')}, because they could not be read: see above")
        found += [
            f"  passed over: {counted(chats, 'chat')} of the kind {kind} "
            f"with {counted(self.messages[kind, reason], 'message')}; {reason}"
            for (kind, reason), chats in self.passed_over.items()
        ]
        if self.broken is not None:
            found.append("  it is broken: what stands before that line is recorded, and nothing behind it")
        return found


def take(found: Draft | BadLine | PassedOver | Broken, count: Count, told: Told) -> None:
    """Counts what was found; what is wrong is told."""
    match found:
        case Draft():
            _take_draft(found, count, told)
        case BadLine():
            count.bad += 1
            told.tell(str(found))
        case PassedOver(kind=kind, messages=messages, reason=reason):
            count.passed_over[kind, reason] += 1
            count.messages[kind, reason] += messages
        case Broken():
            count.broken = found
            tell(str(found))


def _take_draft(draft: Draft, count: Count, told: Told) -> None:
    if draft.channel is not None and count.form == "desktop_export":
        count.channels[draft.channel] = None
    if isinstance(draft.content, Faulted):
        count.faults += 1
        place = f"message {draft.post}" if draft.post else "a message"
        told.tell(f"{count.file}: {place}: {draft.content.reason}")
        return
    if isinstance(draft.content, Said) and draft.content.post.service is not None:
        count.service += 1
    else:
        count.posts += 1
