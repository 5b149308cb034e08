"""The name of a channel that looks like a watched one's."""

import time

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from owed import NOON, alert, audience, match, said, subscriber

from monitor.alerting.lookalike import imitated, warnings
from monitor.alerting.plan import plan
from monitor.alerting.wording import for_chat, for_terminal
from monitor.model.alert import Alert
from monitor.model.channel import Identity
from monitor.model.post import Forward, Markup, Post

WATCHED = ("vvgladkov", "milinfolive", "rybar", "Настоящий Гладков", "DSHRG2", "")


@pytest.mark.parametrize(
    ("name", "original"),
    [
        ("vvg1adkov", "vvgladkov"),
        ("vvgIadkov", "vvgladkov"),
        ("@vvg1adkov", "vvgladkov"),
        ("vvgladk0v", "vvgladkov"),
        ("vv_gladkov", "vvgladkov"),
        ("vvgladkov_", "vvgladkov"),
        ("__VVGladkov__", "vvgladkov"),
        ("vvgl\u0430dkov", "vvgladkov"),
        ("vvgladk\u043ev", "vvgladkov"),
        ("vvgladk\u03bfv", "vvgladkov"),
        ("vvgla\u200bdkov", "vvgladkov"),
        ("\u202evvgladkov", "vvgladkov"),
        ("vvgla\u0301dkov", "vvgladkov"),
        ("𝐯𝐯𝐠𝐥𝐚𝐝𝐤𝐨𝐯", "vvgladkov"),
        ("ｖｖｇｌａｄｋｏｖ", "vvgladkov"),
        ("wgladkov", "vvgladkov"),
        ("mi1infolive", "milinfolive"),
        ("milinfoIive", "milinfolive"),
        ("rnilinfolive", "milinfolive"),
        ("гуbаг", "rybar"),
        ("Настоящий Глaдков", "Настоящий Гладков"),
        ("Настоящий  Гладков.", "Настоящий Гладков"),
    ],
)
def test_is_found_however_it_is_disguised(name: str, original: str) -> None:
    assert imitated(name, WATCHED) == original


@pytest.mark.parametrize(
    "name",
    [
        *WATCHED,
        *(name.upper() for name in WATCHED),
        "@vvgladkov",
        " vvgladkov ",
        "gladkov",
        "vvgladkov2",
        "vvgladkov_official",
        "ribar",
        "dshrg",
        "",
        "_",
        "@",
        "😀",
        "\ud800",
        "vvgladkov" * 1000,
    ],
)
def test_is_not_the_watched_name_itself_nor_any_other_name(name: str) -> None:
    assert imitated(name, WATCHED) is None


def test_is_none_where_both_are_watched() -> None:
    assert imitated("vvg1adkov", ("vvgladkov", "vvg1adkov")) is None


@given(st.text(st.characters(exclude_categories=[]), max_size=300))
def test_never_is_a_name_that_is_watched_whatever_it_is(name: str) -> None:
    assert imitated(name, (name,)) is None


@given(st.text(st.characters(exclude_categories=[]), max_size=100), st.lists(st.text(max_size=40), max_size=5))
def test_is_always_one_of_the_watched_and_never_the_name(name: str, watched: list[str]) -> None:
    original = imitated(name, watched)

    assert original is None or (original in watched and original != name)


def mention(words: str) -> Post:
    return Post(f"Пишет {words}: ура", entities=(Markup("mention", 6, len(words)),))


def link(url: str) -> Post:
    return Post("здесь", entities=(Markup("text_url", 0, 5, url=url),))


AGAINST = {"vvgladkov", "rybar", -1001234567890}
SAID = "@vvg1adkov looks like vvgladkov and is another channel"


@pytest.mark.parametrize(
    "post",
    [
        mention("@vvg1adkov"),
        Post("😀😀 @vvg1adkov", entities=(Markup("mention", 5, 10),)),
        Post("см. t.me/vvg1adkov/12", entities=(Markup("url", 4, 17),)),
        Post("см. https://t.me/vvg1adkov", entities=(Markup("url", 4, 22),)),
        link("https://t.me/vvg1adkov"),
        link("HTTP://T.ME/vvg1adkov?x"),
        link("https://telegram.me/s/vvg1adkov"),
        link("https://vvg1adkov.t.me/"),
        link("tg://resolve?domain=vvg1adkov"),
        Post("x", forward=Forward(channel=Identity(id=-1009, username="vvg1adkov"))),
    ],
)
def test_is_told_wherever_the_post_names_it(post: Post) -> None:
    assert warnings(post, AGAINST) == (SAID,)


def test_is_told_of_a_forward_by_title_and_by_the_name_a_sender_chose() -> None:
    by_title = Post("x", forward=Forward(channel=Identity(id=-1009, title="VVGIadkov")))
    by_name = Post("x", forward=Forward(name="VV_Gladkov"))

    assert warnings(by_title, AGAINST) == ("VVGIadkov looks like vvgladkov and is another channel",)
    assert warnings(by_name, AGAINST) == ("VV_Gladkov looks like vvgladkov and is not that channel",)


@pytest.mark.parametrize(
    "post",
    [
        Post("vvg1adkov"),
        mention("@VVGladkov"),
        mention("@rybar_force"),
        link("https://t.me/vvgladkov/1"),
        link("https://example.com/?https://t.me/vvg1adkov"),
        Post("x", forward=Forward(channel=Identity(id=-1001234567890, username="renamed", title="vv gladkov"))),
        Post("x", forward=Forward(channel=Identity(username="VVGladkov", title="VV Gladkov"))),
        Post("@vvg1adkov", entities=(Markup("mention", 5, -3), Markup("mention", 2**70, 5), Markup("url", 0, 2**70))),
    ],
)
def test_is_not_told_of_a_post_that_names_watched_channels_or_quite_others(post: Post) -> None:
    assert warnings(post, AGAINST) == ()


def test_is_told_once_and_of_a_few_names_in_a_post_of_many() -> None:
    names = [f"@vvgladkov{'_' * count}" for count in range(1, 20)]
    text = " ".join(names * 50)
    places = [0]
    for name in names * 50:
        places.append(places[-1] + len(name) + 1)
    entities = tuple(Markup("mention", at, len(name)) for at, name in zip(places, names * 50, strict=False))

    assert len(warnings(Post(text, entities=entities), AGAINST)) == 5


def test_hos_06_costs_little_in_a_giant_post_and_a_long_watch_list() -> None:
    post = Post("@vvg1adkov " * 90_000, entities=tuple(Markup("mention", 11 * at, 10) for at in range(90_000)))
    watched = {f"channel_{number}" for number in range(1_000)} | AGAINST

    started = time.perf_counter()
    found = warnings(post, watched)

    assert found == (SAID,)
    assert time.perf_counter() - started < 0.25


def told(post: Post, **other: str) -> Alert:
    (owed,) = plan(
        [said(media_of=post)],
        [match(0)],
        told=[],
        before={},
        audience=audience(subscriber(**other), parties=dict.fromkeys(AGAINST, "Belgorod")),
        now=NOON,
    )
    return owed


def test_hos_04_is_warned_of_in_the_alert() -> None:
    owed = told(mention("@vvg1adkov"))

    assert owed.message.post.warnings == (SAID,)
    assert f'"warnings":["{SAID}"]'.encode() in msgspec.json.encode(owed.message)
    assert f"\n  beware: {SAID}\n" in for_terminal(owed.message, key="m-1")


def test_is_warned_of_in_a_chat_where_it_makes_no_mention() -> None:
    worded = for_chat(told(mention("@vvg1adkov")).message)

    assert f"\nbeware:\n{SAID}\n" in worded.text
    assert (worded.text.index(SAID), len(SAID)) in worded.quoted


def test_is_shown_as_harmlessly_as_the_post() -> None:
    message = told(Post("x", forward=Forward(name="vvgla\u202edkov\n\ud800"))).message

    message.post.warnings[0].encode()
    assert "\n  beware: vvgla⟨U+202E⟩dkov \ufffd looks like vvgladkov" in for_terminal(message, key="m-1")


def test_changes_nothing_in_an_alert_of_any_other_post() -> None:
    message = alert("Мост взорван").message

    assert b"warnings" not in msgspec.json.encode(message)
    assert "beware" not in for_terminal(message, key="m-1") + for_chat(message).text


def test_is_not_named_to_whoever_wants_no_word_of_the_post() -> None:
    assert told(mention("@vvg1adkov"), content="minimal").message.post.warnings == ()


def test_is_kept_with_the_alert_as_it_is_stored() -> None:
    message = told(mention("@vvg1adkov")).message

    assert msgspec.json.decode(msgspec.json.encode(message), type=type(message)) == message
