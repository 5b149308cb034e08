"""Filing a review"""

import pytest
from builders import BRIDGE, HARBOUR, NOON, revision

from monitor.errors import Refused
from monitor.model.channel import Identity
from monitor.model.record import Kind, Reviewed
from monitor.ports import Store
from monitor.stages.review import review


async def file(store: Store, *, channel: Identity = BRIDGE, post: int = 1, **other: str) -> int:
    words = {
        "story": "bridge",
        "aspect": "place",
        "verdict": "disputed",
        "reason": "both deny it",
        "by": "olena",
    } | other
    return await review(store.ledger, channel=channel, post=post, now=NOON, **words)


async def test_keeps_it_in_the_ledger(store: Store) -> None:
    await store.ledger.append([revision()])

    index = await file(store, reason=" both deny it\n")

    [record] = await store.ledger.records([index])
    assert (record.kind, record.channel, record.post, record.observed_at) == (Kind.REVIEW, BRIDGE, 1, NOON)
    assert record.content == Reviewed("bridge_news/1", "bridge", "place", "disputed", "both deny it", "olena")
    assert await store.reviews.of_posts([(1, 1)]) == [record]


async def test_knows_the_channel_by_its_name_alone(store: Store) -> None:
    await store.ledger.append([revision()])

    await file(store, channel=Identity(username="Bridge_News"))

    assert await store.ledger.count() == {"identity": 1, "published": 1, "review": 1}


async def test_takes_a_reason_as_long_as_it_may_be(store: Store) -> None:
    await store.ledger.append([revision()])

    assert await file(store, reason="x" * 2_000)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"verdict": "true"}, "true is no verdict; one of unverified, corroborated, disputed, false"),
        ({"verdict": ""}, "nothing is no verdict"),
        ({"aspect": "tone"}, "tone is no aspect; one of truth, authenticity, place, date is"),
        ({"reason": " \n"}, "a verdict needs a reason"),
        ({"reason": "x" * 2_001}, "the reason has 2,001 characters, and 2,000 are kept"),
        ({"post": 2}, "post bridge_news/2 is not in the ledger"),
        ({"channel": HARBOUR}, "post harbour/1 is not in the ledger"),
    ],
)
async def test_refuses_what_makes_no_sense_and_keeps_nothing(store: Store, wrong: dict, told: str) -> None:
    await store.ledger.append([revision()])

    with pytest.raises(Refused, match=told):
        await file(store, **wrong)

    assert await store.ledger.count() == {"identity": 1, "published": 1}
