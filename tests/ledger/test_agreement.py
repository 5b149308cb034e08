"""Two sources that tell of one post"""

import pytest
from builders import NOON, deletion, post, revision

from monitor.ledger.agreement import STALE, agree
from monitor.model.instant import MINUTE
from monitor.model.post import Markup, Media
from monitor.model.record import Kind, Source
from monitor.ports import Store

TELEGRAM, PAGE, FILE = Source.POLL, Source.PREVIEW, Source.IMPORT


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (post("The bridge fell."), post("The bridge  fell.\n"), True),
        (post("The bridge fell."), post("The bridge stands."), False),
        (post("Look.", media=(Media("photo", id=5),)), post("Look.", media=(Media("photo"),)), True),
        (post("Look.", entities=(Markup("mention", 0, 4),)), post("Look."), True),
        (post("Look.", entities=(Markup("bold", 0, 4),)), post("Look."), False),
        (post("", service="title changed: A"), post("", service="A renamed the channel"), True),
        (post("", service="title changed: A"), post(""), False),
    ],
)
def test_agree_where_they_show_the_same_words(one, other, same: bool) -> None:
    assert agree(one, other) is same


@pytest.mark.parametrize(("first", "second"), [(TELEGRAM, PAGE), (PAGE, TELEGRAM), (TELEGRAM, FILE), (FILE, PAGE)])
async def test_make_one_record_where_they_agree(store: Store, first: Source, second: Source) -> None:
    rich = {"media": (Media("photo", id=7, mime="image/jpeg"),)}
    plain = {"media": (Media("photo"),)}
    if FILE in (first, second):
        plain = {}

    [recorded] = await store.ledger.append([revision("The bridge fell.", source=first, **rich)])
    [again] = await store.ledger.append(
        [revision("The bridge fell.", source=second, observed_at=NOON + MINUTE, **plain)]
    )

    assert (again.new, again.index) == (False, recorded.index)


async def test_make_one_record_in_one_transaction_too(store: Store) -> None:
    drafts = [revision("The bridge fell.", source=TELEGRAM), revision("The bridge fell. ", source=PAGE)]

    recorded, again = await store.ledger.append(drafts)

    assert (again.new, again.index) == (False, recorded.index)


@pytest.mark.parametrize(("first", "second"), [(TELEGRAM, PAGE), (PAGE, TELEGRAM)])
async def test_make_a_record_of_it_where_they_do_not(store: Store, first: Source, second: Source) -> None:
    await store.ledger.append([revision("The bridge fell.", source=first)])

    [other] = await store.ledger.append(
        [revision("The bridge stands.", source=second, observed_at=NOON + MINUTE, edit=False)]
    )

    assert (other.new, other.kind) == (True, Kind.EDITED)


async def test_know_that_a_page_may_be_a_few_minutes_old(store: Store) -> None:
    await store.ledger.append([revision("The bridge fell.", source=TELEGRAM)])
    await store.ledger.append([revision("The bridge stands.", source=TELEGRAM, edited_at=NOON + MINUTE)])

    [soon] = await store.ledger.append([revision("The bridge fell.", source=PAGE, observed_at=NOON + 2 * MINUTE)])
    [later] = await store.ledger.append(
        [revision("The bridge fell.", source=PAGE, observed_at=NOON + 2 * MINUTE + STALE)]
    )

    assert not soon.new
    assert (later.new, later.kind) == (True, Kind.EDITED)


async def test_know_that_a_page_may_still_show_what_is_gone(store: Store) -> None:
    await store.ledger.append([revision("The bridge fell.", source=TELEGRAM)])
    await store.ledger.append([deletion(observed_at=NOON + MINUTE)])

    [soon] = await store.ledger.append([revision("The bridge fell.", source=PAGE, observed_at=NOON + 2 * MINUTE)])
    [later] = await store.ledger.append([revision("The bridge fell.", source=PAGE, observed_at=NOON + MINUTE + STALE)])

    assert not soon.new
    assert (later.new, later.kind) == (True, Kind.PUBLISHED)


async def test_never_hide_an_edit_that_telegram_tells_of(store: Store) -> None:
    await store.ledger.append([revision("The bridge fell.", source=TELEGRAM)])
    await store.ledger.append([revision("The bridge stands.", source=TELEGRAM, edited_at=NOON + MINUTE)])

    [back] = await store.ledger.append(
        [revision("The bridge fell.", source=TELEGRAM, edited_at=NOON + 2 * MINUTE, observed_at=NOON + 3 * MINUTE)]
    )

    assert (back.new, back.kind) == (True, Kind.EDITED)


async def test_are_told_apart_by_whoever_erased_nothing(store: Store) -> None:
    """What a file said long ago is not taken back by it."""
    await store.ledger.append([revision("First.", source=FILE)])
    await store.ledger.append([revision("Second.", source=TELEGRAM, edited_at=NOON + MINUTE)])

    [again] = await store.ledger.append([revision("First.", source=FILE, observed_at=NOON + 60 * MINUTE)])

    assert not again.new


async def test_never_hide_an_edit_of_what_a_page_does_not_show(store: Store) -> None:
    await store.ledger.append([revision("Look.", source=PAGE, media=(Media("photo"),))])

    [swapped] = await store.ledger.append(
        [revision("Look.", source=Source.PUSH, media=(Media("photo", id=9),), edited_at=NOON + MINUTE)]
    )

    assert (swapped.new, swapped.kind) == (True, Kind.EDITED)


async def test_do_not_bring_back_what_went_while_the_answer_was_on_its_way(store: Store) -> None:
    await store.ledger.append([revision("The bridge fell.", source=Source.PUSH)])
    await store.ledger.append([deletion(observed_at=NOON + 2 * MINUTE)])

    [asked_before] = await store.ledger.append(
        [revision("The bridge fell.", source=TELEGRAM, observed_at=NOON + MINUTE)]
    )
    [asked_after] = await store.ledger.append(
        [revision("The bridge fell.", source=TELEGRAM, observed_at=NOON + 3 * MINUTE)]
    )

    assert not asked_before.new
    assert (asked_after.new, asked_after.kind) == (True, Kind.PUBLISHED)
