"""How does a checkpoint get to a web server? As alerts do, a Standard Webhook, and it is none."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import msgspec

from monitor.errors import ConfigError, Refused
from monitor.ledger.checkpoint import parse
from monitor.model.instant import Instant
from monitor.notifiers.posting import Poster
from monitor.notifiers.webhook import Destination, keys, post
from monitor.ports import Taken


class Config(msgspec.Struct, frozen=True, kw_only=True, tag="webhook", tag_field="kind", forbid_unknown_fields=True):
    """As the webhook of a subscriber: the file holds a Standard Webhooks secret, `whsec_` and base64."""

    name: str
    url: str
    secret_file: str
    every: str = "1d"
    allow_private_addresses: bool = False


class Hook:
    """Posts `{"event": "checkpoint", "origin", "size", "root" (hex), "note"}`; its `webhook-id` stays the same for a checkpoint."""

    def __init__(self, poster: Poster, config: Config, *, secret: Callable[[Path], str]) -> None:
        """`secret`: what is in such a file, asked each time."""
        self._poster = poster
        self._config = config
        self._secret = secret

    async def take(self, note: str, *, now: Instant) -> Taken:
        config, said = self._config, parse(note)
        try:
            held = keys(self._secret(Path(config.secret_file)), file=config.secret_file)
        except ConfigError as error:
            raise Refused(str(error)) from error
        body = {"event": "checkpoint", "origin": said.origin, "size": said.size, "root": said.root.hex(), "note": note}
        key = f"checkpoint-{sha256(note.encode()).hexdigest()[:32]}"
        to = Destination(held, config.allow_private_addresses)
        await post(self._poster, config.url, msgspec.json.encode(body), to, key=key, now=now)
        return Taken("webhook")
