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
    """Somebody who may see to the installation, as `person` has it; without `name` whoever runs this."""
    return user() if name is None else await person(store, name, "operator")


async def person(store: Store, name: str, role: str) -> str:
    """The name as it was added, of somebody who may do what is for this role. ConfigError where they may not. Before anybody was
    added every name is as good."""
    people = await store.people.all()
    if not people:
        if not name.strip():
            raise ConfigError("--as needs a name")
        return name.strip()
    known = found(people, name)
    if known.disabled_at is not None:
        raise ConfigError(f"{known.name} is disabled")
    if not known.may(role):
        raise ConfigError(f"{known.name} is a {known.role}, and this is for {role}s; see monitor people role")
    return known.name


def reason(words: str, *, most: int = 2_000) -> str:
    """The reason that is written down. ConfigError for none, or one longer than `most` characters."""
    words = words.strip()
    if not words:
        raise ConfigError("--reason says nothing: write why, for whoever reads this later")
    if len(words) > most:
        raise ConfigError(f"--reason has {len(words):,} characters, and {most:,} are kept: say it shorter")
    return words
