"""A time stamp authority on loopback (RFC 3161): openssl signs, and the authority is honest or lies."""

import asyncio
import shutil
import subprocess
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from receiving import Answer, Receiver, answering
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here")

STAMPING = (ExtendedKeyUsageOID.TIME_STAMPING,)
Reply = Callable[[bytes], bytes]
"""What an authority makes of a request."""


class StampAuthority:
    """Root and signing certificate; `root` is the file that whoever trusts it has."""

    def __init__(
        self,
        folder: Path,
        *,
        days: tuple[int, int] = (-100, 100),
        own: bool = False,
        usage: Sequence[x509.ObjectIdentifier] = STAMPING,
        critical: bool = True,
        root: "StampAuthority | None" = None,
    ) -> None:
        """`days`: from today, in which the signing certificate holds; `own`: it signs itself; `usage`: what it may be used for;
        `root`: whose root signs it, if not one of its own."""
        folder.mkdir()
        self.folder = folder
        self._ca = root._ca if root else ec.generate_private_key(ec.SECP256R1())
        key = ec.generate_private_key(ec.SECP256R1())
        self.root = root.root if root else folder / "root.pem"
        if root is None:
            self.root.write_bytes(_pem(_certificate("root", self._ca, by="root", signing=self._ca, days=(-200, 200))))
        issuer, signing = ("stamps", key) if own else ("root", self._ca)
        self._certified = lambda: _certificate(
            "stamps", key, by=issuer, signing=signing, days=days, usage=usage, critical=critical
        )
        self._certificate = self._certified()
        (folder / "stamps.pem").write_bytes(_pem(self._certificate))
        (folder / "key.pem").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        (folder / "serial").write_text("01\n")
        (folder / "openssl.cnf").write_text(
            f"[tsa]\ndefault_tsa = t\n[t]\nserial = {folder}/serial\nsigner_cert = {folder}/stamps.pem\n"
            f"signer_key = {folder}/key.pem\nsigner_digest = sha256\ndefault_policy = 1.2.3.4.1\ndigests = sha256, sha512\n"
            "accuracy = secs:1\ness_cert_id_alg = sha256\n"
        )

    def honest(self, request: bytes) -> bytes:
        return self._reply(request, "-out")

    def on_something_else(self, request: bytes) -> bytes:
        return self.honest(_request(b"something else"))

    def for_another_request(self, note: str) -> Reply:
        """On the same bytes, as if it were replayed."""
        return lambda request: self.honest(_request(note.encode()))

    def under_another_certificate(self, request: bytes) -> bytes:
        """An honest stamp, and beside it, where its signer is named, another certificate that the root gave for the same key: nothing of
        either is signed, but for what the signed part says of the certificate."""
        this = other = self._certificate
        while other == this or len(_der(other)) != len(_der(this)) or _serial(other)[1] != _serial(this)[1]:
            other = self._certified()
        return self.honest(request).replace(_der(this), _der(other)).replace(_serial(this), _serial(other))

    def by_cms(self, request: bytes, *, ago: timedelta = timedelta(), naming: bool = True) -> bytes:
        """Signed as any CMS is: openssl's own authority refuses to lie about what its certificate may do, and about the time.
        `naming`: what is signed says by which certificate."""
        said = self._openssl("cms", "-verify", "-noverify", "-inform", "DER", "-in", self._honest_token(request))
        written = said[said.rindex(b"\x18\x0f") + 2 :][:15].decode()
        then = datetime.strptime(written, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC) - ago
        said = said.replace(written.encode(), then.strftime("%Y%m%d%H%M%SZ").encode())
        (self.folder / "said").write_bytes(said)
        signed = self._openssl(
            *("cms", "-sign", "-nodetach", "-binary", "-outform", "DER", "-in", self.folder / "said"),
            *("-econtent_type", "1.2.840.113549.1.9.16.1.4", "-md", "sha256", *(["-cades"] if naming else [])),
            *("-signer", self.folder / "stamps.pem", "-inkey", self.folder / "key.pem"),
        )
        inner = b"\x30\x03\x02\x01\x00" + signed
        return b"\x30\x82" + len(inner).to_bytes(2, "big") + inner

    def _honest_token(self, request: bytes) -> Path:
        """What an authority with the right certificate would have said."""
        honest = StampAuthority(self.folder / f"honest-{len(list(self.folder.iterdir()))}")
        path = self.folder / "token"
        path.write_bytes(honest._reply(request, "-token_out", "-out"))
        return path

    def _reply(self, request: bytes, *out: str) -> bytes:
        (self.folder / "request").write_bytes(request)
        return self._openssl(
            *("ts", "-reply", "-config", self.folder / "openssl.cnf", "-queryfile", self.folder / "request", *out),
            self.folder / "reply",
            into=self.folder / "reply",
        )

    def _openssl(self, *arguments: str | Path, into: Path | None = None) -> bytes:
        ended = subprocess.run(["openssl", *arguments], capture_output=True, check=False)
        assert ended.returncode == 0, ended.stderr
        return into.read_bytes() if into else ended.stdout


def stamping(receiver: Receiver, reply: Reply) -> Answer:
    """Answers the request that came last, over HTTP."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        body = await asyncio.to_thread(reply, receiver.requests[-1].body)
        send: Awaitable[None] = answering(200, "content-type: application/timestamp-reply", body=body)(writer)
        await send

    return answer


def _request(data: bytes) -> bytes:
    return TimestampRequestBuilder(data=data, hash_algorithm=HashAlgorithm.SHA256).build().as_bytes()


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def _serial(certificate: x509.Certificate) -> bytes:
    """Its number as it stands in it."""
    number = certificate.serial_number
    data = number.to_bytes(number.bit_length() // 8 + 1, "big")
    return bytes([2, len(data)]) + data


def _certificate(
    subject: str,
    key: ec.EllipticCurvePrivateKey,
    *,
    by: str,
    signing: ec.EllipticCurvePrivateKey,
    days: tuple[int, int],
    usage: Sequence[x509.ObjectIdentifier] | None = None,
    critical: bool = True,
) -> x509.Certificate:
    """A certificate; one of a root where no `usage` is said."""
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, each)]) for each in (subject, by)]
    today = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(names[0])
        .issuer_name(names[1])
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today + timedelta(days=days[0]))
        .not_valid_after(today + timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=usage is None, path_length=None), critical=True)
    )
    if usage:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usage), critical=critical)
    return builder.sign(signing, hashes.SHA256())
