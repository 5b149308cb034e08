"""How do client and server come to a shared key that nobody else knows? (https://core.telegram.org/mtproto/auth_key)"""

import os
import secrets
import struct
from collections.abc import Callable
from functools import cache
from hashlib import sha1
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from telethon.crypto import AES, AuthKey
from telethon.extensions import BinaryReader
from telethon.helpers import generate_key_data_from_nonce
from telethon.tl import TLObject, types
from telethon.tl.functions import ReqDHParamsRequest, ReqPqMultiRequest, SetClientDHParamsRequest

from monitor.rehearsal.group import GENERATOR, PRIME, number
from monitor.rehearsal.mtproto.transport import Malformed

_PQ_PRIMES = (1_000_003, 1_000_033, 1_000_037, 1_000_039, 1_000_081, 1_000_099, 1_000_117, 1_000_121)
"""Small ones: factoring pq is the client's proof of work, and nobody attacks a rehearsal."""


class ServerKey:
    """The RSA key by which clients know that it is us they talk to."""

    def __init__(self) -> None:
        private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._numbers = private.private_numbers()
        self.public_pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode()
        public = self._numbers.public_numbers
        told = b"".join(TLObject.serialize_bytes(number(part)) for part in (public.n, public.e))
        self.fingerprint: int = struct.unpack("<q", sha1(told, usedforsecurity=False).digest()[-8:])[0]

    def decrypt(self, sealed: bytes) -> bytes:
        """The 255 bytes that were encrypted, without any padding scheme; by the Chinese remainder theorem, for speed."""
        value, own = int.from_bytes(sealed, "big"), self._numbers
        mod_p, mod_q = pow(value, own.dmp1, own.p), pow(value, own.dmq1, own.q)
        plain = mod_q + (mod_p - mod_q) * own.iqmp % own.p * own.q
        return (plain & ((1 << 2040) - 1)).to_bytes(255, "big")


@cache
def server_key() -> ServerKey:
    """This process's key. Making one takes a moment, and a test suite starts hundreds of servers."""
    return ServerKey()


class Handshake:
    """One key exchange. Every step takes the client's request and gives the answer; `key` is there after the last."""

    def __init__(self, server: ServerKey, *, now: Callable[[], int]) -> None:
        self.key: bytes | None = None
        self._server = server
        self._now = now
        self._nonce = 0
        self._server_nonce = 0
        self._new_nonce = 0
        self._secret = 0
        self._pq = 0

    def answer(self, request: Any) -> Any:
        """`Malformed` for a request out of turn, or one that does not fit what was said before."""
        match request:
            case ReqPqMultiRequest():
                return self._begin(request)
            case ReqDHParamsRequest() if self._nonce_fits(request):
                return self._offer(request)
            case SetClientDHParamsRequest() if self._nonce_fits(request) and self._new_nonce:
                return self._agree(request)
            case _:
                raise Malformed(f"{type(request).__name__} out of turn in a key exchange")

    def _begin(self, request: Any) -> Any:
        p, q = secrets.SystemRandom().sample(_PQ_PRIMES, 2)
        self._pq = p * q
        self._nonce = request.nonce
        self._server_nonce = int.from_bytes(os.urandom(16), "little", signed=True)
        # Eight bytes, as Telegram writes it: Telethon reads it as a signed number.
        pq = self._pq.to_bytes(8, "big")
        return types.ResPQ(self._nonce, self._server_nonce, pq, [self._server.fingerprint])

    def _offer(self, request: Any) -> Any:
        """Telethon 1.45 still seals as SHA-1, data, padding (`crypto/rsa.py`), not with the later RSA_PAD."""
        inner = self._hashed(self._server.decrypt(request.encrypted_data))
        if not isinstance(inner, types.PQInnerData | types.PQInnerDataDc) or not self._nonce_fits(inner):
            raise Malformed("a key exchange for somebody else")
        # Not that both are prime: Telethon's factoring says 1 and pq once in a thousand times, and would give up for good.
        if int.from_bytes(request.p, "big") * int.from_bytes(request.q, "big") != self._pq:
            raise Malformed("wrong factors")
        self._new_nonce = inner.new_nonce
        self._secret = secrets.randbits(256)
        offer = bytes(
            types.ServerDHInnerData(
                nonce=self._nonce,
                server_nonce=self._server_nonce,
                g=GENERATOR,
                dh_prime=number(PRIME),
                g_a=number(pow(GENERATOR, self._secret, PRIME)),
                server_time=self._now(),
            )
        )
        sealed = AES.encrypt_ige(sha1(offer, usedforsecurity=False).digest() + offer, *self._temporary())
        return types.ServerDHParamsOk(self._nonce, self._server_nonce, sealed)

    def _agree(self, request: Any) -> Any:
        inner = self._hashed(AES.decrypt_ige(request.encrypted_data, *self._temporary()))
        if not isinstance(inner, types.ClientDHInnerData) or not self._nonce_fits(inner):
            raise Malformed("a key exchange for somebody else")
        # Telethon writes the shared number without leading zeros; so must we, or one key in 256 would not be the same.
        self.key = number(pow(int.from_bytes(inner.g_b, "big"), self._secret, PRIME))
        told = AuthKey(self.key).calc_new_nonce_hash(self._new_nonce, 1)
        return types.DhGenOk(self._nonce, self._server_nonce, told)

    def _nonce_fits(self, request: Any) -> bool:
        return self._nonce != 0 and (request.nonce, request.server_nonce) == (self._nonce, self._server_nonce)

    def _temporary(self) -> tuple[bytes, bytes]:
        key, iv = generate_key_data_from_nonce(self._server_nonce, self._new_nonce)
        return key, iv

    def _hashed(self, data: bytes) -> Any:
        """The object that follows its own SHA-1."""
        reader = BinaryReader(data[20:])
        found = reader.tgread_object()
        if sha1(data[20 : 20 + reader.tell_position()], usedforsecurity=False).digest() != data[:20]:
            raise Malformed("a hash that does not fit")
        return found
