"""What another look at a post adds (COL-16, COL-27)"""

from itertools import permutations

import msgspec
import pytest
from builders import NOON, post
from hypothesis import given
from hypothesis import strategies as st

from monitor.ledger.changes import Change, Look, decide, standing
from monitor.ledger.encoding import content_key
from monitor.model.instant import MINUTE
from monitor.model.record import Gone, Kind, Said, Source

PUBLISHED, EDITED, DELETED = Kind.PUBLISHED, Kind.EDITED, Kind.DELETED
PUSH, POLL, IMPORT = Source.PUSH, Source.POLL, Source.IMPORT
Seen = tuple[Said | Gone, Source]


def said(text: str, edited: int = 0, *, source: Source = PUSH, edit: bool | None = None) -> Seen:
    """Post read so, edited for the last time `edited` minutes after noon (0: never)."""
    look = post(text, edited_at=NOON + edited * MINUTE if edited else None)
    return Said(look, edit=(edited > 0 and source is PUSH) if edit is None else edit), source


def gone(source: Source = PUSH) -> Seen:
    return Gone("push" if source is PUSH else "poll"), source


def recorded(*seen: Seen, looks: tuple[Look, ...] = ()) -> list[Look]:
    """What the ledger remembers after these looks, an hour after noon."""
    held = list(looks)
    for content, source in seen:
        key = content_key(content.post) if isinstance(content, Said) else b""
        change = decide(held, content, key, source)
        if change.kind is not None:
            edited_at = content.post.edited_at if isinstance(content, Said) else None
            held.append(Look(len(held), change.kind, key, edited_at, NOON + 60 * MINUTE, change.late))
    return held


def told(looks: list[Look]) -> list[tuple[Kind, bytes]]:
    return [(look.kind, look.key) for look in looks]


def key(text: str) -> bytes:
    return content_key(post(text))


A, B, C = key("A"), key("B"), key("C")


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        pytest.param([said("A")], [(PUBLISHED, A)], id="first seen"),
        pytest.param([said("A", 5)], [(EDITED, A)], id="first seen as an edit"),
        pytest.param([said("A", 5, source=POLL)], [(PUBLISHED, A)], id="first seen by asking, edited before"),
        pytest.param([gone()], [(DELETED, b"")], id="gone before it was seen"),
        pytest.param([said("A"), said("A")], [(PUBLISHED, A)], id="the same twice"),
        pytest.param([said("A"), said("A", 5)], [(PUBLISHED, A)], id="an edit that changed nothing"),
        pytest.param([said("A"), said("B", 5)], [(PUBLISHED, A), (EDITED, B)], id="an edit"),
        pytest.param(
            [said("A", source=Source.PREVIEW), said("B", source=Source.PREVIEW)],
            [(PUBLISHED, A), (EDITED, B)],
            id="an edit without a date",
        ),
        pytest.param(
            [said("A"), said("B", 5), said("A")], [(PUBLISHED, A), (EDITED, B)], id="the first push once more"
        ),
        pytest.param(
            [said("A"), said("B", 5), said("A", source=POLL)],
            [(PUBLISHED, A), (EDITED, B)],
            id="an answer that was stale",
        ),
        pytest.param(
            [said("A"), said("B", 5), said("A", 7)], [(PUBLISHED, A), (EDITED, B), (EDITED, A)], id="changed back"
        ),
        pytest.param(
            [said("A"), said("B", 5), said("C", 5), said("B", 5)],
            [(PUBLISHED, A), (EDITED, B), (EDITED, C)],
            id="an edit pushed again after another of the same second",
        ),
        pytest.param(
            [said("A"), said("C", 7), said("B", 5)], [(PUBLISHED, A), (EDITED, C), (EDITED, B)], id="edits swapped"
        ),
        pytest.param([said("B", 5), said("A")], [(EDITED, B), (PUBLISHED, A)], id="the edit before the post"),
        pytest.param([said("A"), gone(), gone(POLL)], [(PUBLISHED, A), (DELETED, b"")], id="gone twice"),
        pytest.param([gone(), said("A")], [(DELETED, b""), (PUBLISHED, A)], id="the deletion before the post"),
        pytest.param(
            [said("A"), gone(), said("A")], [(PUBLISHED, A), (DELETED, b"")], id="the post once more, after its end"
        ),
        pytest.param(
            [said("A"), gone(), said("A", source=IMPORT)],
            [(PUBLISHED, A), (DELETED, b"")],
            id="an old export of what is gone",
        ),
        pytest.param(
            [said("A"), gone(POLL), said("A", source=POLL)],
            [(PUBLISHED, A), (DELETED, b""), (PUBLISHED, A)],
            id="there again as it was",
        ),
        pytest.param(
            [said("A"), gone(POLL), said("B", 5, source=POLL)],
            [(PUBLISHED, A), (DELETED, b""), (EDITED, B)],
            id="there again, changed",
        ),
        pytest.param(
            [said("A"), gone(POLL), said("A", source=POLL), gone()],
            [(PUBLISHED, A), (DELETED, b""), (PUBLISHED, A), (DELETED, b"")],
            id="gone, there again, gone",
        ),
    ],
)
def test_is_recorded(seen: list[Seen], expected: list[tuple[Kind, bytes]]) -> None:
    assert told(recorded(*seen)) == expected


def test_is_answered_with_the_record_that_says_so_already() -> None:
    held = recorded(said("A"), said("B", 5))

    def answer(seen: Seen) -> Change:
        content, source = seen
        return decide(held, content, content_key(content.post) if isinstance(content, Said) else b"", source)

    assert answer(said("B", 5, source=POLL)) == Change(None, 1)
    assert answer(said("A")) == Change(None, 0)


@pytest.mark.parametrize(
    ("seen", "last", "deleted"),
    [
        ([said("A"), said("C", 7), said("B", 5)], C, False),
        ([said("B", 5), said("A")], B, False),
        ([said("A"), said("B", 5), gone()], B, True),
        ([gone(), said("A")], A, True),
        ([said("A"), gone(), said("B", 5)], B, True),
        ([gone(), said("B", 5), said("A")], B, True),
        ([said("A"), gone(POLL), said("A", source=POLL)], A, False),
        ([said("A"), gone(POLL), said("B", 90)], B, False),
        ([said("A"), gone(), said("B", source=IMPORT)], A, True),
        ([said("A"), said("B", 5), said("C", 9), gone(), said("B", 5, source=POLL)], C, True),
    ],
)
def test_leaves_the_post_as_its_latest_look_saw_it(seen: list[Seen], last: bytes, deleted: bool) -> None:
    look, deletion = standing(recorded(*seen))

    assert look is not None
    assert (look.key, deletion is not None) == (last, deleted)


def test_of_nothing_leaves_nothing() -> None:
    assert standing([]) == (None, None)


HISTORIES = st.builds(
    lambda edits, ends: [said("text 0")] + [said(f"text {edit}", edit) for edit in range(1, edits)] + [gone()] * ends,
    edits=st.integers(0, 5),
    ends=st.booleans(),
)


@given(HISTORIES, st.data())
def test_of_pushes_is_the_same_in_any_order_and_however_often_they_come(
    history: list[Seen], data: st.DataObject
) -> None:
    repeats = data.draw(st.lists(st.sampled_from(history), max_size=6))
    shuffled = data.draw(st.permutations(history + repeats))

    ordered, disordered = recorded(*history), recorded(*shuffled)

    assert set(told(disordered)) == set(told(ordered))
    assert len(disordered) == len(ordered)
    for one, other in zip(standing(ordered), standing(disordered), strict=True):
        assert (one and one.key) == (other and other.key)


def test_of_a_whole_life_is_the_same_in_every_order() -> None:
    life = [said("A"), said("B", 5), said("C", 9), gone()]

    for order in permutations(life):
        assert sorted(told(recorded(*order))) == sorted(told(recorded(*life)))


@given(st.permutations([said("A"), said("B", 5), said("A", 9)]))
def test_of_a_post_changed_back_comes_right_with_the_next_look(order: list[Seen]) -> None:
    looks = recorded(*order, said("A", 9, source=POLL))

    said_last, deletion = standing(looks)

    assert said_last is not None
    assert said_last.key == A
    assert deletion is None
    assert {look.key for look in looks} == {A, B}


@given(HISTORIES, HISTORIES, st.sampled_from(Source))
def test_never_repeats_what_the_post_says_now(one: list[Seen], other: list[Seen], source: Source) -> None:
    looks = recorded(*one, *((content, source) for content, _ in other))
    said_last, deletion = standing(looks)
    if said_last is None or deletion is not None:
        return

    again = Said(msgspec.structs.replace(post("x"), edited_at=said_last.edited_at))

    assert decide(looks, again, said_last.key, source) == Change(None, said_last.index)
