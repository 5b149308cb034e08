"""monitor init writes a first configuration …"""

import codecs
import fcntl
import json
import os
import pty
import select
import stat
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from commanding import Ended

from monitor.config import lacks, load
from monitor.config.naming import apart, in_table, named
from monitor.errors import ConfigError
from monitor.matching.matcher import Matcher, Subject

Run = Callable[..., Ended]
PATIENCE = 60.0
"""Seconds that a terminal may keep quiet before the test gives up."""


@pytest.fixture
def init(run: Run, tmp_path: Path) -> Run:
    """`monitor init …` into a directory that is not there yet."""
    return lambda *arguments: run("--config", str(tmp_path / "config"), "init", *arguments)


def files(directory: Path) -> list[str]:
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file())


# ------------------------------------------------------------------------------------------------------------- that is whole


def test_that_works_without_an_account(init: Run, tmp_path: Path) -> None:
    ended = init("vvgladkov", "@mod_russia", "https://t.me/s/GeneralStaffZSU")

    settings = load(tmp_path / "config", {}, secrets=True)
    assert ended.code == 0
    assert [(channel.username, channel.source) for channel in settings.channels] == [
        ("vvgladkov", "preview"),
        ("mod_russia", "preview"),
        ("GeneralStaffZSU", "preview"),
    ]
    assert (settings.accounts, [each.kind for each, _ in settings.subscribers]) == ((), ["console"])
    assert [story.id for story in settings.stories] == ["example"]
    assert lacks(settings) == []
    assert settings.store.path == tmp_path / "var/monitor.db"


def test_whose_sample_story_flags_what_it_says(init: Run, tmp_path: Path) -> None:
    init("vvgladkov")
    matcher = Matcher(load(tmp_path / "config", {}).stories)

    texts = ("Взрыв на Крымском мосту.", "The Kerch Bridge is closed.", "Крымский мост красив.", "Взрыв в городе.")
    found = matcher.match([Subject(None, (("text", text),)) for text in texts])

    assert [bool(sighting.flagged) for sighting in found] == [True, True, False, False]


def test_and_says_what_check_says(init: Run, run: Run, tmp_path: Path) -> None:
    ended = init("vvgladkov")
    checked = run("--config", str(tmp_path / "config"), "check")

    written, *_, sound = ended.out.splitlines()
    assert written == (
        f"{tmp_path}/config/ is written: channels.toml, monitor.toml, stories/example.toml, subscribers.toml; 1 channel"
    )
    assert sound == "The configuration is sound."
    assert ended.out.endswith(checked.out)


def test_for_its_owner_alone(init: Run, tmp_path: Path) -> None:
    init("vvgladkov")

    config = tmp_path / "config"
    assert [stat.S_IMODE(each.stat().st_mode) for each in (config, *(config / name for name in files(config)))] == (
        [0o700, 0o600, 0o600, 0o600, 0o600]
    )
    assert [path.name for path in tmp_path.iterdir()] == ["config"]


def test_and_tells_programs_what_it_did(init: Run, tmp_path: Path) -> None:
    ended = init("vvgladkov", "VVgladkov", "t.me/+AbCd", "--yes", "--json")

    (told,) = ended.lines
    assert ended.code == 0
    assert told.pop("check")["ok"] is True
    assert told == {
        "directory": str(tmp_path / "config"),
        "files": ["channels.toml", "monitor.toml", "stories/example.toml", "subscribers.toml"],
        "channels": ["vvgladkov"],
        "left_out": [
            {
                "given": "t.me/+AbCd",
                "where": None,
                "reason": "an invitation or a private channel; only public channels are watched",
            }
        ],
        "again": 1,
    }


def test_into_an_empty_directory_or_one_further_down(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    assert run("init", "vvgladkov", "--config", str(tmp_path / "empty")).code == 0
    assert run("init", "vvgladkov", "--config", str(tmp_path / "desk/one/config")).code == 0
    assert files(tmp_path / "empty") == files(tmp_path / "desk/one/config")


# ------------------------------------------------------------------------------------------------------------- or not at all


@pytest.mark.parametrize("there", ["monitor.toml", "channels.toml", "notes.txt", ".hidden"])
def test_never_over_what_is_there(there: str, init: Run, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / there).write_text("mine")

    ended = init("vvgladkov")

    assert ended.code == 2
    assert ended.err.startswith(f"{tmp_path}/config holds ")
    assert "nothing was written" in ended.err
    assert files(tmp_path) == [f"config/{there}"]
    assert (tmp_path / "config" / there).read_text() == "mine"


def test_never_through_a_link_or_over_a_file(init: Run, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "config").symlink_to(tmp_path / "elsewhere")
    through = init("vvgladkov")
    (tmp_path / "config").unlink()
    (tmp_path / "config").write_text("mine")
    over = init("vvgladkov")

    assert (through.code, over.code) == (2, 2)
    assert "nothing was written" in through.err
    assert "nothing was written" in over.err
    assert files(tmp_path) == ["config"]


def test_leaves_nothing_where_it_cannot_be_written(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    ended = run("init", "vvgladkov", "--config", str(tmp_path / "file/config"))

    assert ended.code == 2
    assert ended.err == f"{tmp_path}/file/config cannot be written: File exists\n"
    assert files(tmp_path) == ["file"]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("t.me/+AbCdEf", "an invitation or a private channel; only public channels are watched"),
        ("https://t.me/joinchat/AbCdEf", "an invitation or a private channel; only public channels are watched"),
        ("tg://join?invite=AbCdEf", "an invitation or a private channel; only public channels are watched"),
        ("https://t.me/c/1234567890/5", "an invitation or a private channel; only public channels are watched"),
        ("-1001234567890", "a number; by its number only an account finds a channel: write its public name"),
        ("1234567890", "a number; by its number only an account finds a channel: write its public name"),
        ("https://t.me/addstickers/Animals", "a link of Telegram's to something else (addstickers)"),
        ("https://example.org/vvgladkov", "must be a channel's public name"),
        ("ab", "must be a channel's public name"),
        ("владков", "must be a channel's public name"),
        ("--csvv", "must be a channel's public name"),
    ],
)
def test_of_nothing_that_can_be_no_public_channel(given: str, reason: str, init: Run, tmp_path: Path) -> None:
    ended = init("vvgladkov", given)

    assert ended.code == 2
    assert f": {reason}" in ended.err
    assert ended.err.endswith("nothing was written: 1 name of no channel; with --yes they are left out\n")
    assert list(tmp_path.iterdir()) == []
    assert init("vvgladkov", given, "--yes").code == 0


def test_of_no_channel_at_all_is_none(init: Run, tmp_path: Path) -> None:
    ended = init("t.me/+AbCdEf", "--yes")

    assert (ended.code, ended.err.splitlines()[-1]) == (2, "no channel was named; nothing was written")
    assert list(tmp_path.iterdir()) == []


def test_with_a_word_of_doubt_about_names_of_bots(init: Run) -> None:
    ended = init("news_bot")

    assert ended.code == 0
    assert "warning: news_bot is probably a bot's name; only channels can be watched" in ended.err


# ------------------------------------------------------------------------------------------------------------------ the names


@pytest.mark.parametrize(
    "given",
    [
        "vvgladkov", "@vvgladkov", "t.me/vvgladkov", "http://t.me/vvgladkov", "https://t.me/s/vvgladkov", "https://t.me/vvgladkov/123?single",
        "https://www.t.me/vvgladkov", "telegram.me/vvgladkov", "https://telegram.dog/vvgladkov", "https://T.me/vvgladkov/",
        "tg://resolve?domain=vvgladkov", "tg://resolve/?post=5&domain=vvgladkov", "https://vvgladkov.t.me", "vvgladkov.t.me/123",
        "<https://t.me/vvgladkov>", "«vvgladkov»", "vvgladkov.", '"@vvgladkov"', "https://t.me/vvgladkov?boost",
    ],
)  # fmt: skip
def test_takes_a_name_however_it_is_written(given: str) -> None:
    assert [each.username for each in named(given)] == ["vvgladkov"]


def test_takes_several_names_at_once_and_each_once() -> None:
    good, bad, again = apart(named("vvgladkov, @mod_russia;t.me/rybar\nVVGLADKOV  5"))

    assert [each.username for each in good] == ["vvgladkov", "mod_russia", "rybar"]
    assert ([each.given for each in bad], again) == (["5"], 1)


# ------------------------------------------------------------------------------------------------------------------ from a table


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("username\nvvgladkov\nmod_russia\n", [("vvgladkov", ""), ("mod_russia", "")]),
        ("Party;Link\nГубернатор;https://t.me/vvgladkov\n;@rybar\n", [("vvgladkov", "Губернатор"), ("rybar", "")]),
        ('\ufeffchannel\tparty\nvvgladkov\tA "governor"\\\\\n', [("vvgladkov", 'A "governor"\\\\')]),
        ('"Name","Link"\r\n"The governor","t.me/vvgladkov"\r\n', [("vvgladkov", "")]),
        ("\n\nvvgladkov\n\nmod_russia\n", [("vvgladkov", ""), ("mod_russia", "")]),
        ('party,channel\n"two\nlines\x1b[2J",vvgladkov\n,\n', [("vvgladkov", "two lines[2J")]),
    ],
)
def test_takes_names_from_a_table(text: str, meant: list[tuple[str, str]], init: Run, tmp_path: Path) -> None:
    table = tmp_path / "channels.csv"
    table.write_bytes(text.encode())

    ended = init("--csv", str(table))

    assert ended.code == 0, ended.err
    assert [(each.username, each.party) for each in load(tmp_path / "config", {}).channels] == meant


def test_says_in_which_line_of_a_table_a_name_is_none(init: Run, tmp_path: Path) -> None:
    table = tmp_path / "channels.csv"
    table.write_text("link\nvvgladkov\n\nt.me/+AbCdEf\n")

    ended = init("--csv", str(table))

    assert ended.code == 2
    assert ended.err.splitlines()[0] == (
        f"{table}:4: t.me/+AbCdEf: an invitation or a private channel; only public channels are watched"
    )


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "there is no channel in it"),
        (b"\n\n", "there is no channel in it"),
        (b"vvgladkov,1\nmod_russia,2\n", "no column is called channel, username, name or link"),
        (b"number,text\n1,2\n", "no column is called channel, username, name or link; its first line is number,text"),
        ("канал\nvvgladkov\n".encode(), "no column is called channel, username, name or link; its first line is канал"),
        ("link\nканал\n".encode("cp1251"), ":2: is not UTF-8; save it as CSV UTF-8"),
        ("link\nvvgladkov\n".encode("utf-16"), "is UTF-16; save it as CSV UTF-8"),
        (b'link\n"vvgladkov\n', "is no CSV"),
        (b"link\n" + b"a" * 200_000 + b"\n", "is no CSV"),
        (b"link\n" + b"abcde\n" * 1_000_000, "has more than 4,194,304 bytes"),
        (None, "No such file or directory"),
    ],
)
def test_says_what_is_wrong_with_a_table(data: bytes | None, words: str, tmp_path: Path) -> None:
    table = tmp_path / "channels.csv"
    if data is not None:
        table.write_bytes(data)

    with pytest.raises(ConfigError) as wrong:
        list(in_table(table))

    assert str(wrong.value).startswith(str(table))
    assert words in str(wrong.value)


# ------------------------------------------------------------------------------------------------------- from a pipe, a terminal


def command(tmp_path: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "monitor", "init", "--config", str(tmp_path / "config"), *arguments]


@pytest.mark.parametrize(
    ("given", "code", "told"),
    [
        (b"vvgladkov\n@mod_russia t.me/rybar\n", 0, ""),
        (b"\xef\xbb\xbfvvgladkov, mod_russia; rybar", 0, ""),
        (b"", 2, "no channel was named; nothing was written\n"),
        (b"\xff\xfe", 2, "standard input is not UTF-8\n"),
    ],
)
def test_takes_names_from_a_pipe(given: bytes, code: int, told: str, tmp_path: Path) -> None:
    ended = subprocess.run(command(tmp_path, "--json"), input=given, capture_output=True, check=False)

    assert (ended.returncode, ended.stderr.decode()) == (code, told)
    if code == 0:
        assert json.loads(ended.stdout)["channels"] == ["vvgladkov", "mod_russia", "rybar"]
    else:
        assert list(tmp_path.iterdir()) == []


class Terminal:
    """A command in a terminal of its own: what it shows, and what is typed."""

    def __init__(self, arguments: list[str]) -> None:
        self._master, slave = pty.openpty()
        environment = os.environ | {"TERM": "xterm", "NO_COLOR": "1", "COLUMNS": "200"}
        self.process = subprocess.Popen(
            arguments,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # so that Ctrl-C is heard
        )
        os.close(slave)
        self.shown = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")  # a letter may come in two pieces
        self._from = 0

    def until(self, words: str) -> None:
        """Waits until it has shown these, after what was waited for before."""
        while (place := self.shown.find(words, self._from)) < 0:
            assert self._more(), f"it ended before it said {words!r}:\n{self.shown}"
        self._from = place + len(words)

    def type(self, words: str) -> None:
        os.write(self._master, words.encode())

    def interrupt(self) -> None:
        """Presses Ctrl-C until it is heard: Python does not hear the one that comes right before it begins to wait for a line."""
        self.type("\x03")
        while not self._heard():
            self.type("\x03")

    def _heard(self) -> bool:
        try:
            self.process.wait(2)
        except subprocess.TimeoutExpired:
            return False
        return True

    def end(self) -> int:
        while self._more():
            pass
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._master)

    def _more(self) -> bool:
        ready, _, _ = select.select([self._master], [], [], PATIENCE)
        assert ready, f"it keeps quiet:\n{self.shown}"
        try:
            data = os.read(self._master, 4096)
        except OSError:  # nobody holds the other end any more
            return False
        self.shown = (self.shown + self._decoder.decode(data)).replace("\r\n", "\n")
        return bool(data)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def start(*arguments: str) -> Terminal:
        opened.append(Terminal(command(tmp_path, *arguments)))
        return opened[-1]

    yield start
    for each in opened:
        each.close()


def test_asks_in_a_terminal(terminal: Callable[..., Terminal], tmp_path: Path) -> None:
    table = tmp_path / "more.csv"
    table.write_text("link\nt.me/rybar\n")
    shown = terminal()

    shown.until("Channels (nothing more: Enter)")
    shown.type("vvgladkov, t.me/+AbCdEf @mod_russia\n")
    shown.until("t.me/+AbCdEf: an invitation or a private channel")
    shown.until("2 channels")
    shown.until("Channels (nothing more: Enter)")
    shown.type(f"{tmp_path}/nowhere.csv\n")
    shown.until("nowhere.csv: No such file or directory")
    shown.type(f"{table}\n")
    shown.until("1 channel")
    shown.until("Channels (nothing more: Enter)")
    shown.type("\n")
    shown.until("3 channels: vvgladkov, mod_russia, rybar; 1 name left out")
    shown.until(f"Write {tmp_path}/config/? [Y/n]")
    shown.type("\n")
    shown.until("The configuration is sound.")

    assert shown.end() == 0
    assert [each.username for each in load(tmp_path / "config", {}).channels] == ["vvgladkov", "mod_russia", "rybar"]


def test_ends_its_questions_where_the_input_ends(terminal: Callable[..., Terminal], tmp_path: Path) -> None:
    shown = terminal()

    shown.until("Channels (nothing more: Enter)")
    shown.type("vvgladkov\n")
    shown.until("Channels (nothing more: Enter)")
    shown.type("\x04")
    shown.until("[Y/n]")
    shown.type("y\n")

    assert shown.end() == 0
    assert (tmp_path / "config/channels.toml").exists()


def test_writes_nothing_where_somebody_says_no(terminal: Callable[..., Terminal], tmp_path: Path) -> None:
    shown = terminal("vvgladkov")

    shown.until("[Y/n]")
    shown.type("n\n")

    assert shown.end() == 1
    assert list(tmp_path.iterdir()) == []


def test_writes_nothing_where_somebody_interrupts(terminal: Callable[..., Terminal], tmp_path: Path) -> None:
    shown = terminal("vvgladkov")

    shown.until("[Y/n]")
    shown.interrupt()

    assert shown.end() == 130
    assert list(tmp_path.iterdir()) == []


def test_asks_nothing_with_yes(terminal: Callable[..., Terminal], tmp_path: Path) -> None:
    shown = terminal("vvgladkov", "t.me/+AbCdEf", "--yes")

    assert shown.end() == 0
    assert "[Y/n]" not in shown.shown
    assert [each.username for each in load(tmp_path / "config", {}).channels] == ["vvgladkov"]
