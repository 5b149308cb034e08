"""Files a person's verdict on a post, for whoever asks: a command or a page."""

from monitor.errors import Refused
from monitor.model.channel import Identity
from monitor.model.instant import Instant
from monitor.model.post import PostId
from monitor.model.record import Draft, Reviewed
from monitor.model.review import ASPECTS, VERDICTS
from monitor.ports import Ledger

LONGEST = 2_000
"""Characters of a reason."""


async def review(
    ledger: Ledger,
    *,
    channel: Identity,
    post: PostId,
    story: str,
    aspect: str,
    verdict: str,
    reason: str,
    by: str,
    now: Instant,
) -> int:
    """The index of the record. `Refused`, in words for whoever filled it in, where it makes no sense; whether there is such a
    story, and whether `by` may review, the caller has seen to."""
    if verdict not in VERDICTS:
        raise Refused(f"{verdict or 'nothing'} is no verdict; one of {', '.join(VERDICTS)} is")
    if aspect not in ASPECTS:
        raise Refused(f"{aspect or 'nothing'} is no aspect; one of {', '.join(ASPECTS)} is")
    reason = reason.strip()
    if not reason:
        raise Refused("a verdict needs a reason: what was it checked against?")
    if len(reason) > LONGEST:
        raise Refused(f"the reason has {len(reason):,} characters, and {LONGEST:,} are kept: say it shorter")
    if not await ledger.standing(channel, [post]):
        raise Refused(f"post {channel.name}/{post} is not in the ledger")
    content = Reviewed(
        subject=f"{channel.name}/{post}", story=story, aspect=aspect, verdict=verdict, reason=reason, by=by
    )
    [filed] = await ledger.append([Draft(content=content, channel=channel, post=post, observed_at=now)])
    return filed.index
