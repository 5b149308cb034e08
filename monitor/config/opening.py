"""Can every file be opened that the daemon opens, and does it hold what it should? Nothing is made or changed by asking."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from monitor.anchors.rfc3161 import trusted_by
from monitor.config.mistakes import Notes, shown
from monitor.config.mistakes import Path as At
from monitor.config.secret import check_private, secret
from monitor.config.sessions import signed_in
from monitor.config.settings import Settings
from monitor.config.signing import signer
from monitor.config.uses import Use
from monitor.errors import ConfigError
from monitor.notifiers import webhook
from monitor.telegram.client import public_key

SHORTEST_SECRET = 16
"""Bytes. Standard Webhooks wants 24 to 64."""

_API_HASH = re.compile(r"[0-9A-Fa-f]{32}")
_TOKEN = re.compile(r"[0-9]+:\S+")


def check_files(settings: Settings, uses: Sequence[Use], env: Mapping[str, str]) -> None:
    """Notes what is wrong with them; what they hold is looked at and not kept. A session or key of ours may be missing yet."""
    for use in uses:
        try:
            _check(settings, use, env)
        except ConfigError as error:
            use.notes(use.at, str(error))


def _check(settings: Settings, use: Use, env: Mapping[str, str]) -> None:
    match use.kind:
        case "key":
            signer(settings.ledger)
        case "session":
            _check_session(use, env)
        case "public key":
            public_key(use.file)
        case "certificates":
            trusted_by(use.file)
        case "secret":
            held = secret(use.file, env=env)
            if use.at[0] in ("subscriber", "anchor"):
                webhook.keys(held, file=str(use.file))


def _check_session(use: Use, env: Mapping[str, str]) -> None:
    if not os.path.lexists(use.file):
        return
    check_private(use.file, env=env)
    try:
        signed_in(use.file)
    except ConfigError as error:
        again = (
            ", and the bot signs in again by itself"
            if use.at[0] == "bot"
            else " and sign in again with `monitor login`"
        )
        raise ConfigError(f"{error}; move it away{again}") from None


def check_addresses(settings: Settings, places: Sequence[int], env: Mapping[str, str], notes: Notes) -> None:
    """One address has one secret, and is private or not, whoever is told there. `places`: of the subscribers in their file."""
    first: dict[str, tuple[str, bool, tuple[bytes, ...]]] = {}
    for place, (subscriber, via) in zip(places, settings.subscribers, strict=True):
        at: At = ("subscriber", place, "via")
        if not isinstance(via, webhook.Config) or notes.doubt((*at, "secret_file")):
            continue
        held = webhook.keys(secret(Path(via.secret_file), env=env), file=via.secret_file)
        name, private, keys = first.setdefault(via.url, (subscriber.name, via.allow_private_addresses, held))
        same_url = f"subscriber {shown(name)} has for the same url; one address has one"
        if keys != held:
            notes((*at, "secret_file"), f"holds another secret than {same_url}")
        elif private != via.allow_private_addresses:
            notes((*at, "allow_private_addresses"), f"is another than {same_url}")


def doubts(settings: Settings, env: Mapping[str, str]) -> list[str]:
    """What in these files is probably not what was meant, one line each. None of it is repeated."""
    return [f"{key}: {file} holds {words}" for key, file, words in _doubtful(settings, env)]


def _doubtful(settings: Settings, env: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    apps = [(f"account[{account.name}]", account.api_hash_file) for account in settings.accounts]
    apps += [("bot", settings.bot.api_hash_file)] if settings.bot is not None else []
    for key, file in apps:
        if settings.server is None and not _API_HASH.fullmatch(secret(Path(file), env=env)):
            yield f"{key}.api_hash_file", file, "no api_hash as my.telegram.org shows it: 32 of 0-9 and a-f"
    if settings.bot is not None and not _TOKEN.fullmatch(secret(Path(settings.bot.token_file), env=env)):
        yield "bot.token_file", settings.bot.token_file, "no token as @BotFather shows it: digits, a colon, and more"
    for subscriber, via in settings.subscribers:
        if isinstance(via, webhook.Config):
            held = webhook.keys(secret(Path(via.secret_file), env=env), file=via.secret_file)
            if (length := min(map(len, held))) < SHORTEST_SECRET:
                words = f"a secret of {length} bytes; under {SHORTEST_SECRET} it can be guessed"
                yield f"subscriber[{shown(subscriber.name)}].via.secret_file", via.secret_file, words
