"""How does a page show what a stranger wrote: with the form they gave it, and doing nothing?

Every element is ours and every letter of theirs is escaped. Styles of the page: `white-space: pre-wrap` keeps line breaks,
`hidden` is for those who listen, `odd`, `warn`, `host` and `note` are our words in between.
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from heapq import nsmallest
from itertools import groupby, pairwise
from operator import attrgetter
from typing import NamedTuple

from markupsafe import Markup as Html
from markupsafe import escape

from monitor.alerting.display import Piece, cut, pieces, units
from monitor.model.post import Markup
from monitor.web import links

MOST = 1000
"""Entities that are shown: more is an attack on the reader."""

_LANGUAGE = re.compile("[A-Za-z0-9_+-]{1,20}")
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")

_SPAN = Html("</span>")
_PLAIN = {
    "blockquote": (Html('<span class="quote">'), _SPAN),
    "spoiler": (Html('<span class="spoiler"><span class="hidden">spoiler: </span>'), _SPAN),
    "bold": (Html("<b>"), Html("</b>")),
    "italic": (Html("<i>"), Html("</i>")),
    "underline": (Html("<u>"), Html("</u>")),
    "strike": (Html("<s>"), Html("</s>")),
    "code": (Html("<code>"), Html("</code>")),
    "": (Html("<mark>"), Html("</mark>")),
}
"""Those that are the same whatever they hold; our own mark has no kind."""
_NAMES = ("mention", "mention_name", "hashtag", "cashtag", "email", "phone", "bot_command", "bank_card")
_NESTING = (
    ("blockquote",),
    ("pre",),
    ("text_url", "url"),
    _NAMES,
    ("custom_emoji",),
    *((kind,) for kind in ("spoiler", "bold", "italic", "underline", "strike", "code", "")),
)
"""From the outermost. Of one rank, one is open at a time: a link inside a link is none."""
_RANK = {kind: rank for rank, kinds in enumerate(_NESTING) for kind in kinds}
_CHANGES = {"gone": ("del", "removed"), "new": ("ins", "added")}
_OUR_MARK = Markup("", 0, 0)


class _Stretch(NamedTuple):
    """Where in the text an entity or mark is, in code points."""

    start: int
    end: int
    rank: int
    markup: Markup


def rich(
    text: str, entities: Sequence[Markup] = (), *, marks: Sequence[tuple[int, int]] = (), most: int | None = None
) -> Html:
    """The text with its entities, and `marks` (code points) upon it; of a long one at most `most` UTF-16 units and `…`.

    Takes time in proportion to what is shown and to the number of entities. Always fit for UTF-8.
    """
    shown = text if most is None else cut(text[: max(most, 0) + 1], most)
    chosen, left_out = _chosen(entities, units(shown))
    html = Html().join(_woven(shown, [*_placed(shown, chosen), *_marked(shown, marks)]))
    return html + ("…" if len(shown) < len(text) else "") + _note(len(chosen), left_out)


def plain(text: str) -> Html:
    """A stranger's name or reason on one line. It cannot turn round what stands beside it."""
    return Html("<bdi>{}</bdi>").format(Html().join(map(_in_line, pieces(text))))


def changed(parts: Iterable[tuple[str, str]]) -> Html:
    """A text and what became of it, from parts that are each `same`, `gone` or `new`."""
    return Html().join(_changed(what, words) for what, words in parts)


def _note(chosen: int, left_out: int) -> Html:
    if not left_out:
        return Html()
    words = f"only the first {chosen:,} of {chosen + left_out:,} formatted stretches are shown as such"
    return Html(' <span class="note">{}</span>').format(words)


def _changed(what: str, words: str) -> Html:
    shown = Html().join(map(_html, pieces(words)))
    if what == "same":
        return shown
    element, said = _CHANGES[what]
    return Html('<{0}><span class="hidden">{1}: </span>{2}</{0}>').format(element, said, shown)


def _html(piece: Piece) -> Html:
    if not piece.unseen:
        return escape(piece.shown)
    code = piece.shown[1:-1]
    name = unicodedata.name(piece.written, code) if len(piece.written) == 1 else code
    return Html('<span class="odd" title="{}">{}</span>').format(name, code)


def _in_line(piece: Piece) -> Html:
    return _html(piece).replace("\n", " ")


def _chosen(entities: Sequence[Markup], length: int) -> tuple[list[Markup], int]:
    """Those that can be seen in a text of this many UTF-16 units, the first of them, and how many they leave out."""
    seen = [
        entity
        for entity in entities
        if entity.offset < length and 0 < entity.length > -entity.offset and entity.kind in _RANK and entity.kind
    ]
    if len(seen) <= MOST:
        return seen, 0
    return nsmallest(MOST, seen, key=attrgetter("offset")), len(seen) - MOST


def _placed(text: str, entities: Sequence[Markup]) -> Iterator[_Stretch]:
    """UTF-16 units as code points. What begins or ends inside a character has the whole of it."""
    astral = [found.start() + before for before, found in enumerate(_ASTRAL.finditer(text))]
    for entity in entities:
        start, end = max(entity.offset, 0), entity.offset + entity.length
        first = start - bisect_left(astral, start)
        last = end - bisect_left(astral, end - 1)
        yield _Stretch(first, min(last, len(text)), _RANK[entity.kind], entity)


def _marked(text: str, marks: Iterable[tuple[int, int]]) -> Iterator[_Stretch]:
    for start, end in marks:
        if max(start, 0) < min(end, len(text)):
            yield _Stretch(max(start, 0), min(end, len(text)), _RANK[""], _OUR_MARK)


def _woven(text: str, stretches: Iterable[_Stretch]) -> Iterator[Html]:
    """The text with elements about it that nest: a stretch that would cross another is closed and opened again."""
    turns = list(_turns([stretch for rank in _by_rank(stretches) for stretch in _apart(rank)]))
    places = [place for place, _ in turns]
    stack: list[tuple[_Stretch, Html]] = []
    for place, words in _parts(text, places):
        turn = bisect_right(places, place) - 1
        yield from _moved(stack, turns[turn][1] if turn >= 0 else (), text)
        yield words
    yield from _moved(stack, (), text)


def _by_rank(stretches: Iterable[_Stretch]) -> Iterator[list[_Stretch]]:
    in_order = sorted(stretches, key=lambda stretch: (stretch.rank, stretch.start))
    return (list(rank) for _, rank in groupby(in_order, key=attrgetter("rank")))


def _apart(stretches: Iterable[_Stretch]) -> Iterator[_Stretch]:
    """Stretches of one rank, by their start, each without what an earlier one has."""
    done = 0
    for stretch in stretches:
        if stretch.end > max(done, stretch.start):
            yield stretch._replace(start=max(done, stretch.start))
            done = stretch.end


def _turns(stretches: Sequence[_Stretch]) -> Iterator[tuple[int, tuple[_Stretch, ...]]]:
    """Each place where something begins or ends, with all that holds from there on, outermost first."""
    events = [(stretch.end, False, stretch) for stretch in stretches]
    events += [(stretch.start, True, stretch) for stretch in stretches]
    holding: dict[int, _Stretch] = {}
    for place, here in groupby(sorted(events, key=lambda event: event[:2]), key=lambda event: event[0]):
        for _, begins, stretch in here:
            if begins:
                holding[stretch.rank] = stretch
            else:
                del holding[stretch.rank]
        yield place, tuple(holding[rank] for rank in sorted(holding))


def _parts(text: str, places: Sequence[int]) -> Iterator[tuple[int, Html]]:
    """The text as HTML, in parts, each with where it begins. None reaches over one of these places, except one badge."""
    start = 0
    for piece in pieces(text):
        end = start + len(piece.written)
        if piece.shown != piece.written:
            yield start, _html(piece)
        else:
            inside = places[bisect_right(places, start) : bisect_left(places, end)]
            for first, last in pairwise([start, *inside, end]):
                yield first, escape(text[first:last])
        start = end


def _moved(stack: list[tuple[_Stretch, Html]], wanted: Sequence[_Stretch], text: str) -> Iterator[Html]:
    """Closes what no longer holds and whatever stands inside of it, and opens what is wanted."""
    kept = 0
    while kept < min(len(stack), len(wanted)) and stack[kept][0] is wanted[kept]:
        kept += 1
    while len(stack) > kept:
        yield stack.pop()[1]
    for stretch in wanted[kept:]:
        before, behind = _around(stretch, text)
        stack.append((stretch, behind))
        yield before


def _around(stretch: _Stretch, text: str) -> tuple[Html, Html]:
    """The tags before and behind."""
    markup = stretch.markup
    if markup.kind in _PLAIN:
        return _PLAIN[markup.kind]
    if markup.kind in _NAMES:
        return Html('<span class="entity">'), _SPAN
    if markup.kind == "custom_emoji":
        return Html('<span class="emoji" title="custom emoji {}">').format(markup.document or "unknown"), _SPAN
    if markup.kind == "pre":
        return _code(markup.language or ""), Html("</code>")
    words = text[stretch.start : min(stretch.end, stretch.start + links.LONGEST + 1)]
    return links.around(markup.url or "" if markup.kind == "text_url" else None, words)


def _code(language: str) -> Html:
    if not _LANGUAGE.fullmatch(language):
        return Html('<code class="pre">')
    return Html('<code class="pre" data-language="{}">').format(language)
