"""monitor people: who may sign in to the pages, and as what."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import click
import msgspec

from monitor.cli.opening import Store, adding
from monitor.cli.screen import emit, red, say, say_table, tell
from monitor.cli.usage import Usage, with_usage
from monitor.clock import SystemClock
from monitor.config import Mistakes, load
from monitor.config.mistakes import Notes, meant
from monitor.config.zones import check_time_zone
from monitor.errors import ConfigError
from monitor.model.instant import text
from monitor.model.person import ROLES, Person
from monitor.web.passwords import SHORTEST, hashed, made

T = TypeVar("T")

_LONGEST = 1_000
"""Bytes of a password on standard input."""

_role = click.Choice(ROLES)
_from_input = click.option(
    "--password-stdin", "given", is_flag=True, help="Read the password, a line, from standard input; else one is made."
)


@click.group()
@with_usage
def command(usage: Usage) -> None:
    """Who may sign in to the pages: a `reader` reads, a `reviewer` files verdicts too, an `operator` sees how the installation
    itself is doing as well. Names are compared without case.

    \b
    Example:
      monitor people add olena --role reviewer --time-zone Europe/Kyiv
      monitor people list
    """


@command.command()
@click.argument("name")
@click.option("--role", type=_role, required=True, help="What they may do.")
@click.option(
    "--time-zone", metavar="Z", default="UTC", show_default=True, help="In which they read times: Europe/Kyiv."
)
@_from_input
@with_usage
def add(usage: Usage, *, name: str, role: str, time_zone: str, given: bool) -> int:
    """Somebody more. Their password is made and printed once; of it only a hash is kept.

    \b
    Example:
      monitor people add olena --role reviewer --time-zone Europe/Kyiv
      pass show monitor/olena | monitor people add olena --role operator --password-stdin
    """
    if not _is_name(name):
        raise ConfigError(f"{name} can be no name: 1 to 40 letters, digits and . _ - @")
    notes = Notes("--time-zone")
    check_time_zone(time_zone, (), notes)
    if not notes.clean:
        raise Mistakes(notes.mistakes)

    async def work(store: Store) -> tuple[Person, str | None]:
        if (held := _of(await store.people.all(), name)) is not None:
            raise ConfigError(
                f"there is {held.name} already: change them with monitor people role, password, enable or disable"
            )
        password, shown = _password(given=given)
        person = Person(
            name=name, role=role, password=hashed(password), made_at=SystemClock().now(), time_zone=time_zone
        )
        await store.people.put(person)
        return person, shown

    person, shown = _do(usage, work)
    _tell_password(usage, person, shown, f"{person.name} may sign in as {person.role}")
    return 0


@command.command()
@click.argument("name")
@click.argument("role", type=_role)
@with_usage
def role(usage: Usage, *, name: str, role: str) -> int:
    """Give somebody another role, at once.

    \b
    Example:
      monitor people role olena operator
    """
    person = _change(usage, name, lambda person: msgspec.structs.replace(person, role=role))
    _tell(usage, person, f"{person.name} is a {person.role}" if role != "operator" else f"{person.name} is an operator")
    return 0


@command.command()
@click.argument("name")
@_from_input
@with_usage
def password(usage: Usage, *, name: str, given: bool) -> int:
    """Give somebody another password. Whoever is signed in with the old one is not any more, and its keys for programs end.

    \b
    Example:
      monitor people password olena
    """

    async def work(store: Store) -> tuple[Person, str | None]:
        held = found(await store.people.all(), name)
        chosen, shown = _password(given=given)
        hash = hashed(chosen)
        person = await store.people.change(held.name, lambda now: msgspec.structs.replace(now, password=hash))
        return person, shown

    person, shown = _do(usage, work)
    _tell_password(usage, person, shown, f"{person.name} has another password")
    return 0


@command.command()
@click.argument("name")
@with_usage
def disable(usage: Usage, *, name: str) -> int:
    """Let somebody in no longer. Whatever they are signed in with ends at once; their verdicts stay.

    \b
    Example:
      monitor people disable olena
    """
    now = SystemClock().now()
    person = _change(usage, name, lambda person: msgspec.structs.replace(person, disabled_at=person.disabled_at or now))
    _tell(usage, person, f"{person.name} may not sign in any more")
    return 0


@command.command()
@click.argument("name")
@with_usage
def enable(usage: Usage, *, name: str) -> int:
    """Let somebody in again, with the password they had.

    \b
    Example:
      monitor people enable olena
    """
    person = _change(usage, name, lambda person: msgspec.structs.replace(person, disabled_at=None))
    _tell(usage, person, f"{person.name} may sign in as {person.role}")
    return 0


@command.command("list")
@with_usage
def list_(usage: Usage) -> int:
    """Everybody, by name.

    \b
    Example:
      monitor people list --json
    """
    people = _do(usage, lambda store: store.people.all())
    if usage.json:
        for person in people:
            emit(_as_json(person))
    elif people:
        rows = [
            (
                person.name,
                person.role,
                person.time_zone,
                text(person.made_at),
                "" if person.disabled_at is None else red(f"disabled {text(person.disabled_at)}"),
            )
            for person in people
        ]
        say_table(("name", "role", "time zone", "since", ""), rows)
    else:
        say("nobody")
    return 0


def found(people: Sequence[Person], name: str) -> Person:
    """Who is called so; ConfigError with the nearest name where nobody is."""
    person = _of(people, name)
    if person is None:
        raise ConfigError(f"there is nobody called {name}{meant(name, [each.name for each in people])}")
    return person


def _of(people: Sequence[Person], name: str) -> Person | None:
    return next((person for person in people if person.name.casefold() == name.casefold()), None)


def _is_name(name: str) -> bool:
    return 1 <= len(name) <= 40 and all(char.isalnum() or char in "._-@" for char in name)


def _do(usage: Usage, work: Callable[[Store], Awaitable[T]]) -> T:
    settings = load(usage.directory, os.environ)

    async def run() -> T:
        async with adding(settings) as store:
            return await work(store)

    return asyncio.run(run())


def _change(usage: Usage, name: str, change: Callable[[Person], Person]) -> Person:
    """Somebody as they are now; it is said where no operator is left."""

    async def work(store: Store) -> tuple[Person, bool]:
        people = await store.people.all()
        held = found(people, name)
        person = await store.people.change(held.name, change)
        others = [each for each in people if each.name != held.name]
        return person, _is_operator(held) and not any(map(_is_operator, [*others, person]))

    person, last = _do(usage, work)
    if last:
        tell("no operator is left who may sign in; monitor people add, role or enable makes one")
    return person


def _is_operator(person: Person) -> bool:
    return person.role == "operator" and person.disabled_at is None


def _password(*, given: bool) -> tuple[str, str | None]:
    """What was chosen, and what is to be shown of it: nothing, where it came from standard input."""
    if not given:
        password = made()
        return password, password
    line = sys.stdin.buffer.readline(_LONGEST + 1)
    try:
        password = line.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise ConfigError("the password on standard input is not UTF-8") from None
    if len(password) < SHORTEST or len(line) > _LONGEST:
        raise ConfigError(
            f"a password has at least {SHORTEST} characters and at most {_LONGEST:,} bytes: give another one, or leave"
            " --password-stdin out, and a strong one is made"
        )
    return password, None


def _tell_password(usage: Usage, person: Person, shown: str | None, words: str) -> None:
    if usage.json:
        emit({"name": person.name, "role": person.role, "password": shown})
        return
    say(words)
    if shown is not None:
        say(f"password: {shown}")
        tell("this password is shown once, and kept nowhere: hand it on")


def _tell(usage: Usage, person: Person, words: str) -> None:
    if usage.json:
        emit(_as_json(person))
    else:
        say(words)


def _as_json(person: Person) -> dict[str, Any]:
    return {
        "name": person.name,
        "role": person.role,
        "time_zone": person.time_zone,
        "made_at": text(person.made_at),
        "disabled_at": None if person.disabled_at is None else text(person.disabled_at),
    }
