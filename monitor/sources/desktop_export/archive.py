"""Which chats does an export hold, which of them are channels to be read, and what do their messages say?

`result.json` is one chat, or everything that an account has: its chats, and much that is nobody's business. Only public channels
are read. Of other chats no message is decoded; how many there are is all that is told of them.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from monitor.errors import ConfigError
from monitor.model.channel import CHANNEL_ID_BASE, Identity
from monitor.model.instant import Instant
from monitor.model.record import Draft
from monitor.sources.desktop_export import times
from monitor.sources.desktop_export.message import LONGEST, draft, parsed
from monitor.sources.desktop_export.pieces import Damaged, Document, Readable
from monitor.sources.strict import Unfit

PUBLIC, PRIVATE = "public_channel", "private_channel"
CHATS = ("chats", "left_chats")

_HEAD = ("name", "type", "id")
_LONGEST_HEAD = 10_000
"""Bytes of a chat's name, kind or id."""
_OLD_ID = 2 << 32
"""Exports of before March 2021 add this to the id of a channel."""
_BEGINNING = re.compile(
    rb'(?:\xef\xbb\xbf)?\s*\{[ \t]*\r?\n\s*"'
    rb'(?:name|about|type|id|messages|chats|personal_information|profile_pictures|left_chats|contacts|stories)"\s*:'
    rb'|(?:\xef\xbb\xbf)?\s*\{[^\n]*(?<!\\)"(?:(?:messages|chats|left_chats)"\s*:\s*[\[{]|personal_information"\s*:\s*\{)'
)
_KIND = re.compile(r"[a-z_]{1,40}")


class PassedOver(msgspec.Struct, frozen=True):
    """A chat that is not read. `kind` is Telegram Desktop's word for what it is. It holds so many messages. `reason`: why not."""

    kind: str
    messages: int
    reason: str


class Broken(msgspec.Struct, frozen=True):
    """The file cannot be read on from this line, counted from 1."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """How an export is read. `wanted`: the channel that it is said to be of. `known`: channels that are known by id and name.
    `zone`: where the machine stood that wrote it."""

    name: str
    wanted: Identity | None
    known: Sequence[Identity]
    zone: ZoneInfo | None
    observed_at: Instant
    quiet: bool


def is_export(beginning: bytes) -> bool:
    """Does a file that begins so look like an export? It is an object over many lines; or on one, with what no post has."""
    return _BEGINNING.match(beginning) is not None


def read(file: Readable, reading: Reading) -> Iterator[Draft | PassedOver | Broken]:
    """Every message of the public channels as a draft, in the file's order; each chat that is passed over, when its end is
    reached; and last of all where the file is broken, if it is. What cannot be read of a message is a draft of a fault.

    ConfigError where the reader has to say something first: in which zone the times are, or which channel is meant.
    """
    document = None
    try:
        document = Document(file)
        yield from _export(document, reading)
        document.close()
    except Damaged as damaged:
        yield Broken(reading.name, document.line if document else 1, str(damaged))


def _export(document: Document, reading: Reading) -> Iterator[Draft | PassedOver]:
    head: dict[str, Any] = {}
    chats = 0
    for key in document.members():
        if key in CHATS and document.next() == b"{":
            _check_many(reading)
            chats += 1
            for inner in document.members():
                if inner == "list":
                    for _ in document.items():
                        yield from _chat(document, reading)
        elif key == "messages":
            chats += 1
            yield from _messages(document, head, reading)
        elif key in _HEAD:
            head[key] = _value(document)
    if not chats:
        raise Damaged('no chat is in it: neither "messages" nor "chats"')


def _chat(document: Document, reading: Reading) -> Iterator[Draft | PassedOver]:
    head: dict[str, Any] = {}
    told = False
    for key in document.members():
        if key == "messages":
            told = True
            yield from _messages(document, head, reading)
        elif key in _HEAD:
            head[key] = _value(document)
    if not told:
        yield PassedOver(_kind(head), 0, "there are no messages")


def _messages(document: Document, head: dict[str, Any], reading: Reading) -> Iterator[Draft | PassedOver]:
    if "type" not in head or "id" not in head:
        raise Damaged(
            '"messages" stands before "type" and "id", which say whose they are; Telegram Desktop writes them first'
        )
    reason = _why_not(head, reading)
    if reason is not None:
        yield PassedOver(_kind(head), sum(1 for _ in document.items()), reason)
        return
    channel: Identity | None = None
    for _ in document.items():
        raw = document.take(LONGEST)
        keys = _parsed(raw)
        if channel is None:
            channel = _identity(head, keys, reading)
        try:
            yield draft(
                keys,
                raw or b"",
                channel=channel,
                zone=reading.zone,
                observed_at=reading.observed_at,
                quiet=reading.quiet,
            )
        except times.NoZone as missing:
            raise ConfigError(_zone_needed(reading.name, missing.zero)) from None


def _parsed(raw: bytes | None) -> dict[str, Any] | Unfit:
    if raw is None:
        return Unfit(f"the message has more than {LONGEST} bytes")
    try:
        return parsed(raw)
    except Unfit as unfit:
        return unfit


def _value(document: Document) -> Any:
    raw = document.take(_LONGEST_HEAD)
    if raw is None:
        raise Damaged(f"the name, type or id of a chat has more than {_LONGEST_HEAD:,} bytes")
    try:
        return parsed(b'{"value":' + raw + b"}")["value"]
    except Unfit as unfit:
        raise Damaged(f"the name, type or id of a chat: {unfit}") from None


# ---------------------------------------------------------------------------------------------------------- whose posts they are


def _why_not(head: dict[str, Any], reading: Reading) -> str | None:
    """Why the chat is not read; None for one that is."""
    kind, wanted = head["type"], reading.wanted
    if kind == PRIVATE and not (wanted is not None and wanted.username):
        return "only public channels are read; of one that was public once say its name (--channel NAME)"
    if kind not in (PUBLIC, PRIVATE):
        return "only public channels are read"
    if not _is_id(head["id"]):
        return "its id is no channel's"
    if wanted is not None and wanted.id is not None and wanted.id not in _ids(head["id"]):
        return "another channel was asked for"
    return None


def _is_id(value: Any) -> bool:
    return type(value) is int and 0 < value < -CHANNEL_ID_BASE


def _ids(bare: int) -> tuple[int, ...]:
    """What the number may mean: the id itself, and the one of an old export."""
    old = (CHANNEL_ID_BASE - (bare - _OLD_ID),) if _OLD_ID < bare < 2 * _OLD_ID else ()
    return (CHANNEL_ID_BASE - bare, *old)


def _identity(head: dict[str, Any], first: dict[str, Any] | Unfit, reading: Reading) -> Identity:
    """By the export's own id; the name is what the reader says, or known of that id. An export tells the title alone, as it was
    when it was made: of a channel that is known already it is no news."""
    marked = _ids(head["id"])
    old = not isinstance(first, Unfit) and not times.has_unix_time(first)
    number = marked[-1] if old else marked[0]
    wanted, name = reading.wanted, reading.wanted.username if reading.wanted else None
    known = next((each for each in reading.known if each.id == number), None)
    if known is None and name is not None:
        other = _other(name, number, reading.known)
        if other is not None:
            raise ConfigError(
                f"{reading.name} is of the channel {number}, and {name} is known as the name of {other.id}: names change hands; "
                "without --channel it is kept by its id"
            )
    if known is not None and name is not None and known.username and known.username.casefold() != name.casefold():
        raise ConfigError(
            f"{reading.name} is of the channel {number}, which is known as {known.username} and not as {name}; "
            "leave --channel out"
        )
    if wanted is not None and wanted.id is not None and wanted.id != number:
        raise ConfigError(f"{reading.name} is of the channel {number}, and not of {wanted.id}")
    title = head.get("name") if isinstance(head.get("name"), str) else None
    return Identity(
        id=number,
        username=known.username if known and known.username else name,
        title=known.title if known and known.title else title,
    )


def _other(name: str, number: int, known: Sequence[Identity]) -> Identity | None:
    return next(
        (
            each
            for each in known
            if each.username and each.username.casefold() == name.casefold() and each.id not in (None, number)
        ),
        None,
    )


def _check_many(reading: Reading) -> None:
    if reading.wanted is not None and reading.wanted.id is None:
        raise ConfigError(
            f"{reading.name} is an export of many chats, and cannot all be {reading.wanted.username}: say which channel is meant "
            "by its id (--channel -1001234567890), or nothing to read every public one"
        )


def _kind(head: dict[str, Any]) -> str:
    kind = head.get("type")
    return kind if isinstance(kind, str) and _KIND.fullmatch(kind) else "unknown"


def _zone_needed(name: str, zero: str) -> str:
    hint = f" (it wrote the time zero as {zero})" if zero else ""
    return (
        f"{name} is an old export: its times have no zone, they are those of the machine that wrote it{hint}. "
        "Say where that was: --time-zone Europe/Kyiv"
    )
