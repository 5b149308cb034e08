"""What may go out of an account is what docs/security.md says, what the door lets through, and what a server receives."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from collecting import PHONE, a_source
from installation import BOT, CHAT, Installation
from telethon.tl import functions, types
from terminal import in_a_terminal

from monitor.ports import Store
from monitor.rehearsal import Server
from monitor.stores.sqlite.store import SqliteStore, open_store
from monitor.telegram.client import connected
from monitor.telegram.requests import LISTED, Unlisted, require_listed

PAGE = (Path(__file__).parent.parent / "docs" / "security.md").read_text("utf-8")
FLAGGED = "Взрыв на Крымском мосту"


def written() -> dict[str, set[str]]:
    """The table of the page: for each role the requests that it may send."""
    rows = re.findall(r"^\| `([a-z]+\.[A-Za-z]+)` \|([^|]*)\|([^|]*)\|([^|]*)\|", PAGE, re.MULTILINE)
    return {
        role: {method for method, *cells in rows if cells[place].strip()}
        for place, role in enumerate(("collect", "login", "bot"))
    }


def test_the_page_lists_what_the_door_lets_through() -> None:
    assert written() == {role: set(methods) for role, methods in LISTED.items()}


@pytest.mark.timeout(240)  # an account looks who is signed in to it when it has run for a minute
async def test_a_server_receives_nothing_else_over_the_whole_life_of_an_installation(
    telegram: Server, tmp_path: Path
) -> None:
    world = telegram.world
    world.add_channel("bridge_news")
    world.add_channel("harbour_news")
    world.add_account(PHONE, joined=["bridge_news"], password="hunter2")
    world.add_bot(BOT)
    world.add_chat(CHAT, "The desk")
    world.publish("bridge_news", "The bridge stands.")
    installation = Installation(tmp_path, port=telegram.port, public_key=telegram.public_key)
    installation.write(
        channels=["bridge_news", "harbour_news"], bot=True, collect='poll_seconds = 1\nreread = ["1s", "2s"]'
    )

    async with in_a_terminal(installation.config, "login", "--phone") as terminal:
        await terminal.until("Phone number.*: ")
        terminal.press_enter_after(PHONE)
        await terminal.until("Code that Telegram sent.*: ")
        terminal.press_enter_after(world.code)
        await terminal.until("Password.*: ")
        terminal.press_enter_after("hunter2")
        await terminal.until("is signed in as")
        await terminal.ended()
    signing_in = {call.method for call in telegram.calls.log}
    telegram.calls.log.clear()
    async with open_store(installation.store) as store, installation.running():
        await until_met(store, 2)
        world.publish("bridge_news", FLAGGED)
        await asyncio.wait_for(telegram.calls.wait("messages.sendMessage"), 60)
        world.edit("bridge_news", 3, "It was nothing.")
        telegram.faults.swallow(3)
        for number in range(3):
            world.publish("bridge_news", f"Not pushed, {number}.")
        telegram.faults.drop()  # it connects again
        posts = telegram.calls.count("updates.getChannelDifference")
        await asyncio.wait_for(telegram.calls.wait("updates.getChannelDifference", times=posts + 1), 60)
        await asyncio.wait_for(telegram.calls.wait("account.getAuthorizations"), 90)

    by = {who: {call.method for call in telegram.calls.log if call.account == who} for who in (PHONE, BOT, None)}
    assert signing_in <= LISTED["login"]
    assert {"auth.signIn", "auth.checkPassword"} <= signing_in
    assert by[PHONE] <= LISTED["collect"]
    assert by[BOT] | (by[None] or set()) <= LISTED["bot"]
    assert {"messages.getPeerDialogs", "messages.getHistory"} <= by[PHONE]


async def until_met(store: SqliteStore, count: int) -> None:
    """Returns when another process has met so many channels."""
    async with asyncio.timeout(60):
        while len([contact for contact in await store.peers.contacts() if contact.pts]) < count:
            await asyncio.sleep(0.05)


def unwanted() -> list[Any]:
    """What a client of Telegram's own sends and a monitor never must."""
    channel, peer, me = types.InputChannel(7, 7), types.InputPeerChannel(7, 7), types.InputUserSelf()
    return [
        functions.messages.GetMessagesViewsRequest(peer, [2], increment=True),
        functions.messages.ReadHistoryRequest(peer, 2),
        functions.channels.ReadHistoryRequest(channel, 2),
        functions.channels.ReadMessageContentsRequest(channel, [2]),
        functions.messages.SendReactionRequest(peer, 2),
        functions.messages.SetTypingRequest(peer, types.SendMessageTypingAction()),
        functions.account.UpdateStatusRequest(offline=False),
        functions.channels.JoinChannelRequest(channel),
        functions.channels.LeaveChannelRequest(channel),
        functions.messages.ImportChatInviteRequest("hash"),
        functions.messages.SendMessageRequest(peer, "hello"),
        functions.messages.ForwardMessagesRequest(peer, [2], peer),
        functions.messages.GetBotCallbackAnswerRequest(peer, 2),
        functions.messages.SendVoteRequest(peer, 2, [b"0"]),
        functions.contacts.GetContactsRequest(0),
        functions.contacts.ImportContactsRequest([]),
        functions.account.UpdateProfileRequest(first_name="x"),
        functions.account.DeleteAccountRequest("x"),
        functions.auth.ResetAuthorizationsRequest(),
        functions.auth.AcceptLoginTokenRequest(b"x"),
        functions.updates.GetDifferenceRequest(1, None, 1),
        functions.users.GetUsersRequest([types.InputUser(777000, 1)]),
        functions.users.GetUsersRequest([me, types.InputUser(777000, 1)]),
        functions.users.GetFullUserRequest(me),
    ]


@pytest.mark.parametrize("request_", unwanted(), ids=lambda each: type(each).__name__)
async def test_anything_else_raises_before_a_byte_of_it_leaves(
    telegram: Server, store: Store, tmp_path: Path, request_: Any
) -> None:
    telegram.world.add_account(PHONE)
    access = (await a_source(telegram, store, tmp_path))._access
    async with connected(access) as client:
        asked = len(telegram.calls.log)
        for call in (request_, [request_], functions.InvokeWithoutUpdatesRequest(request_)):
            with pytest.raises(Unlisted):
                await client(call)
            with pytest.raises(Unlisted):
                await client._sender.send(call)
        await client(functions.help.GetConfigRequest())

        assert [call.method for call in telegram.calls.log][asked:] == ["help.getConfig"]


async def test_no_role_but_collecting_goes_to_another_data_centre_for_files(
    telegram: Server, store: Store, tmp_path: Path
) -> None:
    telegram.world.add_account(PHONE)
    access = (await a_source(telegram, store, tmp_path))._access
    async with connected(access, role="bot") as client:
        doors = len(telegram.peers)

        with pytest.raises(Unlisted):
            await client._borrow_exported_sender(telegram.dc)
        with pytest.raises(Unlisted):
            await client._get_cdn_client(None)

        assert len(telegram.peers) == doors


def test_what_the_library_says_about_a_connection_itself_may_go_out() -> None:
    for said in (functions.PingRequest(1), types.MsgsAck([1])):
        require_listed(said, "collect")
