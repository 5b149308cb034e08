"""How is a story played onto a world, and which alerts must come of it?"""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from monitor.model.channel import Identity
from monitor.model.instant import DAY, MINUTE, SECOND
from monitor.model.post import Forward, PostId
from monitor.rehearsal.channel import Kind
from monitor.rehearsal.script import Scene, Story, read
from monitor.rehearsal.world import World

__all__ = ["Expected", "Scene", "Story", "expected", "play", "prepare", "read"]

_LONGEST_PAUSE = 5 * MINUTE
"""The quiet hours are skipped."""

_EVENTS: dict[str, Kind] = {"post": "published", "edit": "edited", "delete": "deleted"}


class Expected(msgspec.Struct, frozen=True, order=True):
    """An alert that must come, once: this story, on this event of this post."""

    story: str
    channel: str
    event: Kind
    post: PostId
    name: str
    scene: int


def expected(story: Story) -> set[Expected]:
    return {
        Expected(alert, scene.channel, _EVENTS[scene.do], scene.post, scene.name, scene.number)
        for scene in story.scenes
        for alert in scene.alerts
    }


def prepare(story: Story, world: World) -> None:
    """Add the story's channels, as they were the day before it begins, where they are not there already."""
    begins = story.scenes[0].at if story.scenes else world.now()
    for cast in story.channels:
        if world.find(cast.username) is None:
            world.add_channel(cast.username, cast.title, cast.about, first_id=cast.first_id, created=begins - DAY)


async def play(
    story: Story,
    world: World,
    *,
    speed: float = 1.0,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    told: Callable[[Scene], None] = lambda scene: None,
) -> None:
    """Let the story happen. Its pauses are divided by `speed`; `told` is called after each event.

    The posts bear the story's own dates, whatever the clock says.
    """
    prepare(story, world)
    before = story.scenes[0].at if story.scenes else 0
    for scene in story.scenes:
        pause = min(scene.at - before, _LONGEST_PAUSE) / SECOND / speed
        if pause > 0:
            await sleep(pause)
        before = scene.at
        _happen(story, world, scene)
        told(scene)


def _happen(story: Story, world: World, scene: Scene) -> None:
    match scene.do:
        case "post":
            _publish(story, world, scene)
        case "edit":
            world.edit(scene.channel, scene.post, scene.text, scene.at, entities=scene.entities)
        case "delete":
            world.delete(scene.channel, [scene.post])


def _publish(story: Story, world: World, scene: Scene) -> None:
    text, entities, media, forward = scene.text or "", scene.entities, scene.media, scene.forward
    if isinstance(forward, str):
        # A forward shows what the original says by then, marks and media and all.
        source = _named(story, forward)
        channel = world.channel(source.channel)
        original = channel.posts[source.post]
        text, entities, media = original.text, original.entities, original.media
        forward = original.forward or Forward(
            channel=Identity(channel.id, channel.username, channel.title), post=original.id, date=original.date
        )
    world.publish(
        scene.channel,
        text,
        scene.at,
        entities=entities,
        media=media,
        forward=forward,
        reply_to=None if scene.reply is None else _named(story, scene.reply).post,
        album=scene.album,
        views=scene.views,
        id=scene.post,
    )


def _named(story: Story, name: str) -> Scene:
    return next(scene for scene in story.scenes if scene.name == name and scene.do == "post")
