"""The page on the ledger's bytes"""

import ast
import base64
import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from monitor.ledger import checkpoint
from monitor.ledger.encoding import KIND_NUMBERS, KIND_OF, SOURCE_NUMBERS, decode_content, decode_header, record
from monitor.model.channel import Identity
from monitor.model.instant import parse
from monitor.model.post import Post
from monitor.model.record import Kind, Named, Said, Sealed

PAGE_OF = Path(__file__).parent.parent.parent / "docs/ledger-format.md"
PAGE = PAGE_OF.read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", PAGE, re.DOTALL)
LINES = next(block for kind, block in BLOCKS if kind == "json")
RECORDS = [json.loads(line) for line in LINES.splitlines()]
PROGRAM = next(block for kind, block in BLOCKS if kind == "python")
NOTE = next(block for _, block in BLOCKS if block.startswith("desk.example/ledger\n"))
KEY = next(block for _, block in BLOCKS if block.startswith("desk.example/ledger+"))
NOON = parse("2023-06-04T12:00:00Z")


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def check(lines: str, size: int) -> "subprocess.CompletedProcess[str]":
    """The page's own program, in a Python that has nothing but its standard library."""
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", PROGRAM, str(size)], input=lines, capture_output=True, text=True, check=False
    )


def test_numbers_every_kind_as_it_is_numbered() -> None:
    rows = re.findall(r"^\| (\d+) \| (\w+) \|", PAGE, re.MULTILINE)
    kinds = {name: int(number) for number, name in rows if name in set(Kind)}

    assert kinds == {str(kind): number for kind, number in KIND_NUMBERS.items()}


def test_numbers_every_source_as_it_is_numbered() -> None:
    rows = re.findall(r"^\| (\d) \| (\w+): ", PAGE, re.MULTILINE)

    assert {name: int(number) for number, name in rows} == {
        str(source): number for source, number in SOURCE_NUMBERS.items() if source
    }


@pytest.mark.parametrize(("content", "kind"), KIND_OF.items())
def test_names_every_field_of_every_content(content: type, kind: Kind) -> None:
    row = re.search(rf"^\| \d+ \| {kind} \|(.*)\|$", PAGE, re.MULTILINE)

    assert row is not None
    assert [field.name for field in msgspec.structs.fields(content) if f"`{field.name}`" not in row[1]] == []


def test_names_every_action_of_custody() -> None:
    rows = PAGE.partition("## Custody")[2].partition("\n## ")[0]

    assert sorted(re.findall(r"^\| `([a-z ]+)` \|", rows, re.MULTILINE)[1:]) == sorted(actions())


def actions() -> set[str]:
    """All that the program puts there."""
    found = set()
    for path in (PAGE_OF.parent.parent / "monitor").rglob("*.py"):
        tree = ast.parse(path.read_bytes())
        words = {
            name.id: value.value
            for each in tree.body
            if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Name | ast.Tuple)
            for name, value in zip(
                getattr(each.targets[0], "elts", [each.targets[0]]),
                getattr(each.value, "elts", [each.value]),
                strict=False,
            )
            if isinstance(name, ast.Name) and isinstance(value, ast.Constant)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Custody":
                first = node.args[0]
                found.add(first.value if isinstance(first, ast.Constant) else words[ast.unparse(first)])
    return found


def test_names_every_field_of_a_post() -> None:
    assert [field for field in Post.__struct_fields__ if f"`{field}`" not in PAGE] == []


def test_has_an_example_that_holds_without_our_code() -> None:
    leaves = []
    for index, one in enumerate(RECORDS):
        header, salt = bytes.fromhex(one["header"]), bytes.fromhex(one["salt"])
        fields = msgspec.msgpack.decode(header)
        assert fields[:2] == [1, index]
        assert fields[8] == sha256(salt, base64.b64decode(one["content"]))
        assert one["leaf"] == sha256(b"\x00", header).hex()
        leaves.append(bytes.fromhex(one["leaf"]))

    node = sha256(b"\x01", leaves[0], leaves[1])
    root = sha256(b"\x01", node, leaves[2])

    assert f"= {node.hex()[:8]}…" in PAGE
    assert f"= {root.hex()}" in PAGE
    assert NOTE.split("\n")[1:3] == ["3", base64.b64encode(root).decode()]


def test_has_an_example_whose_signature_holds_without_our_code() -> None:
    text, _, signed = NOTE.partition("\n\n")
    name, key_id, encoded = KEY.strip().split("+", 2)
    key = base64.b64decode(encoded)
    signature = base64.b64decode(signed.split()[2])

    assert signed.split()[:2] == ["\u2014", name]
    assert key[:1] == b"\x01"
    assert signature[:4].hex() == key_id == sha256(name.encode(), b"\x0a", key).hex()[:8]
    Ed25519PublicKey.from_public_bytes(key[1:]).verify(signature[4:], text.encode() + b"\n")
    assert Ed25519PrivateKey.from_private_bytes(bytes(range(32))).public_key().public_bytes_raw() == key[1:]


def test_takes_a_record_apart_byte_by_byte() -> None:
    header = bytes.fromhex(RECORDS[1]["header"])
    content = base64.b64decode(RECORDS[1]["content"])
    block = next(block for _, block in BLOCKS if block.startswith("99 "))
    spelled = [re.split(r"\s{2,}", line)[0] for line in block.splitlines()]

    assert "".join(spelled[:-1]).replace(" ", "") + "c420" == header[:-32].hex()
    assert header[-32:].hex() in PAGE
    spelled_content = next(block for _, block in BLOCKS if block.startswith("81 a4")).splitlines()[0]
    assert bytes.fromhex(spelled_content) == content
    assert f"content is {len(content)} bytes" in PAGE


def test_has_an_example_that_our_code_reads_the_same() -> None:
    sealed = [
        Sealed(
            one["index"],
            bytes.fromhex(one["header"]),
            bytes.fromhex(one["salt"]),
            base64.b64decode(one["content"]),
            bytes.fromhex(one["leaf"]),
        )
        for one in RECORDS
    ]
    records = [record(one, None) for one in sealed]

    assert [one.kind for one in records] == [Kind.IDENTITY, Kind.PUBLISHED, Kind.EDITED]
    assert records[0].content == Named(Identity(-1001234567890, "bridge_news", "Bridge news"))
    assert records[1].content == Said(Post("The bridge fell."))
    assert (records[1].post, records[1].published_at, records[1].observed_at) == (7, NOON, NOON + 1_500)
    assert records[2].content == Said(Post("The bridge stands.", edited_at=NOON + 60_000), edit=True)
    assert checkpoint.verify(NOTE, [checkpoint.parse_vkey(KEY)]).size == 3
    header = decode_header(sealed[1].header)
    assert header is not None
    assert decode_content(Kind.PUBLISHED, base64.b64decode(RECORDS[1]["content"])) == records[1].content


def test_has_a_program_that_gives_the_root_of_the_example() -> None:
    for size, root in ((3, NOTE.split("\n")[2]), (0, base64.b64encode(sha256()).decode())):
        assert check(LINES, size).stdout.split() == [str(size), root]


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        ("header", "record 1: the content is not the one that the header was made for"),
        ("content", "record 1: the content is not the one that the header was made for"),
        ("salt", "record 1: the content is not the one that the header was made for"),
        ("leaf", "record 1: not the header that was hashed"),
    ],
)
def test_has_a_program_that_names_the_record_that_was_altered(part: str, reason: str) -> None:
    altered = [dict(one) for one in RECORDS]
    value = altered[1][part]
    altered[1][part] = value[:-6] + ("AAAA==" if part == "content" else "000000")

    ended = check("\n".join(json.dumps(one) for one in altered), 3)

    assert (ended.returncode, ended.stderr.strip()) == (1, reason)


def test_has_a_program_that_lets_erased_contents_be() -> None:
    erased = [dict(one) for one in RECORDS]
    erased[1]["content"] = erased[1]["salt"] = None

    assert check("\n".join(json.dumps(one) for one in erased), 3).stdout.split() == ["3", NOTE.split("\n")[2]]
