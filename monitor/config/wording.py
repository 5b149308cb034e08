"""Which names and flags of a story will probably do something else than was meant?"""

import re
from collections.abc import Iterator

from monitor.config.mistakes import shown
from monitor.matching.query import Name, holds, parse
from monitor.model.story import Story

_QUERY = re.compile(r"\*|\S\s+(?:AND|OR|NOT)\s+\S")


def odd_wordings(story: Story) -> Iterator[str]:
    """One line each."""
    for id, entity in story.entities.items():
        for name in entity.names:
            if _QUERY.search(name):
                yield (
                    f'story {story.id}: entities.{id}.names: "{shown(name)}" looks like a query, and is looked for as it '
                    "stands; queries are written in topics"
                )
    unsaid = {Name(id) for id, query in story.topics.items() if holds(parse(query), ())}
    names = [*story.entities, *story.topics]
    for place, flag in enumerate(story.flags):
        if holds(parse(flag.when, names), unsaid):
            yield (
                f"story {story.id}: flag[{place}] ({shown(flag.when)}) holds where nothing of the story is said: it flags "
                "nearly every post"
            )
