"""Which files does the configuration name, under which keys, and is each of those that we write named once?"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path as FilePath

import msgspec

from monitor.config.mistakes import Notes, Path, dotted
from monitor.config.settings import Settings

KINDS = ("store", "key", "session", "secret", "public key", "certificates")
"""What a file is: the ledger, our signing key, a session, what somebody has given us as a secret, as his public key
or as the certificates of an authority."""

_OURS = ("store", "key", "session")
"""Files that we write, or that say who we are: none of them may be anything else."""


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """A file of one of `KINDS`, named at this place of the configuration file that `notes` are about."""

    kind: str
    file: FilePath
    at: Path
    notes: Notes

    @property
    def key(self) -> str:
        return dotted(self.at, self.notes.document)


class Places(msgspec.Struct, frozen=True, kw_only=True):
    """Where in their arrays those tables stand that the settings have."""

    accounts: Sequence[int]
    subscribers: Sequence[int]
    anchors: Sequence[int]


def uses(settings: Settings, places: Places, *, machine: Notes, telling: Notes) -> list[Use]:
    """All whose key has no mistake: what a mistake takes for a file's name may be the secret itself. `machine`, `telling`: the
    notes on monitor.toml and subscribers.toml."""
    hooks = _hooks(settings, places.subscribers)
    found = [
        *(Use(kind=kind, file=FilePath(file), at=at, notes=machine) for kind, file, at in _machine(settings, places)),
        *(Use(kind="secret", file=FilePath(file), at=at, notes=telling) for file, at in hooks),
    ]
    return [use for use in found if not use.notes.doubt(use.at)]


def check_apart(uses: Sequence[Use]) -> None:
    """Two clients on one session end it for good: Telegram answers AUTH_KEY_DUPLICATED. And whoever writes one file over the other
    loses a ledger, a key or an account."""
    holders: dict[str, Use] = {}
    for use in uses:
        before = holders.setdefault(os.path.realpath(use.file), use)
        if before is use:
            continue
        if before.kind == use.kind == "session":
            owner = "the bot" if before.at[0] == "bot" else before.key.rpartition(".")[0]
            use.notes(use.at, f"is the session of {owner} already; every session has one user")
        elif before.kind in _OURS or use.kind in _OURS:
            use.notes(use.at, f"is the file of {before.key} already; each has one of its own")


def _machine(settings: Settings, places: Places) -> Iterator[tuple[str, str, Path]]:
    yield "store", str(settings.store.path), ("store", "path")
    yield "key", str(settings.ledger.signing_key_file), ("ledger", "signing_key_file")
    for place, account in zip(places.accounts, settings.accounts, strict=True):
        yield "secret", account.api_hash_file, ("account", place, "api_hash_file")
        yield "session", account.session_file, ("account", place, "session_file")
    if settings.bot is not None:
        yield "secret", settings.bot.api_hash_file, ("bot", "api_hash_file")
        yield "secret", settings.bot.token_file, ("bot", "token_file")
        yield "session", settings.bot.session_file, ("bot", "session_file")
    if settings.server is not None:
        yield "public key", settings.server.public_key_file, ("telegram", "server", "public_key_file")

    if settings.mail is not None:
        for kind, key in (("secret", "password_file"), ("certificates", "ca_file")):
            if isinstance(file := getattr(settings.mail, key), str):
                yield kind, file, ("mail", key)
    for place, anchor in zip(places.anchors, settings.anchors, strict=True):
        for kind, key in (("secret", "secret_file"), ("certificates", "ca_file")):
            if isinstance(file := getattr(anchor.to, key, None), str):
                yield kind, file, ("anchor", place, key)


def _hooks(settings: Settings, places: Sequence[int]) -> Iterator[tuple[str, Path]]:
    for place, (_, via) in zip(places, settings.subscribers, strict=True):
        if isinstance(file := getattr(via, "secret_file", None), str):
            yield file, ("subscriber", place, "via", "secret_file")
