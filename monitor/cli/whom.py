"""Who does this: the person named with --as, or whoever runs the command?"""

import os
import pwd

from monitor.cli.people import found
from monitor.errors import ConfigError
from monitor.ports import Store


def user() -> str:
    """Who runs this, by the system's own word; what the environment says anybody can set."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"uid {os.geteuid()}"


async def operator(store: Store, name: str | None) -> str:
    """The name as it was added, of somebody who may see to the installation; without `name` whoever runs this. ConfigError where
    they may not. Before anybody was added every name is as good."""
    if name is None:
        return user()
    people = await store.people.all()
    if not people:
        if not name.strip():
            raise ConfigError("--as needs a name")
        return name.strip()
    person = found(people, name)
    if person.disabled_at is not None:
        raise ConfigError(f"{person.name} is disabled")
    if not person.may("operator"):
        raise ConfigError(f"{person.name} is a {person.role}, and this is for operators; see monitor people role")
    return person.name


def reason(words: str, *, most: int = 2_000) -> str:
    """The reason that is written down. ConfigError for none, or one longer than `most` characters."""
    words = words.strip()
    if not words:
        raise ConfigError("--reason says nothing: write why, for whoever reads this later")
    if len(words) > most:
        raise ConfigError(f"--reason has {len(words):,} characters, and {most:,} are kept: say it shorter")
    return words
