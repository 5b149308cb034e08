"""Collecting while nothing can be written, and after a death before it was (COL-06, COL-07)"""

import asyncio
import random
import resource
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from carrying import Clock
from collecting import PHONE
from installation import Installation, Receiver
from tending import FLAGGED, pushed, sound, until

from monitor.model.instant import SECOND
from monitor.model.record import Kind
from monitor.ports import Store
from monitor.rehearsal import Server, sign_in
from monitor.stores.sqlite.file import connect
from monitor.stores.sqlite.store import SqliteStore, open_store


@pytest.fixture
def bridge(telegram: Server) -> Server:
    telegram.world.add_channel("bridge_news")
    telegram.world.add_account(PHONE, joined=["bridge_news"])
    return telegram


async def test_col_06_what_cannot_be_written_is_written_when_it_can_and_the_position_waits_for_it(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with pushed(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        bridge.world.publish("bridge_news", "One.")
        await at_work.until(lambda told: len(told) == 1)
        with closing(connect(tmp_path / "monitor.db")) as other:
            other.execute("BEGIN IMMEDIATE")
            reached = [contact.pts for contact in await store.peers.contacts()]
            for text in ("Two.", "Three."):
                bridge.world.publish("bridge_news", text)
            poll = asyncio.create_task(at_work.poll())
            await asyncio.wait([poll], timeout=1.0)  # as long as nothing can be written, nothing moves
            assert [text for *_, text in await at_work.told()] == ["One."]
            assert [contact.pts for contact in await store.peers.contacts()] == reached
            other.execute("ROLLBACK")
        ended = clock.now()

        await at_work.until(lambda told: len(told) == 3, seconds=60)

        assert clock.now() - ended <= 60 * SECOND
        assert [text for *_, text in await at_work.told()] == ["One.", "Two.", "Three."]
        await poll
        await at_work.sound()


async def test_col_06_a_disk_that_is_full_takes_nothing_and_loses_nothing(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with pushed(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        bridge.world.publish("bridge_news", "One.")
        await at_work.until(lambda told: len(told) == 1)
        with _full(tmp_path / "monitor.db-wal"):
            for number in range(2, 40):
                bridge.world.publish("bridge_news", f"{number}: {_large()}")
            waited_from = clock.now()

            async def waiting() -> bool:
                return clock.now() - waited_from > 20 * SECOND  # it tries again and again

            await until(waiting)
            held = len(await at_work.told())
            assert held < 39
            reach = next(contact.pts for contact in await store.peers.contacts())
            assert reach is not None
            assert reach <= bridge.world.channel("bridge_news").pts - (39 - held)
        ended = clock.now()
        await at_work.until(lambda told: len(told) == 39, seconds=60)

        assert clock.now() - ended <= 60 * SECOND
        assert [record.post for record in await at_work.of_posts()] == list(range(2, 41))
        await at_work.sound()


async def test_col_07_a_death_between_the_push_and_the_commit_loses_nothing(bridge: Server, tmp_path: Path) -> None:
    installation = Installation(tmp_path, port=bridge.port, public_key=bridge.public_key)
    await sign_in(bridge, installation.session, PHONE)
    async with Receiver().open() as receiver:
        installation.write(channels=["bridge_news"], webhook=receiver.url, collect="poll_seconds = 1")
        async with open_store(installation.store) as store:
            daemon = await installation.start()
            first = bridge.world.publish("bridge_news", "First.")
            await until(lambda: _holds(store, [first]))
            _, most = resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE)
            full = installation.store.with_name(installation.store.name + "-wal").stat().st_size
            resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (full, most))
            posts = [bridge.world.publish("bridge_news", f"{FLAGGED} №{number} {_large()}") for number in range(20)]
            await until(lambda: _complained(installation))  # it has them, and cannot write them
            daemon.kill()
            await daemon.wait()
            assert not await _holds(store, posts)

            async with installation.running():
                await until(lambda: _holds(store, posts))
                await receiver.until(lambda received: len(received) >= 20)
                await until(lambda: _settled(store))

            said = Counter(
                record.post for record in await store.ledger.read(0, 1000) if record.said and not record.said.service
            )
            assert said == Counter([first, *posts])
            assert Counter(body["post"]["id"] for _, body, _ in receiver.received) == Counter(posts)
            await sound(store)


def _large() -> str:
    """Words that no compression makes small."""
    return random.randbytes(2000).hex()


@contextmanager
def _full(file: Path) -> Iterator[None]:
    """No file of this process may grow beyond what this one is now."""
    before, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, most))


async def _holds(store: SqliteStore, posts: list[int]) -> bool:
    held = {record.post for record in await store.ledger.read(0, 1000) if record.kind is Kind.PUBLISHED}
    return held >= set(posts)


async def _complained(installation: Installation) -> bool:
    return "not recorded yet" in installation.log()


async def _settled(store: SqliteStore) -> bool:
    done = await store.positions.position("detect")
    return done == await store.ledger.size() and await store.outbox.next_due() is None
