"""Real posts, loaded into the rehearsal's world, read back over the wire."""

import gzip
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest
from telethon_clients import PHONE, Connect

from monitor.rehearsal import World
from monitor.rehearsal.loading import load

DATA = Path(os.environ.get("MONITOR_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
POSTS = DATA / "posts.jsonl.gz"


@pytest.mark.skipif(not POSTS.exists(), reason="the real posts are not here")
async def test_arrive_byte_for_byte(connect: Connect, world: World) -> None:
    with gzip.open(POSTS) as lines:
        posts: list[dict[str, Any]] = [msgspec.json.decode(line) for line in lines]
    assert load(world, POSTS) == len(posts)
    told = {(post["channel"], post["id"]): post["text"] for post in posts}
    for channel in world.channels:
        world.join(PHONE, channel.id)
    reader = await connect()
    dialogs = {dialog.id: dialog.input_entity async for dialog in reader.iter_dialogs()}

    read = {
        (channel, message.id): message.message
        for channel in {channel for channel, _ in told}
        async for message in reader.iter_messages(dialogs[world.channel(channel).id], wait_time=0)
        if message.action is None
    }

    assert read == told
