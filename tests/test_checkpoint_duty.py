"""The daemon's checkpoints are signed with one key or not at all, and the watch goes on (STO-27)"""

import asyncio
from pathlib import Path

import pytest
from builders import NOON, revision
from carrying import Clock

from monitor.config import Ledger
from monitor.config.signing import Signer, signer
from monitor.daemon import checkpoint
from monitor.errors import Refused
from monitor.ledger.checkpoint import parse
from monitor.model.record import Faulted, Kind
from monitor.ports import Fact, Store
from monitor.stages.duties import perform


class Key:
    """The file with the signing key, and what happens to it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __str__(self) -> str:
        return str(self.path)

    def there(self) -> bool:
        return self.path.exists()

    def lose(self) -> None:
        self.path.rename(self.path.with_suffix(".away"))

    def put_back(self) -> None:
        self.path.with_suffix(".away").rename(self.path)

    def scribble(self) -> None:
        self.path.write_text("scribbled on")


@pytest.fixture
def key(tmp_path: Path) -> Key:
    return Key(tmp_path / "keys" / "ledger.key")


@pytest.fixture
def signs(key: Key) -> Signer:
    return signer(Ledger(origin="desk", signing_key_file=key.path))


async def news(store: Store, number: int) -> None:
    await store.ledger.append([revision("News.", number=number)])


async def test_the_first_makes_the_key_and_what_was_signed_for_is_not_signed_again(
    store: Store, signs: Signer, key: Key
) -> None:
    await news(store, 1)

    for _ in range(2):
        await checkpoint(store, signs, Clock(NOON))

    assert key.there()
    [note] = await store.checkpoints.all()
    assert (parse(note).origin, parse(note).size) == ("desk", 2)


async def test_without_the_key_nothing_is_signed_until_it_is_back(store: Store, signs: Signer, key: Key) -> None:
    await news(store, 1)
    await checkpoint(store, signs, Clock(NOON))
    key.lose()
    await news(store, 2)

    with pytest.raises(Refused, match=f"{key} is missing"):
        await checkpoint(store, signs, Clock(NOON))
    assert not key.there()
    assert len(await store.checkpoints.all()) == 1

    key.put_back()
    await checkpoint(store, signs, Clock(NOON))
    assert len(await store.checkpoints.all()) == 2


async def test_a_key_that_goes_bad_while_the_daemon_runs_does_not_end_it(store: Store, signs: Signer, key: Key) -> None:
    await news(store, 1)
    await checkpoint(store, signs, Clock(NOON))
    key.scribble()
    await news(store, 2)

    with pytest.raises(Refused, match=f"{key} is no private key"):
        await checkpoint(store, signs, Clock(NOON))


async def test_sto_27_the_duty_is_red_and_says_which_key_while_posts_are_recorded_and_the_ledger_says_so_once(
    store: Store, signs: Signer, key: Key
) -> None:
    await news(store, 1)
    await checkpoint(store, signs, Clock(NOON))
    key.lose()
    due, clock = asyncio.Event(), Clock(NOON)
    duty = perform("checkpoint", lambda: checkpoint(store, signs, clock), due=due, health=store.health, clock=clock)
    task = asyncio.create_task(duty)

    facts: list[Fact] = []
    async with asyncio.timeout(10):
        for turn in range(3):
            await news(store, 10 + turn)
            clock.move(1)
            due.set()
            while not facts or facts[0].at != NOON + turn + 1:
                facts = list(await store.health.facts())

    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert (facts[0].subject, facts[0].red) == ("checkpoint", True)
    assert f"{key} is missing" in facts[0].note
    faults = [each.content for each in await store.ledger.read(0, 20) if each.kind is Kind.FAULT]
    assert await store.ledger.size() == 7
    assert [each.stage for each in faults if isinstance(each, Faulted)] == ["checkpoint"]
