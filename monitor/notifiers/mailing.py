"""How is a mail given to the relay of this house, and who of those it is for did the relay take it for?

The relay stores and forwards; what it has taken is on its way and no more. Which words of it are repeated: its host, and the digits
of its answers. What else it says may be anything.
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from email.message import EmailMessage
from email.policy import SMTP as ON_THE_WIRE
from pathlib import Path
from typing import Literal

import aiosmtplib
import certifi
import msgspec

from monitor.errors import ConfigError, Refused, Unavailable

SECONDS = 45.0
"""For everything: name, connection, TLS, sign-in, sending, and the answer."""
_LEAVING_SECONDS = 2.0
_PORTS = {"starttls": 587, "implicit": 465, "none": 25}
_ENHANCED = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}(?![0-9.])")


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[mail]`: the relay that takes all mail. `tls`: "none" only to this machine. `user`, `password_file`: both or neither; no
    `ca_file`: who is trusted is whom browsers trust."""

    host: str
    port: int | None = None
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    sender: str = msgspec.field(name="from")
    user: str = ""
    password_file: str | None = None
    ca_file: str | None = None


class Relay:
    """One connection a mail: there are few."""

    def __init__(self, config: Config, *, secret: Callable[[Path], str], seconds: float = SECONDS) -> None:
        """`secret`: what is in such a file, asked each time."""
        self.sender = config.sender
        self._config = config
        self._secret = secret
        self._seconds = seconds

    async def send(self, mail: EmailMessage, *, to: Sequence[str]) -> Mapping[str, str]:
        """Returns when the relay has it, with those of `to` for whom it was not taken, and why; they are fewer than all.

        Where it is taken for nobody: Unavailable if that may pass, Refused if not, or if the relay is not who it should be. A
        connection that is lost before the last answer is Unavailable: the mail may be there, and whoever gives it again gives it
        the same Message-ID.
        """
        host = self._config.host
        try:
            async with asyncio.timeout(self._seconds), self._connected() as smtp:
                return await self._given(smtp, mail, to)
        except aiosmtplib.SMTPResponseException as error:
            raise self._judged(error.code, error.message) from error
        except TimeoutError as error:
            raise Unavailable(f"{host} did not answer within {self._seconds:g} s") from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise self._lost(error) from error

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[aiosmtplib.SMTP]:
        config = self._config
        password = await asyncio.to_thread(self._password)
        smtp = aiosmtplib.SMTP(
            hostname=config.host,
            port=config.port or _PORTS[config.tls],
            local_hostname=config.sender.rpartition("@")[2],  # the library's own asks the name server who we are
            use_tls=config.tls == "implicit",
            start_tls=False,
            tls_context=None if config.tls == "none" else await asyncio.to_thread(self._trusting),
            timeout=self._seconds,
        )
        try:
            await smtp.connect()
            await smtp.ehlo()
            if config.tls == "starttls":
                if not smtp.supports_extension("starttls"):
                    raise Refused(f"{config.host} does not offer STARTTLS; nothing is sent unencrypted")
                await smtp.starttls()
                await smtp.ehlo()
            if password is not None:
                await self._sign_in(smtp, password)
            yield smtp
            with suppress(aiosmtplib.SMTPException, OSError):  # it has the mail, and said so
                async with asyncio.timeout(_LEAVING_SECONDS):
                    await smtp.quit()
        finally:
            smtp.close()

    async def _sign_in(self, smtp: aiosmtplib.SMTP, password: str) -> None:
        if not smtp.supported_auth_methods:
            raise Refused(
                f"{self._config.host} lets nobody sign in with a password; leave out mail.user, or set mail.port"
            )
        try:
            await smtp.login(self._config.user, password)
        except aiosmtplib.SMTPAuthenticationError as error:
            raise self._judged(error.code, error.message, " to user and password") from error

    async def _given(self, smtp: aiosmtplib.SMTP, mail: EmailMessage, to: Sequence[str]) -> Mapping[str, str]:
        missed: dict[str, Refused | Unavailable] = {}
        await smtp.mail(self._config.sender)
        for address in to:
            try:
                await smtp.rcpt(address)
            except aiosmtplib.SMTPRecipientRefused as error:
                missed[address] = self._judged(error.code, error.message, " to the address")
        if len(missed) == len(to):
            raise next((each for each in missed.values() if isinstance(each, Unavailable)), missed[to[0]])
        await smtp.data(mail.as_bytes(policy=ON_THE_WIRE))
        return {address: str(error) for address, error in missed.items()}

    def _password(self) -> str | None:
        if self._config.password_file is None:
            return None
        try:
            return self._secret(Path(self._config.password_file))
        except ConfigError as error:
            raise Refused(str(error)) from error

    def _trusting(self) -> ssl.SSLContext:
        file = self._config.ca_file or certifi.where()
        try:
            context = ssl.create_default_context(cafile=file)
        except OSError as error:
            raise Refused(f"{file} cannot be read, or holds no certificate: {error.strerror or error}") from error
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context

    def _judged(self, code: int, said: str, to_what: str = "") -> Refused | Unavailable:
        """RFC 5321, 4.2.1: 4yz may pass, 5yz does not. RFC 3463: the three numbers that may stand before the words."""
        enhanced = _ENHANCED.match(said)
        answered = f"{self._config.host} answered {code}{f' {enhanced.group()}' if enhanced else ''}{to_what}"
        if 500 <= code < 600:
            return Refused(answered)
        return Unavailable(answered if 400 <= code < 500 else f"{self._config.host} gave an answer that fits nothing")

    def _lost(self, error: Exception) -> Refused | Unavailable:
        host = self._config.host
        reason: BaseException | None = error
        while reason is not None:
            if isinstance(reason, ssl.SSLCertVerificationError):
                return Refused(f"the certificate of {host} is not trusted: {reason.verify_message}")
            if isinstance(reason, ssl.SSLError):
                return Unavailable(f"{host}: TLS failed: {reason.reason or type(reason).__name__}")
            if isinstance(reason, ConnectionRefusedError):
                return Unavailable(f"{host} refuses connections")
            reason = reason.__cause__ or reason.__context__
        return Unavailable(f"{host}: {type(error).__name__}")
