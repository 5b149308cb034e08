"""A roster"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from carrying import Clock
from collecting import a_collector, a_source

from monitor.errors import Unavailable
from monitor.model.channel import Identity
from monitor.model.instant import MINUTE, SECOND
from monitor.model.record import Access, Kind
from monitor.ports import Store
from monitor.rehearsal import Server
from monitor.rehearsal.mishaps import ban, hand_over, withhold
from monitor.stages.collect import Collector
from monitor.stages.roster import AWAY, Roster

PHONES = {"one": "+9996610001", "two": "+9996610002"}
CHANNELS = ("bridge_news", "harbour_news")


class AtWork:
    """Two accounts that do nothing by themselves."""

    def __init__(self, roster: Roster, collectors: Sequence[Collector], store: Store) -> None:
        self.roster = roster
        self.collectors = {each.source.account: each for each in collectors}
        self.store = store

    def who(self) -> dict[str, list[str]]:
        """Which channels each account reads."""
        return {
            name: sorted(channel.name for channel in each.source.channels) for name, each in self.collectors.items()
        }

    async def poll(self) -> None:
        for each in self.collectors.values():
            await each.poll(each.source.channels)

    async def told(self) -> list[tuple[str, str]]:
        records = await self.store.ledger.read(0, 1_000)
        return [
            (each.channel.name, each.said.text) for each in records if each.channel and each.said and each.said.text
        ]

    async def accesses(self) -> list[tuple[str, str]]:
        records = await self.store.ledger.read(0, 1_000)
        return [(each.content.account, each.content.standing) for each in records if isinstance(each.content, Access)]


@asynccontextmanager
async def at_work(telegram: Server, store: Store, folder: Path, clock: Clock) -> AsyncIterator[AtWork]:
    sources = [
        await a_source(telegram, store, folder, account=name, phone=phone, clock=clock)
        for name, phone in PHONES.items()
    ]
    collectors = [a_collector(each, store, clock, first_history=100, recorded=lambda: None) for each in sources]
    roster = Roster(
        collectors,
        None,
        channels=[Identity(username=name) for name in CHANNELS],
        ledger=store.ledger,
        peers=store.peers,
        health=store.health,
        clock=clock,
        recorded=lambda: None,
    )
    for each in collectors:
        await each.load()
    async with sources[0].asked(), sources[1].asked():
        yield AtWork(roster, collectors, store)


@pytest.fixture
def both(telegram: Server) -> Server:
    """Each account has joined one channel; both could read the other as well."""
    for name in CHANNELS:
        telegram.world.add_channel(name)
    telegram.world.add_account(PHONES["one"], joined=["harbour_news"])
    telegram.world.add_account(PHONES["two"], joined=["bridge_news"])
    return telegram


async def test_deals_each_channel_to_the_account_that_has_joined_it(
    both: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with at_work(both, store, tmp_path, clock) as two:
        await two.roster.deal()
        await two.poll()

        assert two.who() == {"one": ["harbour_news"], "two": ["bridge_news"]}
    assert both.calls.count("contacts.resolveUsername") == 0


async def test_col_41_moves_a_channel_that_the_law_of_one_country_withholds(
    both: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with at_work(both, store, tmp_path, clock) as two:
        await two.roster.deal()
        await two.poll()
        both.world.publish("bridge_news", "Before.")
        await two.poll()
        withhold(both.world, PHONES["two"], "bridge_news", reason="unavailable in your country")
        both.world.publish("bridge_news", "Meanwhile.")

        await two.poll()
        await two.roster.deal()
        await two.poll()

        assert two.who() == {"one": ["bridge_news", "harbour_news"], "two": []}
        assert [text for _, text in await two.told()] == ["Before.", "Meanwhile."]
        assert await two.accesses() == [("two", "restricted")]
        assert await store.ledger.missing(Identity(username="bridge_news"), first=1, last=3, limit=9) == []
        kinds = {record.kind for record in await store.ledger.read(0, 1_000)}
        assert not kinds & {Kind.GAP, Kind.DELETED}


async def test_moves_a_channel_that_one_account_was_thrown_out_of(
    both: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with at_work(both, store, tmp_path, clock) as two:
        await two.roster.deal()
        await two.poll()
        ban(both.world, PHONES["two"], "bridge_news")
        both.world.publish("bridge_news", "Meanwhile.")

        await two.poll()
        await two.roster.deal()
        await two.poll()

        assert two.who()["one"] == ["bridge_news", "harbour_news"]
        assert await two.told() == [("bridge_news", "Meanwhile.")]


async def test_moves_everything_away_from_an_account_that_was_signed_out(
    both: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with at_work(both, store, tmp_path, clock) as two:
        await two.roster.deal()
        await two.poll()
        both.faults.unregister(PHONES["two"])
        both.world.publish("bridge_news", "Meanwhile.")

        await two.poll()
        await two.roster.deal()
        await two.poll()

        assert two.who()["one"] == ["bridge_news", "harbour_news"]
        assert await two.told() == [("bridge_news", "Meanwhile.")]


async def test_col_24_a_channel_that_moves_stays_the_same_though_its_name_is_anothers_by_now(
    both: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    wanted = both.world.channel("bridge_news").id
    async with at_work(both, store, tmp_path, clock) as two:
        await two.roster.deal()
        await two.poll()
        both.world.add_channel("impostor")
        hand_over(both.world, "bridge_news", to="impostor")
        both.world.publish(both.world.channel("bridge_news").id, "I am the bridge.")
        both.faults.unregister(PHONES["two"])

        await two.poll()
        await two.roster.deal()
        await two.poll()

        assert "I am the bridge." not in [text for _, text in await two.told()]
        assert {held.identity.id for held in await store.ledger.held()} == {
            wanted,
            both.world.channel("harbour_news").id,
        }


async def test_gives_an_account_without_a_connection_a_while(
    both: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with at_work(both, store, tmp_path, clock) as two:
        await two.roster.deal()
        two.collectors["two"].source.away_since = clock.now()  # type: ignore[misc]

        clock.move(AWAY - SECOND)
        await two.roster.deal()
        assert two.who() == {"one": ["harbour_news"], "two": ["bridge_news"]}

        clock.move(SECOND)
        await two.roster.deal()
        assert two.who() == {"one": ["bridge_news", "harbour_news"], "two": []}


async def test_leaves_a_channel_that_nobody_may_see_with_somebody_who_asks_again(
    both: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with at_work(both, store, tmp_path, clock) as two:
        await two.roster.deal()
        for phone in PHONES.values():
            ban(both.world, phone, "bridge_news")
        for _ in range(3):
            await two.poll()
            await two.roster.deal()

        assert sorted(name for names in two.who().values() for name in names) == ["bridge_news", "harbour_news"]
        facts = {fact.subject: fact for fact in await store.health.facts() if fact.part == "channel"}
        assert facts["bridge_news"].red

        clock.move(61 * MINUTE)
        both.world.account(PHONES["one"]).banned.clear()
        both.world.account(PHONES["two"]).banned.clear()
        both.world.publish("bridge_news", "Here again.")
        for _ in range(3):
            await two.poll()
            await two.roster.deal()
        assert await two.told() == [("bridge_news", "Here again.")]


async def test_says_who_can_be_asked_about_a_channel(both: Server, store: Store, tmp_path: Path, clock: Clock) -> None:
    async with at_work(both, store, tmp_path, clock) as two:
        await two.roster.deal()
        await two.poll()
        [held] = [each for each in await store.ledger.held() if each.identity.username == "bridge_news"]

        assert two.roster.reader_of(held.identity) is two.collectors["two"].source
        assert two.roster.reader_of(Identity(id=-1009999999999)) is None
        await asyncio.sleep(0)


async def test_asks_nobody_and_forgets_nothing_before_anybody_has_found_a_channel(
    both: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with at_work(both, store, tmp_path, clock) as two:
        with pytest.raises(Unavailable, match="nobody has found"):
            two.roster.reader_of(Identity(username="bridge_news"))
        with pytest.raises(Unavailable, match="nobody has found"):  # it may be one of them, under another name
            two.roster.reader_of(Identity(id=-1001234567890, username="as_it_was_called"))
        assert two.roster.watches(Identity(id=5, username="Bridge_News"))
        assert not two.roster.watches(Identity(username="elsewhere"))


async def test_lets_go_of_a_channel_that_was_known_by_its_name_alone(
    both: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    both.world.account(PHONES["two"]).joined.clear()  # it is found by looking its name up
    async with at_work(both, store, tmp_path, clock) as two:
        for _ in range(3):
            await two.roster.deal()
            await two.poll()
        reader = next(name for name, channels in two.who().items() if "bridge_news" in channels)
        both.faults.unregister(PHONES[reader])
        for _ in range(3):
            await two.poll()
            await two.roster.deal()

        assert two.who()[reader] == []


async def test_news_that_another_source_saw_first_stays_news(
    both: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with at_work(both, store, tmp_path, clock) as two:
        await two.collectors["two"].adopt([Identity(username="bridge_news")])
        await two.poll()
        both.world.publish("bridge_news", "News.")
        two.collectors["one"].source.watch([Identity(username="bridge_news")])

        await two.collectors["one"].poll(two.collectors["one"].source.channels)

        [said] = [each for each in await store.ledger.read(0, 1_000) if each.said and each.said.text]
        assert not said.content.quiet
