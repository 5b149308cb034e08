"""What may be concluded from a page of posts, and how many of them make one part of a history? Pure."""

from collections.abc import Sequence

from monitor.model.channel import Identity
from monitor.model.instant import Instant
from monitor.model.record import Draft, Faulted, Said, Source
from monitor.sources.preview.page import Page


def shown_drafts(page: Page, channel: Identity, at: Instant) -> tuple[list[Draft], list[tuple[Draft, bytes]]]:
    """What the page shows, observed `at`: posts and faults in rising order of ids; faults without a number, with their bytes."""
    found = [
        Draft(
            content=Said(post),
            channel=channel,
            post=id,
            published_at=each.published_at,
            observed_at=at,
            source=Source.PREVIEW,
        )
        for each in page.shown
        for id, post in each.parts
    ]
    unnumbered = []
    for each in page.faults:
        content = Faulted("preview", each.reason, raw=each.raw)
        fault = Draft(content=content, channel=channel, post=each.post, observed_at=at, source=Source.PREVIEW)
        if each.post:
            found.append(fault)
        else:
            unnumbered.append((fault, each.raw))
    return sorted(found, key=lambda draft: draft.post), unnumbered


def whole(page: Page) -> bool:
    """Else an id that the page does not show may be that of a bubble without a number."""
    return all(each.post or each.stray for each in page.faults)


def whole_albums(drafts: Sequence[Draft], *, limit: int, newest: bool) -> Sequence[Draft]:
    """At most so many, from one end; an album is not cut, unless it alone is more: the page cannot be asked for half of one."""
    if len(drafts) <= limit:
        return drafts
    kept, rest = (drafts[-limit:], drafts[:-limit]) if newest else (drafts[:limit], drafts[limit:])
    album = _album(kept[0] if newest else kept[-1])
    if album is None or _album(rest[-1] if newest else rest[0]) != album:
        return kept
    return [each for each in kept if _album(each) != album] or kept


def _album(draft: Draft) -> int | None:
    return draft.content.post.album if isinstance(draft.content, Said) else None
