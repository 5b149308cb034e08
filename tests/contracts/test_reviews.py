"""Reviews"""

import pytest
from builders import BRIDGE, EDITION, HARBOUR, NOON, match, revision, verdict
from engines import Opening

from monitor.model.match import Match
from monitor.model.record import Kind, Reviewed
from monitor.ports import Store


async def recorded(store: Store, *numbers: int) -> list[int]:
    """These posts of the bridge's channel; their records."""
    drafts = [revision(f"The bridge, day {number}.", number=number) for number in numbers]
    return [each.index for each in await store.ledger.append(drafts)]


async def flagged(store: Store, *matches: Match) -> None:
    position = await store.positions.position("detect")
    assert await store.findings.file(matches, [], since=position, upto=await store.ledger.size())


async def waiting(store: Store, story: str | None = None, *, limit: int = 10, before: int | None = None) -> list[Match]:
    return list(await store.reviews.waiting(story=story, limit=limit, before=before))


async def test_are_none_at_first(store: Store) -> None:
    assert await store.reviews.of_posts([(1, 1)]) == []
    assert await store.reviews.of_posts([]) == []
    assert await waiting(store) == []


async def test_are_records_under_their_channel_and_post(store: Store) -> None:
    await recorded(store, 1)

    [filed] = await store.ledger.append([verdict()])

    [record] = await store.reviews.of_posts([(1, 1)])
    assert (record.index, record.kind, record.channel, record.post) == (filed.index, Kind.REVIEW, BRIDGE, 1)
    assert record.content == Reviewed("bridge_news/1", "bridge", "truth", "disputed", "both sides deny it", "olena")


async def test_are_all_kept_oldest_first_also_where_they_say_the_same(store: Store) -> None:
    await recorded(store, 1, 2, 3)
    await store.ledger.append([revision(channel=HARBOUR)])

    filed = await store.ledger.append(
        [verdict(number=2), verdict("false"), verdict(), verdict(), verdict(channel=HARBOUR), verdict(number=3)]
    )

    of_posts = await store.reviews.of_posts([(1, 2), (1, 1), (2, 1), (1, 1), (7, 1)])
    assert [record.index for record in of_posts] == [each.index for each in filed[:5]]
    assert all(each.new for each in filed)


async def test_are_no_revisions_of_the_post(store: Store) -> None:
    await recorded(store, 1)

    await store.ledger.append([verdict()])

    assert [record.kind for record in await store.ledger.revisions(BRIDGE, 1)] == [Kind.PUBLISHED]


async def test_are_waited_for_by_matches_newest_first(store: Store) -> None:
    one, two, three = await recorded(store, 1, 2, 3)
    await flagged(store, match(one), match(two, "harbour"), match(two), match(three))

    assert await waiting(store, "bridge") == [match(three), match(two), match(one)]
    assert await waiting(store, "bridge", limit=2) == [match(three), match(two)]
    assert await waiting(store, "bridge", limit=0) == []
    assert await waiting(store, "bridge", before=three) == [match(two), match(one)]
    assert await waiting(store, "harbour") == [match(two, "harbour")]
    assert await waiting(store) == [match(three), match(two), match(two, "harbour"), match(one)]
    assert await waiting(store, "nothing") == []


async def test_of_a_post_are_for_one_story(store: Store) -> None:
    one, two = await recorded(store, 1, 2)
    await flagged(store, match(one), match(one, "harbour"), match(two))

    await store.ledger.append([verdict(number=1, story="bridge")])

    assert await waiting(store) == [match(two), match(one, "harbour")]
    assert await waiting(store, "bridge") == [match(two)]


async def test_are_waited_for_once_a_post_and_story_by_the_newest_match(store: Store) -> None:
    one, other = await recorded(store, 1, 2)
    [edited] = await store.ledger.append([revision("The bridge stands.", edited_at=NOON + 1, observed_at=NOON + 2)])
    changed = match(edited.index, edition=EDITION[:-1] + "1")
    await flagged(store, match(one), match(other), match(edited.index), changed)

    assert await waiting(store, "bridge") == [changed, match(other)]
    assert await waiting(store) == [changed, match(other)]


async def test_of_one_record_are_waited_for_on_one_page(store: Store) -> None:
    """Else whoever goes on below that record never meets the other story."""
    one, two = await recorded(store, 1, 2)
    await flagged(store, match(one), match(two, "harbour"), match(two))

    assert await waiting(store, limit=1) == [match(two), match(two, "harbour")]
    assert await waiting(store, limit=1, before=two) == [match(one)]


async def test_are_waited_for_on_one_page_alone(store: Store) -> None:
    """Else whoever turns the pages meets a post again by what it said before."""
    one, other = await recorded(store, 1, 2)
    [edited] = await store.ledger.append([revision("The bridge stands.", edited_at=NOON + 1, observed_at=NOON + 2)])
    await flagged(store, match(one), match(other), match(edited.index))

    assert await waiting(store, limit=1) == [match(edited.index)]
    assert await waiting(store, before=edited.index) == [match(other)]
    assert await waiting(store, "bridge", before=edited.index) == [match(other)]


async def test_do_not_stand_for_what_a_post_says_later(store: Store) -> None:
    [one] = await recorded(store, 1)
    await flagged(store, match(one))
    await store.ledger.append([verdict()])
    [edited] = await store.ledger.append([revision("The bridge stands.", edited_at=NOON + 1, observed_at=NOON + 2)])

    await flagged(store, match(edited.index))
    again = await waiting(store)
    await store.ledger.append([verdict("false")])

    assert again == [match(edited.index)]
    assert await waiting(store) == []


async def test_are_seen_by_everybody_who_has_the_store_open(opening: Opening) -> None:
    async with opening() as one, opening() as other:
        [index] = await recorded(one, 1)
        await flagged(one, match(index))
        assert await waiting(other) == [match(index)]

        await other.ledger.append([verdict()])

        assert await waiting(one) == []
        assert len(await one.reviews.of_posts([(1, 1)])) == 1


async def test_with_odd_text_are_found_again(store: Store) -> None:
    [index] = await recorded(store, 1)
    await flagged(store, match(index))

    await store.ledger.append([verdict(story="half \ud83d", by="a \0")])

    [record] = await store.reviews.of_posts([(1, 1)])
    assert isinstance(record.content, Reviewed)
    assert (record.content.story, record.content.by) == ("half \ud83d", "a \0")
    assert await waiting(store) == [match(index)]


@pytest.mark.parametrize("story", ["bridge", None])
async def test_that_are_missing_are_found_behind_many_that_are_not(store: Store, story: str | None) -> None:
    records = await recorded(store, *range(1, 1_601))
    await flagged(store, *map(match, records))
    await store.ledger.append([verdict(number=number) for number in range(61, 1_601) if number != 1_000])

    assert await waiting(store, story, limit=51) == [match(records[999]), *map(match, reversed(records[10:60]))]
    assert await waiting(store, story, limit=100, before=records[10]) == [*map(match, reversed(records[:10]))]
