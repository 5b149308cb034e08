"""What is looked for with a word of a wording, once the automaton has found it?"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from monitor.matching.forms import Forms
from monitor.matching.spelling import known, part
from monitor.matching.wordings import Slot, Wording


class Use(NamedTuple):
    """Term number `term` is looked for by slot number `anchor` of `wording`."""

    term: int
    wording: Wording
    anchor: int


class Side(NamedTuple):
    """What is looked for where `slot` stands on the right of a word, or on its left."""

    is_right: bool
    slot: Slot
    uses: list[Use]


class Owner(NamedTuple):
    """A slot whose forms are in the automaton, each with its gate. It is looked for for terms of which it is all, for hashtags, for
    words near one another and for words side by side."""

    base: str
    forms: Forms
    is_prefix: bool
    whole: list[int]
    tags: list[Use]
    near: list[Use]
    beside: list[Side]

    def empty(self) -> "Owner":
        """The same slot, looked for for nothing."""
        return Owner(self.base, self.forms, self.is_prefix, whole=[], tags=[], near=[], beside=[])

    def look_for(self, use: Use) -> None:
        wording, anchor = use.wording, use.anchor
        if wording.tag:
            self.tags.append(use)
        elif len(wording.slots) == 1:
            self.whole.append(use.term)
        elif wording.within is not None:
            self.near.append(use)
        else:
            is_right = anchor + 1 < len(wording.slots)
            slot = wording.slots[anchor + 1 if is_right else anchor - 1]
            side = next((side for side in self.beside if side.is_right == is_right and side.slot is slot), None)
            if side is None:
                self.beside.append(side := Side(is_right, slot, []))
            side.uses.append(use)

    def without(self, terms: Collection[int]) -> "Owner | None":
        """None where it is looked for for nothing else."""
        tags, near, *sides = (
            [use for use in uses if use.term not in terms]
            for uses in (self.tags, self.near, *(side.uses for side in self.beside))
        )
        beside = [side._replace(uses=uses) for side, uses in zip(self.beside, sides, strict=True) if uses]
        whole = [term for term in self.whole if term not in terms]
        rest = self._replace(whole=whole, tags=tags, near=near, beside=beside)
        return rest if whole or tags or near or beside else None


def own(slot: Slot) -> Owner:
    """Looked for for nothing yet."""
    return Owner(slot.base, slot.forms, bool(slot.beginning), whole=[], tags=[], near=[], beside=[])


def patterns(slot: Slot) -> Iterable[bytes]:
    """What stands in a folded text where the slot's word may be."""
    return [b" %b " % form for form in slot.forms] or [b" " + slot.beginning]


def rarest(wording: Wording, frequency: Counter[str]) -> int:
    """The number of the slot that is seldom seen."""

    def commonness(number: int) -> tuple[bool, bool, bool, int, int]:
        slot, base = wording.slots[number], wording.slots[number].base.lower()
        return slot.initial, len(base) < 4, (known(base) or part(base)) is not None, frequency[base] // 8, -len(base)

    if len(wording.slots) == 1:
        return 0
    return min((number for number, slot in enumerate(wording.slots) if slot.base), key=commonness)


def frequencies(terms: Sequence[Sequence[Wording]]) -> Counter[str]:
    """In how many of the terms is each word?"""
    words = ({slot.base.lower() for wording in term for slot in wording.slots} for term in terms)
    return Counter(word for term in words for word in term)
