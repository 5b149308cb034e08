"""How does a claim stand: what did reviewers say, of which wording, and what became of the post since?"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from monitor.model.record import Kind, Record, Reviewed
from monitor.model.review import STANDING

_VERDICTS = {
    "unverified": "left unverified",
    "corroborated": "corroborated",
    "disputed": "disputed",
    "false": "called false",
    "miscaptioned": "called miscaptioned",
    "manipulated": "called manipulated",
    "irrelevant": "called irrelevant",
}

ByAspect = Mapping[str, Record]
"""The newest review of each aspect."""


class Stand(NamedTuple):
    """Of one record of a post: the reviews of what it said then, or else those of another wording; and what the post became."""

    standing: ByAspect
    other: ByAspect
    since: Kind | None


class Standing(Protocol):
    """What `standing_words` needs of a moment."""

    @property
    def standing(self) -> ByAspect: ...

    @property
    def other(self) -> ByAspect: ...


def stands(records: Sequence[Record], reviews: Sequence[Record], story: str) -> Iterator[tuple[int, Stand]]:
    """By its index, how each of these records stands: those of one post, in the order of the ledger, with the reviews of it."""
    said = [each.index for each in records if each.kind is not Kind.DELETED]
    of_wording: dict[int, dict[str, Record]] = defaultdict(dict)
    of_all: dict[str, Record] = {}
    for review in reviews:
        if isinstance(review.content, Reviewed) and review.content.story == story:
            of_wording[bisect_left(said, review.index)][review.content.aspect] = review
            of_all[review.content.aspect] = review
    for place, record in enumerate(records):
        own = of_wording.get(bisect_left(said, record.index + 1), {})
        later = [each.kind for each in records[place + 1 :]]
        since = later[-1] if later and later[-1] is Kind.DELETED else Kind.EDITED if later else None
        yield record.index, Stand(own, {} if own else of_all, since)


def standing_words(moment: Standing) -> str:
    """What is said beside a claim: who called it what, if anybody spoke of its truth."""
    return _said(moment.standing) or STANDING + (
        f"; in another wording {other}" if (other := _said(moment.other)) else ""
    )


def _said(standing: ByAspect) -> str:
    said = standing["truth"].content if "truth" in standing else None
    return f"{_VERDICTS.get(said.verdict, said.verdict)} by {said.by}" if isinstance(said, Reviewed) else ""


def by_post(records: Iterable[Record]) -> Mapping[tuple[int, int], list[Record]]:
    """In the order of the ledger, by channel number and post."""
    found: dict[tuple[int, int], list[Record]] = defaultdict(list)
    for record in sorted(records, key=lambda each: each.index):
        found[record.number, record.post].append(record)
    return found
