"""Does it bear a million posts, killed and cheated all the while? `make soak`, or `make soak ARGS="--posts 20000 --kills 5"`.

A rehearsal, its nemesis and the daemon, each a process of its own, as in the set test. Ends with 1 if anything was lost, doubled,
made up or left undeclared, or if the ledger does not verify; prints what the daemon took of the machine, life by life.
"""

import argparse
import asyncio
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from haunting import Outcome, Plan, Sample, haunted

MB = 1_000_000
TELL_EVERY = 10
"""Seconds."""


def main() -> None:
    about = argparse.ArgumentParser(prog="make soak", description=__doc__)
    about.add_argument("--posts", type=int, default=1_000_000)
    about.add_argument("--channels", type=int, default=200)
    about.add_argument("--kills", type=int, default=20)
    about.add_argument("--rate", type=float, default=500, help="posts a second")
    about.add_argument("--seed", type=int, default=20230604)
    about.add_argument("--patience", type=float, default=24 * 3600, help="seconds for everything to settle at the end")
    about.add_argument("--speed", type=float, default=1, help="how many times as fast the daemon's clock runs")
    plan = Plan(**vars(about.parse_args()))
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        outcome = asyncio.run(haunted(Path(folder), plan, told=Progress(plan)))
    print(file=sys.stderr)
    print(table(outcome))
    wrong = outcome.wrong()
    for what, some in wrong.items():
        print(f"{what}: {some}")
    sys.exit(1 if wrong else 0)


class Progress:
    """One line, told now and then."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._told = -float(TELL_EVERY)

    def __call__(self, sample: Sample) -> None:
        if sample.at - self._told < TELL_EVERY:
            return
        self._told = sample.at
        phase = "" if sample.posts < self._plan.posts else ", settling"
        print(
            f"\r{sample.at:7,.0f} s  {sample.posts:9,} of {self._plan.posts:,} posts{phase}, killed {sample.life} times,"
            f" {sample.memory / MB:,.0f} MB, {sample.files} files, {sample.threads} threads, WAL {sample.wal / MB:,.1f} MB ",
            end="",
            file=sys.stderr,
            flush=True,
        )


def table(outcome: Outcome) -> str:
    lines = [
        f"{outcome.posts:,} posts, {sum(outcome.records.values()):,} records, {outcome.alerts:,} alerts; {outcome.done}",
        "",
        "| life | minutes | posts | MB at first | MB at last | MB an hour | files | threads | largest WAL, MB |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lives: dict[int, list[Sample]] = defaultdict(list)
    for sample in outcome.samples:
        lives[sample.life].append(sample)
    lines += [_row(life, samples) for life, samples in lives.items()]
    return "\n".join(lines)


def _row(life: int, samples: Sequence[Sample]) -> str:
    """Memory from a third of the life on: before, it is filled."""
    warm = samples[len(samples) // 3 :]
    hours = (warm[-1].at - warm[0].at) / 3600
    slope = f"{(warm[-1].memory - warm[0].memory) / MB / hours:.1f}" if hours > 0.05 else "too short"
    cells = [
        life,
        f"{(samples[-1].at - samples[0].at) / 60:.1f}",
        f"{samples[-1].posts - samples[0].posts:,}",
        f"{warm[0].memory / MB:.0f}",
        f"{warm[-1].memory / MB:.0f}",
        slope,
        f"{min(each.files for each in warm)} to {max(each.files for each in warm)}",
        f"{min(each.threads for each in warm)} to {max(each.threads for each in warm)}",
        f"{max(each.wal for each in samples) / MB:.1f}",
    ]
    return f"| {' | '.join(map(str, cells))} |"


if __name__ == "__main__":
    main()
