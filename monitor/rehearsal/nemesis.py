"""Who publishes, edits and deletes on all channels at once, and sees to it that everything goes wrong? All drawn by one seed.

A nemesis acts when it is told to, so many posts at a time: whoever drives it sets the pace. What it does to pushes and calls are
faults (`faults.py`), what it does to channels are facts of the world (`mishaps.py`); the truth is the world's own.
"""

import random
from collections import Counter, deque
from collections.abc import Sequence

import msgspec

from monitor.model.instant import Instant
from monitor.model.post import PostId
from monitor.rehearsal import mishaps
from monitor.rehearsal.channel import ChannelState
from monitor.rehearsal.faults import Faults
from monitor.rehearsal.world import World

FLOODED = (
    "messages.getPeerDialogs",
    "updates.getChannelDifference",
    "messages.getHistory",
    "channels.getMessages",
)
LONGEST_FLOOD = 4
"""Seconds."""
AT_ONCE = 0.2
"""Of the edits, so many are put right by another one at once, within the second that they bear as their date."""


class Ills(msgspec.Struct, frozen=True, kw_only=True):
    """How many posts, and what goes wrong meanwhile: shares of all pushes or posts from 0 to 1, or how many times in all.

    `unannounced`: the share of edits and deletions of which nobody is told. `young`: edited and deleted are posts of so many
    milliseconds at most, so that whoever looks at each post again a little later finds out. `away`: how many posts long an
    account cannot see a channel that it was thrown out of. `flagged`: the share of the posts that bear `words`.
    """

    posts: int
    seed: int = 20230604
    dropped: float = 0.01
    doubled: float = 0.01
    late: float = 0.02
    edited: float = 0.05
    deleted: float = 0.02
    unannounced: float = 0.5
    young: Instant = 3000
    too_long: int = 20
    kicks: int = 10
    floods: int = 10
    disconnects: int = 10
    away: int = 200
    flagged: float = 0.005
    words: str = ""


class Nemesis:
    """`account`: whom it haunts; a phone. The channels are all there are."""

    def __init__(self, world: World, faults: Faults, *, account: str, ills: Ills) -> None:
        self.done: Counter[str] = Counter()
        """How often it did what."""
        self._world = world
        self._faults = faults
        self._account = account
        self._ills = ills
        self._chance = random.Random(ills.seed)  # noqa: S311 - no secret hangs on it
        self._channels = list(world.channels)
        self._young: deque[tuple[ChannelState, PostId, Instant]] = deque()
        self._owed: Counter[str] = Counter()
        self._banned: dict[int, int] = {}
        """After how many posts an account is let in again, by channel."""
        self._blows = self._drawn()
        faults.scramble(ills.seed, dropped=ills.dropped, doubled=ills.doubled, late=ills.late)

    def act(self, count: int) -> int:
        """Publish `count` posts, or as many as are left, and whatever befalls meanwhile. How many are left."""
        for _ in range(min(count, self._ills.posts - self.done["posts"])):
            self._publish()
            number = self.done["posts"]
            while self._blows and self._blows[-1][0] <= number:
                self._strike(self._blows.pop()[1])
            for channel in [each for each, until in self._banned.items() if until <= number]:
                self._let_in(channel)
        return self._ills.posts - self.done["posts"]

    def relent(self) -> None:
        """Everybody is let in again, and no fault is in force any longer. What was never told stays untold."""
        for channel in list(self._banned):
            self._let_in(channel)
        self._faults.clear()

    # ------------------------------------------------------------------------------------------------------------- posts

    def _publish(self) -> None:
        ills, chance = self._ills, self._chance
        channel, number = chance.choice(self._channels), self.done["posts"] + 1
        flagged = chance.random() < ills.flagged
        post = self._world.publish(channel.id, f"{ills.words if flagged else 'Weather'} №{number}")
        self.done["posts"] += 1
        self.done["flagged"] += flagged
        self._young.append((channel, post, self._world.now()))
        for deed, share in (("edited", ills.edited), ("deleted", ills.deleted)):
            self._owed[deed] += chance.random() < share
            while self._owed[deed] and (victim := self._victim()) is not None:
                self._owed[deed] -= 1
                self._change(deed, *victim)

    def _change(self, deed: str, channel: ChannelState, post: PostId) -> None:
        announce = self._chance.random() >= self._ills.unannounced
        self.done[deed] += 1
        self.done[f"{deed} unannounced"] += not announce
        if deed == "deleted":
            self._world.delete(channel.id, [post], announce=announce)
            return
        for _ in range(1 + (self._chance.random() < AT_ONCE)):
            self._owed["words"] += 1
            self._world.edit(channel.id, post, f"Edited ×{self._owed['words']}", announce=announce)

    def _victim(self) -> tuple[ChannelState, PostId] | None:
        """A young post that is still there."""
        while self._young and self._world.now() - self._young[0][2] > self._ills.young:
            self._young.popleft()
        for _ in range(10):
            if not self._young:
                break
            channel, post, _ = self._chance.choice(self._young)
            if post in channel.posts:
                return channel, post
        return None

    # ------------------------------------------------------------------------------------------------------------- blows

    def _drawn(self) -> list[tuple[int, str]]:
        """When it strikes, and how: the last first."""
        ills = self._ills
        kinds = {
            "too long": ills.too_long,
            "kick": ills.kicks,
            "flood": ills.floods,
            "disconnect": ills.disconnects,
        }
        blows = [
            (self._chance.randint(1, max(1, ills.posts - ills.away)), kind)
            for kind, times in kinds.items()
            for _ in range(times)
        ]
        return sorted(blows, reverse=True)

    def _strike(self, kind: str) -> None:
        self.done[kind] += 1
        channel = self._chance.choice(self._free())
        match kind:
            case "too long":
                # Nothing is asked for where nothing is missing: one push of the channel never comes.
                self._faults.too_long(channel=channel.id)
                self._faults.swallow(channel=channel.id)
            case "kick":
                mishaps.ban(self._world, self._account, channel.id)
                self._banned[channel.id] = self.done["posts"] + self._ills.away
            case "flood":
                seconds = self._chance.randint(1, LONGEST_FLOOD)
                self._faults.flood(self._chance.choice(FLOODED), seconds, account=self._account)
            case _:
                self._faults.drop(account=self._account)

    def _free(self) -> Sequence[ChannelState]:
        """The channels that the account may see now; all, where it may see none."""
        return [each for each in self._channels if each.id not in self._banned] or self._channels

    def _let_in(self, channel: int) -> None:
        del self._banned[channel]
        mishaps.let_in(self._world, self._account, channel)
