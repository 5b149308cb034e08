"""How does a client find a channel, look at it, join and leave it?"""

from typing import Any

from telethon.tl import types
from telethon.tl.functions import channels, contacts

from monitor.model.channel import CHANNEL_ID_BASE
from monitor.rehearsal.api import scribe
from monitor.rehearsal.api.call import Call, Rejected
from monitor.rehearsal.api.updates import notice


def resolve_username(call: Call) -> Any:
    who, state = call.account, call.world.find(call.request.username)
    if state is None or state.gone:
        raise Rejected("USERNAME_NOT_OCCUPIED")
    found = scribe.channel_as_seen(call.world, who, state)
    return types.contacts.ResolvedPeer(types.PeerChannel(state.bare), chats=[found], users=[])


def get_channels(call: Call) -> Any:
    return types.messages.Chats([_seen(call, each) for each in call.request.id])


def get_full_channel(call: Call) -> Any:
    state = call.channel(call.request.channel)
    full = types.ChannelFull(
        id=state.bare,
        about=state.about,
        read_inbox_max_id=0,
        read_outbox_max_id=0,
        unread_count=0,
        chat_photo=types.PhotoEmpty(0),
        notify_settings=types.PeerNotifySettings(),
        bot_info=[],
        pts=state.pts,
        participants_count=state.members,
        available_min_id=state.available_from - 1 or None,
    )
    return types.messages.ChatFull(full, chats=[_seen(call, call.request.channel)], users=[])


def join_channel(call: Call) -> Any:
    state = call.channel(call.request.channel)
    call.account.joined.add(state.id)
    return types.messages.ChatInviteJoinResultOk(notice(call.world, call.account, state.id))


def leave_channel(call: Call) -> Any:
    state = call.channel(call.request.channel)
    if state.id not in call.account.joined:
        raise Rejected("USER_NOT_PARTICIPANT")
    call.account.joined.discard(state.id)
    return notice(call.world, call.account, state.id)


def get_participant(call: Call) -> Any:
    state, who = call.channel(call.request.channel), call.account
    if call.marked(call.request.participant) != who.id or state.id not in who.joined:
        raise Rejected("USER_NOT_PARTICIPANT")
    myself = types.ChannelParticipantSelf(who.id, inviter_id=who.id, date=call.seconds)
    chats = [scribe.channel_as_seen(call.world, who, state)]
    return types.channels.ChannelParticipant(myself, chats=chats, users=[scribe.user(who, me=True)])


def _seen(call: Call, named: Any) -> Any:
    """A channel, or a group that this bot may write to."""
    chat = call.world.chats.get(CHANNEL_ID_BASE - getattr(named, "channel_id", 0))
    if chat is not None and call.account.bot:
        return scribe.chat_as_seen(chat)
    return scribe.channel_as_seen(call.world, call.account, call.channel(named))


METHODS = {
    contacts.ResolveUsernameRequest: resolve_username,
    channels.GetChannelsRequest: get_channels,
    channels.GetFullChannelRequest: get_full_channel,
    channels.JoinChannelRequest: join_channel,
    channels.LeaveChannelRequest: leave_channel,
    channels.GetParticipantRequest: get_participant,
}
