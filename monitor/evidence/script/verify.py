"""Is this evidence package what it was, and are its records in the ledger that was signed for?"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator
from hashlib import sha256
from io import TextIOWrapper
from itertools import zip_longest
from typing import Any, NamedTuple

from monitor.evidence.script.checkpoint import Note, Ring, check_signature, consistent, key_of, note, unhex
from monitor.evidence.script.files import MOST, Bad, bytes_of, differing, lines, listed, manifest, objects, whole
from monitor.evidence.script.records import Records
from monitor.evidence.script.stamps import stamped

TAGS = ["VERIFY.md", "bag-info.txt", "bagit.txt", "manifest-sha256.txt", "report.html", "verify.py"]
PARTS = ["checkpoint.txt", "checkpoints.jsonl", "key.txt", "missing.jsonl", "proofs.jsonl", "records.jsonl"]
PAYLOAD = [f"data/{name}" for name in PARTS]
SEAL = "tagmanifest-sha256.txt"
RECORDS, PROOFS = "data/records.jsonl", "data/proofs.jsonl"
STAMP = re.compile(r"data/anchors/((?:0|[1-9][0-9]{0,18})\.)(tsr|txt)")
MEDIA = re.compile("data/media/([0-9a-f]{64})")
DECLARED = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
ODD = (ValueError, TypeError, KeyError, AttributeError, IndexError, ArithmeticError, RecursionError, MemoryError)
"""What Python makes of bytes that are not what they should be."""


class Outside(NamedTuple):
    """What was had elsewhere, to compare with: name and public key, a checkpoint, the SHA-256 of the tag manifest."""

    key: tuple[str, bytes] | None = None
    checkpoint: Note | None = None
    seal: str | None = None


def verified(root: str, outside: Outside) -> dict[str, Any]:
    """What the package at this path shows to be so. Bad names the first thing that is wrong."""
    payload = manifests(root, names(root))
    with_seal = seal(root)
    if outside.seal not in (None, with_seal):
        raise Bad(f"it is another package: its digest is {with_seal}", SEAL)
    wrong = next((name for name, digest in payload.items() if differing(root, name, digest)), None)
    if wrong not in (None, RECORDS, PROOFS):
        raise Bad("its bytes are not those that the manifest was made for", str(wrong))
    checkpoint, key = signed_for(root)
    earlier = list(checkpoints(root, checkpoint))
    ring = Ring(key)
    for each in reversed([each for each in earlier if each.signatures]):
        ring.back(each, "data/checkpoints.jsonl")
    if outside.key is not None and outside.key[1] not in ring.keys:
        raise Bad("it is another key than the one it was compared with, and none leads to that", "data/key.txt")
    if outside.checkpoint is not None:
        ring.any(outside.checkpoint, "the checkpoint it was compared with")
    compare(outside.checkpoint, checkpoint, {each.size: each.root for each in earlier})
    stamps = anchors(root, payload, checkpoint, ring, {each.size: each.root for each in earlier})
    records = read(root, checkpoint)
    if wrong is not None:
        raise Bad("its bytes are not those that the manifest was made for", wrong)
    about(root, payload, checkpoint)
    missing = media(root, records, {found[1] for name in payload if (found := MEDIA.fullmatch(name))})
    return {
        "origin": checkpoint.origin,
        "size": checkpoint.size,
        "root": checkpoint.root.hex(),
        "key": whole(root, "data/key.txt").strip(),
        "compared": [what for what, had in outside._asdict().items() if had is not None],
        "records": records.count,
        "withheld": records.withheld,
        "checkpoints": sum(1 for each in earlier if each.signatures),
        "keys": len(ring.keys),
        "unchecked": ring.unchecked,
        "stamps": stamps,
        "media": len(records.held) - missing,
        "missing": missing,
        "seal": with_seal,
    }


# ------------------------------------------------------------------------------------------------------------- as a bag


def names(root: str) -> set[str]:
    found: set[str] = set()
    for name in listed(root):
        if name not in (*TAGS, *PAYLOAD, SEAL) and not MEDIA.fullmatch(name) and not STAMP.fullmatch(name):
            raise Bad("it does not belong to a package", name)
        found.add(name)
        if len(found) > MOST:
            raise Bad("there are too many files")
    for name in (*TAGS, *PAYLOAD, SEAL):
        if name not in found:
            raise Bad("it is missing", name)
    return found


def manifests(root: str, found: set[str]) -> dict[str, str]:
    """The digests of the payload, once those of all other files are right."""
    if whole(root, "bagit.txt") != DECLARED:
        raise Bad("it is not what a bag declares", "bagit.txt")
    tags = manifest(root, SEAL)
    if lacking := set(tags) ^ set(TAGS):
        raise Bad(f"it does not list {min(lacking)}, or should not", SEAL)
    for name, digest in tags.items():
        if differing(root, name, digest):
            raise Bad("its bytes are not those that the manifest was made for", name)
    payload = manifest(root, "manifest-sha256.txt")
    if lacking := set(payload) ^ {name for name in found if name.startswith("data/")}:
        raise Bad(f"it does not list {min(lacking)}, or that is not there", "manifest-sha256.txt")
    return payload


def seal(root: str) -> str:
    """SHA-256 of the tag manifest, which stands for every byte of the package."""
    found = sha256()
    for line in lines(root, SEAL):
        found.update(line.encode())
    return found.hexdigest()


def about(root: str, payload: dict[str, str], checkpoint: Note) -> None:
    said = dict(line.split(": ", 1) for line in whole(root, "bag-info.txt").splitlines())
    size = sum(os.lstat(os.path.join(root, *name.split("/"))).st_size for name in payload)
    if said.get("Payload-Oxum") != f"{size}.{len(payload)}":
        raise Bad("its Payload-Oxum is not what is there", "bag-info.txt")
    if said.get("External-Identifier") != f"{checkpoint.origin} {checkpoint.size}":
        raise Bad("its External-Identifier is not that of the checkpoint", "bag-info.txt")


# --------------------------------------------------------------------------------------------------- as part of a ledger


def signed_for(root: str) -> tuple[Note, bytes]:
    """The checkpoint, and the key that has signed it."""
    key = key_of(whole(root, "data/key.txt"), "data/key.txt")[1]
    checkpoint = note(whole(root, "data/checkpoint.txt"), "data/checkpoint.txt")
    check_signature(checkpoint, key, "data/checkpoint.txt")
    return checkpoint, key


def checkpoints(root: str, checkpoint: Note) -> Iterator[Note]:
    """Those that were signed earlier, and sizes with their roots for which only somebody elsewhere may have a signature."""
    file, before = "data/checkpoints.jsonl", -1
    for count, line in enumerate(objects(root, file)):
        if "note" in line:
            earlier = note(line["note"], file)
            if not earlier.signatures:
                raise Bad(f"nobody has signed the checkpoint for size {earlier.size}", file)
        else:
            earlier = Note("", line["size"], unhex(line["root"]), b"", [])
        names = {"path", "note"} if "note" in line else {"path", "size", "root"}
        if set(line) != names or earlier.size <= before or count >= MOST or len(line["path"]) > 64:
            raise Bad("it is no list of checkpoints, each later than the one before", file)
        if not consistent(earlier, checkpoint, [unhex(step) for step in line["path"]]):
            raise Bad(f"the tree does not begin with that of the checkpoint for size {earlier.size}", file)
        before = earlier.size
        yield earlier


def anchors(root: str, names: Iterable[str], checkpoint: Note, ring: Ring, roots: dict[int, bytes]) -> int:
    """How many time stamps there are, each on a checkpoint of this ledger."""
    found = sorted(name[:-4] for name in names if STAMP.fullmatch(name) and name.endswith(".tsr"))
    if odd := {f"{each}.txt" for each in found} ^ {
        name for name in names if name.endswith(".txt") and STAMP.fullmatch(name)
    }:
        raise Bad("a time stamp and the checkpoint that it is on belong together", min(odd))
    for name in found:
        file = f"{name}.txt"
        on = note(whole(root, file), file)
        ring.any(on, file)
        if (checkpoint.root if on.size == checkpoint.size else roots.get(on.size)) != on.root:
            raise Bad(f"nothing here leads to its root for size {on.size}", file)
        try:
            right = stamped(bytes_of(root, f"{name}.tsr")) == sha256(bytes_of(root, file)).digest()
        except ODD:
            right = False
        if not right:
            raise Bad("it is no time stamp on the checkpoint beside it", f"{name}.tsr")
    return len(found)


def compare(had: Note | None, checkpoint: Note, earlier: dict[int, bytes]) -> None:
    if had is None:
        return
    root = checkpoint.root if had.size == checkpoint.size else earlier.get(had.size)
    if root is None:
        raise Bad(
            f"nothing here leads to a checkpoint for size {had.size}: it cannot be compared", "data/checkpoints.jsonl"
        )
    if root != had.root:
        raise Bad(
            f"the root for size {had.size} is another than in the checkpoint it was compared with",
            "data/checkpoint.txt",
        )


def read(root: str, checkpoint: Note) -> Records:
    """All records, each with its proof."""
    records = Records(checkpoint)
    count = 0
    try:
        for count, (line, proof) in enumerate(zip_longest(objects(root, RECORDS), objects(root, PROOFS)), 1):
            if line is None or proof is None:
                raise Bad("there are not as many proofs as records", PROOFS)
            try:
                records.check(line, proof)
            except Bad as bad:
                raise Bad(bad.reason, bad.file, line["index"] if type(line.get("index")) is int else None) from None
            except ODD:
                where = line["index"] if type(line.get("index")) is int else None
                raise Bad(f"line {count} is no record with its proof", RECORDS, where) from None
    except ODD as odd:
        raise Bad(f"line {count + 1} cannot be read: {type(odd).__name__}", RECORDS) from None
    records.finish()
    return records


def media(root: str, records: Records, files: set[str]) -> int:
    """How many files that were held are not in the package, as it says itself."""
    missing = {line["sha256"] for line in objects(root, "data/missing.jsonl")}
    for sha in sorted(files):
        if differing(root, f"data/media/{sha}", sha):
            raise Bad("its bytes are not those that its name says", f"data/media/{sha}")
    if odd := (files ^ records.held) - missing or files & missing or missing - records.held:
        raise Bad(
            "no record says that it was held, or it is not there and not said to be missing", f"data/media/{min(odd)}"
        )
    return len(missing)


# -------------------------------------------------------------------------------------------------------- for its reader


def printable(words: str) -> str:
    return "".join(each if each.isprintable() else f"\\u{ord(each):04x}" for each in words)


def told_to_people(found: dict[str, Any]) -> Iterator[str]:
    yield f"{found['records']} records are in the ledger {found['origin']} of {found['size']} records, root {found['root']}."
    if found["withheld"]:
        yield f"The content of {found['withheld']} of them is withheld or erased: that they are in the ledger is shown, no more."
    if found["keys"] > 1:
        yield f"The key was changed {found['keys'] - 1} times; each change is signed by the old key and the new one."
    if found["unchecked"]:
        yield f"{found['unchecked']} of the earlier checkpoints were signed by a key that was lost: that is not checked here."
    yield f"{found['checkpoints']} earlier checkpoints agree; {found['media']} files of media are what records say."
    if found["stamps"]:
        yield f"{found['stamps']} time stamps are on checkpoints of this ledger; who signed them, VERIFY.md says how to check."
    if found["missing"]:
        yield f"{found['missing']} files of media that were held are not in the package."
    yield f"SHA-256 of {SEAL}: {found['seal']}"
    if not {"key", "checkpoint"} & set(found["compared"]):
        yield "The key is the package's own, which shows nothing by itself: compare it with one had elsewhere (--key)."
        yield f"key: {found['key']}"
    yield "GOOD. See VERIFY.md for what this shows and what it does not."


def ended(root: str, outside: Outside, *, as_json: bool) -> int:
    try:
        found: dict[str, Any] = {"ok": True} | verified(root, outside)
        words = list(told_to_people(found))
    except Bad as bad:
        found = {"ok": False, "file": bad.file, "index": bad.index, "reason": bad.reason}
    except (OSError, *ODD) as odd:
        found = {"ok": False, "file": "", "index": None, "reason": f"it cannot be read: {type(odd).__name__}"}
    if not found["ok"]:
        where = found["file"] + (f", record {found['index']}" if found["index"] is not None else "")
        words = [f"BAD. {where}: {found['reason']}"]
    print(json.dumps(found) if as_json else "\n".join(map(printable, words)))
    return 0 if found["ok"] else 3


def main() -> int:
    parser = argparse.ArgumentParser(description=f"{__doc__} Exit code 0: yes; 3: no; 2: it was not asked properly.")
    here = os.path.dirname(os.path.abspath(__file__))
    parser.add_argument(
        "bag", nargs="?", default=here, help="the package's directory; default: the one this script is in"
    )
    parser.add_argument("--key", metavar="LINE", help="the public key as you had it from elsewhere: name+id+base64")
    parser.add_argument("--checkpoint", metavar="FILE", help="a checkpoint that you had from elsewhere")
    parser.add_argument("--seal", metavar="SHA256", help="the digest of the tag manifest as the exporter told it")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    asked = parser.parse_args()
    if not os.path.isdir(asked.bag):
        parser.error("BAG is no directory")
    try:
        key = key_of(asked.key, "--key") if asked.key is not None else None
        kept = None
        if asked.checkpoint is not None:
            text = whole(os.path.dirname(os.path.abspath(asked.checkpoint)), os.path.basename(asked.checkpoint))
            kept = note(text.replace("\r\n", "\n").rstrip("\n") + "\n", "--checkpoint")
    except Bad as bad:
        parser.error(f"{bad.file}: {bad.reason}")
    except (OSError, ValueError) as odd:
        parser.error(f"--checkpoint cannot be read: {type(odd).__name__}")
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    return ended(asked.bag, Outside(key, kept, asked.seal and asked.seal.lower()), as_json=asked.json)


if __name__ == "__main__":
    sys.exit(main())
