"""/review : one flagged post after the other, and what a reviewer thinks of it."""

from typing import Annotated, Any

from litestar import Request, get, post
from litestar.params import FromQuery, QueryParameter
from litestar.response import Redirect, Template

from monitor.errors import Refused
from monitor.model.match import Match
from monitor.stages.review import review as file_review
from monitor.web.desk import TheDesk, known_post
from monitor.web.gate import needs
from monitor.web.page import page
from monitor.web.pages.login import Form
from monitor.web.pages.post import SHOWN
from monitor.web.showing import place

AHEAD = 200
"""How many of those that wait are counted."""


@get("/review", include_in_schema=False, guards=[needs("reviewer")])
async def queue(
    request: Request[Any, Any, Any],
    desk: TheDesk,
    story: FromQuery[str] = "",
    before: Annotated[int | None, QueryParameter(ge=0, le=2**53)] = None,
    filed: Annotated[int | None, QueryParameter(ge=0, le=2**53)] = None,
) -> Template:
    return await _show(request, desk, story=story, before=before, filed=filed)


@post("/review", include_in_schema=False, guards=[needs("reviewer")])
async def file(request: Request[Any, Any, Any], desk: TheDesk, data: Form) -> Template | Redirect:
    """Files the verdict into the ledger, and goes on to the next."""
    story, only = data.get("story", ""), data.get("only", "")
    before = int(data["before"]) if data.get("before", "").isdecimal() and len(data["before"]) < 17 else None
    try:
        channel, _, number = data.get("post", "").rpartition("/")
        if not number.isdecimal() or len(number) > 10:
            raise Refused("this names no post")
        found = await known_post(desk, channel, int(number))
        index = await file_review(
            desk.add.ledger,
            channel=found.channel,
            post=found.post,
            story=story,
            aspect=data.get("aspect", ""),
            verdict=data.get("verdict", ""),
            reason=data.get("reason", ""),
            by=request.user.name,
            now=desk.now,
        )
    except Refused as error:
        return await _show(request, desk, story=only, before=before, problem=str(error), data=data)
    if data.get("back", "") == "post":
        return Redirect(f"/post/{place(found.channel.name)}/{found.post}#reviews", status_code=303)
    query = f"?filed={index}" + (f"&story={only}" if only in _stories(desk) else "")
    return Redirect(f"/review{query}{f'&before={before}' if before is not None else ''}", status_code=303)


async def _show(
    request: Request[Any, Any, Any],
    desk: TheDesk,
    *,
    story: str,
    before: int | None,
    filed: int | None = None,
    problem: str = "",
    data: Form | None = None,
) -> Template:
    waiting = await desk.store.reviews.waiting(story=story or None, limit=AHEAD, before=before)
    found = await _dossier(desk, waiting[0]) if waiting else None
    return await page(
        request,
        "review.html",
        status=400 if problem else 200,
        match=waiting[0] if waiting else None,
        record=next((each for each in found.records if each.index == waiting[0].record), None) if found else None,
        dossier=found,
        waiting=len(waiting),
        ahead=AHEAD,
        only=story,
        before=before,
        filed=filed,
        problem=problem,
        data=data or {},
        titles=_stories(desk),
        most=SHOWN,
    )


async def _dossier(desk: TheDesk, match: Match) -> Any:
    [record] = await desk.store.ledger.records([match.record])
    return await known_post(desk, record.channel.name if record.channel else "", record.post)


def _stories(desk: TheDesk) -> dict[str, str]:
    return {story.id: story.title for story in desk.settings.stories}
