"""What can be said of every id of a channel, in words and for programs?"""

from collections.abc import Iterator
from typing import Any

import msgspec

from monitor.errors import Refused
from monitor.model.coverage import Coverage
from monitor.model.instant import SECOND, text
from monitor.ports import Store
from monitor.views.named import known_channel


async def covering(store: Store, name: str, *, limit: int = 20) -> Coverage:
    """Of the channel that is called so. `Refused` where the ledger knows none."""
    found = await store.ledger.coverage(await known_channel(store.ledger, name), limit=limit)
    if found is None:
        raise Refused(f"no post of a channel {name} is in the ledger")
    return found


def in_words(found: Coverage) -> Iterator[str]:
    """A sentence each: ids first, then times, access and names."""
    yield (
        f"ids 1 to {found.top:,}: {found.posts:,} posts recorded, {found.deleted:,} of them deleted since; {found.absent:,} were"
        f" not there when asked for; {found.unknown:,} unknown"
        if found.top > 0
        else "no post is recorded yet"
    )
    if found.begins > 1:
        yield f"what is older than {found.begins:,} was not asked for: {_ids(1, found.begins - 1)} declared unknown"
    if found.mark >= found.begins:
        yield f"accounted for, every one of them: {_ids(found.begins, found.mark)}"
    for first, last in found.gaps:
        if first >= found.begins:
            yield f"unknown: {_ids(first, last)}"
    if found.blind_windows:
        yield f"could not be seen {found.blind_windows:,} times, for {duration(found.blind_for)} in all"
    for window in found.blind:
        yield f"  {text(window.since)} to {text(window.until)}: {window.reason}"
    for access in found.access:
        because = f": {access.reason}" if access.reason else ""
        yield f"access of {access.account}: {access.standing}{because}"
    said = None
    for name in found.names:
        if name.identity == said:
            yield f"from record {name.index}, {text(name.at)}: another description or photo"
            continue
        said = name.identity
        known = ", ".join(
            part
            for part in (f"@{name.identity.username}" if name.identity.username else "", name.identity.title or "")
            if part
        )
        yield f"from record {name.index}, {text(name.at)}: {name.identity.id or 'id unknown'}, {known or 'without a name'}"


def brief(found: Coverage) -> str:
    """In one line: up to where every id is accounted for, and when we could not see."""
    words = (
        f"ids {found.begins:,} to {found.mark:,} accounted for" if found.mark >= found.begins else "no id accounted for"
    )
    if found.mark < found.top:
        words += f" of {found.top:,}"
    if found.deleted:
        words += f", {found.deleted:,} deleted"
    if found.blind_windows:
        words += f", not seen {found.blind_windows:,} times ({duration(found.blind_for)})"
    return words


def for_programs(found: Coverage) -> dict[str, Any]:
    """The same as JSON: times in RFC 3339, stretches of ids as pairs."""
    return {
        "channel": msgspec.to_builtins(found.channel),
        "top": found.top,
        "posts": found.posts,
        "deleted": found.deleted,
        "absent": found.absent,
        "unknown": found.unknown,
        "declared": found.declared,
        "begins": found.begins,
        "mark": found.mark,
        "gaps": [{"first": first, "last": last} for first, last in found.gaps],
        "blind": [
            {"since": text(window.since), "until": text(window.until), "reason": window.reason}
            for window in found.blind
        ],
        "blind_windows": found.blind_windows,
        "blind_seconds": found.blind_for / SECOND,
        "access": [msgspec.to_builtins(access) for access in found.access],
        "names": [
            {"record": name.index, "at": text(name.at), **msgspec.to_builtins(name.identity)} for name in found.names
        ],
    }


def _ids(first: int, last: int) -> str:
    return f"{first:,}" if first == last else f"{first:,} to {last:,}"


def duration(milliseconds: int) -> str:
    """`90 s`, `12 min`, `5 h`, `3 d`."""
    seconds = max(0, milliseconds) // SECOND
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size:,} {unit}"
    return f"{seconds} s"
