"""A query is read as the tree it means, or the mistake is shown where it stands."""

import pytest
from builders import story
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import QueryError
from monitor.matching.query import And, Leaf, Least, Name, Node, Not, Or, holds, leaves, parse, replace, shown
from monitor.matching.tracked import read, term_of
from monitor.model.story import Flag


def word(text: str) -> Leaf:
    return Leaf(text, (text,))


A, B, C = word("мост"), word("дамба"), word("паром")


@pytest.mark.parametrize(
    ("query", "tree"),
    [
        ("мост", A),
        ("мост OR дамба", Or((A, B))),
        ("мост AND дамба", And((A, B))),
        ("мост дамба", And((A, B))),
        ("мост дамба OR паром", Or((And((A, B)), C))),
        ("мост AND (дамба OR паром)", And((A, Or((B, C))))),
        ("NOT мост", Not(A)),
        ("мост NOT дамба", And((A, Not(B)))),
        ("NOT NOT мост", Not(Not(A))),
        ("(((мост)))", A),
        ("обмен*", Leaf("обмен*", ("обмен",), "prefix")),
        ("=ЛСР", Leaf("=ЛСР", ("ЛСР",), "exact")),
        ('"мост упал"', Leaf('"мост упал"', ("мост", "упал"))),
        ('="мост упал"', Leaf('="мост упал"', ("мост", "упал"), "exact")),
        ("=“мост упал”", Leaf("=“мост упал”", ("мост", "упал"), "exact")),
        ("«мост упал»", Leaf("«мост упал»", ("мост", "упал"))),
        ("„мост упал“", Leaf("„мост упал“", ("мост", "упал"))),
        ('"мост упал"~4', Leaf('"мост упал"~4', ("мост", "упал"), within=4)),
        ('"мост упал"~4 дамба', And((Leaf('"мост упал"~4', ("мост", "упал"), within=4), B))),
        ("контр-адмирал", word("контр-адмирал")),
        ("зв'язок", word("зв'язок")),
        ("мост\n  OR\tдамба", Or((A, B))),
        ('"or"', Leaf('"or"', ("or",))),
        ("2 of (мост, дамба, паром)", Least(2, (A, B, C))),
        ("2  of(мост дамба, паром)", Least(2, (And((A, B)), C))),
        ("паром 1 of (мост, 2 of (дамба, мост))", And((C, Least(1, (A, Least(2, (B, A))))))),
        ("2 of", And((word("2"), word("of")))),
    ],
)
def test_means(query: str, tree: Node) -> None:
    assert parse(query) == tree


@pytest.mark.parametrize(
    ("query", "column", "reason"),
    [
        ("", 0, "empty"),
        ("   ", 0, "empty"),
        ("(мост", 0, "never closed"),
        ("мост)", 4, "closes nothing"),
        ("()", 1, "must stand before"),
        ("OR мост", 0, "must stand before OR"),
        ("мост OR", 5, "must follow OR"),
        ("мост AND AND дамба", 9, "must stand before AND"),
        ("NOT", 0, "must follow NOT"),
        ("мост or дамба", 5, "write OR in capitals"),
        ("о*", 0, "two letters"),
        ("*", 0, "a word must follow"),
        ("=", 1, "a word must follow"),
        ("о*мен", 1, "no meaning"),
        ("мо?т", 2, "no meaning"),
        ("мост|дамба", 4, "no meaning"),
        ("/мост/", 0, "no meaning"),
        ("мост, дамба", 4, "no meaning"),
        ("#мост", 0, "no meaning"),
        ("=обмен*", 0, "either"),
        ('"мост', 0, "never closed"),
        ('""', 0, "no word"),
        ('"мост"~3', 6, "two words or more"),
        ('"мост упал"~0', 11, "from 1 to 50"),
        ('"мост упал"~51', 11, "from 1 to 50"),
        ('"мост упал"~', 11, "from 1 to 50"),
        ('"мост упал"~x', 11, "from 1 to 50"),
        ('"один два три"~1', 14, "from 2 to 50"),
        ('"мост, упал"', 5, "no meaning"),
        ("мост~3", 4, "no meaning"),
        ("мост»", 4, "no meaning"),
        ("4 of (мост, дамба, паром)", 0, "it can be 1 to 3"),
        ("0 of (мост, дамба)", 0, "it can be 1 to 2"),
        ("2 of (мост, дамба", 5, "never closed"),
        ("2 of (мост, )", 12, "must stand before"),
        ("2 of (, мост)", 6, "must stand before ,"),
        ("мост 2 of ()", 11, "must stand before"),
        ("(мост, дамба)", 0, "never closed"),
        ("(" * 60 + "мост" + ")" * 60, 51, "deep"),
    ],
)
def test_shows_the_mistake(query: str, column: int, reason: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(query)

    assert caught.value.column == column
    assert reason in caught.value.reason
    assert str(caught.value).splitlines()[-1] == " " * (4 + column) + "^"


def test_reads_a_condition_over_ids() -> None:
    tree = parse("(gladkov OR legion) AND NOT weather", ["gladkov", "legion", "weather"])

    assert tree == And((Or((Name("gladkov"), Name("legion"))), Not(Name("weather"))))


@pytest.mark.parametrize(
    ("condition", "column", "reason"),
    [
        ("gladkow", 0, "the nearest is gladkov"),
        ("gladkov AND legionn", 12, "the nearest is legion"),
        ('"gladkov"', 0, "no entity or topic"),
        ("gladkov*", 0, "the nearest is gladkov"),
    ],
)
def test_knows_the_ids_of_the_story(condition: str, column: int, reason: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(condition, ["gladkov", "legion"])

    assert (caught.value.column, reason in caught.value.reason) == (column, True)


@given(st.text(st.sampled_from("мост дамба ANDORNOT()\"“”«»=*~12,.-'\n") | st.characters(), max_size=60))
def test_either_reads_a_query_or_shows_the_mistake_within_it(query: str) -> None:
    match attempt(query):
        case QueryError(column=column):
            assert 0 <= column <= len(query)
        case tree:
            assert all(isinstance(leaf, Leaf) and leaf.words for leaf in leaves(tree))


def attempt(query: str) -> Node | QueryError:
    try:
        return parse(query)
    except QueryError as error:
        return error


def trees(*, negated: bool) -> st.SearchStrategy[Node]:
    def grow(node: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
        parts = st.lists(node, min_size=2, max_size=3).map(tuple)
        least = st.integers(1, 2).flatmap(lambda number: st.builds(Least, st.just(number), parts))
        grown = st.builds(And, parts) | st.builds(Or, parts) | least
        return grown | st.builds(Not, node) if negated else grown

    return st.recursive(st.sampled_from([A, B, C]), grow, max_leaves=8)


def write(node: Node) -> str:
    match node:
        case And(parts):
            return "(" + " AND ".join(map(write, parts)) + ")"
        case Or(parts):
            return "(" + " OR ".join(map(write, parts)) + ")"
        case Least(number, parts):
            return f"{number} of ({', '.join(map(write, parts))})"
        case Not(part):
            return f"NOT {write(part)}"
        case Leaf():
            return node.source
        case Name(name):
            return name


@given(trees(negated=True))
def test_reads_back_what_was_written(tree: Node) -> None:
    assert parse(write(tree)) == tree


@given(trees(negated=True), st.sets(st.sampled_from([A, B, C])))
def test_shows_nothing_that_was_not_seen(tree: Node, seen: set[Node]) -> None:
    assert set(shown(tree, seen)) <= seen


@given(trees(negated=False), st.sets(st.sampled_from([A, B, C])))
def test_shows_what_makes_the_query_true(tree: Node, seen: set[Node]) -> None:
    leading = set(shown(tree, seen))

    assert holds(tree, leading) == holds(tree, seen) == bool(leading)


@pytest.mark.parametrize(
    ("seen", "is_so"), [(set(), False), ({A}, False), ({B}, False), ({A, B}, True), ({B, C}, True), ({A, B, C}, True)]
)
def test_holds_where_so_many_are_there(seen: set[Node], is_so: bool) -> None:
    assert holds(Least(2, (A, B, C)), seen) is is_so


@given(trees(negated=True), st.sets(st.sampled_from([A, B, C])))
def test_a_story_is_looked_at_whenever_its_condition_holds(tree: Node, seen: set[Node]) -> None:
    ids = {A: "bridge", B: "dam", C: "ferry"}
    condition = replace(tree, lambda leaf: Name(ids[leaf]))
    needed = read(
        story(
            entities={}, topics={name: leaf.source for leaf, name in ids.items()}, flags=(Flag(when=write(condition)),)
        )
    ).needed()

    assert needed is None or not holds(tree, seen) or not needed.isdisjoint({term_of(leaf) for leaf in seen})


def test_shows_nothing_of_what_is_not_wanted() -> None:
    tree = parse("(мост OR дамба) AND NOT (паром AND мост)")

    assert list(shown(tree, {A, C})) == []
    assert list(shown(tree, {B, C})) == [B]
