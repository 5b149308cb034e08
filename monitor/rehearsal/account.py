"""Who may sign in, from which devices, and what did they send?"""

from collections.abc import Iterator

import msgspec

from monitor.model.instant import Instant
from monitor.model.post import Markup
from monitor.rehearsal.password import Puzzle

TELEGRAM = 777000
"""Who writes the sign-in codes. Whoever reads those messages can take the account."""


class Letter(msgspec.Struct, frozen=True):
    """A private message to `account`, or (`text` None) the deletion of those in `ids`. `pts` is the account's counter after it."""

    account: int
    ids: tuple[int, ...]
    sender: int
    text: str | None
    date: Instant
    pts: int

    @property
    def id(self) -> int:
        return self.ids[0]


class Account:
    """A user (known by phone) or a bot (known by token). `joined` and `banned` are marked ids of channels.

    `withheld`: channels that this account's country or law keeps from it, with the reason. `pts` counts its private updates.
    """

    def __init__(self, *, id: int, key: str, name: str, bot: bool, password: str | None = None) -> None:
        self.id = id
        self.key = key
        self.name = name
        self.bot = bot
        self.joined: set[int] = set()
        self.banned: set[int] = set()
        self.withheld: dict[int, str] = {}
        self.password = password
        self.dc: int | None = None
        """The data centre where it lives; None: wherever it is asked for."""
        self.random_ids: set[int] = set()
        self.letters: list[Letter] = []
        self.pts = 1

    @property
    def phone(self) -> str | None:
        """As Telegram shows it: digits only."""
        return None if self.bot else digits(self.key)

    def receive(self, text: str, *, sender: int, date: Instant) -> Letter:
        """A private message arrives. Its id counts the account's own messages from 1."""
        return self._note(Letter(self.id, (len(self.letters) + 1,), sender, text, date, self.pts + 1))

    def forget(self, ids: tuple[int, ...], *, date: Instant) -> Letter:
        return self._note(Letter(self.id, ids, 0, None, date, self.pts + len(ids)))

    def _note(self, letter: Letter) -> Letter:
        self.pts = letter.pts
        self.letters.append(letter)
        return letter


class Register:
    """The accounts that there are, by phone however it is written, or by token."""

    def __init__(self) -> None:
        self._accounts: dict[str, Account] = {}

    def add(self, account: Account) -> None:
        """ValueError where there is one with this phone or token."""
        if self.find(account.key) is not None:
            raise ValueError("there is such an account already")
        self._accounts[_plain(account.key)] = account

    def __iter__(self) -> Iterator[Account]:
        return iter(self._accounts.values())

    def find(self, key: str) -> Account | None:
        return self._accounts.get(_plain(key))


class Device:
    """An authorisation key that a client made with us, and who is signed in with it.

    `dead` is the error that every call meets from now on. `salt` must stand in every message (bad_server_salt otherwise).
    """

    def __init__(self, *, key: bytes, id: int, salt: int, created: Instant, dc: int) -> None:
        self.dc = dc
        """Of which data centre it was made, and is good in."""
        self.key = key
        self.id = id
        self.salt = salt
        self.created = created
        self.account: Account | None = None
        self.asked_for_password: Account | None = None
        """Whose code was right; the password is missing."""
        self.puzzle: Puzzle | None = None
        self.codes_sent: dict[str, int] = {}
        """How many sign-in codes were sent for each phone; a later one makes the one before it void."""
        self.dead: str | None = None


class Sent(msgspec.Struct, frozen=True):
    """A message that an account sent and the server accepted. `chat` is a marked id, `bot` the sender's name."""

    chat: int
    text: str
    entities: tuple[Markup, ...]
    random_id: int
    date: Instant
    bot: str
    id: int


class Chat(msgspec.Struct, frozen=True):
    """A group, or a person, that a bot may write to. Above 0 it is a person's id, -100… a supergroup's, else a small group's."""

    id: int
    title: str


def digits(phone: str) -> str:
    """A phone number without its decoration."""
    return "".join(c for c in phone if c.isdigit())


def _plain(key: str) -> str:
    return key if ":" in key else digits(key)
