"""What became of the bytes of what is attached"""

import pytest
from builders import NOON, photo, post, raw

from monitor.model.post import Media
from monitor.model.record import Fetched, Kind, Record
from monitor.ports import NEWS, Want
from monitor.views.media import fates

FILE = 5_000_000_000_000_000_001
SHA = "ab" * 32


def settled(content: Fetched) -> Record:
    return Record(
        index=7,
        kind=Kind.MEDIA,
        number=1,
        channel=None,
        post=1,
        published_at=None,
        observed_at=NOON,
        source=None,
        content=content,
        leaf=b"",
    )


def waiting() -> Want:
    return Want(number=1, post=1, file=FILE, record=1, rank=NEWS, size=120_000, since=NOON, due_at=NOON)


HELD = Fetched("photo", FILE, "held", size=120_000, sha256=SHA, bytes=120_000)
SKIPPED = Fetched("photo", FILE, "skipped", size=120_000, reason="no room")
INCOMPLETE = Fetched("photo", FILE, "incomplete", size=120_000, bytes=1_000, reason="1000 bytes came of 120000")


@pytest.mark.parametrize(
    ("records", "wants", "words"),
    [
        ([HELD], [], f"held, 120 kB, SHA-256 {SHA}"),
        ([SKIPPED], [], "not held: skipped: no room"),
        ([INCOMPLETE], [], "not held: incomplete, 1,000 bytes came: 1000 bytes came of 120000"),
        ([SKIPPED, HELD], [], f"held, 120 kB, SHA-256 {SHA}"),
        ([SKIPPED], [waiting()], "not held yet: it is still to be fetched"),
        ([], [waiting()], "not held yet: it is still to be fetched"),
        ([], [], "not held: it is not among what is fetched"),
    ],
)
def test_is_said_with_the_reason(records: list[Fetched], wants: list[Want], words: str) -> None:
    [fate] = fates(post(media=(photo(),), raw=raw()), [settled(each) for each in records], wants)

    assert fate.words == words
    assert fate.held is words.startswith("held")


@pytest.mark.parametrize("source", [None, raw(format="json"), raw(format="html")])
def test_is_said_of_sources_that_give_no_files(source: object) -> None:
    [fate] = fates(post(media=(photo(id=None),), raw=source), [], [])

    assert fate.words == "not held: where the post was read no files are given"


def test_is_not_said_of_what_has_no_bytes() -> None:
    assert fates(post(media=(Media("poll", id=1), Media("link", url="https://example.org"))), [], []) == ()
