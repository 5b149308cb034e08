"""Which channels does somebody mean who types names and links, or has them in a table?"""

import csv
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from monitor.config.channels import username, wrong_name
from monitor.config.mistakes import on_one_line
from monitor.errors import ConfigError

LARGEST_TABLE = 4 << 20
"""Bytes of a CSV file. A channel takes about thirty."""

_NAMES = (
    "username", "user name", "handle", "link", "url", "t.me", "telegram", "telegram channel", "channel", "channels", "name",
)  # fmt: skip
"""What people call the column; the first of these that is there."""
_PARTIES = ("party", "who", "who speaks", "organisation", "organization")
_APART = re.compile(r"[\s,;]+")
_AROUND = " \t\"'«»“”‘’<>()[]."
_SUBDOMAIN = re.compile(r"(?:https?://)?([A-Za-z0-9_-]+)\.t\.me(?:[/?#].*)?", re.IGNORECASE)
_APPLICATION = re.compile(r"tg://(resolve|join|privatepost)/?\?(.*)", re.IGNORECASE)
_DOMAIN = re.compile(r"(?:^|&)domain=([^&]*)", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?\d+")
_NOT_CHANNELS = ("www", "web", "me", "dog")


class Named(msgspec.Struct, frozen=True):
    """A channel as somebody named it: by its public name, or `reason` says why it cannot be watched. `where`: in a table."""

    given: str
    username: str = ""
    reason: str = ""
    party: str = ""
    where: str = ""

    def __str__(self) -> str:
        """What is wrong with it."""
        place = f"{self.where}: " if self.where else ""
        return f"{place}{on_one_line(self.given)}: {self.reason}"


def named(words: str) -> Iterator[Named]:
    """Every channel in what was typed: names and links with spaces, commas or line ends between them."""
    for given in _APART.split(words):
        if bare := given.strip(_AROUND):
            yield _one(bare)


def in_table(path: Path) -> Iterator[Named]:
    """The channels of a CSV file: those of the column that is called channel, username, name or link; of the only column
    where no title stands above it. A column `party` says who speaks there. ConfigError where it is no such file."""
    rows = list(_rows(path))
    if not rows:
        raise ConfigError(f"{path}: there is no channel in it")
    titles = [cell.strip().strip("\"'#@").casefold() for cell in rows[0][1]]
    column = next((place for name in _NAMES for place, title in enumerate(titles) if title == name), None)
    party = next((place for name in _PARTIES for place, title in enumerate(titles) if title == name), None)
    if column is None:
        if len(rows[0][1]) > 1 or _one(rows[0][1][0].strip(_AROUND)).reason:
            known = "channel, username, name or link"
            raise ConfigError(
                f"{path}: no column is called {known}; its first line is {on_one_line(','.join(rows[0][1]))}"
            )
        column, party = 0, None
    else:
        rows = rows[1:]
    for number, cells in rows:
        given = cells[column].strip(_AROUND) if column < len(cells) else ""
        if given:
            said = cells[party].strip() if party is not None and party < len(cells) else ""
            one = _one(given)
            said = "".join(each for each in " ".join(said.split()) if each.isprintable())
            yield msgspec.structs.replace(one, party=said[:200], where=f"{path}:{number}")


def apart(found: Iterable[Named]) -> tuple[list[Named], list[Named], int]:
    """The channels, each once; what can be none; and how many were named again."""
    good: dict[str, Named] = {}
    bad: list[Named] = []
    again = 0
    for each in found:
        if each.reason:
            bad.append(each)
        elif (key := each.username.casefold()) in good:
            again += 1
        else:
            good[key] = each
    return list(good.values()), bad, again


def is_a_bots(name: str) -> bool:
    """Only names of bots must end so, and hardly any channel's does."""
    return name.casefold().endswith("bot")


def _one(given: str) -> Named:
    words = _as_link(given)
    if _NUMBER.fullmatch(username(words)):
        return Named(given, reason="a number; by its number only an account finds a channel: write its public name")
    problem = wrong_name(words)
    return Named(given, reason=problem) if problem else Named(given, username=username(words))


def _as_link(given: str) -> str:
    """Links that only Telegram's own programs follow, and addresses that are a name's own, as everybody writes them."""
    if (found := _APPLICATION.fullmatch(given)) is not None:
        domain = _DOMAIN.search(found[2])
        return f"t.me/{domain[1]}" if found[1].casefold() == "resolve" and domain else "t.me/+"
    if (found := _SUBDOMAIN.fullmatch(given)) is not None and found[1].casefold() not in _NOT_CHANNELS:
        return f"t.me/{found[1]}"
    return given


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The lines that hold something, with their numbers from 1."""
    text = _text(path)
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t", key=first.count)
    try:
        reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter, strict=True)
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, cells
    except csv.Error as error:
        raise ConfigError(f"{path}:{reader.line_num}: is no CSV: {error}") from None


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_TABLE + 1)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    if len(data) > LARGEST_TABLE:
        raise ConfigError(f"{path}: has more than {LARGEST_TABLE:,} bytes; it is no list of channels")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise ConfigError(f"{path}: is UTF-16; save it as CSV UTF-8") from None
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{line}: is not UTF-8; save it as CSV UTF-8") from None
