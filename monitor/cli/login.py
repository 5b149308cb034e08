"""monitor login: signs a collecting account in, by the code that Telegram sends to its phone."""

import asyncio
import os

import click

from monitor.cli.screen import emit, say
from monitor.cli.usage import Usage, with_usage
from monitor.config import Settings, load
from monitor.errors import ConfigError
from monitor.telegram.config import Account


@click.command()
@click.argument("account", required=False)
@with_usage
def command(usage: Usage, *, account: str | None) -> int:
    """Sign a collecting account in and write its session file (0600). The session is the whole account: guard it.

    \b
    Example:
      monitor login
      monitor login reader-1
    """
    settings = load(usage.directory, os.environ)
    chosen = _choose(settings, account)
    name = asyncio.run(_sign_in(settings, chosen))
    if usage.json:
        emit({"account": chosen.name, "signed_in_as": name, "session_file": chosen.session_file})
    else:
        say(f"{chosen.name} is signed in as {name}; the session is in {chosen.session_file}")
    return 0


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


async def _sign_in(settings: Settings, account: Account) -> str:
    from monitor.daemon import access
    from monitor.telegram.client import request, unauthorised
    from monitor.telegram.errors import PasswordNeeded, translated

    async with unauthorised(access(account, settings)) as client:
        if not await request(client.is_user_authorized()):
            phone = await _ask("Phone number, with country code")
            await request(client.send_code_request(phone))
            code = await _ask("Code that Telegram sent", hidden=True)
            try:
                with translated():
                    await client.sign_in(phone, code)
            except PasswordNeeded:
                await request(client.sign_in(password=await _ask("Password of the account", hidden=True)))
        me = await request(client.get_me())
        return f"@{me.username}" if me.username else str(me.id)


async def _ask(what: str, *, hidden: bool = False) -> str:
    """On a thread: the connection is kept alive meanwhile. What is secret is not shown, kept or logged."""
    answer = await asyncio.to_thread(click.prompt, what, hide_input=hidden, err=True)
    return str(answer).strip()
