"""By which certificate does a time stamp say, in what is signed of it, that it was made? (RFC 5035; RFC 3161, 2.4.1)

Beside a signature stands whose it is, and the certificate; neither is signed. Where an authority has two certificates for one key
anybody could put the one in the place of the other. So the digest of the certificate is among what is signed.
"""

import hashlib
from collections.abc import Sequence

import msgspec

from monitor.evidence.script.stamps import inside, pieces

_SIGNING_CERTIFICATE = bytes.fromhex("2a864886f70d010910020c")
_SIGNING_CERTIFICATE_V2 = bytes.fromhex("2a864886f70d010910022f")
_HASHES = {
    bytes.fromhex("608648016503040201"): "sha256",
    bytes.fromhex("608648016503040202"): "sha384",
    bytes.fromhex("608648016503040203"): "sha512",
}
_SEQUENCE, _OCTETS, _FIRST = 0x30, 0x04, 0xA0


class Named(msgspec.Struct, frozen=True):
    """A certificate, by its digest. SHA-1 in the first version of the attribute: nobody can make a certificate for a given one."""

    algorithm: str
    digest: bytes

    def is_of(self, certificate: bytes) -> bool:
        """Is it this one? In DER."""
        return hashlib.new(self.algorithm, certificate, usedforsecurity=False).digest() == self.digest


def named(token: bytes) -> Sequence[Named]:
    """The certificate as the signed attributes of a token (a CMS ContentInfo with one signer) name it: once in each version of the
    attribute that is there, never less than once. ValueError or IndexError where they do not."""
    (_, _), (_, wrapped) = inside(token, _SEQUENCE)
    (_, signers) = inside(wrapped, _SEQUENCE)[-1]
    [(_, signer)] = pieces(signers)
    tag, attributes = pieces(signer)[3]
    if tag != _FIRST:
        raise ValueError("nothing but the content is signed")
    found: dict[bytes, Named] = {}
    for _, attribute in pieces(attributes):
        (_, kind), (_, values) = pieces(attribute)
        if kind not in (_SIGNING_CERTIFICATE, _SIGNING_CERTIFICATE_V2):
            continue
        [(_, value)] = pieces(values)
        (_, certificates) = pieces(value)[0]
        (_, first) = pieces(certificates)[0]  # whose signature it is; others are those that it leads to
        if kind in found:
            raise ValueError("named twice")
        found[kind] = _read(pieces(first), "sha1" if kind == _SIGNING_CERTIFICATE else "sha256")
    if not found:
        raise ValueError("none is named")
    return list(found.values())


def _read(parts: Sequence[tuple[int, bytes]], algorithm: str) -> Named:
    """`algorithm`: where none is said, which the first version never does."""
    if parts[0][0] == _SEQUENCE and algorithm == "sha256":
        (_, name), parts = pieces(parts[0][1])[0], parts[1:]
        if name not in _HASHES:
            raise ValueError("named by a digest that is not known")
        algorithm = _HASHES[name]
    if parts[0][0] != _OCTETS:
        raise ValueError("named without a digest")
    return Named(algorithm, parts[0][1])
