"""How many posts were flagged when? A small picture of bars, as SVG without a word of style or script."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from markupsafe import Markup as Html

from monitor.model.instant import DAY, HOUR, Instant, text

WIDTH, HEIGHT = 720, 64
BARS = 96
"""More than these are drawn by the day; still more, only the newest."""
FEWEST = 24
"""Fewer would be so wide that two posts look like a flood: there are empty ones before them."""


class Bars(NamedTuple):
    """Counts by the hour or day, each named by its beginning, without a hole between."""

    unit: Literal["hour", "day"]
    counts: Sequence[tuple[Instant, int]]

    @property
    def first(self) -> Instant:
        return self.counts[0][0]

    @property
    def last(self) -> Instant:
        return self.counts[-1][0]


def until(now: Instant, by_hour: Mapping[Instant, int]) -> Mapping[Instant, int]:
    """Without what is to come: a post may bear any date, and one of the year 2999 would push all others off the picture."""
    return {hour: count for hour, count in by_hour.items() if hour <= now}


def bars(by_hour: Mapping[Instant, int]) -> Bars | None:
    """By the hour or, where that would be too many, by the day. None where there is nothing to count."""
    if not by_hour:
        return None
    is_short = max(by_hour) - min(by_hour) < BARS * HOUR
    step = HOUR if is_short else DAY
    counts: dict[Instant, int] = {}
    for hour, count in by_hour.items():
        counts[hour - hour % step] = counts.get(hour - hour % step, 0) + count
    last = max(counts)
    first = max(min(*counts, last - (FEWEST - 1) * step), last - (BARS - 1) * step)
    return Bars("hour" if is_short else "day", [(at, counts.get(at, 0)) for at in range(first, last + step, step)])


def chart(found: Bars) -> Html:
    """The picture, with a sentence for those who do not see it."""
    most = max(count for _, count in found.counts)
    wide = WIDTH / len(found.counts)
    words = (
        f"Flagged posts by {found.unit} (UTC) from {text(found.first)} to {text(found.last)}: "
        f"{sum(count for _, count in found.counts)} in all, at most {most} in one {found.unit}"
    )
    drawn = Html("").join(
        Html('<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"><title>{}</title></rect>').format(
            place * wide, HEIGHT - tall, max(wide - 1, 0.5), tall, f"{text(at)}: {count}"
        )
        for place, (at, count) in enumerate(found.counts)
        if (tall := max(2.0, HEIGHT * count / most) if count else 0.0)
    )
    return Html(
        '<svg class="volume" viewBox="0 0 {} {}" role="img" preserveAspectRatio="none" aria-label="{}">{}</svg>'
    ).format(WIDTH, HEIGHT, words, drawn)
