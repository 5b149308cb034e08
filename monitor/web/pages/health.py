"""/health : is everything seen, matched and delivered? And what machines ask: /healthz, /metrics."""

from typing import Any

from litestar import Request, Response, get
from litestar.response import Template

from monitor.model.person import Person
from monitor.views.health import Line, gather, judge
from monitor.web.desk import Desk, TheDesk
from monitor.web.gate import OPEN
from monitor.web.metrics import exposition
from monitor.web.page import page

PARTS = {
    "channel": "Channels",
    "source": "Accounts",
    "stage": "Stages",
    "duty": "What the clock asks for",
    "story": "Stories",
    "ledger": "Ledger",
    "destination": "Destinations",
    "subscriber": "Subscribers",
}
"""What is shown, in this order; anything else comes behind."""
FOR_OPERATORS = ("destination", "subscriber", "source")


@get("/health", include_in_schema=False)
async def health(request: Request[Any, Any, Any], desk: TheDesk) -> Template:
    lines, hidden = await lines_for(request.user, desk)
    parts = [*PARTS, *sorted({each.part for each in lines} - PARTS.keys())]
    return await page(
        request,
        "health.html",
        parts=[
            (PARTS.get(part, part), rows) for part in parts if (rows := [each for each in lines if each.part == part])
        ],
        reds=sum(each.red for each in lines) + hidden,
        hidden=hidden,
    )


@get("/healthz", opt=OPEN, include_in_schema=False, media_type="text/plain")
async def healthz() -> str:
    """The pages answer; nothing else is said to strangers."""
    return "ok\n"


@get("/metrics", include_in_schema=False)
async def metrics(request: Request[Any, Any, Any], desk: TheDesk) -> Response[str]:
    lines, _ = await lines_for(request.user, desk)
    return Response(exposition(lines, now=desk.now), media_type="text/plain; version=0.0.4")


async def lines_for(person: Person, desk: Desk) -> tuple[list[Line], int]:
    """How everything stands, as far as it is this person's to know; and how many more are red: that is everybody's to know."""
    lines = list(judge(desk.settings, await gather(desk.store), now=desk.now))
    shown = [each for each in lines if each.part not in FOR_OPERATORS or person.may("operator")]
    return shown, sum(each.red for each in lines) - sum(each.red for each in shown)
