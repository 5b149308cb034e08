"""What do all commands take: which configuration, for people or programs, how talkative?"""

import functools
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import msgspec

from monitor import logs

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
"""What Python makes of a byte on the command line that is not UTF-8."""


class Usage(msgspec.Struct, frozen=True):
    """What stood on the command line, before the command's name or behind it."""

    directory: Path = Path("config")
    json: bool = False
    verbose: bool = False


def with_usage(function: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command or group `--config`, `--json` and `--verbose`, and their values as the first argument.

    What stands behind the command's name goes before what stands in front of it.
    """

    @click.option("--config", "directory", metavar="DIR", type=click.Path(path_type=Path), help="Default: config")
    @click.option("--json", "json", is_flag=True, help="Print for programs.")
    @click.option("--verbose", "-v", is_flag=True, help="Say more on standard error.")
    @click.pass_context
    @functools.wraps(function)
    def command(
        context: click.Context, /, *args: Any, directory: Path | None, json: bool, verbose: bool, **rest: Any
    ) -> Any:
        for words in rest.values():
            if isinstance(words, str) and _LONE_SURROGATE.search(words):
                raise click.UsageError("an argument is not UTF-8", context)
        outer = context.find_object(Usage) or Usage()
        usage = Usage(directory or outer.directory, json or outer.json, verbose or outer.verbose)
        context.obj = usage
        # Whatever is made is for its owner alone: the session is the account, and the ledger may hold what others deleted.
        os.umask(0o077)
        logs.configure(verbose=usage.verbose)
        return function(usage, *args, **rest)

    return command
