"""What becomes of posts that are there and cannot be read?

They are declared: a fault that holds the bytes as they came, and the id as unknown, in one transaction. Nobody asks for them again
in this run; the next run asks once, for it may be of a newer version that can read them.
"""

from collections.abc import Sequence

import msgspec

from monitor.model.channel import Identity
from monitor.model.post import PostId
from monitor.model.record import Draft, Faulted, Gap
from monitor.ports import Ledger, Reader

AT_ONCE = 100
"""Ids that one run asks for again, newest first."""


def declared(drafts: Sequence[Draft]) -> Sequence[Draft]:
    """The drafts, and beside each fault of a post that its id is unknown."""
    unread = [each for each in drafts if each.post and isinstance(each.content, Faulted)]
    gaps = [msgspec.structs.replace(each, content=Gap(each.post, each.post, "unknown")) for each in unread]
    return [*drafts, *gaps] if gaps else drafts


async def asked_again(
    reader: Reader, ledger: Ledger, channel: Identity, *, first: PostId, last: PostId
) -> Sequence[Draft]:
    """Of the ids `first` to `last` that are declared unknown those that can be read now."""
    stretches = await ledger.missing(channel, first=first, last=last, limit=AT_ONCE, declared=False)
    ids = [post for start, stop in stretches for post in range(start, stop + 1)][-AT_ONCE:]
    if not ids:
        return ()
    looks = await reader.look(channel, ids)
    return [draft for draft in looks.values() if draft is not None and not isinstance(draft.content, Faulted)]
