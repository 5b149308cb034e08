"""How fast are posts made durable, beside a bare `executemany` of the same rows and another archive? (Verified: `verifying.py`.)

Ratios of one run are what counts: the disk's time for a sync swings between runs. Garbage is looked for as seldom as in the daemon.
"""

import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from telethon.tl import types
from telethon.tl.alltlobjects import LAYER

from bench.archives import live
from bench.verifying import fill, verifying
from monitor.garbage import seldom_collected
from monitor.model.channel import Identity
from monitor.model.post import Markup, Post, Raw
from monitor.model.record import Draft, Said, Source
from monitor.stores.sqlite.file import connect
from monitor.stores.sqlite.store import open_store

_SAID = (
    "мост упал сегодня утром жители сообщают о взрыве губернатор заявил что ситуация под контролем военные движение"
    " закрыто the bridge fell this morning residents report an explosion traffic is closed міст впав вранці мешканці"
)
_WORDS = _SAID.split()
_CHANNELS = [Identity(id=-1_000_000_000_000 - number, username=f"channel{number}") for number in range(64)]
_EPOCH = 1_685_880_000_000


class Sample(msgspec.Struct, frozen=True):
    """The same post as we are given it, and as a plain table would hold it: text, and Telegram's object as JSON."""

    draft: Draft
    row: tuple[int, int, int, str, str]


def samples(count: int, *, seed: int = 0) -> list[Sample]:
    """Posts of some 300 characters over 64 channels, none of them seen twice."""
    chance = random.Random(seed)
    return [_sample(number, chance) for number in range(count)]


def _sample(number: int, chance: random.Random) -> Sample:
    channel = _CHANNELS[number % 64]
    text = " ".join(chance.choices(_WORDS, k=45))
    message = types.Message(
        id=1 + number // 64,
        peer_id=types.PeerChannel(1_000_000_000 + number % 64),
        date=datetime.fromtimestamp(_EPOCH / 1000 + number, UTC),
        message=text,
        entities=[types.MessageEntityBold(0, 12), types.MessageEntityTextUrl(20, 10, "https://example.org/1")],
        views=chance.randrange(100_000),
        forwards=chance.randrange(1_000),
        post=True,
        replies=types.MessageReplies(chance.randrange(300), chance.randrange(10_000), comments=True, channel_id=77),
        reactions=types.MessageReactions(
            results=[types.ReactionCount(types.ReactionEmoji(mood), chance.randrange(500)) for mood in "👍🔥😢"]
        ),
    )
    post = Post(
        text=text,
        entities=(Markup("bold", 0, 12), Markup("text_url", 20, 10, url="https://example.org/1")),
        raw=Raw("tl", bytes(message), layer=LAYER),
    )
    published_at = _EPOCH + 1000 * number
    draft = Draft(
        content=Said(post),
        observed_at=published_at + 900,
        channel=channel,
        post=message.id,
        published_at=published_at,
        source=Source.PUSH,
    )
    return Sample(draft, (channel.id or 0, message.id, published_at, text, message.to_json()))


def bare(folder: Path, posts: Sequence[Sample], batch: int) -> float:
    """Posts a second into one plain table, a transaction a batch, with the settings of our own connection."""
    database = connect(folder / "bare.db")
    database.execute("PRAGMA journal_mode = WAL")
    database.execute(
        "CREATE TABLE posts (channel INTEGER NOT NULL, post INTEGER NOT NULL, published_at INTEGER, text TEXT, json TEXT,"
        " PRIMARY KEY (channel, post)) STRICT"
    )
    began = time.perf_counter()
    for at in range(0, len(posts), batch):
        database.execute("BEGIN IMMEDIATE")
        database.executemany("INSERT INTO posts VALUES (?, ?, ?, ?, ?)", [one.row for one in posts[at : at + batch]])
        database.execute("COMMIT")
    took = time.perf_counter() - began
    database.close()
    return len(posts) / took


async def ours(folder: Path, posts: Sequence[Sample], batch: int) -> float:
    """Posts a second through `Ledger.append` by one producer."""
    async with open_store(folder / "ours.db") as store:
        began = time.perf_counter()
        for at in range(0, len(posts), batch):
            await store.ledger.append([one.draft for one in posts[at : at + batch]])
        return len(posts) / (time.perf_counter() - began)


async def producers(folder: Path, posts: Sequence[Sample], count: int) -> float:
    """Posts a second through `Ledger.append` by many producers that wait for each of theirs."""

    async def produce(mine: Sequence[Sample]) -> None:
        for one in mine:
            await store.ledger.append([one.draft])

    async with open_store(folder / "producers.db") as store:
        began = time.perf_counter()
        await asyncio.gather(*(produce(posts[at::count]) for at in range(count)))
        return len(posts) / (time.perf_counter() - began)


def measure(*, seconds: float = 1.0, repeats: int = 3) -> dict[str, float]:
    """Medians over `repeats`, each taking some `seconds` a case: posts a second, and ratios to what was measured beside it."""
    figures: dict[str, list[float]] = {}

    def note(name: str, figure: float) -> None:
        figures.setdefault(name, []).append(figure)

    for repeat in range(repeats):
        rates: dict[int, float] = {}
        for batch, guess in ((1, 1_000), (10, 8_000), (100, 15_000), (1_000, 20_000)):
            posts = samples(max(batch, round(guess * seconds)), seed=repeat)
            with tempfile.TemporaryDirectory() as name, seldom_collected():
                folder = Path(name)
                plain = bare(folder, posts, batch)
                rates[batch] = asyncio.run(ours(folder, posts, batch))
                note(f"store: append by {batch}, posts/s", rates[batch])
                note(f"store: append by {batch}, ratio to bare", rates[batch] / plain)
                if batch == 1_000:
                    held, rows = ((folder / name).stat().st_size for name in ("ours.db", "bare.db"))
                    note("store: bytes a post", held / len(posts))
                    note("store: bytes a post, ratio to bare", held / rows)
                if batch == 1 and (rival := live(folder, [one.row for one in posts])) is not None:
                    rates[0] = rival
                    note("store: tele-mess-core live, posts/s", rival)
                    note("store: one producer, ratio to tele-mess-core", rates[1] / rival)
        posts = samples(round(10_000 * seconds), seed=repeat)
        with tempfile.TemporaryDirectory() as name, seldom_collected():
            many = asyncio.run(producers(Path(name), posts, 64))
            note("store: 64 producers, posts/s", many)
            note("store: 64 producers, ratio to append by 100", many / rates[100])
            if 0 in rates:
                note("store: 64 producers, ratio to tele-mess-core", many / rates[0])
    with tempfile.TemporaryDirectory() as folder:  # long enough that it does not matter how a process begins
        ledger = Path(folder) / "verified.db"
        asyncio.run(fill(ledger, [one.draft for one in samples(round(200_000 * seconds))]))
        figures |= verifying(ledger, repeats=repeats)
    return {name: statistics.median(found) for name, found in figures.items()}


if __name__ == "__main__":
    for name, figure in measure().items():
        print(f"{name:45} {figure:12,.2f}")
