"""monitor web"""

import json
import socket
from pathlib import Path

import httpx
import pytest
from builders import person, revision
from installation import Installation

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
