"""A whole installation, haunted: a rehearsal with a nemesis in one process, the daemon in another that is killed again and again,
and the count of what was lost, doubled, made up or left undeclared at the end."""

import asyncio
import os
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
from installation import PHONE, Installation, Receiver

from monitor.model.alert import State
from monitor.model.instant import HOUR, Instant
from monitor.model.post import PostId
from monitor.model.record import Flagged, Kind
from monitor.rehearsal import Remote, launch, sign_in
from monitor.stores.sqlite.store import SqliteStore, open_store

FLAGGED = "Взрыв на Крымском мосту"
STRIDE = 25
"""Posts that the nemesis publishes at a time."""
READ = 5_000
"""Records read at a time."""
AWAY = 0.4
"""Of the posts between two deaths, so many at most are published before the daemon must be back."""
REREAD = (1, 6)
"""Seconds after which the daemon looks at each post again; the last look comes when the nemesis has let go of the post."""

Key = tuple[str, PostId]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """`rate`: posts a second. `patience`: seconds for everything to settle after the last post. `speed`: how many times as fast
    the daemon's clock runs: a minute between two looks is long where many tests wait their turn. `killing`: the share of the posts
    during which the daemon is killed; afterwards it lives long enough to show whether it grows."""

    posts: int
    channels: int
    kills: int
    rate: float
    seed: int = 20230604
    patience: float = 300
    speed: float = 1
    killing: float = 0.6
    ills: dict[str, Any] = {}


class Sample(msgspec.Struct, frozen=True):
    """What the daemon takes of the machine at one moment. Times in seconds, sizes in bytes. `life`: how often it was killed before."""

    at: float
    life: int
    posts: int
    memory: int
    files: int
    threads: int
    wal: int


class Outcome(msgspec.Struct):
    """What was not as it must be, and how much there was of what."""

    lost: list[object] = []
    doubled: list[object] = []
    phantom: list[object] = []
    undeclared: list[object] = []
    stale: list[object] = []
    undead: list[object] = []
    untold: list[object] = []
    told_twice: list[object] = []
    verified: str = ""
    done: dict[str, int] = {}
    posts: int = 0
    records: Counter[str] = Counter()
    alerts: int = 0
    samples: list[Sample] = []

    def longest(self) -> list[Sample]:
        """The second half of the longest life during which posts were published: what it takes when it is warm."""
        lives: dict[int, list[Sample]] = defaultdict(list)
        for sample in self.samples:
            lives[sample.life].append(sample)
        life = max(lives.values(), key=lambda life: life[-1].posts - life[0].posts)
        return life[len(life) // 2 :]

    def wrong(self) -> dict[str, object]:
        """What is wrong, by its name, and some of each; nothing, where all is well."""
        kinds = ("lost", "doubled", "phantom", "undeclared", "stale", "undead", "untold", "told_twice")
        found: dict[str, object] = {kind: (len(each), each[:5]) for kind in kinds if (each := getattr(self, kind))}
        return found | ({"verify": self.verified} if self.verified else {})


async def haunted(base: Path, plan: Plan, *, told: Callable[[Sample], object] = lambda sample: None) -> Outcome:
    """Runs the plan to its end, and counts. `told` hears of the daemon once a second."""
    names = [f"channel_{number:03}" for number in range(plan.channels)]
    async with launch("--packet", "20") as telegram, Receiver().open() as receiver:
        for name in names:
            await telegram.do("add_channel", username=name)
        await telegram.do("add_account", phone=PHONE, joined=names)
        installation = Installation(base, port=telegram.port, public_key=telegram.public_key)
        await sign_in(telegram, installation.session, PHONE)
        looks = ", ".join(f'"{delay}s"' for delay in _delays(plan))
        installation.write(channels=names, webhook=receiver.url, collect=f"poll_seconds = 2\nreread = [{looks}]")
        haunting = _Haunting(plan, telegram, installation, told)
        async with open_store(installation.store) as store:
            done = await haunting.run(store, names)
            outcome = await count(store, telegram, names)
        outcome.done, outcome.samples = done, haunting.samples
        hooks = Counter(key for key, _, _ in receiver.received)
        outcome.told_twice += [key for key, times in hooks.items() if times > 1][plan.kills :]
    code, _, complaint = await installation.command("verify", seconds=600)
    outcome.verified = "" if code == 0 else f"{code}: {complaint}"
    return outcome


class _Haunting:
    def __init__(
        self, plan: Plan, telegram: Remote, installation: Installation, told: Callable[[Sample], object]
    ) -> None:
        self.samples: list[Sample] = []
        self._plan = plan
        self._telegram = telegram
        self._installation = installation
        self._told = told
        self._daemon: asyncio.subprocess.Process | None = None
        self._posts = self._life = self._begun = 0
        self._held = 0
        """How many records there were when everything that had happened was in the ledger."""
        self._since = _now()

    async def run(self, store: SqliteStore, names: Sequence[str]) -> dict[str, int]:
        await self._begin()
        await until(lambda: met(store, len(names)), seconds=120)
        sampling = asyncio.create_task(self._sample())
        try:
            await self._act(store)
            done: dict[str, int] = await self._telegram.do("relent")
            await self._end()
            await self._begin()
            await until(lambda: self._settled(store), seconds=self._plan.patience)
        finally:
            sampling.cancel()
            await asyncio.gather(sampling, return_exceptions=True)
            if self._daemon is not None and self._daemon.returncode is None:
                self._daemon.terminate()
                await self._daemon.wait()
        if sampling.done() and not sampling.cancelled() and (error := sampling.exception()):
            raise error
        if self._daemon is None or self._daemon.returncode:
            raise RuntimeError(f"the daemon ended wrong:\n{self._installation.log()}")
        return done

    async def _act(self, store: SqliteStore) -> None:
        """The nemesis publishes at its pace; the daemon dies at drawn moments, stays away for some posts, and comes back."""
        plan, chance, clock = self._plan, random.Random(self._plan.seed), asyncio.get_running_loop().time
        ills = {"posts": plan.posts, "seed": plan.seed, "words": FLAGGED, **plan.ills}
        await self._telegram.do("haunt", account=PHONE, ills=ills)
        stretch = plan.posts * plan.killing / (plan.kills + 1)
        deaths = [int(stretch * (number + chance.uniform(0.7, 1.3))) for number in range(plan.kills, 0, -1)]
        left, back, at = plan.posts, 0, clock()
        while left:
            left = await self._telegram.do("act", count=STRIDE)
            self._posts = plan.posts - left
            if deaths and deaths[-1] <= self._posts:
                deaths.pop()
                await self._end()
                await self._begin()
                back = self._posts + int(stretch * chance.uniform(0, AWAY))
            if back and back <= self._posts:
                back, at = 0, await self._at_work(store)
            at += STRIDE / plan.rate
            await asyncio.sleep(max(0.0, at - clock()))  # the pace of whoever publishes

    async def _begin(self) -> None:
        self._begun = self._daemons_time()
        if self._plan.speed == 1:
            self._daemon = await self._installation.start()
            return
        program = (str(Path(__file__).with_name("hurried.py")), str(self._installation.config))
        self._daemon = await self._installation.launch(*program, str(self._plan.speed), str(self._since))

    def _daemons_time(self) -> Instant:
        return self._since + int((_now() - self._since) * self._plan.speed)

    async def _end(self) -> None:
        assert self._daemon is not None
        self._require_life()
        self._daemon.kill()
        await self._daemon.wait()
        self._life += 1

    async def _at_work(self, store: SqliteStore) -> float:
        """Returns when the daemon has been in contact with a channel in this life; the time."""

        async def in_contact() -> bool:
            self._require_life()
            return any(contact.at > self._begun for contact in await store.peers.contacts())

        await until(in_contact, seconds=120)
        return asyncio.get_running_loop().time()

    def _require_life(self) -> None:
        if self._daemon is None or self._daemon.returncode is not None:
            raise RuntimeError(f"the daemon died by itself:\n{self._installation.log()}")

    async def _settled(self, store: SqliteStore) -> bool:
        """All that happened is recorded, matched and told; every post was looked at again, and nothing is due to be."""
        self._require_life()
        marks: dict[str, list[int]] = await self._telegram.do("marks")
        reached = {contact.channel.username: contact.pts for contact in await store.peers.contacts()}
        if any(reached.get(name) != pts for name, (_, pts) in marks.items()):
            return False
        if not self._held:
            self._held = await store.ledger.size()
        stages = ["detect", *(f"reread {delay} s" for delay in _delays(self._plan))]
        if any([await store.positions.position(stage) < self._held for stage in stages]):
            return False
        later = 24 * HOUR + (await store.peers.contacts())[0].at
        untold = await store.outbox.next_due(), await store.outbox.next_ripe()
        return not await store.agenda.due(later, limit=1) and untold == (None, None)

    async def _sample(self) -> None:
        clock = asyncio.get_running_loop().time
        begun = clock()
        while True:
            await asyncio.sleep(1)  # between two looks at another process
            if self._daemon is not None and (sample := self._look(clock() - begun)) is not None:
                self.samples.append(sample)
                self._told(sample)

    def _look(self, at: float) -> Sample | None:
        assert self._daemon is not None
        process, wal = Path(f"/proc/{self._daemon.pid}"), self._installation.store.with_name("monitor.db-wal")
        try:
            status = dict(
                line.split(":\t", 1) for line in (process / "status").read_text().splitlines() if ":\t" in line
            )
            return Sample(
                at=at,
                life=self._life,
                posts=self._posts,
                memory=int(status["VmRSS"].split()[0]) * 1024,
                files=len(os.listdir(process / "fd")),
                threads=int(status["Threads"]),
                wal=wal.stat().st_size if wal.exists() else 0,
            )
        except (OSError, KeyError):
            return None  # it is just being killed


def _delays(plan: Plan) -> list[int]:
    """By the daemon's clock."""
    return [round(seconds * plan.speed) for seconds in REREAD]


def _now() -> Instant:
    return time.time_ns() // 1_000_000


async def count(store: SqliteStore, telegram: Remote, names: Sequence[str]) -> Outcome:
    """What the ledger says against what was true."""
    outcome = Outcome()
    recorded: dict[str, Counter[tuple[PostId, str]]] = defaultdict(Counter)
    deleted: dict[str, Counter[PostId]] = defaultdict(Counter)
    flagged, matched = set[int](), Counter[int]()
    at = 0
    while some := await store.ledger.read(at, READ):
        at += len(some)
        for record in some:
            outcome.records[record.kind.value] += 1
            name = record.channel.username or "" if record.channel else ""
            if record.kind is Kind.DELETED:
                deleted[name][record.post] += 1
            elif record.said is not None:
                recorded[name][record.post, record.said.text] += 1
                if FLAGGED in record.said.text:
                    flagged.add(record.index)
            elif isinstance(record.content, Flagged):
                matched[record.content.match.record] += 1
    for name in names:
        truth = await telegram.do("truth", channel=name)
        await _count_channel(store, name, truth, recorded[name], deleted[name], outcome)
    alerts = await store.outbox.alerts(limit=10 * len(flagged) + 100)
    outcome.alerts = len(alerts)
    told = Counter(alert.record for alert in alerts if alert.record in flagged)
    outcome.untold += [index for index in flagged if not told[index] or not matched[index]]
    outcome.untold += [alert.key for alert in alerts if alert.state is not State.DELIVERED]
    outcome.told_twice += [index for index, times in (matched + told).items() if max(matched[index], told[index]) > 1]
    return outcome


async def _count_channel(
    store: SqliteStore,
    name: str,
    truth: Sequence[dict[str, Any]],
    recorded: Counter[tuple[PostId, str]],
    deleted: Counter[PostId],
    outcome: Outcome,
) -> None:
    ever, now = set[tuple[PostId, str]](), dict[PostId, str]()
    for fact in truth:
        if fact["kind"] == "deleted":
            now.pop(fact["post"])
        else:
            text = "" if fact.get("service") else fact["text"]
            ever.add((fact["post"], text))
            now[fact["post"]] = text
    published = {post for post, _ in ever}
    outcome.posts += len(published)
    held = next(each for each in await store.ledger.held() if each.identity.username == name)
    top = max(published)
    seen = {post for post, _ in recorded} | deleted.keys()
    for posts in _some(range(1, top + 1)):
        standing = await store.ledger.standing(held.identity, posts)
        for post in posts:
            stands = standing.get(post)
            if post in now and (stands is None or stands.post is None):
                outcome.lost.append((name, post, now[post]))
            elif post in now and stands is not None and stands.deleted:
                outcome.phantom.append((name, post, "called deleted, and there"))
            elif post in now and stands is not None and stands.post is not None and stands.post.text != now[post]:
                outcome.stale.append((name, post, stands.post.text, now[post]))
            elif post not in now and post in published and stands is not None and not stands.deleted:
                outcome.undead.append((name, post))
    outcome.phantom += [(name, *each) for each in recorded if each not in ever]
    outcome.phantom += [(name, post, "deleted, and never published") for post in deleted if post not in published]
    outcome.doubled += [(name, *each, times) for each, times in recorded.items() if times > 1]
    outcome.doubled += [(name, post, "deleted", times) for post, times in deleted.items() if times > 1]
    missing = await store.ledger.missing(held.identity, first=1, last=top, limit=9, declared=False)
    outcome.undeclared += [(name, *stretch) for stretch in missing]
    absent = await store.ledger.missing(held.identity, first=1, last=top, limit=9)
    outcome.undeclared += [(name, *stretch) for stretch in absent]
    outcome.lost += [(name, post, "there all the time, and not recorded") for post in now if post not in seen]


def _some(posts: range) -> Iterator[range]:
    for start in range(0, len(posts), READ):
        yield posts[start : start + READ]


async def met(store: SqliteStore, channels: int) -> bool:
    return len(await store.peers.contacts()) == channels


async def until(condition: Callable[[], Any], *, seconds: float) -> None:
    """Returns when the condition holds; what it waits for is another process."""
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.2)
