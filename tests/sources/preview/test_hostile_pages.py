"""Pages that nobody wrote in good faith: whatever comes, values go out"""

import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some
from sources.preview.samples import bubble, page, said

from monitor.ledger.encoding import content_key, encode_content
from monitor.model.record import Said
from monitor.sources.preview.page import STANDINGS
from monitor.sources.preview.page import page as read

TAGS = (
    "b", "i", "u", "s", "a", "code", "pre", "br", "blockquote", "tg-spoiler", "tg-emoji", "div", "span", "time", "svg", "script",
    "template", "table", "td", "select", "option", "form", "p", "i class=emoji", "plaintext", "frameset", "math",
)  # fmt: skip
CLASSES = (
    "tgme_widget_message", "tgme_widget_message_text", "tgme_widget_message_bubble", "tgme_widget_message_reply",
    "tgme_widget_message_photo_wrap", "tgme_widget_message_video_player", "tgme_widget_message_poll", "tgme_widget_message_error",
    "tgme_widget_message_forwarded_from", "tgme_widget_message_document_wrap", "tgme_widget_message_location_wrap",
    "tgme_widget_message_views", "tgme_widget_message_meta", "tgme_widget_message_date", "media_not_supported_cont",
    "grouped_media_wrap", "service_message", "tgme_page", "tgme_page_title", "tgme_page_extra", "tgme_channel_info",
    "tgme_channel_info_counter", "counter_value", "js-messages_more", "emoji", "tgme_widget_message_surprise", "9" * 40,
)  # fmt: skip
VALUES = some.sampled_from(
    ("", "x/1", "x/2147483648", "x/0", "https://t.me/x/5", "https://t.me/c/9/9", "http://[", "//", "eyJjIjotMX0", "eyJjIjotMTA0fQ", "%", "²", "1²K")
) | some.text(max_size=20)  # fmt: skip


@some.composite
def elements(draw: some.DrawFn) -> str:
    tag, named = draw(some.sampled_from(TAGS)), draw(some.lists(some.sampled_from(CLASSES), max_size=3))
    names = ("data-post", "data-view", "href", "datetime", "style", "emoji-id", "data-before")
    given = draw(some.dictionaries(some.sampled_from(names), VALUES, max_size=4))
    fields = "".join(f" {name}='{value}'" for name, value in given.items())
    inner = draw(some.text(max_size=12))
    close = draw(some.sampled_from((f"</{tag.split()[0]}>", "", "</b></div>")))
    return f"<{tag} class='{' '.join(named)}'{fields}>{inner}{close}"


def check(html: bytes) -> None:
    """Everything that is read can be recorded, and is whole in itself."""
    found = read(html)
    assert found.standing in STANDINGS
    ids = [post for each in found.shown for post in each.ids]
    assert ids == sorted(ids)
    assert len(ids) == len(set(ids))
    for each in found.shown:
        for _, post in each.parts:
            encode_content(Said(post))
            content_key(post)
            units = len(post.text.encode("utf-16-le")) // 2
            assert all(e.offset >= 0 and e.length > 0 and e.offset + e.length <= units for e in post.entities)
    assert all(fault.raw for fault in found.faults)


@given(some.binary(max_size=2_000))
@example(b"\xff\xfe<\x00d\x00")
@example(b"\x00" * 100)
def test_any_bytes_are_read(html: bytes) -> None:
    check(html)


@settings(max_examples=100)
@given(some.lists(elements(), max_size=8), some.booleans())
def test_any_elements_are_read(parts: list[str], within: bool) -> None:
    inner = "".join(parts)
    check(page(bubble(said(inner) + inner)) if within else inner.encode("utf-8", "replace"))


@given(some.integers(0, 10_000), some.integers(0, 2**32))
def test_a_page_that_was_cut_or_damaged_anywhere_is_read(at: int, seed: int) -> None:
    whole = bytearray(page(bubble(said("<b>one</b>")), bubble(said("two"), post="bridge_news/8")))
    chance = random.Random(seed)
    for _ in range(10):
        whole[chance.randrange(len(whole))] = chance.randrange(256)

    check(bytes(whole[: at % len(whole)]))
    check(bytes(whole))


@pytest.mark.parametrize(
    "html",
    [
        "<b>" * 20_000,
        "<div class='tgme_widget_message_text'>" * 10_000,
        "<blockquote>x" * 10_000,
        "<a href='?q=%23x'>#x</a>" * 10_000,
        "<br/>" * 20_000,
        "<table><tr><td>" * 10_000,
        '<a class="tgme_widget_message_photo_wrap">' * 5_000,
    ],
    ids=["bold", "texts", "quotes", "links", "lines", "tables", "photos"],
)
def test_however_deep_or_wide_it_is(html: str) -> None:
    check(page(bubble(said(html))))


def test_one_that_would_take_for_ever_is_not_taken_apart() -> None:
    assert read(page(bubble(said("<div>" * 1_000_000)))).standing == "other"


def test_what_is_no_text_says_nothing() -> None:
    (shown,) = read(
        page(bubble(said("a<script>alert(1)</script><style>b{}</style><template>c</template><!-- d -->e")))
    ).shown

    assert shown.parts[0][1].text == "ae"
