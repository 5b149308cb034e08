"""The bytes of a record"""

import json
from hashlib import sha256

import msgspec
import pytest
from builders import BRIDGE, EDITION, NOON, match, photo, post, raw
from hypothesis import given
from hypothesis import strategies as st

from monitor.ledger.encoding import (
    FORMAT,
    KIND_NUMBERS,
    KIND_OF,
    SOURCE_NUMBERS,
    Head,
    Header,
    content_key,
    decode_content,
    decode_header,
    digest,
    encode_content,
    encode_header,
    encode_headers,
    record,
)
from monitor.ledger.tree import leaf_hash
from monitor.model.post import Forward, Markup, Post, Raw, Reply
from monitor.model.record import (
    Access,
    Blind,
    Configured,
    Content,
    Context,
    Custody,
    Erased,
    Faulted,
    Fetched,
    Flagged,
    Gap,
    Gone,
    Hold,
    Kept,
    Kind,
    Named,
    Reviewed,
    Said,
    Sealed,
    Source,
    Timed,
    Told,
)

SALT = bytes(range(16))
HEADER = Header(FORMAT, 7, 1, 3, 123, NOON, NOON + 1_000, 1, bytes(32))

EVERYTHING = Post(
    text="The bridge fell.",
    entities=(Markup("text_url", 4, 6, url="https://example.org"), Markup("pre", -1, 9_999, language="</code>")),
    media=(photo(seconds=1.5, width=1, height=2, texts=("a", "b")), photo(kind="poll", id=None)),
    forward=Forward(channel=BRIDGE, post=9, name="Somebody", author="A.", date=NOON),
    reply_to=Reply(5, channel=BRIDGE, quote="fell"),
    album=2**63 - 1,
    author="B.",
    buttons=("Yes", "No"),
    service="title changed",
    restricted="country",
    expires_at=NOON,
    edited_at=NOON,
    raw=raw(b"\xff\x00", exact=True),
)

CONTENTS: list[tuple[Kind, Content]] = [
    (Kind.PUBLISHED, Said(EVERYTHING, quiet=True)),
    (Kind.EDITED, Said(Post(), edit=True)),
    (Kind.DELETED, Gone("poll", NOON, NOON + 1, looks=2, cause="ttl")),
    (Kind.GAP, Gap(3, 9, "absent")),
    (Kind.BLIND, Blind(NOON, NOON + 1, "no route")),
    (Kind.ACCESS, Access("lost", "reader-1", "private")),
    (Kind.IDENTITY, Named(BRIDGE)),
    (Kind.MEDIA, Fetched("photo", 2**62, "held", size=5, sha256="ab" * 32, bytes=5, reason="fetched before")),
    (Kind.CONTEXT, Context(of=7, how="forward", post=EVERYTHING)),
    (Kind.MATCH, Flagged(match(7))),
    (Kind.ALERT, Told("m-1", "a-1", "desk", "bridge", 7, "delivered", 1)),
    (Kind.REVIEW, Reviewed("bridge_news/1", "bridge", "truth", "false", "it stands", "ana")),
    (Kind.CONFIG, Configured("0.1.0", {"b": "2", "a": "1"}, {"bridge": EDITION})),
    (Kind.CUSTODY, Custody("anchored", "checkpoint 7", "stamps", "time stamp", b"\x30\x00")),
    (Kind.CUSTODY, Custody("login refused", "olena", "192.0.2.7", "5 wrong passwords in a minute")),
    (Kind.CHECKPOINT, Kept("origin\n0\nAAAA\n\n")),
    (Kind.HOLD, Hold("placed", "bridge_news/1", "a court asked for it", "olena")),
    (Kind.ERASED, Erased("a court's order", "olena", (7, 9), media=("ab" * 32,), shared=("cd" * 32,))),
    (Kind.FAULT, Faulted("collect", "unreadable", record=3, raw=b"\x00")),
    (Kind.CLOCK, Timed("suspect", "clock_suspect: 3600.0 s ahead of Telegram's", 3_600_000)),
]

TEXT = st.text(st.characters(exclude_categories=()), max_size=20)
NUMBER = st.integers(-(2**80), 2**80)
FITTING = st.integers(-(2**63), 2**63 - 1)
HEADS = st.tuples(
    st.integers(0, 99), FITTING, FITTING, st.none() | FITTING, FITTING, st.integers(0, len(SOURCE_NUMBERS) - 1)
)
POSTS = st.builds(
    Post,
    text=TEXT,
    author=st.none() | TEXT,
    buttons=st.lists(TEXT, max_size=2).map(tuple),
    entities=st.lists(st.builds(Markup, kind=TEXT, offset=NUMBER, length=NUMBER), max_size=2).map(tuple),
    album=st.none() | NUMBER,
    edited_at=st.none() | NUMBER,
    raw=st.none() | st.builds(Raw, format=TEXT, data=st.binary(max_size=20)),
)


@pytest.mark.parametrize(("kind", "content"), CONTENTS, ids=lambda value: str(value) if isinstance(value, Kind) else "")
def test_say_what_was_recorded(kind: Kind, content: Content) -> None:
    assert decode_content(kind, encode_content(content)) == content


def test_are_known_for_every_content_there_is() -> None:
    assert {type(content) for _, content in CONTENTS} == {Said, *KIND_OF}


@given(POSTS)
def test_keep_every_text_and_number(post: Post) -> None:
    data = encode_content(Said(post))

    assert decode_content(Kind.PUBLISHED, data) == Said(post)
    assert encode_content(Said(post)) == data


@given(POSTS)
def test_can_be_read_by_any_reader_of_msgpack(post: Post) -> None:
    plain = msgspec.msgpack.decode(encode_content(Said(post)))

    assert isinstance(plain["post"], dict)
    assert all(isinstance(name, str) for name in plain["post"])


def test_spell_out_what_they_hold() -> None:
    data = encode_content(Said(Post("Мост упал.", raw=Raw("json", b"{}"))))

    assert msgspec.msgpack.decode(data) == {
        "post": {"text": "Мост упал.", "raw": {"format": "json", "data": b"{}"}},
    }


def test_do_not_depend_on_the_order_in_which_names_were_given() -> None:
    one, other = Configured("1", {"a": "1", "b": "2"}, {}), Configured("1", {"b": "2", "a": "1"}, {})

    assert encode_content(one) == encode_content(other)


@given(st.binary(max_size=60), st.sampled_from(Kind))
def test_never_fail_to_be_read_whatever_they_are(data: bytes, kind: Kind) -> None:
    decode_content(kind, data)
    decode_header(data)
    record(Sealed(3, data, SALT, data, leaf_hash(data)), None)


def test_of_a_later_program_are_read_as_far_as_they_are_known() -> None:
    later = msgspec.msgpack.encode({"first": 1, "last": 2, "standing": "absent", "colour": "green"})

    assert decode_content(Kind.GAP, later) == Gap(1, 2, "absent")
    assert decode_content(Kind.DELETED, later) is None


# -------------------------------------------------------------------------------------------------------------- header


def test_begin_with_nine_numbers_in_fixed_order() -> None:
    data = encode_header(HEADER)

    assert msgspec.msgpack.decode(data) == [1, 7, 1, 3, 123, NOON, NOON + 1_000, 1, bytes(32)]
    assert decode_header(data) == HEADER


@given(st.integers(0, 2**63 - 1), st.lists(HEADS, max_size=5))
def test_are_the_same_whether_made_one_by_one_or_together(first: int, heads: list[Head]) -> None:
    digests = [sha256(bytes([at])).digest() for at in range(len(heads))]

    one_by_one = [
        encode_header(Header(1, first + at, *head, said))
        for at, (head, said) in enumerate(zip(heads, digests, strict=True))
    ]

    assert encode_headers(first, heads, digests) == one_by_one


def test_number_kinds_and_sources_for_ever() -> None:
    assert list(KIND_NUMBERS.items())[:8] == [
        (Kind.PUBLISHED, 1),
        (Kind.EDITED, 2),
        (Kind.DELETED, 3),
        (Kind.GAP, 4),
        (Kind.BLIND, 5),
        (Kind.ACCESS, 6),
        (Kind.IDENTITY, 7),
        (Kind.MEDIA, 8),
    ]
    assert KIND_NUMBERS[Kind.FAULT] == 18
    assert KIND_NUMBERS[Kind.CLOCK] == 19
    assert SOURCE_NUMBERS == {
        None: 0,
        Source.PUSH: 1,
        Source.POLL: 2,
        Source.BACKFILL: 3,
        Source.PREVIEW: 4,
        Source.IMPORT: 5,
    }


def test_bind_the_content_with_its_salt() -> None:
    assert digest(SALT, b"content") == sha256(SALT + b"content").digest()


def test_make_a_record() -> None:
    content = encode_content(Said(post()))
    header = encode_header(msgspec.structs.replace(HEADER, digest=digest(SALT, content)))

    made = record(Sealed(7, header, SALT, content, leaf_hash(header)), BRIDGE)

    assert (made.index, made.kind, made.number, made.channel, made.post) == (7, Kind.PUBLISHED, 3, BRIDGE, 123)
    assert (made.published_at, made.observed_at, made.source) == (NOON, NOON + 1_000, Source.PUSH)
    assert (made.content, made.leaf) == (Said(post()), leaf_hash(header))


def test_make_a_record_without_content_where_it_was_erased() -> None:
    header = encode_header(HEADER)

    made = record(Sealed(7, header, None, None, leaf_hash(header)), BRIDGE)

    assert (made.kind, made.content) == (Kind.PUBLISHED, None)


@pytest.mark.parametrize(
    "header",
    [
        encode_header(msgspec.structs.replace(HEADER, format=2)),
        encode_header(msgspec.structs.replace(HEADER, kind=99)),
        msgspec.msgpack.encode([2, {"laid": "out otherwise"}]),
        b"",
        json.dumps([1, 2]).encode(),
    ],
)
def test_make_a_fault_where_this_program_cannot_read_them(header: bytes) -> None:
    made = record(Sealed(7, header, SALT, b"\xc0", leaf_hash(header)), None)

    assert (made.index, made.kind, made.content) == (7, Kind.FAULT, None)


# ----------------------------------------------------------------------------------------------------------------- key


@given(POSTS, NUMBER)
def test_compare_posts_by_what_they_show(post: Post, number: int) -> None:
    looked_again = msgspec.structs.replace(post, edited_at=number, raw=Raw("tl", b"again"))
    changed = msgspec.structs.replace(post, text=post.text + "!")

    assert content_key(looked_again) == content_key(post)
    assert content_key(changed) != content_key(post)
    assert len(content_key(post)) == 16
