"""How often does Python look for objects that only hold on to each other?

By default after every 700 that stay, which in a flood of posts is every few of them, and now and then at all there are, the
dictionaries and the compiled stories among them: one tenth of the daemon's time. Nearly all that a post leaves behind goes
when its last reference does, so a look after many is enough.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

THRESHOLDS = (20_000, 20, 50)
"""New objects before the young are looked at, such looks before one at the older, and those before one at all there are."""


@contextmanager
def seldom_collected() -> Iterator[None]:
    """What is there now is never looked at, what comes is looked at seldom."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
