"""All accounts are gone at once"""

import asyncio
from pathlib import Path

import pytest
from installation import PHONE, Installation
from tending import until

from monitor.model.record import Access, Kind
from monitor.rehearsal import Pages, Server, preview, sign_in
from monitor.rehearsal.mishaps import ban
from monitor.stores.sqlite.store import SqliteStore, open_store

OTHER = "+9996600002"
CHANNELS = ("bridge_news", "harbour_news")
SOON = 90
"""Seconds within which posts of public channels are to arrive again."""


async def installed(telegram: Server, pages: Pages, base: Path, *, poll: float) -> Installation:
    """Two accounts, each of which has joined one of two channels; and the public pages of both."""
    for name in CHANNELS:
        telegram.world.add_channel(name)
    telegram.world.add_account(PHONE, joined=[CHANNELS[0]])
    telegram.world.add_account(OTHER, joined=[CHANNELS[1]])
    made = Installation(base, port=telegram.port, public_key=telegram.public_key)
    second = made.session.with_name("reader-2.session")
    await sign_in(telegram, made.session, PHONE)
    await sign_in(telegram, second, OTHER)
    made.write(channels=CHANNELS, collect=f"poll_seconds = {poll}")
    file = made.config / "monitor.toml"
    file.write_text(
        f'[[account]]\nname = "reader-2"\napi_id = 1\napi_hash_file = "secrets/api_hash"\n'
        f'session_file = "var/{second.name}"\n{file.read_text()}'
        f'[preview]\naddress = "{pages.address}"\nrequests_per_second = 20\n'
    )
    return made


async def said(store: SqliteStore, text: str) -> bool:
    return any(each.said and each.said.text == text for each in await store.ledger.read(0, 10_000))


@pytest.mark.timeout(240)
@pytest.mark.parametrize("poll", [2, pytest.param(60, marks=pytest.mark.full)])
async def test_col_13_public_posts_still_arrive_by_their_pages(telegram: Server, tmp_path: Path, poll: float) -> None:
    world = telegram.world
    async with preview(world) as pages:
        installation = await installed(telegram, pages, tmp_path, poll=poll)
        async with open_store(installation.store) as store, installation.running():

            async def met() -> bool:
                return len(await store.peers.contacts()) == 2

            await until(met, seconds=SOON)
            before = world.publish("bridge_news", "Before.")
            await until(lambda: said(store, "Before."), seconds=SOON)
            for phone in (PHONE, OTHER):
                telegram.faults.unregister(phone, error="SESSION_REVOKED")
            for name in CHANNELS:
                world.publish(name, f"Afterwards on {name}.")

            async with asyncio.timeout(SOON):
                for name in CHANNELS:
                    await until(lambda name=name: said(store, f"Afterwards on {name}."), seconds=SOON)
            status = await installation.json("status")

            # What the page shows of a post that Telegram showed before is no other post, and nothing is lost or gone.
            records = await store.ledger.read(0, 10_000)
            texts = [each.said.text for each in records if each.said and each.said.text]
            assert sorted(texts) == ["Afterwards on bridge_news.", "Afterwards on harbour_news.", "Before."]
            assert [each.post for each in records if each.said and each.said.text == "Before."] == [before]
            assert not [each for each in records if each.kind in (Kind.DELETED, Kind.EDITED)]
            granted = [each.content for each in records if isinstance(each.content, Access)]
            assert {(each.account, each.standing) for each in granted} == {("preview", "granted")}
            assert all(each.reason.startswith("degraded") for each in granted)
            assert not any(each.content.quiet for each in records if each.said and each.said.text)

    lines = {(each["part"], each["subject"]): each for each in status["lines"]}
    assert status["red"]
    assert lines["accounts", "all"]["red"]
    assert "degraded" in lines["accounts", "all"]["words"]
    assert "monitor login" in lines["source", "reader-1"]["words"]
    for name in CHANNELS:
        assert "public page" in lines["channel", name]["words"] or not lines["channel", name]["red"]


async def test_col_05_a_public_channel_that_no_account_may_see_any_more_is_read_from_its_page(
    telegram: Server, tmp_path: Path
) -> None:

    world = telegram.world
    async with preview(world) as pages:
        installation = await installed(telegram, pages, tmp_path, poll=1)
        async with open_store(installation.store) as store, installation.running():

            async def met() -> bool:
                return len(await store.peers.contacts()) == 2

            await until(met)
            for phone in (PHONE, OTHER):
                ban(world, phone, "bridge_news")
            world.publish("bridge_news", "By its page.")
            await until(lambda: said(store, "By its page."))
            posts = [each for each in await store.ledger.read(0, 10_000) if each.said and each.said.text]

    assert [each.source.value for each in posts if each.source] == ["preview"]
