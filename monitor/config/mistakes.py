"""How is a mistake in the configuration told: which file, which key, what is wrong and what would be right?"""

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from monitor.errors import ConfigError

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
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.key}: {self.problem}" if self.key else f"{place}: {self.problem}"


class Mistakes(ConfigError):
    """All that was found in one reading; the text has them one under the other."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(map(str, mistakes)))


class Notes:
    """Collects the mistakes of one file while it is read.

    `document` lets an entry of an array be called by its name instead of its place. `variables`: what the environment has
    overridden; a mistake there is the variable's. `places`: the keys of the whole file, by their last word.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.mistakes: list[Mistake] = []
        self.document: Mapping[str, Any] = {}
        self.variables: Mapping[Path, str] = {}
        self.places: Mapping[str, str] = {}

    def __call__(self, at: Path, problem: str, *, line: int | None = None) -> None:
        for end in range(len(at), 0, -1):
            if variable := self.variables.get(at[:end]):
                self.mistakes.append(Mistake(file="environment", key=variable, problem=problem))
                return
        self.mistakes.append(Mistake(file=self.file, key=dotted(at, self.document), problem=problem, line=line))

    @property
    def clean(self) -> bool:
        return not self.mistakes


def dotted(at: Path, document: Mapping[str, Any]) -> str:
    """The place as people write it: `collect.poll_seconds`, `channel[vvgladkov].party`, `flag[0].when`."""
    words = ""
    here: Any = document
    for step in at:
        here = _inside(here, step)
        if isinstance(step, int):
            words += f"[{_name(here) or step}]"
        else:
            words += f".{step}" if words else step
    return words


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
    return f'must be {wanted}, not "{value}"{meant(value, choices)}'


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
