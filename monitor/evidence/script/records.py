"""Is each record what its hashes say, and do its proofs lead to what was signed?"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from monitor.evidence.script.checkpoint import Note, included, unbase64, unhex
from monitor.evidence.script.files import MOST, Bad
from monitor.evidence.script.telling import KINDS, SOURCES, TOLD, rfc3339, told, written
from monitor.evidence.script.values import Unpacked


def exact(value: Any) -> str:
    """So that 1 is neither true nor 1.0."""
    return json.dumps(value, sort_keys=True)


class Records:
    """What was read so far of the records, and what of it the rest must agree with."""

    def __init__(self, checkpoint: Note) -> None:
        self.checkpoint, self.count, self.last, self.withheld, self.file = checkpoint, 0, -1, 0, "data/records.jsonl"
        self.names: dict[int, Any] = {}
        self.held: set[str] = set()
        self.taken: dict[int, tuple[int, int]] = {}
        self.accounted: set[tuple[int, int]] = set()
        self.owned: set[int] = set()

    def check(self, line: dict[str, Any], proof: dict[str, Any]) -> None:
        header, index = unhex(line["header"]), line["index"]
        if type(index) is not int or not self.last < index < self.checkpoint.size:
            raise Bad("it is not the next record, or not one of those that were signed for", self.file)
        self.count, self.last = self.count + 1, index
        leaf = sha256(b"\x00" + header).digest()
        if line["leaf"] != leaf.hex():
            raise Bad("the header is not the one that was hashed", self.file)
        path = [unhex(step) for step in proof["path"]]
        if set(proof) != {"index", "path"} or proof["index"] != index or len(path) > 64:
            raise Bad("it is not the proof of this record", "data/proofs.jsonl")
        if included(leaf, index, self.checkpoint.size, path) != self.checkpoint.root:
            raise Bad("the proof does not lead to the root that was signed", "data/proofs.jsonl")
        expected = written(self.expected(line, Unpacked(header).value, index))
        if exact({key: line[key] for key in expected}) != exact(expected):
            wrong = next(key for key in expected if exact(line[key]) != exact(expected[key]))
            raise Bad(f"{wrong} is not what the bytes that were hashed say", self.file)

    def expected(self, line: dict[str, Any], header: Any, index: int) -> dict[str, Any]:
        content = None if line["content"] is None else unbase64(line["content"])
        if header[0] != 1:
            kind, number, post, published, observed, source = "later", 0, 0, None, 0, 0
        else:
            _, own, kind_number, number, post, published, observed, source, digest = header
            if own != index:
                raise Bad(f"the header is that of record {own}", self.file)
            if content is not None and sha256(unhex(line["salt"]) + content).digest() != digest:
                raise Bad("the content is not the one that the header was made for", self.file)
            kind = KINDS[kind_number - 1] if 0 < kind_number <= len(KINDS) else "later"
        said = told(kind, Unpacked(content).value) if content is not None and kind in TOLD else {}
        if kind == "later":
            kind, source = "fault", 0
        self.remember(line, kind, number, post, said)
        fixed = {
            "index": index,
            "kind": kind,
            "channel": self.names.get(number),
            "post": post or None,
            "leaf": line["leaf"],
        }
        fixed |= {"published_at": None if published is None else rfc3339(published), "observed_at": rfc3339(observed)}
        fixed |= {"source": SOURCES[source] if source < len(SOURCES) else None}
        beside = {"header", "salt", "content"} | ({"withheld"} if line["content"] is None else set())
        if unknown := set(line) ^ (set(fixed) | set(said) | beside) - (set() if "withheld" in line else {"withheld"}):
            raise Bad(f"{min(unknown)} is missing, or is not in the bytes that were hashed", self.file)
        return fixed | said

    def remember(self, line: dict[str, Any], kind: str, number: int, post: int, said: dict[str, Any]) -> None:
        if kind == "identity" and said:
            self.names[number] = said["identity"]
        if kind == "media" and said.get("standing") == "held":
            self.held.add(said["sha256"])
        if kind == "erased" and said:
            self.owned.update(said["records"])
        elif kind == "erased":
            self.accounted.add((number, post))
        if line["content"] is None and "withheld" not in line:
            self.taken[self.last] = (number, post)
        self.withheld += line["content"] is None
        if line["content"] is None and line["salt"] is not None:
            raise Bad("there is a salt and no content", self.file)
        if max(map(len, (self.names, self.held, self.taken, self.accounted, self.owned))) > MOST:
            raise Bad("there are too many", self.file)

    def finish(self) -> None:
        for index, post in self.taken.items():
            if post not in self.accounted and index not in self.owned:
                raise Bad("the content was taken away, and no record says so", self.file, index)
