"""The people who may sign in"""

import asyncio

import msgspec
import pytest
from builders import NOON, person, ticket
from engines import Opening

from monitor.errors import Refused
from monitor.model.instant import HOUR, MINUTE
from monitor.ports import Store

LATER = NOON + HOUR


async def test_are_none_at_first(store: Store) -> None:
    assert await store.people.all() == []
    assert await store.people.tickets("olena", now=NOON) == []
    assert await store.people.admitted(bytes(32), now=NOON) is None


async def test_are_kept_as_they_are_by_name(store: Store) -> None:
    olena, ivan = person(), person("ivan", "operator", time_zone="UTC", disabled_at=LATER)

    await store.people.put(olena)
    await store.people.put(ivan)

    assert await store.people.all() == [ivan, olena]


async def test_are_changed_where_they_are_put_again(store: Store) -> None:
    await store.people.put(person())

    await store.people.put(person(role="reader", time_zone="UTC", password="$argon2id$other", made_at=LATER))

    assert await store.people.all() == [
        person(role="reader", time_zone="UTC", password="$argon2id$other", made_at=LATER)
    ]


async def test_are_changed_from_what_they_are_by_then(opening: Opening) -> None:
    """Two at once each change something else: nobody who was shut out is let in again by what was read before."""
    async with opening() as one, opening() as other:
        await one.people.put(person())

        changed = await asyncio.gather(
            one.people.change("olena", lambda now: msgspec.structs.replace(now, time_zone="UTC")),
            other.people.change("olena", lambda now: msgspec.structs.replace(now, role="reader")),
            one.people.change("olena", lambda now: msgspec.structs.replace(now, disabled_at=LATER)),
        )

        olena = person(role="reader", time_zone="UTC", disabled_at=LATER)
        assert await one.people.all() == [olena]
        assert olena in changed


async def test_have_their_tickets_ended_by_a_change_too(store: Store) -> None:
    await store.people.put(person())
    await store.people.admit(ticket())

    await store.people.change("olena", lambda now: msgspec.structs.replace(now, time_zone="UTC"))
    assert await store.people.tickets("olena", now=NOON) == [ticket()]
    await store.people.change("olena", lambda now: msgspec.structs.replace(now, disabled_at=NOON))
    assert await store.people.tickets("olena", now=NOON) == []


async def test_are_changed_only_where_they_are(store: Store) -> None:
    with pytest.raises(Refused, match="nobody called olena"):
        await store.people.change("olena", lambda now: now)

    assert await store.people.all() == []


async def test_are_let_in_with_their_ticket_until_it_is_over(store: Store) -> None:
    await store.people.put(person())
    await store.people.put(person("ivan"))

    await store.people.admit(ticket(1))
    await store.people.admit(ticket(2, of="ivan", kind="key", note="feed reader", until=NOON + 1))

    assert await store.people.admitted(ticket(1).digest, now=LATER - 1) == (person(), ticket(1))
    assert await store.people.admitted(ticket(1).digest, now=LATER) is None
    assert await store.people.admitted(ticket(2).digest, now=NOON) == (
        person("ivan"),
        ticket(2, of="ivan", kind="key", note="feed reader", until=NOON + 1),
    )
    assert await store.people.admitted(ticket(3).digest, now=NOON) is None


async def test_have_another_role_at_once(store: Store) -> None:
    await store.people.put(person())
    await store.people.admit(ticket())

    await store.people.put(person(role="reader", time_zone="UTC"))

    admitted = await store.people.admitted(ticket().digest, now=NOON)
    assert admitted == (person(role="reader", time_zone="UTC"), ticket())


@pytest.mark.parametrize("change", [{"disabled_at": NOON}, {"password": "$argon2id$other"}])
async def test_are_let_in_no_longer_with_what_they_had_once_they_are_disabled_or_have_another_password(
    store: Store, change: dict[str, object]
) -> None:
    for who in (person(), person("ivan")):
        await store.people.put(who)
    for one in (ticket(1), ticket(2, kind="key"), ticket(3, of="ivan")):
        await store.people.admit(one)

    for now in (person(**change), person()):
        await store.people.put(now)

        assert await store.people.tickets("olena", now=NOON) == []
        assert await store.people.admitted(ticket(1).digest, now=NOON) is None
        assert await store.people.admitted(ticket(2).digest, now=NOON) is None
    assert await store.people.tickets("ivan", now=NOON) == [ticket(3, of="ivan")]


async def test_get_no_ticket_where_they_are_disabled_or_nobody(store: Store) -> None:
    await store.people.put(person(disabled_at=NOON))

    for name in ("olena", "nobody"):
        with pytest.raises(Refused, match=f"{name} may not sign in"):
            await store.people.admit(ticket(of=name))

    await store.people.put(person())
    assert await store.people.admitted(ticket().digest, now=NOON) is None


async def test_get_no_ticket_for_a_password_that_they_had(store: Store) -> None:
    """Whoever was shown to have it a moment ago may be the one because of whom it was changed."""
    await store.people.put(person(password="$argon2id$new"))

    with pytest.raises(Refused, match="olena may not sign in"):
        await store.people.admit(ticket(1), password="$argon2id$theirs")
    await store.people.admit(ticket(2), password="$argon2id$new")

    assert await store.people.tickets("olena", now=NOON) == [ticket(2)]


async def test_have_their_good_tickets_told_oldest_first(store: Store) -> None:
    await store.people.put(person())
    late, early = ticket(1, made_at=NOON + MINUTE), ticket(2, made_at=NOON)
    over = ticket(3, made_at=NOON, until=NOON + 2 * MINUTE)
    for one in (over, late, early):
        await store.people.admit(one)

    assert await store.people.tickets("olena", now=NOON + 2 * MINUTE) == [early, late]


async def test_sign_out_of_what_they_name(store: Store) -> None:
    await store.people.put(person())
    for number in (1, 2, 3):
        await store.people.admit(ticket(number))

    await store.people.dismiss([ticket(1).digest, ticket(3).digest, ticket(9).digest])
    await store.people.dismiss([])

    assert await store.people.tickets("olena", now=NOON) == [ticket(2)]
    assert await store.people.admitted(ticket(1).digest, now=NOON) is None


async def test_are_seen_by_everybody_who_has_the_store_open(opening: Opening) -> None:
    async with opening() as one, opening() as other:
        await one.people.put(person())
        await other.people.admit(ticket())

        assert await one.people.admitted(ticket().digest, now=NOON) == (person(), ticket())

        await one.people.put(person(disabled_at=NOON))
        assert await other.people.admitted(ticket().digest, now=NOON) is None


async def test_sign_in_many_at_a_time(opening: Opening) -> None:
    async with opening() as one, opening() as other:
        await one.people.put(person())

        await asyncio.gather(
            *(store.people.admit(ticket(n + k)) for n in range(1, 40, 2) for k, store in [(0, one), (1, other)])
        )

        assert len(await one.people.tickets("olena", now=NOON)) == 40


async def test_may_have_odd_text_about_them(store: Store) -> None:
    await store.people.put(person("half \ud83d"))
    await store.people.admit(ticket(of="half \ud83d", note="a \0 \ud83d"))

    [odd] = await store.people.all()
    assert odd.name == "half \\ud83d"
    assert [one.note for one in await store.people.tickets("half \ud83d", now=NOON)] == ["a \0 \\ud83d"]
