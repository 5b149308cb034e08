"""/feed/STORY.atom : the newest posts of a story for a feed reader (RFC 4287)."""

from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from litestar import Request, Response, get
from litestar.params import FromPath

from monitor.alerting.display import cut, harmless
from monitor.model.instant import text
from monitor.model.record import Gone
from monitor.views.named import reference
from monitor.views.standing import standing_words
from monitor.views.timeline import Moment, timeline
from monitor.web.desk import NotHeld, TheDesk
from monitor.web.pages.post import SHOWN
from monitor.web.showing import place

ENTRIES = 40
_ATOM = "http://www.w3.org/2005/Atom"


@get("/feed/{name:str}", include_in_schema=False)
async def feed(request: Request[Any, Any, Any], desk: TheDesk, name: FromPath[str]) -> Response[bytes]:
    id = name.removesuffix(".atom")
    titles = {story.id: story.title for story in desk.settings.stories}
    if not name.endswith(".atom") or id not in titles:
        raise NotHeld("there is no story of this name")
    found = await timeline(desk.store, desk.settings, id, limit=ENTRIES)
    await desk.readers.shown(request.user, f"story {id}")
    base = desk.settings.web.address or str(request.base_url).rstrip("/")
    root = Element("feed", xmlns=_ATOM)
    _add(root, "id", f"urn:monitor:{desk.settings.ledger.origin}:{id}")
    _add(root, "title", titles[id])
    newest = max((each.record.observed_at for each in found.moments), default=0)
    _add(root, "updated", text(newest))
    SubElement(root, "link", rel="self", href=f"{base}/feed/{id}.atom")
    SubElement(root, "link", rel="alternate", href=f"{base}/story/{id}")
    for moment in reversed(found.moments):
        _entry(root, moment, base=base, origin=desk.settings.ledger.origin)
    body = b'<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="utf-8")
    return Response(body, media_type="application/atom+xml")


def _entry(root: Element, moment: Moment, *, base: str, origin: str) -> None:
    record = moment.record
    name = record.channel.name if record.channel else "-"
    entry = SubElement(root, "entry")
    _add(entry, "id", f"urn:monitor:{origin}:record:{record.index}")
    happened = "" if record.kind.value == "published" else f" {record.kind.value}"
    _add(entry, "title", f"{moment.party or name}: {name}/{record.post}{happened}")
    _add(entry, "updated", text(record.observed_at))
    if record.published_at is not None:
        _add(entry, "published", text(record.published_at))
    _add(SubElement(entry, "author"), "name", name)
    channel = reference(record.channel) if record.channel else "-"
    SubElement(entry, "link", rel="alternate", href=f"{base}/post/{place(channel)}/{record.post}")
    said = moment.before if isinstance(record.content, Gone) else record.said
    words = said.in_short()[: SHOWN + 1] if said else ""
    if len(shown := cut(words, SHOWN)) < len(words):
        words = f"{shown}…"
    _add(entry, "content", f"{words}\n\n{standing_words(moment)}").set("type", "text")


def _add(parent: Element, tag: str, words: str) -> Element:
    """What XML cannot hold is shown by its code."""
    element = SubElement(parent, tag)
    element.text = harmless(words)
    return element
