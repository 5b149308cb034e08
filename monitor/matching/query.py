"""What does a query ask for: its text as a tree, or the column where it goes wrong?

    query   = side { OR side }
    side    = part { [AND] part }                 words side by side must all be there
    part    = NOT part | ( query ) | N of ( query { , query } ) | leaf       N or more of these
    leaf    = word | =word | prefix* | "phrase" | ="phrase" | "near by"~N

There is nothing else: no regular expressions, no wildcards inside a word. With `names` the only leaves are ids of a story.
"""

import re
from collections.abc import Callable, Collection, Container, Iterator
from difflib import get_close_matches
from typing import Any

import msgspec

from monitor.errors import QueryError
from monitor.matching.fold import fold_words

DEPTH = 50
"""How deep parentheses and NOT may nest."""
REACH = 50
"""The largest N of "near by"~N, in words."""

_QUOTES = {'"': '"', "“": "”“", "„": "“”", "«": "»", "”": "”"}
_TOKEN = re.compile(r"\d+\s+of(?=\s*\()|[(),]|=?[" + "".join(_QUOTES) + r"]|[^\s()," + "".join(_QUOTES) + r"»]+|»")
_WORD = re.compile(r"[\w\u0300-\u036f]+(?:['’ʼ`\-\u2010\u2011][\w\u0300-\u036f]+)*")
_SIGNS = frozenset(("(", ")", ",", "AND", "OR", "NOT"))
_LEAST = re.compile(r"(\d+)\s+of")


class Leaf(msgspec.Struct, frozen=True):
    """What is looked for in the text. `source` is the leaf as the query words it, `words` its words.

    `mode`: inflected, exact, or prefix (one word, of which only the beginning is given). `within`: None where several words
    stand side by side in this order, else in any order, the last at most so many words after the first.
    """

    source: str
    words: tuple[str, ...]
    mode: str = "inflected"
    within: int | None = None


class Name(msgspec.Struct, frozen=True):
    """An entity or topic of the story, by its id."""

    id: str


class And(msgspec.Struct, frozen=True):
    parts: "tuple[Node, ...]"


class Or(msgspec.Struct, frozen=True):
    parts: "tuple[Node, ...]"


class Not(msgspec.Struct, frozen=True):
    part: "Node"


class Least(msgspec.Struct, frozen=True):
    """So many of the parts, or more."""

    number: int
    parts: "tuple[Node, ...]"


Node = Leaf | Name | And | Or | Not | Least
_INNER = (And, Or, Not, Least)


def parse(query: str, names: Collection[str] | None = None) -> Node:
    """The tree of a topic's query or, with `names`, of a condition over these ids. `QueryError` says where it goes wrong."""
    return _Parser(query, names).parse()


def leaves(node: Node) -> Iterator[Leaf | Name]:
    """All leaves, in the order of the query, those under NOT too."""
    match node:
        case And(parts) | Or(parts) | Least(_, parts):
            for part in parts:
                yield from leaves(part)
        case Not(part):
            yield from leaves(part)
        case _:
            yield node


def replace(node: Node, leaf: Callable[[Any], Any]) -> Any:
    """The same tree with other leaves."""
    match node:
        case And(parts):
            return And(tuple(replace(part, leaf) for part in parts))
        case Or(parts):
            return Or(tuple(replace(part, leaf) for part in parts))
        case Not(part):
            return Not(replace(part, leaf))
        case Least(number, parts):
            return Least(number, tuple(replace(part, leaf) for part in parts))
        case _:
            return leaf(node)


def holds(node: Any, seen: Container[Any]) -> bool:
    """Is the tree true, if of its leaves those are true that were seen?"""
    kind = type(node)
    if kind not in _INNER:  # asked of every story that may be true for every post
        return node in seen
    if kind is Not:
        return not holds(node.part, seen)
    if kind is Least:
        return bool(sum(holds(part, seen) for part in node.parts) >= node.number)
    for part in node.parts:
        if holds(part, seen) is (kind is Or):
            return kind is Or
    return kind is And


def shown(node: Any, seen: Container[Any]) -> Iterator[Any]:
    """The leaves that make the tree true by being seen: none below NOT, none of an AND that is not whole."""
    kind = type(node)
    if kind is Not or (kind in (And, Least) and not holds(node, seen)):
        return
    for part in node.parts if kind in _INNER else (node,):
        if type(part) in _INNER:
            yield from shown(part, seen)
        elif part in seen:
            yield part


class _Token(msgspec.Struct, frozen=True):
    """`text` as it stands at `column`; `leaf` where it is one."""

    text: str
    column: int
    leaf: Leaf | Name | None = None


class _Parser:
    def __init__(self, query: str, names: Collection[str] | None) -> None:
        self._query = query
        self._names = names
        self._tokens = list(self._read())
        self._next = 0

    def parse(self) -> Node:
        if not self._tokens:
            raise self._error("the query is empty", 0)
        tree = self._query_at(depth=0)
        if token := self._peek():
            wrong = (
                '")" closes nothing' if token.text == ")" else ", has no meaning here, but in N of (one, another, …)"
            )
            raise self._error(wrong, token.column)
        return tree

    # ------------------------------------------------------------------------------------------------------------- grammar

    def _query_at(self, depth: int) -> Node:
        parts = [self._side_at(depth)]
        while self._take("OR"):
            parts.append(self._side_at(depth))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _side_at(self, depth: int) -> Node:
        parts = [self._part_at(depth)]
        while (token := self._peek()) and (token.leaf or token.text not in ("OR", ")", ",")):
            self._take("AND")
            parts.append(self._part_at(depth))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _part_at(self, depth: int) -> Node:
        token = self._peek()
        if token is None:
            last = self._tokens[-1]
            raise self._error(f"something must follow {last.text}", last.column)
        if depth > DEPTH:
            raise self._error(f"nested more than {DEPTH} deep", token.column)
        if token.leaf:
            self._next += 1
            return token.leaf
        if self._take("NOT"):
            return Not(self._part_at(depth + 1))
        if self._take("("):
            tree = self._query_at(depth + 1)
            if not self._take(")"):
                raise self._error('"(" is never closed', token.column)
            return tree
        if found := _LEAST.fullmatch(token.text):
            self._next += 1
            return self._least_at(int(found[1]), token.column, depth)
        if token.text == ")":
            raise self._error('something must stand before ")"', token.column)
        raise self._error(f"something must stand before {token.text}", token.column)

    def _least_at(self, number: int, column: int, depth: int) -> Node:
        opening = self._peek()
        self._take("(")
        parts = [self._query_at(depth + 1)]
        while self._take(","):
            parts.append(self._query_at(depth + 1))
        if not self._take(")"):
            raise self._error('"(" is never closed', opening.column if opening else column)
        if not 1 <= number <= len(parts):
            raise self._error(f"of {len(parts)}, parted by commas, it can be 1 to {len(parts)}", column)
        return Least(number, tuple(parts))

    def _peek(self) -> _Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _take(self, text: str) -> bool:
        token = self._peek()
        taken = token is not None and token.leaf is None and token.text == text
        self._next += taken
        return taken

    # -------------------------------------------------------------------------------------------------------------- tokens

    def _read(self) -> Iterator[_Token]:
        at = 0
        while found := _TOKEN.search(self._query, at):
            text, column, at = found.group(), found.start(), found.end()
            if text in _SIGNS or _LEAST.fullmatch(text):
                yield _Token(text, column)
            elif self._names is not None:
                yield _Token(text, column, self._name(text, column))
            elif text[-1] in _QUOTES:
                leaf, at = self._phrase(text, column, at)
                yield _Token(leaf.source, column, leaf)
            else:
                yield _Token(text, column, self._word(text, column))

    def _name(self, text: str, column: int) -> Name:
        names = self._names or ()
        if text in names:
            return Name(text)
        nearest = get_close_matches(text, names, n=1, cutoff=0)
        hint = f"; the nearest is {nearest[0]}" if nearest else ""
        raise self._error(f"{text} is no entity or topic of this story{hint}", column)

    def _phrase(self, opening: str, column: int, at: int) -> tuple[Leaf, int]:
        exact, closing = opening[0] == "=", _QUOTES[opening[-1]]
        end = next((i for i in range(at, len(self._query)) if self._query[i] in closing), None)
        if end is None:
            raise self._error("the quotation mark is never closed", column)
        words = self._words(self._query[at:end], at)
        if not words:
            raise self._error("there is no word between the quotation marks", column)
        near = re.compile(r"~(\w*)").match(self._query, end + 1)
        if near is None:
            return Leaf(self._query[column : end + 1], words, "exact" if exact else "inflected"), end + 1
        within = int(near[1]) if near[1].isdecimal() and len(near[1]) < 4 else 0
        if len(words) < 2 or not len(words) - 1 <= within <= REACH:
            reason = (
                f"~ takes a number of words from {max(len(words) - 1, 1)} to {REACH}"
                if len(words) > 1
                else ("~ needs two words or more between the quotation marks")
            )
            raise self._error(reason, near.start())
        return Leaf(self._query[column : near.end()], words, "exact" if exact else "inflected", within), near.end()

    def _words(self, text: str, column: int) -> tuple[str, ...]:
        for piece in re.finditer(r"\S+", text):
            self._check_letters(piece.group(), column + piece.start())
        return tuple(text.split())

    def _word(self, text: str, column: int) -> Leaf:
        if text in ("and", "or", "not"):
            raise self._error(f'write {text.upper()} in capitals, or "{text}" if you mean the word', column)
        exact, prefix = text.startswith("="), text.endswith("*")
        if exact and prefix:
            raise self._error("a word is either =exact or the beginning of others*", column)
        word = text.removeprefix("=").removesuffix("*")
        self._check_letters(word, column + exact)
        if prefix and len(word) < 2:
            raise self._error("a prefix needs two letters at least", column)
        return Leaf(text, (word,), "exact" if exact else "prefix" if prefix else "inflected")

    def _check_letters(self, word: str, column: int) -> None:
        """Words are letters and digits, with hyphens and apostrophes inside."""
        if _WORD.fullmatch(word) and fold_words(word):
            return
        found = _WORD.match(word)
        wrong = column + (found.end() % len(word) if found else 0)
        if wrong >= len(self._query) or not word:
            raise self._error("a word must follow", column)
        raise self._error(f"{self._query[wrong]} has no meaning here", wrong)

    def _error(self, reason: str, column: int) -> QueryError:
        line = re.sub(r"\s", " ", self._query)  # on one line, so that the caret stands right
        return QueryError(reason, query=line, column=min(column, len(line)))
