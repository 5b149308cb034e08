"""Does another look at a post show anything new: published, edited, deleted, or nothing?

Looks come late, twice and in any order, and Telegram dates edits in whole seconds. Whatever order the pushes of one post come
in, the same revisions end up recorded, and the post stands as after the last of them. One thing cannot be told from the pushes
alone: a post changed back to earlier words, where the edit in between comes last. The next look at the post puts that right.
"""

from collections.abc import Sequence

import msgspec

from monitor.model.instant import Instant
from monitor.model.record import Gone, Kind, Said, Source

_MAY_BE_OLD = (Source.PUSH, Source.IMPORT)
"""Sources that may tell of what is over already. The others answer what is there now."""


_UNDATED = (Source.PREVIEW,)
"""Sources that show what is there now, and not when it was edited."""


class Look(msgspec.Struct, frozen=True, gc=False):
    """What the ledger remembers of one revision of a post, to decide about the next.

    `key` is what it said (`encoding.content_key`), empty where it was gone. `late`: it came after what happened after it.
    """

    index: int
    kind: Kind
    key: bytes
    edited_at: Instant | None
    observed_at: Instant
    late: bool = False


class Change(msgspec.Struct, frozen=True, gc=False):
    """What to record, and whether it comes late. `kind` None: nothing, for the record at `index` says so already."""

    kind: Kind | None
    index: int = -1
    late: bool = False


_FIRST_SEEN = Change(Kind.PUBLISHED)
_FIRST_SEEN_AS_EDIT = Change(Kind.EDITED)
_VANISHED = Change(Kind.DELETED)


def standing(looks: Sequence[Look]) -> tuple[Look | None, Look | None]:
    """How a post stands after these looks, in the order of their records: what it says or last said, and its deletion.

    The first is None for a post never seen, the second for one that is there.
    """
    said = gone = None
    for look in looks:
        if look.kind is Kind.DELETED:
            gone = look
            continue
        if said is None or not look.late or _earlier(said.edited_at, look.edited_at):
            said = look
        if not look.late:
            gone = None
    return said, gone


def decide(
    looks: Sequence[Look],
    content: Said | Gone,
    key: bytes,
    source: Source | None,
    *,
    overtaken: bool = False,
    observed_at: Instant | None = None,
) -> Change:
    """What the look adds to what the ledger holds of the post. `key`: `encoding.content_key`, empty for `Gone`. `overtaken`: what
    the ledger holds is known to have happened later; that counts where both bear the same second. `observed_at`: when the
    source was asked, where it was; what is recorded since then is newer."""
    if isinstance(content, Gone):
        _, gone = standing(looks)
        return Change(None, gone.index) if gone else _VANISHED
    if not looks:
        return _FIRST_SEEN_AS_EDIT if content.edit else _FIRST_SEEN
    said, gone = standing(looks)
    if said is not None and gone is None and said.key == key:
        return Change(None, said.index)
    held = next((look.index for look in reversed(looks) if look.key == key), None)
    edited_at = content.post.edited_at
    dated = source not in _UNDATED
    older = said is not None and (
        (dated and _earlier(edited_at, said.edited_at)) or (overtaken and edited_at == said.edited_at)
    )
    maybe_old = source in _MAY_BE_OLD or (
        gone is not None and observed_at is not None and observed_at <= gone.observed_at
    )
    if held is not None and (older or (maybe_old and (gone is not None or (said and said.edited_at == edited_at)))):
        return Change(None, held)
    before_it_went = gone is not None and maybe_old and (edited_at is None or edited_at <= gone.observed_at)
    return Change(_kind(looks, content, key, said), late=older or before_it_went)


def _kind(looks: Sequence[Look], content: Said, key: bytes, said: Look | None) -> Kind:
    if content.edit:
        return Kind.EDITED
    if said is None or said.key == key:  # after a deletion: there for the first time, or there again as it was
        return Kind.PUBLISHED
    if content.post.edited_at is None and all(look.kind is not Kind.PUBLISHED for look in looks):
        return Kind.PUBLISHED
    return Kind.EDITED


def _earlier(one: Instant | None, other: Instant | None) -> bool:
    """A post never edited reads as it did before every edit."""
    return other is not None and (one is None or one < other)
