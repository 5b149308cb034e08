"""How is a mistake in the configuration told: which file, which key, what is wrong and what would be right?"""

import difflib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from monitor.errors import ConfigError

MOST = 100
"""Mistakes of one file that are told; nobody reads more, and to find the nearest known word for each takes its time."""
LONGEST = 100
"""Characters of a key or value that are repeated."""

Path = tuple[str | int, ...]
"""Where something stands in a document: keys of tables and, from 0, places in arrays."""


class Mistake(msgspec.Struct, frozen=True):
    """`file`: as the operator would type it, or `environment`. `key`: empty where it is the whole file's. One line, but for
    a query's, which shows the query with a caret under the column."""

    file: str
    key: str
    problem: str
    line: int | None = None

    def __str__(self) -> str:
        file = on_one_line(self.file)
        place = file if self.line is None else f"{file}:{self.line}"
        return f"{place}: {self.key}: {self.problem}" if self.key else f"{place}: {self.problem}"


class Mistakes(ConfigError):
    """All that was found in one reading; the text has them one under the other."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(map(str, mistakes)))


class Notes:
    """Collects the mistakes of one file while it is read.

    `document` lets an entry of an array be called by its name instead of its place. `variables`: what the environment has
    overridden; a mistake there is the variable's. `places`: the keys of the whole file, by their last word. `untold`: how many
    mistakes there are beyond those that are told.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.mistakes: list[Mistake] = []
        self.document: Mapping[str, Any] = {}
        self.variables: Mapping[Path, str] = {}
        self.places: Mapping[str, str] = {}
        self.untold = 0
        self._noted: set[Path] = set()

    def __call__(self, at: Path, problem: str | Callable[[], str], *, line: int | None = None) -> None:
        """`problem`: the words, or what finds them, if that takes its time and they may never be told."""
        if self.full:
            self.untold += 1
            return
        problem = problem() if callable(problem) else problem
        self._noted.add(at)
        for end in range(len(at), 0, -1):
            if variable := self.variables.get(at[:end]):
                self.mistakes.append(Mistake(file="environment", key=variable, problem=problem))
                return
        self.mistakes.append(Mistake(file=self.file, key=dotted(at, self.document), problem=problem, line=line))

    @property
    def clean(self) -> bool:
        return not self.mistakes

    @property
    def full(self) -> bool:
        return len(self.mistakes) >= MOST

    def doubt(self, at: Path) -> bool:
        """Is something wrong here, or so much elsewhere that what stands here is not to be relied on?"""
        return self.full or at in self._noted or () in self._noted


def dotted(at: Path, document: Mapping[str, Any]) -> str:
    """The place as people write it: `collect.poll_seconds`, `channel[vvgladkov].party`, `flag[0].when`."""
    words = ""
    here: Any = document
    for step in at:
        here = _inside(here, step)
        if isinstance(step, int):
            words += f"[{shown(_name(here)) or step}]"
        else:
            words += f".{shown(step)}" if words else shown(step)
    return words


def shown(word: str) -> str:
    """The word as it can stand in a line: on that line, and no longer than somebody will read."""
    return on_one_line(word) if len(word) <= LONGEST else f"{on_one_line(word[:LONGEST])}…"


def on_one_line(word: str) -> str:
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in word)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant."""
    by_fold = {name.casefold(): name for name in known}
    found = difflib.get_close_matches(word.casefold(), by_fold, n=1, cutoff=0.6)
    return by_fold[found[0]] if found else None


def meant(word: str, known: Iterable[str], *, otherwise: str = "") -> str:
    """The end of a sentence about an unknown word: the nearest known one, else `otherwise`."""
    near = nearest(word, known)
    return f"; did you mean {near}?" if near is not None else otherwise


def unknown_key(key: str, known: Collection[str], places: Mapping[str, str]) -> str:
    """What is wrong with a key that is not `known` here: which is meant, here or elsewhere in the file."""
    if near := nearest(key, known) or nearest(key, places):
        return f"unknown key; did you mean {near if near in known else places[near]}?"
    return f"unknown key; known here: {', '.join(known) or 'nothing further'}"


def one_of(value: str, choices: Sequence[str]) -> str:
    """What is wrong with a value that is none of the choices."""
    listed = ", ".join(f'"{choice}"' for choice in choices)
    wanted = f"one of {listed}" if len(choices) > 1 else listed
    return f'must be {wanted}, not "{shown(value)}"{meant(value, choices)}'


def _inside(here: Any, step: str | int) -> Any:
    try:
        return here[step]
    except (KeyError, IndexError, TypeError):
        return None


def _name(entry: Any) -> str:
    if isinstance(entry, Mapping):
        for key in ("name", "username"):
            if isinstance(name := entry.get(key), str) and name:
                return name
    return ""
