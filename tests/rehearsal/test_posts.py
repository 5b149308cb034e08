"""A post of the rehearsal, as the client sees it, carries what a channel's posts carry."""

from datetime import UTC, datetime
from typing import Any

import pytest
from telethon import types
from telethon_clients import Connect

from monitor.model.channel import Identity
from monitor.model.post import Forward, Markup, Media, Reply
from monitor.rehearsal import World, mishaps

NOON = datetime(2023, 6, 4, 12, 0, tzinfo=UTC)


@pytest.fixture
def shown(connect: Connect, world: World) -> Any:
    """The post with this id, read by a client."""

    async def shown(post: int) -> Any:
        return await (await connect()).get_messages("legion", ids=post)

    return shown


async def test_is_the_channels_own_and_counts_its_views(shown: Any, world: World) -> None:
    seen = await shown(world.publish("legion", "hello", NOON, views=1200, shares=3, author="Commander"))

    assert (seen.post, seen.from_id, seen.peer_id) == (True, None, types.PeerChannel(world.channel("legion").bare))
    assert (seen.date, seen.views, seen.forwards, seen.post_author) == (NOON, 1200, 3, "Commander")


async def test_marks_its_text_in_utf16_units(shown: Any, world: World) -> None:
    marks = (
        Markup("bold", 3, 5),
        Markup("text_url", 3, 5, url="https://example.org"),
        Markup("pre", 0, 2, language="py"),
        Markup("spoiler", 0, 2),
        Markup("blockquote", 0, 8),
        Markup("custom_emoji", 0, 2, document=77),
        Markup("mention_name", 3, 5, user=555),
    )

    seen = await shown(world.publish("legion", "🎉 hello", entities=marks))

    assert [seen.message.encode("utf-16-le")[2 * e.offset : 2 * (e.offset + e.length)].decode("utf-16-le") for e in seen.entities] == ["hello", "hello", "🎉", "🎉", "🎉 hello", "🎉", "hello"]  # fmt: skip
    assert (seen.entities[1].url, seen.entities[2].language) == ("https://example.org", "py")
    assert (seen.entities[5].document_id, seen.entities[6].user_id) == (77, 555)


async def test_says_where_it_was_forwarded_from(shown: Any, world: World) -> None:
    corps = world.add_channel("corps", title="The Corps")
    known = Forward(channel=Identity(username="corps"), post=7, date=1_685_880_000_000)
    stranger = Forward(channel=Identity(id=-1001234500000, title="Elsewhere"), post=3)

    one, two, three = [
        await shown(world.publish("legion", "x", forward=forward))
        for forward in (known, stranger, Forward(name="A man"))
    ]

    assert (one.fwd_from.from_id.channel_id, one.fwd_from.channel_post, one.forward.chat.title) == (
        corps.bare,
        7,
        "The Corps",
    )
    assert (two.forward.chat.title, two.fwd_from.channel_post) == ("Elsewhere", 3)
    assert (three.fwd_from.from_id, three.fwd_from.from_name) == (None, "A man")


async def test_says_what_it_answers(shown: Any, world: World) -> None:
    first = world.publish("legion", "a question")

    seen = await shown(world.publish("legion", "an answer", reply_to=Reply(post=first, quote="question")))

    assert (seen.reply_to.reply_to_msg_id, seen.reply_to.quote_text) == (first, "question")


async def test_shares_a_number_with_the_other_parts_of_its_album(shown: Any, world: World) -> None:
    parts = [world.publish("legion", media={"kind": "photo"}, album=album) for album in ("a", "a", "b")]

    one, two, three = [(await shown(part)).grouped_id for part in parts]

    assert one == two != three


@pytest.mark.parametrize(
    ("media", "what"),
    [
        (Media(kind="photo", width=1280, height=720), lambda m: m.photo.sizes[0].w == 1280),
        (Media(kind="video", seconds=34.5, size=6_100_000), lambda m: (m.video.size, m.file.duration) == (6_100_000, 34.5)),
        (Media(kind="document", file_name="a.pdf", mime="application/pdf"), lambda m: m.file.name == "a.pdf"),
        (Media(kind="audio", seconds=3), lambda m: m.audio.mime_type == "audio/mpeg"),
        (Media(kind="voice", seconds=3), lambda m: m.voice is not None),
        (Media(kind="animation"), lambda m: m.gif is not None),
        (Media(kind="sticker"), lambda m: m.sticker is not None),
        (Media(kind="poll", texts=("Q?", "yes", "no")), lambda m: [a.text.text for a in m.poll.poll.answers] == ["yes", "no"]),
        (Media(kind="link", url="https://a.org/b", texts=("Title", "About")), lambda m: m.web_preview.title == "Title"),
        (Media(kind="contact", texts=("Ivan", "+7000")), lambda m: m.contact.phone_number == "+7000"),
        (Media(kind="location"), lambda m: m.geo is not None),
    ],
    ids=lambda value: value.kind if isinstance(value, Media) else "",
)  # fmt: skip
async def test_shows_what_is_attached(shown: Any, world: World, media: Media, what: Any) -> None:
    seen = await shown(world.publish("legion", "look", media=media))

    assert what(seen)


async def test_tells_when_and_whether_visibly_it_was_edited(shown: Any, world: World) -> None:
    post = world.publish("legion", "hello", NOON)
    world.edit("legion", post, views=90, date=NOON, edit_hide=True)

    counted = await shown(post)
    world.edit("legion", post, "hello again", NOON)
    edited = await shown(post)

    assert (counted.message, counted.edit_date, counted.edit_hide, counted.views) == ("hello", NOON, True, 90)
    assert (edited.message, edited.edit_date, bool(edited.edit_hide)) == ("hello again", NOON, False)


async def test_carries_what_restricts_it(shown: Any, world: World) -> None:
    seen = await shown(world.publish("legion", "x", noforwards=True, restricted="not in your country", ttl=86_400))

    assert (seen.noforwards, seen.restriction_reason[0].text, seen.ttl_period) == (True, "not in your country", 86_400)


async def test_may_be_a_service_message(shown: Any, world: World) -> None:
    mishaps.rename(world, "legion", title="The Legion")

    seen = await shown(world.channel("legion").top)

    assert (seen.message, seen.action.title) == (None, "The Legion")
