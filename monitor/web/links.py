"""How is a link of a stranger's shown, so that it is plain where it leads before anyone follows it?

Only http and https to a host we understand become links, and lead to exactly the host that is shown: it is written in Punycode
in the link too. Whatever a browser may read otherwise than we do is told in words.
"""

import re
import unicodedata
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import unquote

import msgspec
from markupsafe import Markup as Html

from monitor.alerting.display import cut, visible

LONGEST = 2000
"""Characters of a link that is followed."""
ELSEWHERE = "leads to another place than it says"
USER_NAME = "user name in the link"
ALPHABET = "letters of another alphabet in the address"
_TOLD = 80
_READ = 300
"""Characters of a link's words that are looked at."""

_URL = re.compile(
    r"(?P<scheme>https?)://(?:(?P<user>[^/?#@]*)@)?(?P<host>\[[0-9a-f:.]{2,45}\]|[^/?#@:\[\]%]+)(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<rest>(?:[/?#].*)?)",
    re.IGNORECASE,
)
_BARE = re.compile(r"[^\s/?#@:]+\.[^\s/?#@:.]+(?::[0-9]{1,5})?(?:[/?#].*)?")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_DOTS = re.compile("[\u3002\uff0e\uff61]")

_END = "[a-z]{2,24}|xn--[a-z0-9-]{2,59}|рф|рус|укр|бел|бг|срб|[cс][oо][mм]|[oо]rg|n[eе][tт]"
_SAID = re.compile(
    r"(?:https?://(?P<full>[^\s/?#]{1,253})"
    rf"|(?<![\w.-])(?P<bare>(?:[\w-]{{1,63}}[.\u3002\uff0e\uff61])+(?:{_END}))(?![\w-]))"
    r"(?P<path>(?:/[^\s?#]*)?)(?:[?#]\S*)?",
    re.IGNORECASE,
)
_CHANNEL = re.compile(r"@(\w{3,64})")
_ANCHOR = Html('<a rel="noopener noreferrer nofollow" href="{}">')
_PUNCTUATION = ".,;:!?)»"
_FILE = (".pdf", ".doc", ".docx", ".xls", ".xlsx", ".txt", ".jpg", ".jpeg", ".png", ".html")


class Link(msgspec.Struct, frozen=True):
    """Where a link leads: `host` as a browser looks it up, with its port; `rest` is path, query and fragment as written."""

    scheme: str
    host: str
    rest: str
    user: bool
    foreign: bool

    @property
    def href(self) -> str:
        return f"{self.scheme}://{self.host}{self.rest}"


def read(url: str) -> Link | None:
    """Where it leads; None unless it is http or https and can be read in one way only. A user name is left out."""
    if len(url) > LONGEST or re.search(r"[\s\\]", url) or visible(url) != url:
        return None
    found = _URL.fullmatch(url)
    host = found and _host(found["host"])
    if not found or not host or int(found["port"] or 0) > 0xFFFF:
        return None
    port = f":{found['port']}" if found["port"] else ""
    foreign = not found["host"].isascii() or re.search(r"(?:^|\.)xn--", host) is not None
    return Link(found["scheme"].lower(), host + port, found["rest"], user=found["user"] is not None, foreign=foreign)


def around(url: str | None, words: str) -> tuple[Html, Html]:
    """What stands before and behind the words of a link. `url` None: the words themselves say where it leads."""
    wanted = words if url is None else url
    link = read(_completed(wanted))
    if link is None:
        return Html(), " " + _refused(wanted)
    told = _warnings(link, elsewhere=url is not None and _is_elsewhere(link, url, words))
    behind = " " + _host_shown(link) + told if url is not None or told else Html()
    if link.user:
        return Html(), " " + _refused(wanted) + behind
    return _ANCHOR.format(link.href), Html("</a>") + behind


def address(url: str) -> Html:
    """A link by itself, its host first."""
    link = read(_completed(url))
    if link is None:
        return _refused(url)
    shown = _refused(url) if link.user else _ANCHOR.format(link.href) + url + Html("</a>")
    return _host_shown(link) + " " + shown + _warnings(link)


def _completed(url: str) -> str:
    """Telegram marks `t.me/name` as a link too."""
    return f"https://{url}" if len(url) <= LONGEST and _BARE.fullmatch(url) else url


def _host(written: str) -> str | None:
    """As a browser looks it up, in Punycode; None where browsers may differ."""
    if written.startswith("["):
        try:
            return f"[{IPv6Address(written[1:-1])}]"
        except AddressValueError:
            return None
    labels = _plain(written).removesuffix(".").split(".")
    if not all(map(_is_written, labels)):
        return None
    host = ".".join(label if label.isascii() else f"xn--{label.encode('punycode').decode()}" for label in labels)
    if len(host) > 253 or not all(map(_LABEL.fullmatch, host.split("."))):
        return None
    return host if not _NUMBER.fullmatch(labels[-1]) else _dotted(host)


def _dotted(host: str) -> str | None:
    """An address of four numbers; `0x7f.1` and `2130706433` are one too, but nobody sees which."""
    try:
        return str(IPv4Address(host))
    except AddressValueError:
        return None


def _plain(host: str) -> str:
    """The letters that UTS 46 makes of these, in nearly every case; what it forbids is found later."""
    return unicodedata.normalize("NFKC", _DOTS.sub(".", host).lower()).lower()


def _is_written(label: str) -> bool:
    return label.isascii() or all(letter == "-" or unicodedata.category(letter)[0] in "LMN" for letter in label)


def _is_elsewhere(link: Link, url: str, words: str) -> bool:
    """Do the words name a host, or a page or channel there, that the link does not lead to?"""
    if words.strip() == url:
        return False
    host = re.sub(r":[0-9]+$", "", link.host).removeprefix("www.")
    path = _page(link.rest)
    for said, page in _places(words):
        if said != host and not host.endswith(f".{said}"):
            return True
        if page and not (path.startswith(page.removesuffix("…")) if page.endswith("…") else path == page):
            return True
    return False


def _places(words: str) -> Iterator[tuple[str, str]]:
    """The hosts that the words name, each with its page."""
    words = visible(words.strip() if len(words) <= _READ else f"{words[:_READ]}…")
    if channel := _CHANNEL.fullmatch(words):
        yield "t.me", f"/{channel[1].casefold()}"
    for found in _SAID.finditer(words):
        named = found["bare"] or re.sub(r":[0-9]*$", "", found["full"]).rstrip(_PUNCTUATION)
        if found["path"] or not named.lower().endswith(_FILE):
            yield (_host(named) or named).removeprefix("www."), _page(found["path"].rstrip(_PUNCTUATION))


def _page(path: str) -> str:
    return unquote(re.split("[?#]", path)[0]).rstrip("/").casefold()


def _host_shown(link: Link) -> Html:
    return Html('<span class="host">{}</span>').format(link.host)


def _warnings(link: Link, *, elsewhere: bool = False) -> Html:
    warnings = ((elsewhere, ELSEWHERE), (link.user, USER_NAME), (link.foreign, ALPHABET))
    return Html().join(Html(' <span class="warn">{}</span>').format(words) for is_so, words in warnings if is_so)


def _refused(wanted: str) -> Html:
    """What it wanted to be, as words."""
    told = visible(cut(wanted[: _TOLD + 1], _TOLD)).replace("\n", " ")
    return Html('<span class="odd">link: {}{}</span>').format(told, "…" if len(wanted) > _TOLD else "")
