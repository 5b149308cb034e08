"""How many posts were flagged in each hour"""

import asyncio

from builders import HARBOUR, NOON, match, revision

from monitor.model.instant import HOUR, MINUTE, Instant
from monitor.model.match import Match
from monitor.ports import Findings, Heard, Store
from monitor.views.volume import Volumes


class Watched:
    """Findings that remember from where on they were read."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self.read: list[tuple[int, int]] = []

    async def times(self, story: str, *, limit: int, after: int = -1) -> list[Heard]:
        found = list(await self._findings.times(story, limit=limit, after=after))
        self.read.append((after, len(found)))
        return found


async def flagged(store: Store, *matches: Match) -> None:
    since = await store.positions.position("detect")
    await store.findings.file(matches, [], since=since, upto=since + 1)


async def published(store: Store, *times: Instant | None) -> None:
    """Posts 1, 2, … at these times, as records 1, 2, …; what nobody knows the time of was seen three hours after noon."""
    seen = NOON + 3 * HOUR
    await store.ledger.append(
        [revision(f"{at}", number=n, published_at=at, observed_at=seen) for n, at in enumerate(times, start=1)]
    )


async def test_is_counted_by_the_hour_in_which_a_post_was_published_or_else_seen(store: Store) -> None:
    await published(store, NOON, NOON + HOUR - 1, NOON + HOUR, None, NOON + 90 * MINUTE)
    await flagged(store, *(match(record) for record in (1, 2, 3, 4)), match(5, "harbour"))

    assert await Volumes(store.findings).of("bridge") == {NOON: 2, NOON + HOUR: 1, NOON + 3 * HOUR: 1}


async def test_has_a_post_once_by_the_first_of_its_records_that_was_flagged(store: Store) -> None:
    await store.ledger.append([revision("The bridge fell.")])
    volumes = Volumes(store.findings)
    await flagged(store, match(1), match(1, edition="sha256:" + "1" * 64))
    first = await volumes.of("bridge")

    [edited] = await store.ledger.append([revision("Or not.", edited_at=NOON + HOUR, published_at=NOON + HOUR)])
    [other] = await store.ledger.append([revision("The bridge fell.", channel=HARBOUR)])
    await flagged(store, match(edited.index), match(other.index))

    assert first == {NOON: 1}
    assert await volumes.of("bridge") == await Volumes(store.findings).of("bridge") == {NOON: 2}


async def test_reads_only_what_is_new(store: Store) -> None:
    await published(store, NOON, NOON, NOON)
    findings = Watched(store.findings)
    volumes = Volumes(findings)  # type: ignore[arg-type]
    await flagged(store, match(1), match(2))
    await volumes.of("bridge")
    await flagged(store, match(3))

    counts = [await volumes.of("bridge") for _ in range(2)]

    assert counts == [{NOON: 3}, {NOON: 3}]
    assert findings.read == [(-1, 2), (2, 1), (3, 0)]


async def test_counts_nothing_twice_for_several_that_ask_at_once(store: Store) -> None:
    await published(store, *([NOON] * 50))
    await flagged(store, *(match(record) for record in range(1, 51)))
    volumes = Volumes(store.findings)

    counts = await asyncio.gather(*(volumes.of("bridge") for _ in range(5)))

    assert counts == [{NOON: 50}] * 5


async def test_is_nothing_for_a_story_that_there_is_not(store: Store) -> None:
    assert await Volumes(store.findings).of("nothing") == {}


async def test_what_is_answered_is_the_askers_own(store: Store) -> None:
    await published(store, NOON)
    await flagged(store, match(1))
    volumes = Volumes(store.findings)

    dict(await volumes.of("bridge")).clear()
    counts = await volumes.of("bridge")
    await published(store, NOON, NOON)
    await flagged(store, match(2))
    await volumes.of("bridge")

    assert counts == {NOON: 1}
