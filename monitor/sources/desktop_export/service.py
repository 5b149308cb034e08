"""What does a service message of an export tell, in a few words? Pure. The same words as Telegram's own objects give."""

from typing import Any

from monitor.sources.desktop_export.words import rows, said
from monitor.sources.strict import Unfit

_PHRASES = {
    "create_channel": "channel created",
    "create_group": "group created",
    "edit_group_title": "title changed",
    "edit_group_photo": "photo changed",
    "delete_group_photo": "photo deleted",
    "migrate_from_group": "group became a channel",
    "group_call_scheduled": "call scheduled",
}
_ASIDE = (
    "id", "type", "date", "date_unixtime", "edited", "edited_unixtime", "actor", "actor_id", "action", "text",
    "text_entities", "title", "photo", "photo_file_size", "width", "height", "media_spoiler", "reactions",
    "inline_bot_buttons", "from", "from_id",
)  # fmt: skip
"""Keys that are no detail of what is told."""


def told_by(keys: dict[str, Any]) -> str:
    """`channel created: TITLE`, `title changed: …`, `pinned 12`; else the words of the action and what it says. `Unfit` for one
    that names no action."""
    action = keys.get("action")
    if action is None and "information_text" in keys:
        return ": ".join(("notice", *said(keys["information_text"])))
    if not isinstance(action, str) or not action:
        raise Unfit("action: is missing; nobody knows what this service message tells")
    match action:
        case "pin_message":
            post = keys.get("message_id")
            return f"pinned {post}" if type(post) is int else "pinned"
        case "group_call":
            duration = keys.get("duration")
            return f"call ended after {duration} s" if type(duration) is int and duration else "call started"
        case "set_messages_ttl":
            period = keys.get("period")
            return f"posts vanish after {period} s" if type(period) is int and period else "posts no longer vanish"
    phrase = _PHRASES.get(action) or action.replace("_", " ")
    return ": ".join((phrase, *said(keys.get("title")), *filter(None, ["; ".join(_details(keys))])))


def _details(keys: dict[str, Any]) -> list[str]:
    """What else it says, each as `key value`."""
    found = []
    for key, value in keys.items():
        if key in _ASIDE:
            continue
        words = ", ".join(each for part in rows(value) or [value] for each in _shown(part))
        if words:
            found.append(f"{key.replace('_', ' ')} {words}")
    return found


def _shown(value: Any) -> tuple[str, ...]:
    match value:
        case bool():
            return ("yes" if value else "no",)
        case int() | float():
            return (str(value),)
        case dict():
            return said(value.get("text"))
    return said(value)
