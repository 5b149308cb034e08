"""How long does a look for a word or a phrase take among a million posts, the newest twenty first?

Words and phrases are taken from the posts themselves, so that a common word is asked for as often as it is said. With
dictionaries, as the commands and the pages ask, each word is new to the process: a second time it costs nothing.
"""

import asyncio
import random
import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from bench.posts import texts
from monitor.model.channel import Identity
from monitor.model.post import Post
from monitor.model.record import Kind, Record, Said, Source
from monitor.stages.index import IN_BULK
from monitor.stores.sqlite.search import SearchFile, open_search, reading_search
from monitor.views.forms import forms

POSTS = 1_000_000
QUERIES = 400
CHANNELS = 200
_TOGETHER = IN_BULK
_EPOCH = 1_685_880_000_000
_WORDS = re.compile(r"[^\W\d_]{4,}")


def records(start: int, stop: int, said: Sequence[str]) -> list[Record]:
    """Posts, five seconds apart: the first half of one real post and the second of another, so that few are the same."""
    return [
        Record(
            index=at,
            kind=Kind.PUBLISHED,
            number=1 + at % CHANNELS,
            channel=Identity(id=-1_000_000_000_000 - at % CHANNELS, username=f"channel{at % CHANNELS}"),
            post=1 + at // CHANNELS,
            published_at=_EPOCH + 5_000 * at,
            observed_at=_EPOCH + 5_000 * at + 900,
            source=Source.PUSH,
            content=Said(Post(text=_mixed(at, said))),
            leaf=bytes(32),
        )
        for at in range(start, stop)
    ]


def _mixed(at: int, said: Sequence[str]) -> str:
    one, other = said[at % len(said)], said[(at * 7919 + at // len(said)) % len(said)]
    return one[: len(one) // 2] + other[len(other) // 2 :]


def _asked(said: Sequence[str], *, words: int) -> Iterator[str]:
    """So many neighbours from any place of any post; several as a phrase."""
    chance = random.Random(words)
    while True:
        text = chance.choice(said)
        found = list(_WORDS.finditer(text[: len(text) // 2]))
        if len(found) < words:
            continue
        first = chance.randrange(len(found) - words + 1)
        some = found[first : first + words]
        between = (text[a.end() : b.start()] for a, b in pairwise(some))
        if all(gap.isspace() for gap in between):
            query = " ".join(match[0] for match in some)
            yield query if words == 1 else f'"{query}"'


async def _timed(
    search: SearchFile, queries: Iterator[str], channel: Identity | None = None
) -> tuple[list[float], list[float]]:
    """Milliseconds of each look, rising: as somebody waits for it, and of the processor, which others at work do not lengthen."""
    waited, worked = [], []
    for _ in range(QUERIES):
        query = next(queries)
        began, busy = time.perf_counter(), time.process_time()
        found = await search.find(query, channel=channel, limit=20)
        waited.append(1000 * (time.perf_counter() - began))
        worked.append(1000 * (time.process_time() - busy))
        if list(found) != sorted(found, reverse=True):
            raise AssertionError(f"not the newest first: {query}: {found}")
    return sorted(waited), sorted(worked)


async def _asking(search: SearchFile, said: Sequence[str], how: str = "") -> dict[str, float]:
    figures = {}
    for name, words, channel in (
        ("word", 1, None),
        ("word in one channel", 1, Identity(id=-1_000_000_000_017)),
        ("phrase of two", 2, None),
        ("phrase of three", 3, None),
    ):
        waited, worked = await _timed(search, _asked(said, words=words), channel)
        figures[f"{how}{name}, p50 ms"] = waited[len(waited) // 2]
        figures[f"{how}{name}, p95 ms"] = waited[len(waited) * 95 // 100]
        figures[f"{how}{name}, p50 ms of the processor"] = worked[len(worked) // 2]
        figures[f"{how}{name}, p95 ms of the processor"] = worked[len(worked) * 95 // 100]
    return figures


async def _measured(posts: int, folder: Path) -> dict[str, float | int]:
    said = texts(20_000)
    async with open_search(folder / "search.db") as search:
        began = time.process_time()
        for start in range(0, posts, _TOGETHER):
            stop = min(start + _TOGETHER, posts)
            await search.index(records(start, stop, said), since=start, upto=stop)
        await search.compact()
        building = time.process_time() - began
        figures: dict[str, float | int] = {
            "posts": posts,
            "to take in a post, µs of the processor": 1e6 * building / posts,
        }
        figures |= await _asking(search, said)
    async with reading_search(folder / "search.db", forms=forms) as search:
        figures |= await _asking(search, said[len(said) // 2 :], "with dictionaries, ")
    figures["bytes a post"] = round((folder / "search.db").stat().st_size / posts)
    return figures


def measure(posts: int = POSTS) -> dict[str, float | int]:
    """Milliseconds, in a folder below TMPDIR that is taken away again."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measured(posts, Path(folder)))
