"""How do words get out, so that nothing in them acts on a terminal?

Everything that commands print goes through here. Text for people is made visible first (`alerting/display.py`) and never read
as rich's markup; JSON holds control characters only as escapes.
"""

import json
import re
import sys
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from rich.console import Console
from rich.table import Table
from rich.text import Text

from monitor.alerting.display import visible

EXACT = 2**53
"""Beyond this, many readers of JSON round whole numbers."""

_UNSAFE = re.compile("[\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
"""C1 controls, line separators, what turns writing round and what is not seen: JSON has escapes for them."""


def say(words: str = "", *, style: str = "") -> None:
    """A line, or several, for people."""
    _console().print(Text(visible(words), style=style), soft_wrap=True)


def prose(words: str) -> None:
    """A paragraph for people, with line breaks between words where the terminal is narrower."""
    _console().print(Text(visible(words)))


def tell(words: str) -> None:
    """A line on standard error, beside what is printed for people or programs."""
    print(visible(words), file=sys.stderr)


class Piece(NamedTuple):
    """Some words of a text, between two marks of ours."""

    words: str
    opening: str = ""
    closing: str = ""
    style: str = ""


def say_pieces(pieces: Iterable[Piece], *, indent: str) -> None:
    """A text of a stranger's, each of its lines behind `indent`, so that it can imitate none of ours: also those that the
    terminal is too narrow for."""
    whole = Text()
    for piece in pieces:
        whole.append(f"{piece.opening}{visible(piece.words)}{piece.closing}", style=piece.style)
    console = _console()
    for part in whole.split(allow_blank=True) or [whole]:
        for words in (
            part.wrap(console, console.width - len(indent), overflow="fold") if console.is_terminal else [part]
        ):
            console.print(Text(indent), words, sep="", soft_wrap=True)


def say_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, folded: Collection[str] = ()) -> None:
    """A table for people. Red cells are given as `red(…)`. On a terminal long cells of the `folded` columns and of the last are
    folded; elsewhere a row is a line."""
    console = _console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(Text(line(column)), overflow="fold", no_wrap=column not in (*folded, columns[-1]))
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(line(str(cell))) for cell in row))
    console.print(table)


def red(words: str) -> Text:
    return Text(line(words), style="bold red")


def counted(number: int, what: str) -> str:
    """`1 record`, `2,003 records`."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def line(words: str, *, most: int = 0) -> str:
    """The words on one line; with `most`, no more characters than that."""
    words = visible(words).replace("\n", " ⏎ ")
    return f"{words[: most - 1]}…" if most and len(words) > most else words


def emit(value: object) -> None:
    """A line of JSON for programs."""
    sys.stdout.buffer.write(as_json(value) + b"\n")


def put(words: str) -> None:
    """Words that somebody keeps, byte for byte, as a signed note is."""
    sys.stdout.flush()
    sys.stdout.buffer.write(words.encode())


def as_json(value: object) -> bytes:
    """Strict JSON in UTF-8. What would act on a terminal, and lone surrogates, are written as escapes."""
    words = json.dumps(_exact(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    words = _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", words)
    # All of this stands inside strings, where Python's escape of a lone surrogate is JSON's too.
    return words.encode("utf-8", "backslashreplace")


def _exact(value: object) -> object:
    match value:
        case bool():
            return value
        case int():
            return value if -EXACT <= value <= EXACT else str(value)
        case dict():
            return {str(key): _exact(each) for key, each in value.items()}
        case list() | tuple():
            return [_exact(each) for each in value]
    return value


def _console() -> Console:
    """For the present standard output; NO_COLOR is rich's own habit."""
    width = None if sys.stdout.isatty() else 10_000
    return Console(file=sys.stdout, markup=False, highlight=False, emoji=False, width=width)
