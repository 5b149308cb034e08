"""How do many posts come out of a file into the world?"""

import gzip
from collections.abc import Iterator
from pathlib import Path

import msgspec

from monitor.model.instant import parse
from monitor.model.post import PostId
from monitor.rehearsal.world import World


def load(world: World, path: Path, *, announce: bool = True) -> int:
    """Publish the posts of a file of JSON lines (`channel`, `id`, `date`, `text`; also gzipped), in its order.

    Channels that are not there are added, with a past that ends where the file begins. How many were published.
    """
    return max(loading(world, path, announce=announce), default=0)


def loading(world: World, path: Path, *, announce: bool = True) -> Iterator[int]:
    """The same one by one, for whoever sets the pace: each step publishes a post and says how many those were."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as lines:
        posts = [msgspec.json.decode(line) for line in lines]
    first: dict[str, PostId] = {}
    for post in posts:
        first[post["channel"]] = min(post["id"], first.get(post["channel"], post["id"]))
    for channel, id in first.items():
        if world.find(channel) is None:
            world.add_channel(channel, first_id=id)
    for count, post in enumerate(posts, 1):
        world.publish(post["channel"], post["text"], parse(post["date"]), id=post["id"], announce=announce)
        yield count
