"""What stands around every page"""

import asyncio
import io
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
import structlog
from browsing import Site, Visitor, site
from builders import revision

from monitor.clock import SystemClock
from monitor.errors import LedgerBroken, Refused
from monitor.leaving import go_on
from monitor.logs import configure
from monitor.stores.sqlite.file import connect
from monitor.stores.sqlite.store import SqliteStore
from monitor.web.desk import open_desk
from monitor.web.headers import HEADERS, POLICY
from monitor.web.serving import address, listening, serving

SECRET = "the password of the safe is swordfish"
NAMED = '[web]\naddress = "https://monitor.example"\n'


async def a_post(store: SqliteStore) -> None:
    await store.ledger.append([revision("The bridge fell."), revision("The bridge burns.", number=2)])


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[Site]:
    async with site(tmp_path, a_post) as there:
        yield there


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """The lines of this process's log."""
    lines = io.StringIO()
    configure(stream=lines)
    yield lines
    structlog.reset_defaults()


async def said(there: Site, request: bytes) -> tuple[int, str]:
    """What the server answers to these very bytes: the status, 0 where it just hangs up, and all of the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(there.address.rpartition(":")[2]))
    writer.write(request)
    answer = (await asyncio.wait_for(reader.read(1_000_000), 10)).decode("latin-1")
    writer.close()
    await asyncio.gather(writer.wait_closed(), return_exceptions=True)
    return int(answer.split(" ", 2)[1]) if answer else 0, answer


def port(there: Site) -> str:
    return there.address.rpartition(":")[2]


# ------------------------------------------------------------------------------------------------------- by which name


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "localhost", "127.0.0.1:{port}.evil.example",
        "evil.example@127.0.0.1:{port}", "127.0.0.1:{port}@evil.example", "127.0.0.1:{port}, evil.example", "",
        "0.0.0.0:{port}", "127.1:{port}", "2130706433:{port}", "monitor.example", "127.0.0.1:{port}/", "[::ffff:127.0.0.1]:{port}",
    ],
)  # fmt: skip
async def test_answers_to_no_other_name(there: Site, host: str) -> None:
    """WEB-12: a name that an attacker's server lets point here is not ours."""
    async with there.visitor(host=host.format(port=port(there))) as stranger:
        for path in ("/", "/login", "/healthz", "/static/monitor.css", "/api/stories", "/nothing"):
            answer = await stranger.get(path)
            assert answer.status_code in (400, 421), path
            assert "bridge" not in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "localhost:{port}", "LocalHost:{port}", "[::1]:{port}"])
async def test_answers_to_this_machines_own_names(there: Site, host: str) -> None:
    """WEB-12"""
    async with there.visitor(**{"host": host.format(port=port(there)), "x-forwarded-host": "evil.example"}) as stranger:
        answer = await stranger.get("/healthz")

    assert answer.status_code == 200


async def test_believes_nobody_who_says_for_whom_he_asks(there: Site) -> None:
    """WEB-12, WEB-06: forwarded names, schemes and addresses change neither what is answered nor who is counted."""
    forged = {
        "x-forwarded-host": "evil.example",
        "x-forwarded-proto": "https",
        "forwarded": "for=192.0.2.1;host=evil.example;proto=https",
        "x-original-url": "/healthz",
        "x-rewrite-url": "/healthz",
        "x-http-method-override": "GET",
    }
    async with there.visitor(**forged) as stranger:
        answer = await stranger.get("/")
        tries = []
        for each in range(7):
            stranger.http.headers["x-forwarded-for"] = f"192.0.2.{each}"
            stranger.http.headers["x-real-ip"] = f"192.0.2.{each}"
            tries.append((await stranger.sign_in("olena", "wrong")).status_code)

    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert tries[-2:] == [429, 429]


async def test_refuses_requests_that_can_be_read_in_two_ways(there: Site) -> None:
    """WEB-12: no name, two names, another name in the line itself."""
    own = f"Host: 127.0.0.1:{port(there)}\r\n".encode()
    end = b"Connection: close\r\n\r\n"
    for request in (
        b"GET /healthz HTTP/1.1\r\n" + end,
        b"GET /healthz HTTP/1.0\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\n" + own + b"Host: evil.example\r\n" + end,
        b"GET http://evil.example/healthz HTTP/1.1\r\n" + own + end,
        b"GET http://evil.example/healthz HTTP/1.1\r\nHost: evil.example\r\n" + end,
        b"GET /healthz HTTP/1.1\r\n Host: x\r\n" + own + end,
        b"POST /login HTTP/1.1\r\n" + own + b"Content-Length: 1\r\nContent-Length: 2\r\n" + end + b"xx",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"nonsense\r\n\r\n",
    ):
        status, answer = await said(there, request)
        assert status in (400, 404, 421), request
        assert "evil.example" not in answer


async def test_behind_tls_answers_to_the_one_name_that_it_was_given(tmp_path: Path) -> None:
    """WEB-12, WEB-05, WEB-20: with cookies that nobody else can set, and a word to the browser to keep to TLS."""
    async with site(tmp_path, a_post, monitor=NAMED) as there, httpx.AsyncClient(base_url=there.address) as http:
        await there.add("olena")
        by_own_address = await http.get("/login")
        http.headers["host"] = "monitor.example"
        form = await http.get("/login")
        token = re.findall(r'name="_csrf_token" value="([^"]+)"', form.text)[0]
        kept = form.headers["set-cookie"].split(";")[0]
        answer = await http.post(
            "/login",
            data={"_csrf_token": token, "name": "olena", "password": "a bridge too far away"},
            headers={"cookie": kept, "origin": "https://monitor.example"},
        )

    assert by_own_address.status_code == 421
    assert answer.status_code == 303
    for cookie in (*form.headers.get_list("set-cookie"), *answer.headers.get_list("set-cookie")):
        assert "Secure" in cookie
        assert "HttpOnly" in cookie
        assert "Path=/" in cookie
        assert "Domain" not in cookie
    assert answer.headers["set-cookie"].startswith("__Host-visit=")
    assert answer.headers["strict-transport-security"].startswith("max-age=")


# ---------------------------------------------------------------------------------------------------------------- headers


async def test_tells_the_browser_to_run_and_frame_nothing_with_every_answer(there: Site) -> None:
    """WEB-02, WEB-18, WEB-20: pages, problems, redirects, files, feeds and refusals."""
    async with there.signed_in() as olena, there.visitor() as stranger:
        answers = [
            *[
                await olena.http.get(path)
                for path in ("/", "/story/bridge", "/post/bridge_news/1", "/review", "/health")
            ],
            *[await olena.http.get(path) for path in ("/me", "/search?q=bridge", "/feed/bridge.atom", "/metrics")],
            *[await olena.http.get(path) for path in ("/api/stories", "/api/openapi.json", "/post/x/1", "/nothing")],
            *[
                await olena.http.get(path)
                for path in ("/static/monitor.css", "/static/nothing", "/story/bridge?before=x")
            ],
            await olena.http.post("/review", data={}),
            await olena.http.delete("/review"),
            await olena.http.options("/review"),
            await olena.http.head("/static/monitor.js"),
            await olena.http.get("/", headers={"host": "evil.example"}),
            await olena.http.post("/review", headers={"origin": "https://evil.example"}),
            await stranger.http.get("/"),
            await stranger.http.get("/login"),
            await stranger.http.get("/healthz"),
            await stranger.http.get("/api/stories"),
            await stranger.http.post("/login", data={"name": "x" * 200_000}),
        ]

    assert {each.status_code for each in answers} >= {200, 204, 303, 400, 401, 403, 404, 405, 413, 421}
    for answer in answers:
        for name, value in HEADERS.items():
            assert answer.headers.get_list(name) == [value], (answer.url, name)
        assert "server" not in answer.headers
        is_kept = answer.url.path.startswith("/static/") and answer.status_code == 200
        assert answer.headers["cache-control"] == ("max-age=3600" if is_kept else "no-store")


def test_allows_nothing_unsafe_and_nothing_from_elsewhere() -> None:
    """WEB-02, WEB-18, WEB-20"""
    rules = dict(rule.split(" ", 1) for rule in POLICY.split("; "))

    assert rules["default-src"] == rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    assert set(rules.values()) <= {"'none'", "'self'", "'script'"}
    assert HEADERS["referrer-policy"] == "no-referrer"
    assert HEADERS["x-content-type-options"] == "nosniff"


async def test_names_nothing_that_is_kept_elsewhere(there: Site) -> None:
    """WEB-18: whatever a page loads by itself comes from here."""
    async with there.signed_in() as olena:
        for path in (
            "/",
            "/story/bridge",
            "/post/bridge_news/1",
            "/review",
            "/health",
            "/me",
            "/search?q=bridge",
            "/login",
        ):
            page = (await olena.get(path)).text
            loaded = re.findall(r"<(?:script|link|img|source|use)\b[^>]*?(?:src|href)=\"([^\"]*)\"", page)
            assert loaded
            assert all(each.startswith("/static/") for each in loaded)
            for each in set(loaded):
                assert (await olena.get(each)).status_code == 200
        style = (await olena.get("/static/monitor.css")).text

    assert not re.search(r"url\((?!\"?data:)|@import|https?://", style)


# ------------------------------------------------------------------------------------------------------------------ errors


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE content SET body = x'00' WHERE seq > 0",
        "UPDATE content SET body = x'28b52ffde0ffffffffffffff7f' WHERE seq > 0",
        "DROP TABLE content",
        "UPDATE log SET header = x'00'",
        "ALTER TABLE people RENAME TO persons",
    ],
)
async def test_tells_of_a_fault_its_number_and_nothing_else(there: Site, damage: str, log: io.StringIO) -> None:
    """WEB-16: the number is in the log, with all that there is to know."""
    async with there.signed_in() as olena:
        key = await _key(olena)
        with closing(connect(there.settings.store.path)) as database:
            for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
                database.execute(f"DROP TRIGGER {name}")
            database.execute(damage)
        answers = [
            await olena.get("/post/bridge_news/1"),
            await olena.http.get("/api/posts/bridge_news/1", headers={"authorization": f"Bearer {key}"}),
            await olena.get("/story/bridge"),
        ]

    failed = [each for each in answers if each.status_code >= 500]
    assert failed
    for answer in failed:
        for inside in ("Traceback", "sqlite", "SELECT", "monitor.db", ".py", str(there.settings.base), "LedgerBroken"):
            assert inside not in answer.text
        assert dict(answer.headers).items() >= HEADERS.items()
        if answer.status_code == 500:
            [number] = re.findall(r"by this number: ([0-9a-f]{8})", answer.text)
            assert number in log.getvalue()


async def test_is_no_fault_where_somebody_hung_up_before_the_end(there: Site, log: io.StringIO) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", int(port(there)))
    kind = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\n"
    writer.write(f"POST /login HTTP/1.1\r\nHost: 127.0.0.1:{port(there)}\r\nCookie: form=x\r\n{kind}name=".encode())
    await writer.drain()
    async with there.signed_in() as olena:
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)
        for _ in range(5):
            await olena.get("/")

    assert "a page failed" not in log.getvalue()


async def test_goes_on_where_a_page_has_failed(there: Site) -> None:
    """WEB-16: a record that is not what was written takes its own page, no other."""
    async with there.signed_in() as olena:
        with closing(connect(there.settings.store.path)) as database:
            for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
                database.execute(f"DROP TRIGGER {name}")
            database.execute("UPDATE content SET salt = zeroblob(16) WHERE seq = 1")

        assert (await olena.get("/post/bridge_news/1")).status_code == 500
        assert (await olena.get("/post/bridge_news/2")).status_code == 200
        assert (await olena.get("/health")).status_code == 200


# ------------------------------------------------------------------------------------------------------------------- files


def traversals(*places: str) -> list[bytes]:
    """Ways out of a folder, as they have worked elsewhere."""
    ups = [
        "..",
        "%2e%2e",
        "..%2f..",
        "%2e%2e%2f%2e%2e",
        "..%5c..",
        "..\\..",
        "%252e%252e",
        "..%c0%af..",
        "..%00",
        "%u002e%u002e",
    ]
    ups += [
        "....//....",
        "..;",
        ".%2e",
        "%2e.",
        "..%ef%bc%8f..",
        "..%25%32%66..",
        "%c0%ae%c0%ae",
        "..%0d%0a",
        ".",
        "..%09",
    ]
    found = [f"{'/'.join([up] * deep)}{place}" for up in ups for deep in (1, 3, 20) for place in places]
    found += [
        f"{lead}{place}"
        for lead in ("", "/", "//", "%2f", "%5c", "\\", "file:", "file://", "~", "C:")
        for place in places
    ]
    return [each.encode() for each in found]


@pytest.mark.parametrize("prefix", ["/static/", "/post/", "/post/bridge_news/", "/feed/", "/story/", "/api/posts/"])
async def test_never_shows_a_file_that_is_not_one_of_its_own(there: Site, prefix: str) -> None:
    """WEB-07: whatever a path is made of; and nothing of it is a fault."""
    hidden = there.settings.base / "secret.txt"
    hidden.write_text(SECRET)
    ways = traversals(
        "/etc/passwd", str(hidden), *(("/templates/base.html", "/app.py") if prefix == "/static/" else ())
    )
    async with there.signed_in() as olena:
        for way in ways:
            answer = await olena.http.get("/", extensions={"target": prefix.encode() + way})
            assert answer.status_code in (303, 400, 404, 405), way
            for inside in (SECRET, "root:x:", "{% block", "def application"):
                assert inside not in answer.text, way

    assert 100 <= len(ways) <= 500


# ------------------------------------------------------------------------------------------------------------------ bounds


@pytest.mark.parametrize(
    "path",
    [
        "/api/stories/bridge?limit=201", "/api/stories/bridge?limit=0", "/api/stories/bridge?limit=-1", "/api/stories/bridge?limit=x",
        "/api/stories/bridge?before=-1", f"/api/stories/bridge?before={2**70}", "/api/stories/bridge?before=1.5",
        f"/story/bridge?before={2**70}", "/story/bridge?before=-1", "/story/bridge?before=", f"/review?before={2**70}",
        f"/review?filed={2**70}", f"/search?q=bridge&before={2**70}", "/search?q=bridge&since=9999-99-99",
        "/search?q=bridge&since=0000-00-00", f"/api/search?q=bridge&before={2**70}", "/api/search?q=bridge&since=noon",
        "/api/search?q=bridge&since=9999-12-31T23:59:59%2B99:99", "/api/search?q=", "/api/search",
        f"/api/search?q={'x' * 1001}", f"/search?q={'x' * 1001}", f"/api/posts/bridge_news/{2**70}", f"/post/bridge_news/{2**70}",
        f"/post/bridge_news/-{2**70}", f"/post/bridge_news/{'9' * 5000}", "/post/bridge_news/0", "/post/bridge_news/-1",
        "/post/bridge_news/%D9%A1", "/post/bridge_news/1?whole=perhaps", f"/post/{'x' * 5000}/1", f"/story/{'x' * 5000}",
        f"/feed/{'x' * 5000}.atom", "/feed/bridge", f"/api/reviews/waiting?before={2**70}&story=%00", "/search?q=%00",
        "/story/%00", "/story/%ff", "/post/%ff/1", "/post/%ED%A0%80/1", "/search?q=%ff", "/search?q=%ED%A0%80&channel=%ff",
    ],
)  # fmt: skip
async def test_refuses_what_is_out_of_bounds_in_words(there: Site, path: str) -> None:
    """WEB-10: never more than 200 rows, never a number that the database cannot hold, never a fault."""
    async with there.signed_in() as olena:
        key = await _key(olena)
        answer = await olena.http.get(path, headers={"authorization": f"Bearer {key}"})

    assert answer.status_code in (200, 400, 404), answer.text
    answer.content.decode("utf-8")
    if "limit" in path or "before" in path or "filed" in path:
        assert answer.status_code == 400


@pytest.mark.parametrize("path", ["/login", "/me", "/review", "/api/reviews"])
async def test_takes_no_more_than_a_form_can_hold(there: Site, path: str) -> None:
    """WEB-10: ten million bytes, said to be so many or not."""

    async def drips() -> AsyncIterator[bytes]:
        for _ in range(1_000):
            yield b"x" * 10_000

    async with there.signed_in() as olena:
        headers = {"authorization": f"Bearer {await _key(olena)}", "content-type": "application/x-www-form-urlencoded"}
        for content in (b"x" * 10_000_000, drips(), b"&".join(b"a=b" for _ in range(24_000)), b"%" * 90_000):
            try:
                answer = await olena.http.post(path, content=content, headers=headers)
            except httpx.WriteError:
                continue  # it was answered, and the rest not listened to
            assert answer.status_code in (400, 403, 413), answer.text
        assert (await olena.get("/")).status_code == 200


async def test_answers_long_questions_in_words(there: Site) -> None:
    """WEB-10: ten thousand characters in the query, in a header, in a cookie."""
    async with there.signed_in() as olena:
        for path in ("/", "/search", "/story/bridge", "/login"):
            answer = await olena.http.get(path, params={"q": "x" * 10_000, "next": "/" + "x" * 10_000})
            assert answer.status_code in (200, 400)
        assert (await olena.http.get("/", headers={"x-long": "x" * 20_000})).status_code == 200
        assert (await olena.http.get("/", headers={"x-long": "x" * 200_000})).status_code in (400, 431)


async def test_answers_others_while_many_hold_their_requests_back(there: Site) -> None:
    """WEB-10: two hundred connections on which a request begins and does not end."""
    slow = [await asyncio.open_connection("127.0.0.1", int(port(there))) for _ in range(200)]
    for _, writer in slow:
        writer.write(f"POST /login HTTP/1.1\r\nHost: 127.0.0.1:{port(there)}\r\nContent-Le".encode())
    async with there.signed_in() as olena:
        began = time.perf_counter()
        answer = await olena.get("/")
        took = time.perf_counter() - began
    for _, writer in slow:
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)

    assert answer.status_code == 200
    assert took < 10  # a third of what each of them is waited for


# ----------------------------------------------------------------------------------------------------------------- writing


async def test_reads_through_a_door_that_does_not_open_for_writing(there: Site) -> None:
    """WEB-11: a fault in a page cannot write."""
    async with open_desk(there.settings) as desk:
        with pytest.raises(Refused, match="open for reading only"):
            await desk.store.ledger.append([revision("The bridge stands.", number=9)])
        with pytest.raises(Refused, match="open for reading only"):
            await desk.store.people.dismiss([bytes(32)])
        assert await desk.store.ledger.size() == await there.store.ledger.size()


async def test_shows_a_ledger_that_does_not_verify_says_so_and_adds_nothing(tmp_path: Path) -> None:
    """WEB-11, WEB-21: whoever must see to it can still read."""
    async with site(tmp_path, a_post) as there, there.signed_in() as olena:
        cookie = olena.http.cookies["visit"]
    with closing(connect(there.settings.store.path)) as database:
        database.execute("UPDATE tree SET peaks = zeroblob(length(peaks))")
    with listening("127.0.0.1", 0) as listener:
        async with serving(there.settings, listener), Visitor(address(listener)) as again:
            again.http.cookies.set("visit", cookie)
            pages = [await again.get(path) for path in ("/", "/story/bridge", "/health", "/review", "/search?q=bridge")]
            form = {"post": "bridge_news/1", "story": "bridge", "verdict": "false", "aspect": "truth", "reason": "No."}
            filed = await again.send("/review", **form)
            changed = await again.send("/me", do="zone", time_zone="Asia/Tokyo")
            async with Visitor(address(listener)) as rita:
                signed_in = await rita.sign_in("olena")
                page = await rita.get("/story/bridge")
                await rita.send("/logout")
                out = await rita.get("/story/bridge")

    assert [page.status_code for page in pages] == [200] * 5
    assert all("The ledger does not verify." in page.text for page in pages)
    assert "</mark> fell." in pages[1].text
    assert filed.status_code == changed.status_code == 400
    assert "nothing is added" in filed.text
    assert (signed_in.status_code, page.status_code, out.status_code) == (303, 200, 303)


# ----------------------------------------------------------------------------------------------------------------- barrier

BARRIER = """
import os, shutil, sqlite3, sys
from pathlib import Path
from monitor.web.barrier import forbid
secret, link, other, folder = map(Path, sys.argv[1:])
forbid([os.path.realpath(secret)])
os.chdir(secret.parent)
ways = {
    "open": lambda: open(secret),
    "open bytes": lambda: open(os.fsencode(secret)),
    "open relative": lambda: open(secret.name),
    "open roundabout": lambda: open(f"{secret.parent}/../{secret.parent.name}/./{secret.name}"),
    "open for writing": lambda: open(secret, "a"),
    "os.open": lambda: os.open(secret, os.O_RDONLY),
    "pathlib": secret.read_bytes,
    "a link made before": link.read_bytes,
    "a link made now": lambda: os.symlink(secret, folder / "new"),
    "a hard link": lambda: os.link(secret, folder / "hard"),
    "another name": lambda: os.rename(secret, folder / "moved"),
    "in place of another": lambda: os.replace(secret, folder / "moved"),
    "a copy": lambda: shutil.copy(secret, folder / "copy"),
    "sqlite3": lambda: sqlite3.connect(secret),
    "sqlite3 by address": lambda: sqlite3.connect(f"file:{secret}?mode=ro", uri=True),
}
for name, way in ways.items():
    try:
        way()
    except PermissionError as error:
        assert "no secret" in str(error), error
    else:
        print(name)
assert other.read_text() == "anybody's"
(folder / "new file").write_text("fine")
sqlite3.connect(folder / "new.db").execute("CREATE TABLE t (x)")
"""


@pytest.mark.parametrize("kind", ["reader.session", "ledger.key", "webhook.secret"])
def test_opens_neither_session_nor_key_nor_secret(tmp_path: Path, kind: str) -> None:
    """WEB-11: whatever a page does by mistake; everything else can be opened. (Of a process of its own: it cannot be undone.)"""
    secret, link, other = tmp_path / kind, tmp_path / "link", tmp_path / "other"
    secret.touch()
    link.symlink_to(secret)
    other.write_text("anybody's")
    folder = tmp_path / "folder"
    folder.mkdir()

    ended = subprocess.run(
        [sys.executable, "-c", BARRIER, secret, link, other, folder], capture_output=True, text=True, check=False
    )

    assert (ended.stdout, ended.stderr) == ("", "")


async def _key(visitor: Visitor) -> str:
    await visitor.get("/me")
    page = (await visitor.send("/me", do="key", note="for a test")).text
    return page.split('<code class="key">')[1].split("<")[0]


async def test_shows_the_segment_in_force_to_whoever_was_signed_in_and_says_that_another_broke(tmp_path: Path) -> None:
    async with site(tmp_path, a_post) as there, there.signed_in() as olena:
        cookie = olena.http.cookies["visit"]
    later = await go_on(there.settings, LedgerBroken("found by a test"), SystemClock())
    with listening("127.0.0.1", 0) as listener:
        async with serving(later, listener), Visitor(address(listener)) as again:
            again.http.cookies.set("visit", cookie)
            pages = [await again.get(path) for path in ("/", "/health", "/search?q=bridge")]

    assert [page.status_code for page in pages] == [200] * 3
    assert all("Segment 1 of the ledger is broken." in page.text for page in pages)
    assert not any("The ledger does not verify." in page.text for page in pages)
