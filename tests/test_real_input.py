"""Real posts, read over the wire with the real client, and once more from a file"""

import asyncio
import gzip
import json
import os
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from installation import PHONE, Installation
from measuring import FULL, Measured
from whole import all_records

from monitor.model.alert import Alert
from monitor.model.match import Span
from monitor.model.post import PostId
from monitor.model.record import Flagged, Gap, Kind, Record, Source
from monitor.rehearsal import Remote, launch, sign_in
from monitor.stores.sqlite.store import SqliteStore, open_store

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("MONITOR_DATA", ROOT.parent / "shared" / "data"))
POSTS = DATA / "posts.jsonl.gz"
STORIES = {path.stem: path.read_text("utf-8") for path in (ROOT / "config" / "stories").glob("*.toml")}
"""Those of the Belgorod case, and the channels that they name:"""
PARTIES = [
    each["username"] for each in tomllib.loads((ROOT / "config" / "channels.toml").read_text("utf-8"))["channel"]
]
EVERY = 1 if FULL else 10
"""Of ten posts of a channel one, or all."""
RATE = 2000
"""Posts a second that are pushed live."""

pytestmark = [
    pytest.mark.skipif(not POSTS.exists(), reason="the real posts are not here"),
    pytest.mark.timeout(600 if FULL else 120),
]

Key = tuple[str, PostId]
"""A channel's username or id, and a post's id."""


class Kept(msgspec.Struct, frozen=True):
    """What an installation holds at the end."""

    installation: Installation
    records: Sequence[Record]
    alerts: Sequence[Alert] = ()
    unaccounted: Sequence[tuple[PostId, PostId]] = ()


class Told(msgspec.Struct, frozen=True):
    """The posts, which of them were pushed live, and what came of them over the wire and from a file."""

    posts: dict[Key, str]
    live: frozenset[Key]
    wire: Kept
    file: Kept
    seconds: dict[str, float]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """Half of each channel's posts are there before, the other half is published while the daemon runs."""
    return asyncio.run(tell(tmp_path_factory.mktemp("real")))


async def tell(base: Path) -> Told:
    before, live = halves()
    posts = [*before, *live]
    seconds: dict[str, float] = {}
    async with launch() as telegram:
        for channel in PARTIES:
            await telegram.do("add_channel", username=channel)
        await telegram.do("load", path=written(base / "before.jsonl", before), announce=False)
        await telegram.do("add_account", phone=PHONE, joined=names(posts))
        wire = an_installation(base / "wire", telegram, channels=names(posts))
        await sign_in(telegram, wire.session, PHONE)
        seconds["backfill"] = await timed(wire, "backfill", *names(posts))
        async with open_store(wire.store) as store, wire.running():
            await until_met(store, len(names(posts)) + len(PARTIES))
            begun = time.monotonic()
            await telegram.do("load", path=written(base / "live.jsonl", live), rate=RATE)
            await until_settled(store, highest(posts))
            seconds["live"] = time.monotonic() - begun
        file = an_installation(base / "file", telegram, channels=names(posts))
    seconds["import"] = await timed(file, "import", written(base / "all.jsonl", posts))
    return Told(
        posts={key(post): post["text"] for post in posts},
        live=frozenset(map(key, live)),
        wire=await kept(wire),
        file=await kept(file),
        seconds=seconds,
    )


def test_every_post_is_recorded_once_and_byte_for_byte_as_it_was_published(told: Told, measured: Measured) -> None:
    wire = said(told.wire.records)
    file = said(told.file.records)

    assert {key: [text] for key, text in told.posts.items()} == wire == file
    pushed = sum(record.source is Source.PUSH for record in told.wire.records if record.said)
    assert pushed
    measured("real posts over the wire", len(wire), f"each once, byte for byte; {pushed:,} of them by push")
    measured(
        "posts a second by backfill", int((len(wire) - len(told.live)) / told.seconds["backfill"]), "start included"
    )
    measured("posts a second live", int(len(told.live) / told.seconds["live"]), f"published at {RATE:,} a second")


def test_every_id_without_a_post_is_declared_absent_and_nothing_is_called_deleted(told: Told) -> None:
    assert told.wire.unaccounted == []
    published, absent = defaultdict(set), defaultdict(set)
    for record in told.wire.records:
        if record.said:
            published[record.channel].add(record.post)
        elif isinstance(record.content, Gap) and record.content.standing == "absent":
            absent[record.channel].update(range(record.content.first, record.content.last + 1))

    for channel, posts in published.items():
        assert absent[channel] == set(range(1, max(posts))) - posts
    assert not [record for record in told.wire.records if record.kind in (Kind.DELETED, Kind.EDITED, Kind.FAULT)]


def test_the_same_posts_from_a_file_give_the_same_matches(told: Told, measured: Measured) -> None:
    wire, file = matches(told.wire.records), matches(told.file.records)

    assert wire == file
    assert wire
    measured("matches of the example's stories on real posts", len(wire), "the same over the wire and from the file")


def test_exactly_what_was_published_live_and_matched_is_alerted(told: Told) -> None:
    expected = {(channel, post, story) for channel, post, story, _ in matches(told.wire.records)}
    expected = {each for each in expected if each[:2] in told.live}

    alerted = Counter((alert.message.post.channel, alert.post, alert.story) for alert in told.wire.alerts)

    assert alerted == Counter(expected)
    assert expected
    assert not told.file.alerts


async def test_both_ledgers_verify(told: Told) -> None:
    for kept in (told.wire, told.file):
        code, out, complaint = await kept.installation.command("verify")

        assert code == 0, f"{out}{complaint}"


async def test_an_export_says_the_same_words(told: Told, tmp_path: Path) -> None:
    for number, kept in enumerate((told.wire, told.file)):
        path = tmp_path / f"{number}.jsonl"

        code, _, complaint = await kept.installation.command("export", "--format", "jsonl", "-o", str(path))

        assert code == 0, complaint
        exported = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        assert [line["index"] for line in exported] == list(range(len(kept.records)))
        assert {
            (line["channel"]["username"] or str(line["channel"]["id"]), line["post"]): line["text"]
            for line in exported
            if line["kind"] == "published" and "service" not in line
        } == told.posts


def halves() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The lower and the upper half of each channel's ids."""
    with gzip.open(POSTS) as lines:
        posts: list[dict[str, Any]] = [msgspec.json.decode(line) for line in lines]
    of_channels = defaultdict(list)
    for post in sorted(posts, key=lambda post: post["id"]):
        of_channels[post["channel"]].append(post)
    before, live = [], []
    for every in of_channels.values():
        chosen = every[::EVERY]
        before += chosen[: len(chosen) // 2]
        live += chosen[len(chosen) // 2 :]
    return before, live


def written(path: Path, posts: Iterable[dict[str, Any]]) -> str:
    """The posts as JSON lines, in the order in which they were published."""
    path.write_bytes(msgspec.json.Encoder().encode_lines(sorted(posts, key=lambda post: (post["date"], post["id"]))))
    return str(path)


def name(channel: str) -> str:
    """The data writes a channel without a username as `tg:-100…`."""
    return channel.removeprefix("tg:")


def names(posts: Iterable[dict[str, Any]]) -> list[str]:
    return sorted({name(post["channel"]) for post in posts})


def key(post: dict[str, Any]) -> Key:
    return name(post["channel"]), post["id"]


def highest(posts: Iterable[dict[str, Any]]) -> dict[str, PostId]:
    """The newest post of each channel."""
    top: dict[str, PostId] = {}
    for channel, post in map(key, posts):
        top[channel] = max(post, top.get(channel, 0))
    return top


def an_installation(base: Path, telegram: Remote, *, channels: Sequence[str]) -> Installation:
    """The example's stories and channels, and these channels besides."""
    made = Installation(base, port=telegram.port, public_key=telegram.public_key)
    made.write(channels=[*channels, *PARTIES], stories=STORIES)
    return made


async def timed(installation: Installation, *arguments: str) -> float:
    """The command must succeed. How long it took."""
    begun = time.monotonic()
    code, _, complaint = await installation.command(*arguments, seconds=400)
    if code != 0:
        raise RuntimeError(complaint)
    return time.monotonic() - begun


async def until_met(store: SqliteStore, channels: int) -> None:
    """The daemon has seen all channels, those of the example too, of which nothing was backfilled."""
    while len(await store.peers.contacts()) < channels:
        await asyncio.sleep(0.05)  # what this waits for is another process


async def until_settled(store: SqliteStore, highest: dict[str, PostId]) -> None:
    """Every id is accounted for, and everything recorded is matched and told."""
    while True:
        tops = {held.identity.name: held.top for held in await store.ledger.held()}
        if (
            highest.items() <= tops.items()
            and not await unaccounted(store)
            and await store.positions.position("detect") == await store.ledger.size()
            and await store.outbox.next_due() is None
        ):
            return
        await asyncio.sleep(0.05)  # what this waits for is another process


async def unaccounted(store: SqliteStore) -> list[tuple[PostId, PostId]]:
    return [
        stretch
        for held in await store.ledger.held()
        for stretch in await store.ledger.missing(held.identity, first=1, last=held.top, limit=9)
    ]


async def kept(installation: Installation) -> Kept:
    async with open_store(installation.store) as store:
        return Kept(
            installation=installation,
            records=await all_records(store.ledger),
            alerts=await store.outbox.alerts(limit=1_000_000),
            unaccounted=await unaccounted(store),
        )


def said(records: Iterable[Record]) -> dict[Key, list[str]]:
    """What the records say of each post, service messages aside."""
    found = defaultdict(list)
    for record in records:
        if record.channel and record.said and not record.said.service:
            found[record.channel.name, record.post].append(record.said.text)
    return found


def matches(records: Sequence[Record]) -> set[tuple[str, PostId, str, tuple[Span, ...]]]:
    """Channel, post, story and what shows it."""
    found = set()
    for flagged in (record.content.match for record in records if isinstance(record.content, Flagged)):
        of = records[flagged.record]
        assert of.channel is not None
        found.add((of.channel.name, of.post, flagged.story, flagged.spans))
    return found
