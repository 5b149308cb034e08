"""How does a command end that goes on until it is told to?"""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def until_told(running: Coroutine[Any, Any, T]) -> T | None:
    """What it returns; None after SIGTERM, once all it had open is closed. Ctrl-C is an interruption like any other command's."""
    told: list[signal.Signals] = []
    task = asyncio.create_task(running)

    def stop(number: signal.Signals) -> None:
        told.append(number)
        task.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop, number)
    try:
        return await task
    except asyncio.CancelledError:
        if not told:
            raise
    if signal.SIGINT in told:
        raise KeyboardInterrupt
    return None
