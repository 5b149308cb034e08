"""How are public pages reached, and how often?"""

from typing import Annotated

import msgspec
from msgspec import Meta

ACCOUNT = "preview"
"""What this source is called where others have the name of their account."""


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[preview]`. `address`: where the pages are; another than Telegram's own is for rehearsal and tests.

    `proxy`: `http://[user:password@]host:port`; given, no page is asked for another way. `requests_per_second`: for all channels
    together.
    """

    address: str = "https://t.me"
    proxy: str = ""
    requests_per_second: Annotated[float, Meta(ge=0.01, le=100)] = 1.0
