"""Whether two sources show the same post"""

from pathlib import Path

import pytest
from collecting import PHONE, a_source
from previewing import a_preview

from monitor.clock import SystemClock
from monitor.ledger.agreement import agree
from monitor.model.channel import Identity
from monitor.model.post import Forward, Markup, Media, Post
from monitor.model.record import Said
from monitor.ports import Store
from monitor.rehearsal import Server, preview

TEXT = "🎉 The bridge fell, they say. Read on"
POSTS: list[dict[str, object]] = [
    {"text": TEXT, "author": "Ada"},
    {"text": TEXT, "entities": [Markup("bold", 3, 20), Markup("italic", 7, 6), Markup("text_url", 30, 4, url="https://e.org/?a=1&b=2")]},
    {"text": TEXT, "entities": [Markup("spoiler", 3, 10), Markup("underline", 8, 12), Markup("custom_emoji", 0, 2, document=7)]},
    {"text": "#bridge @legion https://e.org/a", "entities": [Markup("hashtag", 0, 7), Markup("mention", 8, 7), Markup("url", 16, 15)]},
    {"media": Media("photo")},
    {"text": "look", "media": Media("video", seconds=34.5)},
    {"media": Media("voice", seconds=3)},
    {"media": Media("animation")},
    {"media": Media("document", file_name="a.pdf", mime="application/pdf")},
    {"media": Media("audio", seconds=3)},
    {"media": Media("sticker")},
    {"media": Media("poll", texts=("Q?", "yes", "no"))},
    {"media": Media("contact", texts=("Ivan", "+7000"))},
    {"media": Media("location")},
    {"text": "see", "media": Media("link", url="https://a.org/b", texts=("Title", "About"))},
    {"text": "from elsewhere", "forward": Forward(channel=Identity(username="corps"), post=7)},
    {"text": "an answer", "reply_to": 2},
    {"service": "title", "text": "The Legion"},
    {"media": Media("photo"), "album": "raid", "text": "the caption"},
    {"media": Media("photo"), "album": "raid"},
]  # fmt: skip


async def test_an_account_and_the_public_page_agree_on_every_kind_of_post(
    telegram: Server, store: Store, tmp_path: Path
) -> None:
    world = telegram.world
    for name in ("legion", "corps"):
        world.add_channel(name)
    world.add_account(PHONE, joined=["legion"])
    ids = [world.publish("legion", **post) for post in POSTS]  # type: ignore[arg-type]
    legion = Identity(username="legion")
    async with preview(world) as pages:
        account, public = (
            await a_source(telegram, store, tmp_path, "legion"),
            a_preview(pages, store, SystemClock(), "legion"),
        )
        async with account.asked(), public.asked():
            found = account.found(legion)
            assert found is not None
            one, other = await account.look(found, ids), await public.look(legion, ids)

    for id, given in zip(ids, POSTS, strict=True):
        mine, theirs = one[id], other[id]
        assert mine is not None
        assert theirs is not None
        assert isinstance(mine.content, Said)
        assert isinstance(theirs.content, Said)
        assert agree(mine.content.post, theirs.content.post), given
        assert mine.published_at == theirs.published_at


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Post("12 captured"), Post("22 captured")),
        (Post("x", media=(Media("photo"),)), Post("x")),
        (Post("x", media=(Media("photo"),)), Post("x", media=(Media("video"),))),
        (Post(media=(Media("poll", texts=("Q?", "yes")),)), Post(media=(Media("poll", texts=("Q?", "no")),))),
        (Post("x", entities=(Markup("text_url", 0, 1, url="https://a.org"),)), Post("x", entities=(Markup("text_url", 0, 1, url="https://b.org"),))),
        (Post("x", author="Ada"), Post("x", author="Bob")),
        (Post("pinned 3"), Post(service="pinned 3")),
    ],
)  # fmt: skip
def test_what_says_something_else_does_not_agree(one: Post, other: Post) -> None:
    assert not agree(one, other)


def test_marks_in_pieces_are_the_same_marks() -> None:
    whole = Post("abcdef", entities=(Markup("bold", 0, 6), Markup("hashtag", 2, 2)))
    pieces = Post("abcdef", entities=(Markup("bold", 0, 2), Markup("bold", 2, 2), Markup("bold", 4, 2)))

    assert agree(whole, pieces)
