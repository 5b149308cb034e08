"""An export of Telegram Desktop …"""

import gzip
import io
import json
import os
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from measuring import Measured

from monitor.errors import ConfigError
from monitor.model.channel import Identity
from monitor.model.instant import parse
from monitor.model.post import Forward, Markup, Media, Post, Reply
from monitor.model.record import Draft, Faulted, Said, Source
from monitor.sources.desktop_export import Broken, PassedOver, Reading, is_export, read
from monitor.sources.desktop_export.message import LONGEST
from monitor.sources.desktop_export.pieces import CHUNK
from tests.builders import NOON

DATA = Path(os.environ.get("MONITOR_DATA", Path(__file__).parents[3] / "shared" / "data")) / "export"
KYIV = ZoneInfo("Europe/Kyiv")
BRIDGE = -1001234567890

MESSAGE = {
    "id": 7,
    "type": "message",
    "date": "2023-06-04T16:00:00",
    "date_unixtime": "1685883600",
    "from": "Bridge news",
    "from_id": "channel1234567890",
    "text": "The bridge fell.",
    "text_entities": [{"type": "plain", "text": "The bridge fell."}],
}
"""As of 2022 and later."""
OLD = {
    "id": 7,
    "type": "message",
    "date": "2020-06-04T16:00:00",
    "edited": "1970-01-01T03:00:00",
    "from": "Bridge news",
    "from_id": 9824502482,
    "text": "The bridge fell.",
}
"""As of 2020: numbers for ids, no Unix times, the time zero for what was never edited."""


def chat(*messages: object, **head: object) -> dict[str, object]:
    return {"name": "Bridge news", "type": "public_channel", "id": 1234567890} | head | {"messages": list(messages)}


def whole(*chats: object, **more: object) -> dict[str, object]:
    about = {"about": "Here is the data you requested.", "personal_information": {"user_id": 1, "bio": '{"[\\'}}
    return about | more | {"chats": {"about": "This page lists all chats.", "list": list(chats)}}


def written(export: object) -> bytes:
    """Over many lines, as Telegram Desktop writes it."""
    return json.dumps(export, ensure_ascii=False, indent=1).encode()


def reading(data: bytes | Any, **how: Any) -> list[Draft | PassedOver | Broken]:
    given = {"wanted": None, "known": (), "zone": None, "observed_at": NOON, "quiet": False} | how
    return list(read(io.BytesIO(data) if isinstance(data, bytes) else data, Reading(name="result.json", **given)))


def draft(message: object, **how: Any) -> Draft:
    [found] = reading(written(chat(message)), **how)
    assert isinstance(found, Draft), str(found)
    return found


def post(message: object = MESSAGE, **more: object) -> Post:
    assert isinstance(message, dict)
    content = draft(message | more).content
    assert isinstance(content, Said), str(content)
    return content.post


def media(**more: object) -> tuple[Media, ...]:
    return post(MESSAGE | {"text": ""}, **more).media


def told(action: str | None = None, **more: object) -> str | None:
    service = {key: MESSAGE[key] for key in ("id", "date", "date_unixtime")} | {"type": "service", "text": ""}
    return post(
        service, **({"action": action} if action else {}), actor="Bridge news", actor_id="channel1", **more
    ).service


def fault(message: object, **how: Any) -> Faulted:
    content = draft(message, **how).content
    assert isinstance(content, Faulted)
    return content


def broken(data: bytes) -> str:
    *_, last = reading(data)
    assert isinstance(last, Broken)
    return str(last)


# ------------------------------------------------------------------------------------------------------------ whose posts it holds


def test_holds_the_posts_of_a_channel_each_with_its_own_json() -> None:
    [found] = reading(written(chat(MESSAGE)))

    assert isinstance(found, Draft)
    assert isinstance(found.content, Said)
    assert found.channel == Identity(BRIDGE, None, "Bridge news")
    assert (found.post, found.published_at, found.observed_at) == (7, parse("2023-06-04T13:00:00Z"), NOON)
    assert (found.source, found.content.edit, found.content.quiet) == (Source.IMPORT, False, False)
    assert found.content.post.same_as(Post(text="The bridge fell."))
    raw = found.content.post.raw
    assert raw is not None
    assert (raw.format, raw.exact, json.loads(raw.data)) == ("json", True, MESSAGE)
    assert raw.data in written(chat(MESSAGE))


def test_of_everything_that_an_account_has_is_read_for_its_public_channels_alone() -> None:
    others = [
        {"type": "saved_messages", "id": 1, "messages": [MESSAGE]},
        chat(MESSAGE, MESSAGE, type="personal_chat"),
        chat(MESSAGE, type="personal_chat", name=None),
        chat(type="public_supergroup"),
        chat(MESSAGE, type="private_channel"),
        chat(MESSAGE, type="of the future"),
        chat(MESSAGE, type=None),
    ]
    left = {"about": "", "list": [chat(MESSAGE | {"id": 8}, id=9)]}

    found = reading(written(whole(*others[:4], chat(MESSAGE), *others[4:], left_chats=left)))

    assert [(each.channel.id, each.post) for each in found if isinstance(each, Draft) and each.channel] == [
        (-1_000_000_000_009, 8),
        (BRIDGE, 7),
    ]
    passed = [each for each in found if isinstance(each, PassedOver)]
    assert [(each.kind, each.messages) for each in passed] == [
        ("saved_messages", 1),
        ("personal_chat", 2),
        ("personal_chat", 1),
        ("public_supergroup", 0),
        ("private_channel", 1),
        ("unknown", 1),
        ("unknown", 1),
    ]
    assert {each.reason.partition(";")[0] for each in passed} == {"only public channels are read"}


@pytest.mark.parametrize("bare", [0, -5, 997_852_516_353 * 2, "1234567890", None, True, 1.5])
def test_of_a_channel_whose_id_is_none_is_passed_over(bare: object) -> None:
    assert reading(written(chat(MESSAGE, id=bare))) == [PassedOver("public_channel", 1, "its id is no channel's")]


def test_says_a_name_only_where_the_reader_does() -> None:
    named = draft(MESSAGE, wanted=Identity(username="bridge_news"))
    by_id = draft(MESSAGE, wanted=Identity(BRIDGE))

    assert named.channel == Identity(BRIDGE, "bridge_news", "Bridge news")
    assert by_id.channel == Identity(BRIDGE, None, "Bridge news")


def test_is_no_news_of_a_channel_that_is_known() -> None:
    """An export may be old: the title that it tells may be one that the channel had long ago."""
    known = [Identity(-1005), Identity(BRIDGE, "bridge_news", "The bridge")]

    assert draft(MESSAGE, known=known).channel == known[1]
    assert draft(MESSAGE, known=known, wanted=Identity(username="Bridge_News")).channel == known[1]
    assert draft(
        MESSAGE, known=[Identity(username="bridge_news")], wanted=Identity(username="bridge_news")
    ).channel == (Identity(BRIDGE, "bridge_news", "Bridge news"))


@pytest.mark.parametrize(
    ("wanted", "known", "words"),
    [
        (Identity(username="harbour"), [Identity(BRIDGE, "bridge_news")], "is known as bridge_news and not as harbour"),
        (
            Identity(username="harbour"),
            [Identity(-1009, "Harbour")],
            "harbour is known as the name of -1009: names change hands",
        ),
    ],
)
def test_is_not_read_under_a_name_that_belongs_to_another_channel(
    wanted: Identity, known: list[Identity], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        reading(written(chat(MESSAGE)), wanted=wanted, known=known)


def test_of_another_channel_than_the_one_asked_for_is_passed_over() -> None:
    asked = Identity(-1_000_000_000_009)
    found = reading(written(whole(chat(MESSAGE), chat(MESSAGE, id=9))), wanted=asked)

    assert found[0] == PassedOver("public_channel", 1, "another channel was asked for")
    assert isinstance(found[1], Draft)
    assert found[1].channel == Identity(asked.id, None, "Bridge news")


def test_of_many_chats_cannot_all_be_one_channel() -> None:
    with pytest.raises(ConfigError, match=r"many chats, and cannot all be bridge_news: .*--channel -100"):
        reading(written(whole(chat(MESSAGE))), wanted=Identity(username="bridge_news"))


def test_of_a_channel_that_is_private_now_is_read_where_its_public_name_is_said() -> None:
    private = written(chat(MESSAGE, type="private_channel"))

    assert isinstance(reading(private, wanted=Identity(username="bridge_news"))[0], Draft)
    assert isinstance(reading(private, wanted=Identity(BRIDGE))[0], PassedOver)


def test_of_before_2021_writes_ids_with_something_added() -> None:
    """https://core.telegram.org/api/peers tells nothing of it: it was Telegram Desktop's own way to tell users from channels."""
    [old] = reading(written(chat(OLD, id=(2 << 32) + 1234567890)), zone=KYIV)
    [new] = reading(written(chat(MESSAGE, id=(2 << 32) + 1234567890)))

    assert isinstance(old, Draft)
    assert isinstance(new, Draft)
    assert old.channel == Identity(BRIDGE, None, "Bridge news")
    assert new.channel == Identity(-1_000_000_000_000 - (2 << 32) - 1234567890, None, "Bridge news")


# --------------------------------------------------------------------------------------------------------------------- its times


def test_without_unix_times_is_refused_until_somebody_says_where_it_was_made() -> None:
    with pytest.raises(
        ConfigError, match=r"^result.json is an old export: .*1970-01-01T03:00:00\).* --time-zone Europe/Kyiv$"
    ):
        reading(written(chat(OLD)))

    assert draft(OLD, zone=KYIV).published_at == parse("2020-06-04T16:00:00+03:00")


def test_with_unix_times_needs_no_zone_and_takes_none() -> None:
    assert draft(MESSAGE, zone=ZoneInfo("Asia/Tokyo")).published_at == parse("2023-06-04T13:00:00Z")


@pytest.mark.parametrize(
    ("message", "meant"),
    [
        (MESSAGE, None),
        (MESSAGE | {"edited": "2023-06-04T16:00:05", "edited_unixtime": "1685883605"}, "2023-06-04T13:00:05Z"),
        (MESSAGE | {"edited": "1970-01-01T03:00:00", "edited_unixtime": "0"}, None),
        (OLD, None),
        (OLD | {"edited": "1969-12-31T19:00:00"}, None),
        (OLD | {"edited": "2020-06-04T16:30:00"}, "2020-06-04T13:30:00Z"),
    ],
)
def test_tells_when_a_post_was_edited_if_it_was(message: dict[str, object], meant: str | None) -> None:
    content = draft(message, zone=KYIV).content

    assert isinstance(content, Said)
    assert content.post.edited_at == (None if meant is None else parse(meant))
    assert not content.edit


def test_is_read_with_the_first_of_two_hours_when_clocks_went_back() -> None:
    assert draft(OLD | {"date": "2020-10-25T03:30:00"}, zone=KYIV).published_at == parse("2020-10-25T03:30:00+03:00")


def test_is_not_read_at_an_hour_that_never_was_in_that_zone() -> None:
    found = fault(OLD | {"date": "2020-03-29T03:30:00"}, zone=KYIV)

    assert (
        found.reason
        == "date: the clocks of Europe/Kyiv never showed 2020-03-29T03:30:00; was the export made elsewhere?"
    )


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ({"date_unixtime": "soon"}, 'date_unixtime: "soon" is no Unix time'),
        ({"date_unixtime": "999999999999999"}, 'date_unixtime: "999999999999999" is no Unix time'),
        ({"date_unixtime": -5}, "date_unixtime: -5 is no Unix time"),
        ({"date_unixtime": None, "date": None}, "date: is missing"),
        ({"date_unixtime": None, "date": "yesterday"}, 'date: "yesterday" is no time such as 2020-01-31T12:00:00'),
        ({"date_unixtime": None, "date": "2020-02-31T12:00:00"}, 'date: "2020-02-31T12:00:00": there is no such time'),
        ({"date_unixtime": None, "date": "0001-01-01T00:00:00"}, "date: 0001-01-01T00:00:00: there is no such time"),
    ],
)
def test_with_a_time_that_is_none_tells_it(keys: dict[str, object], reason: str) -> None:
    assert fault(MESSAGE | keys, zone=KYIV).reason == reason


# ---------------------------------------------------------------------------------------------------------------------- its texts


def test_marks_stretches_in_utf_16_units() -> None:
    parts = [
        "💥 ",
        {"type": "bold", "text": "Взрыв"},
        {"type": "text_link", "text": "тут", "href": "https://example.org/"},
        {"type": "pre", "text": "x = 1", "language": "python"},
        {"type": "strikethrough", "text": "нет"},
        {"type": "link", "text": "https://t.me/"},
        {"type": "custom_emoji", "text": "😁", "document_id": "5368324170671202286"},
        {"type": "custom_emoji", "text": "😁", "document_id": "stickers/sticker (62).webp"},
        {"type": "mention_name", "text": "Olena", "user_id": 44444444},
        {"type": "bold", "text": ""},
        {"type": "spoiler", "text": "тише"},
        "",
    ]
    meant = (
        Markup("bold", 3, 5),
        Markup("text_url", 8, 3, url="https://example.org/"),
        Markup("pre", 11, 5, language="python"),
        Markup("strike", 16, 3),
        Markup("url", 19, 13),
        Markup("custom_emoji", 32, 2, document=5368324170671202286),
        Markup("custom_emoji", 34, 2),
        Markup("mention_name", 36, 5, user=44444444),
        Markup("spoiler", 41, 4),
    )
    listed = [part if isinstance(part, dict) else {"type": "plain", "text": part} for part in parts]

    old = post(text=parts, text_entities=[])
    new = post(text=parts, text_entities=listed)

    assert old.text == "💥 Взрывтутx = 1нетhttps://t.me/😁😁Olenaтише"
    assert old.entities == new.entities == meant


def test_has_the_marks_where_only_the_newer_list_has_them() -> None:
    found = post(text="Взрыв", text_entities=[{"type": "bold", "text": "Взрыв"}])

    assert found.entities == (Markup("bold", 0, 5),)


def test_in_which_somebody_changed_the_text_keeps_the_text_and_no_marks_that_do_not_fit() -> None:
    found = post(text="Взрыв был", text_entities=[{"type": "bold", "text": "Взрыв"}])

    assert (found.text, found.entities) == ("Взрыв был", ())


def test_may_hold_control_characters_in_a_way_that_is_no_json() -> None:
    r"""Telegram Desktop writes them as \x1F (its SerializeString), and a backslash of the text as two."""
    data = written(chat(MESSAGE | {"text": "a b"})).replace(b'"a b"', rb'"a\x1Fb\\x1F\x0b"')
    [found] = reading(data)

    assert isinstance(found, Draft)
    assert isinstance(found.content, Said)
    assert found.content.post.text == "a\x1fb\\x1F\x0b"
    assert found.content.post.raw is not None
    assert found.content.post.raw.data in data


def test_with_half_a_character_has_a_mark_in_its_place() -> None:
    data = json.dumps(chat(MESSAGE | {"text": "a\ud83d", "author": "\udc00"})).encode()
    [found] = reading(data)

    assert isinstance(found, Draft)
    assert isinstance(found.content, Said)
    assert (found.content.post.text, found.content.post.author) == ("a\ufffd", "\ufffd")


# ----------------------------------------------------------------------------------------------------- forwards, replies, signatures


def test_tells_from_whom_a_post_was_forwarded() -> None:
    assert post(forwarded_from="2ch").forward == Forward(name="2ch")
    assert post(forwarded_from=None).forward == Forward()
    assert post(forwarded_from="Harbour", forwarded_from_id="channel9876543210").forward == Forward(
        channel=Identity(-1009876543210, None, "Harbour"), name="Harbour"
    )
    assert post(forwarded_from="Olena", forwarded_from_id="user44444444").forward == Forward(name="Olena")
    assert post().forward is None


def test_tells_which_post_is_answered_and_in_which_channel() -> None:
    assert post(reply_to_message_id=5).reply_to == Reply(5)
    assert post(reply_to_message_id=5, reply_to_peer_id="channel1234567890").reply_to == Reply(5)
    assert post(reply_to_message_id=5, reply_to_peer_id="channel9876543210").reply_to == Reply(
        5, Identity(-1009876543210)
    )
    assert post(reply_to_message_id=5, reply_to_peer_id="user44").reply_to == Reply(5)
    assert post(reply_to_message_id=0).reply_to is None


def test_tells_who_signed() -> None:
    assert post(author="Olena").author == "Olena"
    assert post(**{"from": "Olena", "from_id": "user44444444"}).author == "Olena"
    assert post().author is None
    assert post(**{"from": None, "from_id": None}).author is None


def test_holds_the_words_of_buttons() -> None:
    rows = [[{"type": "url", "text": "Read", "data": "https://example.org/"}, {"type": "callback"}], [{"text": "Vote"}]]

    assert post(inline_bot_buttons=rows).buttons == ("Read", "Vote")


def test_holds_no_counters() -> None:
    reactions = [{"type": "emoji", "count": 3, "emoji": "👍"}]

    assert post(reactions=reactions, views=5, forwards=2).same_as(post())


# ------------------------------------------------------------------------------------------------------------------ what is attached

LEFT_OUT = "(File not included. Change data exporting settings to download.)"
SIZED = {"width": 1280, "height": 723}


@pytest.mark.parametrize(
    ("keys", "meant"),
    [
        ({"photo": "photos/photo_1@22-12-2021_13-44-15.jpg", **SIZED}, Media("photo", width=1280, height=723)),
        ({"photo": LEFT_OUT, "photo_file_size": 120000, **SIZED}, Media("photo", size=120000, width=1280, height=723)),
        ({"file": LEFT_OUT, "mime_type": "application/pdf"}, Media("document", mime="application/pdf")),
        (
            {"file": "files/Report 5.pdf", "mime_type": "application/pdf"},
            Media("document", mime="application/pdf", file_name="Report 5.pdf"),
        ),
        ({"file": "files\\Report.pdf"}, Media("document", file_name="Report.pdf")),
        ({"file": LEFT_OUT, "file_name": "my-file.jpg"}, Media("document", file_name="my-file.jpg")),
        ({"file": "files/file_1@22-12-2021_13-44-15.bin"}, Media("document")),
        ({"file": "(File unavailable, please try again later)", "file_size": 0}, Media("document")),
        ({"file": "../../etc/passwd"}, Media("document", file_name="passwd")),
        (
            {
                "file": "video_files/1329.mp4",
                "original_name": "image.mp4",
                "media_type": "video_file",
                "mime_type": "video/mp4",
                "duration_seconds": 35,
                "file_size": 900,
            },
            Media("video", mime="video/mp4", file_name="image.mp4", seconds=35.0, size=900),
        ),
        ({"file": LEFT_OUT, "media_type": "video_message", "duration_seconds": 12}, Media("video", seconds=12.0)),
        ({"file": LEFT_OUT, "media_type": "voice_message", "duration_seconds": 2}, Media("voice", seconds=2.0)),
        ({"file": LEFT_OUT, "media_type": "animation"}, Media("animation")),
        (
            {"file": LEFT_OUT, "media_type": "audio_file", "performer": "Океан", "title": "Обійми"},
            Media("audio", texts=("Обійми", "Океан")),
        ),
        (
            {"file": "stickers/sticker (100).webp", "media_type": "sticker", "sticker_emoji": "👍"},
            Media("sticker", texts=("👍",)),
        ),
        ({"file": LEFT_OUT, "media_type": "hologram"}, Media("hologram")),
        (
            {
                "contact_information": {"first_name": "Olena", "last_name": "K", "phone_number": "+380 44"},
                "contact_vcard": "x",
            },
            Media("contact", texts=("Olena K", "+380 44")),
        ),
        (
            {
                "location_information": {"latitude": 41.311194, "longitude": 69.279725},
                "live_location_period_seconds": 132,
            },
            Media("location", url="geo:41.311194,69.279725"),
        ),
        ({"location_information": None}, Media("location")),
        ({"location_information": {"latitude": 1e300, "longitude": "x"}}, Media("location")),
        (
            {"place_name": "Міст", "address": "Набережна", "location_information": {"latitude": 1, "longitude": 2}},
            Media("venue", url="geo:1.000000,2.000000", texts=("Міст", "Набережна")),
        ),
        (
            {"game_title": "Chess", "game_description": "A game", "game_link": "https://t.me/bot?game=chess"},
            Media("game", url="https://t.me/bot?game=chess", texts=("Chess", "A game")),
        ),
        (
            {"invoice_information": {"title": "Tea", "description": "Green", "amount": 100, "currency": "UAH"}},
            Media("invoice", texts=("Tea", "Green")),
        ),
        ({"invoice_information": '{\n "title": "Tea",\n "description": ""\n}'}, Media("invoice", texts=("Tea",))),
        ({"paid_stars_amount": 5}, Media("invoice")),
        (
            {
                "poll": {
                    "question": "Чи буде?",
                    "closed": False,
                    "total_voters": 30,
                    "answers": [
                        {"text": "Так", "voters": 10, "chosen": True},
                        {"text": ["Ні ", {"type": "bold", "text": "!"}]},
                    ],
                }
            },
            Media("poll", texts=("Чи буде?", "Так", "Ні !")),
        ),
        (
            {
                "todo_list": {
                    "title": "testing",
                    "answers": [{"text": "point 1", "id": 1}, {"text": "point 2", "id": 2}],
                }
            },
            Media("todo", texts=("testing", "point 1", "point 2")),
        ),
        ({"giveaway_information": {"quantity": 5, "additional_prize": "a car"}}, Media("giveaway", texts=("a car",))),
        ({"giveaway_results": {"winners_count": 5, "additional_prize": ""}}, Media("giveaway")),
        (
            {"hologram_information": {"depth": 3, "says": ["Hello", {"more": "there"}]}},
            Media("hologram_information", texts=("Hello", "there")),
        ),
    ],
)
def test_holds_what_is_attached(keys: dict[str, object], meant: Media) -> None:
    assert media(**keys) == (meant,)


@pytest.mark.parametrize("value", ["", [], {}, 5, True, None, "text", [1, [2]], {"a": {"b": 1}}])
@pytest.mark.parametrize(
    "key",
    [
        "photo",
        "file",
        "poll",
        "contact_information",
        "invoice_information",
        "location_information",
        "todo_list",
        "width",
    ],
)
def test_holds_something_whatever_stands_there(key: str, value: object) -> None:
    assert all(isinstance(item, Media) for item in media(**{key: value}))


# ----------------------------------------------------------------------------------------------------------------- service messages


@pytest.mark.parametrize(
    ("action", "keys", "words"),
    [
        ("create_channel", {"title": "Bridge"}, "channel created: Bridge"),
        ("edit_group_title", {"title": "Bridge"}, "title changed: Bridge"),
        ("delete_group_photo", {}, "photo deleted"),
        ("migrate_from_group", {"title": "Bridge"}, "group became a channel: Bridge"),
        ("pin_message", {"message_id": 12}, "pinned 12"),
        ("pin_message", {}, "pinned"),
        ("set_messages_ttl", {"period": 86400}, "posts vanish after 86400 s"),
        ("set_messages_ttl", {"period": 0}, "posts no longer vanish"),
        ("group_call", {}, "call started"),
        ("group_call", {"duration": 61}, "call ended after 61 s"),
        ("group_call_scheduled", {"schedule_date": 1685883600}, "call scheduled: schedule date 1685883600"),
        ("create_group", {"title": "Bridge", "members": ["Olena", None]}, "group created: Bridge: members Olena"),
        ("boost_apply", {"boosts": 123}, "boost apply: boosts 123"),
        ("paid_messages_price_change", {"price_stars": 0, "is_broadcast_messages_allowed": True},
         "paid messages price change: price stars 0; is broadcast messages allowed yes"),
        ("todo_completions", {"completed": [], "incompleted": [2]}, "todo completions: incompleted 2"),
        ("todo_append_tasks", {"items": [{"text": "wash", "id": 1}]}, "todo append tasks: items wash"),
        ("of_the_future", {"odd": [[1]], "name": "x"}, "of the future: name x"),
        (None, {"information_text": "Something happened"}, "notice: Something happened"),
    ],
)  # fmt: skip
def test_tells_what_happened_to_the_channel(action: str | None, keys: dict[str, object], words: str) -> None:
    assert told(action, **keys) == words


def test_has_the_new_photo_of_a_channel() -> None:
    service = MESSAGE | {
        "type": "service",
        "action": "edit_group_photo",
        "photo": LEFT_OUT,
        "width": 640,
        "height": 640,
        "text": "",
    }

    assert post(service).same_as(Post(service="photo changed", media=(Media("photo", width=640, height=640),)))


# ------------------------------------------------------------------------------------------------------------- what cannot be read


@pytest.mark.parametrize(
    ("message", "number", "reason"),
    [
        (
            {"id": 5, "type": "unsupported"},
            5,
            'type: "unsupported" is unknown; Telegram Desktop itself could not read it',
        ),
        (MESSAGE | {"type": "hologram"}, 7, 'type: "hologram" is unknown'),
        (MESSAGE | {"id": -999999999}, 0, "id: -999999999 is not the number of a post, which is 1 to 2147483647"),
        (MESSAGE | {"id": "7"}, 0, 'id: "7" is not the number of a post, which is 1 to 2147483647'),
        (MESSAGE | {"text": 5}, 7, "text: 5 is no text"),
        (MESSAGE | {"text": ["a", {"type": "bold"}]}, 7, 'text: {"type": "bold"} is no text'),
        (MESSAGE | {"text_entities": "a", "text": "a"} | {"text_entities": [5]}, 7, "text_entities: 5 is no text"),
        ({key: MESSAGE[key] for key in MESSAGE if key != "text"}, 7, "text: is missing"),
        (MESSAGE | {"type": "service"}, 7, "action: is missing; nobody knows what this service message tells"),
        ([], 0, "a JSON value that is no object; every message is one"),
        (None, 0, "a JSON value that is no object; every message is one"),
    ],
)
def test_keeps_what_it_cannot_read_as_a_fault(message: object, number: int, reason: str) -> None:
    found = draft(message)

    assert isinstance(found.content, Faulted)
    assert (found.post, found.content.stage, found.content.reason) == (number, "import", reason)
    assert json.loads(found.content.raw) == message


@pytest.mark.parametrize(
    ("inside", "reason"),
    [
        (b'{"id": 1, "id": 2}', "id: stands there twice; nobody knows which one counts"),
        (b'{"id": NaN}', "NaN is no JSON; write null or leave the key out"),
        (b'{"id": 1,}', "no JSON: "),
        (b'{"id": [}}', "no JSON: "),
        (b'{"id": "\xff"}', "byte 9 of the message is not UTF-8"),
        (b'{"a": ' + b"[" * 5000 + b"]" * 5000 + b"}", "the JSON is nested too deeply"),
        (b'{"id": ' + b"9" * 5000 + b"}", "id: "),
    ],
)
def test_with_a_message_that_is_no_json_keeps_it_and_reads_the_others(inside: bytes, reason: str) -> None:
    data = written(chat("HERE", MESSAGE)).replace(b'"HERE"', inside)
    odd, sound = reading(data)

    assert isinstance(odd, Draft)
    assert isinstance(odd.content, Faulted)
    assert odd.content.reason.startswith(reason)
    assert odd.content.raw == inside
    assert isinstance(sound, Draft)
    assert sound.post == 7


def test_with_a_message_beyond_all_measure_tells_it_and_reads_the_others() -> None:
    odd, sound = reading(written(chat(MESSAGE | {"text": "a" * LONGEST}, MESSAGE)))

    assert isinstance(odd, Draft)
    assert odd.content == Faulted("import", f"the message has more than {LONGEST} bytes")
    assert isinstance(sound, Draft)


@pytest.mark.parametrize("key", ["name", "id", "type"])
def test_whose_chat_has_a_name_beyond_all_measure_is_broken(key: str) -> None:
    assert broken(written(chat(MESSAGE, **{key: "a" * 20_000}))).endswith(
        "the name, type or id of a chat has more than 10,000 bytes"
    )


# ------------------------------------------------------------------------------------------------------------------ a file that ends


@given(cut=st.integers(0, len(written(whole(chat(MESSAGE, MESSAGE), chat(MESSAGE, type="personal_chat"))))))
def test_cut_off_anywhere_gives_what_stands_before_and_says_that_it_is_broken(cut: int) -> None:
    data = written(whole(chat(MESSAGE, MESSAGE), chat(MESSAGE, type="personal_chat")))
    all_of_it = reading(data)
    *found, last = reading(data[:cut]) if cut else [Broken("result.json", 1, "")]

    if cut < len(data):
        assert isinstance(last, Broken)
        assert found == all_of_it[: len(found)]
        assert last.line == (data[:cut].count(b"\n") + 1 if cut else 1)
    else:
        assert [*found, last] == all_of_it


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "result.json:1: it ends here, in the middle"),
        (b"[]", 'result.json:1: "[" stands where { should'),
        (b"{}", 'result.json:1: no chat is in it: neither "messages" nor "chats"'),
        (b'{"about": "a"}', 'result.json:1: no chat is in it: neither "messages" nor "chats"'),
        (
            b'{\n"messages": [], "type": "public_channel", "id": 1}',
            'result.json:2: "messages" stands before "type" and "id"',
        ),
        (b'{\n"type": "a", "id": 1,\n "messages": {}}', 'result.json:3: "{" stands where [ should'),
        (b'{"type": "a", "id": 1, "messages": []} {', 'result.json:1: it should end here, and there is "{"'),
        (b'{"type": "a" "id": 1}', 'result.json:1: "\\"" stands where } should'),
        (b'{"type": , "id": 1}', 'result.json:1: a value was expected, and not ","'),
        (b'{"type": x, "id": 1}', "result.json:1: the name, type or id of a chat: no JSON"),
        (b"{5: 1}", 'result.json:1: a key was expected, and not "5"'),
        (b'{"' + b"a" * 5000 + b'": 1}', "result.json:1: a key of more than 1,000 bytes"),
        (b'{"type": "a", "id": 1, "messages": [{}, }]}', 'result.json:1: a value was expected, and not "}"'),
    ],
)
def test_that_is_none_says_where_and_why(data: bytes, words: str) -> None:
    assert broken(data).startswith(words)


def test_may_be_packed_and_tells_where_that_is_damaged() -> None:
    data = gzip.compress(written(chat(*[MESSAGE] * 3000)))
    found = reading(gzip.GzipFile(fileobj=io.BytesIO(data[:-20])))

    assert isinstance(found[-1], Broken)
    assert "the compressed file is damaged from here on" in str(found[-1])
    assert len(reading(gzip.GzipFile(fileobj=io.BytesIO(data)))) == 3000


# ---------------------------------------------------------------------------------------------------------------------- its size


class Slowly:
    """Gives a few bytes at a time."""

    def __init__(self, data: bytes, size: int) -> None:
        self._data, self._size = io.BytesIO(data), size

    def read(self, size: int, /) -> bytes:
        return self._data.read(min(size, self._size))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_is_read_the_same_however_its_bytes_come(size: int) -> None:
    odd = {"text": ['\\"{[💥', {"type": "bold", "text": "]}\\\\"}, "\\"]}
    data = written(whole(chat(MESSAGE | odd, MESSAGE), chat(MESSAGE | odd, type="personal_chat")))

    assert reading(Slowly(data, size)) == reading(data)
    assert reading(Slowly(json.dumps(json.loads(data)).encode(), size))[0].content.post.same_as(  # type: ignore[union-attr]
        reading(data)[0].content.post  # type: ignore[union-attr]
    )


class Endless:
    """An export as large as it is asked for, of which nothing is held."""

    def __init__(self, messages: int, kind: str) -> None:
        self._parts = self._made(messages, kind)

    def _made(self, messages: int, kind: str) -> Iterator[bytes]:
        yield f'{{"name": "x", "type": "{kind}", "id": 5, "messages": [\n'.encode()
        each = written(MESSAGE | {"text": "a" * 3000}) + b",\n"
        for _ in range(messages // 100):
            yield each * 100
        yield written(MESSAGE) + b"]}"

    def read(self, size: int, /) -> bytes:
        return next(self._parts, b"")


@pytest.mark.parametrize("kind", ["public_channel", "personal_chat"])
def test_of_any_size_is_read_in_a_few_megabytes(kind: str) -> None:
    tracemalloc.start()
    try:
        found = sum(
            each.messages if isinstance(each, PassedOver) else 1
            for each in read(
                Endless(10_000, kind), Reading(name="x", wanted=None, known=(), zone=None, observed_at=0, quiet=True)
            )
        )
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert found == 10_001
    assert peak < 8 * CHUNK


@given(st.binary(max_size=200) | st.text(alphabet='{}[]":,\\ \nab1', max_size=60).map(str.encode))
def test_of_any_bytes_raises_nothing(data: bytes) -> None:
    reading(data)
    reading(b'{"type":"public_channel","id":5,"messages":[' + data)


# --------------------------------------------------------------------------------------------------------------- how it is known


@pytest.mark.parametrize("indent", [None, 1])
def test_is_known_by_how_it_begins(indent: int | None) -> None:
    assert is_export(json.dumps(chat(MESSAGE), indent=indent).encode())
    assert is_export(json.dumps(whole(chat(MESSAGE)), indent=indent).encode())
    assert is_export(b"\xef\xbb\xbf" + written(chat()))


@pytest.mark.parametrize(
    "line",
    [
        '{"channel":"a_b","id":1,"date":"2023-06-04T13:00:00Z","text":"x"}\n',
        '{"id":1,"text":"\\"messages\\": [","channel":"a_b"}\n',
        '{"name":"x","id":1}\n{"name":"y"}\n',
        "{}\n",
        "",
    ],
)
def test_is_not_what_holds_posts_as_lines(line: str) -> None:
    assert not is_export(line.encode())


# ------------------------------------------------------------------------------------------------------------------- real exports


class Held(Counter[str]):
    """What a file holds, counted by hand."""


def as_channels(data: bytes) -> bytes:
    """The same file, as if all that is in it were public channels: these layouts are of chats that are never read."""
    for kind in (b"private_group", b"private_supergroup", b"personal_chat"):
        data = data.replace(b'"type": "' + kind + b'"', b'"type": "public_channel"')
    return data


REAL = {
    "channel-2023.json": {"posts": 24, "service": 6, "forward": 8, "reply": 2, "photo": 17, "video": 1, "sticker": 1, "edited": 24},
    "desktop-2020-01.json": {
        "posts": 42, "service": 8, "forward": 10, "reply": 1, "photo": 8, "video": 2, "sticker": 3, "animation": 2, "voice": 1,
        "document": 1, "contact": 3, "location": 1, "poll": 1, "edited": 2,
    },
    "desktop-2021-05.json": {"posts": 1, "service": 2},
    "desktop-2023-01.json": {"posts": 1, "service": 4, "fault": 1, "photo": 1},
    "desktop-2023-08.json": {"posts": 1, "service": 1},
    "desktop-2024-01.json": {"posts": 1, "service": 1, "reply": 1},
    "desktop-2024-05_boosts_file-name_etc.json": {"posts": 2, "service": 1, "document": 1, "sticker": 1},
    "desktop-2025-12.json": {"posts": 4, "service": 2, "forward": 1, "todo": 1, "document": 1, "edited": 1},
}  # fmt: skip


def counted(found: list[Draft | PassedOver | Broken]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for each in found:
        assert isinstance(each, Draft), str(each)
        if isinstance(each.content, Faulted):
            counts["fault"] += 1
            continue
        assert isinstance(each.content, Said)
        said = each.content.post
        counts["service" if said.service else "posts"] += 1
        counts.update(item.kind for item in said.media)
        counts.update(
            what
            for what, yes in (("forward", said.forward), ("reply", said.reply_to), ("edited", said.edited_at))
            if yes is not None
        )
    return counts


def messages_of(data: bytes) -> list[dict[str, Any]]:
    """By Python's own reader, all at once."""
    export = json.loads(data)
    chats = [export] if "messages" in export else list(export["chats"]["list"])
    return [message for each in chats for message in each["messages"]]


@pytest.mark.skipif(not DATA.exists(), reason="needs the real exports")
@pytest.mark.parametrize("name", REAL)
def test_of_any_year_is_read_whole(name: str, measured: Measured) -> None:
    data = (DATA / name).read_bytes()
    found = reading(as_channels(data), zone=ZoneInfo("Asia/Tashkent"))

    counts = counted(found)
    assert counts == Counter(REAL[name])
    raws = [each.content.post.raw.data if isinstance(each.content, Said) else each.content.raw for each in found]  # type: ignore[union-attr]
    assert [json.loads(raw) for raw in raws] == messages_of(data)
    for each, message in zip(found, messages_of(data), strict=True):
        if isinstance(each.content, Said):  # type: ignore[union-attr]
            parts = message["text"] if isinstance(message["text"], list) else [message["text"]]
            said = "".join(part if isinstance(part, str) else part["text"] for part in parts)
            assert each.content.post.text == said  # type: ignore[union-attr]
            assert (each.post, message["id"]) == (message["id"], each.post)  # type: ignore[union-attr]
    words = ", ".join(f"{number} {what}" for what, number in sorted(counts.items()))
    measured(f"messages of {name}", len(found), f"read as if all its chats were channels: {words}")


@pytest.mark.skipif(not DATA.exists(), reason="needs the real exports")
def test_there_are_no_other_real_exports_than_those_counted() -> None:
    assert sorted(path.name for path in DATA.iterdir()) == sorted(REAL)


@pytest.mark.skipif(not DATA.exists(), reason="needs the real exports")
@pytest.mark.parametrize("name", REAL)
def test_as_it_is_every_message_is_read_or_counted_as_passed_over(name: str, measured: Measured) -> None:
    data = (DATA / name).read_bytes()
    found = reading(data)

    drafts = [each for each in found if isinstance(each, Draft)]
    passed = [each for each in found if isinstance(each, PassedOver)]
    assert len(drafts) + sum(each.messages for each in passed) == len(messages_of(data))
    assert len(drafts) == {"channel-2023.json": 30, "desktop-2025-12.json": 1}.get(name, 0)
    kinds = Counter(each.kind for each in passed)
    words = ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items())) or "no chat"
    measured(f"messages imported of {name}", len(drafts), f"of {len(messages_of(data))}; passed over: {words}")
