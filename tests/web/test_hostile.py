"""What a stranger wrote, on every page"""

import json
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import html5lib
import httpx
import pytest
from browsing import Site, Visitor, site
from builders import NOON, blind, deletion, photo, receipt, revision, verdict
from measuring import FULL, Measured

from monitor.clock import SystemClock
from monitor.model.alert import State
from monitor.model.channel import Identity
from monitor.model.instant import MINUTE
from monitor.model.post import Forward, Markup, Post, Raw, Reply
from monitor.model.record import Draft
from monitor.ports import Fact
from monitor.stores.sqlite.search import reading_search
from monitor.stores.sqlite.store import SqliteStore, open_store
from monitor.web.app import application
from monitor.web.desk import QUERY_SECONDS, Desk
from tests.web.payloads import payloads, word
from tests.web.reading import ATTRIBUTES, ELEMENTS

PAYLOADS = payloads()
FIELDS = 22
"""Of a post, a channel and a verdict, that somebody else fills in."""
POSTS = len(PAYLOADS) if FULL else len(PAYLOADS) // FIELDS + 1
"""In full, every payload stands in every field; else each in one of them."""
ASKED = 1 if FULL else 48
"""Every so many payloads are asked for in a query, a path, a form."""
CHANNELS = 7
STORIES = 12
SUBSCRIBER = '[[subscriber]]\nname = "desk"\nstories = ["*"]\nvia = { kind = "console" }\n'

Words = Callable[[int], str]

_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_ACTING = re.compile(r"^[\x00-\x20]*(?:javascript|data|vbscript|file|blob|tg|intent)\s*:", re.IGNORECASE)
_LOADING = (
    "src",
    "srcset",
    "href",
    "xlink:href",
    "action",
    "formaction",
    "data",
    "poster",
    "background",
    "srcdoc",
    "ping",
)


def hostile(number: int) -> str:
    return PAYLOADS[number % len(PAYLOADS)]


def harmless(number: int) -> str:
    return f"nothing {word(number % len(PAYLOADS))} at all"


# --------------------------------------------------------------------------------------------------------- who wrote where


def post(words: Sequence[str], number: int) -> Post:
    """A post in which everything that a stranger fills in is one of these words."""
    text, url, language, kind, mime, name, *rest = words
    said, buttons, forward, author, title, username, quote, service, restricted, raw = rest[:10]
    entities = (
        Markup("text_url", 0, 6, url=url),
        Markup("pre", 2, 5, language=language),
        Markup(kind, 1, 4),
        Markup("url", 0, len(text)),
        Markup("custom_emoji", 0, 2, document=number),
    )
    forwards = (
        Forward(name=forward, author=author),
        Forward(Identity(username=username, title=title), 5, author=author),
    )
    kinds = ("json", "html", "tl")
    return Post(
        text=f"{text if FULL else chr(10).join(words)} bridge",
        entities=entities[: 1 + number % 5] if number % 2 else entities,
        media=(photo(kind=kind, file_name=name, mime=mime, url=url, texts=(said,)),),
        forward=forwards[number % 2],
        reply_to=Reply(5, channel=Identity(username=username, title=title), quote=quote),
        author=author,
        buttons=(buttons,),
        service=service,
        restricted=restricted,
        raw=Raw(kinds[number % 3], json.dumps([raw]).encode() if number % 3 == 0 else raw.encode("utf-8", "replace")),
    )


def channel(number: int, words: Words) -> Identity:
    return Identity(
        id=-1_000_000_000_100 - number % CHANNELS, username=words(7 * number + 3), title=words(7 * number + 5)
    )


def drafts(words: Words) -> Iterator[Draft]:
    known = [channel(each, words) for each in range(CHANNELS)]
    for number in range(POSTS):
        many = [words(FIELDS * number + each) for each in range(FIELDS)] if not FULL else [words(number)] * FIELDS
        here, at = known[number % CHANNELS], NOON + number * MINUTE
        whole = post(many, number)
        yield revision(whole.text, channel=here, number=number + 1, published_at=at, observed_at=at, **rest(whole))
        if number % 4 == 1:
            edited = f"{many[20]} bridge {whole.text}"
            yield revision(edited, channel=here, number=number + 1, edited_at=at + 1, observed_at=at + 1, **rest(whole))
        if number % 4 == 2:
            yield deletion(channel=here, number=number + 1, observed_at=at + 2)
        if number % 2:
            yield verdict(channel=here, number=number + 1, reason=many[21], by=many[19], observed_at=at + 3)
        if number % 10 == 0:
            yield blind(many[18])


def rest(whole: Post) -> dict[str, object]:
    return {name: getattr(whole, name) for name in Post.__struct_fields__ if name not in ("text", "edited_at")}


def storable(words: str) -> str:
    """As a file of the configuration can hold it."""
    return json.dumps("".join(each for each in words if each.isprintable()) or "-", ensure_ascii=False)


@asynccontextmanager
async def written_by(words: Words, base: Path) -> AsyncIterator[tuple[Site, Visitor]]:
    """The pages over what such people wrote, and an operator who looks at them."""

    async def fill(store: SqliteStore) -> None:
        await store.ledger.append(list(drafts(words)))
        facts = [Fact("stage", words(each), NOON, each % 2 == 0, words(each + 1)) for each in range(40)]
        await store.health.report([*facts, Fact(words(50), words(51), NOON, note=words(52))])

    stories = {
        "bridge": _story(words(60), "bridge"),
        **{f"other-{each}": _story(words(70 + each), f"zzz{each}") for each in range(STORIES)},
    }
    channels = "".join(
        f"[[channel]]\nid = {channel(each, words).id}\nparty = {storable(words(90 + each))}\n"
        for each in range(CHANNELS)
    )
    async with (
        site(base, fill, stories=stories, channels=channels, subscribers=SUBSCRIBER, requests=1_000_000) as there,
        there.signed_in("olena") as olena,
    ):
        waiting = await there.store.outbox.alerts(limit=POSTS)
        await there.store.outbox.settle(
            [receipt(each.key, State.DEAD, reason=words(number)) for number, each in enumerate(waiting)]
        )
        yield there, olena


def _story(title: str, name: str) -> str:
    return f'title = {storable(title)}\n[topics]\nname = "{name}"\n[[flag]]\nwhen = "name"\n'


async def pages(olena: Visitor, words: Words) -> AsyncIterator[tuple[str, str]]:
    """Every page, by its kind. All of the timeline and the queue, every post."""

    async def shown(kind: str, path: str, *codes: int, **query: str) -> tuple[str, str]:
        answer = await olena.get(path, **query)
        assert answer.status_code in (codes or (200,)), (path, answer.status_code)
        return kind, answer.text

    yield await shown("stories", "/")
    yield await shown("health", "/health")
    yield await shown("search", "/search", q="wordthatnobodywrote")
    before: list[str] = [""]
    while before:
        page = await shown("story", "/story/bridge", **({"before": before[0]} if before[0] else {}))
        yield page
        before = re.findall(r'href="\?before=(\d+)">Earlier', page[1])
    before = [""]
    while before:
        page = await shown("review", "/review", **({"before": before[0]} if before[0] else {}))
        yield page
        before = re.findall(r"before=(\d+)\"[^>]*data-key=\"n\"", page[1])
    for number in range(POSTS):
        place = f"/post/{channel(number, words).id}/{number + 1}"
        yield await shown("post", place)
        if number % 5 == 0:
            yield await shown("post", place, whole="true")
    for query in ({"q": "bridge"}, {"q": "bridge", "edited": "true"}, {"q": "bridge", "deleted": "true"}):
        yield await shown("search", "/search", **query)
    for number in range(0, len(PAYLOADS), ASKED):
        said = words(number).encode("utf-8", "replace").decode()
        yield await shown("search", "/search", 200, 400, 503, q=said)
        yield await shown("login", "/login", next=f"/{said}")
        yield await shown("story", f"/story/{httpx.QueryParams({'x': said.replace(chr(0), '')})}"[:4_000], 404)
        if number % (2 * ASKED if not FULL else 8) == 0:
            yield await shown("search", "/search", 400, q=said, channel=said, story=said, since=said)
            yield "me", (await olena.send("/me", do="key", note=said)).text
            yield "me", (await olena.send("/me", do="zone", time_zone=said)).text
            form = {"post": said, "story": said, "verdict": said, "reason": said, "aspect": said, "only": said}
            yield "review", (await olena.send("/review", **form)).text
            yield "me", (await olena.get("/me")).text


# --------------------------------------------------------------------------------------------------------- what became of it


def read(page: str) -> Element:
    """As a browser reads it; an error in it is one of ours."""
    parser = html5lib.HTMLParser(namespaceHTMLElements=False, strict=True)
    root: Element = parser.parse(page)
    return root


def dangers(root: Element) -> list[str]:
    """Elements and attributes that could do something."""
    found = []
    for each in root.iter():
        tag, attributes = str(each.tag), {str(name): value for name, value in each.attrib.items()}
        if tag == "script" and (attributes.get("src") != "/static/monitor.js" or each.text):
            found.append(f"script {attributes}")
        if tag in ("style", "iframe", "object", "embed", "base", "applet", "frame", "math", "template"):
            found.append(tag)
        if tag == "meta" and not (
            {"charset"} == set(attributes) or attributes.get("name") in ("viewport", "color-scheme")
        ):
            found.append(f"meta {attributes}")
        for name, value in attributes.items():
            if name.startswith("on") or name in ("style", "srcdoc", "formaction", "ping"):
                found.append(f"{tag} {name}")
            elif name in _LOADING and not (value.startswith(("/", "?", "#")) and not value.startswith(("//", "/\\"))):
                if not (tag == "a" and re.match(r"https?://", value) and "noopener" in attributes.get("rel", "")):
                    found.append(f"{tag} {name}={value}")
            elif name != "value" and _ACTING.match(value):
                found.append(f"{tag} {name}={value}")
    return found


def shape(root: Element) -> set[tuple[str, tuple[str, ...]]]:
    """Which elements there are, with which attributes."""
    return {(str(each.tag), tuple(sorted(map(str, each.attrib)))) for each in root.iter() if isinstance(each.tag, str)}


def ours() -> set[str]:
    return ELEMENTS | set(ATTRIBUTES)


def said(root: Element) -> str:
    return "".join(root.itertext()) + " ".join(value for each in root.iter() for value in each.attrib.values())


@pytest.mark.timeout(3_600)
async def test_is_text_and_nothing_else(tmp_path: Path, measured: Measured) -> None:
    """WEB-02, WEB-17, HOS-01, HOS-02, HOS-04, HOS-05, HOS-09, HOS-11, HOS-14: no element or attribute that harmless words would
    not have given, nothing that acts, nothing unseen, and every payload to be read."""
    expected: dict[str, set[tuple[str, tuple[str, ...]]]] = {}
    async with written_by(harmless, tmp_path / "harmless") as (_, olena):
        async for kind, page in pages(olena, harmless):
            root = read(page)
            assert dangers(root) == []
            expected.setdefault(kind, set()).update(shape(root))
    seen, read_back, nodes = 0, set[int](), 0
    async with written_by(hostile, tmp_path / "hostile") as (_, olena):
        async for kind, page in pages(olena, hostile):
            seen += 1
            assert _UNSEEN.findall(re.sub(' value="[^"]*"|<textarea.*?</textarea>', "", page, flags=re.DOTALL)) == [], (
                kind
            )
            root = read(page)
            assert dangers(root) == [], kind
            more = {each for each in shape(root) - expected[kind] if each[0] not in ours()}
            assert more == set(), kind
            nodes += sum(1 for _ in root.iter())
            read_back |= {int(each) for each in re.findall(r"zq(\d+)qz", said(root))}

    wanted = {number for number, each in enumerate(PAYLOADS) if word(number) in each}
    assert len(PAYLOADS) >= 1_000
    assert wanted - read_back == set()
    measured("hostile payloads on the pages", len(PAYLOADS), f"{seen} pages, {nodes:,} nodes: none that acts")


async def test_in_a_feed_is_text_and_nothing_else(tmp_path: Path) -> None:
    """WEB-02, HOS-05: well-formed, no link that acts, no letter that XML cannot hold."""
    async with written_by(hostile, tmp_path) as (_, olena):
        answer = await olena.get("/feed/bridge.atom")

    root = ElementTree.fromstring(answer.content)
    namespace = "{http://www.w3.org/2005/Atom}"
    assert {each.tag.removeprefix(namespace) for each in root.iter()} == {
        "feed", "id", "title", "updated", "link", "entry", "published", "author", "name", "content"
    }  # fmt: skip
    assert {each.get("type") for each in root.iter(f"{namespace}content")} == {"text"}
    assert all(
        re.fullmatch(r"http://127\.0\.0\.1:\d+/[!-~]*", each.attrib["href"]) for each in root.iter(f"{namespace}link")
    )
    assert not _UNSEEN.search(answer.text)


async def test_for_programs_is_strict_json(tmp_path: Path) -> None:
    """HOS-05, HOS-12"""
    async with written_by(hostile, tmp_path) as (_, olena):
        for path in (
            "/api/stories",
            "/api/stories/bridge?limit=200",
            "/api/health",
            "/api/reviews/waiting?limit=200",
            "/api/search?q=bridge",
        ):
            answer = await olena.get(path)
            assert answer.status_code == 200, path
            answer.content.decode("utf-8")
            json.loads(answer.content, parse_constant=pytest.fail)


async def test_a_name_that_a_sender_chose_is_called_unverified_and_leads_nowhere(tmp_path: Path) -> None:
    """HOS-14: a hidden user who is called like a ministry."""

    async def forged(store: SqliteStore) -> None:
        await store.ledger.append([revision("The bridge fell.", forward=Forward(name="Ministry of Bridges"))])

    async with site(tmp_path, forged) as there, there.signed_in() as olena:
        for path in ("/story/bridge", "/post/bridge_news/1", "/review", "/search?q=bridge"):
            page = (await olena.get(path)).text
            [line] = re.findall(r"forwarded from .*", page)
            assert "Ministry of Bridges" in line
            assert "unverified name" in line
            assert "<a" not in line


# ------------------------------------------------------------------------------------------------------------------ queries

QUERIES = (
    '"', '""', '"""', "*", "**", "a*", "* *", "NEAR(", "NEAR(a b, 5)", "a NEAR/3 b", "AND", "OR", "NOT", "a AND", "NOT a", "(a", "a)", "((((((((((a", ")(",
    "a:b", "text:a", "^a", "a + b", "{a b}: c", "-a", "--", "';--", "' OR 1=1 --", "a' UNION SELECT password FROM people --", "a\0b", "\0", "\ud800".encode("utf-8", "replace").decode(),
    "bridge; DROP TABLE log", "%", "_", "\\", "a" * 1_000, "a " * 500, "(" * 500, '"' * 999, "a* " * 99, "-a " * 99, "ж" * 1_000, "\u202e", "𝕒", "a OR " * 200, "NOT " * 200,
    "a AND (b OR (c AND (d OR (e AND (f OR (g AND (h OR i)))))))", "rank", "rowid:1", "bm25(a)", "highlight(a)", "snippet", "content MATCH 'a'", "1e999", "-1", "x'00'", "?1", ":a", "$a", "@a",
)  # fmt: skip


async def test_a_query_is_words_whatever_is_in_it(tmp_path: Path) -> None:
    """WEB-09: an answer or a word about the query, never a fault, nothing of the database."""

    async def a_post(store: SqliteStore) -> None:
        await store.ledger.append([revision("The bridge fell.")])

    async with site(tmp_path, a_post) as there, there.signed_in() as olena:
        for query in QUERIES:
            for path in ("/search", "/api/search"):
                answer = await olena.get(path, q=query)
                assert answer.status_code in (200, 400), (path, query)
                assert "argon2" not in answer.text
                assert "sqlite" not in answer.text.casefold()
        for name in ("channel", "story", "since", "until"):
            for query in QUERIES[::6]:
                answer = await olena.get("/search", **{"q": "bridge", name: query})
                assert answer.status_code in (200, 400), (name, query)
        assert (await there.store.ledger.size(), len(await there.store.people.all())) == (3, 1)


async def test_a_query_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    """WEB-09: after a second; here after no time at all."""

    async def many(store: SqliteStore) -> None:
        await store.ledger.append([revision(f"The bridge {each} fell.", number=each + 1) for each in range(1_500)])

    async with site(tmp_path, many) as there, there.signed_in() as olena, AsyncExitStack() as stack:
        path = there.settings.store.search_path
        desk = Desk(
            there.settings,
            store=await stack.enter_async_context(open_store(there.settings.store.path, readonly=True, seconds=1.0)),
            add=None,
            open_search=lambda: stack.enter_async_context(reading_search(path, seconds=0.0)),
            clock=SystemClock(),
        )
        application_of_it = httpx.ASGITransport(application(desk, secret="0" * 64))
        async with httpx.AsyncClient(
            transport=application_of_it, base_url=there.address, cookies=olena.http.cookies
        ) as http:
            asked = {"q": "bridge OR fell", "deleted": "true"}  # none is: it has to look at all of them
            answers = [await http.get(path, params=asked) for path in ("/search", "/api/search")]

    assert QUERY_SECONDS == 1.0
    assert [each.status_code for each in answers] == [503, 503]
    assert answers[1].json() == {"status": 503, "detail": "This cannot be answered now. Try again in a minute."}


# ------------------------------------------------------------------------------------------------------------------- giants

GIANTS = {
    "a million letters": Post(text="bridge " + "й" * 1_000_000),
    "a million words": Post(text="bridge " * 150_000),
    "a hundred thousand stretches": Post(
        text="bridge " * 600, entities=tuple(Markup("bold", each % 4_000, 3) for each in range(100_000))
    ),
    "ten thousand accents": Post(text="bridge e" + "\u0301" * 10_000),
    "fifty thousand lines": Post(text="bridge\n" * 50_000),
    "thirty thousand badges": Post(text="bridge" + "\u202e" * 30_000),
}


@pytest.mark.parametrize("kind", GIANTS)
async def test_however_much_it_is_is_shown_by_its_beginning(tmp_path: Path, kind: str) -> None:
    """HOS-06: four thousand letters and a link to the rest; an edit of it too."""
    giant = GIANTS[kind]

    async def fill(store: SqliteStore) -> None:
        await store.ledger.append(
            [
                revision(giant.text, **rest(giant)),
                revision(f"{giant.text} more", edited_at=NOON + MINUTE, **rest(giant)),
                revision(f"and {giant.text} more", edited_at=NOON + 2 * MINUTE, **rest(giant)),
            ]
        )

    async with site(tmp_path, fill) as there, there.signed_in() as olena:
        took = {}
        for path in ("/", "/story/bridge", "/post/bridge_news/1", "/review", "/search?q=bridge", "/feed/bridge.atom"):
            began = time.process_time()  # the pages are made in this process
            answer = await olena.get(path)
            took[path] = time.process_time() - began
            assert answer.status_code == 200, path
            assert len(answer.text) < 1_500_000, path
        page = (await olena.get("/post/bridge_news/1")).text
        whole = await olena.get("/post/bridge_news/1?whole=true")

    assert ("?whole=true" in page) == (len(giant.text) > 4_096)
    assert whole.status_code == 200
    assert max(took.values()) < 2, took


async def test_many_giants_on_a_page_take_no_seconds(tmp_path: Path, measured: Measured) -> None:
    """HOS-06: thirty on one page."""
    giants = [list(GIANTS.values())[each % 6] for each in range(30)]

    async def fill(store: SqliteStore) -> None:
        await store.ledger.append(
            [revision(f"{each} {giant.text}", number=each + 1, **rest(giant)) for each, giant in enumerate(giants)]
        )

    async with site(tmp_path, fill) as there, there.signed_in() as olena:
        began = time.perf_counter()
        answer = await olena.get("/story/bridge")
        took = time.perf_counter() - began

    measured("thirty giant posts on one page", f"{took:.2f} s", "1 MB of text, 100,000 stretches and the like")
    assert answer.status_code == 200
    assert took < 10  # on a machine that does other things as well
