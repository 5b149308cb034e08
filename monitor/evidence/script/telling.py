"""What does a record say, by the bytes that were hashed? The fields are those of the monitor's own export."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta, timezone
from typing import Any

KINDS = [
    "published",
    "edited",
    "deleted",
    "gap",
    "blind",
    "access",
    "identity",
    "media",
    "context",
    "match",
    "alert",
    "review",
    "config",
    "custody",
    "checkpoint",
    "hold",
    "erased",
    "fault",
    "clock",
]
SOURCES = [None, "push", "poll", "backfill", "preview", "import"]
NEEDED = object()
FIELDS: dict[str, dict[str, Any]] = {
    "deleted": {"last_seen_at": None, "first_missing_at": None, "method": NEEDED, "looks": 1, "cause": None},
    "gap": {"first": NEEDED, "last": NEEDED, "standing": NEEDED},
    "blind": {"since": NEEDED, "until": NEEDED, "reason": NEEDED},
    "access": {"standing": NEEDED, "account": NEEDED, "reason": ""},
    "media": {
        "medium": NEEDED,
        "file": NEEDED,
        "standing": NEEDED,
        "size": None,
        "sha256": None,
        "bytes": 0,
        "reason": "",
    },
    "alert": dict.fromkeys(["key", "alert", "subscriber", "story", "record", "state", "attempts"], NEEDED)
    | {"reason": ""},
    "review": dict.fromkeys(["subject", "story", "aspect", "verdict", "reason", "by"], NEEDED),
    "config": {"version": NEEDED, "files": NEEDED, "editions": NEEDED, "channels": {}},
    "custody": {"action": NEEDED, "subject": NEEDED, "by": NEEDED, "note": "", "proof": b""},
    "checkpoint": {"note": NEEDED},
    "hold": dict.fromkeys(["standing", "subject", "reason", "by"], NEEDED) | {"story": ""},
    "erased": dict.fromkeys(["reason", "by", "records"], NEEDED) | {"media": [], "shared": []},
    "fault": {"stage": NEEDED, "reason": NEEDED, "record": None, "raw": b"", "story": ""},
    "clock": {"standing": NEEDED, "reason": NEEDED, "ahead": None},
}
"""What a content says, and what it means where it does not say it."""
TOLD = {"published", "edited", "identity", "context", "match", *FIELDS}
"""Kinds whose contents are read; of others only that they are what was hashed is said."""
MATCH = dict.fromkeys(["record", "story", "edition", "priority", "spans"], NEEDED) | {"why": [], "truncated": False}
SPAN = ["start", "end", "text", "name", "kind", "term", "story", "field"]
TIMES = ["since", "until", "last_seen_at", "first_missing_at", "edited_at", "expires_at", "date"]
REST = ["album", "author", "buttons", "service", "restricted", "expires_at", "edited_at", "implausible"]
GIVEN = {
    "entities": ["kind", "offset", "length", "url", "language", "document", "user"],
    "media": ["kind", "id", "mime", "size", "file_name", "width", "height", "seconds", "url", "texts", "sha256"],
    "forward": ["channel", "post", "name", "author", "date"],
    "reply_to": ["post", "channel", "quote"],
}


def rfc3339(at: Any) -> Any:
    try:
        whole = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=at)  # noqa: UP017 Python 3.9
    except OverflowError:
        return at
    return whole.isoformat()[:19] + (f".{at % 1000:03d}Z" if at % 1000 else "Z")


def plain(values: dict[str, Any]) -> dict[str, Any]:
    """Times as text, bytes in base64."""
    return {
        key: rfc3339(each)
        if key in TIMES and isinstance(each, int)
        else base64.b64encode(each).decode()
        if isinstance(each, bytes)
        else each
        for key, each in values.items()
    }


def identity(found: Any) -> Any:
    return None if found is None else {key: found.get(key) for key in ("id", "username", "title")}


def given(what: str, found: Any) -> Any:
    if found is None:
        return None
    said = {key: each for key in GIVEN[what] if (each := found.get(key)) not in (None, [], "")}
    return plain(said) | ({"channel": identity(said["channel"])} if "channel" in said else {})


def raw(found: Any) -> Any:
    if found is None:
        return None
    said = {"format": found["format"], "layer": found.get("layer"), "exact": found.get("exact", False)}
    try:
        if found["format"] != "tl":
            return said | {"text": found["data"].decode()}
    except UnicodeDecodeError:
        pass
    return said | {"data": base64.b64encode(found["data"]).decode()}


def of_post(post: Any) -> dict[str, Any]:
    said: dict[str, Any] = {"text": post.get("text", "")}
    said |= {what: [given(what, each) for each in post.get(what, [])] for what in ("entities", "media")}
    said |= {what: given(what, post.get(what)) for what in ("forward", "reply_to")} | {"raw": raw(post.get("raw"))}
    return said | plain({key: post[key] for key in REST if post.get(key)})


def filled(fields: dict[str, Any], content: Any) -> dict[str, Any]:
    return {key: content[key] if usual is NEEDED else content.get(key, usual) for key, usual in fields.items()}


def told(kind: str, content: Any) -> dict[str, Any]:
    """What a record says beside what its header does, from its content."""
    if kind in ("published", "edited"):
        return of_post(content["post"]) | {key: True for key in ("edit", "quiet") if content.get(key)}
    if kind == "identity":
        return {"identity": identity(content["identity"]), "was": identity(content.get("was"))}
    if kind == "context":
        said = {"of": content["of"], "how": content["how"], "reason": content.get("reason", "")}
        return said | (of_post(content["post"]) if content.get("post") is not None else {})
    if kind == "match":
        spans = [
            {key: each[key] for key in SPAN if key != "field" or each[key] != "text"}
            for each in content["match"]["spans"]
        ]
        return filled(MATCH, content["match"]) | {"spans": spans}
    return plain(filled(FIELDS[kind], content))


def written(value: Any) -> Any:
    """As JSON has it: whole numbers that not every reader holds are text."""
    if isinstance(value, dict):
        return {str(key): written(each) for key, each in value.items()}
    if isinstance(value, list):
        return [written(each) for each in value]
    return str(value) if isinstance(value, int) and not -(2**53) <= value <= 2**53 else value
