"""Where do words stand near one another, in any order?"""

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Hit(NamedTuple):
    """Slot number `slot` is at home in `text[start:end]`."""

    start: int
    end: int
    slot: int


_WINDOW = 4096
"""Bytes of a gap that are looked at first: they hold too many words already, unless somebody writes very long ones."""


class _Word(NamedTuple):
    """Word number `number`, and the slots it fits."""

    number: int
    start: int
    end: int
    slots: frozenset[int]


def near(text: bytes, hits: Iterable[Hit], *, slots: int, within: int) -> Iterator[tuple[int, int]]:
    """Stretches that hold a word for each of the slots 0 … `slots` - 1, the last at most `within` words after the first.

    From the left, each as soon as it is whole and then as short as can be; none overlaps another.
    """
    recent: deque[_Word] = deque()
    there: Counter[int] = Counter()
    for word in _words(text, hits, within=within):
        recent.append(word)
        there.update(word.slots)
        while recent[0].number < word.number - within:
            there.subtract(recent.popleft().slots)
        if all(there[slot] for slot in range(slots)) and (first := _latest_start(recent, slots)):
            yield first.start, word.end
            recent.clear()
            there.clear()


def _words(text: bytes, hits: Iterable[Hit], *, within: int) -> Iterator[_Word]:
    """The words hit, in order. Their numbers differ as they do in the text, but by no more than `within` + 1 from one to the
    next: what is farther apart is too far, and `text` may be all the texts of a batch."""
    slots: dict[tuple[int, int], set[int]] = {}
    for start, end, slot in hits:
        slots.setdefault((start, end), set()).add(slot)
    number, place = 0, None
    for start, end in sorted(slots):
        if place is not None:
            number += _count(text, place, start, most=within + 1)
        place = start
        yield _Word(number, start, end, frozenset(slots[start, end]))


def _count(text: bytes, start: int, end: int, *, most: int) -> int:
    """The number of words in `text[start:end]`, or `most` if there are more."""
    if end - start > _WINDOW and len(text[start : start + _WINDOW].split(None, most)) >= most:
        return most
    return min(len(text[start:end].split()), most)


def _latest_start(words: deque[_Word], slots: int) -> _Word | None:
    """The word with which the shortest stretch begins that ends with the last word and seats every slot."""
    seated: dict[int, int] = {}  # slot by word

    def seat(word: int, tried: set[int]) -> bool:
        for slot in words[word].slots - tried:
            tried.add(slot)
            holder = next((other for other, held in seated.items() if held == slot), None)
            if holder is None or seat(holder, tried):
                seated[word] = slot
                return True
        return False

    for word in reversed(range(len(words))):
        seat(word, set())
        if len(seated) == slots:
            return words[word]
    return None
