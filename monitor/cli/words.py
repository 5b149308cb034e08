"""What do the words on a command line stand for: a time, a channel, a post?"""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import click

from monitor.config import Mistakes
from monitor.config.channels import username
from monitor.config.mistakes import Notes
from monitor.config.zones import check_time_zone
from monitor.model import instant
from monitor.model.instant import Instant
from monitor.model.post import PostId

_POST = re.compile(r"(?P<channel>.+)/(?P<post>[1-9][0-9]{0,9})/?(?:\?.*)?")


def moment(context: click.Context, parameter: click.Parameter, words: str | None) -> Instant | None:
    """`2023-06-04` (its first moment, in UTC) or a whole time with its zone, `2023-06-04T16:00:00+03:00`."""
    if words is None:
        return None
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", words):
            return instant.from_datetime(datetime.fromisoformat(words).replace(tzinfo=UTC))
        return instant.parse(words)
    except ValueError:
        raise click.BadParameter(
            f"{words} is no time; write 2023-06-04, or 2023-06-04T13:00:00Z with its zone", context, parameter
        ) from None


def channel(context: click.Context, parameter: click.Parameter, words: str | None) -> str | None:
    """A channel's bare username, or its id, however it is written."""
    return None if words is None else username(words)


def zone(context: click.Context, parameter: click.Parameter, words: str | None) -> ZoneInfo | None:
    """A time zone by its name, `Europe/Kyiv`."""
    if words is None:
        return None
    notes = Notes(parameter.opts[0])
    check_time_zone(words, (), notes)
    if not notes.clean:
        raise Mistakes(notes.mistakes)
    try:
        return ZoneInfo(words)
    except (ValueError, OSError):  # this machine has no time zones, or the name is a path
        raise click.BadParameter(f"{words} is no time zone that this machine knows", context, parameter) from None


def post(context: click.Context, parameter: click.Parameter, words: str) -> tuple[str, PostId]:
    """`vvgladkov/123`, `-1001234567890/123` or `https://t.me/vvgladkov/123`."""
    found = _POST.fullmatch(words.strip())
    if found is None:
        raise click.BadParameter(f"{words} names no post; write CHANNEL/ID, as vvgladkov/123", context, parameter)
    return username(found["channel"]), int(found["post"])


def channel_or_post(context: click.Context, parameter: click.Parameter, words: str) -> tuple[str, PostId | None]:
    """The same, or a channel alone: `vvgladkov`, `@vvgladkov`, `https://t.me/vvgladkov`."""
    if _POST.fullmatch(words.strip()) is None:
        name = username(words.strip())
        if not name or "/" in name:
            raise click.BadParameter(
                f"{words} names no channel or post; write CHANNEL or CHANNEL/ID, as vvgladkov/123", context, parameter
            )
        return name, None
    return post(context, parameter, words)
