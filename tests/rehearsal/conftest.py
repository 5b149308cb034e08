"""Clients of the rehearsal server: Telethon's own, unmodified."""

import itertools
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from telethon import TelegramClient
from telethon_clients import PHONE, TOKEN, Connect

from monitor.rehearsal import Server, World, client, sign_in


@pytest.fixture
def world(telegram: Server) -> World:
    """One channel, `legion`, with an account that joined it, and a bot with a group to write to."""
    world = telegram.world
    world.add_channel("legion", title="Legion", about="who we are")
    world.add_account(PHONE, joined=["legion"])
    world.add_bot(TOKEN, name="alarm")
    world.add_chat(-1001234567890, "desk")
    return world


@pytest.fixture
async def connect(telegram: Server, world: World, tmp_path: Path) -> AsyncIterator[Connect]:
    """Connect a client that is signed in as this account, anew or by the session file of one before.

    It is disconnected after the test.
    """
    numbers = itertools.count()
    async with AsyncExitStack() as stack:

        async def connect(account: str = PHONE, *, session: str | None = None, **options: Any) -> TelegramClient:
            path = session or str(await sign_in(telegram, tmp_path / f"{next(numbers)}.session", account))
            options = {"retry_delay": 0.01, "connection_retries": None, "flood_sleep_threshold": 0} | options
            made = client(telegram, path, **options)
            stack.push_async_callback(made.disconnect)
            await made.connect()
            return made

        yield connect
