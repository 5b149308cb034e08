"""Every mistake in the configuration is told with its file, its key, what is wrong, and what would be right."""

import textwrap
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config import Mistakes, load
from monitor.errors import ConfigError

CASES = tomllib.loads((Path(__file__).parent / "mistakes.toml").read_text())["case"]


def wrote(directory: Path, files: dict[str, str]) -> Path:
    """A configuration directory with these files; what is not given is empty."""
    config = directory / "config"
    for name, text in ({"monitor.toml": ""} | files).items():
        (config / name).parent.mkdir(parents=True, exist_ok=True)
        (config / name).write_text(textwrap.dedent(text))
    return config


def told(config: Path, env: dict[str, str] | None = None) -> str:
    """What an operator reads, with the directory's name as he typed it."""
    with pytest.raises(ConfigError) as caught:
        load(config, env or {})
    return str(caught.value).replace(str(config), "config")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["mistake"])
def test_a_mistake_reads_like_this(case: dict, tmp_path: Path) -> None:
    config = wrote(tmp_path, case.get("files", {}))

    words = told(config, case.get("env"))

    if case.get("begins"):
        assert words.startswith(case["told"])
        assert "\n" not in words
    else:
        assert words == case["told"].strip()


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert told(tmp_path / "config") == (
        "config: no such directory; config/ of the project is an example to begin with, --config names another directory"
    )


def test_all_mistakes_of_all_files_are_told_together(tmp_path: Path) -> None:
    config = wrote(
        tmp_path,
        {
            "monitor.toml": "[stoer]\n",
            "channels.toml": "[[channel]]\n",
            "subscribers.toml": "[[subscriber]]\n",
            "stories/a.toml": "",
            "stories/b.toml": "title =",
        },
    )

    files = [line.split(":")[0] for line in told(config).splitlines()]

    assert files == [
        "config/monitor.toml",
        "config/channels.toml",
        "config/subscribers.toml",
        "config/subscribers.toml",
        "config/stories/a.toml",
        "config/stories/b.toml",
    ]


def test_each_mistake_is_a_value_for_programs_too(tmp_path: Path) -> None:
    with pytest.raises(Mistakes) as caught:
        load(wrote(tmp_path, {"monitor.toml": "\n[store\n"}), {})

    (mistake,) = caught.value.mistakes
    assert (mistake.file.endswith("monitor.toml"), mistake.line, mistake.key) == (True, 2, "")


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"\xef\xbb\xbf[store]", "1: begins with a byte order mark; save it as UTF-8 without one"),
        ("[store]".encode("utf-16"), "1: is UTF-16; save it as UTF-8"),
        ('[store]\npath = "Белгород"'.encode("cp1251"), "2: is not UTF-8 (byte 0xc1); save it as UTF-8"),
        (b"b = 1\na = " + b"[" * 20_000, "2: is nested too deeply"),
        (b"b = 1\na = [\n" + b"[" * 100 + b"]" * 100 + b"]", "3: is nested too deeply"),
        (b"a = " + b"{a = " * 20_000, "1: is nested too deeply"),
        (b"\n" + b".".join([b"a"] * 60_000) + b" = 1", "2: has a key of more than 16 parts"),
        (b"\n[ " + b" . ".join([b'"a"'] * 60_000) + b" ]", "2: has a key of more than 16 parts"),
        (b"a = { " + b".".join([b"'a'"] * 60_000) + b" = 1 }", "1: has a key of more than 16 parts"),
        (b"a = " + b"9" * 20_000, " is no TOML: Exceeds the limit"),
    ],
    ids=[
        "byte order mark",
        "UTF-16",
        "a Windows code page",
        "nested 20,000 deep",
        "nested 100 deep",
        "tables nested 20,000 deep",
        "a key of 60,000 parts",
        "a table of 60,000 parts",
        "a key of 60,000 parts in a table on one line",
        "a number of 20,000 digits",
    ],
)
def test_bytes_that_are_no_toml_are_told_with_the_line(data: bytes, problem: str, tmp_path: Path) -> None:
    config = wrote(tmp_path, {})
    (config / "monitor.toml").write_bytes(data)

    assert told(config).startswith(f"config/monitor.toml:{problem}")


def test_a_variable_of_60000_parts_is_text(tmp_path: Path) -> None:
    deep = "{ " + ".".join(["a"] * 60_000) + " = 1 }"

    assert told(wrote(tmp_path, {}), {"MONITOR_COLLECT__POLL_SECONDS": deep}) == (
        "environment: MONITOR_COLLECT__POLL_SECONDS: must be a number from 0.1 to 86400, not text"
    )


DOTS, BRACKETS = "a." * 30, "[" * 60


@pytest.mark.parametrize(
    "text",
    [
        f'title = "{DOTS} {BRACKETS}"',
        f"title = '{DOTS} {BRACKETS}'",
        f'title = """\n{DOTS} {BRACKETS} ""quoted \\""" and more {DOTS}"""""',
        f"title = '''\n{DOTS} {BRACKETS} it''s more {DOTS}'''''",
        f"title = 'A' # {DOTS} {BRACKETS} \"",
        "title = 'A' # it's\n[topics]\n" + "".join(f"a{number} = 'x'\n" for number in range(99)),
    ],
    ids=["text", "as it is", "several lines", "several lines as they are", "a remark", "an apostrophe in a remark"],
)
def test_text_and_remarks_may_have_dots_and_brackets(text: str, tmp_path: Path) -> None:
    assert load(wrote(tmp_path, {"stories/a.toml": text}), {}).stories


def test_as_many_mistakes_are_told_as_somebody_will_read(tmp_path: Path) -> None:
    keys = "".join(f"key{number} = 1\n" for number in range(20_000))

    lines = told(wrote(tmp_path, {"monitor.toml": keys})).splitlines()

    assert lines[-1] == "config/monitor.toml: and 19,900 more mistakes"
    assert len(lines) == 101


def test_a_file_of_100_mb_is_not_read(tmp_path: Path) -> None:
    config = wrote(tmp_path, {})
    with (config / "channels.toml").open("wb") as file:
        file.truncate(100 << 20)

    assert told(config) == "config/channels.toml: has 104,857,600 bytes; at most 4,194,304 are read"


def test_a_fifo_in_place_of_a_file_does_not_hold_us(tmp_path: Path) -> None:
    import os

    config = wrote(tmp_path, {})
    os.mkfifo(config / "channels.toml")

    assert told(config) == "config/channels.toml: is no regular file"


@pytest.mark.parametrize("name", ["monitor.toml", "channels.toml", "subscribers.toml", "stories/a.toml"])
def test_a_link_that_leads_nowhere_is_no_missing_file(name: str, tmp_path: Path) -> None:
    config = wrote(tmp_path, {"stories/b.toml": "title = 'B'"})
    (config / name).unlink(missing_ok=True)
    (config / name).symlink_to("nowhere")

    assert told(config) == f"config/{name}: is a link to nowhere, and there is no such file"


@pytest.mark.parametrize("name", ["channels.toml", "subscribers.toml", "stories/a.toml"])
def test_a_link_in_a_circle_is_no_missing_file(name: str, tmp_path: Path) -> None:
    config = wrote(tmp_path, {"stories/b.toml": "title = 'B'"})
    (config / name).symlink_to(Path(name).name)

    assert told(config) == f"config/{name}: cannot be read: Too many levels of symbolic links"


@pytest.mark.parametrize(
    ("what", "problem"),
    [
        ("a file", "cannot be read: Not a directory"),
        ("a link to nowhere", "is a link to nowhere, and there is no such directory"),
        ("a link in a circle", "cannot be read: Too many levels of symbolic links"),
    ],
)
def test_stories_that_are_no_directory_are_told_and_nothing_that_follows(
    what: str, problem: str, tmp_path: Path
) -> None:
    desk = "[[subscriber]]\nname = 'desk'\nstories = ['raid']\nvia = { kind = 'console' }"
    config = wrote(tmp_path, {"subscribers.toml": desk})
    if what == "a file":
        (config / "stories").write_text("title = 'Raid'")
    else:
        (config / "stories").symlink_to("stories" if "circle" in what else "nowhere")

    assert told(config) == f"config/stories: {problem}"


@given(data=st.binary(max_size=200))
def test_whatever_bytes_a_file_has_they_load_or_are_told(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    config = wrote(tmp_path_factory.mktemp("any"), {})
    for name in ("monitor.toml", "channels.toml", "subscribers.toml"):
        (config / name).write_bytes(data)

    try:
        load(config, {})
    except ConfigError as error:
        assert "config/" in str(error)  # noqa: PT017


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "via", "kind", "dc"]), inner),
    max_leaves=8,
)


@given(value=_VALUES, data=st.data())
def test_whatever_stands_under_a_key_it_loads_or_the_key_is_told(
    value: object, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    key = data.draw(st.sampled_from(["STORE__PATH", "COLLECT__REREAD", "COLLECT__LATE_SECONDS", "LEDGER__ORIGIN"]))
    config = wrote(tmp_path_factory.mktemp("any"), {})
    variable = f"MONITOR_{key}"

    try:
        load(config, {variable: repr(value)})
    except ConfigError as error:
        assert variable in str(error)  # noqa: PT017
