"""What does a checkpoint say, who signed it, and does a record or an older checkpoint lead to it?"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

from monitor.evidence.script.ed25519 import signed
from monitor.evidence.script.files import Bad


class Note(NamedTuple):
    """A checkpoint: the ledger's name, size and root, and the bytes that were signed with their signatures: name, id, bytes."""

    origin: str
    size: int
    root: bytes
    text: bytes
    signatures: list[tuple[str, bytes, bytes]]


def unbase64(text: str) -> bytes:
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise ValueError("not the usual base64")
    return data


def unhex(text: str) -> bytes:
    data = bytes.fromhex(text)
    if data.hex() != text:
        raise ValueError("not the usual hexadecimal")
    return data


def note(text: str, file: str) -> Note:
    try:
        said, gap, end = text.rpartition("\n\n")
        origin, size, root = said.split("\n")[:3]
        split = [line[2:].split(" ") for line in end.split("\n")[:-1] if line.startswith("\u2014 ")]
        signatures = [(name, unbase64(each)[:4], unbase64(each)[4:]) for name, each in split]
        if (
            gap
            and origin
            and re.fullmatch("0|[1-9][0-9]{0,18}", size)
            and len(unbase64(root)) == 32
            and text.endswith("\n")
        ):
            return Note(origin, int(size), unbase64(root), f"{said}\n".encode(), signatures)
    except ValueError:
        pass
    raise Bad("it is no signed checkpoint", file)


def key_of(line: str, file: str) -> tuple[str, bytes]:
    """Name and public key, out of a line as `monitor checkpoint --public-key` prints it."""
    try:
        name, number, encoded = line.rstrip("\r\n").split("+", 2)
        data = unbase64(encoded)
        if len(data) == 33 and data[0] == 1 and number == named(name, data[1:]).hex():
            return name, data[1:]
    except ValueError:
        pass
    raise Bad("it is no Ed25519 key (name+id+base64)", file)


def named(name: str, key: bytes) -> bytes:
    return sha256(name.encode() + b"\n\x01" + key).digest()[:4]


def check_signature(found: Note, key: bytes, file: str) -> None:
    """By this key under any name: the machine may have been called otherwise then."""
    ours = [data for name, number, data in found.signatures[:100] if number == named(name, key)]
    if not ours or not all(signed(key, found.text, data) for data in ours):
        raise Bad("the key has not signed this checkpoint" if not ours else "the signature is wrong", file)


def turned(found: Note) -> tuple[bytes | None, bytes] | None:
    """The old key and the new one, where the checkpoint is a change of keys, signed by both. The old one is None: it was lost."""
    names = {line[:8]: line[8:] for line in found.text.decode().split("\n")[3:-1]}
    if "new key " not in names:
        return None
    new = key_of(names["new key "], "a change of keys")[1]
    old = key_of(names["old key "], "a change of keys")[1] if "old key " in names else None
    for each in (new, old):
        if each is not None:
            check_signature(found, each, "a change of keys")
    return old, new


class Ring:
    """The keys that signed, from the newest back: as far as changes of keys lead, and not across one that was lost."""

    def __init__(self, newest: bytes) -> None:
        self.keys: list[bytes] = [newest]
        self.now: bytes | None = newest
        self.unchecked = 0

    def back(self, found: Note, file: str) -> None:
        """The next older checkpoint."""
        turn = turned(found)
        if self.now is None:
            self.unchecked += 1
        elif turn is None:
            check_signature(found, self.now, file)
        elif turn[1] != self.now:
            raise Bad(f"the key was changed for size {found.size} to another than signed afterwards", file)
        else:
            self.now = turn[0]
            self.keys += [] if turn[0] is None else [turn[0]]

    def any(self, found: Note, file: str) -> None:
        """Is it signed by one of them? Where one was lost, it may have been that."""
        ours = {named(name, key): key for name, _, _ in found.signatures[:100] for key in self.keys}
        key = next((ours[number] for _, number, _ in found.signatures[:100] if number in ours), None)
        if key is not None or self.now is not None:
            check_signature(found, key or self.keys[0], file)


def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def included(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that the proof leads to (RFC 9162, section 2.1.3.2); None where it is no proof."""
    at, last = index, size - 1
    for step in path:
        if last == 0:
            return None
        if at & 1 or at == last:
            leaf = node(step, leaf)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            leaf = node(leaf, step)
        at, last = at >> 1, last >> 1
    return leaf if last == 0 else None


def consistent(old: Note, new: Note, path: Sequence[bytes]) -> bool:
    """Does the newer tree begin with the older one? RFC 9162, section 2.1.4.2."""
    if old.size == 0 or old.size >= new.size:
        same = old.root == (sha256().digest() if old.size == 0 else new.root)
        return not path and old.size <= new.size and same
    steps = [old.root, *path] if old.size & (old.size - 1) == 0 else list(path)
    if not steps:
        return False
    at, last = old.size - 1, new.size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    older = newer = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            older, newer = node(step, older), node(step, newer)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            newer = node(newer, step)
        at, last = at >> 1, last >> 1
    return last == 0 and older == old.root and newer == new.root
