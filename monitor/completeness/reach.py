"""How far is a channel's stream of updates recorded without a hole?

Telegram numbers what happens in a channel (`pts`); each update says from where to where it takes the number. A Reach is the
number up to which everything is in the ledger. An update that begins beyond it proves that something is missing; the updates
that came too early are remembered, so that the late one closes the hole by itself.
https://core.telegram.org/api/updates#update-handling
"""


class Reach:
    """The unbroken prefix of one channel's updates. `pts` None: nothing is known yet."""

    def __init__(self, pts: int | None = None) -> None:
        self.pts = pts
        self._early: dict[int, int] = {}

    @property
    def broken(self) -> bool:
        """Something between is missing."""
        return bool(self._early)

    def lacks(self, pts: int | None) -> bool:
        """Did something happen after what is recorded, where the counter stands at `pts`?"""
        return pts is not None and self.pts is not None and pts > self.pts

    def step(self, before: int, after: int) -> None:
        """An update from `before` to `after` is recorded. One already passed changes nothing."""
        if self.pts is None or before > self.pts:
            self._early[before] = max(after, self._early.get(before, 0))
            return
        self.reach(after)

    def reach(self, pts: int) -> None:
        """Everything up to `pts` is recorded, however it came. Never goes back."""
        self.pts = max(pts, self.pts or 0)
        for before in sorted(self._early):
            if before > self.pts:
                break
            self.pts = max(self.pts, self._early.pop(before))
