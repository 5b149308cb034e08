"""How is long work done beside the event loop, without an end of the process waiting for it?"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


async def aside(work: Callable[[], T]) -> T:
    """What the work comes to, in a thread of its own. Whoever waits may be cancelled; the work is then given up where it stands
    when the process ends. (`asyncio.to_thread` has the end wait until it is done.)"""
    found: Future[T] = Future()
    found.set_running_or_notify_cancel()

    def run() -> None:
        try:
            found.set_result(work())
        except BaseException as error:
            found.set_exception(error)

    threading.Thread(target=run, name="aside", daemon=True).start()
    return await asyncio.wrap_future(found)
