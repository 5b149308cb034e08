"""Coverage"""

import msgspec
from builders import BRIDGE, HARBOUR, NOON, access, blind, deletion, gap, revision

from monitor.model.channel import Identity
from monitor.model.instant import MINUTE
from monitor.model.record import Blind, Draft, Gap
from monitor.ports import Store


async def test_accounts_for_every_id(store: Store) -> None:
    await store.ledger.append(
        [
            gap(1, 9, "unknown"),
            *(revision(number=number) for number in (10, 11, 14, 20)),
            gap(12, 13, "absent"),
            deletion(number=11),
            gap(15, 16, "unknown"),
        ]
    )

    found = await store.ledger.coverage(BRIDGE)

    assert found is not None
    assert (found.posts, found.deleted, found.absent, found.declared, found.open) == (4, 1, 2, 11, 3)
    assert found.posts + found.absent + found.unknown == found.top == 20
    assert (found.begins, found.mark) == (10, 14)
    assert found.gaps == ((1, 9), (15, 19))


async def test_finds_every_hole_among_thousands_of_posts(store: Store) -> None:
    holes = [(1, 1), (1026, 1026), (2050, 2051), (3074, 4200), (4999, 4999)]
    absent = {number for first, last in holes for number in range(first, last + 1)}
    held = [number for number in range(1, 5_001) if number not in absent]
    await store.ledger.append([gap(1, 1, "unknown"), *(revision(number=number) for number in held)])

    found = await store.ledger.coverage(BRIDGE)

    assert found is not None
    assert found.gaps == tuple(holes)
    assert (found.posts, found.unknown, found.declared, found.top) == (len(held), len(absent), 1, 5_000)
    assert await store.ledger.missing(BRIDGE, first=1020, last=4999, limit=9) == [
        (1026, 1026),
        (2050, 2051),
        (3074, 4200),
        (4999, 4999),
    ]
    assert await store.ledger.missing(BRIDGE, first=4990, last=2**63 - 1, limit=9) == [(4999, 4999), (5001, 2**63 - 1)]


async def test_has_its_mark_at_the_top_when_nothing_is_unknown(store: Store) -> None:
    await store.ledger.append([revision(number=1), revision(number=2), gap(3, 3), revision(number=4)])

    found = await store.ledger.coverage(BRIDGE)

    assert found is not None
    assert (found.begins, found.mark, found.top, found.unknown, found.gaps) == (1, 4, 4, 0, ())


async def test_counts_a_post_that_is_there_again_as_not_deleted(store: Store) -> None:
    back = revision(number=1, source=None, observed_at=NOON + 90 * MINUTE)
    await store.ledger.append([revision(number=1), deletion(number=1), back])

    found = await store.ledger.coverage(BRIDGE)

    assert found is not None
    assert (found.posts, found.deleted) == (1, 0)


async def test_tells_when_we_could_not_see_this_channel_or_anything(store: Store) -> None:
    here = Draft(content=Blind(NOON, NOON + 5 * MINUTE, "flooded"), channel=BRIDGE, observed_at=NOON)
    there = Draft(content=Blind(NOON, NOON + 7 * MINUTE, "flooded"), channel=HARBOUR, observed_at=NOON)
    await store.ledger.append([revision(), blind("no network"), here, there])

    found = await store.ledger.coverage(BRIDGE, limit=1)

    assert found is not None
    assert [window.reason for window in found.blind] == ["flooded"]
    assert (found.blind_windows, found.blind_for) == (2, 6 * MINUTE)


async def test_tells_who_may_see_the_channel_and_what_it_was_called(store: Store) -> None:
    renamed = msgspec.structs.replace(BRIDGE, title="The bridge")
    await store.ledger.append([revision(), access("lost", account="one"), access("granted", account="two")])
    await store.ledger.append([revision(number=2, channel=renamed, observed_at=NOON + MINUTE)])

    found = await store.ledger.coverage(BRIDGE)

    assert found is not None
    assert [(each.account, each.standing) for each in found.access] == [("one", "lost"), ("two", "granted")]
    assert [(name.identity.title, name.at) for name in found.names] == [
        ("Bridge news", NOON + 1_000),
        ("The bridge", NOON + MINUTE),
    ]
    assert found.channel == renamed


async def test_is_of_no_channel_that_nobody_knows(store: Store) -> None:
    assert await store.ledger.coverage(Identity(username="unheard_of")) is None


async def test_knows_gaps_that_are_open(store: Store) -> None:
    await store.ledger.append([revision(number=20), gap(3, 5, "unknown"), gap(8, 9, "unknown"), gap(8, 9, "filled")])

    assert await store.ledger.declared(BRIDGE, first=1, last=20) == [(3, 5)]
    assert await store.ledger.declared(BRIDGE, first=4, last=20) == []


async def test_has_access_by_channel(store: Store) -> None:
    await store.ledger.append([access("lost", account="one"), access("granted", account="one")])
    [held] = await store.ledger.held()

    standings = (await store.ledger.access())[held.number]

    assert [(each.account, each.standing) for each in standings] == [("one", "granted")]


async def test_is_the_same_in_a_file_that_had_no_table_for_it(store: Store) -> None:
    """Blind windows are read again from their records."""
    await store.ledger.append(
        [blind("one"), revision(), Draft(content=Gap(2, 2, "absent"), channel=BRIDGE, observed_at=NOON)]
    )

    found = await store.ledger.coverage(BRIDGE)

    assert found is not None
    assert found.blind_windows == 1
