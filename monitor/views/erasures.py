"""Why has a record no content, as far as the ledger says?"""

from collections.abc import Iterable, Mapping

from monitor.model.instant import text
from monitor.model.record import Erased, Record

UNKNOWN = "the content was erased, or is of a later version"


def taken(erasures: Iterable[Record]) -> Mapping[int, Record]:
    """By index, the records whose content was taken away, each with the one that says so."""
    return {
        index: erasure
        for erasure in erasures
        if isinstance(erasure.content, Erased)
        for index in erasure.content.records
    }


def in_words(erasure: Record | None) -> str:
    """`erased 2023-06-04T12:00:00Z by olena: a court's order`."""
    if erasure is None or not isinstance(erasure.content, Erased):
        return UNKNOWN
    return f"erased {text(erasure.observed_at)} by {erasure.content.by}: {erasure.content.reason}"
