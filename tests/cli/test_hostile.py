"""Whatever a stranger writes, on the terminal it is read and does nothing else (HOS-03, HOS-04, HOS-05, HOS-12)."""

import io
import json
import re
from contextlib import redirect_stdout

import pytest
from builders import BRIDGE, NOON, revision
from commanding import Desk
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from monitor.cli.screen import Piece, as_json, emit, line, say, say_pieces, say_table
from monitor.model.channel import Identity
from monitor.views.changes import changes

UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]")
ANYTHING = st.text(alphabet=st.characters(exclude_categories=()))
HOSTILE = {
    "clears the screen": "\x1b[2J\x1b[H",
    "a link that is none": "\x1b]8;;https://evil.example\x1b\\good.example\x1b]8;;\x1b\\",
    "writes to the clipboard": "\x1b]52;c;ZXZpbA==\x07",
    "a C1 introducer": "\x9b2J",
    "writes over the line": "all is well\rFALSE ALARM",
    "takes letters back": "evil\x08\x08\x08\x08good",
    "writing turned round": "\u202egpj.exe",
    "isolates": "\u2066evil\u2069",
    "lines by other means": "one\u2028two\u2029three\x85four\x0bfive\x0csix",
    "rich's markup": "[bold red]alarm[/] [link=https://evil.example]x[/link] :warning:",
    "a line of ours": "x\n\nrecord 1 speaks of nothing (low)\npublished, seen 2023-06-04T12:00:00Z",
    "invisible letters": "bri\u200bdge \u2060\ufeff",
    "half a character": "\ud83d alone \udcff",
    "NUL and noncharacters": "\x00 \ufffe \U0010ffff",
    "format strings": "{0.__class__} %s%n ${jndi:ldap://x} {{7*7}} $(id)",
}


def printed(work: object) -> str:
    """What reaches standard output."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="utf-8", errors="backslashreplace", write_through=True)
    with redirect_stdout(stream):
        work()  # type: ignore[operator]
    return raw.getvalue().decode()


@given(words=ANYTHING)
def test_no_way_to_print_lets_a_control_character_through(words: str) -> None:
    ways = (
        lambda: say(words),
        lambda: say(words, style="bold"),
        lambda: say_table(("a", words), [(words, 1), ("x", words)]),
        lambda: say_pieces([Piece(words), Piece(words, "[-", "-]", "red")], indent="  | "),
        lambda: emit({words: [words, {"x": words}]}),
    )

    for way in ways:
        assert not UNSEEN.search(printed(way))


@given(words=ANYTHING)
def test_a_cell_is_one_line(words: str) -> None:
    assert "\n" not in line(words)
    assert printed(lambda: say_table(("a",), [(words,)])).count("\n") == 2


@given(words=ANYTHING)
def test_every_line_of_a_text_stands_behind_its_indent(words: str) -> None:
    lines = printed(lambda: say_pieces([Piece(words)], indent="  | ")).split("\n")

    assert all(each.startswith("  |") for each in lines[:-1])


class Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    "words", ["x" * 500, "bridge " * 100, "桥" * 300, " " * 200 + "record 1 speaks of nothing", "a\n\nb", ""]
)
def test_not_even_a_terminal_that_is_too_narrow_begins_a_line_without_the_indent(words: str) -> None:
    stream = Terminal(io.BytesIO(), encoding="utf-8")
    with redirect_stdout(stream):
        say_pieces([Piece(words, style="red")], indent="  | ")
        stream.flush()
    lines = re.sub("\x1b\\[[0-9;]*m", "", stream.buffer.getvalue().decode()).split("\n")

    assert all(each.startswith("  |") for each in lines[:-1])
    assert max(map(cell_len, lines)) <= Console(file=stream).width


@given(
    value=st.recursive(
        ANYTHING | st.integers() | st.booleans() | st.none(), lambda inner: st.lists(inner), max_leaves=5
    )
)
def test_json_is_strict_and_exact(value: object) -> None:
    def exact(given: object) -> object:
        if isinstance(given, list):
            return [exact(each) for each in given]
        too_large = isinstance(given, int) and not isinstance(given, bool) and abs(given) > 2**53
        return str(given) if too_large else given

    assert json.loads(as_json(value).decode("utf-8")) == exact(value)


@given(before=ANYTHING, after=ANYTHING)
def test_a_difference_loses_no_word(before: str, after: str) -> None:
    pieces = list(changes(before, after))

    assert "".join(words for what, words in pieces if what != "gone") == after
    assert "".join(words for what, words in pieces if what != "new") == before


@pytest.mark.parametrize("payload", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_post_goes_through_every_command_and_does_nothing(payload: str, desk: Desk) -> None:
    desk.write("stories/bridge.toml", "title = 'B'\n[topics]\nbridge = 'bridge'\n[[flag]]\nwhen = 'bridge'\n")
    hostile = Identity(id=BRIDGE.id, username="bridge_news", title=payload)
    posts = desk.base / "posts.jsonl"
    said = {"channel": "bridge_news", "id": 2, "date": "2023-06-04T13:00:00Z", "text": f"bridge {payload}"}
    posts.write_text(json.dumps(said) + "\n" + json.dumps({"channel": payload, "id": payload}) + "\n")
    desk.fill(lambda store: store.ledger.append([revision(f"bridge {payload}", channel=hostile)]))
    desk.fill(
        lambda store: store.ledger.append(
            [revision(f"bridge, {payload} again", channel=hostile, edited_at=NOON + 1, observed_at=NOON + 2)]
        )
    )
    desk.run("import", str(posts))

    for command in (
        ["match", str(posts)],
        ["match", str(posts), "--all", "--json"],
        ["search", "bridge"],
        ["search", "bridge", "--json"],
        ["show", "bridge_news/1"],
        ["show", "bridge_news/1", "--json"],
        ["story", "show", "bridge"],
        ["export", "--format", "jsonl", "-o", "-"],
        ["status"],
        ["search", "bridge", "--channel", payload],
        ["story", "show", payload],
    ):
        ended = desk.run(*command)

        assert not UNSEEN.search(ended.out), command
        assert not UNSEEN.search(ended.err), command
        assert "Traceback" not in ended.err, ended.err


def test_markup_of_our_own_printer_is_shown_and_not_obeyed(desk: Desk) -> None:
    desk.fill(lambda store: store.ledger.append([revision("[bold]x[/bold] :warning: [/]")]))

    assert "  | [bold]x[/bold] :warning: [/]" in desk.run("show", "bridge_news/1").out


def test_a_post_that_imitates_our_lines_stays_behind_its_bar(desk: Desk) -> None:
    desk.fill(lambda store: store.ledger.append([revision(HOSTILE["a line of ours"])]))

    shown = desk.run("show", "bridge_news/1").out

    assert "\n  | record 1 speaks of nothing (low)\n" in shown
    assert "\nrecord 1 speaks" not in shown
