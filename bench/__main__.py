"""Measures, prints a table, and with `--write` keeps it as docs/benchmarks.md: `python -m bench [SECTION …] [--write]`."""

import argparse
import asyncio
import os
import platform
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

Rows = list[tuple[str, str]]


def whole() -> Rows:
    from bench.whole import throughput

    return asyncio.run(throughput())


def latency() -> Rows:
    from bench.whole import latency

    return asyncio.run(latency())


def store() -> Rows:
    from bench.store import measure

    return _flat(measure())


def searching() -> Rows:
    from bench.searching import measure

    return _flat(measure())


def opening() -> Rows:
    from bench.opening import measure

    return _flat(measure())


def matching() -> Rows:
    from bench.matching import additions, growth, measure, measure_stories

    by_names = {names: measure(names) for names in (10, 100, 1_000, 10_000, 100_000)}
    by_stories = {count: measure_stories(count) for count in (10, 1_000, 10_000)}
    return [
        *_flat({"the machine: ten million additions, s": additions()}),
        *(row for names, figures in by_names.items() for row in _flat(figures, f"{names:,} names: ")),
        *_flat(growth(by_names[100], by_names[10_000]), "100 to 10,000 names: "),
        *(row for count, figures in by_stories.items() for row in _flat(figures, f"{count:,} stories: ")),
    ]


def pages() -> Rows:
    from bench.pages import measure

    return asyncio.run(measure())


SECTIONS: Mapping[str, tuple[str, Callable[[], Rows]]] = {
    "whole": ("The whole daemon, wire to outbox", whole),
    "latency": ("From push to webhook", latency),
    "pages": ("The pages over 100,000 posts", pages),
    "store": ("The store", store),
    "searching": ("Search among a million posts", searching),
    "opening": ("Opening a ledger of ten million records", opening),
    "matching": ("Matching", matching),
}


def main() -> None:
    about = argparse.ArgumentParser(prog="make bench", description=__doc__)
    about.add_argument("section", nargs="*", help=f"of {', '.join(SECTIONS)}; all if none is named")
    about.add_argument("--write", action="store_true", help="keep the table as docs/benchmarks.md")
    wanted = about.parse_args()
    lines = [
        "# Benchmarks",
        "",
        f"Measured with `make bench` on {datetime.now(UTC).date()}: {os.cpu_count()} cores, Python {platform.python_version()}.",
        "Rates are medians with the lowest and highest of the repeats; machines differ and disks swing, so trust the ratios, whose",
        "two sides were measured in turn in one run.",
    ]
    for name in wanted.section or SECTIONS:
        title, measure = SECTIONS[name]
        print(f"measuring: {title}", file=sys.stderr)
        lines += ["", f"## {title}", "", "| what | figure |", "|---|---|"]
        lines += [f"| {what} | {figure} |" for what, figure in measure()]
    table = "\n".join(lines) + "\n"
    print(table)
    if wanted.write:
        Path("docs/benchmarks.md").write_text(table, encoding="utf-8")


def _flat(figures: Mapping[str, object], before: str = "") -> Rows:
    rows: Rows = []
    for what, figure in figures.items():
        if isinstance(figure, Mapping):
            rows += _flat(figure, f"{before}{what}: ")
        else:
            rows.append((f"{before}{what}", f"{figure:,.2f}" if isinstance(figure, float) else str(figure)))
    return rows


if __name__ == "__main__":
    main()
