"""What the documentation says is so: commands, options, exit codes, keys, examples."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from monitor.cli import COMMANDS, load
from monitor.config.files import ChannelsFile, MonitorFile, StoryFile, SubscribersFile
from monitor.config.fitting import leaves

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
OPERATIONS = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
COMMON = {"--config", "--json", "--verbose", "--help", "--version"}
FILES = {
    "monitor.toml": MonitorFile,
    "channels.toml": ChannelsFile,
    "subscribers.toml": SubscribersFile,
    "stories": StoryFile,
}


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command by the words that call it, groups and what is in them."""
    for name in COMMANDS:
        try:
            command = load(name)
        except ImportError:
            continue  # `test_a_command_loads` tells which one it is
        yield name, command
        if isinstance(command, click.Group):
            yield from ((f"{name} {inner}", found) for inner, found in command.commands.items())


ALL = dict(commands())
SINGLE = {name: command for name, command in ALL.items() if not isinstance(command, click.Group)}


def keys(file: str) -> list[str]:
    """The keys of a file, dotted; an array of tables by its name alone, `ID` where the operator chooses the word."""
    found = []
    for place in leaves(FILES[file]):
        words = [str(step) for step in place if not isinstance(step, int)]
        if words[0] == "entities":
            found += [f"entities.ID.{key}" for key in ("kind", "names", "case")]
        else:
            found.append(".".join([*words, "ID"] if words[0] == "topics" else words))
    return found


# ---------------------------------------------------------------------------------------------------------------- commands


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_loads(name: str) -> None:
    assert load(name).callback


@pytest.mark.parametrize("name", SINGLE)
def test_a_command_is_in_operations_with_all_its_options(name: str) -> None:
    rows = [line for line in OPERATIONS.splitlines() if re.search(rf"`monitor {name}[ `]", line)]
    options = [
        each.opts for each in SINGLE[name].params if isinstance(each, click.Option) and not COMMON & {*each.opts}
    ]

    assert rows, f"monitor {name} is not in docs/operations.md"
    assert [spelt for spelt in options if not any(option in " ".join(rows) for option in spelt)] == []


@pytest.mark.parametrize("name", ALL)
def test_a_commands_help_has_an_example_that_calls_it(name: str) -> None:
    words = ALL[name].help or ""

    assert "Example:" in words
    assert f"monitor {name}" in words.split("Example:")[1]


@pytest.mark.parametrize("name", ALL)
def test_an_example_in_help_names_only_options_that_there_are(name: str) -> None:
    """A misspelt option in an example is worse than no example."""
    known = COMMON | {option for each in ALL[name].params if isinstance(each, click.Option) for option in each.opts}
    if isinstance(found := ALL[name], click.Group):
        known |= {opt for inner in found.commands.values() for each in inner.params for opt in each.opts}

    shown = set(re.findall(r"(?<= )--?[a-z][a-z-]*", (ALL[name].help or "").split("Example:")[1]))

    assert shown <= known | {"-o", "-v"}


@pytest.mark.parametrize("code", [0, 1, 2, 3, 4, 130])
def test_every_exit_code_is_explained(code: int) -> None:
    assert re.search(rf"^\| {code} \| ", OPERATIONS, flags=re.MULTILINE)


# ----------------------------------------------------------------------------------------------------------- configuration


@pytest.mark.parametrize("file", FILES)
def test_every_key_is_in_the_example_configuration(file: str) -> None:
    path = ROOT / "config" / file
    text = "".join(each.read_text("utf-8") for each in ([path] if path.is_file() else sorted(path.glob("*.toml"))))

    missing = [
        key for key in keys(file) if not re.search(rf"\b{re.escape(key.split('.')[-1])}\b", text) and "ID" not in key
    ]

    assert missing == []


# ------------------------------------------------------------------------------------------------------------------ README


def shell_lines(page: str) -> list[str]:
    """What a reader would type: the lines of the code blocks, remarks taken off."""
    # All blocks are read, and then the shell's picked: the end of one in another language would else begin one.
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)
    shell = [block for language, block in blocks if language in ("", "sh", "shell", "console", "bash")]
    lines = [line.removeprefix("$ ").strip() for block in shell for line in block.splitlines()]
    return [re.sub(r"\s+# .*$", "", line) for line in lines if line and not line.startswith("#")]


def test_the_readme_begins_with_the_two_commands_that_matter() -> None:
    assert [line.split("#")[0].strip() for line in shell_lines(README)[:2]] == ["make demo", "make test"]


@pytest.mark.parametrize("command", ["check", "match"])
def test_the_readmes_examples_run(command: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "config", tmp_path / "config")
    lines = [line for line in shell_lines(README) if re.search(rf"\bmonitor {command}\b", line)]

    for line in lines:
        typed = re.sub(r"(?:\.venv/bin/)?\bmonitor (?=[a-z])", f'"{sys.executable}" -m monitor ', line)
        ended = subprocess.run(["/bin/sh", "-c", typed], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, f"{line}\n{ended.stderr}"

    assert lines, f"the README shows no monitor {command}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_link_to_another_page_leads_there(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text("utf-8"))

    assert [target for target in targets if "://" not in target and not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_file_that_a_page_names_is_there(page: Path) -> None:
    """Paths in backquotes that begin with a directory of this project."""
    named = re.findall(
        r"`((?:monitor|docs|tests|config|docker|bench)/[\w./-]+\.(?:py|md|toml|sql|json|jsonl))`",
        page.read_text("utf-8"),
    )

    assert [name for name in named if not (ROOT / name).exists()] == []
