"""What stands in a channel: its history, single posts, and which channels moved?"""

from collections.abc import Sequence
from typing import Any

from telethon.tl import types
from telethon.tl.functions import channels, messages

from monitor.model.channel import CHANNEL_ID_BASE
from monitor.model.instant import SECOND
from monitor.model.post import PostId
from monitor.rehearsal.api.call import Call, Rejected
from monitor.rehearsal.api.scribe import peer
from monitor.rehearsal.channel import ChannelState

MOST = 100
"""Posts, ids or peers in one request: what Telegram gives at a time."""


def get_history(call: Call) -> Any:
    request, state = call.request, call.channel(call.request.peer)
    since = request.offset_date
    page = state.page(
        offset_id=request.offset_id,
        offset_date=0 if since is None else int(since.timestamp()) * SECOND,
        add_offset=request.add_offset,
        limit=min(request.limit, MOST),
        max_id=request.max_id,
        min_id=request.min_id,
    )
    return _posts(call, state, [] if call.withheld(state) else page, count=len(state.ids))


def get_messages(call: Call) -> Any:
    """The posts with these ids; messageEmpty for one that is not there."""
    state = call.channel(call.request.channel)
    ids = [int(each.id) for each in call.request.id if hasattr(each, "id")]
    return _posts(call, state, ids[:MOST], count=len(ids))


def get_peer_dialogs(call: Call) -> Any:
    if len(call.request.peers) > MOST:
        raise Rejected("LIMIT_INVALID")
    states = [call.channel(each.peer) for each in call.request.peers]
    dialogs, tops, chats = _dialogs(call, states)
    return types.messages.PeerDialogs(dialogs, tops, chats, users=[], state=account_state(call))


def get_dialogs(call: Call) -> Any:
    """The joined channels after that of `offset_peer`, those where something was said last first."""
    world, who, request = call.world, call.account, call.request
    joined = [state for state in world.channels if state.id in who.joined and not state.gone]
    joined.sort(key=lambda state: (state.posts[state.top].date if state.ids else 0, state.id), reverse=True)
    last = CHANNEL_ID_BASE - getattr(request.offset_peer, "channel_id", 0)
    rest = joined[next((place for place, state in enumerate(joined, 1) if state.id == last), 0) :]
    shown = rest[: min(request.limit, MOST)]
    dialogs, tops, chats = _dialogs(call, shown)
    if len(shown) == len(joined):
        return types.messages.Dialogs(dialogs, tops, chats, users=[])
    return types.messages.DialogsSlice(len(joined), dialogs, tops, chats, users=[])


def account_state(call: Call) -> Any:
    """The counters of the account itself; those of channels are each channel's own."""
    return types.updates.State(pts=call.account.pts, qts=0, date=call.seconds, seq=1, unread_count=0)


def dialog(state: ChannelState) -> Any:
    return types.Dialog(
        peer=types.PeerChannel(state.bare),
        top_message=state.top,
        read_inbox_max_id=0,
        read_outbox_max_id=0,
        unread_count=0,
        unread_mentions_count=0,
        unread_reactions_count=0,
        unread_poll_votes_count=0,
        notify_settings=types.PeerNotifySettings(),
        pts=state.pts,
    )


def newest(call: Call, state: ChannelState, count: int) -> list[Any]:
    """The channel's newest posts as messages, newest first."""
    if call.withheld(state):
        return []
    return [call.scribe.message(state, state.posts[post]) for post in reversed(state.ids[-count:])]


def _dialogs(call: Call, states: Sequence[ChannelState]) -> tuple[list[Any], list[Any], list[Any]]:
    tops = [message for state in states for message in newest(call, state, 1)]
    revisions = [state.posts[state.top] for state in states if state.ids]
    return [dialog(state) for state in states], tops, call.scribe.channels(call.account, states, revisions)


def _posts(call: Call, state: ChannelState, ids: Sequence[PostId], *, count: int) -> Any:
    if call.met.keep is not None:
        ids = ids[: call.met.keep]
    shown = {} if call.met.blank or call.withheld(state) else state.posts
    there = [shown[post] for post in ids if post in shown]
    return types.messages.ChannelMessages(
        pts=state.pts,
        count=count,
        messages=[
            call.scribe.message(state, shown[post]) if post in shown else types.MessageEmpty(post, peer(state.id))
            for post in ids
        ],
        topics=[],
        chats=call.scribe.channels(call.account, [state], there),
        users=[],
    )


METHODS = {
    messages.GetHistoryRequest: get_history,
    channels.GetMessagesRequest: get_messages,
    messages.GetPeerDialogsRequest: get_peer_dialogs,
    messages.GetDialogsRequest: get_dialogs,
}
