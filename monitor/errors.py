"""What can go wrong, as the caller must tell it apart.

MonitorError
├── Unavailable     the other side cannot now; try again after `wait`
├── Refused         the other side never will; write it down and go on
│   └── Expired     what was asked with is no longer good; ask with a fresh one
├── Uncertain       the other side may have done it, and doing it again would do it twice
├── ConfigError     the operator's mistake: cannot start; exit 2
│   └── QueryError  a query that does not parse; knows its column
├── LedgerBroken    the ledger does not verify; exit 3
└── AlreadyRunning  another process holds the role or the session; exit 4

Anything else is a bug, is not caught, and stops the daemon.
"""


class MonitorError(Exception):
    """Everything this program raises on purpose; its text is one line that an operator can act on."""


class Unavailable(MonitorError):
    """The other side cannot now.

    `wait`: seconds before another try makes sense, where the other side said so.
    """

    def __init__(self, reason: str, *, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


class Refused(MonitorError):
    """The other side never will, as things stand."""


class Expired(Refused):
    """What was shown to it is too old; with a fresh one it may."""


class Uncertain(MonitorError):
    """The other side may have done what it was asked, will not say, and cannot be asked again without doing it twice."""


class ConfigError(MonitorError):
    """Configuration, secrets or usage that no program can start with.

    The text names the file, the key and the fix, and never a secret's value.
    """


class QueryError(ConfigError):
    """A query that does not parse. `column` counts code points of `query` from 0; `reason` is without them."""

    def __init__(self, reason: str, *, query: str, column: int) -> None:
        self.reason = reason
        self.query = query
        self.column = column
        super().__init__(f"{reason}\n    {query}\n    {' ' * column}^")


class LedgerBroken(MonitorError):
    """The ledger does not verify. `index`: the first bad record, where one can be named."""

    def __init__(self, reason: str, *, index: int | None = None) -> None:
        super().__init__(reason)
        self.index = index


class AlreadyRunning(MonitorError):
    """Another process collects with this data or this session. `pid` is the holder's, 0 where unknown."""

    def __init__(self, reason: str, *, pid: int = 0) -> None:
        super().__init__(reason)
        self.pid = pid
