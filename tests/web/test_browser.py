"""The pages in a browser"""

import gzip
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import sample
from axe_playwright_python.async_playwright import Axe
from browsing import PASSWORD, Site, site
from builders import NOON
from chromium import browser
from measuring import FULL, Measured
from playwright.async_api import Browser, Page
from whole import all_records

from monitor.model.record import Draft, Reviewed
from monitor.sources.lines import read
from monitor.stores.sqlite.store import SqliteStore

__all__ = ["browser"]

PICTURES = os.environ.get("MONITOR_PICTURES")
"""A folder to put a picture of every page into."""
DATA = Path(os.environ.get("MONITOR_DATA", Path(__file__).parents[3] / "shared" / "data"))
POSTS = DATA / "posts.jsonl.gz"
PHONE, DESK = (390, 844), (1440, 900)
LOOKS = [(PHONE, "dark"), (DESK, "light"), *([(PHONE, "light"), (DESK, "dark")] if FULL else [])]
HEAVIEST = 60_000
"""Bytes of a page with all that it needs to be read, as they come over the line."""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SLOW_WRITER = 2
"""Key presses a second."""
MOSCOW = """
title = "Moscow"
[entities.moscow]
kind = "place"
names = ["Москва"]
[[flag]]
when = "moscow"
"""

pytestmark = pytest.mark.timeout(600 if FULL else 120)

SAMPLE = {
    "stories": "/",
    **{f"story-{name}": f"/story/{name}" for name in sample.STORIES},
    "edited": sample.found("edit"),
    "deleted": sample.found("delete"),
    "review": "/review",
    "search": f"/search?q={quote('обмен')}",
    "search-deleted": f"/search?q={quote('губернатор')}&deleted=true",
    "search-nothing": "/search?q=zeppelin",
    "search-problem": "/search?q=%22open",
    "health": "/health",
    "me": "/me",
    "problem": "/story/nowhere",
}


@asynccontextmanager
async def the_sample_story(base: Path) -> AsyncIterator[Site]:
    async with site(base, sample.the_sample, stories=sample.STORIES, channels=sample.CHANNELS) as there:
        await there.add("olena", "operator")
        yield there


@asynccontextmanager
async def somebody(browser: Browser, there: Site, **kind: Any) -> AsyncIterator[Page]:
    """A page of a browser of this kind, which shows the login. What happens to it takes as long as it takes."""
    context = await browser.new_context(base_url=there.address, **kind)
    page = await context.new_page()
    await page.goto("/login")
    yield page
    await context.close()


def window(size: tuple[int, int]) -> Any:
    return dict(zip(("width", "height"), size, strict=True))


async def sign_in(page: Page) -> None:
    await page.fill("#name", "olena")
    await page.fill("#password", PASSWORD)
    await page.click("main button")
    await page.wait_for_url("**/")


class Seen:
    """What a page asked of whom, and what it complained of."""

    def __init__(self, page: Page) -> None:
        self.hosts: set[str] = set()
        self.complaints: list[str] = []
        page.on("request", lambda request: self.hosts.add("/".join(request.url.split("/")[:3])))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def told(self) -> list[str]:
        """Everything since the last time, but that an answer was no success."""
        told, self.complaints = self.complaints, []
        return [each for each in told if not each.startswith("Failed to load resource: the server responded")]


async def weight(page: Page, path: str) -> int:
    """Bytes of the page and of everything that it names: style, script and icon."""
    named = await page.eval_on_selector_all("link[href], script[src]", "all => all.map(each => each.href || each.src)")
    answers = [await page.context.request.get(each) for each in [path, *named]]
    return sum([len(await answer.body()) for answer in answers])


async def faults(page: Page, seen: Seen, width: int) -> list[str]:
    """What is wrong with the page that is shown, and with what it shows to who opens it."""
    found = seen.told()
    await page.eval_on_selector_all("details", "all => all.forEach(each => { each.open = true; })")
    wide = await page.evaluate("document.scrollingElement.scrollWidth")
    if wide > width:
        found.append(f"is {wide} wide")
    for element, times in (("h1", 1), ("main", 1)):
        if await page.locator(element).count() != times:
            found.append(f"not one {element}")
    checked = await Axe().run(page, options={"resultTypes": ["violations"], "runOnly": RULES})
    assert checked.response["passes"]
    if checked.violations_count:
        found.append(checked.generate_report())
    seen.told()  # what axe says is none of the page's
    return found


async def walk(
    page: Page, pages: dict[str, str], *, size: tuple[int, int], scheme: str, of: str = ""
) -> tuple[dict[str, list[str]], dict[str, int]]:
    """Every page's faults, and its weight."""
    seen = Seen(page)
    found = {"login": await faults(page, seen, size[0])}
    weights = {"login": await weight(page, "/login")}
    await sign_in(page)
    for name, path in pages.items():
        await page.goto(path)
        if PICTURES:
            await page.screenshot(path=Path(PICTURES) / f"{of}{name}-{size[0]}-{scheme}.png", full_page=True)
        found[name] = await faults(page, seen, size[0])
        weights[name] = await weight(page, path)
    host = "/".join(page.url.split("/")[:3])
    assert seen.hosts == {host}
    return {name: each for name, each in found.items() if each}, weights


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
async def test_are_for_everybody_fit_their_window_weigh_little_and_speak_with_nobody_else(
    browser: Browser, tmp_path: Path, measured: Measured, size: tuple[int, int], scheme: Any
) -> None:
    async with (
        the_sample_story(tmp_path) as there,
        somebody(browser, there, viewport=window(size), color_scheme=scheme) as page,
    ):
        found, weights = await walk(page, SAMPLE, size=size, scheme=scheme)

    assert found == {}
    heaviest = max(weights, key=weights.__getitem__)
    assert weights[heaviest] <= HEAVIEST
    measured(
        "violations axe finds",
        0,
        f"on {len(weights)} pages, {size[0]} wide and {scheme}, WCAG 2.2 A and AA and best practices",
    )
    measured(
        "bytes of the heaviest page", weights[heaviest], f"{heaviest}; style, script and icon with it, not compressed"
    )


@pytest.mark.full
@pytest.mark.skipif(not POSTS.exists(), reason="the real posts are not here")
async def test_are_no_worse_over_real_posts(browser: Browser, tmp_path: Path, measured: Measured) -> None:
    with gzip.open(POSTS) as lines:
        found = read(lines, name="posts", channel=None, observed_at=NOON, quiet=True)
        drafts = [each for each in found if isinstance(each, Draft)]
    newest = {draft.channel.name: draft.post for draft in sorted(drafts, key=attrgetter("post")) if draft.channel}

    async def fill(store: SqliteStore) -> None:
        for batch in range(0, len(drafts), 1000):
            await store.ledger.append(drafts[batch : batch + 1000])

    pages = {
        "stories": "/",
        "story": "/story/moscow",
        "story-quiet": "/story/belgorod-shelling",
        "review": "/review",
        "search": f"/search?q={quote('москва')}",
        **{f"post-{name}": f"/post/{name}/{newest[name]}" for name in sorted(newest)[::6]},
    }
    faulty, weights = {}, {}
    async with site(
        tmp_path,
        fill,
        stories={**sample.STORIES, "moscow": MOSCOW},
        channels=sample.CHANNELS + "".join(map(watched, sorted(newest))),
    ) as there:
        await there.add("olena", "operator")
        for size, scheme in LOOKS:
            async with somebody(browser, there, viewport=window(size), color_scheme=scheme) as page:
                faulty[size, scheme], weights[size, scheme] = await walk(
                    page, pages, size=size, scheme=scheme, of="real-"
                )

    assert {look: each for look, each in faulty.items() if each} == {}
    heaviest, bytes_of_it = max(weights[DESK, "light"].items(), key=itemgetter(1))
    assert bytes_of_it <= HEAVIEST
    measured("bytes of the heaviest page over real posts", bytes_of_it, f"{heaviest}, over {len(drafts):,} posts")


def watched(name: str) -> str:
    """A channel of the configuration, by the number or name that it has in the data."""
    known_as = f"id = {name}" if name.startswith("-") else f'username = "{name}"'
    return f'[[channel]]\n{known_as}\nparty = "The people of {name[-4:]}"\n'


async def test_do_all_they_do_without_scripting(browser: Browser, tmp_path: Path) -> None:
    async with (
        the_sample_story(tmp_path) as there,
        somebody(browser, there, java_script_enabled=False, viewport=window(PHONE)) as page,
    ):
        await sign_in(page)
        await page.click("text=The exchange of two prisoners")
        await page.click("article a >> nth=0")
        await page.check("input[value=disputed]")
        await page.fill("#reason", "Both sides deny it.")
        await page.click("text=File it")
        filed = await page.inner_text("#reviews")
        await page.click("nav >> text=Search")
        await page.fill("#q", "обмен")
        await page.check("input[name=deleted]")
        await page.click("main >> button")
        none = await page.inner_text("main")
        await page.uncheck("input[name=deleted]")
        await page.click("main >> button")
        some = await page.locator("article mark").count()
        await page.click("text=Sign out")
        after = page.url
        await page.goto("/")
        asked = page.url

    assert "olena: truth disputed" in filed
    assert "Nothing was found" in none
    assert some
    assert after == f"{there.address}/login"
    assert asked.startswith(f"{there.address}/login")


class Keys:
    """A keyboard, and how often a key of it was pressed."""

    def __init__(self, page: Page) -> None:
        self.pressed = 0
        self.page = page

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.page.keyboard.press(key)
            self.pressed += 1

    async def type(self, words: str) -> None:
        await self.page.keyboard.type(words)
        self.pressed += len(words)

    async def leave(self, *keys: str) -> None:
        """The last of these keys leads to another page."""
        async with self.page.expect_navigation():
            await self.press(*keys)

    async def tab_to(self, selector: str) -> None:
        wanted = self.page.locator(f"{selector}:focus")
        for _ in range(40):
            await self.press("Tab")
            if await wanted.count():
                return
        raise AssertionError(f"Tab does not lead to {selector}")


VERDICTS = ("corroborated", "disputed", "false", "irrelevant", "unverified")
ORDER = ("unverified", "corroborated", "disputed", "false", "miscaptioned", "manipulated", "irrelevant")


async def arrive(keys: Keys) -> None:
    """From the login, which has the focus at once, to the review."""
    await keys.page.locator("#name:focus").wait_for()
    await keys.type("olena")
    await keys.press("Tab")
    await keys.type(PASSWORD)
    await keys.leave("Enter")
    await keys.page.locator("h1:text('Stories')").wait_for()
    await keys.tab_to('a[href="/review"]')
    await keys.leave("Enter")


async def with_keys(keys: Keys, verdict: str) -> None:
    await keys.press(str(ORDER.index(verdict) + 1), "r")
    await keys.type(f"It is {verdict}.")
    await keys.leave("Control+Enter")


async def with_tab_and_arrows(keys: Keys, verdict: str) -> None:
    await keys.press("Tab", "Enter")  # past the head of the page
    await keys.tab_to("input[name=verdict]")
    await keys.press("Space", *["ArrowDown"] * ORDER.index(verdict))
    await keys.tab_to("#reason")
    await keys.type(f"It is {verdict}.")
    await keys.leave("Tab", "Enter")


@pytest.mark.parametrize("scripting", [True, False])
async def test_let_a_new_reviewer_file_five_verdicts_in_two_minutes_by_keyboard_alone(
    browser: Browser, tmp_path: Path, measured: Measured, scripting: bool
) -> None:
    begun = time.monotonic()
    async with the_sample_story(tmp_path) as there, somebody(browser, there, java_script_enabled=scripting) as page:
        keys = Keys(page)
        await arrive(keys)
        for verdict in VERDICTS:
            await (with_keys if scripting else with_tab_and_arrows)(keys, verdict)
        records = await all_records(there.store.ledger)

    filed = [record.content for record in records if isinstance(record.content, Reviewed)]
    assert [(each.by, each.verdict, each.reason) for each in filed] == [
        ("olena", verdict, f"It is {verdict}.") for verdict in VERDICTS
    ]
    assert len({(each.subject, each.story) for each in filed}) == len(VERDICTS)
    assert keys.pressed <= 120 * SLOW_WRITER
    how = "digits, r and Ctrl+Enter" if scripting else "Tab, arrows and Enter, without scripting"
    measured(
        "key presses from the login to five verdicts", keys.pressed, f"{how}; {len(PASSWORD)} of them the password"
    )
    measured("seconds of it in the browser", f"{time.monotonic() - begun:.1f}", f"{how}; its start included")


async def test_file_one_verdict_where_a_key_is_held_down(browser: Browser, tmp_path: Path) -> None:
    """What is in the ledger stays there: also what was filed five times over."""
    async with the_sample_story(tmp_path) as there, somebody(browser, there) as page:
        await sign_in(page)
        await page.click("nav >> text=Review")
        await page.check("input[value=disputed]")
        await page.fill("#reason", "Both sides deny it.")
        await page.keyboard.down("Control")
        for _ in range(5):
            await page.keyboard.down("Enter")
        await page.wait_for_selector(".done")
        records = await all_records(there.store.ledger)

    assert sum(isinstance(record.content, Reviewed) for record in records) == 1


STOP = """() => {
    const it = document.activeElement;
    if (!it || it === document.body) return null;
    const box = it.getBoundingClientRect(), style = getComputedStyle(it);
    const at = document.elementFromPoint(box.left + Math.min(box.width, 40) / 2, box.top + Math.min(box.height, 20) / 2);
    return {
        name: it.outerHTML.slice(0, 90),
        order: [...document.querySelectorAll("*")].indexOf(it),
        top: box.top + scrollY,
        bottom: box.bottom + scrollY,
        outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
        uncovered: !!at && (it.contains(at) || at.contains(it)),
    };
}"""


async def stops(page: Page) -> list[dict[str, Any]]:
    """Where Tab leads, from the first element to the last of the page."""
    found: list[dict[str, Any]] = []
    for _ in range(200):
        await page.keyboard.press("Tab")
        stop = await page.evaluate(STOP)
        if stop is None or (found and stop["order"] <= found[0]["order"]):
            break
        found.append(stop)
    return found


@pytest.mark.parametrize("size", [PHONE, DESK])
async def test_lead_the_tab_key_through_in_the_order_that_is_seen(
    browser: Browser, tmp_path: Path, size: tuple[int, int]
) -> None:
    paths = ("/", "/story/belgorod-exchange", sample.found("edit"), "/review", "/health", "/me")
    wrong: list[str] = []
    async with (
        the_sample_story(tmp_path) as there,
        somebody(browser, there, viewport=window(size)) as page,
    ):
        await sign_in(page)
        for path in paths:
            await page.goto(path)
            found = await stops(page)
            assert "Skip" in found[0]["name"]
            assert len(found) > 8
            wrong += [f"{path}: no outline: {each['name']}" for each in found if not each["outlined"]]
            wrong += [f"{path}: covered: {each['name']}" for each in found if not each["uncovered"]]
            for before, after in pairwise(found[1:]):
                if after["order"] < before["order"]:
                    wrong.append(f"{path}: before its turn: {after['name']}")
                if size == PHONE and after["bottom"] < before["top"]:
                    wrong.append(f"{path}: leads upwards: {after['name']}")

    assert wrong == []


async def test_are_entered_past_their_head_by_the_first_link(browser: Browser, tmp_path: Path) -> None:
    async with the_sample_story(tmp_path) as there, somebody(browser, there) as page:
        await sign_in(page)
        await page.keyboard.press("Tab")
        skip = page.locator(".skip:focus")
        box = await skip.bounding_box()
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        inside = await page.locator("main :focus").count()

    assert box is not None
    assert box["x"] >= 0
    assert inside == 1


MOVING = """() => [...document.querySelectorAll("*")].filter(each => {
    const style = getComputedStyle(each);
    return style.transitionDuration !== "0s" || style.animationName !== "none" || style.scrollBehavior === "smooth";
}).length"""


async def test_stand_still_for_who_asks_for_it(browser: Browser, tmp_path: Path) -> None:
    async with the_sample_story(tmp_path) as there, somebody(browser, there, reduced_motion="reduce") as page:
        await sign_in(page)
        await page.goto(f"{sample.found('edit')}#reviews")
        moving = await page.evaluate(MOVING)

    assert moving == 0
