"""The commands: one a module, loaded when it is called."""

from importlib import import_module

import click

from monitor import __version__
from monitor.cli.usage import Usage, with_usage

COMMANDS = {
    "demo": ("demo", "Play the sample story on a Telegram of its own: no account, no network."),
    "init": ("init", "Write a first configuration: channel names in, no account needed."),
    "run": ("run", "Collect, record, match and alert until SIGTERM."),
    "web": ("web", "The reviewers' pages: stories, posts, reviews, search, health."),
    "check": ("check", "Read the whole configuration, start nothing."),
    "login": ("login", "Sign a collecting account in."),
    "status": ("status", "Is everything seen, matched and delivered?"),
    "backfill": ("backfill", "Read a channel's history into the ledger."),
    "import": ("importing", "Read posts from files into the ledger."),
    "match": ("match", "Which stories do these posts speak of? Stores nothing."),
    "story": ("story", "The stories in force, and the timeline of one."),
    "search": ("search", "Find records by their words, in any form."),
    "show": ("show", "One post: every revision, what changed, why it matched, whom it was told."),
    "verify": ("verify", "Recompute the ledger and compare it with its checkpoints."),
    "rebuild": ("rebuild", "Make what follows from the records again: tables and search."),
    "checkpoint": ("checkpoint", "Sign the present size and root: what an auditor keeps."),
    "export": ("export", "Records for people and programs."),
    "hold": ("hold", "What must not be erased, and why."),
    "erase": ("erase", "Take away what a post said, for a legal reason."),
    "backup": ("backup", "A copy of the ledger and the media while the daemon runs, verified."),
    "restore": ("restore", "Put a backup back, verified first; or only try it."),
    "review": ("review", "File a verdict on a post."),
    "people": ("people", "Who may sign in to the pages, and as what."),
    "alerts": ("alerts", "What is due, and what failed for good."),
}
"""By name: the module in this package that has it as `command`, and what it does in a line."""


class Commands(click.Group):
    """A group that lists its commands without loading them: a start must not wait for Telethon or the dictionaries.

    (A class derived from theirs: click takes nothing else.)
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, _, rest = super().resolve_command(ctx, args)
        return name, load(name) if name is not None else None, rest


def load(name: str) -> click.Command:
    """The command of this name, its module imported."""
    module, _ = COMMANDS[name]
    command: click.Command = import_module(f"monitor.cli.{module}").command
    return command


@click.group(
    cls=Commands,
    commands={name: click.Command(name, short_help=words) for name, (_, words) in COMMANDS.items()},
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(__version__, message="monitor %(version)s")
@with_usage
def monitor(usage: Usage) -> None:
    """Watches public Telegram channels and keeps, flags, tells and proves what was said there.

    \b
    Example:
      monitor demo --once
      monitor check
    """
