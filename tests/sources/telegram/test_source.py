"""A Telegram account that is asked about its channels"""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from carrying import Clock
from collecting import PHONE, a_source

from monitor.errors import Unavailable
from monitor.model.channel import Identity
from monitor.model.instant import SECOND
from monitor.ports import Contact, NoContact, Store
from monitor.rehearsal import Server
from monitor.rehearsal.mishaps import ban, hand_over, make_private, unban, withhold
from monitor.sources.telegram.directory import LOOK_UPS
from monitor.sources.telegram.source import TelegramSource
from monitor.telegram.errors import SignedOut

CHANNELS = ("bridge_news", "harbour_news", "port_news")


@pytest.fixture
def news(telegram: Server) -> Server:
    """Three channels with a post each; the account has joined them."""
    telegram.world.add_account(PHONE)
    for name in CHANNELS:
        telegram.world.add_channel(name)
        telegram.world.join(PHONE, name)
        telegram.world.publish(name, f"News of {name}.")
    return telegram


@pytest.fixture
def strangers(news: Server) -> Server:
    """The same, and the account has joined none of them."""
    news.world.account(PHONE).joined.clear()
    return news


async def standings(source: TelegramSource) -> dict[str, str]:
    """What a look at all channels finds: `seen`, or why not."""
    return {
        answer.channel.name: "seen" if isinstance(answer, Contact) else answer.standing
        for answer in await source.contact(source.channels)
    }


# ------------------------------------------------------------------------------------------------------- finding channels


async def test_finds_a_joined_channel_by_its_id_and_learns_its_username(
    news: Server, store: Store, tmp_path: Path
) -> None:
    id = news.world.channel("bridge_news").id
    source = await a_source(news, store, tmp_path, str(id))

    async with source.asked():
        assert [(found.id, found.username) for found in source.channels] == [(id, "bridge_news")]
        assert await standings(source) == {"bridge_news": "seen"}


async def test_finds_a_channel_that_has_no_username_at_all(telegram: Server, store: Store, tmp_path: Path) -> None:
    telegram.world.add_channel("-1001044298783", "Quiet")
    telegram.world.add_account(PHONE, joined=["-1001044298783"])
    source = await a_source(telegram, store, tmp_path, "-1001044298783")

    async with source.asked():
        assert source.channels == (Identity(-1001044298783, None, "Quiet"),)


async def test_reads_the_list_of_joined_channels_once_for_all_that_are_named_by_id(
    telegram: Server, store: Store, tmp_path: Path
) -> None:
    ids = [telegram.world.add_channel(f"channel_{number}").id for number in range(150)]
    telegram.world.add_account(PHONE, joined=ids)
    source = await a_source(telegram, store, tmp_path, *map(str, ids))

    async with source.asked():
        assert {channel.id for channel in source.channels} == set(ids)

    assert telegram.calls.count("messages.getDialogs") == 2


async def test_says_that_a_channel_named_by_an_id_must_be_joined(news: Server, store: Store, tmp_path: Path) -> None:
    id = news.world.channel("bridge_news").id
    news.world.leave(PHONE, "bridge_news")
    source = await a_source(news, store, tmp_path, str(id))

    async with source.asked():
        (answer,) = await source.contact(source.channels)

    assert isinstance(answer, NoContact)
    assert (answer.standing, answer.channel.id) == ("lost", id)
    assert "join" in answer.reason


async def test_looks_up_no_name_of_a_channel_that_is_joined(news: Server, store: Store, tmp_path: Path) -> None:
    source = await a_source(news, store, tmp_path, *CHANNELS)

    async with source.asked():
        assert set((await standings(source)).values()) == {"seen"}

    assert news.calls.count("messages.getDialogs") == 1
    assert news.calls.count("contacts.resolveUsername") == 0


async def test_looks_a_name_up_once_and_never_again_after_a_restart(
    strangers: Server, store: Store, tmp_path: Path
) -> None:
    for _ in range(2):
        source = await a_source(strangers, store, tmp_path, *CHANNELS)
        async with source.asked():
            assert set((await standings(source)).values()) == {"seen"}

    assert strangers.calls.count("contacts.resolveUsername") == len(CHANNELS)


async def test_looks_up_no_more_names_a_day_for_having_been_started_again(
    strangers: Server, store: Store, tmp_path: Path
) -> None:
    names = [f"stranger_{number}" for number in range(LOOK_UPS)]
    for name in names:
        strangers.world.add_channel(name)
    source = await a_source(strangers, store, tmp_path, *names)
    async with source.asked():
        assert set((await standings(source)).values()) == {"seen"}

    source = await a_source(strangers, store, tmp_path, *CHANNELS)
    async with source.asked():
        assert set((await standings(source)).values()) == {"waiting"}

    assert strangers.calls.count("contacts.resolveUsername") == LOOK_UPS


async def test_looks_a_name_up_once_when_it_is_asked_meanwhile(strangers: Server, store: Store, tmp_path: Path) -> None:
    hold = strangers.faults.hold("contacts.resolveUsername", times=1)
    source = await a_source(strangers, store, tmp_path, *CHANNELS)
    batches = source.observations()
    watching = asyncio.ensure_future(anext(batches))
    await strangers.calls.wait("contacts.resolveUsername")

    asking = asyncio.ensure_future(standings(source))
    await asyncio.sleep(0)
    hold.release()
    await watching

    assert set((await asking).values()) == {"seen"}
    assert strangers.calls.count("contacts.resolveUsername") == len(CHANNELS)
    await batches.aclose()


async def test_stays_with_the_channel_when_its_username_is_handed_to_another(
    strangers: Server, store: Store, tmp_path: Path
) -> None:
    before = strangers.world.channel("bridge_news").id
    source = await a_source(strangers, store, tmp_path, "bridge_news")
    async with source.asked():
        await standings(source)
        strangers.world.add_channel("impostor")
        hand_over(strangers.world, "bridge_news", to="impostor")
        await standings(source)
        assert [(channel.id, channel.username) for channel in source.channels] == [(before, None)]

    source = await a_source(strangers, store, tmp_path, "bridge_news")
    async with source.asked():
        await standings(source)

        assert [(channel.id, channel.username) for channel in source.channels] == [(before, None)]
    assert strangers.calls.count("contacts.resolveUsername") == 1


async def test_goes_by_the_id_where_the_username_beside_it_is_somebody_elses(
    news: Server, store: Store, tmp_path: Path
) -> None:
    wanted = news.world.channel("bridge_news").id
    news.world.add_channel("impostor")
    hand_over(news.world, "bridge_news", to="impostor")
    source = await a_source(news, store, tmp_path, Identity(id=wanted, username="bridge_news"))

    async with source.asked():
        await standings(source)

        assert [(channel.id, channel.username) for channel in source.channels] == [(wanted, None)]


async def test_a_flood_of_look_ups_at_the_start_leaves_the_known_channels_alone(
    strangers: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with (await a_source(strangers, store, tmp_path, "bridge_news")).asked():
        pass  # it is known from here on
    strangers.faults.flood("contacts.resolveUsername", 66_230, times=None)
    source = await a_source(strangers, store, tmp_path, *CHANNELS, clock=clock)

    async with source.asked():
        found = await standings(source)
        await standings(source)

    assert found == {"bridge_news": "seen", "harbour_news": "waiting", "port_news": "waiting"}
    assert (
        strangers.calls.count("contacts.resolveUsername") == 2
    )  # the one of before, and the one that was told to wait


# ------------------------------------------------------------------------------------------------- channels and their access


async def test_one_channel_that_became_private_leaves_the_others_seen(
    news: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    source = await a_source(news, store, tmp_path, *CHANNELS, clock=clock)
    async with source.asked():
        await standings(source)
        ban(news.world, PHONE, "harbour_news")

        assert await standings(source) == {"bridge_news": "seen", "harbour_news": "lost", "port_news": "seen"}


async def test_a_private_channel_does_not_cost_a_question_for_each_of_the_others(
    telegram: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    names = [f"channel_{number}" for number in range(64)]
    for name in names:
        telegram.world.add_channel(name)
    telegram.world.add_account(PHONE, joined=names)
    make_private(telegram.world, "channel_7")
    telegram.world.leave(PHONE, telegram.world.channel("channel_8").id)
    source = await a_source(telegram, store, tmp_path, *(name for name in names if name != "channel_7"), clock=clock)
    async with source.asked():
        await standings(source)
        make_private(telegram.world, "channel_8")
        await standings(source)
        asked = len(telegram.calls.log)
        await standings(source)

    assert len(telegram.calls.log) - asked <= 2


async def test_sees_a_channel_again_that_lets_it_in_again(
    news: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    source = await a_source(news, store, tmp_path, *CHANNELS, clock=clock)
    async with source.asked():
        ban(news.world, PHONE, "harbour_news")
        assert (await standings(source))["harbour_news"] == "lost"
        unban(news.world, PHONE, "harbour_news")
        clock.move(3600 * SECOND)

        assert (await standings(source))["harbour_news"] == "seen"


async def test_a_channel_whose_posts_are_withheld_by_law_is_restricted(
    news: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    source = await a_source(news, store, tmp_path, *CHANNELS, clock=clock)
    async with source.asked():
        withhold(news.world, PHONE, "harbour_news", reason="blocked by a court")

        assert await standings(source) == {"bridge_news": "seen", "harbour_news": "restricted", "port_news": "seen"}


# -------------------------------------------------------------------------------------------------------- floods and silence


async def test_asks_nothing_of_a_method_before_its_pause_is_over_and_other_things_meanwhile(
    news: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    source = await a_source(news, store, tmp_path, *CHANNELS, clock=clock)
    async with source.asked():
        bridge = source.channels[0]
        news.faults.flood("messages.getHistory", 3)  # Telethon itself minds no pause as short as this
        for _ in range(5):
            with pytest.raises(Unavailable) as told:
                await source.history(bridge, limit=10, after=0)
            assert told.value.wait
        assert news.calls.count("messages.getHistory") == 1
        assert set((await standings(source)).values()) == {"seen"}
        clock.move(3 * SECOND)

        page = await source.history(bridge, limit=10, after=0)

    assert [draft.post for draft in page.drafts] == [1, 2]


async def test_remembers_the_pause_over_a_new_connection(
    news: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    source = await a_source(news, store, tmp_path, *CHANNELS, clock=clock)
    news.faults.flood("messages.getHistory", 300)
    for _ in range(3):
        async with source.asked():
            with pytest.raises(Unavailable):
                await source.history(source.channels[0], limit=10, after=0)

    assert news.calls.count("messages.getHistory") == 1


@pytest.mark.parametrize(
    "error", ["SESSION_REVOKED", "AUTH_KEY_UNREGISTERED", "USER_DEACTIVATED_BAN", "AUTH_KEY_DUPLICATED"]
)
async def test_an_account_that_was_signed_out_asks_nothing_more(
    news: Server, store: Store, tmp_path: Path, clock: Clock, error: str
) -> None:
    source = await a_source(news, store, tmp_path, *CHANNELS, clock=clock)
    batches = source.observations()
    await anext(batches)
    news.faults.unregister(PHONE, error=error)
    with pytest.raises(SignedOut):
        await source.contact(source.channels)
    asked = len(news.calls.log)

    for channel in source.channels:
        for question in questions(source, channel):
            with pytest.raises((SignedOut, Unavailable)):
                await question()
    with pytest.raises(StopAsyncIteration):
        await anext(batches)
    with pytest.raises((SignedOut, Unavailable)):
        await source.contact(source.channels)

    assert len(news.calls.log) == asked
    assert source.signed_out
    assert error in source.state


async def test_a_server_that_accepts_and_never_answers_is_an_outage(
    news: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    source = await a_source(news, store, tmp_path, *CHANNELS, clock=clock, patience=1)
    batches = source.observations()
    await anext(batches)
    news.faults.black_hole()

    with pytest.raises(Unavailable):
        await source.contact(source.channels)

    assert source.state != "connected"
    news.faults.black_hole(on=False)
    blind = (await anext(batches)).drafts  # it has connected again by itself
    assert [each.channel.username for each in blind] == [*CHANNELS]
    assert all(each.content.reason for each in blind)
    assert set((await standings(source)).values()) == {"seen"}
    await batches.aclose()


# ------------------------------------------------------------------------------------------------------------------ history


async def test_a_page_that_comes_short_is_not_the_beginning_of_the_channel(
    news: Server, store: Store, tmp_path: Path
) -> None:
    for number in range(20):
        news.world.publish("bridge_news", f"Post {number}.")
    source = await a_source(news, store, tmp_path, "bridge_news")
    async with source.asked():
        news.faults.shorten("messages.getHistory", 3)

        page = await source.history(source.channels[0], before=22, limit=10)
        first = await source.history(source.channels[0], before=1, limit=10)

    assert [draft.post for draft in page.drafts] == [19, 20, 21]
    assert (page.more, first.more) == (True, False)


async def test_posts_above_one_that_came_short_are_not_given_out_as_all_there_are(
    news: Server, store: Store, tmp_path: Path
) -> None:
    for number in range(20):
        news.world.publish("bridge_news", f"Post {number}.")
    source = await a_source(news, store, tmp_path, "bridge_news")
    async with source.asked():
        news.faults.shorten("messages.getHistory", 3)

        with pytest.raises(Unavailable):
            await source.history(source.channels[0], after=5, limit=10)

        page = await source.history(source.channels[0], after=5, limit=10)

    assert [draft.post for draft in page.drafts] == list(range(6, 16))


def questions(source: TelegramSource, channel: Identity) -> list[Callable[[], object]]:
    """Everything that a source can be asked about a channel."""
    return [
        lambda: source.difference(channel, pts=1),
        lambda: source.history(channel, limit=10, after=1),
        lambda: source.look(channel, [1]),
        lambda: source.contact([channel]),
    ]


async def test_an_error_of_the_servers_is_told_at_once(
    news: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    source = await a_source(
        news, store, tmp_path, "bridge_news", clock=clock, patience=1
    )  # Telethon sleeps for two seconds
    async with source.asked():
        news.faults.fail("messages.getHistory", "RPC_CALL_FAIL")

        with pytest.raises(Unavailable, match="RPC_CALL_FAIL"):
            await source.history(source.channels[0], limit=10)
