"""When is an alert tried again, and when is it given up?"""

import hashlib
import math

from monitor.model.instant import DAY, MINUTE, SECOND, Instant

FIRST = 5 * SECOND
LONGEST = 30 * MINUTE
JITTER = 0.2
"""Of the delay, up or down: destinations that went away together do not come back to us together."""
LONGEST_WAIT = DAY
"""The other side may ask for this much patience and no more: a header can hold any number."""
GIVE_UP_AFTER = 7 * DAY
FEWEST_ATTEMPTS = 7
"""Before an alert is given up: a week that passes in a moment is a clock that was set."""


def next_attempt(key: str, *, attempts: int, created_at: Instant, now: Instant, wait: float | None) -> Instant | None:
    """When to try again after `attempts` failures, the last of them now; None: no more.

    5 s, doubling up to 30 min, each 20 % shorter or longer; never before `wait` seconds are over, where the other side named some.
    The jitter follows from key and attempt, so the answer is always the same.
    """
    if now - created_at >= GIVE_UP_AFTER and attempts >= FEWEST_ATTEMPTS:
        return None
    delay = min(FIRST << min(attempts - 1, 30), LONGEST)
    delay += round(delay * JITTER * (2 * _fraction(key, attempts) - 1))
    return now + max(min(delay, LONGEST), _asked(wait))


def asof(now: Instant, *, next_due: Instant | None) -> Instant:
    """The time by which to ask what is due.

    Nothing is ever postponed by more than `LONGEST_WAIT`. What seems to be due later than that was written by a clock that ran
    ahead, and is due now.
    """
    return next_due if next_due is not None and next_due > now + LONGEST_WAIT else now


def _asked(wait: float | None) -> Instant:
    if wait is None or math.isnan(wait):
        return 0
    return math.ceil(SECOND * min(max(wait, 0.0), LONGEST_WAIT / SECOND))


def _fraction(key: str, attempts: int) -> float:
    """From 0 to 1, always the same for the same key and attempt."""
    digest = hashlib.sha256(f"{key} {attempts}".encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32
