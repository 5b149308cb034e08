"""The pages as `monitor web` serves them, and people who look at them."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType

import httpx
from builders import NOON, person

from monitor.cli.settling import settle
from monitor.config import Settings, load
from monitor.stores.sqlite.store import SqliteStore, open_store
from monitor.web.app import REQUESTS
from monitor.web.passwords import hashed
from monitor.web.serving import address, listening, serving

PASSWORD = "a bridge too far away"
HASHED = hashed(PASSWORD)
BRIDGE_STORY = """
title = "The bridge"
[entities.bridge]
kind = "place"
names = ["bridge", "мост"]
[[flag]]
when = "bridge"
priority = "high"
"""
CHANNELS = """
[[channel]]
username = "bridge_news"
party = "Ministry of Bridges"
[[channel]]
username = "harbour"
party = "Harbour Brigade"
"""
_TOKEN = re.compile(r'name="_csrf_token" value="([^"]+)"')

Fill = Callable[[SqliteStore], Awaitable[object]]


class Visitor:
    """Somebody with a browser: it keeps cookies, and sends forms with the token of the page that it saw last."""

    def __init__(self, address: str, **headers: str) -> None:
        self.http = httpx.AsyncClient(base_url=address, headers=headers, timeout=30)
        self.token = ""

    async def __aenter__(self) -> "Visitor":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.http.aclose()

    async def get(self, path: str, **query: str) -> httpx.Response:
        answer = await self.http.get(path, params=query or None)
        if found := _TOKEN.search(answer.text):
            self.token = found[1]
        return answer

    async def send(self, path: str, **form: str) -> httpx.Response:
        return await self.http.post(path, data={"_csrf_token": self.token, **form})

    async def sign_in(self, name: str, password: str = PASSWORD, **form: str) -> httpx.Response:
        await self.get("/login")
        return await self.send("/login", name=name, password=password, **form)


class Site:
    """Served pages, and the store that they stand on."""

    def __init__(self, address: str, settings: Settings, store: SqliteStore) -> None:
        self.address = address
        self.settings = settings
        self.store = store

    async def add(self, name: str, role: str = "reviewer", *, time_zone: str = "Europe/Kyiv") -> None:
        await self.store.people.put(person(name, role, password=HASHED, time_zone=time_zone))

    def visitor(self, **headers: str) -> Visitor:
        return Visitor(self.address, **headers)

    @asynccontextmanager
    async def signed_in(self, name: str = "olena", role: str = "operator") -> AsyncIterator[Visitor]:
        await self.add(name, role)
        async with self.visitor() as visitor:
            answer = await visitor.sign_in(name)
            assert answer.status_code == 303, answer.text
            yield visitor


@asynccontextmanager
async def site(
    base: Path,
    fill: Fill,
    *,
    stories: Mapping[str, str] | None = None,
    channels: str = CHANNELS,
    monitor: str = "",
    subscribers: str = "",
    requests: int = REQUESTS,
) -> AsyncIterator[Site]:
    """The pages over a ledger that holds what `fill` appended, matched and indexed as the daemon would. At noon all was well."""
    config = base / "config"
    (config / "stories").mkdir(parents=True)
    (config / "monitor.toml").write_text(f'[ledger]\norigin = "desk"\n{monitor}')
    (config / "channels.toml").write_text(channels)
    (config / "subscribers.toml").write_text(subscribers)
    for name, text in ({"bridge": BRIDGE_STORY} if stories is None else stories).items():
        (config / "stories" / f"{name}.toml").write_text(text)
    settings = load(config, {})
    async with open_store(settings.store.path, now=lambda: NOON) as store:
        await fill(store)
        await settle(settings, store, moved=lambda done, of: None)
        with listening("127.0.0.1", 0) as listener:
            async with serving(settings, listener, requests=requests):
                yield Site(address(listener), settings, store)
