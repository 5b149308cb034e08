"""How is a message sealed and opened with an authorisation key? (https://core.telegram.org/mtproto/description)"""

import os
import struct
from hashlib import sha1, sha256

import msgspec
from telethon.crypto import AES

from monitor.rehearsal.mtproto.transport import Malformed

_FROM_CLIENT, _FROM_SERVER = 0, 8


class Envelope(msgspec.Struct, frozen=True):
    """A message as it came out of its encryption."""

    salt: int
    session: int
    id: int
    sequence: int
    body: bytes


def key_id(key: bytes) -> int:
    """The lower 64 bits of its SHA-1, as they stand before every encrypted packet."""
    return int.from_bytes(sha1(key, usedforsecurity=False).digest()[-8:], "little")


def open_packet(key: bytes, packet: bytes) -> Envelope:
    """A packet of the client, without the eight bytes of its key's id. `Malformed` if it was sealed otherwise."""
    message_key, sealed = packet[:16], packet[16:]
    if len(sealed) < 48 or len(sealed) % 16:
        raise Malformed("an encrypted packet of odd length")
    plain = AES.decrypt_ige(sealed, *_aes(key, message_key, _FROM_CLIENT))
    if sha256(key[88:120] + plain).digest()[8:24] != message_key:
        raise Malformed("a message key that does not fit")
    salt, session, message, sequence, length = struct.unpack_from("<qqqii", plain)
    if not 0 <= length <= len(plain) - 32:
        raise Malformed("a message longer than its packet")
    return Envelope(salt, session, message, sequence, bytes(plain[32 : 32 + length]))


def seal(key: bytes, id: bytes, envelope: Envelope) -> bytes:
    """A packet of the server. `id` is the key's id as it stands on the wire."""
    head = struct.pack("<qqqii", envelope.salt, envelope.session, envelope.id, envelope.sequence, len(envelope.body))
    padding = os.urandom(-(len(head) + len(envelope.body) + 12) % 16 + 12)
    plain = b"".join((head, envelope.body, padding))
    message_key = sha256(key[96:128] + plain).digest()[8:24]
    return b"".join((id, message_key, AES.encrypt_ige(plain, *_aes(key, message_key, _FROM_SERVER))))


def _aes(key: bytes, message_key: bytes, x: int) -> tuple[bytes, bytes]:
    a = sha256(message_key + key[x : x + 36]).digest()
    b = sha256(key[x + 40 : x + 76] + message_key).digest()
    return a[:8] + b[8:24] + a[24:32], b[:8] + a[8:24] + b[24:32]
