"""What Telegram's pushes and differences tell about the channels we watch. Pure.

Only channels on the list are read. Private chats, groups and the service chat (777000, where Telegram sends login codes) are
passed over before anything of them is looked at: whoever could read those codes in our ledger could take the account.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from telethon.tl import types

from monitor.model.channel import CHANNEL_ID_BASE, Identity
from monitor.model.instant import Instant
from monitor.model.record import Draft, Gone, Source
from monitor.ports import Batch, Step
from monitor.sources.telegram.message import draft

Watched = Mapping[int, Identity]
"""The channels on the list, by Telegram's bare id."""
_PRIVATE = (
    types.UpdateNewMessage,
    types.UpdateEditMessage,
    types.UpdateDeleteMessages,
    types.UpdateShortMessage,
    types.UpdateShortChatMessage,
    types.UpdateServiceNotification,
    types.UpdateNewEncryptedMessage,
)


def read(objects: Iterable[Any], *, watched: Watched, observed_at: Instant) -> Batch:
    """The pushes as observations, in the order in which they came."""
    drafts: list[Draft] = []
    steps: list[Step] = []
    behind: dict[Identity, None] = {}
    changed: dict[Identity, None] = {}
    for pushed in objects:
        if isinstance(pushed, types.UpdatesTooLong):
            behind.update(dict.fromkeys(watched.values()))
        elif isinstance(pushed, (types.Updates, types.UpdatesCombined)):
            for update in pushed.updates:
                _read_one(update, watched, Source.PUSH, observed_at, drafts, steps, behind, changed)
        elif isinstance(pushed, types.UpdateShort):
            _read_one(pushed.update, watched, Source.PUSH, observed_at, drafts, steps, behind, changed)
    return Batch(tuple(drafts), tuple(steps), tuple(behind), tuple(changed))


def private(objects: Iterable[Any]) -> int:
    """How many of the pushes are about private messages, groups and the service chat. Nothing but their kind is looked at."""
    count = 0
    for pushed in objects:
        told = getattr(pushed, "updates", None) or [getattr(pushed, "update", pushed)]
        count += sum(type(update) in _PRIVATE for update in told)
    return count


def read_difference(answer: Any, *, watched: Watched, observed_at: Instant, channel: Identity) -> tuple[Draft, ...]:
    """What a channel difference brings: the new posts as they read now, then what happened to others, each with its own counter."""
    drafts = [
        draft(message, channel=channel, source=Source.POLL, observed_at=observed_at, counter=answer.pts)
        for message in answer.new_messages
    ]
    for update in answer.other_updates:
        _read_one(update, watched, Source.POLL, observed_at, drafts, [], {}, {})
    return tuple(drafts)


def identities(chats: Iterable[Any], *, watched: Watched) -> dict[int, Identity]:
    """The watched channels that are called otherwise now than in `watched`, by bare id."""
    changed = {}
    for chat in chats:
        known = watched.get(chat.id)
        if known is None or not isinstance(chat, types.Channel) or chat.min:
            continue
        seen = identity(chat)
        if seen != known:
            changed[chat.id] = seen
    return changed


def identity(chat: types.Channel) -> Identity:
    """A channel as it shows itself. Of several usernames the first active one counts."""
    names = [chat.username, *(name.username for name in chat.usernames or () if name.active)]
    return Identity(id=CHANNEL_ID_BASE - chat.id, username=next(filter(None, names), None), title=chat.title)


def _read_one(
    update: Any,
    watched: Watched,
    source: Source,
    observed_at: Instant,
    drafts: list[Draft],
    steps: list[Step],
    behind: dict[Identity, None],
    changed: dict[Identity, None],
) -> None:
    kind = type(update)
    if kind is types.UpdateNewChannelMessage or kind is types.UpdateEditChannelMessage:
        channel = watched.get(getattr(update.message.peer_id, "channel_id", 0))
        if channel is None:
            return
        edit, message = kind is types.UpdateEditChannelMessage, update.message
        seen = draft(message, channel=channel, source=source, observed_at=observed_at, edit=edit, counter=update.pts)
        drafts.append(seen)
    else:
        channel = watched.get(getattr(update, "channel_id", 0))
        if channel is None:
            return
        if kind is types.UpdateDeleteChannelMessages:
            gone = Gone(method="push", first_missing_at=observed_at)
            drafts += [
                Draft(content=gone, channel=channel, post=post, observed_at=observed_at, source=source)
                for post in update.messages
            ]
        elif kind in (types.UpdateChannelTooLong, types.UpdateChannel, types.UpdateChannelAvailableMessages):
            behind[channel] = None
            if kind is not types.UpdateChannelTooLong:
                changed[channel] = None
    pts_count = getattr(update, "pts_count", None)
    if pts_count:
        steps.append(Step(channel, update.pts - pts_count, update.pts))
