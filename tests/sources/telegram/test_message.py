"""A message of Telegram's, as an observation, …"""

import datetime
import math
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from telethon.extensions import BinaryReader
from telethon.tl import types as tl
from telethon.tl.alltlobjects import LAYER

from monitor.model.channel import Identity
from monitor.model.instant import MINUTE, SECOND
from monitor.model.post import Forward, Markup, Media, Post, Raw, Reply
from monitor.model.record import Draft, Faulted, Gap, Said, Source
from monitor.sources.telegram.message import draft
from tests.builders import BRIDGE, NOON
from tests.sources.telegram.tl_objects import messages, objects

DATE = datetime.datetime(2023, 6, 4, 12, tzinfo=datetime.UTC)
LATER = DATE + datetime.timedelta(minutes=5)
HERE = tl.PeerChannel(1234567890)
THERE = tl.PeerChannel(9876543210)


def message(text: str = "The bridge fell.", **fields: Any) -> tl.Message:
    return tl.Message(**{"id": 12, "peer_id": HERE, "date": DATE, "message": text, "post": True} | fields)


def service(action: Any, **fields: Any) -> tl.MessageService:
    return tl.MessageService(**{"id": 12, "peer_id": HERE, "date": DATE, "action": action} | fields)


def observed(of: Any, **how: Any) -> Draft:
    return draft(of, channel=BRIDGE, source=Source.PUSH, observed_at=NOON + SECOND, **how)


def said(of: Any, **how: Any) -> Said:
    content = observed(of, **how).content
    assert isinstance(content, Said), content
    return content


def post(of: Any) -> Post:
    """What the post says, without the raw object."""
    return msgspec.structs.replace(said(of).post, raw=None)


def media(of: Any) -> Media:
    [only] = post(message(media=of)).media
    return only


# ------------------------------------------------------------------------------------------------------------------ the post


def test_is_a_look_at_a_post_of_its_channel() -> None:
    of = message()

    assert observed(of) == Draft(
        content=Said(Post(text="The bridge fell.", raw=Raw("tl", bytes(of), layer=LAYER))),
        channel=BRIDGE,
        post=12,
        published_at=NOON,
        observed_at=NOON + SECOND,
        source=Source.PUSH,
    )


def test_keeps_the_object_so_that_it_can_be_read_again() -> None:
    of = message(media=tl.MessageMediaDice(6, "🎲"), views=5, forwards=1)

    raw = said(of).post.raw

    assert raw is not None
    assert not raw.exact
    read_again = BinaryReader(raw.data).tgread_object()
    assert (read_again.message, read_again.media.value, read_again.views) == ("The bridge fell.", 6, 5)


def test_keeps_the_bytes_that_came_where_they_are_at_hand() -> None:
    assert said(message(), exact=b"as they came").post.raw == Raw("tl", b"as they came", layer=LAYER, exact=True)


def test_says_nothing_of_counters() -> None:
    assert post(message(views=1, forwards=1)) == post(message(views=9000, forwards=70, pinned=True))


def test_keeps_entities_as_they_came_however_odd() -> None:
    entities = [
        tl.MessageEntityBold(0, 3),
        tl.MessageEntityTextUrl(4, 6, "https://example.org"),
        tl.MessageEntityPre(-5, 100_000, "python"),
        tl.MessageEntityCustomEmoji(0, 2, 2**62),
        tl.MessageEntityMentionName(0, 1, 42),
        tl.MessageEntityUnknown(0, 0),
    ]

    assert post(message(entities=entities)).entities == (
        Markup("bold", 0, 3),
        Markup("text_url", 4, 6, url="https://example.org"),
        Markup("pre", -5, 100_000, language="python"),
        Markup("custom_emoji", 0, 2, document=2**62),
        Markup("mention_name", 0, 1, user=42),
        Markup("unknown", 0, 0),
    )


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Italic", "italic"),
        ("Underline", "underline"),
        ("Strike", "strike"),
        ("Spoiler", "spoiler"),
        ("Code", "code"),
        ("Blockquote", "blockquote"),
        ("Url", "url"),
        ("Mention", "mention"),
        ("Hashtag", "hashtag"),
        ("Cashtag", "cashtag"),
        ("Email", "email"),
        ("Phone", "phone"),
        ("BotCommand", "bot_command"),
        ("BankCard", "bank_card"),
    ],
)
def test_calls_an_entity_by_its_word(name: str, kind: str) -> None:
    entity = getattr(tl, f"MessageEntity{name}")(1, 2)

    assert post(message(entities=[entity])).entities == (Markup(kind, 1, 2),)


def test_says_where_a_post_was_forwarded_from() -> None:
    header = tl.MessageFwdHeader(DATE, from_id=THERE, channel_post=7, post_author="Press office")

    assert post(message(fwd_from=header)).forward == Forward(
        channel=Identity(id=-1009876543210), post=7, author="Press office", date=NOON
    )


def test_says_only_the_name_of_a_sender_who_hides() -> None:
    header = tl.MessageFwdHeader(DATE, from_name="Ministry of Defence")

    assert post(message(fwd_from=header)).forward == Forward(name="Ministry of Defence", date=NOON)


def test_says_which_post_it_answers() -> None:
    assert post(message(reply_to=tl.MessageReplyHeader(reply_to_msg_id=7))).reply_to == Reply(7)


def test_says_what_it_quotes_from_another_channel() -> None:
    header = tl.MessageReplyHeader(reply_to_msg_id=7, reply_to_peer_id=THERE, quote=True, quote_text="It fell.")

    assert post(message(reply_to=header)).reply_to == Reply(7, channel=Identity(id=-1009876543210), quote="It fell.")


def test_takes_an_answer_to_its_own_channel_for_what_it_is() -> None:
    header = tl.MessageReplyHeader(reply_to_msg_id=7, reply_to_peer_id=HERE)

    assert post(message(reply_to=header)).reply_to == Reply(7)


def test_says_which_post_it_answers_that_this_account_cannot_see() -> None:
    origin = tl.MessageFwdHeader(DATE, from_id=THERE, channel_post=7)

    answered = post(message(reply_to=tl.MessageReplyHeader(reply_from=origin))).reply_to

    assert answered == Reply(7, channel=Identity(id=-1009876543210))


def test_answers_no_post_where_it_answers_a_story() -> None:
    assert post(message(reply_to=tl.MessageReplyStoryHeader(HERE, 3))).reply_to is None


def test_belongs_to_an_album_and_has_an_author() -> None:
    parts = post(message(grouped_id=13_000_000_000_000_001, post_author="Duty officer"))

    assert (parts.album, parts.author) == (13_000_000_000_000_001, "Duty officer")


def test_has_the_words_of_its_buttons() -> None:
    button = tl.KeyboardInlineButton("Send us footage", tl.InlineButtonTypeUrl("https://example.org"))
    markup = tl.ReplyInlineMarkup([tl.KeyboardInlineButtonRow([button, button]), tl.KeyboardInlineButtonRow([button])])

    assert post(message(reply_markup=markup)).buttons == ("Send us footage",) * 3
    assert post(message(reply_markup=tl.ReplyKeyboardHide())).buttons == ()


def test_says_why_it_is_restricted() -> None:
    reasons = [tl.RestrictionReason("all", "terms", "This post can’t be shown.")]

    assert post(message(restriction_reason=reasons)).restricted == "all: terms: This post can’t be shown."


def test_says_when_it_will_vanish() -> None:
    assert post(message(ttl_period=60)).expires_at == NOON + MINUTE


# --------------------------------------------------------------------------------------------------------------------- edits


def test_says_when_it_was_edited() -> None:
    edited = said(message(edit_date=LATER), edit=True)

    assert (edited.edit, edited.post.edited_at) == (True, NOON + 5 * MINUTE)


def test_was_not_edited_when_only_its_reactions_changed() -> None:
    edited = said(message(edit_date=LATER, edit_hide=True), edit=True)

    assert (edited.edit, edited.post.edited_at) == (False, None)


def test_is_quiet_where_the_reader_says_so() -> None:
    assert said(message(), quiet=True).quiet


# --------------------------------------------------------------------------------------------------------------------- media

STRIPPED = tl.PhotoStrippedSize("i", b"\x01")
SMALL = tl.PhotoSize("m", 320, 200, 9_000)
LARGE = tl.PhotoSizeProgressive("y", 1280, 800, [100, 2_000, 90_000])
PHOTO = tl.Photo(5, 6, b"ref", DATE, [STRIPPED, LARGE, SMALL], 2)
GEO = tl.GeoPoint(36.5801, 50.5997, 1)
CLIP = tl.DocumentAttributeVideo(12.5, 1280, 720)
ENDLESS = tl.DocumentAttributeVideo(math.inf, 1280, 720)
MUTE = tl.DocumentAttributeAnimated()
NAME = tl.DocumentAttributeFilename("../../бой.mp4")
STICKER = tl.DocumentAttributeSticker("🔥", tl.InputStickerSetEmpty())
VOICE = tl.DocumentAttributeAudio(4, voice=True)
SONG = tl.DocumentAttributeAudio(200, title="Hymn", performer="Choir")
IMAGE = tl.DocumentAttributeImageSize(4000, 3000)


def words(text: str) -> tl.TextWithEntities:
    return tl.TextWithEntities(text, [])


def file(*attributes: Any, mime: str = "video/mp4") -> tl.MessageMediaDocument:
    return tl.MessageMediaDocument(document=tl.Document(5, 6, b"ref", DATE, mime, 2**33, 2, list(attributes)))


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (tl.MessageMediaPhoto(photo=PHOTO), Media("photo", 5, "image/jpeg", 90_000, width=1280, height=800)),
        (tl.MessageMediaPhoto(photo=tl.PhotoEmpty(5)), Media("photo", 5)),
        (tl.MessageMediaPhoto(ttl_seconds=5), Media("photo")),
        (
            file(CLIP, NAME),
            Media("video", 5, "video/mp4", 2**33, "../../бой.mp4", width=1280, height=720, seconds=12.5),
        ),
        (file(ENDLESS), Media("video", 5, "video/mp4", 2**33, width=1280, height=720)),
        (file(MUTE, CLIP), Media("animation", 5, "video/mp4", 2**33, width=1280, height=720, seconds=12.5)),
        (file(VOICE, mime="audio/ogg"), Media("voice", 5, "audio/ogg", 2**33, seconds=4)),
        (file(SONG, mime=""), Media("audio", 5, None, 2**33, seconds=200, texts=("Hymn", "Choir"))),
        (file(STICKER, mime="image/webp"), Media("sticker", 5, "image/webp", 2**33, texts=("🔥",))),
        (file(IMAGE, mime="image/png"), Media("document", 5, "image/png", 2**33, width=4000, height=3000)),
        (tl.MessageMediaDocument(document=tl.DocumentEmpty(5)), Media("document", 5)),
        (tl.MessageMediaDocument(), Media("document")),
        (
            tl.MessageMediaPoll(
                tl.Poll(5, words("Will they meet?"), [tl.PollAnswer(words("Yes"), b"0"), tl.PollAnswer(words("No"), b"1")], 0),
                tl.PollResults(total_voters=100),
            ),
            Media("poll", 5, texts=("Will they meet?", "Yes", "No")),
        ),
        (
            tl.MessageMediaWebPage(
                tl.WebPage(5, "https://example.org/1", "example.org", 0, site_name="Example", title="T", description="D")
            ),
            Media("link", 5, url="https://example.org/1", texts=("Example", "T", "D")),
        ),
        (tl.MessageMediaWebPage(tl.WebPagePending(5, DATE, "https://a.example")), Media("link", 5, url="https://a.example")),
        (
            tl.MessageMediaContact("+000", "Press", "Office", "", 0),
            Media("contact", texts=("Press Office", "+000")),
        ),
        (tl.MessageMediaGeo(GEO), Media("location", url="geo:50.599700,36.580100")),
        (tl.MessageMediaGeo(tl.GeoPointEmpty()), Media("location")),
        (tl.MessageMediaGeoLive(GEO, 60), Media("location", url="geo:50.599700,36.580100")),
        (
            tl.MessageMediaVenue(GEO, "Checkpoint", "Shebekino", "", "", ""),
            Media("venue", url="geo:50.599700,36.580100", texts=("Checkpoint", "Shebekino")),
        ),
        (tl.MessageMediaDice(6, "🎲"), Media("dice", texts=("🎲 6",))),
        (tl.MessageMediaGame(tl.Game(5, 6, "g", "Title", "About", PHOTO)), Media("game", 5, texts=("Title", "About"))),
        (tl.MessageMediaInvoice("Help", "for all", "EUR", 500, ""), Media("invoice", texts=("Help", "for all"))),
        (
            tl.MessageMediaPaidMedia(5, [tl.MessageExtendedMediaPreview(640, 480)]),
            Media("invoice", width=640, height=480),
        ),
        (
            tl.MessageMediaPaidMedia(5, [tl.MessageExtendedMedia(tl.MessageMediaPhoto(photo=tl.PhotoEmpty(5)))]),
            Media("photo", 5),
        ),
        (tl.MessageMediaStory(HERE, 5), Media("story", 5)),
        (tl.MessageMediaGiveaway([1], 3, LATER, prize_description="A car"), Media("giveaway", texts=("A car",))),
        (
            tl.MessageMediaToDo(tl.TodoList(words("Plan"), [tl.TodoItem(1, words("Meet"))])),
            Media("todo", texts=("Plan", "Meet")),
        ),
        (tl.MessageMediaUnsupported(), Media("unsupported")),
        (tl.MessageMediaVideoStream(tl.InputGroupCall(1, 2)), Media("video_stream")),
    ],
)  # fmt: skip
def test_tells_what_is_attached_and_what_that_says(of: Any, expected: Media) -> None:
    assert media(of) == expected


def test_has_no_preview_where_the_page_has_none() -> None:
    assert post(message(media=tl.MessageMediaWebPage(tl.WebPageEmpty(5)))).media == ()
    assert post(message(media=tl.MessageMediaEmpty())).media == ()


def test_shows_a_story_with_what_is_in_it() -> None:
    story = tl.StoryItem(3, DATE, LATER, tl.MessageMediaPhoto(photo=tl.PhotoEmpty(5)), caption="The meeting")

    shown = post(message(media=tl.MessageMediaStory(HERE, 3, story=story))).media

    assert shown == (Media("story", 3, texts=("The meeting",)), Media("photo", 5))


def test_has_the_text_of_a_message_laid_out_like_a_page() -> None:
    bold = tl.TextConcat(
        [tl.TextPlain("The "), tl.TextBold(tl.TextUrl(tl.TextPlain("bridge"), "u", 0)), tl.TextPlain(" fell.")]
    )
    items = tl.PageBlockList([tl.PageListItemText(tl.TextPlain("First")), tl.PageListItemText(tl.TextEmpty())])
    rich = tl.RichMessage([tl.PageBlockParagraph(bold), items], [PHOTO], [])

    laid_out, shown = post(message("", rich_message=rich)).media

    assert laid_out == Media("article", texts=("The bridge fell.", "First"))
    assert shown.kind == "photo"


# ---------------------------------------------------------------------------------------------------------- service messages


@pytest.mark.parametrize(
    ("action", "told"),
    [
        (tl.MessageActionChannelCreate("Bridge news"), "channel created: Bridge news"),
        (tl.MessageActionChatEditTitle("Bridge"), "title changed: Bridge"),
        (tl.MessageActionChatDeletePhoto(), "photo deleted"),
        (tl.MessageActionChannelMigrateFrom("Neighbours", 5), "group became a channel: Neighbours"),
        (tl.MessageActionSetMessagesTTL(86_400), "posts vanish after 86400 s"),
        (tl.MessageActionSetMessagesTTL(0), "posts no longer vanish"),
        (tl.MessageActionGroupCall(tl.InputGroupCall(1, 2)), "call started"),
        (tl.MessageActionGroupCall(tl.InputGroupCall(1, 2), duration=90), "call ended after 90 s"),
        (tl.MessageActionGiveawayLaunch(), "giveaway launch"),
        (tl.MessageActionBoostApply(3), "boost apply"),
        (tl.MessageActionCustomAction("Hello"), "notice: Hello"),
    ],
)
def test_tells_what_happened_to_the_channel(action: Any, told: str) -> None:
    assert post(service(action)) == Post(service=told)


def test_tells_what_was_pinned() -> None:
    pinned = service(tl.MessageActionPinMessage(), reply_to=tl.MessageReplyHeader(reply_to_msg_id=12))

    assert post(pinned).service == "pinned 12"


def test_shows_the_channels_new_photo() -> None:
    changed = post(service(tl.MessageActionChatEditPhoto(PHOTO)))

    assert changed.service == "photo changed"
    assert [shown.kind for shown in changed.media] == ["photo"]


# ------------------------------------------------------------------------------------------------- what cannot be as it seems


def test_is_a_gap_where_there_is_no_message() -> None:
    empty = observed(tl.MessageEmpty(12, HERE))

    assert (empty.content, empty.post) == (Gap(12, 12, "absent"), 12)


def test_may_have_neither_text_nor_date() -> None:
    bare = observed(message(None, date=None, ttl_period=5))

    assert bare.published_at is None
    assert said(message(None, date=None)).post.text == ""


def test_has_no_date_where_telegram_sends_0() -> None:
    dateless = observed(message(date=datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)))

    assert dateless.published_at is None


@pytest.mark.parametrize(
    ("fields", "odd"),
    [
        ({}, ()),
        ({"date": DATE + datetime.timedelta(hours=20)}, ()),
        ({"views": 0, "forwards": 0}, ()),
        ({"date": None}, ("date",)),
        ({"date": datetime.datetime(2013, 8, 13, tzinfo=datetime.UTC)}, ("date",)),
        ({"date": DATE + datetime.timedelta(hours=25)}, ("date",)),
        ({"views": -1, "forwards": -1}, ("views", "forwards")),
    ],
)
def test_says_what_of_it_cannot_be_so(fields: Any, odd: tuple[str, ...]) -> None:
    flagged = post(message(**fields))

    assert flagged.implausible == odd
    assert flagged.same_as(post(message()))


@pytest.mark.parametrize("post_id", [0, -1, 2**31, None, "12", True])
def test_is_a_fault_where_its_number_cannot_be(post_id: Any) -> None:
    faulted = observed(message(id=post_id))

    assert isinstance(faulted.content, Faulted)
    assert faulted.content.reason == "Message could not be read: an implausible number of a post"
    assert (faulted.post, faulted.channel) == (0, BRIDGE)


def test_is_a_fault_that_keeps_the_bytes_where_it_cannot_be_read() -> None:
    unheard_of = tl.User(5)

    faulted = observed(unheard_of).content

    assert isinstance(faulted, Faulted)
    assert faulted.raw == bytes(unheard_of)


def test_keeps_what_it_says_where_the_object_cannot_be_written() -> None:
    broken = said(message("The \ud800 bridge fell."))

    assert broken.post == Post(text="The \ufffd bridge fell.")


@given(
    of=st.none() | st.integers() | st.text() | st.binary() | st.builds(object) | objects(tl.TypeMessageMedia)
    | messages(message=st.integers() | st.none(), media=st.text(), entities=st.lists(st.none()) | st.integers())
)  # fmt: skip
def test_never_raises_whatever_the_object(of: Any) -> None:
    assert isinstance(observed(of).content, Faulted | Said)


QUICKLY = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@QUICKLY
@given(
    messages(
        message=st.text(),
        entities=objects(list[tl.TypeMessageEntity] | None),
        media=objects(tl.TypeMessageMedia | None),
        fwd_from=objects(tl.MessageFwdHeader | None),
        reply_to=objects(tl.TypeMessageReplyHeader | None),
        reply_markup=objects(tl.TypeReplyMarkup | None),
        rich_message=objects(tl.RichMessage | None),
        edit_date=objects(datetime.datetime | None),
        ttl_period=objects(int | None),
        restriction_reason=objects(list[tl.RestrictionReason] | None),
    )
    | messages(tl.MessageService, action=objects(tl.TypeMessageAction))
)
def test_is_a_valid_post_whatever_telegram_puts_in_it(of: Any) -> None:
    read = said(of).post

    again = msgspec.msgpack.decode(msgspec.msgpack.encode(read), type=Post)

    assert again == read
    if read.raw is not None:
        assert bytes(BinaryReader(read.raw.data).tgread_object()) == read.raw.data
