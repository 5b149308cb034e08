"""How does Telegram put the world's facts into its own objects?"""

import struct
from collections.abc import Iterable
from typing import Any

from telethon.tl import types

from monitor.model.channel import CHANNEL_ID_BASE
from monitor.model.instant import SECOND
from monitor.model.post import Forward, Markup
from monitor.rehearsal.account import Account, Chat
from monitor.rehearsal.api.attachments import attached
from monitor.rehearsal.channel import ChannelState, Event, Revision
from monitor.rehearsal.mtproto.objects import Written
from monitor.rehearsal.world import World

_REMEMBERED = 50_000

_ENTITIES = {
    "bold": types.MessageEntityBold,
    "italic": types.MessageEntityItalic,
    "underline": types.MessageEntityUnderline,
    "strike": types.MessageEntityStrike,
    "spoiler": types.MessageEntitySpoiler,
    "code": types.MessageEntityCode,
    "blockquote": types.MessageEntityBlockquote,
    "url": types.MessageEntityUrl,
    "mention": types.MessageEntityMention,
    "hashtag": types.MessageEntityHashtag,
    "cashtag": types.MessageEntityCashtag,
    "email": types.MessageEntityEmail,
    "phone": types.MessageEntityPhone,
    "bot_command": types.MessageEntityBotCommand,
    "bank_card": types.MessageEntityBankCard,
}
_KINDS = {kind: name for name, kind in _ENTITIES.items()}


class Scribe:
    """Writes posts once each and remembers them, for a burst is shown to many and read again soon."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._written: dict[tuple[int, int, int, int], Written] = {}

    def message(self, channel: ChannelState, revision: Revision) -> Written:
        key = (channel.id, revision.id, revision.number, channel.files_epoch if revision.media else 0)
        found = self._written.get(key)
        if found is None:
            if len(self._written) >= _REMEMBERED:
                self._written.clear()
            found = self._written[key] = Written(bytes(_message(self._world, channel, revision)))
        return found

    def update(self, event: Event) -> Written:
        """The event as it is pushed."""
        channel = self._world.channels[event.channel]
        if event.revision is None:
            gone = types.UpdateDeleteChannelMessages(channel.bare, list(event.ids), event.pts, event.pts_count)
            return Written(bytes(gone))
        kind = types.UpdateEditChannelMessage if event.kind == "edited" else types.UpdateNewChannelMessage
        head = struct.pack("<I", kind.CONSTRUCTOR_ID)
        tail = struct.pack("<ii", event.pts, event.pts_count)
        return Written(b"".join((head, self.message(channel, event.revision).data, tail)))

    def channels(self, account: Account, channels: Iterable[ChannelState], revisions: Iterable[Revision]) -> list[Any]:
        """The channels themselves and those that the posts name as their source, as this account sees them."""
        wanted = {channel.id: channel for channel in channels}
        for revision in revisions:
            for named in (revision.forward, revision.reply_to):
                source = named.channel.id if named and named.channel else None
                if source is not None and source in self._world.channels:
                    wanted[source] = self._world.channels[source]
        return [channel_as_seen(self._world, account, channel) for channel in wanted.values()]


def channel_as_seen(world: World, account: Account, channel: ChannelState) -> Any:
    access_hash = world.access_hash(account, channel)
    if channel.id in account.banned or channel.gone:
        return types.ChannelForbidden(channel.bare, access_hash, channel.title, broadcast=True)
    return types.Channel(
        id=channel.bare,
        title=channel.title,
        photo=types.ChatPhotoEmpty(),
        date=channel.created // SECOND,
        left=channel.id not in account.joined,
        broadcast=True,
        access_hash=access_hash,
        username=channel.username,
        participants_count=channel.members,
        restriction_reason=_restriction(account.withheld.get(channel.id)),
        restricted=channel.id in account.withheld,
    )


def user(account: Account, *, me: bool) -> Any:
    return types.User(
        id=account.id,
        is_self=me,
        bot=account.bot,
        bot_info_version=1 if account.bot else None,
        access_hash=account.id,
        first_name=account.name,
        phone=account.phone,
    )


def chat_as_seen(chat: Chat) -> Any:
    """A chat that a bot writes to: a person, a small group or a supergroup, by its marked id."""
    if chat.id > 0:
        return types.User(id=chat.id, access_hash=chat.id, first_name=chat.title)
    if chat.id > CHANNEL_ID_BASE:
        return types.Chat(-chat.id, chat.title, types.ChatPhotoEmpty(), participants_count=2, date=0, version=1)
    bare = CHANNEL_ID_BASE - chat.id
    return types.Channel(bare, chat.title, types.ChatPhotoEmpty(), date=0, megagroup=True, access_hash=bare)


def peer(marked: int) -> Any:
    if marked > 0:
        return types.PeerUser(marked)
    return types.PeerChat(-marked) if marked > CHANNEL_ID_BASE else types.PeerChannel(CHANNEL_ID_BASE - marked)


def entity(mark: Markup) -> Any:
    """ValueError for a kind of mark that Telegram does not have."""
    match mark.kind:
        case "text_url":
            return types.MessageEntityTextUrl(mark.offset, mark.length, mark.url or "")
        case "pre":
            return types.MessageEntityPre(mark.offset, mark.length, mark.language or "")
        case "custom_emoji":
            return types.MessageEntityCustomEmoji(mark.offset, mark.length, mark.document or 0)
        case "mention_name":
            return types.MessageEntityMentionName(mark.offset, mark.length, mark.user or 0)
        case kind if kind in _ENTITIES:
            return _ENTITIES[kind](mark.offset, mark.length)
        case kind:
            raise ValueError(f"no mark of the kind {kind}")


def markup(entity: Any) -> Markup:
    """The same the other way, for what accounts send."""
    match entity:
        case types.MessageEntityTextUrl():
            return Markup("text_url", entity.offset, entity.length, url=entity.url)
        case types.MessageEntityPre():
            return Markup("pre", entity.offset, entity.length, language=entity.language)
        case _:
            return Markup(_KINDS.get(type(entity), "unknown"), entity.offset, entity.length)


def _message(world: World, channel: ChannelState, revision: Revision) -> Any:
    if revision.service is not None:
        return types.MessageService(
            id=revision.id,
            peer_id=types.PeerChannel(channel.bare),
            date=revision.date // SECOND,
            post=True,
            action=_action(revision),
        )
    return types.Message(
        id=revision.id,
        peer_id=types.PeerChannel(channel.bare),
        date=revision.date // SECOND,
        message=revision.text,
        post=True,
        edit_hide=revision.hidden_edit,
        noforwards=revision.noforwards,
        fwd_from=_forward(revision.forward),
        reply_to=_reply(revision),
        media=attached(channel, revision),
        entities=[entity(mark) for mark in revision.entities] or None,
        views=revision.views,
        forwards=revision.shares,
        edit_date=None if revision.edited_at is None else revision.edited_at // SECOND,
        post_author=revision.author,
        grouped_id=revision.album,
        restriction_reason=_restriction(revision.restricted),
        ttl_period=revision.ttl,
    )


def _action(revision: Revision) -> Any:
    match revision.service:
        case "created":
            return types.MessageActionChannelCreate(revision.text)
        case "title":
            return types.MessageActionChatEditTitle(revision.text)
        case "pinned":
            return types.MessageActionPinMessage()
        case other:
            return types.MessageActionCustomAction(other or "")


def _forward(forward: Forward | None) -> Any:
    if forward is None:
        return None
    source = forward.channel.id if forward.channel else None
    return types.MessageFwdHeader(
        date=(forward.date or 0) // SECOND,
        from_id=None if source is None else peer(source),
        from_name=forward.name,
        channel_post=forward.post,
        post_author=forward.author,
    )


def _reply(revision: Revision) -> Any:
    reply = revision.reply_to
    if reply is None:
        return None
    elsewhere = reply.channel.id if reply.channel else None
    return types.MessageReplyHeader(
        reply_to_msg_id=reply.post,
        reply_to_peer_id=None if elsewhere is None else peer(elsewhere),
        quote=True if reply.quote else None,
        quote_text=reply.quote,
    )


def _restriction(reason: str | None) -> Any:
    return None if reason is None else [types.RestrictionReason("all", "terms", reason)]
