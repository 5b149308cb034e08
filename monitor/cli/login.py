"""monitor login: signs a collecting account in, by a QR code or by the code that Telegram sends."""

import asyncio
import os
from typing import TYPE_CHECKING, cast

import click

from monitor.cli.asking import Person
from monitor.cli.screen import emit, say
from monitor.cli.usage import Usage, with_usage
from monitor.config import Settings, load
from monitor.errors import ConfigError
from monitor.model.instant import text
from monitor.telegram.config import Account

if TYPE_CHECKING:
    from monitor.telegram.signing_in import Signed, Way


@click.command()
@click.argument("account", required=False)
@click.option("--qr", "way", flag_value="qr", help="By a QR code that a phone scans where the account is signed in.")
@click.option("--phone", "way", flag_value="phone", help="By phone number and the code that Telegram sends.")
@with_usage
def command(usage: Usage, *, account: str | None, way: str | None) -> int:
    """Sign a collecting account in and write its session file (0600). The session is the whole account: guard it.

    An account that is signed in already is left as it is. Nothing is written unless signing in succeeds.

    \b
    Example:
      monitor login
      monitor login reader-1 --qr
    """
    settings = load(usage.directory, os.environ)
    chosen = _choose(settings, account)
    signed = asyncio.run(_sign_in(settings, chosen, way))
    others = signed.others
    if usage.json:
        emit(
            {
                "account": chosen.name,
                "signed_in_as": signed.name,
                "session_file": chosen.session_file,
                "kept": signed.kept,
                "other_devices": None if others is None else len(others),
            }
        )
        return 0
    if signed.kept:
        say(f"{chosen.name} is signed in already as {signed.name}; {chosen.session_file} was left as it is")
    else:
        say(f"{chosen.name} is signed in as {signed.name}; the session is in {chosen.session_file}")
    for each in others or ():
        say(f"  also signed in: {each.words}, since {text(each.since)}")
    if others:
        say("What you do not know among these, end in Telegram: Settings, Devices.")
    return 0


async def _sign_in(settings: Settings, account: Account, way: str | None) -> "Signed":
    from monitor.assembly import access
    from monitor.telegram.signing_in import sign_in

    return await sign_in(access(account, settings), Person(), by=cast("Way | None", way))


def _choose(settings: Settings, name: str | None) -> Account:
    accounts = {account.name: account for account in settings.accounts}
    if not accounts:
        raise ConfigError(f"{settings.directory / 'monitor.toml'}: account: there is none; add an [[account]] table")
    if name is None:
        if len(accounts) > 1:
            raise ConfigError(f"which account? one of: {', '.join(accounts)}")
        return next(iter(accounts.values()))
    if name not in accounts:
        raise ConfigError(f"no account is called {name}; there are: {', '.join(accounts)}")
    return accounts[name]
