"""/api/… : what the pages show, for programs. The shapes are those that the commands print with --json."""

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery, JSONBody, PathParameter, QueryParameter

from monitor.cli.records import as_json, match_as_json
from monitor.cli.screen import as_json as written
from monitor.cli.show import for_programs
from monitor.cli.status import line_as_json
from monitor.errors import ConfigError, Refused
from monitor.model.channel import Identity
from monitor.model.instant import parse, text
from monitor.model.review import ASPECTS, VERDICTS
from monitor.stages.review import LONGEST
from monitor.stages.review import review as file_review
from monitor.views.named import known_channel
from monitor.views.timeline import Moment, timeline
from monitor.web.desk import NotHeld, TheDesk, known_post, known_story, show_post
from monitor.web.finding import Asked, find
from monitor.web.gate import by_key_alone, needs
from monitor.web.pages.health import lines_for


def _before(description: str) -> Any:
    bounds = {"minimum": 0, "maximum": 2**53}  # Litestar leaves them out where None is allowed
    return QueryParameter(ge=0, le=2**53, description=description, schema_extra=bounds)


Before = Annotated[int | None, _before("What the answer before this one gave as `older`.")]
BeforeRecord = Annotated[int | None, _before("The `record` that the answer before this one gave last.")]
Limit = Annotated[int, QueryParameter(ge=1, le=200)]
Json = dict[str, Any]


class Problem(msgspec.Struct):
    """Why there is no answer."""

    status: int
    detail: str


class Filed(msgspec.Struct):
    """Where a verdict stands in the ledger."""

    record: int


class StoryRow(msgspec.Struct):
    """`matches`: posts that were flagged, edits apart."""

    story: str
    title: str
    matches: int


class Timeline(msgspec.Struct):
    """`older`: to be passed as `before` for what happened earlier."""

    story: str
    title: str
    parties: list[str]
    moments: list[Json]
    older: int | None


class Dossier(msgspec.Struct):
    """As `monitor show --json` prints it."""

    channel: str
    id: int
    records: list[Json]
    matches: list[Json]
    alerts: list[Json]
    reviews: list[Json]
    media: list[Json]
    erasures: list[Json]


class Records(msgspec.Struct):
    """As `monitor search --json` prints them, a list."""

    records: list[Json]
    older: int | None


class HealthLine(msgspec.Struct):
    part: str
    subject: str
    red: bool
    at: str | None
    words: str
    figures: dict[str, float]


class Health(msgspec.Struct):
    red: bool
    at: str
    lines: list[HealthLine]


class Verdict(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A verdict to be filed."""

    channel: str
    id: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
    story: str
    verdict: Annotated[str, msgspec.Meta(pattern=f"^({'|'.join(VERDICTS)})$")]
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST)]
    aspect: Annotated[str, msgspec.Meta(pattern=f"^({'|'.join(ASPECTS)})$")] = ASPECTS[0]


def _shapes(shape: Any, *, status: int = 200) -> dict[int, ResponseSpec]:
    """What may be answered, for the description of the API."""
    told = {
        400: "It cannot be asked so.",
        401: "No key, or none that is good.",
        403: "This is not for this person to do.",
        404: "It is not in the ledger.",
        429: "Too many requests.",
        503: "It cannot be answered now.",
    }
    problems = {code: ResponseSpec(Problem, description=words, generate_examples=False) for code, words in told.items()}
    return {status: ResponseSpec(shape, description="The answer.", generate_examples=False), **problems}


def _answer(found: Any, *, status: int = 200) -> Response[bytes]:
    """Strict JSON, also of texts that are no valid Unicode."""
    return Response(written(found), status_code=status, media_type="application/json")


@get("/stories", summary="The stories, and how many posts were flagged for each.", responses=_shapes(list[StoryRow]))
async def stories(desk: TheDesk) -> Response[bytes]:
    counts = await desk.store.findings.count()
    rows = desk.settings.stories
    return _answer([{"story": each.id, "title": each.title, "matches": counts.get(each.id, 0)} for each in rows])


@get(
    "/stories/{id:str}",
    summary="The timeline of a story, oldest first; `older` leads to what came before.",
    responses=_shapes(Timeline),
)
async def story(
    request: Request[Any, Any, Any], desk: TheDesk, id: FromPath[str], limit: Limit = 50, before: Before = None
) -> Response[bytes]:
    found = await timeline(desk.store, desk.settings, id, limit=limit, before=before)
    if not found.moments and id not in {each.id for each in desk.settings.stories}:
        raise NotHeld("there is no story of this name")
    await desk.readers.shown(request.user, f"story {id}")
    shown = {
        "story": found.story,
        "title": found.title,
        "parties": list(found.lanes),
        "moments": [_moment(each) for each in found.moments],
        "older": found.older,
    }
    return _answer(shown)


@get(
    "/posts/{channel:str}/{id:int}",
    summary="One post: every revision, its matches, alerts and reviews.",
    responses=_shapes(Dossier),
)
async def one(
    request: Request[Any, Any, Any],
    desk: TheDesk,
    channel: FromPath[str],
    id: Annotated[int, PathParameter(ge=1, le=2**31 - 1)],
) -> Response[bytes]:
    return _answer(for_programs(await show_post(desk, request.user, channel, id)))


@get("/search", summary="Records that say this, in any form of the words, newest first.", responses=_shapes(Records))
async def search(
    desk: TheDesk,
    q: Annotated[str, QueryParameter(min_length=1, max_length=1000)],
    channel: FromQuery[str | None] = None,
    story: FromQuery[str] = "",
    since: Annotated[str | None, QueryParameter(description="RFC 3339, with a zone.")] = None,
    until: Annotated[str | None, QueryParameter(description="RFC 3339, with a zone.")] = None,
    edited: FromQuery[bool] = False,
    deleted: FromQuery[bool] = False,
    before: Before = None,
) -> Response[bytes]:
    asked = Asked(
        query=q, channel=await _channel(desk, channel), story=story, since=_moment_of(since), until=_moment_of(until),
        edited=edited, deleted=deleted, before=before,
    )  # fmt: skip
    found = await find(desk, asked)
    return _answer({"records": [as_json(each) for each in found.records], "older": found.older})


@get("/health", summary="The evidence of health.", responses=_shapes(Health))
async def health(request: Request[Any, Any, Any], desk: TheDesk) -> Response[bytes]:
    lines, hidden = await lines_for(request.user, desk)
    shown = [line_as_json(each) for each in lines]
    return _answer({"red": hidden > 0 or any(each.red for each in lines), "at": text(desk.now), "lines": shown})


@get(
    "/reviews/waiting",
    summary="Flagged posts on which nobody has given a verdict.",
    guards=[needs("reviewer")],
    responses=_shapes(list[Json]),
)
async def waiting(
    desk: TheDesk, story: FromQuery[str | None] = None, limit: Limit = 50, before: BeforeRecord = None
) -> Response[bytes]:
    found = await desk.store.reviews.waiting(story=story, limit=limit, before=before)
    records = {each.index: each for each in await desk.store.ledger.records([match.record for match in found])}
    shown = [
        match_as_json(match, channel=_name(records[match.record]), post=records[match.record].post)
        | {"record": match.record, "why": list(match.why)}
        for match in found
    ]
    return _answer(shown)


@post(
    "/reviews",
    summary=f"Files a verdict into the ledger. Verdicts: {', '.join(VERDICTS)}; aspects: {', '.join(ASPECTS)}.",
    guards=[needs("reviewer"), by_key_alone],
    responses=_shapes(Filed, status=201),
)
async def review(request: Request[Any, Any, Any], desk: TheDesk, data: JSONBody[Verdict]) -> Response[bytes]:
    found = await known_post(desk, data.channel, data.id)
    index = await file_review(
        desk.add.ledger,
        channel=found.channel,
        post=found.post,
        story=await known_story(desk, data.story),
        aspect=data.aspect,
        verdict=data.verdict,
        reason=data.reason,
        by=request.user.name,
        now=desk.now,
    )
    return _answer({"record": index}, status=201)


def _moment(moment: Moment) -> Json:
    return (
        as_json(moment.record)
        | {
            "at": text(moment.at),
            "party": moment.party,
            "match": None
            if moment.match is None
            else match_as_json(moment.match, channel=_name(moment.record), post=moment.record.post)
            | {"why": list(moment.match.why)},
            "reviews": [as_json(each) for each in moment.standing.values()],
            "copies": [_moment(each) for each in moment.copies],
        }
        | ({"empty": moment.empty} if moment.empty else {})
    )


def _name(record: Any) -> str:
    return record.channel.name if record.channel else ""


async def _channel(desk: TheDesk, name: str | None) -> Identity | None:
    try:
        return None if name is None else await known_channel(desk.store.ledger, name)
    except Refused as error:
        raise NotHeld(str(error)) from error


def _moment_of(words: str | None) -> int | None:
    try:
        return None if words is None else parse(words)
    except (ValueError, OverflowError):
        raise ConfigError("a time is written as 2023-06-04T13:00:00Z, with its zone") from None


routes = Router("/api", route_handlers=[stories, story, one, search, health, waiting, review], tags=["monitor"])
