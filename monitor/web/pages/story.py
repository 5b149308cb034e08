"""/story/ID : a lane for each party, and what each said, changed and took back, in time."""

import asyncio
from collections.abc import Iterable
from itertools import islice
from typing import Annotated, Any

from litestar import Request, get
from litestar.params import FromPath, QueryParameter
from litestar.response import Template

from monitor.views.changes import changes_at_first
from monitor.views.timeline import Moment, timeline
from monitor.web.chart import until
from monitor.web.desk import NotHeld, TheDesk
from monitor.web.page import page

PAGE = 30
"""Flagged posts of one page: what a reader takes in, and what arrives at once over a bad line."""
LANES = 6
"""Lanes that stand beside each other; who speaks later than these shares the last."""
SHOWN = 900
"""Characters of a text: the beginning, as on a card."""
COMPARED = 60
"""Edits of one page whose words are compared, the newest. One may take 50 ms, and a channel may edit as often as it likes."""


@get("/story/{id:str}", include_in_schema=False)
async def story(
    request: Request[Any, Any, Any],
    desk: TheDesk,
    id: FromPath[str],
    before: Annotated[int | None, QueryParameter(ge=0, le=2**53)] = None,
) -> Template:
    found = await timeline(desk.store, desk.settings, id, limit=PAGE, before=before)
    known = next((each for each in desk.settings.stories if each.id == id), None)
    by_hour = until(desk.now, await desk.volumes.of(id))
    if known is None and not by_hour:
        raise NotHeld("there is no story of this name")
    await desk.readers.shown(request.user, f"story {id}")
    lanes = {party: min(place, LANES - 1) for place, party in enumerate(found.lanes)}
    return await page(
        request,
        "story.html",
        story=found,
        known=known,
        by_hour=by_hour,
        lanes=lanes,
        changed_words=await asyncio.to_thread(_changed_words, found.moments),
        shown=SHOWN,
        columns=max(1, len(set(lanes.values()))),
        first=before is None,
    )


def _changed_words(moments: Iterable[Moment]) -> dict[int, list[tuple[str, str]]]:
    """What each edit did to the text, by record."""
    edits = [
        (each.record.index, each.before.text, each.record.said.text)
        for each in moments
        if each.before and each.record.said and each.before.text != each.record.said.text
    ]
    return {
        index: changes_at_first(before, after, most=SHOWN) for index, before, after in islice(reversed(edits), COMPARED)
    }
