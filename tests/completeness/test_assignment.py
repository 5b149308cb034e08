"""An assignment of channels to accounts"""

from hypothesis import given
from hypothesis import strategies as st

from monitor.completeness.assignment import Account, assign, unread
from monitor.model.channel import Identity

CHANNELS = [Identity(username=name) for name in ("bridge", "harbour", "port", "square")]
BRIDGE, HARBOUR, PORT, SQUARE = CHANNELS


def an_account(name: str, *, able: bool = True, joined: list[Identity] = [], hidden: list[Identity] = []) -> Account:  # noqa: B006
    return Account(name, able, frozenset(joined), frozenset(hidden))


def test_gives_a_channel_to_the_account_that_has_joined_it() -> None:
    accounts = [an_account("one"), an_account("two", joined=[BRIDGE, HARBOUR, PORT])]

    assert assign(CHANNELS, accounts, {}) == {BRIDGE: "two", HARBOUR: "two", PORT: "two", SQUARE: "one"}


def test_spreads_what_nobody_has_joined() -> None:
    dealt = assign(CHANNELS, [an_account("one"), an_account("two")], {})

    assert sorted(dealt.values()) == ["one", "one", "two", "two"]


def test_stays_as_it_is_while_everybody_can() -> None:
    accounts = [an_account("one", joined=[BRIDGE]), an_account("two", joined=[BRIDGE])]
    now = dict.fromkeys(CHANNELS, "two")

    assert assign(CHANNELS, accounts, now) == now


def test_moves_a_channel_to_an_account_that_joined_it_since() -> None:
    accounts = [an_account("one"), an_account("two", joined=[BRIDGE])]

    assert assign([BRIDGE], accounts, {BRIDGE: "one"}) == {BRIDGE: "two"}


def test_moves_everything_away_from_an_account_that_cannot_be_asked() -> None:
    accounts = [an_account("one", able=False, joined=CHANNELS), an_account("two")]

    assert assign(CHANNELS, accounts, dict.fromkeys(CHANNELS, "one")) == dict.fromkeys(CHANNELS, "two")


def test_moves_a_channel_away_from_an_account_that_may_not_see_it() -> None:
    accounts = [an_account("one", joined=CHANNELS, hidden=[BRIDGE]), an_account("two")]

    dealt = assign(CHANNELS, accounts, dict.fromkeys(CHANNELS, "one"))

    assert dealt == {BRIDGE: "two", HARBOUR: "one", PORT: "one", SQUARE: "one"}


def test_leaves_a_channel_that_nobody_can_see_where_it_is_so_that_somebody_asks_for_it_again() -> None:
    accounts = [an_account("one", hidden=[BRIDGE]), an_account("two", hidden=[BRIDGE])]

    assert assign([BRIDGE], accounts, {BRIDGE: "two"}) == {BRIDGE: "two"}
    assert unread([BRIDGE, PORT], accounts) == [BRIDGE]


def test_leaves_channels_with_a_dead_account_where_there_is_no_other() -> None:
    accounts = [an_account("one", able=False)]

    assert assign(CHANNELS, accounts, {}) == dict.fromkeys(CHANNELS, "one")
    assert unread(CHANNELS, accounts) == CHANNELS


states = st.fixed_dictionaries(
    {
        "able": st.booleans(),
        "joined": st.lists(st.sampled_from(CHANNELS), unique=True),
        "hidden": st.lists(st.sampled_from(CHANNELS), unique=True),
    }
)


@given(st.lists(states, min_size=1, max_size=4), st.dictionaries(st.sampled_from(CHANNELS), st.sampled_from("0123x")))
def test_gives_every_channel_to_one_account_that_sees_it_if_any_does_and_then_stays_so(drawn, now) -> None:
    accounts = [an_account(str(number), **state) for number, state in enumerate(drawn)]

    dealt = assign(CHANNELS, accounts, now)

    by_name = {account.name: account for account in accounts}
    assert list(dealt) == CHANNELS
    for channel, name in dealt.items():
        assert by_name[name].sees(channel) or not any(account.sees(channel) for account in accounts)
    assert assign(CHANNELS, accounts, dealt) == dealt
