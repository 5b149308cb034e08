"""How does a command end that goes on until it is told to?"""

import asyncio
import os
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

INTERRUPTED = 130
_INTERRUPTIONS = (signal.SIGINT, signal.SIGHUP)


async def until_told(running: Coroutine[Any, Any, T]) -> T | None:
    """What it returns; None after SIGTERM, once all it had open is closed.

    Ctrl-C is an interruption like any other command's, and so is SIGHUP: a service manager starts again what was interrupted, and
    everything is read anew. (Stories alone are exchanged at SIGUSR1, and nothing ends.) Who presses Ctrl-C once more does not wait
    for anything to be closed, and loses nothing by it.
    """
    told: list[signal.Signals] = []
    task = asyncio.create_task(running)

    def stop(number: signal.Signals) -> None:
        if number is signal.SIGINT and number in told:
            os._exit(INTERRUPTED)
        if not told:
            task.cancel()
        told.append(number)

    ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN  # started with nohup
    for number in (signal.SIGTERM, signal.SIGINT, *(() if ignored else (signal.SIGHUP,))):
        asyncio.get_running_loop().add_signal_handler(number, stop, number)
    try:
        return await task
    except asyncio.CancelledError:
        if not told:
            raise
    if told[0] in _INTERRUPTIONS:
        raise KeyboardInterrupt
    return None
