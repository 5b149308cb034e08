"""Every agenda"""

from builders import NOON

from monitor.model.instant import DAY
from monitor.ports import Errand, Store


async def test_gives_what_is_due_earliest_first(store: Store) -> None:
    errands = [Errand(NOON + 5, 1, 1, 0), Errand(NOON, 1, 2, 0), Errand(NOON + 9, 1, 1, 1)]

    await store.agenda.schedule(errands)

    assert await store.agenda.due(NOON + 5, limit=10) == [errands[1], errands[0]]
    assert await store.agenda.due(NOON + 9, limit=1) == [errands[1]]
    assert await store.agenda.due(NOON - 1, limit=10) == []


async def test_gives_all_that_is_due_of_a_channel_before_the_next(store: Store) -> None:
    errands = [Errand(NOON, 1, 1, 0), Errand(NOON + 1, 2, 1, 0), Errand(NOON + 2, 1, 2, 0), Errand(NOON + 9, 1, 3, 0)]

    await store.agenda.schedule(errands)

    assert await store.agenda.due(NOON + 5, limit=10) == [errands[0], errands[2], errands[1]]
    assert await store.agenda.due(NOON + 5, limit=2) == [errands[0], errands[2]]


async def test_keeps_one_errand_a_post_and_tier_at_the_later_time(store: Store) -> None:
    await store.agenda.schedule([Errand(NOON, 1, 1, 0)])
    await store.agenda.schedule([Errand(NOON + 5, 1, 1, 0), Errand(NOON - 5, 1, 1, 0)])

    assert await store.agenda.due(NOON + 9, limit=10) == [Errand(NOON + 5, 1, 1, 0)]


async def test_leaves_an_errand_that_waits_its_time_where_it_is_not_scheduled_anew(store: Store) -> None:
    await store.agenda.schedule([Errand(NOON, 1, 1, 0)])
    await store.agenda.schedule([Errand(NOON + 5, 1, 1, 0), Errand(NOON + 5, 1, 2, 0)], anew=False)

    assert await store.agenda.due(NOON + 9, limit=10) == [Errand(NOON, 1, 1, 0), Errand(NOON + 5, 1, 2, 0)]


async def test_forgets_what_was_done(store: Store) -> None:
    await store.agenda.schedule([Errand(NOON, 1, 1, 0), Errand(NOON, 1, 2, 0)])

    await store.agenda.done([Errand(NOON, 1, 1, 0), Errand(NOON, 7, 7, 7)])

    assert await store.agenda.due(NOON, limit=10) == [Errand(NOON, 1, 2, 0)]


async def test_takes_an_earlier_time_for_one_that_a_clock_wrote_which_ran_far_ahead(store: Store) -> None:
    far = NOON + 3_650 * DAY
    await store.agenda.schedule([Errand(far, 1, 1, 2)])
    assert await store.agenda.due(NOON, limit=10) == [Errand(far, 1, 1, 2)]

    await store.agenda.schedule([Errand(NOON + 7 * DAY, 1, 1, 2)])
    await store.agenda.done([Errand(far, 1, 1, 2)])

    assert await store.agenda.due(NOON, limit=10) == []
    assert await store.agenda.due(NOON + 7 * DAY, limit=10) == [Errand(NOON + 7 * DAY, 1, 1, 2)]


async def test_keeps_what_was_scheduled_again_while_it_was_being_done(store: Store) -> None:
    await store.agenda.schedule([Errand(NOON, 1, 1, 0)])
    due = await store.agenda.due(NOON, limit=10)

    await store.agenda.schedule([Errand(NOON + 60, 1, 1, 0)])
    await store.agenda.done(due)

    assert await store.agenda.due(NOON + 60, limit=10) == [Errand(NOON + 60, 1, 1, 0)]
