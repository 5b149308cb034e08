"""A channel is met for the first time: what is there already is history, and no news."""

from collections.abc import Awaitable, Callable, Sequence

import msgspec

from monitor.model.record import Draft
from monitor.ports import Contact, Peers, Watch
from monitor.stages.fill import PAGE, marked


async def meet(
    contact: Contact,
    watch: Watch,
    peers: Peers,
    append: Callable[[Sequence[Draft]], Awaitable[object]],
    *,
    first_history: int,
) -> Contact:
    """The last posts are read in silence, what is older is to be declared unknown.

    What was decided is kept before anything is recorded, so that a crash between cannot make old posts into news, nor new ones
    into history; how far the channel is recorded, only afterwards.
    """
    oldest, drafts = contact.top + 1, list[Draft]()
    while len(drafts) < first_history and oldest > 1:
        page = await watch.history(contact.channel, before=oldest, limit=min(PAGE, first_history - len(drafts)))
        drafts += page.drafts
        oldest = page.drafts[0].post if page.drafts else 1
        if not page.more:
            oldest = 1  # that there is nothing older is asked once more, before anything is called absent
    met = msgspec.structs.replace(contact, floor=oldest, quiet=contact.top, top=oldest - 1, pts=None)
    await peers.met([met])
    # Also those that are held already, from a file, say: what Telegram shows now may be something else.
    await append(sorted((marked(draft, met) for draft in drafts), key=lambda draft: draft.post))
    return met
