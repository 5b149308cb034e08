"""Where in a text does each term stand? One pass over the text finds the terms of all stories.

The forms of one word of every wording, its rarest, go into one automaton, with a space on either side, so that word boundaries
are part of the pattern. What the automaton finds is then checked (`looked.py`): the raw letters against the form's gate, the
neighbours against the wording's other slots. A text costs its length and what it has of tracked words, however many terms there
are.
"""

from array import array
from collections import defaultdict
from collections.abc import Collection, Sequence

import daachorse
import msgspec

from monitor.matching.fold import fold_page
from monitor.matching.looked import Looked, Plan
from monitor.matching.owners import Owner, Use, frequencies, own, patterns, rarest
from monitor.matching.telling import PLACES, Place
from monitor.matching.wordings import Slot, Wording

__all__ = ["FARTHEST", "PLACES", "Automaton", "Index", "Place"]

FARTHEST = 40_000
"""Code points of a text that are looked at: ten of the longest posts that Telegram takes."""


class Automaton(msgspec.Struct, frozen=True, array_like=True):
    """`groups`: the numbers of the owners that share a pattern, which are their places among the slots that are looked for, in the
    order of the terms; `patterns`: for each pattern the number of its group, unsigned integers of four bytes."""

    machine: bytes
    patterns: bytes
    groups: list[list[int]]


class Index:
    """`terms`: the wordings of each term; its number is its place. `first`: the numbers of those that are told at once (None: of
    all), the others when they are asked for. `automaton`: the one that an index of the same terms had."""

    def __init__(
        self,
        terms: Sequence[Sequence[Wording]],
        automaton: Automaton | None = None,
        *,
        first: Collection[int] | None = None,
    ) -> None:
        slots, owners, later, calls = _assign(terms, first)
        if automaton is None:
            self._machine, numbers, members = _build(slots)
        else:
            self._machine = daachorse.DoubleArrayAhoCorasick.deserialize(automaton.machine)
            numbers, members = array("I", automaton.patterns), list(map(tuple, automaton.groups))
        self._plan = Plan(
            find=self._machine.find_overlapping,
            patterns=numbers,
            members=members,
            groups=[tuple(owners[number] for number in group) for group in members],
            roles=_roles(members, owners, later, calls),
            owners=owners,
            later=later,
            calls=calls,
        )
        self._nothing = Looked(self._plan, fold_page(()), hits=(), spaced=())

    @property
    def automaton(self) -> Automaton:
        """For an index of the same terms."""
        plan = self._plan
        return Automaton(bytes(self._machine.serialize()), plan.patterns.tobytes(), list(map(list, plan.members)))

    def look(self, texts: Sequence[str]) -> Looked:
        """What is told at once of each text, and what else can be."""
        cut: Sequence[int] = ()
        if sum(map(len, texts)) > FARTHEST:
            cut = [number for number, text in enumerate(texts) if len(text) > FARTHEST]
            texts = [text[:FARTHEST] for text in texts]
        page = fold_page(texts)
        hits, spaced = self._plan.find(page.folded.text), page.folded.spaced()
        if not (hits or spaced or cut):  # as in nearly every post
            return self._nothing
        return Looked(self._plan, page, hits, spaced, cut)

    def find(self, texts: Sequence[str], cut: set[int] | None = None) -> list[list[Place]]:
        """The places of all terms in each text, each once. `cut` takes the numbers of the texts of which the rest was not looked
        at."""
        looked = self.look(texts)
        looked.tell_all()
        if cut is not None:
            cut.update(looked.cut)
        return [looked.places(number) for number in range(len(texts))]


_Later = dict[int, dict[int, list[Use]]]
_Calls = dict[int, list[int]]


def _assign(
    terms: Sequence[Sequence[Wording]], first: Collection[int] | None
) -> tuple[list[Slot], list[Owner], _Later, _Calls]:
    """Each wording to the owner that is its rarest slot, words near one another to all of theirs."""
    frequency, numbers = frequencies(terms), dict[int, int]()
    slots, owners, calls = list[Slot](), list[Owner](), defaultdict(list)
    later: _Later = {}
    for term, wordings in enumerate(terms):
        at_once = first is None or term in first
        for wording in wordings:
            seldom, near = rarest(wording, frequency), wording.within is not None
            for anchor in range(len(wording.slots)) if near else (seldom,):
                slot = wording.slots[anchor]
                number = numbers.setdefault(id(slot), len(slots))
                if number == len(slots):
                    slots.append(slot)
                    owners.append(own(slot))
                if at_once and not near:
                    owners[number].look_for(Use(term, wording, anchor))
                else:
                    later.setdefault(number, {}).setdefault(term, []).append(Use(term, wording, anchor))
                if at_once and near and anchor == seldom:
                    calls[number].append(term)
    return slots, owners, later, dict(calls)


def _build(slots: Sequence[Slot]) -> tuple[daachorse.DoubleArrayAhoCorasick, "array[int]", list[tuple[int, ...]]]:
    """The automaton over the patterns of these owners, with the group of each pattern. Most groups are of one."""
    groups: dict[tuple[int, ...], int] = {(number,): number for number in range(len(slots))}
    members = list(groups)
    found: dict[bytes, int] = {}
    for number, slot in enumerate(slots):
        mine = dict.fromkeys(patterns(slot), number)
        if found.keys().isdisjoint(mine):
            found.update(mine)
            continue
        for pattern in mine:
            group = number
            if pattern in found:
                those = (*members[found[pattern]], number)
                group = groups.setdefault(those, len(members))
                if group == len(members):
                    members.append(those)
            found[pattern] = group
    machine = daachorse.DoubleArrayAhoCorasick(list(found) or [b"\0"])  # which no folded text holds
    return machine, array("I", found.values()), members


def _roles(members: Sequence[Sequence[int]], owners: Sequence[Owner], later: _Later, calls: _Calls) -> bytearray:
    """By group: 0 where all that it is looked for for is told at once, 2 where nothing is, 1 where some."""
    waits = bytearray(len(owners))
    for number in later:
        waits[number] = 2
    for number in calls:
        waits[number] = 1
    for number, owner in enumerate(owners):
        if waits[number] and (owner.whole or owner.tags or owner.beside):
            waits[number] = 1
    return bytearray(_role({waits[number] for number in group}) for group in members)


def _role(roles: set[int]) -> int:
    return roles.pop() if len(roles) == 1 else 1
