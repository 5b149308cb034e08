"""How does an account, a bot above all, say something?"""

from typing import Any

from telethon.tl import types
from telethon.tl.functions import messages

from monitor.model.channel import CHANNEL_ID_BASE
from monitor.rehearsal.account import Sent
from monitor.rehearsal.api import scribe
from monitor.rehearsal.api.call import Call, Rejected

LONGEST = 4_096
"""UTF-16 units in a message (https://core.telegram.org/method/messages.sendMessage, MESSAGE_TOO_LONG)."""


def send_message(call: Call) -> Any:
    """Accepted once for each `random_id`; again, it is RANDOM_ID_DUPLICATE and nothing is sent."""
    request, who = call.request, call.account
    chat = _chat(call, request.peer)
    _check(request.message)
    if request.random_id in who.random_ids:
        raise Rejected("RANDOM_ID_DUPLICATE")
    who.random_ids.add(request.random_id)
    sent = Sent(
        chat=chat,
        text=request.message,
        entities=tuple(scribe.markup(each) for each in request.entities or []),
        random_id=request.random_id,
        date=call.seconds * 1000,
        bot=who.name,
        id=len(call.world.sent) + 1,
    )
    call.world.accept(sent)
    if chat < CHANNEL_ID_BASE:
        confirmed = types.UpdateMessageID(sent.id, sent.random_id)
        return _updates(call, chat, [confirmed, types.UpdateNewChannelMessage(_message(call, sent), sent.id, 1)])
    who.pts += 1
    return types.UpdateShortSentMessage(
        id=sent.id, pts=who.pts, pts_count=1, date=call.seconds, out=True, entities=request.entities
    )


def edit_message(call: Call) -> Any:
    request = call.request
    chat = _chat(call, request.peer)
    before = next((each for each in call.world.sent if each.id == request.id and each.chat == chat), None)
    if before is None or before.bot != call.account.name:
        raise Rejected("MESSAGE_ID_INVALID")
    _check(request.message or "")
    latest = next((each for each in reversed(call.world.sent_edits) if each.id == before.id), before)
    if latest.text == request.message:
        raise Rejected("MESSAGE_NOT_MODIFIED")
    after = Sent(
        chat=chat,
        text=request.message or "",
        entities=tuple(scribe.markup(each) for each in request.entities or []),
        random_id=before.random_id,
        date=call.seconds * 1000,
        bot=before.bot,
        id=before.id,
    )
    call.world.sent_edits.append(after)
    if chat < CHANNEL_ID_BASE:
        return _updates(call, chat, [types.UpdateEditChannelMessage(_message(call, after), after.id, 0)])
    call.account.pts += 1
    return _updates(call, chat, [types.UpdateEditMessage(_message(call, after), call.account.pts, 1)])


def _chat(call: Call, named: Any) -> int:
    """The chat's marked id. Only a bot's chats, and oneself, can be written to."""
    chat, who = call.marked(named), call.account
    if chat == who.id or chat in call.world.chats:
        return chat
    raise Rejected("CHAT_WRITE_FORBIDDEN" if chat in call.world.channels else "PEER_ID_INVALID")


def _check(text: str) -> None:
    if not text:
        raise Rejected("MESSAGE_EMPTY")
    if len(text.encode("utf-16-le")) // 2 > LONGEST:
        raise Rejected("MESSAGE_TOO_LONG")


def _message(call: Call, sent: Sent) -> Any:
    return types.Message(
        id=sent.id,
        peer_id=scribe.peer(sent.chat),
        from_id=types.PeerUser(call.account.id),
        date=call.seconds,
        message=sent.text,
        out=True,
        entities=[scribe.entity(mark) for mark in sent.entities] or None,
    )


def _updates(call: Call, chat: int, updates: list[Any]) -> Any:
    there = call.world.chats.get(chat)
    seen = [scribe.chat_as_seen(there)] if there else []
    return types.Updates(
        updates=updates,
        users=[each for each in seen if isinstance(each, types.User)] + [scribe.user(call.account, me=True)],
        chats=[each for each in seen if not isinstance(each, types.User)],
        date=call.seconds,
        seq=0,
    )


METHODS = {messages.SendMessageRequest: send_message, messages.EditMessageRequest: edit_message}
