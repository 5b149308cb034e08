"""What has no end, on a page"""

import asyncio
import random
import time
from pathlib import Path

from browsing import site
from builders import NOON, raw, revision

from monitor.stores.sqlite.store import SqliteStore


async def test_a_post_that_is_edited_again_and_again_holds_nobody_up(tmp_path: Path) -> None:
    """HOS-06: each edit as hard to compare with the one before as can be. Others are answered meanwhile."""
    chance = random.Random(1)

    async def fill(store: SqliteStore) -> None:
        texts = ["bridge " + "".join(chance.choices(".,", k=4_000)) for _ in range(150)]
        await store.ledger.append(
            [revision(text, edited_at=NOON + each, observed_at=NOON + each) for each, text in enumerate(texts, 1)]
        )

    async with site(tmp_path, fill, requests=1_000_000) as there, there.signed_in() as olena, there.visitor() as other:
        waits = []
        story = asyncio.create_task(olena.get("/story/bridge"))
        while not story.done():
            began = time.process_time()  # the pages are made in this process
            assert (await other.get("/healthz")).status_code == 200
            waits.append(time.process_time() - began)

    page = (await story).text
    assert page.count("<article") == 150
    assert page.count('class="text changes"') == 60
    assert max(waits) < 1.5


async def test_an_object_that_is_nested_without_end_is_shown_as_it_came(tmp_path: Path) -> None:
    """HOS-12: as a line of an import may hold it beside the keys that are known."""
    nested = raw(b'{"x":' + b"[" * 3_000 + b"]" * 3_000 + b"}", format="json")

    async def fill(store: SqliteStore) -> None:
        await store.ledger.append([revision(raw=nested)])

    async with site(tmp_path, fill) as there, there.signed_in() as olena:
        answer = await olena.get("/post/bridge_news/1")

    assert answer.status_code == 200
    assert "[[[[" in answer.text
