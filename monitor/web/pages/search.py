"""/search : which posts say this, in any form of the words?"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

from litestar import Request, get
from litestar.params import FromQuery, QueryParameter
from litestar.response import Template

from monitor.errors import ConfigError, Refused
from monitor.model.instant import Instant, from_datetime
from monitor.model.post import PostId
from monitor.model.record import Kind, Record
from monitor.views.named import known_channel
from monitor.web.desk import TheDesk
from monitor.web.finding import LOOKED, Asked, Found, find
from monitor.web.page import page
from monitor.web.times import zone

MARKED = 1_000
"""Characters of a text in which the words are marked: a few more than are shown."""
Before = Annotated[int | None, QueryParameter(ge=0, le=2**53)]


@get("/search", include_in_schema=False)
async def search(
    request: Request[Any, Any, Any],
    desk: TheDesk,
    q: FromQuery[str] = "",
    channel: FromQuery[str] = "",
    story: FromQuery[str] = "",
    since: FromQuery[str] = "",
    until: FromQuery[str] = "",
    edited: FromQuery[bool] = False,
    deleted: FromQuery[bool] = False,
    before: Before = None,
) -> Template:
    problem, found, words = "", Found((), None), await desk.search()
    channels = [held.identity for held in await desk.store.ledger.held()]
    reader = request.user.time_zone
    try:
        asked = Asked(
            query=q,
            channel=await known_channel(desk.store.ledger, channel) if channel else None,
            story=story,
            since=_day(since, reader),
            until=_day(until, reader, after=True),
            edited=edited,
            deleted=deleted,
            before=before,
        )
        if q.strip() and words is not None:
            found = await find(desk, asked)
    except (ConfigError, Refused) as error:
        problem = str(error)
    texts = [record.said.text[:MARKED] if record.said else "" for record in found.records]
    marked = await words.marks(q, texts) if words is not None and texts else [()] * len(texts)
    return await page(
        request,
        "search.html",
        status=400 if problem else 200,
        asked=q.strip() != "",
        found=list(zip(found.records, marked, strict=True)),
        gone=await _gone(desk, found.records),
        older=found.older,
        looked=LOOKED,
        problem=problem,
        channels=sorted(channels, key=lambda each: each.name.casefold()),
        titles={each.id: each.title for each in desk.settings.stories},
        values={
            "q": q, "channel": channel, "story": story, "since": since, "until": until,
            "edited": edited, "deleted": deleted,
        },
        no_search=words is None,
    )  # fmt: skip


async def _gone(desk: TheDesk, records: Sequence[Record]) -> set[tuple[int, PostId]]:
    """Of which posts the last that was heard is that they are deleted."""
    posts = [(each.number, each.post) for each in records]
    last = {(each.number, each.post): each for each in await desk.store.ledger.histories(posts)}
    return {post for post, record in last.items() if record.kind is Kind.DELETED}


def _day(words: str, reader: str, *, after: bool = False) -> Instant | None:
    """The first moment of a day (`2023-06-04`) where the reader is, or of the day after it."""
    if not words:
        return None
    try:
        day = datetime.strptime(words, "%Y-%m-%d").replace(tzinfo=zone(reader))
        return from_datetime(day + timedelta(days=after))  # by the calendar: not every day has 24 hours
    except (ValueError, OverflowError):
        raise ConfigError("a day is written as 2023-06-04") from None
