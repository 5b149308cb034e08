"""Where does each piece of a large JSON document begin and end, without holding more of it than one piece?

Objects and arrays are entered; what is in them is taken as the bytes that stand there, or passed over. Nothing is decoded but
the keys of what is entered, so a piece that is no sound JSON inside spoils no other.
"""

import gzip
import json
import re
import zlib
from collections.abc import Iterator
from typing import Protocol

CHUNK = 1 << 20
LONGEST_KEY = 1_000
"""Bytes of a key of an object that is entered."""

_SPACE = re.compile(rb"[ \t\r\n]*+")
_QUOTE_OR_BRACKET = re.compile(rb'["{}\[\]]')
_IN_QUOTES = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
_SCALAR = re.compile(rb'[^ \t\r\n,:{}\[\]"]*+')
_MARK = b"\xef\xbb\xbf"


class Damaged(Exception):
    """The document cannot be read on from here."""


class Readable(Protocol):
    """A file of bytes."""

    def read(self, size: int, /) -> bytes: ...


class Document:
    """A JSON document, read from its beginning to its end once."""

    def __init__(self, file: Readable) -> None:
        self._file = file
        self._data = b""
        self._at = 0
        self._lines = 0
        self._pieces = 0
        self._ended = False
        if self._fill(3) and self._data.startswith(_MARK):
            self._at = 3

    @property
    def line(self) -> int:
        """Of the document, counted from 1, that has been reached."""
        return self._lines + self._data.count(b"\n", 0, self._at) + 1

    def next(self) -> bytes:
        """The first byte of what comes next; empty at the end."""
        while True:
            found = _SPACE.match(self._data, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._data):
                return self._data[self._at : self._at + 1]
            if not self._more():
                return b""

    def members(self) -> Iterator[str]:
        """Enters an object: each key in turn. Its value is then taken, entered or passed over; if none of it, passed over."""
        for _ in self._inside(b"{", b"}"):
            if self.next() != b'"':
                raise Damaged(f"a key was expected, and not {self._shown()}")
            key = self.take(LONGEST_KEY)
            if key is None:
                raise Damaged(f"a key of more than {LONGEST_KEY:,} bytes")
            self._expect(b":")
            try:
                name = json.loads(key)
            except ValueError:
                raise Damaged("a key that is no text") from None
            before = self._pieces
            yield name
            self._pass_over(before)

    def items(self) -> Iterator[None]:
        """Enters an array: stops before each of its values, which is then dealt with as above."""
        for _ in self._inside(b"[", b"]"):
            before = self._pieces
            yield None
            self._pass_over(before)

    def take(self, most: int) -> bytes | None:
        """The value that comes next, as it stands there. None for one of more bytes than that: it is passed over."""
        self._pieces += 1
        self.next()
        kept: list[bytes] | None = []
        size = depth = 0
        quoted = False
        while True:
            start = self._at
            depth, quoted, whole = self._run(depth, quoted=quoted)
            size += self._at - start
            if kept is not None:
                kept.append(self._data[start : self._at])
                kept = kept if size <= most else None
            if whole:
                break
            if not self._more():
                if size and not depth and not quoted:
                    break  # a number that ends where the document does
                raise Damaged("it ends here, in the middle")
        if not size:
            raise Damaged(f"a value was expected, and not {self._shown()}")
        return None if kept is None else b"".join(kept)

    def close(self) -> None:
        """`Damaged` if something stands behind the value that was read."""
        if self.next():
            raise Damaged(f"it should end here, and there is {self._shown()}")

    def _pass_over(self, before: int) -> None:
        """What the caller left alone."""
        if self._pieces == before:
            self.take(0)

    def _inside(self, opening: bytes, closing: bytes) -> Iterator[None]:
        self._pieces += 1
        self._expect(opening)
        if self.next() != closing:
            yield None
            while self.next() == b",":
                self._at += 1
                yield None
        self._expect(closing)

    def _expect(self, wanted: bytes) -> None:
        found = self.next()
        if found != wanted:
            end = (
                "it ends here, in the middle" if not found else f"{self._shown()} stands where {wanted.decode()} should"
            )
            raise Damaged(end)
        self._at += 1

    def _run(self, depth: int, *, quoted: bool) -> tuple[int, bool, bool]:
        """Goes on with a value as far as the bytes at hand reach: how deep in brackets it is then, whether within quotation marks,
        and whether that was all of it."""
        data, at = self._data, self._at
        if not depth and not quoted and data[at : at + 1] not in (b'"', b"{", b"["):
            found = _SCALAR.match(data, at)
            self._at = found.end() if found else at
            return 0, False, self._at < len(data)
        while True:
            if quoted:
                within = _IN_QUOTES.match(data, at)
                at = within.end() if within else at
                if data[at : at + 1] != b'"':
                    break  # the rest is not at hand, or a backslash without what it escapes
                at += 1
                quoted = False
            else:
                mark = _QUOTE_OR_BRACKET.search(data, at)
                if mark is None:
                    at = len(data)
                    break
                at = mark.end()
                if mark[0] == b'"':
                    quoted = True
                    continue
                depth += 1 if mark[0] in b"{[" else -1
            if depth <= 0:
                self._at = at
                return 0, False, True
        self._at = at
        return depth, quoted, False

    def _fill(self, size: int) -> bool:
        while len(self._data) < size:
            if not self._more():
                return False
        return True

    def _more(self) -> bool:
        """Another chunk; what was dealt with is let go. False at the end."""
        if self._ended:
            return False
        try:
            chunk = self._file.read(CHUNK)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise Damaged(f"the compressed file is damaged from here on ({error})") from None
        self._lines += self._data.count(b"\n", 0, self._at)
        self._data = self._data[self._at :] + chunk
        self._at = 0
        self._ended = not chunk
        return bool(chunk)

    def _shown(self) -> str:
        found = self.next()
        return json.dumps(found.decode("ascii", "replace")) if found else "the end"
