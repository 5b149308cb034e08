"""The command line has its options before and behind the name, exit codes, and words instead of traces."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from commanding import Desk, Ended

from monitor.cli.exits import ending
from monitor.errors import AlreadyRunning, ConfigError, LedgerBroken, QueryError, Refused, Unavailable

Run = Callable[..., Ended]


def test_help_lists_every_command_and_shows_an_example(run: Run) -> None:
    ended = run("--help")

    assert ended.code == 0
    assert "monitor demo --once" in ended.out
    assert "verify" in ended.out


def test_help_waits_for_neither_telethon_nor_the_dictionaries() -> None:
    heavy = ("telethon", "pymorphy3", "daachorse", "aiosqlite", "apscheduler", "httpx", "cryptography")
    script = f"""if True:
        import sys
        from monitor.__main__ import main
        main(["--help"])
        sys.exit(" ".join(name for name in {heavy} if name in sys.modules))
    """

    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert told.stderr.strip() == ""


@pytest.mark.parametrize("arguments", [("--config", "{}", "check", "--json"), ("--json", "check", "--config", "{}")])
def test_options_stand_before_or_behind_the_commands_name(arguments: tuple[str, ...], run: Run, desk: Desk) -> None:
    ended = run(*(argument.format(desk.config) for argument in arguments))

    assert ended.code == 0
    assert ended.lines[0]["ok"] is True


def test_what_stands_behind_the_name_goes_first(run: Run, desk: Desk, tmp_path: Path) -> None:
    ended = run("--config", str(tmp_path / "elsewhere"), "check", "--config", str(desk.config))

    assert ended.code == 0


def test_a_slip_of_the_pen_is_met_with_the_nearest_word(run: Run) -> None:
    command, option = run("chek"), run("check", "--jsn")

    assert (command.code, option.code) == (2, 2)
    assert "Did you mean 'check'?" in command.err
    assert "--json" in option.err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Unavailable("the server is away"), 1),
        (Refused("no such post"), 1),
        (ConfigError("monitor.toml: store: must be a table"), 2),
        (QueryError("no term", query="AND", column=0), 2),
        (LedgerBroken("record 7 is missing", index=7), 3),
        (AlreadyRunning("another daemon has it", pid=42), 4),
        (FileNotFoundError(2, "No such file or directory", "posts.jsonl"), 1),
        (KeyboardInterrupt(), 130),
        (click.Abort(), 130),
        (click.UsageError("no"), 2),
        (ExceptionGroup("many", [Unavailable("away"), ConfigError("wrong")]), 2),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_every_error_has_its_exit_code_and_no_trace(
    error: BaseException, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    def command() -> None:
        raise error

    assert ending(command) == code
    assert "Traceback" not in capsys.readouterr().err


def test_a_bug_shows_its_trace_and_a_short_line(capsys: pytest.CaptureFixture[str]) -> None:
    def command() -> None:
        token = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
        raise KeyError(f"\x1b[2J {token}")

    assert ending(command) == 1
    told = capsys.readouterr().err
    assert "Traceback" in told
    assert told.splitlines()[-1] == "this is a bug: KeyError; please report it with the lines above"
    assert "\x1b" not in told
    assert "AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw'" not in told


@pytest.mark.parametrize(("answer", "code"), [(None, 0), (0, 0), (1, 1), (3, 3)])
def test_a_command_may_answer_with_a_code(answer: int | None, code: int) -> None:
    assert ending(lambda: answer) == code


def test_a_reader_that_has_seen_enough_is_left_in_peace() -> None:
    script = "import sys; from monitor.cli.exits import ending; from monitor.cli.screen import emit\n"
    script += "sys.exit(ending(lambda: [emit({'line': n}) for n in range(100_000)]))"
    piped = f'"{sys.executable}" -c "{script}" | head -n 1'

    told = subprocess.run(["/bin/sh", "-c", piped], capture_output=True, text=True, check=False)

    assert told.stdout == '{"line":0}\n'
    assert told.stderr == ""


def test_words_that_the_terminal_cannot_show_are_no_error(desk: Desk) -> None:
    desk.write("channels.toml", "[[channel]]\nusername = 'vvgladkov'\nsource = 'preview'\nparty = 'Белгород'\n")
    env = {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "NO_COLOR": "1"}

    told = subprocess.run(
        [sys.executable, "-m", "monitor", "--config", desk.config, "check"], capture_output=True, env=env, check=False
    )

    assert told.returncode == 0, told.stderr
    assert b"vvgladkov" in told.stdout


@pytest.mark.parametrize(("closing", "code"), [(">&-", 0), ("2>&-", 0), (">&- 2>&-", 0)])
def test_closed_streams_are_no_error(closing: str, code: int, desk: Desk) -> None:
    line = f'"{sys.executable}" -m monitor --config "{desk.config}" check {closing}'

    assert subprocess.run(["/bin/sh", "-c", line], check=False).returncode == code
