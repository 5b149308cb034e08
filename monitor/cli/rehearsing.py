"""What came of a rehearsal: was every alert that the story owes told once, and no other?"""

from collections import Counter
from collections.abc import Sequence

import msgspec

from monitor.model.alert import Alert, State
from monitor.ports import Store
from monitor.rehearsal import World
from monitor.rehearsal.script import Story
from monitor.rehearsal.story import Expected, expected

MOST = 100_000


class Outcome(msgspec.Struct, frozen=True):
    """`missing` and `unexpected` are by subscriber; `doubled` are messages that a chat received more than once."""

    expected: int
    delivered: int
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    undelivered: tuple[str, ...]
    doubled: int
    unsent: int

    @property
    def right(self) -> bool:
        return not (self.missing or self.unexpected or self.undelivered or self.doubled or self.unsent)


async def outcome(story: Story, store: Store, world: World, *, subscribers: Sequence[str], chat: str) -> Outcome:
    """Compares what the story expects with the outbox of every subscriber, and with what arrived in the chat of `chat`."""
    wanted = Counter(map(_wanted, expected(story)))
    names = {_wanted(each): each.name for each in expected(story)}
    missing, unexpected, undelivered, delivered = [], [], [], 0
    for subscriber in subscribers:
        alerts = await store.outbox.alerts(subscriber=subscriber, limit=MOST)
        got = Counter(map(_got, alerts))
        missing += [f"{subscriber}: {_words(key)} ({names.get(key, '')})" for key in (wanted - got).elements()]
        unexpected += [f"{subscriber}: {_words(key)}" for key in (got - wanted).elements()]
        undelivered += [
            f"{subscriber}: {_words(_got(a))}: {a.reason}" for a in alerts if a.state is not State.DELIVERED
        ]
        delivered += sum(alert.state is State.DELIVERED for alert in alerts)
    arrived = Counter(sent.random_id for sent in world.sent)
    owed = {alert.random_id for alert in await store.outbox.alerts(subscriber=chat, limit=MOST)}
    return Outcome(
        expected=wanted.total() * len(subscribers),
        delivered=delivered,
        missing=tuple(missing),
        unexpected=tuple(unexpected),
        undelivered=tuple(undelivered),
        doubled=sum(count - 1 for count in arrived.values()),
        unsent=len(owed ^ arrived.keys()),
    )


def _wanted(each: Expected) -> tuple[str, str, str, int]:
    return each.story, each.channel, each.event, each.post


def _got(alert: Alert) -> tuple[str, str, str, int]:
    return alert.story, alert.message.post.channel, alert.message.event, alert.post


def _words(key: tuple[str, str, str, int]) -> str:
    story, channel, event, post = key
    return f"{story}: {channel}/{post} {event}"
