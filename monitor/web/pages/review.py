"""/review : one flagged post after the other, and what a reviewer thinks of it."""

from collections.abc import Sequence
from typing import Annotated, Any

import structlog
from litestar import Request, get, post
from litestar.params import FromQuery, QueryParameter
from litestar.response import Redirect, Template

from monitor.alerting.plan import parties
from monitor.errors import LedgerBroken, Refused
from monitor.model.match import Match
from monitor.model.record import Kind, Record
from monitor.stages.review import review as file_review
from monitor.views.dossier import Dossier
from monitor.views.named import party, reference
from monitor.web.desk import TheDesk, known_post, known_story
from monitor.web.gate import needs
from monitor.web.page import page
from monitor.web.pages.login import Form
from monitor.web.pages.post import SHOWN
from monitor.web.showing import place, state

log = structlog.get_logger(__name__)

AHEAD = 200
"""How many of those that wait are counted."""
Number = Annotated[int | None, QueryParameter(ge=0, le=2**53)]


@get("/review", include_in_schema=False, guards=[needs("reviewer")])
async def queue(
    request: Request[Any, Any, Any],
    desk: TheDesk,
    story: FromQuery[str] = "",
    before: Number = None,
    passed: Annotated[int, QueryParameter(ge=0, le=AHEAD)] = 0,
    filed: Number = None,
) -> Template:
    return await _show(request, desk, story=story, before=before, passed=passed, filed=filed)


@post("/review", include_in_schema=False, guards=[needs("reviewer")])
async def file(request: Request[Any, Any, Any], desk: TheDesk, data: Form) -> Template | Redirect:
    """Files the verdict into the ledger, and goes on to the next."""
    story, only = data.get("story", ""), data.get("only", "")
    before, passed = _whole(data.get("before", "")), _whole(data.get("passed", "")) or 0
    found: Dossier | None = None
    try:
        channel, _, number = data.get("post", "").rpartition("/")
        if not number.isdecimal() or len(number) > 10:
            raise Refused("this names no post")
        found = await known_post(desk, channel, int(number))
        if data.get("state", "") not in ("", state(found)):
            raise Refused(
                "the post was changed or judged by somebody since you saw it: look again, and file it if it still holds"
            )
        index = await file_review(
            desk.add.ledger,
            channel=found.channel,
            post=found.post,
            story=await known_story(desk, story),
            aspect=data.get("aspect", ""),
            verdict=data.get("verdict", ""),
            reason=data.get("reason", ""),
            by=request.user.name,
            now=desk.now,
        )
    except Refused as error:
        about = next((each for each in reversed(found.matches) if each.story == story), None) if found else None
        return await _show(
            request, desk, story=only, before=before, passed=passed, problem=str(error), about=about, data=data
        )
    if data.get("back", "") == "post":
        return Redirect(f"/post/{place(reference(found.channel))}/{found.post}#reviews", status_code=303)
    query = f"?filed={index}" + (f"&story={only}" if only in _stories(desk) else "")
    query += f"&before={before}&passed={passed}" if before is not None else ""
    return Redirect(f"/review{query}", status_code=303)


async def _show(
    request: Request[Any, Any, Any],
    desk: TheDesk,
    *,
    story: str,
    before: int | None,
    passed: int,
    filed: int | None = None,
    problem: str = "",
    about: Match | None = None,
    data: Form | None = None,
) -> Template:
    """The next that waits. `about`: the one whose verdict, `data`, was not taken; its words must not stand beside another post."""
    waiting = (await desk.store.reviews.waiting(story=story or None, limit=AHEAD + 1, before=before))[passed:]
    match = about or next(iter(waiting), None)
    found = await _dossier(desk, match) if match else None
    return await page(
        request,
        "review.html",
        status=400 if problem else 200,
        match=match,
        record=next((each for each in found.records if each.index == match.record), None) if found and match else None,
        dossier=found,
        waiting=len(waiting),
        ahead=AHEAD,
        only=story,
        before=before,
        passed=passed,
        further=_further(waiting, passed) if waiting and match == waiting[0] else (before, passed),
        filed=await _filed(desk, filed),
        party=party(found.channel, parties(desk.settings.channels)) if found else "",
        problem=problem,
        data=data if data and about else {},
        titles=_stories(desk),
        most=SHOWN,
    )


def _further(waiting: Sequence[Match], passed: int) -> tuple[int, int]:
    """`before` and `passed` of the next page: how many of the newest there were passed without a verdict. A record may be flagged
    for several stories, and those of them that were not seen yet must not be left out."""
    record = waiting[0].record
    if len(waiting) > 1 and waiting[1].record == record:
        return record + 1, passed + 1
    return record, 0


async def _filed(desk: TheDesk, index: int | None) -> Record | None:
    """The verdict that was filed as this record; None for any other."""
    if index is None or index >= await desk.store.ledger.size():
        return None
    [record] = await desk.store.ledger.records([index])
    return record if record.kind is Kind.REVIEW else None


async def _dossier(desk: TheDesk, match: Match) -> Dossier | None:
    """None where the post is not what was written: what waits behind it can be had all the same."""
    try:
        [record] = await desk.store.ledger.records([match.record])
        return await known_post(desk, reference(record.channel) if record.channel else "", record.post)
    except LedgerBroken as error:
        log.error("a post that waits for a verdict does not verify", record=match.record, reason=str(error))
        return None


def _whole(words: str) -> int | None:
    """A number that a page of ours put into its form."""
    return int(words) if words.isdecimal() and len(words) < 17 else None


def _stories(desk: TheDesk) -> dict[str, str]:
    return {story.id: story.title for story in desk.settings.stories}
