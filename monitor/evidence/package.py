"""What is in an evidence package, and how does it get there? docs/evidence.md describes it for whoever receives one."""

import base64
import json
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TypeGuard

import msgspec

from monitor.errors import LedgerBroken
from monitor.evidence.bagit import Bag, Writing
from monitor.evidence.choosing import Chosen, batches, sealed_of
from monitor.evidence.joining import joined
from monitor.evidence.profile import Profile
from monitor.evidence.report import Cover, Report
from monitor.evidence.stamps import said
from monitor.ledger.audit import altered
from monitor.ledger.checkpoint import Checkpoint, parse
from monitor.ledger.keys import change
from monitor.ledger.tree import verify_inclusion
from monitor.model.instant import Instant, text
from monitor.model.record import Content, Custody, Fetched, Kind, Record, Sealed
from monitor.ports import Proof, Store

LONGEST = 8 << 20
"""Bytes of a line, beyond which a record's content is withheld: the script reads no longer ones, so that its memory is bounded."""
_EXPLAINED = Path(__file__).with_name("VERIFY.md")

Line = Callable[[Record, Sealed], dict[str, object]]
"""A record as the object that `export --format jsonl` writes of it."""


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be packed. `note`: the checkpoint that all proofs lead to; `key`: the public key that checks it, on one line;
    `sentences`: what can be said of the ids of each channel; `place`: where the bytes of media are, by their SHA-256."""

    chosen: Chosen
    profile: Profile
    note: str
    key: str
    made_at: Instant
    version: str
    channels: Sequence[tuple[str, Sequence[str]]]
    line: Line
    encode: Callable[[object], bytes]
    place: Callable[[str], Path]

    @property
    def checkpoint(self) -> Checkpoint:
        return parse(self.note)


class Packed(msgspec.Struct, frozen=True):
    """What became of it: how many records, of how many of them the content is withheld, files of media, and those that are not in
    it by what is wrong with them; `seal`: the SHA-256 of the tag manifest."""

    records: int
    withheld: int
    media: int
    missing: Sequence[str]
    damaged: Sequence[str]
    seal: str


async def pack(bag: Bag, store: Store, contents: Contents, *, moved: Callable[[int, int], None]) -> Packed:
    """Everything into the bag. LedgerBroken where a record is not what was written, or is not in the tree that was signed for."""
    records = _Records(contents)
    with bag.file("data/records.jsonl") as lines, bag.file("data/proofs.jsonl") as proofs:
        async for batch in batches(store.ledger, contents.checkpoint.size):
            records.checkpoints += [each.index for each in batch if each.kind is Kind.CHECKPOINT]
            records.stamps += [(each.index, each.content.proof) for each in batch if _is_stamp(each.content)]
            picked = [each for each in batch if contents.chosen.has(each) and not contents.profile.leaves_out(each)]
            await records.write(store, picked, lines, proofs)
            moved(batch[-1].index + 1, contents.checkpoint.size)
    lost = _copied(bag, sorted(records.held), contents.place)
    bag.put("data/missing.jsonl", _lines([{"sha256": sha256, "reason": reason} for sha256, reason in lost.items()]))
    bag.put("data/checkpoint.txt", contents.note.encode())
    bag.put("data/key.txt", f"{contents.key}\n".encode())
    bag.put("data/checkpoints.jsonl", await _earlier(store, contents.checkpoint, records.checkpoints))
    await _stamped(bag, store, contents.checkpoint, records.stamps)
    bag.put("verify.py", joined().encode())
    bag.put("VERIFY.md", _EXPLAINED.read_bytes())
    cover = Cover(
        checkpoint=contents.checkpoint,
        made_at=contents.made_at,
        wanted=contents.chosen.wanted,
        profile=contents.profile,
        version=contents.version,
        records=records.count,
        withheld=records.withheld,
        lost=lost,
        channels=contents.channels,
    )
    with bag.file("report.html") as writing:
        await Report(store, cover).write(contents.chosen, lambda words: writing.write(words.encode()))
    seal = bag.finish(_info(contents))
    missing, damaged = ([sha for sha, reason in lost.items() if reason == word] for word in ("missing", "damaged"))
    return Packed(records.count, records.withheld, len(records.held) - len(lost), missing, damaged, seal)


class _Records:
    """Writes records and their proofs, and counts."""

    def __init__(self, contents: Contents) -> None:
        self.count = 0
        self.withheld = 0
        self.held: set[str] = set()
        self.checkpoints: list[int] = []
        self.stamps: list[tuple[int, bytes]] = []
        self._contents = contents

    async def write(self, store: Store, picked: Sequence[Record], lines: Writing, proofs: Writing) -> None:
        if not picked:
            return
        size, root = self._contents.checkpoint.size, self._contents.checkpoint.root
        paths = await store.ledger.proofs([each.index for each in picked], size=size)
        for record, sealed, proof in zip(picked, await sealed_of(store.ledger, picked), paths, strict=True):
            _check(record, sealed, proof, root)
            lines.write(self._line(record, sealed))
            proofs.write(_lines([{"index": record.index, "path": [step.hex() for step in proof.path]}]))
            self.count += 1

    def _line(self, record: Record, sealed: Sealed) -> bytes:
        if self._contents.profile.withholds(record, sealed):
            return self._alone(record, sealed, "profile")
        line = self._contents.encode(self._contents.line(record, sealed)) + b"\n"
        if len(line) > LONGEST:
            return self._alone(record, sealed, "length")
        if isinstance(record.content, Fetched) and record.content.standing == "held" and record.content.sha256:
            self.held.add(record.content.sha256)
        return line

    def _alone(self, record: Record, sealed: Sealed, why: str) -> bytes:
        """Without its content, and without the salt, with which the content could be guessed."""
        self.withheld += 1
        bare = msgspec.structs.replace(record, content=None)
        line = self._contents.line(bare, msgspec.structs.replace(sealed, content=None, salt=None))
        return self._contents.encode(line | {"withheld": why}) + b"\n"


def _check(record: Record, sealed: Sealed, proof: Proof, root: bytes) -> None:
    """Once more, of these very bytes: what is handed on must be what was signed for."""
    reason = altered(sealed)
    if not reason and not verify_inclusion(
        sealed.leaf, index=record.index, size=proof.size, proof=proof.path, root=root
    ):
        reason = "it is not in the tree that was signed for"
    if reason:
        raise LedgerBroken(f"record {record.index} does not verify: {reason}", index=record.index)


def _copied(bag: Bag, held: Sequence[str], place: Callable[[str], Path]) -> dict[str, str]:
    """Files of media into the bag; those that cannot be, and why."""
    found = {sha256: bag.copy(f"data/media/{sha256}", place(sha256), sha256=sha256) for sha256 in held}
    return {sha256: reason for sha256, reason in found.items() if reason is not None}


async def _earlier(store: Store, newest: Checkpoint, kept: Sequence[int]) -> bytes:
    """The checkpoints that were signed before, each with what shows that the newest tree begins with its own; and the same of the
    sizes after the records `kept` that hold them. One that was signed then is no record, for nothing had come since."""
    roots: dict[int, dict[str, object]] = {}
    for index in kept:
        [proof] = await store.ledger.proofs([index], size=index + 1)
        roots[index + 1] = {"size": proof.size, "root": proof.root.hex()}
    for note in await store.checkpoints.all():
        size = parse(note).size
        first = "note" not in roots.get(size, ())  # there may be two, of which one changes the key
        if size < newest.size and (first or change(note) is not None):
            roots[size] = {"note": note}
    paths = {size: await store.ledger.consistency(size, size=newest.size) for size in sorted(roots)}
    return _lines([roots[size] | {"path": [step.hex() for step in path]} for size, path in paths.items()])


def _is_stamp(content: Content | None) -> TypeGuard[Custody]:
    return isinstance(content, Custody) and content.action == "anchored" and bool(content.proof)


async def _stamped(bag: Bag, store: Store, newest: Checkpoint, stamps: Sequence[tuple[int, bytes]]) -> None:
    """Each authority's reply, by the index of the record that keeps it, and beside it the checkpoint that it is on."""
    notes = {sha256(note.encode()).digest(): note for note in await store.checkpoints.all()} if stamps else {}
    for index, reply in stamps:
        note = notes.get(said(reply).imprint)
        if note is not None and parse(note).size < newest.size:
            bag.put(f"data/anchors/{index}.tsr", reply)
            bag.put(f"data/anchors/{index}.txt", note.encode())


def _lines(objects: Sequence[object]) -> bytes:
    return "".join(json.dumps(each, separators=(",", ":")) + "\n" for each in objects).encode()


def _info(contents: Contents) -> dict[str, str]:
    checkpoint = contents.checkpoint
    return {
        "Bagging-Date": text(contents.made_at)[:10],
        "Bag-Software-Agent": f"monitor {contents.version}",
        "External-Identifier": f"{checkpoint.origin} {checkpoint.size}",
        "External-Description": f"{contents.profile.audience} profile; {contents.chosen.wanted.in_words()}",
        "Root-Hash": base64.b64encode(checkpoint.root).decode(),
    }
