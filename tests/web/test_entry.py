"""Whoever comes to the pages"""

import asyncio
import hashlib
import secrets
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import msgspec
import pytest
from browsing import HASHED, PASSWORD, Site, site
from builders import NOON, person, revision, verdict
from litestar.routes import HTTPRoute
from whole import all_records

from monitor.model.instant import DAY
from monitor.model.person import Ticket
from monitor.model.record import Custody, Reviewed
from monitor.stores.sqlite.store import SqliteStore, open_store
from monitor.web.app import application
from monitor.web.desk import Desk, digest, open_desk

SEEDED = ("bridge fell", "bridge_news", "Ministry of Bridges", "both sides deny it", "The bridge", "olena", "openapi")
"""Words of the ledger, the configuration and the description of the API: whoever is not let in sees none of them."""
OPEN = {"/login", "/healthz", "/static/{file_path:path}"}
PROGRAMS = ("/api/", "/feed/", "/metrics")
DESTINATION = """
[[subscriber]]
name = "night desk"
stories = ["*"]
via = { kind = "console" }
"""
VERDICT = {"channel": "bridge_news", "id": 1, "story": "bridge", "verdict": "false", "reason": "It stands."}


async def a_post(store: SqliteStore) -> None:
    await store.ledger.append([revision("The bridge fell."), verdict(), revision("The bridge burns.", number=2)])


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[Site]:
    async with site(tmp_path, a_post) as there:
        yield there


def routes(desk: Desk) -> Iterator[HTTPRoute]:
    for route in application(desk, secret=secrets.token_hex(32)).routes:
        assert isinstance(route, HTTPRoute)
        yield route


def filled(path: str) -> str:
    """A path of the kind that there is something at."""
    values = {"{id:str}": "bridge", "{channel:str}": "bridge_news", "{post:int}": "1", "{id:int}": "1"}
    values |= {"{name:str}": "bridge.atom", "{file_path:path}": "monitor.css", "{path:str}": "openapi.json"}
    for part, value in values.items():
        path = path.replace(part, value)
    assert "{" not in path, "a new kind of path: say what is there"
    return path


async def ticket(there: Site, kind: str = "visit", of: str = "olena", *, until: int | None = None) -> str:
    """What the holder of a new ticket shows."""
    shown = secrets.token_urlsafe(32)
    now = time.time_ns() // 1_000_000
    await there.store.people.admit(
        Ticket(digest=digest(shown), person=of, kind=kind, made_at=now, until=until or now + DAY)
    )
    return shown


async def state(there: Site) -> object:
    """All that a request could change; that somebody looked is no change."""
    everybody = await there.store.people.all()
    tickets = [await there.store.people.tickets(each.name, now=0) for each in everybody]
    records = [each.content for each in await all_records(there.store.ledger)]
    views = [each for each in records if isinstance(each, Custody) and each.action == "viewed"]
    return len(records) - len(views), everybody, tickets, await there.store.outbox.count()


# ------------------------------------------------------------------------------------------------------ without a ticket


@pytest.mark.parametrize("shows", ["nothing", "something made up", "one of somebody disabled", "one that is over"])
async def test_without_a_good_ticket_sees_the_login_and_nothing_else(there: Site, shows: str) -> None:
    """WEB-01: every route that the application has, found by asking it, with every method it answers."""
    await there.add("olena", "operator")
    shown = {
        "nothing": "",
        "something made up": secrets.token_urlsafe(32),
        "one of somebody disabled": await ticket(there),
        "one that is over": await ticket(there, until=NOON),
    }[shows]
    if shows == "one of somebody disabled":
        await there.store.people.put(person("olena", "operator", password=HASHED, disabled_at=NOON))
    before, called = await state(there), 0

    async with open_desk(there.settings) as desk, httpx.AsyncClient(base_url=there.address) as http:
        for route in routes(desk):
            path = filled(route.path)
            for method in sorted({*route.methods, "HEAD", "PUT", "PATCH", "DELETE", "TRACE"}):
                for headers in ({"cookie": f"visit={shown}"}, {"authorization": f"Bearer {shown}"}):
                    answer = await http.request(method, path, headers=headers if shown else {})
                    called += 1
                    if route.path in OPEN and method in ("GET", "HEAD", "OPTIONS"):
                        assert answer.status_code in (200, 204, 303, 405), (method, path)
                    elif method not in route.methods:
                        assert answer.status_code in (403, 405), (method, path)
                    elif path.startswith(PROGRAMS):
                        assert answer.status_code == 401, (method, path)
                    elif path == "/login":
                        assert answer.status_code == 403, (method, path)  # it has no token of a page
                    else:
                        assert answer.status_code == 303, (method, path)
                        assert answer.headers["location"].startswith("/login"), (method, path)
                    assert not [each for each in SEEDED if each in answer.text.replace("bridge.atom", "")], (
                        method,
                        path,
                    )

    assert called > 200
    assert await state(there) == before


@pytest.mark.parametrize(
    "path", ["/nothing", "/api/nothing", "/api/stories/", "//", "/story/", "/.env", "/api", "/schema"]
)
async def test_who_looks_for_what_is_not_there_learns_nothing(there: Site, path: str) -> None:
    """WEB-01"""
    async with there.visitor() as stranger:
        answer = await stranger.http.get(there.address + path)

    assert answer.status_code in (303, 401, 404)
    assert not [each for each in SEEDED if each in answer.text]


async def test_shows_a_key_in_a_header_and_a_visit_in_a_cookie_and_never_the_other_way(there: Site) -> None:
    """WEB-05: what a browser sends by itself is always a visit; what is in a feed reader opens no page of a browser's."""
    await there.add("olena", "operator")
    key, visit = await ticket(there, "key"), await ticket(there, "visit")
    answers = {}

    async with httpx.AsyncClient(base_url=there.address) as http:
        for path in ("/api/stories", "/metrics", "/feed/bridge.atom", "/health"):
            for name, headers in {
                "key as bearer": {"authorization": f"Bearer {key}"},
                "key as cookie": {"cookie": f"visit={key}"},
                "visit as bearer": {"authorization": f"Bearer {visit}"},
                "visit as cookie": {"cookie": f"visit={visit}"},
                "key as basic": {"authorization": f"Basic {key}"},
            }.items():
                answers[path, name] = (await http.get(path, headers=headers)).status_code
        in_query = [
            (await http.get(path, params={"key": key})).status_code for path in ("/metrics", "/api/stories", "/")
        ]

    for path in ("/api/stories", "/metrics", "/feed/bridge.atom"):
        assert answers[path, "key as bearer"] == answers[path, "visit as cookie"] == 200
        assert {answers[path, each] for each in ("key as cookie", "visit as bearer", "key as basic")} == {401}
    assert answers["/health", "visit as cookie"] == 200
    assert {answers["/health", each] for each in ("key as cookie", "visit as bearer", "key as bearer")} == {303}
    assert in_query == [401, 401, 303]


async def test_files_a_verdict_as_a_program_with_a_key_alone(there: Site) -> None:
    """WEB-04: a cookie, which a browser sends for whoever asks it, is no word of a person's."""
    await there.add("olena", "operator")
    key, visit = await ticket(there, "key"), await ticket(there, "visit")
    async with httpx.AsyncClient(base_url=there.address) as http:
        by_cookie = await http.post("/api/reviews", json=VERDICT, headers={"cookie": f"visit={visit}"})
        before = await there.store.ledger.size()
        by_key = await http.post("/api/reviews", json=VERDICT, headers={"authorization": f"Bearer {key}"})

    assert (by_cookie.status_code, by_key.status_code) == (403, 201)
    assert by_key.json()["record"] == before


# --------------------------------------------------------------------------------------------------------- another site


async def test_is_had_by_a_browser_that_says_no_more_than_that_it_tells_nobody_where_it_is(there: Site) -> None:
    """Without a referrer and without TLS browsers write `Origin: null`, and no Sec-Fetch-Site; they have the token all the same."""
    await there.add("olena")
    async with there.visitor(origin="null") as olena:
        assert (await olena.sign_in("olena")).status_code == 303


async def test_on_behalf_of_another_site_does_nothing(there: Site) -> None:
    """WEB-04: neither with the cookies that the browser sends along, nor with a token of somebody else's page."""
    async with there.signed_in() as olena, there.visitor() as mallory:
        await olena.get("/review")
        await mallory.get("/login")
        before = await state(there)
        form = {"post": "bridge_news/1", "story": "bridge", "verdict": "false", "aspect": "truth", "reason": "Ha."}
        right = {"_csrf_token": olena.token}
        attempts = [
            ({"origin": "https://evil.example"}, right),
            ({"origin": "null"}, {"_csrf_token": mallory.token}),
            ({"origin": there.address.replace("127.0.0.1", "localhost")}, right),
            ({"sec-fetch-site": "cross-site"}, right),
            ({"sec-fetch-site": "same-site"}, right),
            ({}, {}),
            ({}, {"_csrf_token": ""}),
            ({}, {"_csrf_token": "0" * len(olena.token)}),
            ({}, {"_csrf_token": olena.token[:-1] + ("0" if olena.token[-1] != "0" else "1")}),
            ({}, {"_csrf_token": mallory.token}),
            ({"x-csrftoken": mallory.token}, {}),
            ({"content-type": "text/plain"}, right),
            ({"content-type": "application/json"}, right),
        ]
        for path in ("/review", "/me", "/logout", "/login"):
            for headers, token in attempts:
                answer = await olena.http.post(path, data={**form, "do": "key", "note": "x", **token}, headers=headers)
                assert answer.status_code == 403, (path, headers, token)

        assert await state(there) == before
        assert (await olena.get("/me")).status_code == 200
        allowed = await olena.http.post(
            "/review", data={**form, **right}, headers={"origin": there.address, "sec-fetch-site": "same-origin"}
        )
        assert allowed.status_code == 303


async def test_to_look_changes_nothing(there: Site) -> None:
    """WEB-04: every GET of every route, with whatever is said in the query."""
    async with there.signed_in() as olena, open_desk(there.settings) as desk:
        before = await state(there)
        for route in routes(desk):
            if "GET" in route.methods:
                form = {"do": "end", "ticket": "all", "verdict": "false", "reason": "Ha.", "q": "bridge"}
                for query in ({}, form):
                    answer = await olena.get(filled(route.path), **query)
                    assert answer.status_code < 500, route.path

    assert await state(there) == before


# ---------------------------------------------------------------------------------------------------------- visits and keys


async def test_begins_a_visit_with_a_ticket_that_nobody_knew_before(there: Site) -> None:
    """WEB-05: a cookie that somebody planted is neither good nor kept."""
    await there.add("olena")
    planted = secrets.token_urlsafe(32)
    async with there.visitor() as olena:
        olena.http.cookies.set("visit", planted, domain="127.0.0.1", path="/")
        answer = await olena.sign_in("olena")
        first = answer.cookies["visit"]
        olena.http.cookies.clear()
        second = (await olena.sign_in("olena")).cookies["visit"]
    async with httpx.AsyncClient(base_url=there.address) as http:
        with_planted = await http.get("/", headers={"cookie": f"visit={planted}"})

    assert len({planted, first, second}) == 3
    assert with_planted.status_code == 303
    [held] = [each for each in await there.store.people.tickets("olena", now=0) if each.digest == digest(first)]
    assert held.digest == hashlib.sha256(first.encode()).digest()
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert "SameSite=lax" in answer.headers["set-cookie"]


async def test_who_signs_in_again_ends_the_visit_before(there: Site) -> None:
    """WEB-05"""
    async with there.signed_in() as olena:
        first = olena.http.cookies["visit"]
        await olena.sign_in("olena")
    async with httpx.AsyncClient(base_url=there.address, cookies={"visit": first}) as http:
        assert (await http.get("/")).status_code == 303


async def test_who_signs_out_is_out_on_the_server_too(there: Site) -> None:
    """WEB-05: whoever kept a copy of the cookie has nothing."""
    async with there.signed_in() as olena:
        kept = olena.http.cookies["visit"]
        await olena.get("/")
        assert (await olena.send("/logout")).status_code == 303
    async with httpx.AsyncClient(base_url=there.address, cookies={"visit": kept}) as http:
        assert (await http.get("/")).status_code == 303
    assert await there.store.people.tickets("olena", now=0) == []


async def test_who_is_disabled_is_out_at_once_with_every_browser_and_program(there: Site) -> None:
    """WEB-05: by the command, which is another process with a connection of its own."""
    async with there.signed_in() as olena, httpx.AsyncClient(base_url=there.address) as program:
        key = {"authorization": f"Bearer {await ticket(there, 'key')}"}
        assert (await olena.get("/")).status_code == (await program.get("/api/stories", headers=key)).status_code == 200

        command = ("--config", str(there.settings.directory), "people", "disable", "olena")
        ended = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "monitor", *command, stdout=asyncio.subprocess.DEVNULL
        )
        assert await ended.wait() == 0

        assert (await olena.get("/")).status_code == 303
        assert (await program.get("/api/stories", headers=key)).status_code == 401
        assert (await olena.sign_in("olena")).status_code == 403


async def test_who_gets_another_role_has_it_at_once(there: Site) -> None:
    """WEB-05: through another connection to the same store."""
    async with there.signed_in("olena", "reviewer") as olena:
        assert (await olena.get("/review")).status_code == 200
        async with open_store(there.settings.store.path) as other:
            await other.people.put(person("olena", "reader", password=HASHED))
        assert (await olena.get("/review")).status_code == 403


async def test_who_chooses_another_password_ends_every_visit_and_key(there: Site) -> None:
    """WEB-05"""
    async with there.signed_in() as olena, httpx.AsyncClient(base_url=there.address) as program:
        key = {"authorization": f"Bearer {await ticket(there, 'key')}"}
        elsewhere = {"cookie": f"visit={await ticket(there)}"}
        await olena.get("/me")
        wrong = await olena.send("/me", do="password", password="not mine at all", new="a river too wide")
        short = await olena.send("/me", do="password", password=PASSWORD, new="short")
        assert (wrong.status_code, short.status_code) == (400, 400)

        await olena.send("/me", do="password", password=PASSWORD, new="a river too wide")

        assert (await olena.get("/")).status_code == 303
        assert (await program.get("/", headers=elsewhere)).status_code == 303
        assert (await program.get("/api/stories", headers=key)).status_code == 401
        assert (await olena.sign_in("olena")).status_code == 403
        assert (await olena.sign_in("olena", "a river too wide")).status_code == 303


@pytest.mark.parametrize("do", ["password", "zone"])
async def test_who_is_disabled_meanwhile_does_not_let_themselves_in_again(there: Site, do: str) -> None:
    """WEB-05: a password takes a moment to be changed, in which somebody may be shut out."""
    async with there.signed_in() as olena, there.visitor() as other:
        await olena.get("/me")
        form = {"do": do, "password": PASSWORD, "new": "a river too wide", "time_zone": "Asia/Tokyo"}
        change = asyncio.create_task(olena.send("/me", **form))
        await other.get("/healthz")
        await there.store.people.put(person("olena", "operator", password=HASHED, disabled_at=NOON))
        await change

    [olena_now] = await there.store.people.all()
    assert (olena_now.disabled_at, olena_now.password) == (NOON, HASHED)


async def test_ends_single_visits_and_keys_and_none_of_somebody_elses(there: Site) -> None:
    """WEB-05"""
    await there.add("rita")
    theirs = await ticket(there, of="rita")
    async with there.signed_in() as olena:
        mine = await ticket(there, "key")
        await olena.get("/me")
        await olena.send("/me", do="end", ticket=digest(theirs).hex())
        await olena.send("/me", do="end", ticket=digest(mine).hex())

        assert len(await there.store.people.tickets("rita", now=0)) == 1
        assert [each.kind for each in await there.store.people.tickets("olena", now=0)] == ["visit"]
        assert (await olena.get("/me")).status_code == 200


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)", "evil",
        "/\tevil", "/\nLocation: https://evil.example", " /x", "/" + "x" * 600, "http:evil.example", "/\x00",
    ],
)  # fmt: skip
async def test_is_led_to_no_other_site_after_signing_in(there: Site, wanted: str) -> None:
    """WEB-04"""
    await there.add("olena")
    async with there.visitor() as olena:
        answer = await olena.sign_in("olena", next=wanted)

    assert (answer.status_code, answer.headers["location"]) == (303, "/")


async def test_is_led_to_the_page_that_was_asked_for(there: Site) -> None:
    await there.add("olena")
    async with there.visitor() as olena:
        asked = await olena.get("/post/bridge_news/1?whole=true")
        form = (await olena.get(asked.headers["location"])).text
        answer = await olena.sign_in("olena", next="/post/bridge_news/1?whole=true")

    assert 'value="/post/bridge_news/1?whole=true"' in form
    assert answer.headers["location"] == "/post/bridge_news/1?whole=true"


# ------------------------------------------------------------------------------------------------------------- guessing


async def test_who_guesses_is_heard_five_times_a_minute_and_leaves_a_record(there: Site) -> None:
    """WEB-06: then the right password is not heard either; others are; and the ledger tells of it."""
    await there.add("olena")
    await there.add("rita")
    size = await there.store.ledger.size()
    async with there.visitor() as mallory:
        tries = [(await mallory.sign_in("olena", f"wrong {each}")).status_code for each in range(8)]
        locked = await mallory.sign_in("olena")
        other = await mallory.sign_in("rita")

    assert tries == [403] * 5 + [429] * 3
    assert locked.status_code == 429
    assert 0 < int(locked.headers["retry-after"]) <= 60
    assert other.status_code == 303
    [record] = await there.store.ledger.read(size, 10)
    assert record.content == Custody("login refused", "olena", "127.0.0.1", "5 wrong passwords in a minute")
    assert record.observed_at > NOON


async def test_who_sends_many_guesses_at_once_is_heard_no_more_often(there: Site) -> None:
    """WEB-06: a thousand in full, as many as one address may send otherwise."""
    await there.add("olena")
    async with there.visitor() as mallory:
        await mallory.get("/login")
        answers = await asyncio.gather(
            *(mallory.send("/login", name="olena", password=f"wrong {each}") for each in range(100))
        )

    codes = [each.status_code for each in answers]
    assert codes.count(403) == 5
    assert codes.count(429) == 95


async def test_who_guesses_a_name_that_nobody_has_leaves_a_record_without_what_was_typed(there: Site) -> None:
    """WEB-06: it may be a password in the wrong field."""
    size = await there.store.ledger.size()
    async with there.visitor() as mallory:
        for _ in range(6):
            await mallory.sign_in("correct horse", "wrong")

    [record] = await there.store.ledger.read(size, 10)
    assert isinstance(record.content, Custody)
    assert record.content.subject == ""


async def test_learns_no_names_from_how_long_the_answer_takes(there: Site) -> None:
    """WEB-06: one password is hashed for each try, whoever is asked for; without, the answer takes a hundredth of it."""
    await there.add("olena")
    await there.store.people.put(person("rita", password=HASHED, disabled_at=NOON))
    took: dict[str, list[float]] = {"olena": [], "nobody": [], "rita": []}
    texts = set()
    async with there.visitor() as mallory:
        await mallory.get("/login")
        for _ in range(5):
            for name, times in took.items():
                began = time.perf_counter()
                answer = await mallory.send("/login", name=name, password="wrong")
                times.append(time.perf_counter() - began)
                texts.add(answer.text.replace(mallory.token, ""))

    shortest = [min(times) for times in took.values()]  # with nothing else in between
    assert max(shortest) < 3 * min(shortest)
    assert len(texts) == 1


# ----------------------------------------------------------------------------------------------------------------- roles


async def test_who_reads_files_nothing_and_who_reviews_sees_nothing_of_the_installation(tmp_path: Path) -> None:
    seen: dict[str, tuple[int, int, bool, bool]] = {}

    for role in ("reader", "reviewer", "operator"):
        base = tmp_path / role
        async with site(base, a_post, subscribers=DESTINATION) as there, there.signed_in("olena", role) as olena:
            key = {"authorization": f"Bearer {await ticket(there, 'key')}"}
            before = await there.store.ledger.size()
            queue = await olena.get("/review")
            await olena.get("/")
            form = {"post": "bridge_news/1", "story": "bridge", "verdict": "false", "aspect": "truth", "reason": "No."}
            filed = await olena.send("/review", **form)
            by_key = await olena.http.post("/api/reviews", json=VERDICT, headers=key)
            page, told = (await olena.get("/health")).text, (await olena.http.get("/api/health", headers=key)).text
            metrics = (await olena.http.get("/metrics", headers=key)).text
            waiting = await olena.http.get("/api/reviews/waiting", headers=key)
            added = await there.store.ledger.size() - before
            assert queue.status_code == waiting.status_code
            assert (filed.status_code == 303) == (by_key.status_code == 201) == (added == 2)
            seen[role] = queue.status_code, added, "night desk" in page, "night desk" in told
            assert ("night desk" in metrics) == (role == "operator")

    assert seen == {
        "reader": (403, 0, False, False),
        "reviewer": (200, 2, False, False),
        "operator": (200, 2, True, True),
    }


async def test_is_who_they_signed_in_as_whatever_the_form_says(there: Site) -> None:
    """The name in the record is that of the visit."""
    async with there.signed_in("olena", "reviewer") as olena:
        await olena.get("/review")
        await olena.send(
            "/review", post="bridge_news/1", story="bridge", verdict="false", aspect="truth", reason="No.", by="rita"
        )

    *_, last = await there.store.reviews.of_posts([(1, 1)])
    assert isinstance(last.content, Reviewed)
    assert last.content.by == "olena"


async def test_keeps_their_time_zone_and_name_and_role_by_their_own_form(there: Site) -> None:
    async with there.signed_in("olena", "reader") as olena:
        await olena.get("/me")
        await olena.send("/me", do="zone", time_zone="Asia/Tokyo", role="operator", name="rita")
        wrong = await olena.send("/me", do="zone", time_zone="../../etc/passwd")

    [olena_now] = await there.store.people.all()
    assert olena_now == msgspec.structs.replace(person("olena", "reader", password=HASHED), time_zone="Asia/Tokyo")
    assert wrong.status_code == 400
