"""Which key may sign a checkpoint for how many records, where the key was changed?

The change is a checkpoint itself: behind the root it names the old key and the new one, and both sign it. Where the old one was
lost it names the new one, signed by that alone: then nothing but the tree leads from one to the other.
"""

from collections.abc import Iterable, Sequence

import msgspec

from monitor.errors import ConfigError, Refused
from monitor.ledger.checkpoint import (
    Checkpoint,
    Verifier,
    beyond,
    cosign,
    parse,
    parse_vkey,
    sign,
    signers,
    verifier,
    verify,
    vkey,
)

_OLD, _NEW, _LOST = "old key ", "new key ", "lost key "


class Change(msgspec.Struct, frozen=True):
    """After `size` records the key is `new`. `old` None: the one before was lost."""

    size: int
    old: Verifier | None
    new: Verifier


def rotation(checkpoint: Checkpoint, *, old: bytes, new: bytes) -> str:
    """The note by which the key `old` gives way to `new`, signed with both; private keys, 32 bytes."""
    lines = [_OLD + vkey(verifier(old, checkpoint.origin)), _NEW + vkey(verifier(new, checkpoint.origin))]
    return cosign(sign(checkpoint, key=old, lines=lines), key=new, name=checkpoint.origin)


def beginning(checkpoint: Checkpoint, *, new: bytes, after: str) -> str:
    """The note by which `new`, a private key of 32 bytes, takes the place of the lost one that signed the note `after`."""
    lines = [_LOST + ", ".join(signers(after)), _NEW + vkey(verifier(new, checkpoint.origin))]
    return sign(checkpoint, key=new, lines=lines)


def change(note: str) -> Change | None:
    """The change of keys that the note is, None where it is none. Refused where it is one, and not signed by whom it must be."""
    said = beyond(note)
    news = [line for line in said if line.startswith(_NEW)]
    if not news:
        return None
    olds = [line for line in said if line.startswith(_OLD)]
    if len(news) > 1 or len(olds) > 1:
        raise Refused("a change of keys that names several")
    try:
        new = parse_vkey(news[0].removeprefix(_NEW))
        old = parse_vkey(olds[0].removeprefix(_OLD)) if olds else None
    except ConfigError as error:
        raise Refused(f"a change of keys that names none: {error}") from None
    for each in (new, old):
        if each is not None:
            verify(note, [each])
    return Change(parse(note).size, old, new)


def _is_checkpoint(note: str) -> bool:
    """What is none, whoever audits the notes tells of."""
    try:
        parse(note)
    except Refused:
        return False
    return True


class Keys:
    """The keys of a ledger, in the order in which they signed, as far as a known one leads to them: a rotation does, in both
    directions; the loss of a key does not."""

    def __init__(self, notes: Iterable[str], known: Sequence[bytes]) -> None:
        """`notes`: the ledger's own checkpoints; `known`: public keys, 32 bytes. Refused where the changes do not fit together."""
        found = [turn for note in notes if _is_checkpoint(note) and (turn := change(note)) is not None]
        changes = sorted(found, key=lambda each: each.size)
        self._given = known
        self._turns = [each.size for each in changes]
        keys = [changes[0].old.key if changes[0].old else None] if changes else [*known[:1]]
        for each in changes:
            if each.old is not None and keys[-1] not in (None, each.old.key):
                raise Refused(
                    f"the key that was changed at {each.size} records is not the one that had signed until then"
                )
            if each.old is not None and keys[-1] is None:
                keys[-1] = each.old.key
            keys.append(each.new.key)
        if (
            changes and keys[0] is None
        ):  # it was lost, and nothing in the ledger names it; somebody may have it written down
            keys[0] = next((key for key in known if key not in keys), None)
        led = [key in known for key in keys]
        for at, each in enumerate(changes):
            led[at + 1] |= led[at] and each.old is not None
        for at, each in reversed(list(enumerate(changes))):
            led[at] |= led[at + 1] and each.old is not None
        self._keys = keys
        self._led = led
        self._known = any(led)

    @property
    def trusted(self) -> Sequence[bytes]:
        """All that a known one leads to."""
        return [key for key, led in zip(self._keys, self._led, strict=True) if led and key is not None]

    def checked(self, note: str) -> tuple[Checkpoint, bool]:
        """What the note says, and whether its signature was checked: it is not where only a lost key could have made it.

        Refused where it is not signed by the key that signed then.
        """
        said = parse(note)
        if not self._turns:
            return verify(note, [Verifier(said.origin, key) for key in self._given]), True
        places = [
            at
            for at in range(len(self._keys))
            if (at == 0 or self._turns[at - 1] <= said.size)
            and (at == len(self._turns) or said.size <= self._turns[at])
        ]
        candidates = [Verifier(said.origin, key) for at in places if self._led[at] and (key := self._keys[at])]
        if self._known and not all(self._led[at] for at in places):
            try:
                return verify(note, candidates), True
            except Refused:
                if any(Verifier(said.origin, each.key).id.hex() in signers(note) for each in candidates):
                    raise
                return said, False
        return verify(note, candidates), True
