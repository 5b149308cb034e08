"""A checkpoint leaves for every place in its own time, whatever becomes of the other places (STO-28, SEC-11)"""

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import pytest
from builders import NOON, revision
from carrying import Clock
from receiving import Receiver, answering, hanging, receiving
from stamping import StampAuthority as Authority
from stamping import needs_openssl, stamping
from standardwebhooks.webhooks import Webhook

from monitor.anchors import rfc3161, webhook
from monitor.anchors.file import Directory
from monitor.clock import SystemClock
from monitor.config.signing import Signer
from monitor.daemon import checkpoint
from monitor.errors import Refused, Unavailable
from monitor.evidence.stamps import checked, roots
from monitor.ledger.checkpoint import parse
from monitor.model.instant import DAY, HOUR, MINUTE, SECOND, Instant
from monitor.model.record import Custody, Kind
from monitor.notifiers.posting import Poster, posting
from monitor.ports import Fact, Place, Store, Taken
from monitor.stages.anchor import Anchor

SECRET = "whsec_YSBzZWNyZXQgZm9yIHJlaGVhcnNhbHMgb25seS4uLi4="


class Somewhere:
    """Takes checkpoints, or does what it is told to instead."""

    def __init__(self) -> None:
        self.has: list[str] = []
        self.instead: Exception | None = None
        self.silent = False

    async def take(self, note: str, *, now: Instant) -> Taken:
        if self.silent:
            await asyncio.get_running_loop().create_future()
        if self.instead is not None:
            raise self.instead
        self.has.append(note)
        return Taken("somewhere")


@pytest.fixture
def clock() -> Clock:
    return Clock(NOON)


@pytest.fixture
def signs(tmp_path: Path) -> Signer:
    return Signer("desk", tmp_path / "ledger.key")


@pytest.fixture
async def poster() -> AsyncIterator[Poster]:
    async with posting(seconds=1.0) as poster:
        yield poster


@pytest.fixture
async def server() -> AsyncIterator[Receiver]:
    async with receiving() as server:
        yield server


def anchor(store: Store, place: Place, clock: Clock, *, name: str = "outside") -> Anchor:
    return Anchor(
        name,
        place,
        every=DAY,
        ledger=store.ledger,
        checkpoints=store.checkpoints,
        health=store.health,
        clock=clock,
        patience=2.0,
    )


async def news(store: Store, signs: Signer, clock: Clock, number: int) -> str:
    """Something new, and the checkpoint that signs for it."""
    await store.ledger.append([revision("News.", number=number, observed_at=clock.now())])
    await checkpoint(store, signs, clock)
    note = await store.checkpoints.latest()
    assert note is not None
    return note


async def fact(store: Store, name: str = "outside") -> Fact:
    [found] = [each for each in await store.health.facts() if (each.part, each.subject) == ("anchor", name)]
    return found


async def left(store: Store) -> list[Custody]:
    records = await store.ledger.read(0, 1_000)
    return [each.content for each in records if each.kind is Kind.CUSTODY and isinstance(each.content, Custody)]


async def test_the_newest_checkpoint_leaves_once_a_day_and_the_ledger_says_so(
    store: Store, signs: Signer, clock: Clock
) -> None:
    place = Somewhere()
    outside = anchor(store, place, clock)
    notes = []

    for day in range(3):
        for turn in range(3):
            note = await news(store, signs, clock, 10 * day + turn)
            await outside.look()
            if turn == 0:
                notes.append(note)
            clock.move(HOUR)
        clock.move(DAY - 3 * HOUR)

    assert place.has == notes
    assert await left(store) == [
        Custody("anchored", f"checkpoint {parse(note).size}", "outside", "somewhere") for note in notes
    ]


async def test_one_that_it_has_is_not_given_again_and_that_it_is_old_is_red(
    store: Store, signs: Signer, clock: Clock
) -> None:
    place = Somewhere()
    outside = anchor(store, place, clock)
    await news(store, signs, clock, 1)
    await outside.look()

    clock.move(2 * DAY)
    await outside.look()
    assert not (await fact(store)).red

    clock.move(MINUTE)
    await outside.look()
    assert len(place.has) == 1
    assert (await fact(store)).red


async def test_after_a_restart_it_is_known_when_the_last_one_left(store: Store, signs: Signer, clock: Clock) -> None:
    place = Somewhere()
    await news(store, signs, clock, 1)
    await anchor(store, place, clock).look()
    await news(store, signs, clock, 2)

    await anchor(store, place, clock).look()
    assert len(place.has) == 1

    clock.move(DAY)
    await anchor(store, place, clock).look()
    assert len(place.has) == 2


async def test_sto_28_one_that_is_away_is_asked_again_less_and_less_often_and_is_red_once_two_days_have_passed(
    store: Store, signs: Signer, clock: Clock
) -> None:
    place = Somewhere()
    place.instead = Unavailable("it is away")
    outside = anchor(store, place, clock)
    await news(store, signs, clock, 1)
    tries: list[Instant] = []

    while clock.now() < NOON + 2 * DAY + HOUR:
        before = (await fact(store)).figures["failed"] if tries else 0
        await outside.look()
        now = await fact(store)
        if now.figures["failed"] > before:
            tries.append(clock.now())
        assert now.red == (clock.now() > NOON + 2 * DAY)
        clock.move(MINUTE)

    waits = [(later - earlier) // MINUTE for earlier, later in pairwise(tries)]
    assert waits[:7] == [1, 2, 4, 8, 16, 32, 60]
    assert set(waits[7:]) == {60}

    place.instead = None
    clock.move(HOUR)
    await outside.look()
    assert len(place.has) == 1
    assert not (await fact(store)).red


async def test_it_waits_as_long_as_it_is_asked_to(store: Store, signs: Signer, clock: Clock) -> None:
    place = Somewhere()
    place.instead = Unavailable("too many requests", wait=600.0)
    outside = anchor(store, place, clock)
    await news(store, signs, clock, 1)
    await outside.look()

    place.instead = None
    clock.move(600 * SECOND - 1)
    await outside.look()
    assert not place.has
    clock.move(1)
    await outside.look()
    assert place.has


async def test_sto_28_a_bad_answer_is_red_at_once_says_why_and_is_tried_again(
    store: Store, signs: Signer, clock: Clock
) -> None:
    place = Somewhere()
    place.instead = Refused("no good time stamp: certificate has expired")
    outside = anchor(store, place, clock)
    await news(store, signs, clock, 1)
    await outside.look()

    told = await fact(store)
    assert told.red
    assert "certificate has expired" in told.note
    assert not await left(store)

    place.instead = None
    clock.move(MINUTE)
    await outside.look()
    assert not (await fact(store)).red
    assert len(await left(store)) == 1


async def test_sto_28_one_that_never_answers_holds_up_neither_the_others_nor_what_is_recorded(
    store: Store, signs: Signer, clock: Clock
) -> None:
    dead, alive = Somewhere(), Somewhere()
    dead.silent = True
    await news(store, signs, clock, 1)

    async with asyncio.timeout(10):
        async with asyncio.TaskGroup() as group:
            hanging = group.create_task(anchor(store, dead, clock, name="dead").look())
            await anchor(store, alive, clock, name="alive").look()
            await news(store, signs, clock, 2)
            assert not hanging.done()

    assert "no answer within 2 s" in (await fact(store, "dead")).note
    assert len(alive.has) == 1


async def test_a_clock_that_is_put_back_silences_none_for_long(store: Store, signs: Signer) -> None:
    place, clock = Somewhere(), Clock(NOON + 300 * DAY)
    outside = anchor(store, place, clock)
    await news(store, signs, clock, 1)
    await outside.look()

    clock.move(-300 * DAY)
    await news(store, signs, clock, 2)
    await outside.look()

    assert len(place.has) == 2


# ------------------------------------------------------------------------------------------------------------- the places


async def test_a_directory_gets_a_file_each_that_monitor_verify_takes(
    store: Store, signs: Signer, clock: Clock, tmp_path: Path
) -> None:
    outside = anchor(store, Directory(tmp_path), clock)
    note = await news(store, signs, clock, 1)

    await outside.look()

    assert (tmp_path / "000000000002.checkpoint").read_text() == note


async def test_a_directory_that_is_not_mounted_is_missed_and_not_made(tmp_path: Path, signs: Signer) -> None:
    note = signs.note(size=1, root=bytes(32), after=None)

    with pytest.raises(Unavailable, match="No such file or directory"):
        await Directory(tmp_path / "away").take(note, now=NOON)
    assert not (tmp_path / "away").exists()


async def test_no_checkpoint_is_written_over_by_another_for_the_same_size(tmp_path: Path, signs: Signer) -> None:
    note = signs.note(size=1, root=bytes(32), after=None)
    place = Directory(tmp_path)
    for _ in range(2):
        await place.take(note, now=NOON)

    with pytest.raises(Refused, match="another ledger"):
        await place.take(signs.note(size=1, root=bytes([1]) * 32, after=None), now=NOON)
    assert (tmp_path / "000000000001.checkpoint").read_text() == note


def hook(poster: Poster, server: Receiver, *, private: bool = True) -> webhook.Hook:
    config = webhook.Config(name="w", url=server.url, secret_file="hook", allow_private_addresses=private)
    return webhook.Hook(poster, config, secret=lambda path: SECRET)


async def test_a_webhook_gets_it_signed_and_under_the_same_number_each_time(
    poster: Poster, server: Receiver, signs: Signer
) -> None:
    note = signs.note(size=7, root=bytes(32), after=None)
    now = SystemClock().now()

    for _ in range(2):
        await hook(poster, server).take(note, now=now)

    first, second = server.requests
    assert Webhook(SECRET).verify(first.body, first.headers) == {
        "event": "checkpoint",
        "origin": "desk",
        "size": 7,
        "root": bytes(32).hex(),
        "note": note,
    }
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


async def test_a_webhook_in_a_private_network_gets_nothing_unless_it_may_stand_there(
    poster: Poster, server: Receiver, signs: Signer
) -> None:
    note = signs.note(size=7, root=bytes(32), after=None)

    with pytest.raises(Unavailable, match="no public address"):
        await hook(poster, server, private=False).take(note, now=NOON)
    assert server.connections == 0


def stamps(poster: Poster, server: Receiver, authority: Authority, *, private: bool = True) -> rfc3161.StampAuthority:
    config = rfc3161.Config(name="stamps", url=server.url, ca_file=str(authority.root), allow_private_addresses=private)
    return rfc3161.StampAuthority(poster, config)


@needs_openssl
async def test_several_authorities_put_their_stamps_on_it_and_the_ledger_keeps_them(
    store: Store, signs: Signer, poster: Poster, tmp_path: Path
) -> None:
    clock = Clock(SystemClock().now())
    note = await news(store, signs, clock, 1)
    authorities = [Authority(tmp_path / name) for name in ("one", "two")]

    for authority in authorities:
        async with receiving() as server:
            server.answer = stamping(server, authority.honest)
            await anchor(store, stamps(poster, server, authority), clock, name=authority.folder.name).look()
            assert server.requests[0].headers["content-type"] == "application/timestamp-query"

    kept = await left(store)
    assert [each.by for each in kept] == ["one", "two"]
    for each, authority in zip(kept, authorities, strict=True):
        stamp = checked(each.proof, note=note, trusted=roots(authority.root.read_bytes(), file=""))
        assert abs(stamp.at - clock.now()) < MINUTE


@needs_openssl
async def test_sto_28_what_an_authority_says_that_lies_is_not_kept_and_red_until_it_is_honest(
    store: Store, signs: Signer, poster: Poster, server: Receiver, tmp_path: Path
) -> None:
    clock = Clock(SystemClock().now())
    await news(store, signs, clock, 1)
    authority = Authority(tmp_path / "authority")
    outside = anchor(store, stamps(poster, server, authority), clock)
    server.answer = stamping(server, authority.on_something_else)
    await outside.look()

    assert not await left(store)
    assert (await fact(store)).red
    assert "on something else" in (await fact(store)).note

    server.answer = stamping(server, authority.honest)
    clock.move(MINUTE)
    await outside.look()
    assert len(await left(store)) == 1
    assert not (await fact(store)).red


@needs_openssl
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (answering(500), "answered 500"),
        (answering(302, "location: http://127.0.0.1/"), "answered 302"),
        (hanging, "did not answer within 1 s"),
        (answering(200, body=b"<html>"), "not a reply"),
        (answering(200, body=bytes(1_000_000)), "more than"),
    ],
)
async def test_sto_28_an_authority_that_gives_none_is_told(
    answer: object, reason: str, poster: Poster, server: Receiver, signs: Signer, tmp_path: Path
) -> None:
    server.answer = answer
    note = signs.note(size=7, root=bytes(32), after=None)

    with pytest.raises((Unavailable, Refused), match=reason):
        await stamps(poster, server, Authority(tmp_path / "authority")).take(note, now=SystemClock().now())


async def test_without_the_certificates_that_are_trusted_nobody_is_asked(
    poster: Poster, server: Receiver, signs: Signer, tmp_path: Path
) -> None:
    config = rfc3161.Config(name="s", url=server.url, ca_file=str(tmp_path / "ca.pem"), allow_private_addresses=True)

    with pytest.raises(Refused, match=r"ca\.pem cannot be read"):
        await rfc3161.StampAuthority(poster, config).take(signs.note(size=7, root=bytes(32), after=None), now=NOON)
    assert not server.requests
