"""A long haul with everything going wrong: nothing is lost, doubled, made up or left undeclared (I1, I2, I3), and the daemon does
not grow"""

import asyncio

import pytest
from haunting import Outcome, Plan, haunted
from measuring import FULL, Measured

PLAN = (
    Plan(posts=200_000, channels=200, kills=20, rate=500, patience=3000, killing=0.3)
    if FULL
    else Plan(posts=5_000, channels=20, kills=4, rate=250, patience=200, speed=8)
)
DAY = 100_000
"""Posts of a day: what two hundred busy channels publish."""
MB = 1_000_000
LARGEST_WAL = 64 * MB

pytestmark = pytest.mark.timeout(3 * PLAN.posts / PLAN.rate + 30 * PLAN.kills + PLAN.patience)


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """What came of the long haul; the one that both tests look at."""
    return asyncio.run(haunted(tmp_path_factory.mktemp("haunted"), PLAN))


def test_every_post_of_every_channel_is_accounted_for(outcome: Outcome, measured: Measured) -> None:
    assert outcome.wrong() == {}
    assert outcome.done["posts"] == PLAN.posts
    assert (outcome.done["too long"], outcome.done["kick"]) == (20, 10)
    assert (outcome.done["flood"], outcome.done["disconnect"]) == (10, 10)
    said = ", ".join(f"{times:,} {what}" for what, times in sorted(outcome.done.items()) if what != "posts")
    measured("posts published under a nemesis", outcome.posts, f"{PLAN.channels} channels, {PLAN.kills} kills; {said}")
    measured("lost, doubled, made up, undeclared", "0, 0, 0, 0", f"of {sum(outcome.records.values()):,} records")
    measured("flagged posts told", outcome.alerts, "each once")


def test_prc_09_a_long_haul_leaves_memory_files_threads_and_the_wal_as_they_were(
    outcome: Outcome, measured: Measured
) -> None:
    warm = outcome.longest()
    files, threads = [sample.files for sample in warm], [sample.threads for sample in warm]
    hours = 24 * (warm[-1].posts - warm[0].posts) / DAY

    assert max(files) - min(files) <= 4, files
    assert max(threads) - min(threads) <= 4, threads
    assert outcome.samples[-1].wal <= LARGEST_WAL
    growth = (warm[-1].memory - warm[0].memory) / MB
    if FULL:
        assert growth <= hours, "more than a megabyte for each hour of a day of 100,000 posts"
    measured("memory grown, MB", f"{growth:.1f}", f"in {hours:.1f} hours of a day of {DAY:,} posts")
    measured("files, threads", f"{max(files)}, {max(threads)}", f"never fewer than {min(files)}, {min(threads)}")
    measured("WAL at the end, MB", f"{outcome.samples[-1].wal / MB:.1f}")
