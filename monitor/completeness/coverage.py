"""Which ids belong together, and how many are there? Pure."""

from collections.abc import Iterable

from monitor.model.coverage import Stretch
from monitor.model.post import PostId


def stretched(posts: Iterable[PostId]) -> list[Stretch]:
    """Ids as stretches of neighbours, lowest first."""
    stretches: list[Stretch] = []
    for post in sorted(posts):
        if stretches and stretches[-1][1] == post - 1:
            stretches[-1] = (stretches[-1][0], post)
        else:
            stretches.append((post, post))
    return stretches
