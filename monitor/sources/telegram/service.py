"""What does a service message of a channel tell, in a few words? Pure."""

from typing import Any

from telethon.tl import types

from monitor.sources.telegram.media import in_words

_PHRASES = {
    types.MessageActionChannelCreate: "channel created",
    types.MessageActionChatEditTitle: "title changed",
    types.MessageActionChatEditPhoto: "photo changed",
    types.MessageActionChatDeletePhoto: "photo deleted",
    types.MessageActionChannelMigrateFrom: "group became a channel",
    types.MessageActionGroupCallScheduled: "call scheduled",
    types.MessageActionPinMessage: "pinned",
    types.MessageActionCustomAction: "notice",
}


def told_by(message: Any) -> str:
    """`channel created: TITLE`, `title changed: …`, `pinned 12`; else the words of the action's name, and what it says."""
    action = message.action
    kind = type(action)
    phrase = _PHRASES.get(kind) or in_words(kind.__name__.removeprefix("MessageAction"), " ")
    if kind is types.MessageActionPinMessage:
        post = getattr(message.reply_to, "reply_to_msg_id", None)
        return f"{phrase} {post}" if post else phrase
    if kind is types.MessageActionGroupCall:
        return "call started" if action.duration is None else f"call ended after {action.duration} s"
    if kind is types.MessageActionSetMessagesTTL:
        return f"posts vanish after {action.period} s" if action.period else "posts no longer vanish"
    said = getattr(action, "title", None) or getattr(action, "message", None)
    said = said if said is None or isinstance(said, str) else getattr(said, "text", None)
    return f"{phrase}: {said}" if said else phrase
