"""What does one look at a page of texts find of the terms that are looked for?

What the automaton found is checked by those who look for it. What only matters beside something else waits until that is there, and
what has been told often enough is looked for no longer.
"""

from array import array
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from itertools import islice

import msgspec

from monitor.matching.beside import Stretch, spread
from monitor.matching.fold import Folded, Page
from monitor.matching.near import Hit, near
from monitor.matching.owners import Owner, Use
from monitor.matching.shape import CASED, shows
from monitor.matching.telling import PLACES, Gates, Place, Strangers, Told

LOOKS = 5_000
"""So often one text makes us look what a tracked word in it may be. What an enemy fills with more of them is cut there; no post
that Telegram takes has so much."""
SPACED = 1_000
"""So many words in spaced letters are looked at in one text."""

_BOUNDARY = b"\x02"


class Plan(msgspec.Struct, frozen=True):
    """Who looks for what. `find` gives start, end and pattern of all that stands in a folded text.

    A pattern belongs to a group of owners: `patterns` has its number, `members` the numbers of its owners, `groups` the owners,
    `roles` whether all of it is told at once (0), some (1) or nothing (2). `later`: by owner, what it is asked for, by term;
    `calls`: by owner, the terms that are asked for where it is met.
    """

    find: Callable[[bytes], Sequence[tuple[int, int, int]]]
    patterns: "array[int]"
    members: Sequence[Sequence[int]]
    groups: Sequence[tuple[Owner, ...]]
    roles: bytearray
    owners: Sequence[Owner]
    later: Mapping[int, Mapping[int, Sequence[Use]]]
    calls: Mapping[int, Sequence[int]]

    def asked(self, number: int, terms: Set[int] | None) -> Owner | None:
        """The owner of this number, looking for these terms alone (None: for all that it can be asked for); None where it is not
        asked."""
        mine = self.later.get(number)
        own = mine and (mine.keys() if terms is None else mine.keys() & terms)
        if not mine or not own:
            return None
        owner = self.owners[number].empty()
        for term in sorted(own):
            for use in mine[term]:
                owner.look_for(use)
        return owner


class Looked:
    """Texts that were looked at once; their numbers are their places. `hits`: what the plan finds in their page; `spaced`: the
    words in spaced letters that it has; `cut`: the numbers of the texts that are longer than it."""

    def __init__(
        self,
        plan: Plan,
        page: Page,
        hits: Sequence[tuple[int, int, int]],
        spaced: Iterable[Sequence[int]],
        cut: Iterable[int] = (),
    ) -> None:
        self._plan = plan
        self._told = Told(page, cut)
        self.cut: Set[int] = self._told.cut
        """The numbers of the texts of which the rest was not looked at."""
        self.shown: Collection[int] = self._told.of.keys()
        """The numbers of the texts in which something is told."""
        self._waiting: dict[int, list[tuple[int, int, int]]] = {}
        """By text: start, end and group of what may be told later."""
        self._spaced: dict[int, list[tuple[int, Stretch]]] = {}
        self._called: dict[int, set[int]] = {}
        if hits:
            self._scan(hits)
        if spaced:
            self._scan_spaced(spaced)
        for number, terms in self._called.items():
            self.tell(number, terms)

    def places(self, number: int) -> list[Place]:
        """What is told of this text so far, each place once."""
        return list(self._told.of[number].places) if number in self._told.of else []

    def tell(self, number: int, terms: Set[int] | None) -> None:
        """These terms too (None: all), in this text. Only who was met in it is asked."""
        groups = dict.fromkeys(group for _, _, group in self._waiting.get(number, ()))
        met = dict.fromkeys(place for group in groups for place in self._plan.members[group])
        met |= dict.fromkeys(place for place, _ in self._spaced.get(number, ()))
        wanted = {place: owner for place in met if (owner := self._plan.asked(place, terms))}
        if wanted:
            self._tell(number, wanted)

    def tell_all(self) -> None:
        """Every term, in every text."""
        for number in self._waiting.keys() | self._spaced.keys():
            self.tell(number, None)

    def _scan(self, hits: Sequence[tuple[int, int, int]]) -> None:
        told, page = self._told, self._told.page.folded
        text, plan = page.text, self._plan
        patterns, groups, roles = plan.patterns, plan.groups, plan.roles
        number, looked, left = 0, 0, LOOKS
        strangers, gates = Strangers(page), Gates(page)
        for start, end, pattern in hits:
            if passed := text.count(_BOUNDARY, looked, start):
                number, left = number + passed, LOOKS
                strangers.forget()
            looked = start
            group = patterns[pattern]
            left -= len(groups[group])
            if left < 0:
                told.cut.add(number)
                continue
            if roles[group]:
                self._waiting.setdefault(number, []).append((start, end, group))
                if roles[group] == 2:
                    continue
                self._call(number, group)
            for owner in told.open(number, group, groups[group]):
                first, last = start + 1, _word_end(text, end) if owner.is_prefix else end - 1
                if gates.let(owner, first, last):
                    self._show(number, owner, first, last, strangers)

    def _call(self, number: int, group: int) -> None:
        for owner in self._plan.members[group]:
            if owner in self._plan.calls:
                self._called.setdefault(number, set()).update(self._plan.calls[owner])

    def _show(self, number: int, owner: Owner, first: int, last: int, strangers: Strangers) -> None:
        """What the word that stands here shows by itself and with its neighbours."""
        for term in owner.whole:
            self._told.tell(number, term, (first, last))
        if owner.tags or owner.beside:
            for use in (*owner.tags, *strangers.met(owner, first, last)):
                if stretch := spread(self._told.page.folded, use.wording, use.anchor, first, last):
                    self._told.tell(number, use.term, stretch)

    def _scan_spaced(self, spaced: Iterable[Sequence[int]]) -> None:
        """Single words in spaced letters, acronyms of three letters among them. What stands between the letters is part of the
        name there."""
        told, plan, page = self._told, self._plan, self._told.page.folded
        looks: dict[int, int] = {}
        for places in spaced:
            letters = bytes(page.text[place] for place in places)
            number = told.page.text_at(page.origin(places[0]))
            looks[number] = looks.get(number, 0) + 1
            if looks[number] > SPACED:
                told.cut.add(number)
                continue
            for first, _, pattern in plan.find(b" %b " % letters):
                for owner in plan.members[plan.patterns[pattern]] if first == 0 else ():
                    if stretch := _spaced(page, plan.owners[owner], letters, places):
                        self._spaced.setdefault(number, []).append((owner, stretch))
                        for term in plan.owners[owner].whole:
                            told.tell(number, term, stretch)

    def _tell(self, number: int, wanted: dict[int, Owner]) -> None:
        page, full = self._told.page.folded, 0
        strangers, gates = Strangers(page), Gates(page)
        apart: dict[int, list[Stretch]] = {}
        for start, end, group in self._waiting.get(number, ()):
            for place in self._plan.members[group]:
                owner = wanted.get(place)
                if owner is None:
                    continue
                first, last = start + 1, _word_end(page.text, end) if owner.is_prefix else end - 1
                if not gates.let(owner, first, last):
                    continue
                if owner.near:
                    apart.setdefault(place, []).append((first, last))
                self._show(number, owner, first, last, strangers)
                if len(enough := self._told.full(number)) > full:
                    full = len(enough)
                    wanted = {one: rest for one in wanted if (rest := wanted[one].without(enough))}
        for place, stretch in self._spaced.get(number, ()):
            for term in wanted[place].whole if place in wanted else ():
                self._told.tell(number, term, stretch)
        self._tell_near(number, [(wanted[place], stretches) for place, stretches in apart.items() if place in wanted])

    def _tell_near(self, number: int, apart: Sequence[tuple[Owner, list[Stretch]]]) -> None:
        """Words near one another, where there are all of them."""
        seen: dict[int, list[tuple[Use, list[Stretch]]]] = {}
        for owner, stretches in apart:
            for use in owner.near:
                seen.setdefault(id(use.wording), []).append((use, stretches))
        for slots in seen.values():
            wording = slots[0][0].wording
            if len({use.anchor for use, _ in slots}) < len(wording.slots):
                continue
            hits = (Hit(*stretch, use.anchor) for use, stretches in slots for stretch in stretches)
            found = near(self._told.page.folded.text, hits, slots=len(wording.slots), within=wording.within or 0)
            for stretch in islice(found, PLACES):
                self._told.tell(number, slots[0][0].term, stretch)


def _spaced(page: Folded, owner: Owner, letters: bytes, places: Sequence[int]) -> Stretch | None:
    """Where the owner's word stands in spaced letters, if it is that."""
    gate, stretch = owner.forms.get(letters, 0), (places[0], places[-1] + 1)
    if len(letters) < 4 and not gate & CASED:
        return None
    if gate and not shows(page, *stretch, gate, owner.base):
        return None
    return _with_full_stop(page, *stretch) if gate & CASED else stretch


def _with_full_stop(page: Folded, start: int, end: int) -> Stretch:
    """With the last full stop of «Л.С.Р.»."""
    first, last = page.span(start, end)
    return start, end + ("." in page.raw[first:last] and page.raw[last : last + 1] == ".")


def _word_end(text: bytes, place: int) -> int:
    end = text.find(b" ", place)
    boundary = text.find(b"\x02", place, end)
    return end if boundary < 0 else boundary
