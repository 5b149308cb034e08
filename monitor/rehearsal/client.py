"""How does the real client come to this server?"""

import os
from pathlib import Path
from typing import Any, Protocol

from telethon import TelegramClient
from telethon.crypto import rsa

API_ID, API_HASH = 1, "0" * 32
"""The rehearsal takes any."""


class Place(Protocol):
    """Where a rehearsal server is: a `Server` in this process, or a `Remote` in another."""

    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def dc(self) -> int: ...
    @property
    def code(self) -> str: ...
    @property
    def public_key(self) -> str: ...


def client(server: Place, session: Any, **options: Any) -> Any:
    """A Telethon client that will connect to this server; `session` and `options` are Telethon's own."""
    rsa.add_key(server.public_key, old=False)
    made = TelegramClient(session, API_ID, API_HASH, **options)
    type(
        made
    )._config = None  # Telethon keeps for all its clients where the data centres are: those of the server before
    made.session.set_dc(server.dc, server.host, server.port)
    return made


async def sign_in(server: Place, session_path: Path | str, account: str) -> Path:
    """Make a session file (0600) that is signed in as `account`, a phone or a bot's token; where it is."""
    path = Path(session_path)
    path = path if path.suffix == ".session" else path.with_name(f"{path.name}.session")
    # The file is the account: it must never be readable by others, and SQLite would create it by the umask.
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    signing = client(server, str(path))
    await signing.connect()
    try:
        if ":" in account:
            await signing.sign_in(bot_token=account)
        else:
            await signing.send_code_request(account)
            await signing.sign_in(account, server.code)
    finally:
        await signing.disconnect()
    return path
