"""How does a page come to be: which template, with which filters, for which reader?"""

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import Request
from litestar.response import Template

from monitor.model.instant import SECOND
from monitor.model.person import Person
from monitor.model.review import ASPECTS, VERDICTS
from monitor.views.health import evidence, silence
from monitor.views.named import reference
from monitor.views.segments import earlier
from monitor.views.standing import standing_words
from monitor.web import links, rich, times
from monitor.web.chart import bars, chart
from monitor.web.desk import Desk
from monitor.web.showing import attached, line, marks, place, raw, state, typed, vanished

STALE = 60 * SECOND
"""Evidence older than this is said at the head of every page."""
NEVER = -1
"""In place of an age: nothing has been looked at so far."""


def environment() -> Environment:
    """Everything is escaped unless our own code made it; a name that a page does not know is an error, not nothing."""
    found = Environment(
        loader=PackageLoader("monitor.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    found.filters |= {"plain": rich.plain, "line": line, "typed": typed, "urlencode": place}
    found.filters |= {"age": times.age, "clock": times.clock, "number": "{:,}".format}
    found.globals |= {
        "address": links.address,
        "attached": attached,
        "bars": bars,
        "changed": rich.changed,
        "chart": chart,
        "marks": marks,
        "rich": rich.rich,
        "raw": raw,
        "reference": reference,
        "state": state,
        "standing_words": standing_words,
        "vanished": vanished,
        "ASPECTS": ASPECTS,
        "VERDICTS": VERDICTS,
    }
    return found


async def page(request: Request[Any, Any, Any], template: str, *, status: int = 200, **values: Any) -> Template:
    """This template for whoever asks, with what the frame of every page shows."""
    desk: Desk = request.app.state.desk
    banner = await _banner(desk) if request.scope.get("user") is not None else {}
    return bare_page(request, template, status=status, **banner, **values)


def bare_page(request: Request[Any, Any, Any], template: str, *, status: int, **values: Any) -> Template:
    """The same, and nothing is asked of the store for it."""
    person: Person | None = request.scope.get("user")
    context = {
        "person": person,
        "zone": times.zone(person.time_zone if person else "UTC"),
        "path": request.url.path,
        "now": request.app.state.desk.now,
        "stale": None,
        "broken": False,
        "left": (),
        **values,
    }
    return Template(template, context=context, status_code=status, media_type="text/html")


async def _banner(desk: Desk) -> Mapping[str, Any]:
    told = {"broken": desk.broken, "left": [number for number, _ in earlier(desk.settings)]}
    age = evidence(await desk.store.health.facts(), now=desk.now)
    contacts = await desk.store.peers.contacts()
    silent = silence(desk.settings, contacts, now=desk.now)
    if age is None or not contacts:
        return {"stale": NEVER, **told}  # stages give signs of life also where no channel was ever seen
    return {"stale": None if age <= STALE and silent is None else max(age, silent or 0), **told}
