"""What programs are told"""

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from browsing import Site, Visitor, site
from builders import BRIDGE, HARBOUR, NOON, deletion, revision, verdict
from measuring import FULL, Measured

from monitor.cli.records import as_json
from monitor.cli.show import for_programs
from monitor.model.instant import MINUTE
from monitor.model.record import Reviewed
from monitor.stores.sqlite.store import SqliteStore
from monitor.views.dossier import dossier

EXAMPLES = 300 if FULL else 12
"""Of each operation and kind of data."""

LENIENCE = """
# What no schema can say: that a query has a word in it, that a day is in the calendar, that a reason is not blank.
[[operations]]
include-path = ["/api/search", "/api/reviews"]
checks.positive_data_acceptance.expected-statuses = ["2xx", 400, 403, 404, 503]
"""


async def a_day(store: SqliteStore) -> None:
    await store.ledger.append(
        [
            revision("The bridge fell at nine.", number=1),
            revision("The bridge stands.", channel=HARBOUR, number=7, published_at=NOON + 5 * MINUTE),
            revision("The bridge fell at ten.", number=1, edited_at=NOON + 10 * MINUTE, observed_at=NOON + 11 * MINUTE),
            deletion(channel=HARBOUR, number=7),
            revision("The bridge: \ud800 \0 \u202e end.", number=2),
            verdict(channel=HARBOUR, number=7),
        ]
    )


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[Site]:
    async with site(tmp_path, a_day, requests=1_000_000) as there:
        yield there


@pytest.fixture
async def program(there: Site) -> AsyncIterator[httpx.AsyncClient]:
    """A program of a reviewer's, with a key."""
    async with there.signed_in("olena", "reviewer") as olena:
        headers = {"authorization": f"Bearer {await made_key(olena)}"}
        async with httpx.AsyncClient(base_url=there.address, headers=headers) as program:
            yield program


async def made_key(visitor: Visitor) -> str:
    await visitor.get("/me")
    page = (await visitor.send("/me", do="key", note="program")).text
    return page.split('<code class="key">')[1].split("<")[0]


async def told(program: httpx.AsyncClient, path: str, **query: object) -> Any:
    answer = await program.get(path, params={key: str(value) for key, value in query.items()})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


# ---------------------------------------------------------------------------------------------------- what each route says


async def test_the_stories_with_how_often_they_were_flagged(program: httpx.AsyncClient) -> None:
    assert await told(program, "/api/stories") == [{"story": "bridge", "title": "The bridge", "matches": 4}]


async def test_a_timeline_with_parties_changes_copies_and_reviews(program: httpx.AsyncClient) -> None:
    found = await told(program, "/api/stories/bridge")

    assert (found["story"], found["title"], found["older"]) == ("bridge", "The bridge", None)
    assert set(found["parties"]) == {"Ministry of Bridges", "Harbour Brigade"}
    assert sorted(each["kind"] for each in found["moments"]) == [
        "deleted",
        "edited",
        "published",
        "published",
        "published",
    ]
    [first, *_] = found["moments"]
    assert (first["at"], first["party"], first["match"]["story"]) == (
        "2023-06-04T12:00:00Z",
        "Ministry of Bridges",
        "bridge",
    )
    [stands] = [each for each in found["moments"] if each["kind"] == "deleted"]
    assert [each["verdict"] for each in stands["reviews"]] == ["disputed"]


async def test_a_timeline_page_by_page(program: httpx.AsyncClient) -> None:
    pages, before = [], {}
    while not pages or pages[-1]["older"] is not None:
        pages.append(await told(program, "/api/stories/bridge", limit=1, **before))
        before = {"before": pages[-1]["older"]}

    indices = [each["index"] for page in pages for each in page["moments"]]
    assert len(pages) > 1
    assert len(indices) == len(set(indices)) == 5


async def test_a_post_as_the_command_shows_it(there: Site, program: httpx.AsyncClient) -> None:
    found = await told(program, "/api/posts/bridge_news/1")

    assert found == json.loads(json.dumps(for_programs(await dossier(there.store, "bridge_news", 1))))


async def test_what_a_search_finds_as_the_command_shows_it(there: Site, program: httpx.AsyncClient) -> None:
    found = await told(program, "/api/search", q="bridge fell", channel="bridge_news")

    records = await there.store.ledger.revisions(BRIDGE, 1)
    assert found["older"] is None
    assert found["records"] == [json.loads(json.dumps(as_json(each))) for each in reversed(records)]


async def test_what_waits_for_a_verdict(program: httpx.AsyncClient) -> None:
    found = await told(program, "/api/reviews/waiting", story="bridge")

    assert {(each["channel"], each["id"], each["story"]) for each in found} == {
        ("bridge_news", 1, "bridge"), ("bridge_news", 2, "bridge")
    }  # fmt: skip


async def test_the_health(program: httpx.AsyncClient) -> None:
    found = await told(program, "/api/health")

    assert found["red"] is True
    assert {each["part"] for each in found["lines"]} == {"channel", "ledger", "stage"}


async def test_a_text_that_is_no_valid_unicode_as_strict_json(program: httpx.AsyncClient) -> None:
    """HOS-05, HOS-12"""
    for path in ("/api/posts/bridge_news/2", "/api/stories/bridge", "/api/search?q=end"):
        answer = await program.get(path)
        answer.content.decode("utf-8")
        assert answer.status_code == 200
        assert "\\ud800 \\u0000 \\u202e end." in answer.text


async def test_where_a_verdict_was_filed(there: Site, program: httpx.AsyncClient) -> None:
    right = {"channel": "bridge_news", "id": 1, "story": "bridge", "verdict": "false", "reason": "It stands."}
    answer = await program.post("/api/reviews", json=right)
    wrong = [
        await program.post("/api/reviews", json={**right, **change})
        for change in (
            {"verdict": "perhaps"},
            {"reason": " "},
            {"id": 99},
            {"id": 0},
            {"by": "rita"},
            {"aspect": "taste"},
            {"story": "bridges"},
        )
    ]

    [filed] = await there.store.ledger.records([answer.json()["record"]])
    assert answer.status_code == 201
    assert filed.content == Reviewed("bridge_news/1", "bridge", "truth", "false", "It stands.", "olena")
    assert [each.status_code for each in wrong] == [400, 400, 404, 400, 400, 400, 400]
    assert all(set(each.json()) == {"status", "detail"} for each in wrong)
    assert await there.store.ledger.size() == filed.index + 1


# ------------------------------------------------------------------------------------------------------ what they hold to


@pytest.mark.timeout(1_800)
async def test_nothing_but_what_their_description_says(
    there: Site, program: httpx.AsyncClient, tmp_path: Path, measured: Measured
) -> None:
    """WEB-09, WEB-10, WEB-16: schemathesis, with every check it has, makes up requests from the description and finds nothing."""
    (tmp_path / "schemathesis.toml").write_text(LENIENCE)
    attack = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{there.address}/api/openapi.json"),
        *("--header", f"Authorization: {program.headers['authorization']}"),
        *("--checks", "all", "--continue-on-failure", "--max-examples", str(EXAMPLES), "--seed", "1", "--no-color"),
        *("--generation-database", "none", "--report", "junit", "--report-dir", str(tmp_path / "report")),
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await attack.communicate()

    words = told.decode()
    cases = re.search(r"([0-9,]+) generated", words)
    assert cases, words
    measured("requests that schemathesis made up against the API", cases[1], "with all its checks: nothing found")
    assert attack.returncode == 0, words
