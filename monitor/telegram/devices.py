"""Where else is an account signed in, and what is new among that?

Whoever has stolen a session or a code shows up here. What was there when a person last looked is kept in a file beside the
session, a number a line.
"""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import msgspec
from telethon.tl import functions

from monitor.errors import Unavailable
from monitor.model.instant import Instant, from_datetime
from monitor.telegram.client import request
from monitor.telegram.session import session_path


class Device(msgspec.Struct, frozen=True):
    """A sign-in of the account. The words are those of whoever signed in there: show them with care."""

    number: int
    words: str
    since: Instant


def others(answer: Any) -> Sequence[Device]:
    """All sign-ins of `account.authorizations` but the one that asked."""
    return [
        Device(
            number=each.hash,
            words=", ".join(filter(None, (each.app_name, each.device_model, each.platform, each.country))),
            since=from_datetime(each.date_created),
        )
        for each in answer.authorizations
        if not each.current
    ]


async def other_devices(client: Any) -> Sequence[Device]:
    return others(await request(client(functions.account.GetAuthorizationsRequest())))


def remembered(session: Path) -> frozenset[int] | None:
    """The sign-ins that a person has seen; None where nothing was remembered yet. `Unavailable` where that cannot be read."""
    path = _beside(session)
    try:
        return frozenset(int(line) for line in path.read_text("ascii").split())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise Unavailable(f"{path}: cannot be read ({error})") from error


def remember(session: Path, devices: Collection[int]) -> None:
    path = _beside(session)
    scratch = path.with_name(path.name + ".part")
    try:
        scratch.write_text("".join(f"{each}\n" for each in sorted(devices)), "ascii")
        scratch.replace(path)
    except OSError as error:
        raise Unavailable(f"{path}: {error.strerror}") from error


def _beside(session: Path) -> Path:
    path = session_path(session)
    return path.with_name(path.name + ".devices")
