"""A stranger's text on a page: its form is kept, and it does nothing."""

import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.alerting.display import cut, units, visible
from monitor.model.post import Markup
from monitor.web.rich import MOST, changed, plain, rich
from tests.web.reading import check, elements, hrefs, spans, text

KINDS = (
    *("bold", "italic", "underline", "strike", "spoiler", "code", "pre", "blockquote", "url", "text_url", "mention"),
    *("mention_name", "hashtag", "cashtag", "email", "phone", "bot_command", "bank_card", "custom_emoji", "", "blink"),
)
HOSTILE = (
    *("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", '"><svg/onload=alert(1)>', "</span></code>", "<!--"),
    *(
        "<![CDATA[",
        "&lt;",
        "&#x3c;",
        "'",
        '"',
        "`",
        "javascript:alert(1)",
        "{{7*7}}",
        "{0.__class__}",
        "${jndi:ldap://x}",
    ),
    *(
        "%s%n",
        "$(id)",
        "\x00",
        "\ud83d",
        "\ude00",
        "😀",
        "👨‍👩‍👧",
        "e" + "\u0301" * 30,
        "\u202e",
        "\r\n",
        "\t",
        "\u2028",
        "\ufeff",
    ),
    *("\x1b[2J", "https://good@evil.example", "t.me/vvgladkov"),
)
ANY = st.text(st.characters(exclude_categories=[]), max_size=40)
TEXTS = st.lists(st.sampled_from(HOSTILE) | ANY, max_size=8).map("".join)
PLACES = st.integers(-5, 120) | st.sampled_from([-(2**63), -(2**31), 2**31, 2**63, 2**70])
ENTITIES = st.lists(
    st.builds(
        Markup,
        kind=st.sampled_from(KINDS),
        offset=PLACES,
        length=PLACES,
        url=st.none() | st.sampled_from(["https://evil.example/", "data:,x", "tg://x"]) | TEXTS,
        language=st.none() | st.sampled_from(["python", "c++", "x'><script>"]) | TEXTS,
        document=st.none() | st.integers(),
    ),
    max_size=12,
)
MARKS = st.lists(st.tuples(PLACES, PLACES), max_size=6)


@given(TEXTS, ENTITIES, MARKS)
@settings(max_examples=1000, deadline=None)
@example("ab", [Markup("pre", 0, 2, language="x'><script>")], [])
def test_web_02_every_text_with_every_entity_is_harmless_and_reads_as_it_is(
    words: str, entities: Sequence[Markup], marks: Sequence[tuple[int, int]]
) -> None:
    html = rich(words, entities, marks=marks)

    check(html)
    assert text(html) == visible(words)


@given(TEXTS, ENTITIES, MARKS, st.integers(-3, 60))
@settings(deadline=None)
def test_web_02_every_beginning_of_a_text_is_too(
    words: str, entities: Sequence[Markup], marks: Sequence[tuple[int, int]], most: int
) -> None:
    html = rich(words, entities, marks=marks, most=most)

    check(html)
    begins = cut(words, most)
    assert text(html) == visible(begins) + ("…" if begins != words else "")


@given(st.text("aй😀👍🏿 \n", max_size=30), st.integers(0, 40), st.integers(1, 40))
def test_every_entity_holds_the_utf_16_units_that_it_names(words: str, offset: int, length: int) -> None:
    named = words.encode("utf-16-le")[2 * offset : 2 * (offset + length)]

    html = rich(words, [Markup("bold", offset, length)])

    bold = ["".join(each.itertext()) for each in elements(html)]
    assert len(bold) == (len(named) > 0)
    assert named.decode("utf-16-le", "ignore") in "".join(bold)
    assert units("".join(bold)) <= len(named) // 2 + 2  # whole characters


@pytest.mark.parametrize(
    ("words", "entities", "html"),
    [
        ("", [], ""),
        ("a < b & c\nd", [], "a &lt; b &amp; c\nd"),
        ("bold", [Markup("bold", 0, 4)], "<b>bold</b>"),
        ("😀 мост 😀", [Markup("bold", 3, 4)], "😀 <b>мост</b> 😀"),
        ("😀😀😀", [Markup("bold", 2, 2)], "😀<b>😀</b>😀"),
        ("a😀b", [Markup("bold", 2, 1)], "a<b>😀</b>b"),
        ("a😀b", [Markup("bold", 0, 2)], "<b>a😀</b>b"),
        ("a😀b", [Markup("bold", 2, 2)], "a<b>😀b</b>"),
        ("abc", [Markup("bold", -5, 6)], "<b>a</b>bc"),
        ("abc", [Markup("bold", 1, 10**9)], "a<b>bc</b>"),
        ("abc", [Markup("bold", 1, 0), Markup("bold", 3, 1), Markup("bold", 1, -1), Markup("bold", -5, 5)], "abc"),
        ("abc", [Markup("blink", 0, 3)], "abc"),
        ("abcd", [Markup("bold", 0, 3), Markup("italic", 1, 3)], "<b>a<i>bc</i></b><i>d</i>"),
        ("abcd", [Markup("italic", 0, 3), Markup("bold", 1, 3)], "<i>a</i><b><i>bc</i>d</b>"),
        ("abcd", [Markup("bold", 1, 2), Markup("blockquote", 0, 4)], '<span class="quote">a<b>bc</b>d</span>'),
        ("abc", [Markup("bold", 0, 3), Markup("bold", 1, 1)], "<b>abc</b>"),
        ("abc", [Markup("code", 0, 3)], "<code>abc</code>"),
        ("abc", [Markup("underline", 0, 1), Markup("strike", 1, 1)], "<u>a</u><s>b</s>c"),
        ("abc", [Markup("pre", 0, 3, language="c++")], '<code class="pre" data-language="c++">abc</code>'),
        ("abc", [Markup("pre", 0, 3, language="x'><script>")], '<code class="pre">abc</code>'),
        ("abc", [Markup("pre", 0, 3, language="a" * 21)], '<code class="pre">abc</code>'),
        ("abc", [Markup("pre", 0, 3, language="c\n")], '<code class="pre">abc</code>'),
        ("@abc", [Markup("mention", 0, 4)], '<span class="entity">@abc</span>'),
        ("x", [Markup("custom_emoji", 0, 1, document=123)], '<span class="emoji" title="custom emoji 123">x</span>'),
        ("abc", [Markup("spoiler", 1, 1)], 'a<span class="spoiler"><span class="hidden">spoiler: </span>b</span>c'),
        ("a\u202eb", [], 'a<span class="odd" title="RIGHT-TO-LEFT OVERRIDE">U+202E</span>b'),
        ("\x00", [], '<span class="odd" title="U+0000">U+0000</span>'),
        ("\ud83d", [Markup("bold", 0, 1)], '<b><span class="odd" title="U+D83D">U+D83D</span></b>'),
        ("a\tb\r\nc", [Markup("bold", 1, 3)], "a<b>    b\n</b>c"),
        (
            "here",
            [Markup("text_url", 0, 4, url="https://e.example/")],
            '<a rel="noopener noreferrer nofollow" href="https://e.example/">here</a> <span class="host">e.example</span>',
        ),
        ("x", [Markup("text_url", 0, 1, url="data:,<")], 'x <span class="odd">link: data:,&lt;</span>'),
        ("x", [Markup("text_url", 0, 1)], 'x <span class="odd">link: </span>'),
    ],
)
def test_is_written_with_its_form(words: str, entities: Sequence[Markup], html: str) -> None:
    assert rich(words, entities) == html


@pytest.mark.parametrize(
    ("marks", "html"),
    [
        ([(2, 6)], "😀 <mark>мост</mark> 😀"),
        ([(2, 4), (3, 6)], "😀 <mark>мо</mark><mark>ст</mark> 😀"),
        ([(-3, 1)], "<mark>😀</mark> мост 😀"),
        ([(7, 99)], "😀 мост <mark>😀</mark>"),
        ([(3, 3), (5, 2), (99, 100)], "😀 мост 😀"),
    ],
)
def test_is_marked_at_code_points(marks: Sequence[tuple[int, int]], html: str) -> None:
    assert rich("😀 мост 😀", marks=marks) == html


def test_is_marked_inside_of_everything_else() -> None:
    html = rich("abcd", [Markup("code", 0, 2), Markup("blockquote", 0, 4)], marks=[(1, 3)])

    assert html == '<span class="quote"><code>a<mark>b</mark></code><mark>c</mark>d</span>'


def test_one_quotation_stays_one_element_whatever_is_in_it() -> None:
    inside = [Markup(kind, offset, 30) for offset, kind in enumerate(("bold", "url", "spoiler", "code", "italic"))]

    html = rich("a" * 100, [*inside, Markup("blockquote", 0, 100)], marks=[(3, 50)])

    assert len(spans(html, "quote")) == 1


def test_a_link_inside_a_link_is_none() -> None:
    outer, inner = Markup("text_url", 0, 9, url="https://a.example"), Markup("text_url", 2, 12, url="https://b.example")

    html = rich("a" * 14, [inner, outer])

    assert hrefs(html) == ["https://a.example", "https://b.example"]
    assert spans(html, "host") == ["a.example", "b.example"]
    check(html)


def test_of_more_entities_than_anyone_can_use_the_first_are_shown_and_the_rest_is_told() -> None:
    entities = [Markup("bold", 2 * place, 1) for place in reversed(range(MOST + 50))]

    html = rich("ab" * 2_000, entities)

    assert html.count("<b>") == MOST
    assert html.startswith("<b>a</b>b<b>a</b>")
    assert spans(html, "note") == ["only the first 1,000 of 1,050 formatted stretches are shown as such"]


@pytest.mark.parametrize(
    ("words", "most", "html"),
    [
        ("abcdef", 3, "<b>abc</b>…"),
        ("abc", 3, "<b>abc</b>"),
        ("ab👨‍👩‍👧c", 5, "<b>ab</b>…"),
        ("abc", 0, "…"),
        ("abc", -1, "…"),
    ],
)
def test_is_cut_where_a_reader_sees_a_character_end(words: str, most: int, html: str) -> None:
    assert rich(words, [Markup("bold", 0, 100)], most=most) == html


def best(entities: Sequence[Markup], words: str) -> float:
    def once() -> float:
        started = time.process_time()
        rich(words, entities, most=4096, marks=[(5, 9)])
        return time.process_time() - started

    return min(once() for _ in range(3))


def test_hos_06_the_beginning_of_a_giant_costs_milliseconds() -> None:
    giant = "мост 😀 <b> \u202e e\u0301" * 60_000
    links = [Markup("text_url", place % 4096, 3_000, url="https://e.example/") for place in range(100_000)]
    mixed = [Markup(KINDS[place % 11], 7919 * place % 800_000, 50) for place in range(100_000)]

    assert best(links, giant) < 0.15
    assert best(mixed, giant) < 0.15
    assert best(mixed, "a" * 1_000_000) < 0.15


def test_hos_06_a_giant_as_a_whole_is_shown_too() -> None:
    words = "e" + "\u0301" * 10_000 + "\n" * 50_000 + "x" * 900_000

    html = rich(words, [Markup("blockquote", 0, 10**6)], marks=[(place, place + 1) for place in range(0, 900_000, 100)])

    assert '<span class="odd" title="+9996 marks">+9996 marks</span>' in html
    assert html.count("<mark>") > 8_000


@pytest.mark.parametrize(
    "payload", ["{{7*7}}", "{% x %}", "{0.__class__}", "${jndi:ldap://x}", "%s%n", "$(id)", "@all /cmd"]
)
def test_hos_11_templates_and_formats_are_literal(payload: str) -> None:
    url = f"https://e.example/{payload}"
    in_all = rich(payload, [Markup("text_url", 0, 99, url=url)]) + plain(payload) + changed([("new", payload)])

    assert in_all.count(payload) >= 3
    check(in_all)


@given(TEXTS)
def test_web_17_a_name_stands_by_itself_on_one_line(name: str) -> None:
    html = plain(name)

    check(html)
    assert html.startswith("<bdi>")
    assert html.endswith("</bdi>")
    assert text(html) == visible(name).replace("\n", " ")


def test_web_17_a_reversed_name_turns_nothing_round() -> None:
    assert plain("\u202egpj.exe\n") == (
        '<bdi><span class="odd" title="RIGHT-TO-LEFT OVERRIDE">U+202E</span>gpj.exe </bdi>'
    )


def test_what_was_changed_is_said_to_those_who_listen_too() -> None:
    html = changed([("same", "мост "), ("gone", "<цел>\u200b"), ("new", "взорван")])

    assert html == (
        'мост <del><span class="hidden">removed: </span>&lt;цел&gt;'
        '<span class="odd" title="ZERO WIDTH SPACE">U+200B</span></del>'
        '<ins><span class="hidden">added: </span>взорван</ins>'
    )


@given(st.lists(st.tuples(st.sampled_from(("same", "gone", "new")), TEXTS), max_size=6))
def test_what_was_changed_is_harmless(parts: Sequence[tuple[str, str]]) -> None:
    html = changed(parts)

    check(html)
    assert text(html) == "".join(visible(words) for _, words in parts)


def test_web_03_nothing_of_ours_goes_by_telethons_own_html() -> None:
    package = Path(__file__).parents[2] / "monitor"

    assert [path for path in package.rglob("*.py") if "unparse" in path.read_text("utf-8")] == []
