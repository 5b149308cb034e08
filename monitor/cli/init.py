"""monitor init: a first configuration, from the names of channels."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from monitor.cli import check
from monitor.cli.screen import counted, emit, line, say, tell
from monitor.cli.usage import Usage, with_usage
from monitor.config.beginning import check_free, contents, write
from monitor.config.naming import Named, apart, in_table, is_a_bots, named
from monitor.errors import ConfigError

BAD_SHOWN = 20
"""Names that can be no channel's and are told one by one; the rest are counted."""
SHOWN = 10
"""Channels that are named again before they are written."""
LONGEST_INPUT = 4 << 20
"""Bytes read from a pipe."""


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("channels", metavar="[CHANNEL]…", nargs=-1)
@click.option(
    "--csv", "tables", metavar="FILE", multiple=True, type=click.Path(path_type=Path), help="A table of channels too."
)
@click.option("--yes", is_flag=True, help="Ask nothing, and leave out what can be no channel.")
@with_usage
def command(usage: Usage, *, channels: tuple[str, ...], tables: tuple[Path, ...], yes: bool) -> int:
    """Write a first configuration that watches these channels by their public pages: no account is needed. CHANNEL is a name,
    @name or a link of t.me; in a CSV file they stand in a column called username, link or channel, and party says who speaks.
    Without any it asks, or reads them from a pipe. With it come a story to edit and a subscriber, the console. What is there
    already is never written over. Then it says what monitor check says.

    \b
    Example:
      monitor init
      monitor init vvgladkov @mod_russia https://t.me/s/GeneralStaffZSU --config desk/config
      monitor init --csv channels.csv --yes
    """
    check_free(usage.directory)
    asking = sys.stdin.isatty() and not yes
    given = [each for words in channels for each in named(words)]
    given += [each for table in tables for each in in_table(table)]
    prompted = asking and not given
    if prompted:
        given = list(_asked())
    elif not channels and not tables:
        given = list(named(_piped()))
    good, bad, again = apart(given)
    if not prompted:  # else they were told one by one
        _tell_bad(bad)
    if not good:
        raise ConfigError("no channel was named; nothing was written")
    if bad and not asking and not yes:
        raise ConfigError(
            f"nothing was written: {counted(len(bad), 'name')} of no channel; with --yes they are left out"
        )
    for channel in good:
        if is_a_bots(channel.username):
            tell(f"warning: {channel.username} is probably a bot's name; only channels can be watched")
    if asking and not _agreed(usage.directory, good, len(bad)):
        tell("nothing was written")
        return 1
    texts = contents(good)
    write(usage.directory, texts)
    return _ended(usage, sorted(texts), good, bad, again)


def _asked() -> Iterator[Named]:
    """What somebody types, until they have nothing more to say."""
    tell("Which channels? Names, @names, t.me links, or the name of a CSV file; several with spaces between.")
    while True:
        try:
            words = str(
                click.prompt("Channels (nothing more: Enter)", default="", show_default=False, err=True)
            ).strip()
        except click.Abort as stopped:
            if not isinstance(stopped.__context__, EOFError):
                raise
            words = ""
        if not words:
            return
        if words.casefold().endswith(".csv"):
            try:
                found = list(in_table(Path(words).expanduser()))
            except ConfigError as wrong:
                tell(str(wrong))
                continue
        else:
            found = list(named(words))
        good, bad, _ = apart(found)
        _tell_bad(bad)
        tell(f"  {counted(len(good), 'channel')}")
        yield from found


def _piped() -> str:
    data = sys.stdin.buffer.read(LONGEST_INPUT + 1)
    if len(data) > LONGEST_INPUT:
        raise ConfigError(f"standard input has more than {LONGEST_INPUT:,} bytes; it is no list of channels")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError("standard input is not UTF-8") from None


def _tell_bad(bad: Sequence[Named]) -> None:
    for each in bad[:BAD_SHOWN]:
        tell(str(each))
    if len(bad) > BAD_SHOWN:
        tell(f"and {len(bad) - BAD_SHOWN:,} more")


def _agreed(directory: Path, good: Sequence[Named], bad: int) -> bool:
    names = ", ".join(each.username for each in good[:SHOWN])
    more = f" and {len(good) - SHOWN:,} more" if len(good) > SHOWN else ""
    left_out = f"; {counted(bad, 'name')} left out" if bad else ""
    tell(f"{counted(len(good), 'channel')}: {names}{more}{left_out}")
    return click.confirm(f"Write {line(str(directory))}/?", default=True, err=True)


def _ended(usage: Usage, files: Sequence[str], good: Sequence[Named], bad: Sequence[Named], again: int) -> int:
    """The configuration stands; what check says of it is the result."""
    if usage.json:
        code, checked = check.for_programs(usage.directory, planned=False)
        emit(
            {
                "directory": str(usage.directory),
                "files": files,
                "channels": [each.username for each in good],
                "left_out": [{"given": each.given, "where": each.where or None, "reason": each.reason} for each in bad],
                "again": again,
                "check": checked,
            }
        )
        return code
    repeated = f"; {counted(again, 'name')} given again" if again else ""
    say(f"{usage.directory}/ is written: {', '.join(files)}; {counted(len(good), 'channel')}{repeated}")
    say("Whether each of these names is a channel's, and not a person's or bot's, shows when it is read.")
    say(f"Put your own story in the place of {usage.directory / 'stories' / 'example.toml'}.")
    say()
    return check.for_people(usage.directory, planned=False)
