"""The newest records, as the process that wrote them still has them in its hands.

Every stage that follows the ledger reads what has just been recorded. A record never changes, so whoever wrote it need not be
asked the file for it; what others wrote, and what is older, is read from there.
"""

import threading
from collections.abc import Sequence

from monitor.model.record import Record

RECORDS = 1_000
BYTES = 4_000_000
"""Of contents, as they are packed. What exceeds either goes, the oldest first."""


class Recent:
    """Records without a gap between them, up to the newest. Written to on one thread and read on another."""

    def __init__(self, *, records: int = RECORDS, size: int = BYTES) -> None:
        self._most = records
        self._most_bytes = size
        self._guard = threading.Lock()
        self._records: list[Record] = []
        self._sizes: list[int] = []
        self._bytes = 0

    def add(self, records: Sequence[Record], sizes: Sequence[int]) -> None:
        """These are on the disk. `sizes`: the bytes of each one's content."""
        with self._guard:
            if self._records and records and records[0].index != self._records[-1].index + 1:
                self._drop(len(self._records))  # another process wrote in between
            self._records += records
            self._sizes += sizes
            self._bytes += sum(sizes)
            over = max(0, len(self._records) - self._most)
            left = self._bytes - sum(self._sizes[:over])
            while left > self._most_bytes:
                left -= self._sizes[over]
                over += 1
            self._drop(over)

    def forget(self) -> None:
        with self._guard:
            self._drop(len(self._records))

    def read(self, start: int, limit: int) -> list[Record]:
        """From record `start` on, at most `limit`; none where that one is not here."""
        with self._guard:
            at = start - self._records[0].index if self._records else -1
            return self._records[at : at + limit] if at >= 0 else []

    def _drop(self, count: int) -> None:
        self._bytes -= sum(self._sizes[:count])
        del self._records[:count], self._sizes[:count]
