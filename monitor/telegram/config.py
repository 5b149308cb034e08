"""How to reach Telegram: collecting accounts, the bot, and a server that is not Telegram's own."""

import msgspec


class Server(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[telegram.server]`: only for rehearsal and tests. `public_key_file`: its RSA key in PEM, no secret."""

    dc: int
    host: str
    port: int
    public_key_file: str


class Account(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[account]]`: a user account that collects. `country`: where it lives, as two letters; some channels are withheld by it.

    `proxy`: `socks5://[user:password@]host:port` or `http://…`; given, nothing of this account goes another way.
    """

    name: str
    api_id: int
    api_hash_file: str
    session_file: str
    country: str = ""
    proxy: str = ""


class Bot(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[bot]`: the bot that carries alerts."""

    api_id: int
    api_hash_file: str
    token_file: str
    session_file: str
