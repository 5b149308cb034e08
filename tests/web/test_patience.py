"""A connection over which nothing is asked (WEB-10)"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from browsing import site
from builders import revision

from monitor.stores.sqlite.store import SqliteStore
from monitor.web.serving import listening, serving


async def a_post(store: SqliteStore) -> None:
    await store.ledger.append([revision()])


@pytest.fixture
async def port(tmp_path: Path) -> AsyncIterator[int]:
    """Pages that wait for a second."""
    async with site(tmp_path, a_post) as there:
        with listening("127.0.0.1", 0) as listener:
            async with serving(there.settings, listener, patience=1):
                yield listener.getsockname()[1]


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(20):
            yield reader, writer
    finally:
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)


async def rest(reader: asyncio.StreamReader) -> bytes:
    """What comes until the other side ends it."""
    try:
        return await reader.read()
    except ConnectionError:
        return b""


@pytest.mark.parametrize("said", [b"", b"GET /healthz HTTP/1.1\r\nHost: "])
async def test_is_ended(port: int, said: bytes) -> None:
    async with connected(port) as (reader, writer):
        writer.write(said)

        assert await rest(reader) == b""


async def test_is_ended_after_an_answer_too(port: int) -> None:
    async with connected(port) as (reader, writer):
        writer.write(f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
        answer = await reader.readuntil(b"ok\n")
        writer.write(b"GET /healthz HTTP/1.1\r\n")

        assert answer.startswith(b"HTTP/1.1 200")
        assert await rest(reader) == b""
