"""When something happened: whole milliseconds since 1970-01-01T00:00:00Z.

An integer cannot be naive, cannot lose its zone, and is what the ledger's header holds. It becomes RFC 3339 text in UTC only
where people or programs read it.
"""

from datetime import UTC, datetime, timedelta

Instant = int

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def from_datetime(when: datetime) -> Instant:
    """A time with a zone, as an instant. ValueError for one without: its hour is anybody's guess."""
    if when.tzinfo is None:
        raise ValueError("a time without a zone")
    return (when - _EPOCH) // _MILLISECOND


def to_datetime(at: Instant) -> datetime:
    """The instant in UTC. OverflowError outside the years 1 to 9999."""
    return _EPOCH + at * _MILLISECOND


def parse(text: str) -> Instant:
    """RFC 3339 (`2023-06-04T13:00:00Z`, `2023-06-04T16:00:00+03:00`) as an instant; a leap second is the one after it.

    ValueError for anything else, a time without zone included.
    """
    if text[17:19] == "60":
        return from_datetime(datetime.fromisoformat(f"{text[:17]}59{text[19:]}")) + SECOND
    return from_datetime(datetime.fromisoformat(text))


def text(at: Instant) -> str:
    """The instant as RFC 3339 in UTC: `2023-06-04T13:00:00Z`, with `.mmm` only where there are milliseconds."""
    whole = to_datetime(at).replace(tzinfo=None).isoformat(timespec="seconds")
    return f"{whole}.{at % 1000:03d}Z" if at % 1000 else f"{whole}Z"
