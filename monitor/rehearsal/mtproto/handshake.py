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

from monitor.rehearsal.mtproto.transport import Malformed

GENERATOR = 2
PRIME = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
    "15728E5A8AACAA68FFFFFFFFFFFFFFFF",
    16,
)
"""The 2048-bit group of RFC 3526: a safe prime, congruent 7 modulo 8, as Telegram's own and as its clients demand for g = 2."""

_PQ_PRIMES = (1_000_003, 1_000_033, 1_000_037, 1_000_039, 1_000_081, 1_000_099, 1_000_117, 1_000_121)
"""Small ones: factoring pq is the client's proof of work, and nobody attacks a rehearsal."""


class ServerKey:
    """The RSA key by which clients know that it is us they talk to."""

    def __init__(self) -> None:
        private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        numbers = private.private_numbers()
        self._n, self._d = numbers.public_numbers.n, numbers.d
        self.public_pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode()
        told = TLObject.serialize_bytes(_number(self._n)) + TLObject.serialize_bytes(_number(65537))
        self.fingerprint: int = struct.unpack("<q", sha1(told, usedforsecurity=False).digest()[-8:])[0]

    def decrypt(self, sealed: bytes) -> bytes:
        """The 255 bytes that were encrypted, without any padding scheme."""
        return (pow(int.from_bytes(sealed, "big"), self._d, self._n) & ((1 << 2040) - 1)).to_bytes(255, "big")


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
        self._factors = b"", b""

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
        p, q = sorted(secrets.SystemRandom().sample(_PQ_PRIMES, 2))
        self._factors = _number(p), _number(q)
        self._nonce = request.nonce
        self._server_nonce = int.from_bytes(os.urandom(16), "little", signed=True)
        # Eight bytes, as Telegram writes it: Telethon reads it as a signed number.
        pq = (p * q).to_bytes(8, "big")
        return types.ResPQ(self._nonce, self._server_nonce, pq, [self._server.fingerprint])

    def _offer(self, request: Any) -> Any:
        """Telethon 1.45 still seals as SHA-1, data, padding (`crypto/rsa.py`), not with the later RSA_PAD."""
        inner = self._hashed(self._server.decrypt(request.encrypted_data))
        if not isinstance(inner, types.PQInnerData | types.PQInnerDataDc) or not self._nonce_fits(inner):
            raise Malformed("a key exchange for somebody else")
        if (request.p, request.q) != self._factors or (inner.p, inner.q) != self._factors:
            raise Malformed("wrong factors")
        self._new_nonce = inner.new_nonce
        self._secret = secrets.randbits(2040)
        offer = bytes(
            types.ServerDHInnerData(
                nonce=self._nonce,
                server_nonce=self._server_nonce,
                g=GENERATOR,
                dh_prime=_number(PRIME),
                g_a=_number(pow(GENERATOR, self._secret, PRIME)),
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
        self.key = _number(pow(int.from_bytes(inner.g_b, "big"), self._secret, PRIME))
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


def _number(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8, "big")
