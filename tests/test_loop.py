"""The daemon's event loop asks less often what has come, and misses nothing."""

import asyncio
import os
import selectors
import signal
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from monitor.loop import TURNS, SeldomAsked, new_event_loop

pytestmark = pytest.mark.timeout(20)


@pytest.fixture
def heard() -> Iterator[tuple[socket.socket, SeldomAsked]]:
    """One end of a line, and a selector that listens at the other, at which something has come."""
    ours, theirs = socket.socketpair()
    with ours, theirs, SeldomAsked() as selector:
        selector.register(theirs, selectors.EVENT_READ)
        ours.send(b"!")
        yield ours, selector


def test_asks_at_once_where_somebody_waits(heard: tuple[socket.socket, SeldomAsked]) -> None:
    _, selector = heard

    assert all(len(selector.select(timeout)) == 1 for timeout in (1.0, 0.001, None) for _ in range(TURNS))


def test_asks_once_in_so_many_turns_where_there_is_work_in_hand(heard: tuple[socket.socket, SeldomAsked]) -> None:
    _, selector = heard

    answers = [len(selector.select(0)) for _ in range(5 * TURNS)]

    assert sum(answers) == 5


async def busy(until: Callable[[], bool]) -> None:
    """Work in hand, turn after turn, until something has happened."""
    while not until():
        await asyncio.sleep(0)


def test_hears_others_however_busy_it_is() -> None:
    async def everything() -> list[str]:
        come: list[str] = []
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGUSR1, come.append, "a signal")
        loop.call_later(0.01, come.append, "a time")
        ours, theirs = socket.socketpair()
        with ours, theirs:
            loop.add_reader(theirs, lambda: come.append(theirs.recv(9).decode()))
            ours.send(b"a message")
            os.kill(os.getpid(), signal.SIGUSR1)
            threading.Thread(target=loop.call_soon_threadsafe, args=(come.append, "a thread")).start()
            await busy(lambda: len(come) == 4)
            loop.remove_reader(theirs)
        return come

    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        assert sorted(runner.run(everything())) == ["a message", "a signal", "a thread", "a time"]
