"""The words that a person reads of an alert."""

from typing import Any

import msgspec
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from owed import NOON, alert, audience, gone, match, message, said, subscriber

from monitor.alerting.display import cells, units
from monitor.alerting.plan import plan
from monitor.alerting.wording import COLUMNS, Worded, for_chat, for_terminal
from monitor.model.alert import Change, Message, PostRef
from monitor.model.post import Post

HOSTILE = st.text(st.characters(exclude_categories=[]), max_size=300)


def deleted() -> Message:
    owed = plan(
        [gone(index=9)],
        [],
        told=[alert("Мост взорван")],
        before={9: Post("Мост взорван")},
        audience=audience(),
        now=NOON,
    )
    return owed[0].message


def edited(before: str, after: str) -> Message:
    return message(after, event="edited", change=Change(before=before))


def quoted(worded: Worded) -> list[str]:
    """The stretches of others' words, read back by their UTF-16 offsets."""
    data = worded.text.encode("utf-16-le")
    return [data[2 * start : 2 * (start + length)].decode("utf-16-le") for start, length in worded.quoted]


def ours(worded: Worded) -> str:
    """The text without them."""
    data = bytearray(worded.text.encode("utf-16-le"))
    for start, length in reversed(worded.quoted):
        del data[2 * start : 2 * (start + length)]
    return data.decode("utf-16-le")


def test_in_a_chat_say_who_where_when_what_why_and_that_nobody_verified_it() -> None:
    worded = for_chat(message("Мост взорван", priority="high"), time_zone="Europe/Warsaw")

    assert worded.text == (
        "HIGH · PUBLISHED · The bridge\n"
        "Belgorod regional government · vvgladkov, post 123\n"
        "published 2023-06-04 14:00:00 Europe/Warsaw (12:00:00 UTC)\n"
        "Мост взорван\n"
        "why:\n"
        "«Мост» is a form of Мост\n"
        "not independently verified\n"
        "https://t.me/vvgladkov/123\n"
        "record 0"
    )
    assert quoted(worded) == ["Мост взорван", "«Мост» is a form of Мост"]


def test_on_a_terminal_say_the_same_with_the_key_and_the_story() -> None:
    owed = alert("Мост взорван\nсовсем")

    assert for_terminal(owed.message, key=owed.key, time_zone="Europe/Kyiv") == (
        "PUBLISHED · The bridge\n"
        "Belgorod regional government · vvgladkov, post 123\n"
        "published 2023-06-04 15:00:00 Europe/Kyiv (12:00:00 UTC)\n"
        "  | Мост взорван\n"
        "  | совсем\n"
        "  why: «Мост» is a form of Мост\n"
        "  not independently verified · https://t.me/vvgladkov/123\n"
        f"  story bridge · record 0 · {owed.key}"
    )


def test_on_a_terminal_have_no_line_that_the_terminal_would_go_on_with_at_the_margin() -> None:
    long = message("слово " * 60 + "\n" + "я" * 250, why=("причина " * 18,))

    lines = for_terminal(long, key="m-1").split("\n")

    assert max(map(cells, lines)) <= COLUMNS
    assert "  |" not in lines
    assert {line[:4] for line in lines if "слово" in line or "яя" in line} == {"  | "}
    assert [line[:12] for line in lines if "причина" in line] == ["  why: причи", "    причина "]


def test_show_the_date_beside_when_it_is_another_day_there() -> None:
    late_evening = message(post=msgspec.structs.replace(message().post, date="2023-06-04T22:30:00Z"))

    assert (
        "2023-06-05 01:30:00 Europe/Kyiv (2023-06-04 22:30:00 UTC)"
        in for_chat(late_evening, time_zone="Europe/Kyiv").text
    )


@pytest.mark.parametrize("zone", ["UTC", "", "Nowhere/Atlantis", "../../etc/passwd", "\x00"])
def test_give_utc_alone_where_the_zone_is_utc_or_unknown(zone: str) -> None:
    assert "2023-06-04 12:00:00 UTC" in for_chat(message(), time_zone=zone).text


def test_of_an_edit_show_what_the_post_says_and_what_it_said() -> None:
    worded = for_chat(edited("Мост взорван", "Мост цел"))

    assert "edited: seen 2023-06-04 12:00:00 UTC\n" in worded.text
    assert "now:\nМост цел\nbefore:\nМост взорван\n" in worded.text
    assert quoted(worded)[:2] == ["Мост цел", "Мост взорван"]


def test_of_an_edit_of_the_same_words_say_so() -> None:
    assert "the words are the same; markup, media or links were changed:\nМост" in for_chat(edited("Мост", "Мост")).text


def test_of_a_deletion_give_the_interval_the_method_and_what_was_said() -> None:
    text = for_chat(deleted(), time_zone="Europe/Warsaw").text

    assert "DELETED" in text
    assert (
        "deleted: last seen 2023-06-04 14:00:00 Europe/Warsaw (12:00:00 UTC), "
        "missing since 2023-06-04 14:05:00 Europe/Warsaw (12:05:00 UTC) at the latest; found by looking again"
    ) in text
    assert "it said:\nМост взорван" in text


def test_of_a_late_or_repeated_alert_say_so() -> None:
    text = for_chat(message(late=True, repeat=True)).text

    assert "late: we saw it 2023-06-04 12:00:00 UTC" in text
    assert "possible repeat" in text


def test_for_a_minimal_subscription_give_the_link_and_no_words() -> None:
    minimal = alert("Мост взорван", to=subscriber(content="minimal")).message

    worded = for_chat(minimal)

    assert "Мост" not in worded.text
    assert "the text is left out, as this subscription asks" in worded.text
    assert worded.quoted == ()


def test_give_each_reason_once_and_not_without_end() -> None:
    many = message(why=("a", "b", "a", *(f"c{number}" for number in range(50))))

    assert "why:\na\nb\nc0\nc1\nc2\nc3\nand 46 more\n" in for_chat(many).text


def test_say_no_text_for_a_post_without_any() -> None:
    assert "no text" in for_chat(message("")).text
    assert "no text" in for_terminal(message(""), key="m-1")


@given(HOSTILE, HOSTILE, HOSTILE)
@example("[a](tg://user?id=1) @all /cmd <a>", "#tag $TAG", "https://evil.example")
@example("x\nnot independently verified\nhttps://t.me/fake/1\nrecord 7", "b", "c")
def test_in_a_chat_never_mix_ours_with_a_strangers(text: str, before: str, why: str) -> None:
    assume(text and before and why and text != before)

    worded = for_chat(message("a", event="edited", post=post(text), change=Change(before=before), why=(why,)))

    assert ours(worded) == ours(for_chat(edited("b", "a")))
    for stretch in quoted(worded):
        assert "https://" not in stretch
    assert worded.text.count("https://") == 1


@given(HOSTILE, HOSTILE)
def test_on_a_terminal_never_begin_a_line_with_a_strangers_words(text: str, why: str) -> None:
    lines = for_terminal(message(post=post(text), why=(why,)), key="m-1").split("\n")

    assert all(line.startswith("  ") for line in lines[3:])
    assert all(ord(letter) >= 0x20 and not 0x7F <= ord(letter) <= 0x9F for line in lines for letter in line)


@given(st.builds(str.__mul__, st.text(max_size=20), st.integers(100, 3000)), st.integers(0, 5000), st.integers(0, 40))
@example("a" * 2000 + "👨‍👩‍👧" * 1000, 4000, 10)
@example("e" + "\u0301" * 10_000, 0, 0)
@example("\x00" * 9000, 9000, 30)
@example("\n" * 9000, 0, 0)
def test_in_a_chat_never_exceed_what_telegram_takes(text: str, before: int, reasons: int) -> None:
    long = message(
        post=post(text),
        event="edited",
        change=Change(before="й" * before),
        why=tuple("слово" * 50 for _ in range(reasons)),
    )

    worded = for_chat(long)

    assert units(worded.text) <= 4096
    assert sum(length for _, length in worded.quoted) <= units(worded.text)
    assert worded.text.endswith("record 0")


def test_of_a_long_post_say_where_the_rest_is() -> None:
    worded = for_chat(message("я" * 9000))

    assert "я [cut, full text: record #0]" in worded.text
    assert units(worded.text) > 4000


def test_give_a_short_text_its_room_and_the_rest_to_the_long_one() -> None:
    worded = for_chat(edited("Мост взорван", "я" * 9000))

    assert "Мост взорван" in worded.text
    assert units(worded.text) > 4000


def test_on_a_terminal_show_the_first_lines_of_a_long_post() -> None:
    lines = for_terminal(message("\n".join(f"line {number}" for number in range(50_000))), key="m-1").split("\n")

    assert len(lines) < 20
    assert "  | [cut, full text: record #0]" in lines


def post(text: str, **other: Any) -> PostRef:
    clean = text.encode("utf-8", "replace").decode()
    return msgspec.structs.replace(message().post, text=clean, **other)


def test_of_a_match_outside_the_text_name_the_words_that_were_found() -> None:
    owed = plan([said("")], [match(text="Мост")], told=[], before={}, audience=audience(), now=NOON)

    assert "«Мост» is a form of Мост" in for_chat(owed[0].message).text
