"""How does an authority put its time stamp on a checkpoint? (RFC 3161, over HTTP as its section 3.4 has it)"""

from pathlib import Path

import msgspec
from cryptography.x509 import Certificate

from monitor.errors import ConfigError, Refused, Unavailable
from monitor.evidence.stamps import ask, received, roots
from monitor.model.instant import Instant, text
from monitor.notifiers.posting import Poster
from monitor.ports import Taken

_HEADERS = (("content-type", "application/timestamp-query"), ("accept", "application/timestamp-reply"))


class Config(msgspec.Struct, frozen=True, kw_only=True, tag="rfc3161", tag_field="kind", forbid_unknown_fields=True):
    """`ca_file`: the root certificates, in PEM, that its stamps must lead to.

    http:// will do: the stamp itself shows who signed it.
    """

    name: str
    url: str
    ca_file: str
    every: str = "1d"
    allow_private_addresses: bool = False


class StampAuthority:
    """What it gives is checked before it counts; a stamp that is not good is Refused."""

    def __init__(self, poster: Poster, config: Config) -> None:
        self._poster = poster
        self._config = config

    async def take(self, note: str, *, now: Instant) -> Taken:
        try:
            trusted = trusted_by(Path(self._config.ca_file))
        except ConfigError as error:
            raise Refused(str(error)) from error
        asked = ask(note)
        anywhere = self._config.allow_private_addresses
        answer = await self._poster.post(
            self._config.url, asked.request, headers=_HEADERS, anywhere=anywhere, wanted=True
        )
        if answer.status != 200:
            raise Unavailable(f"{answer.host} answered {answer.status}")
        try:
            stamp = received(answer.body, note=note, asked=asked, trusted=trusted, now=now)
        except Refused as refused:
            raise Refused(f"{answer.host} gave no good time stamp: {refused}") from refused
        return Taken(f"time stamp of {text(stamp.at)}", answer.body)


def trusted_by(file: Path) -> tuple[Certificate, ...]:
    """The certificates in a `ca_file`. `ConfigError` where it cannot be read or holds none."""
    try:
        return roots(file.read_bytes(), file=str(file))
    except OSError as error:
        raise ConfigError(
            f"{file} cannot be read: {error.strerror}; ask the authority for its root certificate"
        ) from None
