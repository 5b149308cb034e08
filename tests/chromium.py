"""A browser for the pages, where this machine has one: any Chromium that is on it. Nothing is downloaded."""

import os
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, async_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
LEFT_OUT = (
    "no Chromium is here: what a browser makes of the pages is left out (apt-get install chromium, or MONITOR_CHROMIUM)"
)
ALONE = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-features=OptimizationHints,MediaRouter,Translate,AutofillServerCommunication",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
"""It speaks with the pages of the test and with nobody else, whatever it or a page would like."""


def found() -> str | None:
    """The Chromium that MONITOR_CHROMIUM names, or else the first on the path."""
    named = os.environ.get("MONITOR_CHROMIUM")
    return next((path for name in ((named,) if named else NAMES) if (path := shutil.which(name))), None)


def arguments() -> Sequence[str]:
    """Root, as in most containers, has no sandbox to go into."""
    return (*ALONE, "--no-sandbox") if os.geteuid() == 0 else ALONE


@asynccontextmanager
async def chromium(path: str) -> AsyncIterator[Browser]:
    """It runs while the block lasts."""
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=path, headless=True, args=[*arguments()])
        try:
            yield started
        finally:
            await started.close()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A browser that has seen nothing yet."""
    path = found()
    if path is None:
        pytest.skip(LEFT_OUT)
    async with chromium(path) as started:
        yield started
