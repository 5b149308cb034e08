"""What would this configuration cost: how many channels by which way, how many requests, how many names?"""

import math
from collections import Counter

from monitor.config.settings import Settings
from monitor.matching.query import Leaf, leaves, parse

DIALOGS = 100
"""Channels that one messages.getPeerDialogs tells of."""
REREAD = 100
"""Posts that one channels.getMessages shows again."""
POSTS_A_DAY = 20
"""What a channel publishes, for the estimate of second looks; a busy news channel has a hundred."""


def plan(settings: Settings) -> dict[str, float]:
    """Figures by what they count. Requests are those a minute while nothing happens, and the most that is allowed."""
    by_source = Counter(channel.source for channel in settings.channels)
    accounts = len(settings.accounts)
    polls = 60 / settings.collect.poll_seconds
    contacts = polls * math.ceil(by_source["telegram"] / DIALOGS) if accounts else 0
    figures: dict[str, float] = {f"channels by {source}": count for source, count in sorted(by_source.items())}
    if accounts:
        figures["accounts"] = accounts
        figures["channels an account"] = math.ceil(by_source["telegram"] / accounts)
        figures["requests a minute for contact"] = round(contacts, 2)
        figures["requests a minute for second looks, about"] = round(_looks(settings, by_source["telegram"]), 2)
        if settings.collect.requests_per_second is not None:
            figures["requests a minute allowed"] = round(60 * settings.collect.requests_per_second * accounts, 2)
    if by_source["preview"]:
        figures["pages a minute by preview"] = round(polls * by_source["preview"], 2)
        figures["pages a minute allowed"] = round(60 * settings.preview.requests_per_second, 2)
    return figures | _words(settings)


def _looks(settings: Settings, channels: int) -> float:
    """Second looks a minute: each post as often as there are delays, what is due of a channel together at each poll."""
    looks = channels * POSTS_A_DAY * len(settings.collect.reread) / (24 * 60)
    return min(looks, looks / REREAD + channels * 60 / settings.collect.poll_seconds)


def _words(settings: Settings) -> dict[str, float]:
    names = {name for story in settings.stories for entity in story.entities.values() for name in entity.names}
    terms = {
        leaf.source
        for story in settings.stories
        for query in story.topics.values()
        for leaf in leaves(parse(query))
        if isinstance(leaf, Leaf)
    }
    return {
        "stories": len(settings.stories),
        "flags": sum(len(story.flags) for story in settings.stories),
        "names": len(names),
        "words and phrases of topics": len(terms),
        "subscribers": len(settings.subscribers),
    }
