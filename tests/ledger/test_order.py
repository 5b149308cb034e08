"""The order in which things happened to posts"""

from monitor.ledger.order import REMEMBERED, Order

BRIDGE, HARBOUR = 1, 2


def test_what_happened_before_something_that_is_recorded_is_late() -> None:
    order = Order()

    assert not order.late(BRIDGE, 7, 102)
    assert not order.late(BRIDGE, 8, 101)  # another post
    assert not order.late(HARBOUR, 7, 101)  # another channel
    assert order.late(BRIDGE, 7, 101)
    assert not order.late(BRIDGE, 7, 103)
    assert order.late(BRIDGE, 7, 102)


def test_what_is_recorded_once_more_is_not_late() -> None:
    order = Order()
    order.late(BRIDGE, 7, 102)

    assert not order.late(BRIDGE, 7, 102)


def test_what_bears_no_counter_is_not_late() -> None:
    order = Order()
    order.late(BRIDGE, 7, 102)

    assert not order.late(BRIDGE, 7, None)


def test_forgets_first_the_post_of_which_nothing_was_recorded_for_the_longest_time() -> None:
    order = Order()
    for post in range(REMEMBERED):
        order.late(BRIDGE, post, 102)
    order.late(BRIDGE, 0, 103)

    order.late(BRIDGE, REMEMBERED, 104)

    assert order.late(BRIDGE, 0, 102)
    assert not order.late(BRIDGE, 1, 101)
