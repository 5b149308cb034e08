"""/post/CHANNEL/ID : everything that is known of one post."""

from typing import Annotated, Any

from litestar import Request, get
from litestar.params import FromPath, FromQuery, PathParameter
from litestar.response import Template

from monitor.alerting.plan import parties
from monitor.model.record import Said
from monitor.views.changes import changes_at_first
from monitor.views.dossier import Dossier, proof
from monitor.views.media import fates
from monitor.views.named import party
from monitor.web.desk import TheDesk, show_post
from monitor.web.page import page

SHOWN = 4_096
"""UTF-16 units of a text before a reader asks for the whole: as much as a post of Telegram can hold."""
COMPARED = 20_000
"""Characters of each text that are compared where the whole is shown: an attacker's may be endless."""


@get("/post/{channel:str}/{post:int}", include_in_schema=False)
async def post(
    request: Request[Any, Any, Any],
    desk: TheDesk,
    channel: FromPath[str],
    post: Annotated[int, PathParameter(ge=1, le=2**31 - 1)],
    whole: FromQuery[bool] = False,
) -> Template:
    found = await show_post(desk, request.user, channel, post)
    proofs = {record.index: await proof(desk.store, record.index) for record in found.records}
    titles = {story.id: story.title for story in desk.settings.stories}
    return await page(
        request,
        "post.html",
        dossier=found,
        revisions=_revisions(found, COMPARED if whole else SHOWN),
        proofs=proofs,
        party=party(found.channel, parties(desk.settings.channels)),
        titles=titles,
        most=None if whole else SHOWN,
        whole=whole,
        longest=max((len(each.said.text) for each in found.records if each.said), default=0),
    )


def _revisions(found: Dossier, most: int) -> list[dict[str, Any]]:
    """Each record with the words that changed since the text before it, in the first `most` characters."""
    rows: list[dict[str, Any]] = []
    before: str | None = None
    for record in found.records:
        row: dict[str, Any] = {"record": record, "changes": None, "fates": ()}
        row["matches"] = [match for match in found.matches if match.record == record.index]
        if isinstance(record.content, Said):
            text = record.content.post.text
            row["fates"] = fates(record.content.post, found.media, found.waiting)
            if before is not None and before[:most] != text[:most]:
                row["changes"] = changes_at_first(before, text, most=most)
            before = text
        rows.append(row)
    return rows
