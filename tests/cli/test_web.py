"""monitor web"""

import json
import socket
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from browsing import HASHED, Visitor
from builders import person, revision
from faults.daemons import until
from installation import Installation

from monitor.clock import SystemClock
from monitor.config import load
from monitor.errors import LedgerBroken
from monitor.leaving import go_on
from monitor.stores.sqlite.store import open_store


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    found = Installation(tmp_path, port=4430, public_key="none")
    found.write(channels=["bridge_news"])
    return found


async def a_ledger(installation: Installation, *, people: bool = True) -> None:
    async with open_store(installation.store) as store:
        await store.ledger.append([revision()])
        if people:
            await store.people.put(person())


async def test_serves_until_it_is_told_to_end_and_says_where(installation: Installation) -> None:
    await a_ledger(installation)
    async with installation.running("web", "--port", "0", "--json"):
        address = json.loads(await installation.first_line())["address"]
        async with httpx.AsyncClient(base_url=address) as http:
            alive, asked = await http.get("/healthz"), await http.get("/")

    assert alive.text == "ok\n"
    assert asked.headers["location"] == "/login"


async def test_says_what_is_missing_where_there_is_no_ledger_yet(installation: Installation) -> None:
    code, _, complaint = await installation.command("web", "--port", "0")

    assert code == 2
    assert "there is no ledger at" in complaint
    assert not installation.store.exists()


async def test_says_that_the_port_is_taken_and_how_to_choose_another(installation: Installation) -> None:
    await a_ledger(installation)
    with socket.create_server(("127.0.0.1", 0)) as other:
        code, _, complaint = await installation.command("web", "--port", str(other.getsockname()[1]))

    assert code == 1
    assert "--port" in complaint
    assert "Traceback" not in complaint


async def test_needs_no_secret_of_the_installation(installation: Installation) -> None:
    await a_ledger(installation)
    for file in (installation.base / "secrets").iterdir():
        file.unlink()
    async with installation.running("web", "--port", "0", "--json"):
        assert json.loads(await installation.first_line())["address"].startswith("http://127.0.0.1:")


async def test_says_that_nobody_may_sign_in_yet_and_how_somebody_may(installation: Installation) -> None:
    await a_ledger(installation, people=False)
    async with installation.running("web", "--port", "0", "--json"):
        said = await installation.first_line()

    assert "monitor people add NAME --role operator" in said


async def test_shows_the_segment_in_which_a_ledger_that_broke_goes_on_at_the_same_address_to_whoever_was_signed_in(
    installation: Installation,
) -> None:
    async with open_store(installation.store) as store:
        await store.ledger.append([revision("Before it broke.", number=1)])
        await store.people.put(person("olena", "operator", password=HASHED))
    async with installation.running("web", "--port", "0", "--json"):
        address = json.loads(await installation.first_line())["address"]
        async with Visitor(address) as visitor:
            await visitor.sign_in("olena")
            before = await visitor.get("/post/bridge_news/1")

            settings = await go_on(
                load(installation.config, {}), LedgerBroken("a page was damaged", index=1), SystemClock()
            )
            async with open_store(settings.store.path) as store:
                await store.ledger.append([revision("After it broke.", number=20)])

            async def shown() -> bool:
                with suppress(httpx.TransportError):  # the server of the old pages ends
                    return (await visitor.get("/post/bridge_news/20")).status_code == 200
                return False

            await until(shown)
            after, gone = await visitor.get("/post/bridge_news/20"), await visitor.get("/post/bridge_news/1")
            await visitor.get("/me")
            made = await visitor.send("/me", do="key", note="written to the new segment")

    assert "Before it broke." in before.text
    assert "After it broke." in after.text
    assert gone.status_code == 404
    assert "Segment 1 of the ledger is broken." in after.text
    assert 'class="key"' in made.text
    assert "the ledger goes on in a new segment" in (installation.base / "daemon.log").read_text()
