"""A stranger's link: it leads where the page says, or nowhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from monitor.web.links import ALPHABET, ELSEWHERE, LONGEST, USER_NAME, address, around, read
from tests.web.reading import check, hrefs, spans, text

ANY = st.text(st.characters(exclude_categories=[]), max_size=60)
SEEDS = (
    *(
        "https://",
        "http:",
        "//",
        "\\",
        "@",
        "good.example",
        "evil.example",
        "t.me",
        "/",
        "?",
        "#",
        ":",
        ":80",
        "%40",
        ".",
    ),
    *(
        "[::1]",
        "пример.рф",
        "ｅ",
        "。",
        "\u202e",
        "\t",
        "\n",
        " ",
        '"',
        "'",
        "<",
        ">",
        "&#x40;",
        "javascript:",
        "data:",
    ),
)
URLS = st.lists(st.sampled_from(SEEDS) | ANY, max_size=8).map("".join)


def link(url: str | None, words: str = "here") -> str:
    before, behind = around(url, words)
    return before + escape(words) + behind


REFUSED = [
    "",
    " ",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    "java\nscript:alert(1)",
    "\x01javascript:alert(1)",
    " javascript:alert(1)",
    "javascript&#58;alert(1)",
    "javascript&colon;alert(1)",
    "&#106;avascript:alert(1)",
    "javascript://example.com/%0Aalert(1)",
    "javascript:/*https://*/alert(1)",
    "jаvascript:alert(1)",
    "vbscript:msgbox(1)",
    "data:text/html,<script>alert(1)</script>",
    "data:text/html;base64,PHNjcmlwdD4=",
    "DATA:text/html,x",
    "blob:https://evil.example/1",
    "filesystem:https://evil.example/x",
    "view-source:https://evil.example",
    "file:///etc/passwd",
    "ftp://evil.example/",
    "tg://resolve?domain=x",
    "tg://user?id=1",
    "ton://transfer/x",
    "mailto:a@b.example",
    "tel:+123",
    "intent://x#Intent;scheme=http;end",
    "about:blank",
    "ws://evil.example",
    "http:evil.example",
    "http:/evil.example",
    "https:///evil.example",
    "https:\\\\evil.example",
    "https:/\\evil.example",
    "//evil.example",
    "/path",
    "?q",
    "#f",
    "https://",
    "https://?",
    "https://.",
    "https://..",
    "https://a..b/",
    "https:// evil.example",
    "https://evil.example/a b",
    "https://evil.example/\x00",
    "https://evil.example/\u00a0",
    "https://evil.example/\u3000",
    "https://evil.example/\u202etxt",
    "https://evil\u200b.example",
    "https://e\u00advil.example",
    "https://evil.example\u2028/",
    "https://evil.example/\ud800",
    "https://good.example\\@evil.example",
    "https://good.example&#x40;evil.example",
    "https://good.example%40evil.example",
    "https://good.example%2f@evil.example@x",
    "https://a@b@evil.example",
    "https://good.example／evil.example",
    "https://good.example⁄evil.example",
    "https://good.example∕evil.example",
    "https://good.example？evil.example",
    "https://good.example＃evil.example",
    "https://good.example＠evil.example",
    "https://good.example：80/",
    "https://℀.example",
    "https://evil.example:99999/",
    "https://evil.example:/",
    "https://evil.example:8o/",
    "https://evil.example:80:90/",
    "https://evil.example:-1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0177.0.0.1/",
    "https://127.1/",
    "https://1.2.3.999/",
    "https://[::1",
    "https://::1/",
    "https://[::1%25eth0]/",
    "https://[1.2.3.4]/",
    "https://[evil.example]/",
    "https://<script>.example/",
    "https://evil.example<script>/",
    'https://evil.example"onclick="alert(1)/',
    "https://evil.example'x/",
    "https://-evil.example/",
    "https://{{7*7}}/",
    "https://💥.example/",
    f"https://{'a' * 64}.example/",
    f"https://{'a.' * 130}example/",
    f"https://evil.example/{'a' * 10_000}",
    "https://evil.example/e" + "\u0301" * 20,
]


@pytest.mark.parametrize("url", REFUSED)
def test_hos_09_is_no_link_where_it_is_not_plainly_http_to_a_host(url: str) -> None:
    for html in (link(url), address(url)):
        check(html)
        assert hrefs(html) == []
        assert spans(html, "odd")[0].startswith("link: ")


@pytest.mark.parametrize(
    ("url", "href", "host"),
    [
        ("https://example.com", "https://example.com", "example.com"),
        ("HTTPS://EXAMPLE.COM/A?b=C#d", "https://example.com/A?b=C#d", "example.com"),
        ("http://example.com:8080/", "http://example.com:8080/", "example.com:8080"),
        ("https://example.com./x", "https://example.com/x", "example.com"),
        (
            "https://example.com/@name?to=https://b.example",
            "https://example.com/@name?to=https://b.example",
            "example.com",
        ),
        ("https://t.me/vvgladkov/12", "https://t.me/vvgladkov/12", "t.me"),
        ("t.me/vvgladkov", "https://t.me/vvgladkov", "t.me"),
        ("example.com:80/x", "https://example.com:80/x", "example.com:80"),
        ("http://localhost/", "http://localhost/", "localhost"),
        ("https://1.2.3.4/x", "https://1.2.3.4/x", "1.2.3.4"),
        ("https://[2001:DB8:0::1]:80/", "https://[2001:db8::1]:80/", "[2001:db8::1]:80"),
        ("https://a_b.example/", "https://a_b.example/", "a_b.example"),
        ("https://пример.рф/путь", "https://xn--e1afmkfd.xn--p1ai/путь", "xn--e1afmkfd.xn--p1ai"),
        ("https://ПРИМЕР。РФ", "https://xn--e1afmkfd.xn--p1ai", "xn--e1afmkfd.xn--p1ai"),
        ("https://ｅｖｉｌ.example", "https://evil.example", "evil.example"),
        ("https://straße.example", "https://xn--strae-oqa.example", "xn--strae-oqa.example"),
        ("https://gооd.example", "https://xn--gd-fmca.example", "xn--gd-fmca.example"),
        ("https://example.com/{{7*7}}${jndi:x}%s%n{0.__class__}", None, "example.com"),
        ("https://example.com/\"onclick='x'<script>&amp;", None, "example.com"),
    ],
)
def test_leads_to_the_host_that_is_shown_beside_it_in_punycode(url: str, href: str | None, host: str) -> None:
    check(link(url))
    assert hrefs(link(url)) == [href or url]
    assert spans(link(url), "host") == [host]
    assert hrefs(address(url)) == [href or url]
    assert address(url).startswith(f'<span class="host">{host}</span> <a ')


@pytest.mark.parametrize(
    ("url", "words", "warnings"),
    [
        ("https://example.com/", "here", []),
        ("https://example.com/", "example.com", []),
        ("https://example.com/", "Смотри www.example.com!", []),
        ("https://www.example.com/a", "https://example.com", []),
        ("https://news.example.com/a", "example.com", []),
        ("https://example.com/a/b", "https://example.com/a/b/", []),
        ("https://example.com/a/b/c?d", "example.com/a/…", []),
        ("https://example.com/?u=https://b.example", "https://example.com/?u=https://b.example", []),
        ("https://ru.wikipedia.example/%D0%B2", "ru.wikipedia.example/в", []),
        (f"https://example.com/{'a' * 500}", f"example.com/{'a' * 500}", []),
        (f"https://example.com/{'a' * 500}", f"example.com/{'b' * 500}", [ELSEWHERE]),
        ("https://example.com/1", "report.pdf и т.д., г.Белгород, 10.30", []),
        ("https://t.me/vvgladkov", "@VVgladkov", []),
        ("https://t.me/vvgladkov", "t.me/vvgladkov", []),
        ("https://evil.example/", "good.example", [ELSEWHERE]),
        ("https://evil.example/", "https://good.example/evil.example", [ELSEWHERE]),
        ("https://evil.example/", "Вот: https://good.example", [ELSEWHERE]),
        ("https://good.example.evil.example/", "good.example", [ELSEWHERE]),
        ("https://evil.example/good.example", "good.example", [ELSEWHERE]),
        ("https://evil.example/", "goo\u200bd.example", [ELSEWHERE]),
        ("https://evil.example/", "good。example", [ELSEWHERE]),
        ("https://evil.example/", "gооd.соm", [ELSEWHERE]),
        ("https://evil.example/", "https://1.2.3.4/", [ELSEWHERE]),
        ("https://evil.example/", "https://good.example@evil.example/", [ELSEWHERE]),
        ("https://evil.example/", "https://localhost:80", [ELSEWHERE]),
        ("https://evil.example/", "@vvgladkov", [ELSEWHERE]),
        ("https://t.me/vvg1adkov", "@vvgladkov", [ELSEWHERE]),
        ("https://t.me/vvg1adkov", "t.me/vvgladkov", [ELSEWHERE]),
        ("https://example.com/evil", "https://example.com/good", [ELSEWHERE]),
        ("https://пример.рф", "пример.рф", [ALPHABET]),
        ("https://xn--e1afmkfd.xn--p1ai", "here", [ALPHABET]),
        ("https://gооd.example", "good.example", [ELSEWHERE, ALPHABET]),
    ],
)
def test_is_told_in_words_where_it_misleads(url: str, words: str, warnings: list[str]) -> None:
    assert spans(link(url, words), "warn") == warnings
    assert len(hrefs(link(url, words))) == 1


@pytest.mark.parametrize(
    "url", ["https://good@evil.example/", "https://good.example:x@evil.example", "https://@evil.example"]
)
def test_hos_09_with_a_user_name_is_none_and_the_host_behind_it_is_shown(url: str) -> None:
    for html in (link(url), address(url)):
        assert hrefs(html) == []
        assert spans(html, "odd") == [f"link: {url}"]
        assert spans(html, "host") == ["evil.example"]
        assert spans(html, "warn") == [USER_NAME]
    assert address(url).startswith('<span class="host">evil.example</span> ')


def test_that_says_itself_where_it_leads_needs_no_host_beside_it() -> None:
    assert around(None, "https://example.com/a") == (
        '<a rel="noopener noreferrer nofollow" href="https://example.com/a">',
        "</a>",
    )
    assert spans(link(None, "https://пример.рф"), "host") == ["xn--e1afmkfd.xn--p1ai"]
    assert spans(link(None, "слово"), "odd") == ["link: слово"]


def test_that_is_long_is_told_in_short() -> None:
    (told,) = spans(address("javascript:" + "😀" * 5_000), "odd")

    assert told.startswith("link: javascript:😀")
    assert told.endswith("…")
    assert len(told) <= 90


@given(URLS, ANY)
def test_is_never_anything_but_http_to_a_host_that_is_shown(url: str, words: str) -> None:
    before, behind = around(url, words)
    html = before + "here" + behind

    check(html)
    check(address(url))
    assert text(html) == "here"
    assert len(url) <= LONGEST or before == ""
    for href in hrefs(html):
        assert href.startswith(
            tuple(f"{scheme}://{host}" for scheme in ("http", "https") for host in spans(html, "host"))
        )


@given(st.from_regex(r"https?://[a-z]{1,8}(\.[a-zа-я]{2,8}){1,3}(:[0-9]{1,4})?(/[a-z?&=;#@]{0,9})?", fullmatch=True))
def test_leads_where_it_led_when_it_is_read_again(url: str) -> None:
    link = read(url)

    assert link is not None
    again = read(link.href)
    assert again is not None
    assert (again.href, again.host) == (link.href, link.host)
