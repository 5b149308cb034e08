"""What does a configuration without a mistake still lack, so that `run` refuses it? A watch that watches nothing must not look
like one."""

from monitor.config.mistakes import Mistake
from monitor.config.sessions import unsigned
from monitor.config.settings import Settings


def lacks(settings: Settings) -> list[Mistake]:
    """All of it, each with its file and what to write there."""
    found = []
    for file, words, part in (
        (
            "channels.toml",
            'channels: nothing would be collected; add [[channel]] with username = "…"',
            settings.channels,
        ),
        ("stories", "stories: nothing would be flagged; write one into stories/NAME.toml", settings.stories),
        (
            "subscribers.toml",
            'subscribers: nobody would be told; add [[subscriber]] with via = { kind = "console" }',
            settings.subscribers,
        ),
    ):
        if not part:
            found.append(Mistake(file=str(settings.directory / file), key="", problem=f"no {words}"))
    found += [
        Mistake(
            file=str(settings.directory / "monitor.toml"),
            key=f"account[{account.name}].session_file",
            problem=f"{account.session_file}: nobody is signed in; use `monitor login {account.name}`",
        )
        for account in unsigned(settings)
    ]
    return found
