"""What a public page says"""

import pytest
from sources.preview.samples import CARD, CONTACT, FALLBACK, GROUP, NOT_FOUND, NOT_SUPPORTED, bubble, page, said

from monitor.model.channel import Identity
from monitor.model.instant import parse
from monitor.model.post import Forward, Markup, Media, Post, Reply
from monitor.sources.preview.page import Page, Shown
from monitor.sources.preview.page import page as read


def shown(inner: str, **given: str) -> Shown:
    (only,) = read(page(bubble(inner, **given))).shown  # type: ignore[arg-type]
    return only


def post(inner: str, **given: str) -> Post:
    ((_, only),) = shown(inner, **given).parts
    return only


def things(inner: str) -> tuple[Media, ...]:
    return post(inner).media


def marks(inner: str) -> list[tuple[str, str]]:
    """What is marked, and how; each offset and length is good in UTF-16."""
    found = post(said(inner))
    units = found.text.encode("utf-16-le")
    return [(e.kind, units[2 * e.offset : 2 * (e.offset + e.length)].decode("utf-16-le")) for e in found.entities]


# ----------------------------------------------------------------------------------------------------------- the channel


def test_tells_who_the_channel_is() -> None:
    found = read(page(bubble(said("hello"))))

    assert (found.standing, found.title, found.username) == ("channel", "Bridge & harbour", "bridge_news")
    assert found.identity == Identity(-1001234567890, "bridge_news", "Bridge & harbour")
    assert (found.about, found.subscribers, found.photo) == ("All about\nthe bridge. @desk", 12_500, True)


@pytest.mark.parametrize(
    ("head", "more", "older", "newer"),
    [
        ('<link rel="prev" href="/s/bridge_news?before=41">', "", 41, None),
        ('<link rel="next" href="/s/bridge_news?after=60">', "", None, 60),
        (
            "",
            '<a href="/s/bridge_news?before=41" class="tme_messages_more js-messages_more" data-before="41"></a>',
            41,
            None,
        ),
        ("", '<a class="tme_messages_more js-messages_more" data-after="60"></a>', None, 60),
        ('<link rel="prev" href="/s/bridge_news?before=">', "", None, None),
        ('<link rel="prev" href="/s/bridge_news?before=99999999999">', "", None, None),
        ('<link rel="canonical" href="/s/bridge_news?before=61">', "", None, None),
    ],
)
def test_links_the_pages_beside_it(head: str, more: str, older: int | None, newer: int | None) -> None:
    found = read(page(bubble(said("hello")), head=head, more=more))

    assert (found.older, found.newer) == (older, newer)


@pytest.mark.parametrize(
    ("html", "standing"),
    [
        (CONTACT, "missing"),
        (CARD, "card"),
        (GROUP, "somebody"),
        (NOT_FOUND, "single"),
        (page(), "channel"),
        (b"", "other"),
        (b"<html><body>Bad gateway</body></html>", "other"),
        (b'<div class="tgme_page"></div>', "other"),
    ],
)
def test_is_one_of_a_few_kinds(html: bytes, standing: str) -> None:
    assert read(html).standing == standing


def test_a_card_counts_every_subscriber() -> None:
    found = read(CARD)

    assert (found.title, found.about, found.subscribers, found.photo) == (
        "Bridge",
        "All about\nthe bridge",
        12_534,
        True,
    )


def test_a_page_without_its_post_says_so() -> None:
    assert read(NOT_FOUND) == Page("single", error="Post not found")


def test_posts_come_in_the_order_of_their_ids() -> None:
    found = read(page(bubble(post="bridge_news/9"), bubble(post="bridge_news/7"), bubble(post="Bridge_News/8")))

    assert [each.ids for each in found.shown] == [(7,), (8,), (9,)]


# --------------------------------------------------------------------------------------------------------------- the post


def test_bears_its_date_views_and_html() -> None:
    found = shown(said("hello"), views="128.5K")

    assert (found.published_at, found.views, found.edited) == (parse("2023-06-04T12:00:00Z"), 128_500, False)
    raw = found.parts[0][1].raw
    assert raw is not None
    assert raw.format == "html"
    assert raw.data.startswith(b'<div class="tgme_widget_message ')
    assert b"hello" in raw.data


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("746", 746),
        ("1.1M", 1_100_000),
        ("128.5K", 128_500),
        ("12 534", 12_534),
        ("3,210", 3_210),
        ("", None),
        ("many", None),
    ],
)
def test_counters_are_numbers(words: str, number: int | None) -> None:
    assert shown("", views=words).views == number


def test_is_edited_where_the_bare_word_stands_before_the_date() -> None:
    assert shown("", meta="edited &nbsp;").edited
    assert not shown(said("edited"), meta='<span class="tgme_widget_message_from_author">edited</span>, ').edited


def test_has_its_author() -> None:
    signed = '<span class="tgme_widget_message_from_author" dir="auto"><i class="emoji"><b>🅰️</b></i>da L.</span>,&nbsp;'

    assert post(said("x"), meta=signed).author == "🅰️da L."


def test_lines_end_where_the_page_breaks_them() -> None:
    assert post(said("one<br/>two<br><br>  three  four ")).text == "one\ntwo\n\n  three  four"


def test_how_the_source_is_laid_out_is_no_part_of_the_text() -> None:
    assert post(said("\n   one\n      two<br/>\n  three\n")).text == "one two\nthree"


def test_a_text_within_a_text_of_the_same_class_is_read_once() -> None:
    assert (
        post(said(said("<b>the caption</b><br/>and more") + '<span style="width: 97px;"></span>')).text
        == "the caption\nand more"
    )


def test_the_words_of_the_post_that_is_answered_are_not_its_own() -> None:
    answered = """<a class="tgme_widget_message_reply user-color-3" href="https://t.me/bridge_news/5">
<div class="tgme_widget_message_author accent_color"><span class="tgme_widget_message_author_name">Bridge</span></div>
<div class="tgme_widget_message_text js-message_reply_text" dir="auto">the old words</div></a>"""

    found = post(answered + said("the new words"))

    assert (found.text, found.reply_to) == ("the new words", Reply(5))
    assert post(answered).text == ""


@pytest.mark.parametrize(
    ("href", "reply"),
    [
        ("https://t.me/bridge_news/5", Reply(5)),
        ("https://t.me/harbour/5?single", Reply(5, channel=Identity(username="harbour"))),
        ("https://t.me/c/77/5", Reply(5, channel=Identity(id=-1000000000077))),
        ("https://t.me/harbour", Reply(0, quote="words")),
        ("https://example.org/harbour/5", Reply(0, quote="words")),
        ("http://[/", Reply(0, quote="words")),
    ],
)
def test_names_the_post_that_it_answers(href: str, reply: Reply) -> None:
    html = (
        f'<a class="tgme_widget_message_reply" href="{href}"><div class="tgme_widget_message_metatext">words</div></a>'
    )

    assert post(html).reply_to == reply


@pytest.mark.parametrize(
    ("named", "forward"),
    [
        (
            '<a class="tgme_widget_message_forwarded_from_name" href="https://t.me/harbour/44"><span dir="auto">The harbour</span></a>',
            Forward(channel=Identity(username="harbour", title="The harbour"), post=44),
        ),
        (
            '<a class="tgme_widget_message_forwarded_from_name" href="https://t.me/harbour">H</a> <span class="tgme_widget_message_forwarded_from_author">(A. L.)</span>',
            Forward(channel=Identity(username="harbour", title="H"), author="A. L."),
        ),
        (
            '<span class="tgme_widget_message_forwarded_from_name"><span dir="auto">Somebody</span></span>',
            Forward(name="Somebody"),
        ),
        ("Somebody", Forward(name="Somebody")),
    ],
)
def test_tells_where_a_forward_comes_from(named: str, forward: Forward) -> None:
    html = f'<div class="tgme_widget_message_forwarded_from accent_color">Forwarded from&nbsp;{named}</div>'

    assert post(html + said("x")).forward == forward


def test_has_its_buttons() -> None:
    html = """<div class="tgme_widget_message_inline_keyboard"><div class="tgme_widget_message_inline_row">
<a class="tgme_widget_message_inline_button url_button" href="https://e.org"><span class="tgme_widget_message_inline_button_text">Read <b>on</b></span></a>
<a class="tgme_widget_message_inline_button url_button" href="https://e.org"><span class="tgme_widget_message_inline_button_text">Map</span></a></div></div>"""

    assert (post(html).buttons, post(html).media) == (("Read on", "Map"), ())


def test_a_service_message_tells_what_happened() -> None:
    classes = "text_not_supported_wrap service_message js-widget_message"
    new_photo = said("Channel photo updated") + '<i class="tgme_widget_message_service_photo"></i>'

    assert (
        post(said("Channel name was changed to «Bridge»"), classes=classes).service
        == "Channel name was changed to «Bridge»"
    )
    assert post(new_photo, classes=classes).media == (Media("photo"),)
    assert post("", classes=classes, date="").service == "service message"


# --------------------------------------------------------------------------------------------------------------- its marks


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ("💪 <b>bold</b>", [("bold", "bold")]),
        ("<strong>a</strong> <em>b</em> <u>c</u> <s>d</s> <del>e</del>", [("bold", "a"), ("italic", "b"), ("underline", "c"), ("strike", "d"), ("strike", "e")]),
        ("<b>a <i>b</i></b>", [("bold", "a b"), ("italic", "b")]),
        ("<tg-spoiler>hidden</tg-spoiler>", [("spoiler", "hidden")]),
        ('<span class="tg-spoiler">hidden</span>', [("spoiler", "hidden")]),
        ("<code>x = 1</code>", [("code", "x = 1")]),
        ("<blockquote>they said</blockquote>", [("blockquote", "they said")]),
        ("one<br/><b></b>two", []),
        ('<i class="emoji"><b>😎</b></i> <b>x</b>', [("bold", "x")]),
        ('<a href="?q=%23%D0%BC%D0%BE%D1%81%D1%82">#мост</a>', [("hashtag", "#мост")]),
        ('<a href="?q=%23Bridge"><b>#Bridge</b></a>', [("bold", "#Bridge"), ("hashtag", "#Bridge")]),
        ('<a href="?q=%24TON">$TON</a>', [("cashtag", "$TON")]),
        ('<a href="https://t.me/Harbour" target="_blank">@harbour</a>', [("mention", "@harbour")]),
        ('<a href="https://t.me/other">@harbour</a>', [("text_url", "@harbour")]),
        ('<a href="https://e.org/a?b=1">https://e.org/a?b=1</a>', [("url", "https://e.org/a?b=1")]),
        ('<a href="http://e.org/">e.org</a>', [("url", "e.org")]),
        ('<a href="https://e.org/?a=1&amp;amp;b=2">https://e.org/?a=1&amp;b=2</a>', [("url", "https://e.org/?a=1&b=2")]),
        ('<a href="https://e.org/">here</a>', [("text_url", "here")]),
        ('<a href="mailto:a@e.org">a@e.org</a>', [("email", "a@e.org")]),
        ('<a href="tel:+380441234567">+380441234567</a>', [("phone", "+380441234567")]),
        ('<a href="tg://user?id=77">Ada</a>', [("mention_name", "Ada")]),
        ("<b>all of it<br/><br/></b>", [("bold", "all of it")]),
    ],
)  # fmt: skip
def test_marks_are_those_of_telegram(html: str, found: list[tuple[str, str]]) -> None:
    assert marks(html) == found


def test_a_link_keeps_its_address_a_mention_its_user_and_an_emoji_its_number() -> None:
    html = '<a href="https://e.org/?a=1&amp;b=2">here</a> <a href="tg://user?id=77">Ada</a> <tg-emoji emoji-id="526"><i class="emoji"><b>💪</b></i></tg-emoji>'

    assert post(said(html)).entities == (
        Markup("text_url", 0, 4, url="https://e.org/?a=1&b=2"),
        Markup("mention_name", 5, 3, user=77),
        Markup("custom_emoji", 9, 2, document=526),
    )


def test_code_keeps_its_lines_and_language() -> None:
    found = post(said('see<pre><code class="language-python">if x:<br/>    y\n    z</code></pre>so'))

    assert found.text == "see\nif x:\n    y\n    z\nso"
    assert found.entities == (Markup("pre", 4, 17, language="python"),)


def test_an_emoji_that_is_only_a_picture_is_read_from_its_name() -> None:
    html = """<i class="emoji" style="background-image:url('//telegram.org/img/emoji/40/F09F92AA.png')"></i> up"""

    assert post(said(html)).text == "💪 up"


# ------------------------------------------------------------------------------------------------------ what is attached


PHOTO = '<a class="tgme_widget_message_photo_wrap 5467914902124479304 1273098146_456246088" href="https://t.me/bridge_news/7" style="width:800px;background-image:url(\'x\')"><div class="tgme_widget_message_photo" style="padding-top:71.75%"></div></a>'
VIDEO = f'<a class="tgme_widget_message_video_player js-message_video_player" href="https://t.me/bridge_news/7"><i class="tgme_widget_message_video_thumb"></i><div class="tgme_widget_message_video_wrap"><video src="x"></video></div><time class="message_video_duration js-message_video_duration">1:02:03</time>{NOT_SUPPORTED}</a>'
TOO_BIG = f'<a class="tgme_widget_message_video_player not_supported js-message_video_player" href="x"><i class="tgme_widget_message_video_thumb"></i><div class="message_video_play"></div><time class="message_video_duration">1:09</time>{NOT_SUPPORTED}</a>'
GIF = '<a class="tgme_widget_message_video_player js-message_video_player"><div class="tgme_widget_message_video_wrap"><video src="x" autoplay loop muted></video></div></a>'
ROUND = '<div class="tgme_widget_message_roundvideo_player js-message_roundvideo_player"><div class="tgme_widget_message_roundvideo_wrap"><video class="tgme_widget_message_roundvideo"></video></div><time class="tgme_widget_message_roundvideo_duration">0:15</time></div>'
VOICE = '<a class="tgme_widget_message_voice_player js-message_voice_player"><audio class="tgme_widget_message_voice"></audio><div class="tgme_widget_message_voice_wrap"><time class="tgme_widget_message_voice_duration">27:40</time></div></a>'
DOCUMENT = '<a class="tgme_widget_message_document_wrap"><div class="tgme_widget_message_document"><div class="tgme_widget_message_document_icon accent_bg"></div><div class="tgme_widget_message_document_title accent_color">report.pdf</div><div class="tgme_widget_message_document_extra">1.2 MB</div></div></a>'
AUDIO = '<a class="tgme_widget_message_document_wrap"><div class="tgme_widget_message_document"><div class="tgme_widget_message_document_icon accent_bg audio"></div><div class="tgme_widget_message_document_title">Song</div><div class="tgme_widget_message_document_extra">Band</div></div></a>'
STICKER = '<div class="tgme_widget_message_sticker_wrap media_supported_cont"><i class="tgme_widget_message_sticker js-sticker_image" data-sticker-emoji="😎"></i></div>'
POLL = '<div class="tgme_widget_message_poll js-poll"><div class="tgme_widget_message_poll_question">Will it <i class="emoji"><b>🌉</b></i> hold?</div><div class="tgme_widget_message_poll_type">Anonymous Poll</div><a class="tgme_widget_message_poll_options"><div class="tgme_widget_message_poll_option"><div class="tgme_widget_message_poll_option_percent">16%</div><div class="tgme_widget_message_poll_option_value"><div class="tgme_widget_message_poll_option_text">Yes</div></div></div><div class="tgme_widget_message_poll_option"><div class="tgme_widget_message_poll_option_text">No</div></div></a></div>'
LOCATION = '<a class="tgme_widget_message_location_wrap" href="https://maps.google.com/maps?q=50.595414,36.587277&amp;ll=50.595414,36.587277"><div class="tgme_widget_message_location"></div></a>'
VENUE = '<a class="tgme_widget_message_location_wrap" href="https://foursquare.com/v/1"><div class="tgme_widget_message_location"></div><div class="tgme_widget_message_location_info"><div class="tgme_widget_message_location_title">The bridge</div><div class="tgme_widget_message_location_address">River street 1</div></div></a>'
CONTACT_CARD = '<div class="tgme_widget_message_contact"><div class="tgme_widget_message_contact_name">Ada L.</div><div class="tgme_widget_message_contact_phone">+380 44 123</div></div>'
PREVIEW = '<a class="tgme_widget_message_link_preview" href="https://e.org/a"><div class="link_preview_site_name accent_color">E</div><i class="link_preview_image"></i><div class="link_preview_title">A title</div><div class="link_preview_description">About<br/>it</div></a>'
STRANGE = '<div class="tgme_widget_message_hologram_wrap"><b>Look</b> closer</div>'


@pytest.mark.parametrize(
    ("html", "found"),
    [
        (PHOTO, (Media("photo", id=5467914902124479304),)),
        (VIDEO, (Media("video", seconds=3723.0),)),
        (TOO_BIG, (Media("video", seconds=69.0),)),
        (GIF, (Media("animation"),)),
        (ROUND, (Media("video", seconds=15.0),)),
        (VOICE, (Media("voice", seconds=1660.0),)),
        (DOCUMENT, (Media("document", file_name="report.pdf"),)),
        (AUDIO, (Media("audio", texts=("Song", "Band")),)),
        (STICKER, (Media("sticker", texts=("😎",)),)),
        (f"{FALLBACK}{STICKER}", (Media("sticker", texts=("😎",)),)),
        (POLL, (Media("poll", texts=("Will it 🌉 hold?", "Yes", "No")),)),
        (LOCATION, (Media("location", url="geo:50.595414,36.587277"),)),
        (VENUE, (Media("venue", url="https://foursquare.com/v/1", texts=("The bridge", "River street 1")),)),
        (CONTACT_CARD, (Media("contact", texts=("Ada L.", "+380 44 123")),)),
        (PREVIEW, (Media("link", url="https://e.org/a", texts=("E", "A title", "About\nit")),)),
        (
            f'<div class="media_supported_cont">{PHOTO}{said("x")}</div>{FALLBACK}',
            (Media("photo", id=5467914902124479304),),
        ),
        (NOT_SUPPORTED, (Media("unsupported"),)),
        (FALLBACK, (Media("unsupported"),)),
        (STRANGE, (Media("hologram", texts=("Look closer",)),)),
        (
            f"{PHOTO}{POLL}",
            (Media("photo", id=5467914902124479304), Media("poll", texts=("Will it 🌉 hold?", "Yes", "No"))),
        ),
        (
            '<div class="tgme_widget_message_reactions js-message_reactions"><span class="tgme_reaction">👍 12</span></div>',
            (),
        ),
    ],
)
def test_has_what_is_attached(html: str, found: tuple[Media, ...]) -> None:
    assert things(html) == found


def test_names_what_is_of_a_kind_that_is_not_known_here() -> None:
    assert shown(STRANGE).unread == ("hologram",)
    assert shown(PHOTO).unread == ()


def test_an_album_is_a_post_for_each_part_and_its_words_stand_at_the_first() -> None:
    parts = "".join(
        f'<a class="tgme_widget_message_photo_wrap grouped_media_wrap blured js-message_photo" href="https://t.me/bridge_news/{number}?single"><div class="tgme_widget_message_photo grouped_media"></div></a>'
        for number in (8, 7, 9)
    )
    grouped = f'<div class="tgme_widget_message_grouped_wrap js-message_grouped_wrap"><div class="tgme_widget_message_grouped"><div class="tgme_widget_message_grouped_layer">{parts}</div></div></div>'

    found = shown(grouped + said(said("the caption")))

    assert found.ids == (7, 8, 9)
    assert [post.text for _, post in found.parts] == ["the caption", "", ""]
    assert [(post.media, post.album) for _, post in found.parts] == [((Media("photo"),), 7)] * 3


# --------------------------------------------------------------------------------------------------- what cannot be read


@pytest.mark.parametrize(
    "place", ["", "bridge_news", "bridge_news/", "bridge_news/x", "bridge_news/0", "bridge_news/99999999999", "/7"]
)
def test_a_post_without_a_number_is_told_with_its_html(place: str) -> None:
    found = read(page(bubble(said("words"), post=place, number=None), bubble(said("other"))))

    assert [(each.reason, each.post, b"words" in each.raw) for each in found.faults] == [
        ("a post without a number", 0, True)
    ]
    assert len(found.shown) == 1


@pytest.mark.parametrize("date", ["", "yesterday", "2023-06-04T12:00:00", "9999-12-31T23:59:59-23:59x"])
def test_a_post_without_a_date_is_read_all_the_same(date: str) -> None:
    found = shown(said("words"), date=date)

    assert (found.published_at, found.parts[0][1].text, found.unread) == (None, "words", ("date",))


def test_a_post_of_another_channel_is_none_of_this_one() -> None:
    found = read(
        page(bubble(post="bridge_news/7"), bubble(post="bridge_news/8"), bubble(post="bridge_news/9", number=66))
    )

    assert [each.ids for each in found.shown] == [(7,), (8,)]
    assert [(each.reason, each.stray) for each in found.faults] == [("a post of another channel", True)]


def test_a_number_counts_once() -> None:
    found = read(page(bubble(said("one")), bubble(said("two"))))

    assert [each.parts[0][1].text for each in found.shown] == ["one"]
    assert [(each.reason, each.stray, b"two" in each.raw) for each in found.faults] == [
        ("a post that is shown twice", True, True)
    ]
