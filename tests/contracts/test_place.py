"""What every place for checkpoints does, whoever keeps it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

import pytest
from receiving import answering, hanging, receiving
from relaying import SILENT, relaying
from stamping import StampAuthority, needs_openssl, stamping

from monitor.anchors import rfc3161, webhook
from monitor.anchors.file import Directory
from monitor.anchors.mail import Mailbox
from monitor.clock import SystemClock
from monitor.errors import Refused, Unavailable
from monitor.ledger.checkpoint import Checkpoint, sign
from monitor.notifiers import mailing
from monitor.notifiers.posting import posting
from monitor.ports import Place

NOTE = sign(Checkpoint("desk", 7, bytes(range(32))), key=bytes(32))


class Somewhere(NamedTuple):
    """A place, and what has arrived there, each once by whatever a receiver knows it by. `away` makes it fail for now,
    `silent` lets it never answer (None: there is no such thing), `well` ends both."""

    place: Place
    arrived: Callable[[], Sequence[object]]
    away: Callable[[], object]
    silent: Callable[[], object] | None
    well: Callable[[], object]


async def in_a_directory(stack: AsyncExitStack, folder: Path) -> Somewhere:
    disk, elsewhere = folder / "disk", folder / "elsewhere"
    disk.mkdir()
    return Somewhere(
        Directory(disk),
        lambda: [each.read_bytes() for each in disk.glob("*.checkpoint")],
        lambda: disk.rename(elsewhere),
        None,
        lambda: elsewhere.rename(disk),
    )


async def at_a_webhook(stack: AsyncExitStack, folder: Path) -> Somewhere:
    server = await stack.enter_async_context(receiving())
    poster = await stack.enter_async_context(posting(seconds=0.3))
    config = webhook.Config(name="w", url=server.url, secret_file="hook", allow_private_addresses=True)
    well = server.answer
    return Somewhere(
        webhook.Hook(poster, config, secret=lambda path: "whsec_YSBzZWNyZXQgZm9yIHJlaGVhcnNhbHMgb25seS4uLi4="),
        lambda: list({each.headers["webhook-id"]: each for each in server.requests if server.answer is well}),
        lambda: setattr(server, "answer", answering(503)),
        lambda: setattr(server, "answer", hanging),
        lambda: (server.requests.clear(), setattr(server, "answer", well)),
    )


async def at_an_authority(stack: AsyncExitStack, folder: Path) -> Somewhere:
    server = await stack.enter_async_context(receiving())
    poster = await stack.enter_async_context(posting(seconds=2.0))
    authority = StampAuthority(folder / "authority")
    config = rfc3161.Config(name="s", url=server.url, ca_file=str(authority.root), allow_private_addresses=True)
    well = server.answer = stamping(server, authority.honest)
    return Somewhere(
        rfc3161.StampAuthority(poster, config),
        lambda: [each.body for each in server.requests if server.answer is well][:1],  # it keeps nothing
        lambda: setattr(server, "answer", answering(503)),
        lambda: setattr(server, "answer", hanging),
        lambda: (server.requests.clear(), setattr(server, "answer", well)),
    )


async def by_mail(stack: AsyncExitStack, folder: Path) -> Somewhere:
    server = await stack.enter_async_context(relaying())
    config = mailing.Config(host="127.0.0.1", port=server.port, tls="none", sender="monitor@desk.example")
    return Somewhere(
        Mailbox(mailing.Relay(config, secret=lambda path: "", seconds=0.3), ["desk@desk.example"]),
        lambda: list({each.data.partition(b"Message-ID: ")[2].split()[0]: each for each in server.mails}),
        lambda: server.instead.update(MAIL=b"451 4.3.0 later"),
        lambda: server.instead.update({".": SILENT}),
        server.instead.clear,
    )


@pytest.fixture(params=[in_a_directory, at_a_webhook, pytest.param(at_an_authority, marks=needs_openssl), by_mail])
async def somewhere(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Somewhere]:
    async with AsyncExitStack() as stack:
        yield await request.param(stack, tmp_path)


async def test_returns_when_it_has_the_checkpoint_and_says_how(somewhere: Somewhere) -> None:
    taken = await somewhere.place.take(NOTE, now=SystemClock().now())

    assert len(somewhere.arrived()) == 1
    assert taken.how
    assert not taken.lacking


async def test_given_again_it_is_one_to_whoever_gets_it(somewhere: Somewhere) -> None:
    for _ in range(2):
        await somewhere.place.take(NOTE, now=SystemClock().now())

    assert len(somewhere.arrived()) == 1


async def test_is_unavailable_while_it_is_away_and_takes_it_afterwards(somewhere: Somewhere) -> None:
    somewhere.away()
    with pytest.raises(Unavailable):
        await somewhere.place.take(NOTE, now=SystemClock().now())
    assert not somewhere.arrived()

    somewhere.well()
    await somewhere.place.take(NOTE, now=SystemClock().now())
    assert len(somewhere.arrived()) == 1


async def test_one_that_never_answers_is_unavailable_in_its_time(somewhere: Somewhere) -> None:
    if somewhere.silent is None:
        pytest.skip("a directory answers")
    somewhere.silent()

    with pytest.raises(Unavailable, match="did not answer within"):
        await somewhere.place.take(NOTE, now=SystemClock().now())


async def test_can_be_given_up_however_far_it_has_come(somewhere: Somewhere) -> None:
    if somewhere.silent is None:
        pytest.skip("a directory answers")
    somewhere.silent()
    for turns in range(0, 60, 3):
        taking = asyncio.ensure_future(somewhere.place.take(NOTE, now=SystemClock().now()))
        for _ in range(turns):
            await asyncio.sleep(0)
        taking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await taking

    somewhere.well()
    await somewhere.place.take(NOTE, now=SystemClock().now())
    assert len(somewhere.arrived()) == 1


async def test_what_is_no_checkpoint_is_given_to_nobody(somewhere: Somewhere) -> None:
    if isinstance(somewhere.place, rfc3161.StampAuthority):
        pytest.skip("an authority is given a digest alone")
    with pytest.raises(Refused):
        await somewhere.place.take("nothing", now=SystemClock().now())
    assert not somewhere.arrived()
