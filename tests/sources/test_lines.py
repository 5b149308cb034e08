"""A file of JSON lines …"""

import gzip
import io
import json
import os
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import ConfigError
from monitor.model.channel import Identity
from monitor.model.instant import parse
from monitor.model.post import Post, Raw
from monitor.model.record import Draft, Said, Source
from monitor.sources.lines import LONGEST, BadLine, lines, read
from tests.builders import NOON

DATA = Path(os.environ.get("MONITOR_DATA", Path(__file__).parents[3] / "shared" / "data"))

WHOLE = '{"channel":"vvgladkov","id":123,"date":"2023-06-04T13:00:00Z","text":"The bridge fell.","edited":null}'


def reading(*raw: str | bytes, channel: str | None = None, quiet: bool = False) -> list[Draft | BadLine]:
    encoded = [line if isinstance(line, bytes) else line.encode() for line in raw]
    return list(read(encoded, name="posts.jsonl", channel=channel, observed_at=NOON, quiet=quiet))


def line(**keys: object) -> str:
    return json.dumps(json.loads(WHOLE) | keys)


def draft(raw: str | bytes, **how: object) -> Draft:
    [read_one] = reading(raw, **how)
    assert isinstance(read_one, Draft), str(read_one)
    return read_one


def post(raw: str | bytes) -> Post:
    content = draft(raw).content
    assert isinstance(content, Said)
    return content.post


def complaint(raw: str | bytes) -> str:
    [read_one] = reading(raw)
    assert isinstance(read_one, BadLine)
    return str(read_one)


# -------------------------------------------------------------------------------------------------------------- what it holds


def test_holds_a_post_a_line() -> None:
    assert reading(WHOLE) == [
        Draft(
            content=Said(Post(text="The bridge fell.")),
            channel=Identity(username="vvgladkov"),
            post=123,
            published_at=parse("2023-06-04T13:00:00Z"),
            observed_at=NOON,
            source=Source.IMPORT,
        )
    ]


def test_may_say_nothing_of_an_edit() -> None:
    assert post('{"channel":"a_b","id":1,"date":"2023-06-04T13:00:00Z","text":""}') == Post()


def test_may_tell_when_a_post_was_edited() -> None:
    assert post(line(edited="2023-06-04T16:30:00.250+03:00")).edited_at == parse("2023-06-04T13:30:00.250Z")


def test_is_history_where_the_reader_says_so() -> None:
    content = draft(WHOLE, quiet=True).content

    assert isinstance(content, Said)
    assert content.quiet


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("vvgladkov", Identity(username="vvgladkov")),
        ("@vvgladkov", Identity(username="vvgladkov")),
        ("t.me/vvgladkov", Identity(username="vvgladkov")),
        ("https://t.me/s/vvgladkov/", Identity(username="vvgladkov")),
        ("-1001044298783", Identity(id=-1001044298783)),
        (-1001044298783, Identity(id=-1001044298783)),
        ("tg:-1001044298783", Identity(id=-1001044298783)),
        ("вестник-дня.ru", Identity(username="вестник-дня.ru")),
        ("a", Identity(username="a")),
    ],
)
def test_names_a_channel_in_any_usual_way(written: object, meant: Identity) -> None:
    assert draft(line(channel=written)).channel == meant
    assert draft(line(channel=None), channel=str(written)).channel == meant


def test_need_not_name_the_channel_that_the_reader_names() -> None:
    nameless = '{"id":1,"date":"2023-06-04T13:00:00Z","text":""}'

    assert draft(nameless, channel="@legion").channel == Identity(username="legion")


def test_is_not_read_for_a_channel_that_cannot_be() -> None:
    with pytest.raises(ConfigError, match="no username"):
        reading(WHOLE, channel="two words")


def test_may_have_empty_lines_line_ends_of_windows_and_a_mark_at_its_beginning() -> None:
    raw = ["\ufeff" + WHOLE + "\r\n", "\r\n", "   \n", WHOLE + "\n", WHOLE]

    assert reading(*raw) == reading(WHOLE) * 3


@given(text=st.text())
def test_keeps_every_text_as_it_is(text: str) -> None:
    assert post(line(text=text)).text == text


# ------------------------------------------------------------------------------------------------------------ what else it says


def test_keeps_further_keys_as_they_are_written() -> None:
    extra = '"views": 12345678901234567890123, "score":1.10, "big":1e400, "more" : {"a":[1 , 2],"t":"\\u041f"}'

    raw = post(WHOLE.replace('"edited":null', extra)).raw

    assert raw == Raw(
        "json", b'{"views":12345678901234567890123,"score":1.10,"big":1e400,"more":{"a":[1 , 2],"t":"\\u041f"}}'
    )


def test_keeps_what_is_no_character_in_the_raw_object_alone() -> None:
    broken = post(WHOLE.replace("bridge", "\\ud83d bridge \\ude00").replace("fell.", "\\ud83d\\ude00"))

    assert broken.text == "The \ufffd bridge \ufffd 😀"
    assert broken.raw == Raw("json", b'{"text":"The \\ud83d bridge \\ude00 \\ud83d\\ude00"}')


@given(st.dictionaries(st.text(), st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists)))
def test_never_loses_a_further_key(extra: dict[str, object]) -> None:
    extra = {key: value for key, value in extra.items() if key not in ("channel", "id", "date", "text", "edited")}

    raw = post(line(**extra)).raw

    assert (json.loads(raw.data) if raw else {}) == extra


# -------------------------------------------------------------------------------------------------------------- what is wrong


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (line(id="123"), 'id: "123" is not a whole number; write it without quotation marks'),
        (line(id=12.0), "id: 12.0 is not a whole number"),
        (line(id=True), "id: true is not a whole number"),
        (line(id=0), "id: 0 is not the number of a post, which is 1 to 2147483647"),
        (line(id=-5), "id: -5 is not the number of a post"),
        (line(id=2**31), "id: 2147483648 is not the number of a post"),
        (WHOLE.replace("123", "9" * 10_000), "is not the number of a post"),
        (line(date="yesterday"), 'date: "yesterday" is no time with a zone after RFC 3339, such as 2023-06-04T13:00:00Z'),
        (line(date="2023-06-04T13:00:00"), 'date: "2023-06-04T13:00:00" is no time with a zone'),
        (line(date="2023-06-04"), "is no time with a zone"),
        (line(date="2023-02-30T13:00:00Z"), "is no time with a zone"),
        (line(date="2023-06-04T25:00:00Z"), "is no time with a zone"),
        (line(date="2023-06-04T13:00:00+99:00"), "is no time with a zone"),
        (line(date="9999-12-31T23:00:00-05:00"), "is no time with a zone"),
        (line(date="2023-W22-7T13:00:00Z"), "is no time with a zone"),
        (line(date=1685883600), "date: 1685883600 is no time with a zone"),
        (line(date=None), "date: null is no time with a zone"),
        (line(edited="soon"), 'edited: "soon" is no time with a zone'),
        (line(edited=False), "edited: false is no time with a zone"),
        (line(text=None), 'text: null is not a string; write "" for a post without words'),
        (line(text=["a"]), "text: [\"a\"] is not a string"),
        (line(channel=""), 'channel: "" is no username'),
        (line(channel="two words"), 'channel: "two words" is no username'),
        (line(channel=1044298783), "channel: 1044298783 is no username (\"vvgladkov\") and no id of a channel"),
        (line(channel="-1000000000000"), "is no username"),
        (line(channel=None), "channel: null is no username"),
        (line(channel="\x1b[2J"), r'channel: "\u001b[2J" is no username'),
        ('{"id":1,"date":"2023-06-04T13:00:00Z","text":""}', "channel: is missing"),
        ('{"channel":"a_b","date":"2023-06-04T13:00:00Z","text":""}', "id: is missing"),
        ("{}", "channel: is missing"),
        (WHOLE.replace('"id"', '"text"'), "text: stands there twice"),
        (WHOLE.replace("null", '{"a":1,"a":2}'), "a: stands there twice"),
        (WHOLE.replace("null", "NaN"), "NaN is no JSON"),
        (WHOLE.replace("null", "-Infinity"), "-Infinity is no JSON"),
        (WHOLE[:-1], "no JSON: Expecting ',' delimiter at column"),
        (WHOLE + WHOLE, "no JSON: Extra data at column"),
        (WHOLE.replace("bridge", "br\x01dge"), "no JSON: Invalid control character"),
        ("[", "no JSON"),
        (f"[{WHOLE}]", "a JSON value that is no object; every line is one object, and there is no list around them"),
        ("null", "a JSON value that is no object"),
        ("channel,id,date,text", "no JSON"),
        ('{"a":' * 100_000, "the JSON is nested too deeply"),
        (WHOLE.encode().replace(b"bridge", b"br\xeddge"), "byte 77 is not UTF-8; save the file as UTF-8"),
        (WHOLE.encode("utf-16"), "the file is UTF-16; save it as UTF-8"),
    ],
)  # fmt: skip
def test_is_told_what_is_wrong_with_a_line(raw: str | bytes, reason: str) -> None:
    told = complaint(raw)

    assert told.startswith("posts.jsonl:1: ")
    assert reason in told
    assert "\n" not in told
    assert len(told) < 200


def test_is_read_on_after_a_bad_line() -> None:
    good, bad, empty, also_good = WHOLE, "{", "", line(id=124)

    found = reading(good, bad, empty, also_good, "[]")

    assert [item.post if isinstance(item, Draft) else item.number for item in found] == [123, 2, 124, 5]


@given(raw=st.binary(max_size=200))
def test_is_never_more_than_a_line_can_be_wrong(raw: bytes) -> None:
    assert len(reading(raw, WHOLE)) in (1, 2)


# ---------------------------------------------------------------------------------------------------------------- as a file


def packed(raw: bytes) -> bytes:
    return gzip.compress(raw)


def file(raw: bytes) -> Iterable[bytes]:
    return lines(io.BufferedReader(io.BytesIO(raw)))


def test_is_read_line_by_line() -> None:
    assert list(file(b"one\ntwo\r\n\nthree")) == [b"one\n", b"two\r\n", b"\n", b"three"]
    assert list(file(b"")) == []


def test_is_unpacked_where_it_is_compressed() -> None:
    assert list(file(packed(b"one\n") + packed(b"two\n"))) == [b"one\n", b"two\n"]


def test_is_told_where_the_compressed_file_is_damaged() -> None:
    raw = packed(b"".join(line(id=number, text=os.urandom(50).hex()).encode() + b"\n" for number in range(1, 1000)))
    half = raw[: len(raw) // 2]

    *good, last = reading_file(half)

    assert len(good) > 100
    assert all(isinstance(item, Draft) for item in good)
    assert "the compressed file is damaged from here on" in str(last)


def reading_file(raw: bytes) -> list[Draft | BadLine]:
    return list(read(file(raw), name="posts.jsonl.gz", channel=None, observed_at=NOON, quiet=True))


def test_does_not_fill_the_memory_with_a_line_that_does_not_end() -> None:
    raw = packed(b"x" * (2 * LONGEST + 10) + b"\n" + WHOLE.encode() + b"\n")

    bad, good = reading_file(raw)

    assert str(bad) == f"posts.jsonl.gz:1: the line has more than {LONGEST} bytes"
    assert isinstance(good, Draft)


@pytest.mark.skipif(not (DATA / "posts.jsonl.gz").exists(), reason="no real posts here")
def test_may_hold_real_posts() -> None:
    with (DATA / "posts.jsonl.gz").open("rb") as opened:
        found = list(read(lines(opened), name="posts.jsonl.gz", channel=None, observed_at=NOON, quiet=True))
    with gzip.open(DATA / "posts.jsonl.gz") as opened:
        real = [json.loads(line) for line in opened]

    assert [(item.post, item.content.post.text) for item in found] == [(one["id"], one["text"]) for one in real]
