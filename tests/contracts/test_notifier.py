"""What every notifier does, whatever it carries alerts by."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

import pytest
from carrying import Inbox
from owed import NOON, message
from receiving import hanging, receiving

from monitor.errors import Refused
from monitor.notifiers import console, telegram, webhook
from monitor.ports import Notifier
from monitor.rehearsal import Server, World, serve
from monitor.telegram.client import Access
from monitor.telegram.config import Server as Place

TOKEN = "123456:TOKEN"


class Carrier(NamedTuple):
    """A notifier, an address that takes alerts and one that does not, and what has arrived there so far, each as text.

    `hang` makes the next attempt get no answer for as long as the test lasts, and says how to see that there was one; None
    where there is no such thing.
    """

    notifier: Notifier
    address: str
    nobody: str | None
    arrived: Callable[[], Sequence[str]]
    hang: Callable[[], Callable[[], object]] | None = None
    heal: Callable[[], object] = lambda: None


async def by_webhook(stack: AsyncExitStack, folder: Path) -> Carrier:
    receiver = await stack.enter_async_context(receiving())
    well = receiver.answer
    places = {receiver.url: webhook.Destination((b"a secret for rehearsals",), True)}
    return Carrier(
        await stack.enter_async_context(webhook.opened(places)),
        receiver.url,
        "https://nobody.example/hook",
        lambda: [request.body.decode() for request in receiver.requests if receiver.answer is well],
        lambda: setattr(receiver, "answer", hanging) or (lambda: receiver.requests),
        lambda: (receiver.requests.clear(), setattr(receiver, "answer", well)),
    )


async def by_telegram(stack: AsyncExitStack, folder: Path) -> Carrier:
    server: Server = await stack.enter_async_context(serve(World()))
    server.world.add_bot(TOKEN)
    server.world.add_chat(555, "a person")
    (folder / "server.pem").write_text(server.public_key)
    place = Place(dc=server.dc, host=server.host, port=server.port, public_key_file=str(folder / "server.pem"))
    access = Access(api_id=1, api_hash="0" * 32, session=folder / "bot.session", server=place)
    return Carrier(
        await stack.enter_async_context(telegram.opened(access, TOKEN)),
        "555",
        "999",
        lambda: [sent.text for sent in server.world.sent],
        lambda: (held := server.faults.hold("messages.sendMessage", times=1)) and (lambda: held.waiting),
    )


async def by_console(stack: AsyncExitStack, folder: Path) -> Carrier:
    stream = io.StringIO()
    return Carrier(console.ConsoleNotifier(stream), "", None, lambda: [stream.getvalue()] if stream.getvalue() else [])


async def by_inbox(stack: AsyncExitStack, folder: Path) -> Carrier:
    """The stand-in of the stages' tests keeps the same promises."""
    inbox = Inbox()

    def refuse() -> None:
        raise Refused("nobody is here")

    inbox.answer("nobody", refuse)
    return Carrier(
        inbox,
        "",
        "nobody",
        lambda: [sent.post.text or "" for sent in inbox.messages],
        lambda: inbox.fall_silent("") or (lambda: inbox.tried),
        lambda: inbox.speak_again(""),
    )


@pytest.fixture(params=[by_webhook, by_telegram, by_console, by_inbox])
async def carrier(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Carrier]:
    async with AsyncExitStack() as stack:
        yield await request.param(stack, tmp_path)


async def test_returns_when_the_alert_has_arrived(carrier: Carrier) -> None:
    await carrier.notifier.send(carrier.address, message("Мост взорван"), key="m-1", random_id=1, now=NOON)

    (arrived,) = carrier.arrived()
    assert "Мост взорван" in arrived


async def test_carries_several_at_once(carrier: Carrier) -> None:
    for number in range(1, 4):
        await carrier.notifier.send(
            carrier.address, message(f"пост {number}"), key=f"m-{number}", random_id=number, now=NOON
        )

    arrived = "\n".join(carrier.arrived())
    assert [f"пост {number}" in arrived for number in range(1, 4)] == [True] * 3


async def test_refuses_an_address_that_nobody_has(carrier: Carrier) -> None:
    if carrier.nobody is None:
        pytest.skip("it has one address")

    with pytest.raises(Refused):
        await carrier.notifier.send(carrier.nobody, message(), key="m-1", random_id=1, now=NOON)

    assert carrier.arrived() == []


async def test_can_be_interrupted_and_used_again(carrier: Carrier) -> None:
    if carrier.hang is None:
        pytest.skip("it has nobody to wait for")
    was_tried = carrier.hang()

    attempt = asyncio.create_task(
        carrier.notifier.send(carrier.address, message("Мост"), key="m-1", random_id=1, now=NOON)
    )
    while not was_tried():
        await asyncio.sleep(0)
    attempt.cancel()
    with pytest.raises(asyncio.CancelledError):
        await attempt
    carrier.heal()
    await carrier.notifier.send(carrier.address, message("Мост"), key="m-1", random_id=1, now=NOON)

    assert len(carrier.arrived()) == 1


@pytest.mark.parametrize("text", ["", "🎉" * 9000, "\x00\x1b[2J\u202e\u2028", "{}%s${x}", "<b>&amp;</b>", "\n" * 5000])
async def test_carries_every_text(carrier: Carrier, text: str) -> None:
    await carrier.notifier.send(carrier.address, message(text), key="m-1", random_id=1, now=NOON)

    assert len(carrier.arrived()) == 1
