"""Which fault of the catalogue has which tests, and did they hold? `make faults` runs this.

    python tests/faults/table.py [--report REPORT.xml] [-o docs/faults.md]

It runs the tests whose names begin with the id of a fault, prints the table and writes it down. Exit code 1 where a fault of priority
0 or 1 has no test, or one that failed.
"""

import argparse
import ast
import re
import subprocess
import sys
import tempfile
import tomllib
import xml.etree.ElementTree as xml
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

TESTS = Path(__file__).parent.parent
CATALOGUE = Path(__file__).with_name("catalogue.toml")
PAGE = TESTS.parent / "docs" / "faults.md"
NAMED = re.compile(r"test_([a-z]{3})_(\d\d)_")


class Fault(NamedTuple):
    """`priority` 0: nothing ships without; 1: before the first user; 2: soon."""

    id: str
    priority: int
    words: str


class Held(NamedTuple):
    """How the tests of one fault went. `result`: held, failed, skipped, or no test."""

    fault: Fault
    tests: Mapping[str, int]
    """By where and how they are called, how many cases."""
    result: str
    why: str


def catalogue() -> list[Fault]:
    """Every fault, in the order of the file."""
    return [
        Fault(id, each["priority"], each["words"]) for id, each in tomllib.loads(CATALOGUE.read_text("utf-8")).items()
    ]


def fault_of(test: str) -> str | None:
    """The id of the fault that a test is named after."""
    found = NAMED.match(test)
    return f"{found[1].upper()}-{found[2]}" if found else None


def named() -> dict[str, list[str]]:
    """By the id of a fault, the tests that are named after it: read, not run."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_bytes(), path)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and (id := fault_of(node.name)):
                found[id].append(f"{path.relative_to(TESTS)}::{node.name}")
    return dict(found)


def judged(faults: Sequence[Fault], report: Path) -> list[Held]:
    """What pytest's own report (JUnit's XML) says of each fault."""
    cases: dict[str, Counter[str]] = defaultdict(Counter)
    failed, skipped = set[str](), defaultdict[str, list[str]](list)
    for case in xml.parse(report).iter("testcase"):
        name = case.get("name", "").split("[")[0]
        id = fault_of(name)
        if id is None:
            continue
        cases[id][f"{case.get('classname', '').removeprefix('tests.').replace('.', '/')}.py::{name}"] += 1
        if case.find("failure") is not None or case.find("error") is not None:
            failed.add(id)
        skip = case.find("skipped")
        if skip is not None:
            skipped[id].append(skip.get("message", ""))
    found = []
    for fault in faults:
        tests, skips = cases.get(fault.id, Counter()), skipped.get(fault.id, [])
        if not tests:
            result = "no test"
        elif fault.id in failed:
            result = "failed"
        elif len(skips) == tests.total():
            result = "skipped"
        else:
            result = "held"
        found.append(Held(fault, tests, result, "; ".join(sorted(set(skips)))))
    return found


def as_markdown(found: Sequence[Held]) -> str:
    counts = Counter(each.result for each in found)
    summary = ", ".join(f"{count} {result}" for result, count in sorted(counts.items()))
    lines = [
        "# Faults, and whether we hold",
        "",
        f"Written by `make faults`, which runs every test that is named after a fault: {summary}. P0: nothing ships without; P1: before",
        "the first user; P2: soon. A number behind a test counts its cases.",
        "",
        "| fault | | what happens | tests | result |",
        "|---|---|---|---|---|",
    ]
    for each in found:
        tests = "<br>".join(f"`{name}`{f' × {count}' if count > 1 else ''}" for name, count in each.tests.items())
        why = f" ({each.why})" if each.why else ""
        lines.append(
            f"| {each.fault.id} | P{each.fault.priority} | {each.fault.words} | {tests or '–'} | {each.result}{why} |"
        )
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--report", type=Path, help="a report that pytest wrote before (--junit-xml): nothing is run")
    parser.add_argument("-o", "--output", type=Path, default=PAGE)
    options = parser.parse_args(arguments)
    faults = catalogue()
    with tempfile.TemporaryDirectory() as directory:
        report = options.report or Path(directory) / "report.xml"
        if options.report is None:
            wanted = " or ".join(sorted({f"test_{fault.id.lower().replace('-', '_')}_" for fault in faults}))
            command = [sys.executable, "-m", "pytest", "-k", wanted, f"--junit-xml={report}", "--tb=short"]
            subprocess.run(command, cwd=TESTS.parent, check=False)
        found = judged(faults, report)
    options.output.write_text(as_markdown(found), encoding="utf-8")
    for each in found:
        where = ", ".join(each.tests) or "-"
        print(f"{each.fault.id}  P{each.fault.priority}  {each.result:<8} {sum(each.tests.values()):>4}  {where}")
    bad = [each.fault.id for each in found if each.fault.priority <= 1 and each.result in ("no test", "failed")]
    if bad:
        print(f"{len(bad)} faults without a test that holds: {', '.join(bad)}", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
