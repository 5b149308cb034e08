"""What happened since: the answers to updates.get… and the pushes."""

from collections.abc import Sequence
from typing import Any

import msgspec
from telethon.tl import types
from telethon.tl.functions import updates

from monitor.model.instant import SECOND
from monitor.rehearsal.account import Account
from monitor.rehearsal.api.call import Call, Rejected
from monitor.rehearsal.api.history import account_state, dialog, newest
from monitor.rehearsal.api.scribe import Scribe, channel_as_seen
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
        for state in call.world.channels.values()
        if state.id in who.joined and state.events and state.events[-1].at // SECOND >= after
    ]
    if not moved and call.request.pts == who.pts:
        return types.updates.DifferenceEmpty(call.seconds, seq=1)
    return types.updates.Difference(
        new_messages=[],
        new_encrypted_messages=[],
        other_updates=[types.UpdateChannelTooLong(state.bare, state.pts) for state in moved],
        chats=call.scribe.channels(who, moved, []),
        users=[],
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
    if call.too_long or state.behind(request.pts) > call.world.too_long:
        return _too_long(call, state)
    events = state.after(request.pts, max(1, min(request.limit, call.world.slice)))
    if not events:
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
