"""Work that is done beside the event loop"""

import asyncio
import threading

import pytest

from monitor.aside import aside


async def test_answers_what_it_comes_to_while_the_loop_goes_on() -> None:
    turned = threading.Event()
    asyncio.get_running_loop().call_soon(turned.set)

    assert await aside(lambda: turned.wait(10)) is True


async def test_raises_what_it_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        await aside(lambda: 1 // 0)


async def test_is_waited_for_by_nobody_once_who_asked_is_cancelled() -> None:
    begun, go_on, done = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        go_on.wait(10)
        done.set()

    asking = asyncio.create_task(aside(work))
    assert await asyncio.to_thread(begun.wait, 10)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking

    assert not done.is_set()
    go_on.set()
    assert await asyncio.to_thread(done.wait, 10)
