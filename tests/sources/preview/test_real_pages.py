"""Real pages, where they are at hand: what was read of each, compared with what people saw in it"""

import os
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from measuring import Measured
from sources.preview.samples import bubble

from monitor.sources.preview.page import Page
from monitor.sources.preview.page import page as read

DATA = Path(os.environ.get("MONITOR_DATA", Path(__file__).parents[4] / "shared" / "data"))
PAGES = DATA / "preview"
pytestmark = pytest.mark.skipif(not PAGES.exists(), reason="the real pages are not here")


class Seen(msgspec.Struct, frozen=True):
    """Of one file. `things` by their kind; `odd`: what the people who kept the page had changed in it."""

    standing: str
    bubbles: int = 0
    posts: int = 0
    texts: int = 0
    edited: int = 0
    forwards: int = 0
    signed: int = 0
    views: int = 0
    things: str = ""
    odd: str = ""

    def __str__(self) -> str:
        if not self.posts:
            return self.standing
        parts = {"bubbles": self.bubbles, "posts": self.posts, "texts": self.texts, "edited": self.edited}
        parts |= {"forwards": self.forwards, "signed": self.signed, "with views": self.views}
        told = ", ".join(f"{count} {name}" for name, count in parts.items() if count)
        return "; ".join(filter(None, (f"{self.standing}: {told}", self.things, self.odd)))


BY_HAND = {
    "info__codecamp.html": Seen("card"),
    "info__not_existed_channel.html": Seen("missing"),
    "info__ru_python.html": Seen("somebody"),
    "info__seniorpy.html": Seen("card"),
    "media_video_too_big.html": Seen("single", 1, 1, views=1, things="1 video"),
    "message_link_preview.html": Seen("single", 1, 1, texts=1, views=1, things="1 link"),
    "message_media_forwarded_from.html": Seen("single", 1, 1, texts=1, forwards=1, views=1, things="1 photo"),
    "message_media_photo_and_video.html": Seen("single", 1, 3, texts=1, views=1, things="2 photo, 1 video"),
    "message_poll.html": Seen("single", 1, 1, views=1, things="1 poll"),
    "message_sticker.html": Seen("single", 1, 1, signed=1, views=1, things="1 sticker"),
    "message_voice.html": Seen("single", 1, 1, texts=1, forwards=1, views=1, things="1 voice"),
    "message_with_from_author.html": Seen("single", 1, 1, texts=1, signed=1, views=1),
    "msgs__codecamp.html": Seen(
        "channel", 20, 20, texts=20, forwards=1, views=20, things="1 animation, 2 document, 2 link, 10 photo, 4 video"
    ),
    "msgs__d_code.html": Seen("channel", 20, 20, texts=20, edited=11, views=19, things="10 link, 6 photo, 1 video"),
    "msgs__excelhackru.html": Seen(
        "channel", 18, 21, texts=13, edited=11, views=18, things="3 document, 5 photo, 2 poll, 11 video"
    ),
    "msgs__habr_com.html": Seen("channel", 20, 20, texts=20, views=20, things="20 link", odd="date"),
    "msgs__not_existed_channel.html": Seen("missing"),
    "msgs__not_valid_channel.html": Seen("other"),
    "msgs__seniorpy.html": Seen("channel", 19, 20, texts=16, edited=1, views=19, things="14 photo, 2 poll"),
}
"""Counted in the pages themselves, not by the program."""


def read_file(name: str) -> Page:
    html = (PAGES / name).read_bytes()
    # A thing by itself is put where it stood: into a post.
    return read(bubble(html.decode()).encode() if name.startswith("media_") else html)


def seen(page: Page) -> Seen:
    posts = [post for each in page.shown for _, post in each.parts]
    kinds = Counter(thing.kind for post in posts for thing in post.media)
    odd = [*(each.reason for each in page.faults), *(kind for each in page.shown for kind in each.unread)]
    return Seen(
        page.standing,
        len(page.shown),
        len(posts),
        texts=sum(bool(post.text) for post in posts),
        edited=sum(each.edited for each in page.shown),
        forwards=sum(post.forward is not None for post in posts),
        signed=sum(post.author is not None for post in posts),
        views=sum(each.views is not None for each in page.shown),
        things=", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())),
        odd=", ".join(odd),
    )


@pytest.mark.parametrize("name", sorted(BY_HAND))
def test_is_read_as_it_was_seen(name: str, measured: Measured) -> None:
    found = seen(read_file(name))

    assert found == BY_HAND[name]
    measured(f"public page {name}", str(found))


def test_every_page_is_in_the_table() -> None:
    assert sorted(path.name for path in PAGES.iterdir()) == sorted(BY_HAND)


@pytest.mark.parametrize("name", [name for name in sorted(BY_HAND) if BY_HAND[name].bubbles])
def test_no_bubble_of_the_file_is_passed_over(name: str) -> None:
    html, page = (PAGES / name).read_text("utf-8"), read_file(name)

    assert len(page.shown) + len(page.faults) == max(1, html.count('data-post="'))
    assert [each.reason for each in page.faults] == []


def test_every_word_of_every_text_is_there() -> None:
    """Compared with what a plain reading of the same elements gives: nothing lost, nothing twice."""
    from selectolax.lexbor import LexborHTMLParser

    for name in BY_HAND:
        tree = LexborHTMLParser((PAGES / name).read_text("utf-8"))
        blocks = [
            node.text(deep=True)
            for node in tree.css(".js-message_text")
            if node.parent is not None and "js-message_text" not in (node.parent.attributes.get("class") or "")
        ]
        texts = [post.text for each in read_file(name).shown for _, post in each.parts if post.text]
        assert [text.replace("\n", "").split() for text in texts] == [
            _run_together(block, text) for block, text in zip(blocks, texts, strict=True)
        ]


def _run_together(block: str, text: str) -> list[str]:
    """The plain reading has no line ends: its words, run together where the post has a line end."""
    bare = "".join(block.split())
    assert bare == "".join(text.split())
    return text.replace("\n", "").split()


@pytest.mark.parametrize(
    ("name", "post", "lines", "marks"),
    [
        ("msgs__d_code.html", 16401, 9, 2),
        ("msgs__seniorpy.html", 1650, 8, 8),
        ("message_voice.html", 939, 9, 2),
        ("message_media_photo_and_video.html", 46908, 9, 4),
    ],
)
def test_lines_and_marks_are_those_of_the_page(name: str, post: int, lines: int, marks: int) -> None:
    posts = {id: found for each in read_file(name).shown for id, found in each.parts}

    assert (len(posts[post].text.split("\n")), len(posts[post].entities)) == (lines, marks)


@pytest.mark.parametrize(
    ("name", "id", "subscribers", "older"),
    [
        ("msgs__codecamp.html", -1001333809979, 82_900, 2357),
        ("msgs__d_code.html", -1001043793945, 189_000, 16399),
        ("msgs__excelhackru.html", -1001146594433, 53_000, 1321),
        ("msgs__habr_com.html", -1001032086354, 70_200, 56622),
        ("msgs__seniorpy.html", -1001558186588, 43_200, 1630),
    ],
)
def test_the_channel_is_who_it_is(name: str, id: int, subscribers: int, older: int) -> None:
    page = read_file(name)

    assert (page.identity.id, page.subscribers, page.older, page.newer) == (
        id,
        subscribers,
        older,
        None,
    )
    assert page.photo
