"""Which posts does a file of JSON lines hold?

A line is a post: `{"channel":"vvgladkov","id":123,"date":"2023-06-04T13:00:00Z","text":"…","edited":null}`. Further keys are kept
as they stand. A line that is no post is told with its number and what to mend, and the others are read all the same.
"""

import gzip
import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from io import BufferedReader
from json import JSONDecodeError
from typing import Any, TypeVar

import msgspec

from monitor.errors import ConfigError
from monitor.model import instant
from monitor.model.channel import CHANNEL_ID_BASE, Identity
from monitor.model.instant import Instant
from monitor.model.post import Post, PostId, Raw
from monitor.model.record import Draft, Said, Source
from monitor.sources.strict import DECODER, LONE_SURROGATE, Unfit, shown

Read = TypeVar("Read")

LONGEST = 64 * 1024 * 1024
"""Bytes of a line. A post of Telegram has a few thousand; this is for what else may have been put into one."""
HIGHEST_POST = 2**31 - 1
"""Telegram's post ids are 32 bits. A higher one would make a channel look as if billions of posts were missing."""

_KNOWN = ("channel", "id", "date", "text", "edited")
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_NAME = re.compile(r"(?:https?://)?(?:t\.me/(?:s/)?|@)?([\w.-]{1,64})/?")
"""A username, or what an archive of somebody's calls a channel: words without space and without what stands for something."""
_MARKED_ID = re.compile(r"(?:tg:)?(-100\d{1,13})", re.ASCII)
_SPACE = re.compile(r"[ \t\r\n]*")


class BadLine(msgspec.Struct, frozen=True):
    """Line `number` of the file, counted from 1, is no post. `reason` names the key and how to mend it."""

    file: str
    number: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.number}: {self.reason}"


class Candidate(msgspec.Struct, frozen=True):
    """A line as a dry run reads it. `channel` and `id` are as the line gives them, None where it does not; `identity` is who that
    channel is, `at` when the post was published, where it can be told."""

    channel: Any
    id: Any
    identity: Identity | None
    at: Instant | None
    post: Post


def read(
    lines: Iterable[bytes], *, name: str, channel: str | None, observed_at: Instant, quiet: bool
) -> Iterator[Draft | BadLine]:
    """The posts in the order of their lines, and a BadLine for each that is none. Empty lines are passed over.

    `name`: what to call the file. `channel`: whose posts they are, whatever the lines say; ConfigError if it cannot be that.
    `quiet`: recorded without alerting anyone.
    """
    whose = None if channel is None else owner(channel)
    return _each(lines, name, lambda line: _draft(line, channel=whose, observed_at=observed_at, quiet=quiet))


def read_loosely(lines: Iterable[bytes], *, name: str) -> Iterator[Candidate | BadLine]:
    """The same for who only wants to know what is said: a line needs no more than `text`."""
    return _each(lines, name, _candidate)


def _each(lines: Iterable[bytes], name: str, reading: Callable[[bytes], Read]) -> Iterator[Read | BadLine]:
    number = 0
    try:
        for number, line in enumerate(lines, start=1):
            bare = (line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line).strip(b" \t\r\n")
            if bare:
                try:
                    yield reading(bare)
                except Unfit as unfit:
                    yield BadLine(name, number, str(unfit))
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        yield BadLine(name, number + 1, f"the compressed file is damaged from here on ({error})")


def unpacked(file: BufferedReader) -> BufferedReader | gzip.GzipFile:
    """The file as it reads, unpacked where it is compressed (gzip)."""
    return gzip.GzipFile(fileobj=file) if file.peek(2).startswith(b"\x1f\x8b") else file


def lines(file: BufferedReader) -> Iterator[bytes]:
    """The lines of a file, unpacked where it is compressed. Of one that is far too long only the beginning."""
    return split(unpacked(file))


def split(source: BufferedReader | gzip.GzipFile) -> Iterator[bytes]:
    """The same of a file that is unpacked."""
    while line := source.readline(LONGEST + 1):
        yield line
        while len(line) > LONGEST and not line.endswith(b"\n"):
            line = source.readline(LONGEST + 1)


def _draft(line: bytes, *, channel: Identity | None, observed_at: Instant, quiet: bool) -> Draft:
    text = _decoded(line)
    keys = _parsed(text)
    for key in ("id", "date", "text") if channel else ("channel", "id", "date", "text"):
        if key not in keys:
            raise Unfit(f'{key}: is missing; a post has "channel", "id", "date" and "text"')
    said = _said(keys)
    whole = LONE_SURROGATE.search(said) is None
    edited = keys.get("edited")
    post = Post(
        text=said if whole else LONE_SURROGATE.sub("\ufffd", said),
        edited_at=None if edited is None else _instant("edited", edited),
        raw=_raw(text, but=_KNOWN if whole else tuple(key for key in _KNOWN if key != "text"), keys=keys),
    )
    return Draft(
        content=Said(post, quiet=quiet),
        channel=channel or _channel(keys["channel"]),
        post=_post_id(keys["id"]),
        published_at=_instant("date", keys["date"]),
        observed_at=observed_at,
        source=Source.IMPORT,
    )


def _candidate(line: bytes) -> Candidate:
    keys = _parsed(_decoded(line))
    if "text" not in keys:
        raise Unfit('text: is missing; a post has "channel", "id", "date" and "text"')
    identity, at = None, None
    with suppress(Unfit):
        identity = _channel(keys.get("channel"))
    with suppress(Unfit):
        at = _instant("date", keys.get("date"))
    post = Post(text=LONE_SURROGATE.sub("\ufffd", _said(keys)))
    return Candidate(keys.get("channel"), keys.get("id"), identity, at, post)


# ----------------------------------------------------------------------------------------------------------------- the keys


def _said(keys: dict[str, Any]) -> str:
    said = keys["text"]
    if not isinstance(said, str):
        raise Unfit(f'text: {shown(said)} is not a string; write "" for a post without words')
    return said


def owner(channel: str) -> Identity:
    """Whose posts they are, in the reader's words. ConfigError for what can be no channel."""
    try:
        return _channel(channel)
    except Unfit as unfit:
        raise ConfigError(str(unfit)) from None


def _channel(value: Any) -> Identity:
    """A username, however people write it, or an id as Telegram's clients show it; else the name as it stands."""
    words = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if (found := _MARKED_ID.fullmatch(words)) and int(found[1]) < CHANNEL_ID_BASE:
        return Identity(id=int(found[1]))
    if (found := _NAME.fullmatch(words)) and not found[1].removeprefix("-").isdecimal():
        return Identity(username=found[1])
    raise Unfit(f'channel: {shown(value)} is no username ("vvgladkov") and no id of a channel ("-1001234567890")')


def _post_id(value: Any) -> PostId:
    if not isinstance(value, int) or isinstance(value, bool):
        raise Unfit(f"id: {shown(value)} is not a whole number; write it without quotation marks")
    if not 0 < value <= HIGHEST_POST:
        raise Unfit(f"id: {shown(value)} is not the number of a post, which is 1 to {HIGHEST_POST}")
    return value


def _instant(key: str, value: Any) -> Instant:
    if isinstance(value, str) and _RFC_3339.fullmatch(value):
        try:
            at = instant.parse(value.upper())
            instant.to_datetime(at)  # 9999 in a western zone is the year 10000
        except (ValueError, OverflowError):
            pass
        else:
            return at
    raise Unfit(f"{key}: {shown(value)} is no time with a zone after RFC 3339, such as 2023-06-04T13:00:00Z")


def _raw(text: str, *, but: tuple[str, ...], keys: dict[str, Any]) -> Raw | None:
    """The other keys as a JSON object, every value written as it stands in the line."""
    if all(key in but for key in keys):
        return None
    members = (f"{json.dumps(key)}:{value}" for key, value in _members(text) if key not in but)
    return Raw("json", f"{{{','.join(members)}}}".encode())


# ----------------------------------------------------------------------------------------------------------------- the JSON


def _decoded(line: bytes) -> str:
    if len(line) > LONGEST:
        raise Unfit(f"the line has more than {LONGEST} bytes")
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        if line.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise Unfit("the file is UTF-16; save it as UTF-8") from None
        raise Unfit(f"byte {error.start + 1} is not UTF-8; save the file as UTF-8") from None


def _parsed(text: str) -> dict[str, Any]:
    try:
        keys = DECODER.decode(text)
    except JSONDecodeError as error:
        raise Unfit(f"no JSON: {error.msg} at column {error.pos + 1}; every line is one object") from None
    except RecursionError:
        raise Unfit("the JSON is nested too deeply") from None
    if not isinstance(keys, dict):
        raise Unfit("a JSON value that is no object; every line is one object, and there is no list around them")
    return keys


def _members(text: str) -> Iterator[tuple[str, str]]:
    """The keys of an object that has been parsed already, and their values as written."""
    place = text.index("{") + 1
    while text[place := _after_space(text, place)] == '"':
        key, place = DECODER.raw_decode(text, place)
        start = _after_space(text, _after_space(text, place) + 1)
        _, place = DECODER.raw_decode(text, start)
        yield key, text[start:place]
        place = _after_space(text, place)
        if text[place] == ",":
            place += 1


def _after_space(text: str, place: int) -> int:
    found = _SPACE.match(text, place)
    return found.end() if found else place
