"""May these bytes be fetched, or why not? Text always wins: media stop while there is still room for years of it."""

import msgspec

from monitor.model.post import Media

FILES = ("photo", "video", "audio", "voice", "animation", "sticker", "document")
"""The kinds of media that have bytes of their own."""
NEARLY = 0.8
"""Of a quota; from then on a person is told."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What is fetched: `fetch` all, matched (only of posts that speak of a story) or none. Sizes in bytes.

    `kinds` and `largest` are for the posts that speak of no story; of those that do, every kind up to `matched_largest`. `quota` is
    for all files together, `channel_day` for one channel within 24 hours; `keep_free` stays free on the disk.
    """

    fetch: str = "all"
    kinds: tuple[str, ...] = ("photo", "document")
    largest: int = 20_000_000
    matched_largest: int = 200_000_000
    quota: int = 50_000_000_000
    channel_day: int = 2_000_000_000
    keep_free: int = 2_000_000_000


class Used(msgspec.Struct, frozen=True):
    """Bytes: held altogether, of this channel within a day, and free on the disk."""

    held: int
    of_channel: int
    free: int


def wanted(media: Media, limits: Limits, *, matched: bool) -> bool:
    """Is it of a kind that is fetched at all? What is not is no news, and nothing is recorded of it."""
    if media.kind not in FILES or media.id is None:
        return False
    return limits.fetch != "none" and (matched or (limits.fetch == "all" and media.kind in limits.kinds))


def refusal(size: int, limits: Limits, used: Used, *, matched: bool) -> str | None:
    """Why a file of this size is not fetched now; None: it may be. Asked again as it comes, for what was said may be a lie."""
    largest = limits.matched_largest if matched else limits.largest
    if size > largest:
        return f"larger than the {in_words(largest)} that are fetched of {'a matched' if matched else 'any'} post"
    if used.held + size > limits.quota:
        return f"the quota of {in_words(limits.quota)} is used up"
    if used.of_channel + size > limits.channel_day:
        return f"this channel has had its {in_words(limits.channel_day)} within a day"
    if used.free - size < limits.keep_free:
        return f"the disk has less than {in_words(limits.keep_free)} free beside it"
    return None


def alarm(limits: Limits, *, held: int, free: int) -> str | None:
    """What a person should know before media stop, or why they have stopped."""
    if free < limits.keep_free:
        return f"the disk is nearly full: {in_words(free)} are free, and below {in_words(limits.keep_free)} no media are fetched"
    if held >= NEARLY * limits.quota:
        return f"{held / max(limits.quota, 1):.0%} of the quota of {in_words(limits.quota)} are used"
    return None


def in_words(size: float) -> str:
    """`20 MB`, `1.5 GB`."""
    for power, unit in ((12, "TB"), (9, "GB"), (6, "MB"), (3, "kB")):
        if size >= 10**power:
            return f"{size / 10**power:.1f}".removesuffix(".0") + f" {unit}"
    return f"{size:.0f} B"
