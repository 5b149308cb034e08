"""The same answers as the index, found by trying every wording at every word: slow, and plain enough to be believed."""

import re
from collections.abc import Iterator, Sequence
from itertools import combinations, permutations

from monitor.matching.fold import Folded, fold
from monitor.matching.shape import MARKS, shows
from monitor.matching.wordings import Slot, Wording

Word = tuple[int, int]


def find(wordings: Sequence[Wording], text: str) -> set[tuple[int, int]]:
    """Where one of the wordings stands, in code points. Spaced letters are not looked for."""
    page = fold(text.replace("\x02", " "))  # which may stand between texts alone
    words = [word.span() for word in re.finditer(rb"[^ \x02]+", page.text)]
    stretches = {stretch for wording in wordings for stretch in _stretches(page, words, wording)}
    places = (page.span(start, end) for start, end in stretches)
    return {_with_closing_quote(text, *place) for place in places if not _is_part_of_a_word(text, *place)}


def _stretches(page: Folded, words: list[Word], wording: Wording) -> Iterator[Word]:
    if wording.within is not None:
        yield from _near(page, words, wording)
        return
    for first in range(len(words)):
        ends = [(first, None)]
        for slot in wording.slots:
            ends = [end for at, before in ends for end in _seats(page, words, slot, at, before, wording.signs)]
        if wording.slots[0].initial and first > 0 and _is_initial_before(page, words[first - 1], words[first]):
            continue
        for at, _ in ends:
            start = words[first][0]
            if not wording.tag or page.raw[: page.origin(start)][-1:] in MARKS:
                yield start, words[at - 1][1] + wording.slots[-1].initial


def _is_part_of_a_word(text: str, start: int, end: int) -> bool:
    """«харків» in харків'яни, which an apostrophe parts; but not Браєн in О'Браєн. And don't."""
    if text[end - 1] in "nN" and re.match(r"['’ʼ`]t\b", text[end:], re.IGNORECASE):
        return True
    return bool(
        re.search(r"[а-яёіїєґ][а-яёіїєґ]['’ʼ`]\Z", text[:start], re.IGNORECASE) and _is_cyrillic(text[start])
    ) or bool(re.match(r"['’ʼ`][а-яёіїєґ]", text[end:], re.IGNORECASE) and _is_cyrillic(text[end - 1]))


def _is_cyrillic(letter: str) -> bool:
    return "\u0400" <= letter <= "\u052f"


def _is_initial_before(page: Folded, left: Word, right: Word) -> bool:
    said = page.raw[page.origin(left[0]) : page.origin(right[0])]
    return left[1] - left[0] == 1 and right[0] - left[1] <= 8 and said[0].isupper() and said[1:].strip() == "."


def _seats(
    page: Folded, words: list[Word], slot: Slot, at: int, before: int | None, signs: str
) -> Iterator[tuple[int, int]]:
    """Number of the word behind the slot's, and where the slot's begins, if it stands at word `at`."""
    if before is not None and at < len(words) and _is_possessive(page, *words[at]):
        at += 1
    for last in (at, at + 1) if slot.parted else (at,):
        if last >= len(words) or (last > at and words[last][0] != words[at][1] + 1):
            continue
        start, end = words[at][0], words[last][1]
        if _at_home(page, slot, start, end) and (before is None or _together(page, words[before], words[at], signs)):
            yield last + 1, last


def _is_possessive(page: Folded, start: int, end: int) -> bool:
    return page.text[start:end] == b"s" and page.raw[page.span(start, end)[0] - 1] in "'’ʼ`"


def _at_home(page: Folded, slot: Slot, start: int, end: int) -> bool:
    gate = slot.fits(page.text[start:end])
    return gate is not None and shows(page, start, end, gate, slot.base)


def _together(page: Folded, left: Word, right: Word, signs: str) -> bool:
    between = page.raw[page.span(*left)[1] : page.span(*right)[0]]
    if right[0] - left[1] > 8 or right[1] - right[0] > 100 or left[1] - left[0] > 100:
        return False
    if not between.strip():
        return between.count("\n") < 2
    dotted = "." in between and left[1] - left[0] > 3 and not (between == "." and "." in signs)
    return not dotted and not set(between) & (set(",!?;:…()[]{}/|") - set(signs)) and not re.search(r"\n\s*\n", between)


def _near(page: Folded, words: list[Word], wording: Wording) -> Iterator[Word]:
    """From the left, as soon as the words up to here hold all slots near enough; then as short as can be; then on behind it."""
    begin = 0
    for last in range(len(words)):
        for first in range(last, max(begin, last - (wording.within or 0)) - 1, -1):
            if _hold_all(page, words[first : last + 1], wording.slots):
                yield words[first][0], words[last][1]
                begin = last + 1
                break


def _hold_all(page: Folded, words: list[Word], slots: Sequence[Slot]) -> bool:
    return any(
        all(_at_home(page, slot, *word) for slot, word in zip(slots, seating, strict=True))
        for chosen in combinations(words, len(slots))
        for seating in permutations(chosen)
    )


def _with_closing_quote(text: str, start: int, end: int) -> tuple[int, int]:
    pairs = {"»": "«", "”": "“", "“": "„", '"': '"', ")": "(", "]": "["}
    closing, said = text[end : end + 1], text[start:end]
    if closing in pairs and (said.count(pairs[closing]) > (0 if closing == '"' else said.count(closing))):
        return start, end + (closing != '"' or said.count('"') % 2)
    return start, end
