"""Does this time stamp show that a checkpoint was there at its time, and may its authority say so? (RFC 3161)

The one door to the library that reads them. A reply comes from a stranger: nothing of it counts before it is checked.
"""

from collections.abc import Sequence
from hashlib import sha256

import msgspec
from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from monitor.errors import ConfigError, Refused
from monitor.evidence.certified import named
from monitor.model.instant import HOUR, Instant, from_datetime, text

LARGEST = 64 << 10
"""Bytes of a reply; those of authorities with a long chain have some 6,000."""
ASTRAY = HOUR
"""How far the time in a new stamp may be from ours."""
_SHA256 = x509.ObjectIdentifier("2.16.840.1.101.3.4.2.1")
_GRANTED = 0


class Asked(msgspec.Struct, frozen=True):
    """A request as it is sent, and the number that the reply must bear."""

    request: bytes
    nonce: int


class Stamp(msgspec.Struct, frozen=True):
    """What a reply says: that something with this SHA-256 was there `at` this time."""

    at: Instant
    imprint: bytes


def ask(note: str) -> Asked:
    """For a stamp on this checkpoint, as it stands with its signatures, and for the certificate that it can be checked with."""
    built = TimestampRequestBuilder(data=note.encode(), hash_algorithm=HashAlgorithm.SHA256).build()
    nonce = built.nonce
    if nonce is None:
        raise RuntimeError("a request without a nonce was built")
    return Asked(built.as_bytes(), nonce)


def roots(pem: bytes, *, file: str) -> tuple[x509.Certificate, ...]:
    """The certificates of the authority that is trusted. `ConfigError` where the file holds none."""
    try:
        return tuple(x509.load_pem_x509_certificates(pem))
    except ValueError:
        raise ConfigError(f"{file} holds no certificate in PEM; ask the authority for its root certificate") from None


def received(reply: bytes, *, note: str, asked: Asked, trusted: Sequence[x509.Certificate], now: Instant) -> Stamp:
    """The stamp that was asked for, just now. Refused, with what is wrong, where it is another, or no good one."""
    stamp = checked(reply, note=note, trusted=trusted, nonce=asked.nonce)
    if abs(stamp.at - now) > ASTRAY:
        raise Refused(f"its time is {text(stamp.at)}, and here it is {text(now)}")
    return stamp


def checked(reply: bytes, *, note: str, trusted: Sequence[x509.Certificate], nonce: int | None = None) -> Stamp:
    """The stamp on this checkpoint, signed by who may stamp times, whose certificate leads to a trusted one at the stamp's time.

    Refused, with what is wrong, otherwise. `nonce`: what it must bear, where that is still known.
    """
    found = _decoded(reply)
    stamp = _said(found)
    if stamp.imprint != sha256(note.encode()).digest():
        raise Refused("it is a stamp on something else")
    if nonce is not None and found.tst_info.nonce != nonce:
        raise Refused("its nonce is not the one that was sent: it is no answer to this request")
    try:
        VerifierBuilder(roots=list(trusted)).build().verify(found, stamp.imprint)
    except VerificationError as error:
        raise Refused(_plainly(str(error))) from error
    except Exception as odd:  # whatever the library makes of a stranger's certificates
        raise Refused(f"its signature cannot be read ({type(odd).__name__})") from odd
    _check_certificate(found)
    return stamp


def said(reply: bytes) -> Stamp:
    """What a reply says, whoever signed it. Refused where it is none."""
    return _said(_decoded(reply))


def _decoded(reply: bytes) -> TimeStampResponse:
    if len(reply) > LARGEST:
        raise Refused(f"a reply of more than {LARGEST:,} bytes")
    try:
        found = decode_timestamp_response(reply)
        status, why = found.status, found.status_string
    except Exception as odd:  # whatever the library makes of a stranger's bytes
        raise Refused("not a reply of a time stamp authority (RFC 3161)") from odd
    if status != _GRANTED:
        words = "".join(each if each.isprintable() else " " for each in "; ".join(why))[:100]
        raise Refused(f"the authority refuses (status {status}{': ' + words if words else ''})")
    return found


def _said(found: TimeStampResponse) -> Stamp:
    try:
        imprint, at = found.tst_info.message_imprint, from_datetime(found.tst_info.gen_time)
        algorithm, digest = imprint.hash_algorithm, imprint.message
    except Exception as odd:  # the same
        raise Refused("a reply without a time stamp that can be read") from odd
    if algorithm != _SHA256:
        raise Refused("it is a stamp on another hash than SHA-256")
    return Stamp(at, digest)


def _check_certificate(found: TimeStampResponse) -> None:
    """The library believes who is named beside the signature; `certified` says why that is not enough."""
    try:
        by = named(found.time_stamp_token())
        [signer] = found.signed_data.signer_infos
        beside = [
            der
            for der in found.signed_data.certificates
            for each in [x509.load_der_x509_certificate(der)]
            if (each.issuer, each.serial_number) == (signer.issuer, signer.serial_number)
        ]
    except Exception as odd:  # the same
        raise Refused("what is signed of it does not say by which certificate it was made") from odd
    if not beside or not all(each.is_of(der) for each in by for der in beside):
        raise Refused("it was not made with the certificate beside it: what is signed names another")


def _plainly(reason: str) -> str:
    """OpenSSL's own words without the stack they come in."""
    _, found, rest = reason.rpartition("Verify error: ")
    words = rest.split('"')[0] if found else reason.partition("ErrorStack")[0].rstrip(": ")
    return f"its signature does not count: {words}"
