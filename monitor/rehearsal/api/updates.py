"""What happened since: the answers to updates.get… and the pushes."""

from collections.abc import Sequence
from typing import Any

import msgspec
from telethon.tl import types
from telethon.tl.functions import updates

from monitor.model.instant import SECOND
from monitor.rehearsal.account import Account, Letter
from monitor.rehearsal.api.call import Call, Rejected
from monitor.rehearsal.api.history import account_state, dialog, newest
from monitor.rehearsal.api.scribe import Scribe, channel_as_seen, user
from monitor.rehearsal.channel import ChannelState, Event
from monitor.rehearsal.world import World

_ASK_AGAIN = 30
"""Seconds after which a client that looks at an unjoined channel should ask again."""


def get_state(call: Call) -> Any:
    return account_state(call)


def get_difference(call: Call) -> Any:
    """Of joined channels that moved since the client's date it says only that: updateChannelTooLong."""
    who, since = call.account, call.request.date
    after = 0 if since is None else int(since.timestamp())
    moved = [
        state
        for state in call.world.channels
        if state.id in who.joined and state.events and state.events[-1].at // SECOND >= after
    ]
    if not moved and call.request.pts == who.pts:
        return types.updates.DifferenceEmpty(call.seconds, seq=1)
    letters = [said for said in who.letters if said.pts > call.request.pts]
    others: list[Any] = [types.UpdateChannelTooLong(state.bare, state.pts) for state in moved]
    return types.updates.Difference(
        new_messages=[_message(said) for said in letters if said.text is not None],
        new_encrypted_messages=[],
        other_updates=[_private(said) for said in letters if said.text is None] + others,
        chats=call.scribe.channels(who, moved, []),
        users=_people(who, letters),
        state=account_state(call),
    )


def get_channel_difference(call: Call) -> Any:
    """Every new post as it reads now, and edits and deletions of older ones, up to as many as are told at a time.

    Edits and deletions keep their own counters, as when they were pushed. A post that was deleted since is only told as
    deleted, one that was edited since only as new (https://core.telegram.org/api/updates).
    """
    state, request = call.channel(call.request.channel), call.request
    if request.pts < 1 or request.pts > state.pts:
        raise Rejected("PERSISTENT_TIMESTAMP_INVALID" if request.pts > 0 else "PERSISTENT_TIMESTAMP_EMPTY")
    if call.met.too_long or state.behind(request.pts) > call.world.too_long:
        return _too_long(call, state)
    events = state.after(request.pts, max(1, min(request.limit, call.world.told_at_once)))
    if not events or call.withheld(state):
        return types.updates.ChannelDifferenceEmpty(state.pts, final=True, timeout=_ASK_AGAIN)
    fresh = {event.ids[0] for event in events if event.kind == "published"}
    new = [state.posts[post] for post in sorted(fresh) if post in state.posts]
    others = _others(state, events, fresh)
    return types.updates.ChannelDifference(
        pts=events[-1].pts,
        new_messages=[call.scribe.message(state, revision) for revision in new],
        other_updates=[call.scribe.update(event) for event in others],
        chats=call.scribe.channels(call.account, [state], [*new, *_revisions(others)]),
        users=[],
        final=events[-1].pts == state.pts,
        timeout=_ASK_AGAIN,
    )


def push(world: World, scribe: Scribe, account: Account, events: Sequence[Event]) -> Any:
    """What happened in joined channels, as one packet."""
    states = {event.channel: world.channels[event.channel] for event in events}
    return types.Updates(
        updates=[scribe.update(event) for event in events],
        users=[],
        chats=scribe.channels(account, states.values(), _revisions(events)),
        date=world.seconds(),
        seq=0,
    )


def notice(world: World, account: Account, channel: int) -> Any:
    """Look at this channel again: how it is now comes with it."""
    state = world.channels[channel]
    return types.Updates(
        updates=[types.UpdateChannel(state.bare)],
        users=[],
        chats=[channel_as_seen(world, account, state)],
        date=world.seconds(),
        seq=0,
    )


def letter(world: World, account: Account, said: Letter) -> Any:
    """A private message to the account, or the deletion of some, with the account's own counter."""
    return types.Updates(
        updates=[_private(said)],
        users=_people(account, [said]),
        chats=[],
        date=world.seconds(),
        seq=0,
    )


def login_token_scanned(world: World) -> Any:
    return types.UpdateShort(types.UpdateLoginToken(), world.seconds())


def _private(said: Letter) -> Any:
    if said.text is None:
        return types.UpdateDeleteMessages(list(said.ids), said.pts, len(said.ids))
    return types.UpdateNewMessage(_message(said), said.pts, 1)


def _message(said: Letter) -> Any:
    sender = types.PeerUser(said.sender)
    return types.Message(said.id, sender, date=said.date // SECOND, message=said.text or "", from_id=sender)


def _people(account: Account, letters: Sequence[Letter]) -> list[Any]:
    others = {said.sender for said in letters if said.text is not None}
    return [user(account, me=True), *(types.User(id=id, access_hash=id, first_name=str(id)) for id in sorted(others))]


def _too_long(call: Call, state: ChannelState) -> Any:
    return types.updates.ChannelDifferenceTooLong(
        dialog=dialog(state),
        messages=newest(call, state, 10),
        chats=call.scribe.channels(call.account, [state], []),
        users=[],
        final=True,
        timeout=_ASK_AGAIN,
    )


def _others(state: ChannelState, events: Sequence[Event], fresh: set[int]) -> list[Event]:
    """Deletions, and the last edit of each older post that is still there, as it reads now."""
    last = {event.ids[0]: event.pts for event in events if event.kind == "edited"}
    told = []
    for event in events:
        post = event.ids[0]
        if event.kind == "deleted":
            told.append(event)
        elif event.pts == last.get(post) and post in state.posts and post not in fresh:
            told.append(msgspec.structs.replace(event, revision=state.posts[post]))
    return told


def _revisions(events: Sequence[Event]) -> list[Any]:
    return [event.revision for event in events if event.revision is not None]


METHODS = {
    updates.GetStateRequest: get_state,
    updates.GetDifferenceRequest: get_difference,
    updates.GetChannelDifferenceRequest: get_channel_difference,
}
