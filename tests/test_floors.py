"""Imports point down, and the package keeps the habits of the house."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = Path(__file__).parent.parent / "monitor"

FLOORS = {
    0: ("model", "errors"),
    1: ("ports", "ledger"),
    2: ("matching", "alerting", "completeness", "telegram", "disk", "locks"),
    3: ("stages", "sources", "stores", "notifiers", "evidence", "rehearsal"),
    4: (
        *("daemon", "assembly", "config", "logs", "clock", "views", "backup", "exchange", "anchors"),
        *("watchdog", "service", "heart", "garbage", "loop", "compiling", "aside", "walking", "leaving"),
    ),
    5: ("cli", "web", "bot", "__main__"),
}
"""The lower may not know the upper. `telegram` is what the Telegram source and notifier share: the one door to Telethon."""

ASIDE = 3
"""The floor whose parts never import one another."""
PURE = ("model", "errors", "ledger", "matching", "alerting", "completeness")
"""No `async`, no clock, no randomness, no log lines: time comes in as a value, results go out as values."""
NOT_PURE = ("asyncio", "datetime.datetime.now", "logging", "random", "secrets", "structlog", "time", "uuid")
LIBRARIES = {
    "model": ("msgspec",),
    "errors": (),
    "ports": ("msgspec",),
    "ledger": ("msgspec", "cryptography"),
}
"""What the lowest floors may take beside the standard library."""
TELETHON = ("telegram", "sources.telegram", "notifiers.telegram", "rehearsal")
"""Who may import Telethon."""
PLAIN = {
    "Struct",
    "Protocol",
    "StrEnum",
    "NamedTuple",
    "Generic",
    "MonitorError",
    "Unavailable",
    "Refused",
    "Uncertain",
}
"""What a class may be derived from; exceptions besides."""
DERIVED = {
    "Commands": "click takes a Group, and loads its commands when it lists them",
    "_Bridge": "logging takes a Handler",
    "Impatient": "uvicorn takes a protocol of its own",
    "Gate": "Litestar takes an AbstractAuthenticationMiddleware",
    "Every": "APScheduler takes a BaseTrigger",
    "SeldomAsked": "asyncio takes a selector",
    "Dialler": "httpcore takes an AsyncNetworkBackend",
    "Forms": "whatever takes a Mapping takes no other class that is like one",
}
"""The classes that are derived because a library takes nothing else."""
LONGEST = 400
"""Lines of a file."""


class Import(NamedTuple):
    """`module` imports `name` on this line."""

    module: str
    line: int
    name: str

    def __str__(self) -> str:
        return f"monitor/{self.module.replace('.', '/')}.py:{self.line} imports {self.name}"


def _read() -> Iterator[tuple[str, Path, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")
        yield name, path, ast.parse(path.read_bytes(), path)


MODULES = list(_read())


def _imports() -> Iterator[Import]:
    for module, _, tree in MODULES:
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                yield from (Import(module, node.lineno, name.name) for name in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = node.module or ""
                yield from (Import(module, node.lineno, f"{base}.{name.name}") for name in node.names)


IMPORTS = list(_imports())


def part(module: str) -> str:
    return module.split(".", 1)[0]


def floor(module: str) -> int | None:
    return next((number for number, parts in FLOORS.items() if part(module) in parts), None)


def ours(found: Import) -> str | None:
    """What is imported of the package, without its name."""
    return found.name.removeprefix("monitor.") if found.name.startswith("monitor.") else None


OURS = [
    (found, inside) for found in IMPORTS if (inside := ours(found)) is not None and part(found.module) != "__init__"
]


def listed(found: list[str]) -> str:
    return "\n".join(["", *found])


def test_every_module_stands_on_a_floor() -> None:
    lost = [name for name, _, _ in MODULES if name != "__init__" and floor(name) is None]

    assert not lost, listed(lost)


def test_an_import_points_down_or_sideways() -> None:
    up = []
    for found, inside in OURS:
        above, below = floor(found.module), floor(inside)
        if above is not None and below is not None and below > above:
            up.append(str(found))

    assert not up, listed(up)


def test_stages_sources_stores_notifiers_evidence_and_rehearsal_do_not_know_one_another() -> None:
    beside = [
        str(found)
        for found, inside in OURS
        if floor(found.module) == floor(inside) == ASIDE and part(found.module) != part(inside)
    ]

    assert not beside, listed(beside)


def test_an_engine_shares_no_code_with_another() -> None:
    shared = [
        str(found)
        for found, inside in OURS
        if found.module.startswith("stores.")
        and inside.startswith("stores.")
        and found.module.split(".")[1] != inside.split(".")[1]
    ]

    assert not shared, listed(shared)


def test_only_what_puts_things_together_knows_which_store_and_sources_are_in_use() -> None:
    knowing = [
        str(found)
        for found, inside in OURS
        if part(inside) in ("stores", "sources")
        and (floor(found.module) or 0) < 4
        and part(found.module) != part(inside)
    ]

    assert not knowing, listed(knowing)


@pytest.mark.parametrize("name", PURE)
def test_a_pure_part_takes_its_time_as_a_value_and_logs_nothing(name: str) -> None:
    impure = [
        str(found)
        for found in IMPORTS
        if part(found.module) == name
        and any(found.name == word or found.name.startswith(f"{word}.") for word in NOT_PURE)
    ]
    for module, path, tree in MODULES:
        if part(module) == name:
            for node in ast.walk(tree):
                if isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith):
                    impure.append(f"{path}:{node.lineno} is async")
                if (
                    isinstance(node, ast.Attribute)
                    and node.attr in ("now", "utcnow", "today")
                    and isinstance(node.ctx, ast.Load)
                ):
                    impure.append(f"{path}:{node.lineno} asks what time it is")

    assert not impure, listed(impure)


@pytest.mark.parametrize("name", LIBRARIES)
def test_the_lowest_floors_need_next_to_nothing(name: str) -> None:
    taken = [
        str(found)
        for found in IMPORTS
        if part(found.module) == name
        and (top := found.name.split(".")[0]) not in (*LIBRARIES[name], "monitor")
        and top not in sys.stdlib_module_names
    ]

    assert not taken, listed(taken)


def test_telethon_has_one_door() -> None:
    others = [
        str(found)
        for found in IMPORTS
        if found.name.split(".")[0] == "telethon"
        and not any(found.module == door or found.module.startswith(f"{door}.") for door in TELETHON)
    ]

    assert not others, listed(others)


def test_nobody_shows_a_post_through_telethons_markup() -> None:
    """WEB-03: its `unparse` does not escape the language of a code block, and passes `javascript:` links."""
    found = [
        f"{path}:{node.lineno} unparse"
        for _, path, tree in MODULES
        for node in ast.walk(tree)
        if "unparse" in (getattr(node, "attr", ""), getattr(node, "id", ""))
    ]
    markup = ("telethon.extensions.html", "telethon.extensions.markdown")
    found += [str(each) for each in IMPORTS if f"{each.name}.".startswith(tuple(f"{name}." for name in markup))]

    assert not found, listed(found)


def test_no_file_is_longer_than_one_sitting() -> None:
    long = [
        f"{path}: {count} lines"
        for _, path, _ in MODULES
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST
    ]

    assert not long, listed(long)


def test_every_module_opens_with_what_it_answers() -> None:
    silent = [str(path) for _, path, tree in MODULES if not ast.get_docstring(tree)]

    assert not silent, listed(silent)


def test_nothing_rests_on_an_assert() -> None:
    """PRC-11: `python -O` leaves them out."""
    found = [
        f"{path}:{node.lineno}" for _, path, tree in MODULES for node in ast.walk(tree) if isinstance(node, ast.Assert)
    ]

    assert not found, listed(found)


def test_there_is_no_drawer_for_odds_and_ends() -> None:
    drawers = {"utils", "util", "helpers", "helper", "common", "base", "manager", "managers", "misc"}
    found = [name for name, _, _ in MODULES if drawers & set(name.split("."))]

    assert not found, listed(found)


def test_nobody_inherits_but_where_a_library_takes_nothing_else() -> None:
    found = []
    for _, path, tree in MODULES:
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and node.name not in DERIVED:
                bases = {ast.unparse(base).split("[")[0].split(".")[-1] for base in node.bases}
                if bases and not bases & PLAIN and not all(base.endswith(("Error", "Exception")) for base in bases):
                    found.append(f"{path}:{node.lineno} class {node.name}({', '.join(sorted(bases))})")

    assert not found, listed(found)
