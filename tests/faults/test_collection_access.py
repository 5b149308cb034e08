"""Collecting from channels that an account cannot see, or not any longer (COL-05, COL-36, COL-41, COL-42)"""

from pathlib import Path

from carrying import Clock
from collecting import PHONE
from installation import BOT, CHAT, Installation
from tending import FLAGGED, asked, pushed, sound, until

from monitor.model.instant import HOUR, MINUTE
from monitor.model.record import Access, Kind
from monitor.ports import Peer, Store
from monitor.rehearsal import Server, sign_in
from monitor.rehearsal.mishaps import ban, unban, withhold
from monitor.stores.sqlite.store import SqliteStore, open_store

OTHER = "+9996600002"
RESOLVE, JOINED = "contacts.resolveUsername", "messages.getDialogs"


# ----------------------------------------------------------------------------------------------------------- thrown out


async def test_col_05_a_channel_that_is_lost_is_told_in_one_poll_and_asked_for_every_hour(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    bridge.world.publish("bridge_news", "Seen.")
    async with asked(bridge, store, tmp_path, "bridge_news", "harbour_news", clock=clock) as at_work:
        await at_work.poll()
        ban(bridge.world, PHONE, "bridge_news")
        clock.move(MINUTE)
        await at_work.poll()

        (access,) = await at_work.contents(Kind.ACCESS)
        assert (access.standing, access.account) == ("lost", "reader-1")
        assert "CHANNEL_PRIVATE" in access.reason
        assert (await at_work.red()).keys() == {"bridge_news"}

        asked_for = _calls(bridge, "bridge_news")
        for _ in range(59):
            clock.move(MINUTE)
            await at_work.poll()
            await at_work.look()
            assert (await at_work.red()).keys() == {"bridge_news"}
        assert (
            _calls(bridge, "bridge_news") - asked_for <= 1
        )  # a look at a post, that is refused, and due again in an hour
        asked_for = _calls(bridge, "bridge_news")
        clock.move(MINUTE)
        await at_work.poll()
        assert _calls(bridge, "bridge_news") > asked_for

        assert len(await at_work.contents(Kind.ACCESS)) == 1
        assert not await at_work.contents(Kind.DELETED)
        await at_work.sound()


async def test_col_05_what_is_pushed_of_a_loss_is_recorded_at_once(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    async with pushed(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        ban(bridge.world, PHONE, "bridge_news")

        (record,) = await at_work.until_recorded(Kind.ACCESS)

        assert (record.channel.username, record.content.standing) == ("bridge_news", "lost")


async def test_col_05_a_channel_that_is_seen_again_after_a_restart_is_granted(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    bridge.world.publish("bridge_news", "Seen.")
    async with asked(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        await at_work.poll()
        ban(bridge.world, PHONE, "bridge_news")
        clock.move(MINUTE)
        await at_work.poll()
    async with asked(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        clock.move(MINUTE)
        await at_work.poll()
        assert [told.standing for told in await at_work.contents(Kind.ACCESS)] == ["lost"]
    unban(bridge.world, PHONE, "bridge_news")
    bridge.world.publish("bridge_news", "While it was lost.")
    async with asked(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        clock.move(HOUR)
        await at_work.poll()

        assert [told.standing for told in await at_work.contents(Kind.ACCESS)] == ["lost", "granted"]
        assert [record.said.text for record in await at_work.of_posts()] == ["Seen.", "While it was lost."]
        assert not await at_work.contents(Kind.DELETED)
        assert not await at_work.red()
        await at_work.sound()


async def test_col_05_the_operator_sees_it_in_the_status(bridge: Server, tmp_path: Path) -> None:
    installation = Installation(tmp_path, port=bridge.port, public_key=bridge.public_key)
    await sign_in(bridge, installation.session, PHONE)
    installation.write(channels=["bridge_news", "harbour_news"])
    async with open_store(installation.store) as store, installation.running():
        await until(lambda: _met(store, 2))
        ban(bridge.world, PHONE, "bridge_news")
        await until(lambda: _recorded(store, Access, "lost"))
        await until(lambda: _red(store, "bridge_news"))

        code, out, _ = await installation.command("status")

    assert code == 1
    assert any("bridge_news" in line and "CHANNEL_PRIVATE" in line for line in out.splitlines()), out


# --------------------------------------------------------------------------------------------------------- access hashes


async def test_col_36_access_hashes_are_kept_in_our_own_store(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    harbour = str(bridge.world.channel("harbour_news").id)
    async with asked(bridge, store, tmp_path, "bridge_news", harbour, clock=clock) as at_work:
        await at_work.poll()
    (tmp_path / "reader-1.session").unlink()  # signed in anew: the session remembers nothing
    bridge.faults.fail(RESOLVE, "USERNAME_NOT_OCCUPIED", times=None)
    bridge.faults.fail(JOINED, "RPC_CALL_FAIL", times=None)
    for name in ("bridge_news", "harbour_news"):
        bridge.world.publish(name, f"After the restart on {name}.")
    clock.move(MINUTE)
    async with asked(bridge, store, tmp_path, "bridge_news", harbour, clock=clock) as at_work:
        await at_work.poll()

        assert len(await at_work.of_posts()) == 2
        assert not await at_work.red()
        assert not await at_work.contents(Kind.ACCESS)


async def test_col_36_a_channel_without_access_hash_is_red_and_never_dropped_in_silence(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    hidden = bridge.world.add_channel("-1001999888777", "Known by its id, and not joined")
    async with asked(bridge, store, tmp_path, str(hidden.id), "bridge_news", clock=clock) as at_work:
        await at_work.poll()

        (access,) = await at_work.contents(Kind.ACCESS)
        assert access.standing == "lost"
        assert "no access hash" in access.reason
        assert "no access hash" in (await at_work.red())[str(hidden.id)]
        assert (await at_work.red()).keys() == {str(hidden.id)}
        bridge.world.join(PHONE, hidden.id)
        clock.move(HOUR)
        await at_work.poll()

        assert [told.standing for told in await at_work.contents(Kind.ACCESS)] == ["lost", "granted"]
        assert not await at_work.red()


async def test_col_36_an_access_hash_that_is_another_accounts_is_red(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    state = bridge.world.channel("bridge_news")
    stolen = bridge.world.access_hash(bridge.world.add_account(OTHER), state)
    await store.peers.keep([Peer("reader-1", "bridge_news", state.id, stolen)])
    async with asked(bridge, store, tmp_path, "bridge_news", "harbour_news", clock=clock) as at_work:
        await at_work.poll()

        (access,) = await at_work.contents(Kind.ACCESS)
        assert access.standing == "lost"
        assert "CHANNEL_INVALID" in access.reason
        assert (await at_work.red()).keys() == {"bridge_news"}


# ----------------------------------------------------------------------------------------------------------- restricted


async def test_col_41_a_post_that_may_not_be_forwarded_or_is_restricted_is_stored_with_its_text(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    kept = bridge.world.publish("bridge_news", "Not to be forwarded.", noforwards=True)
    restricted = bridge.world.publish("bridge_news", "Not for everybody.", restricted="This message is restricted.")
    async with asked(bridge, store, tmp_path, "bridge_news", clock=clock) as at_work:
        await at_work.poll()

        said = {record.post: record.said for record in await at_work.of_posts()}
        assert said[kept].text == "Not to be forwarded."
        assert said[restricted].text == "Not for everybody."
        assert "This message is restricted." in (said[restricted].restricted or "")
        assert not await at_work.red()


async def test_col_41_no_alert_is_a_forward(bridge: Server, tmp_path: Path) -> None:
    bridge.world.add_bot(BOT)
    bridge.world.add_chat(CHAT, "The desk")
    installation = Installation(tmp_path, port=bridge.port, public_key=bridge.public_key)
    await sign_in(bridge, installation.session, PHONE)
    installation.write(channels=["bridge_news"], bot=True)
    async with open_store(installation.store) as store, installation.running():
        await until(lambda: _met(store, 1))
        bridge.world.publish("bridge_news", FLAGGED, noforwards=True)

        async def sent() -> bool:
            return bool(bridge.world.sent)

        await until(sent)

    (alert,) = bridge.world.sent
    assert FLAGGED in alert.text
    assert bridge.calls.count("messages.forwardMessages") == 0


async def test_col_41_a_channel_that_is_withheld_from_the_account_is_restricted_and_neither_gap_nor_deletion(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    reason = "This channel is not available in your country."
    bridge.world.publish("bridge_news", "Seen.")
    async with asked(bridge, store, tmp_path, "bridge_news", "harbour_news", clock=clock) as at_work:
        await at_work.poll()
        withhold(bridge.world, PHONE, "bridge_news", reason=reason)
        bridge.world.publish("bridge_news", "Withheld.")
        before = len(await at_work.contents(Kind.GAP))
        for _ in range(70):
            clock.move(MINUTE)
            await at_work.poll()
            await at_work.look()

        assert await at_work.contents(Kind.ACCESS) == [Access("restricted", "reader-1", reason)]
        assert reason in (await at_work.red())["bridge_news"]
        assert "harbour_news" not in await at_work.red()
        assert not await at_work.contents(Kind.DELETED)
        assert len(await at_work.contents(Kind.GAP)) == before
        bridge.world.account(PHONE).withheld.clear()
        clock.move(HOUR)
        await at_work.poll()

        assert [told.standing for told in await at_work.contents(Kind.ACCESS)] == ["restricted", "granted"]
        assert [record.said.text for record in await at_work.of_posts()] == ["Seen.", "Withheld."]
        assert not await at_work.red()
        await at_work.sound()


async def test_col_41_another_account_takes_over_a_channel_that_is_withheld_from_one(
    bridge: Server, tmp_path: Path
) -> None:
    installation = await _with_two_accounts(bridge, tmp_path)
    async with open_store(installation.store) as store, installation.running():
        await until(lambda: _met(store, 2))
        for name in ("bridge_news", "harbour_news"):
            withhold(bridge.world, PHONE, name, reason="not here")
        for name in ("bridge_news", "harbour_news"):
            bridge.world.publish(name, f"Seen elsewhere on {name}.")

        await until(lambda: _said(store, "Seen elsewhere on bridge_news."))
        await until(lambda: _said(store, "Seen elsewhere on harbour_news."))

        records = await store.ledger.read(0, 1000)
        told = {(each.content.standing, each.content.account) for each in records if isinstance(each.content, Access)}
        assert ("restricted", "reader-1") in told
        assert all(account == "reader-1" for standing, account in told if standing == "restricted")
        assert not [each for each in records if each.kind is Kind.DELETED]

        async def green() -> bool:
            return not await _red(store, "bridge_news") and not await _red(store, "harbour_news")

        await until(green)
        await sound(store)


async def test_col_41_a_channel_that_no_account_may_see_is_red(bridge: Server, tmp_path: Path) -> None:
    installation = await _with_two_accounts(bridge, tmp_path)
    async with open_store(installation.store) as store, installation.running():
        await until(lambda: _met(store, 2))
        for account in (PHONE, OTHER):
            withhold(bridge.world, account, "bridge_news", reason="nowhere")
        bridge.world.publish("bridge_news", "Seen by nobody.")

        async def restricted() -> bool:
            records = await store.ledger.read(0, 1000)
            told = {each.content.account for each in records if isinstance(each.content, Access)}
            return told == {"reader-1", "reader-2"}

        await until(restricted)
        await until(lambda: _red(store, "bridge_news"))
        records = await store.ledger.read(0, 1000)
        assert not [each for each in records if each.kind is Kind.DELETED]
        assert not await _said(store, "Seen by nobody.")


async def _with_two_accounts(bridge: Server, tmp_path: Path) -> Installation:
    bridge.world.add_account(OTHER, joined=["bridge_news", "harbour_news"])
    installation = Installation(tmp_path, port=bridge.port, public_key=bridge.public_key)
    await sign_in(bridge, installation.session, PHONE)
    await sign_in(bridge, installation.session.with_name("reader-2.session"), OTHER)
    installation.write(channels=["bridge_news", "harbour_news"])
    with (installation.config / "monitor.toml").open("a") as file:
        file.write(
            '[[account]]\nname = "reader-2"\napi_id = 1\ncountry = "DE"\n'
            'api_hash_file = "secrets/api_hash"\nsession_file = "var/reader-2.session"\n'
        )
    return installation


# --------------------------------------------------------------------------------------------------------- the chat list


async def test_col_42_while_the_list_of_channels_cannot_be_had_those_that_are_known_are_watched(
    bridge: Server, store: Store, tmp_path: Path, clock: Clock
) -> None:
    known, new = (str(bridge.world.add_channel(f"-100199988877{each}").id) for each in range(2))
    for name in (known, new):
        bridge.world.join(PHONE, int(name))
    async with asked(bridge, store, tmp_path, known, clock=clock) as at_work:
        await at_work.poll()
    bridge.faults.fail(JOINED, "RPC_CALL_FAIL", times=None)
    for hour in range(3):
        async with asked(bridge, store, tmp_path, known, "bridge_news", new, clock=clock) as at_work:
            bridge.world.publish("bridge_news", f"Bridge {hour}.")
            bridge.world.publish(int(known), f"Known {hour}.")
            clock.move(MINUTE)
            await at_work.poll()

            assert len(await at_work.of_posts()) == 2 * (hour + 1)
            assert (await at_work.red()).keys() == {new}
            assert "RPC_CALL_FAIL" in (await at_work.red())[new]
            assert not await at_work.contents(Kind.ACCESS)
    bridge.faults.clear()
    async with asked(bridge, store, tmp_path, known, "bridge_news", new, clock=clock) as at_work:
        clock.move(HOUR)
        await at_work.poll()

        assert not await at_work.red()
        await at_work.sound()


def _calls(bridge: Server, channel: str) -> int:
    """How often anything was asked about the channel."""
    id = bridge.world.channel(channel).id
    return len([called for called in bridge.calls.log if id in called.channels])


async def _met(store: SqliteStore, count: int) -> bool:
    return len([each for each in await store.peers.contacts() if each.pts is not None]) >= count


async def _recorded(store: SqliteStore, kind: type, standing: str) -> bool:
    records = await store.ledger.read(0, 1000)
    return any(isinstance(each.content, kind) and each.content.standing == standing for each in records)


async def _red(store: SqliteStore, channel: str) -> bool:
    facts = await store.health.facts()
    return any(fact.red for fact in facts if (fact.part, fact.subject) == ("channel", channel))


async def _said(store: SqliteStore, words: str) -> bool:
    return any(record.said and record.said.text == words for record in await store.ledger.read(0, 1000))
