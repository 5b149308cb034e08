"""That messages came is said for many at a time"""

import asyncio
from typing import Any

from monitor.telegram.acknowledging import TOGETHER, Acknowledging


async def said(*kept: list[int]) -> tuple[list[list[int]], list[Any]]:
    """What goes out once these were kept, one after the other, and what is remembered of it."""
    sent: asyncio.Queue[Any] = asyncio.Queue()
    remembered: list[Any] = []
    acknowledging = Acknowledging(sent.put_nowait, remembered.append)
    for messages in kept:
        acknowledging.keep(messages)
    count = sum(map(len, kept))
    out: list[list[int]] = []
    async with asyncio.timeout(20):
        while sum(map(len, out)) < count:
            out.append((await sent.get()).request.msg_ids)
    return out, remembered


async def test_what_comes_within_a_moment_is_said_together() -> None:
    out, remembered = await said([1, 2], [3], [4, 5])

    assert out == [[1, 2, 3, 4, 5]]
    assert [
        each.request.msg_ids for each in remembered
    ] == out  # so that it is said again where the server did not take it


async def test_no_more_is_said_at_once_than_the_protocol_takes() -> None:
    out, _ = await said(list(range(2 * TOGETHER + 1)))

    assert [len(each) for each in out] == [TOGETHER, TOGETHER, 1]


async def test_what_comes_later_is_said_later() -> None:
    sent: asyncio.Queue[Any] = asyncio.Queue()
    acknowledging = Acknowledging(sent.put_nowait, lambda said: None)
    acknowledging.keep([1])
    first = await asyncio.wait_for(sent.get(), 20)
    acknowledging.keep([2])
    second = await asyncio.wait_for(sent.get(), 20)

    assert (first.request.msg_ids, second.request.msg_ids) == ([1], [2])
