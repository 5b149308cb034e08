"""What can still be had, and what can be trusted, of a ledger that broke?

Everything is read, and nothing is written. Each record counts by itself, as long as its bytes give its hashes; what cannot be read
is stepped over.
"""

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from monitor.errors import MonitorError, Refused
from monitor.ledger.audit import Audit, Broken, altered
from monitor.ledger.checkpoint import Checkpoint, Verifier, parse, verify
from monitor.ledger.encoding import KIND_NUMBERS, Header, decode_content, decode_header
from monitor.ledger.packing import unpacker
from monitor.model.alert import Alert
from monitor.model.channel import Identity, key_of
from monitor.model.instant import Instant
from monitor.model.post import PostId
from monitor.model.record import Gap, Kind, Named, Sealed
from monitor.ports import Contact
from monitor.stores.sqlite.bodies import Unpacker
from monitor.stores.sqlite.checkpoints import beside, kept
from monitor.stores.sqlite.file import Database, Error, connect
from monitor.stores.sqlite.ledger import in_order

CARRIED = ("people", "tickets", "peers", "pauses", "troubles", "noticed")
"""Tables that no record bears out, and that are worth having as they are."""
BATCH = 2_000
_POSTS = {KIND_NUMBERS[kind] for kind in (Kind.PUBLISHED, Kind.EDITED, Kind.DELETED)}
_GAP, _IDENTITY = KIND_NUMBERS[Kind.GAP], KIND_NUMBERS[Kind.IDENTITY]
_alert, _contact = unpacker(Alert), unpacker(Contact)

T = TypeVar("T")


class Salvage(msgspec.Struct, frozen=True, kw_only=True):
    """`trusted`: records from the first on, all of which are what was written. `held`: up to which there are any. `signed`: for how
    many a checkpoint was signed. `checkpoint`: the newest note that the trusted ones bear out, empty where there is none. `begun`,
    `at`: when the first record and the last trusted one were observed. `broken`: what is wrong first, as the records show it.

    `channels`: by the ledger's number of each. `contacts`: how far each is recorded by what can be trusted and was matched, so that
    reading on from there misses nothing. `waiting`: alerts that nobody was told yet, by the channel's number. `rows`: of other
    tables, as they are.
    """

    trusted: int = 0
    held: int = 0
    signed: int = 0
    checkpoint: str = ""
    begun: Instant | None = None
    at: Instant | None = None
    broken: Broken | None = None
    channels: Mapping[int, Identity] = {}
    contacts: Sequence[Contact] = ()
    waiting: Sequence[Alert] = ()
    rows: Mapping[str, Sequence[tuple[Any, ...]]] = {}


def salvage(path: Path, verifiers: Sequence[Verifier] = ()) -> Salvage:
    """Whatever there is in this file. With `verifiers` a checkpoint counts only where one of them signed it."""
    outside = _beside(path)
    try:
        database = connect(path, readonly=True)
    except MonitorError:
        return Salvage(signed=max((each.size for each in _said(list(outside.values()))), default=0))
    with closing(database):
        inside = _read(database, "SELECT note FROM checkpoints ORDER BY seq", lambda row: str(row[0]))
        audit = Audit(inside, kept=outside, verifiers=verifiers)
        walked = _Walk(audit)
        walked.walk(database)
        report = audit.finish()
        trusted = _trusted(report.size, report.broken, _said(inside, verifiers))
        matched = _read(database, "SELECT upto FROM positions WHERE stage = 'detect'", lambda row: int(row[0]))
        dealt_with = min([walked.held, *matched])  # where nobody knows: what is old would be told once more
        contacts = _read(database, "SELECT contact FROM contacts ORDER BY channel", lambda row: _contact(row[0]))
        alerts = "SELECT alert FROM outbox WHERE state = 'waiting' AND within = '' ORDER BY number"
        notes = [*inside, *outside.values()]
        return Salvage(
            trusted=trusted,
            held=walked.held,
            signed=max((each.size for each in _said(notes)), default=0),
            checkpoint=_newest(notes, verifiers, trusted),
            begun=walked.at(1),
            at=walked.at(trusted),
            broken=report.broken,
            channels=walked.channels,
            contacts=walked.contacts(contacts, min(trusted, dealt_with), dealt_with=dealt_with),
            waiting=_read(database, alerts, lambda row: _alert(row[0])),
            rows={table: _read(database, f"SELECT * FROM {table}", tuple) for table in CARRIED},  # noqa: S608 - ours
        )


class _Walk:
    """Over every record that can be read, also behind one that is bad."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit
        self.held = 0
        self.channels: dict[int, Identity] = {}
        self._posts: dict[int, tuple[array[int], array[int]]] = defaultdict(lambda: (array("q"), array("q")))
        self._gaps: dict[int, list[tuple[int, Gap]]] = defaultdict(list)
        self._times: array[int] = array("q")

    def walk(self, database: Database) -> None:
        unpacker, start = Unpacker(), 0
        last = max(_read(database, "SELECT max(seq) FROM log", lambda row: row[0] or 0), default=0)
        last = max([last, *_read(database, "SELECT size FROM tree", lambda row: int(row[0]))])
        while start <= last:
            batch, problem = _batch(database, unpacker, start)
            if problem is not None:
                self._audit.stop(Broken(problem, start))
                start += 1
                continue
            if not batch:
                return
            self._audit.walk(batch)
            for sealed in batch:
                self._take(sealed)
            start = batch[-1].index + 1

    def at(self, trusted: int) -> Instant | None:
        return self._times[trusted - 1] if 0 < trusted <= len(self._times) else None

    def _take(self, sealed: Sealed) -> None:
        self.held = sealed.index + 1
        header = decode_header(sealed.header)
        if len(self._times) == sealed.index:
            self._times.append(0 if header is None else header.observed_at)
        if header is None or altered(sealed) is not None:
            return
        if header.kind in _POSTS:
            indices, posts = self._posts[header.channel]
            indices.append(sealed.index)
            posts.append(header.post)
        elif header.kind in (_GAP, _IDENTITY) and sealed.content is not None:
            self._take_content(sealed.index, header, sealed.content)

    def _take_content(self, index: int, header: Header, data: bytes) -> None:
        content = decode_content(Kind.GAP if header.kind == _GAP else Kind.IDENTITY, data)
        if isinstance(content, Named):
            self.channels[header.channel] = content.identity
        elif isinstance(content, Gap):
            self._gaps[header.channel].append((index, content))

    def contacts(self, known: Sequence[Contact], upto: int, *, dealt_with: int) -> list[Contact]:
        """`upto`: records below are trusted and were matched. Posts that a record below `dealt_with` tells of are no news."""
        found = []
        by_key = {key_of(each.channel): each for each in known}
        by_name = {each.channel.username.casefold(): each for each in known if each.channel.username}
        for number, channel in self.channels.items():
            was = by_key.get(key_of(channel)) or by_name.get((channel.username or "").casefold())
            whole = self._whole(number, upto, floor=1 if was is None else was.floor)
            if was is None and not whole:
                continue  # it is met anew
            indices, posts = self._posts[number]
            old = max((post for index, post in zip(indices, posts, strict=True) if index < dealt_with), default=0)
            was = was or Contact(channel=channel, at=self.at(upto) or 0, top=whole)
            found.append(msgspec.structs.replace(was, floor=whole + 1, top=whole, quiet=max(old, whole), profile=None))
        return found

    def _whole(self, number: int, upto: int, *, floor: PostId) -> PostId:
        """The id up to which, from the floor, every id is accounted for by records below `upto`."""
        indices, posts = self._posts[number]
        spans = {(post, post) for index, post in zip(indices, posts, strict=True) if index < upto and post > 0}
        for index, gap in self._gaps[number]:
            if index < upto and (gap.standing == "absent" or gap.first == 1):
                spans.add((gap.first, gap.last))
        whole = floor - 1
        for first, last in sorted(spans):
            if first > whole + 1:
                break
            whole = max(whole, last)
        return whole


def _batch(database: Database, unpacker: Unpacker, start: int) -> tuple[Sequence[Sealed], str | None]:
    """The next records, fewer before one that cannot be read; of that one why not."""
    limit = BATCH
    while True:
        try:
            found = in_order(database, unpacker, start, limit)
        except (Error, MonitorError) as error:
            if limit == 1:
                return (), str(error)
            limit //= 2
            continue
        if limit == 1 and found and found[0].index != start:
            return (), f"record {start} is missing"
        return found, None


def _trusted(walked: int, broken: Broken | None, inside: Sequence[Checkpoint]) -> int:
    """Those before the first that is bad; where it cannot be told which is, those that were signed for."""
    if broken is None:
        return walked
    first = broken.first if broken.index is None else broken.index
    if first is not None:
        return min(walked, first)
    return max((each.size for each in inside if each.size <= walked), default=0)


def _newest(notes: Sequence[str], verifiers: Sequence[Verifier], trusted: int) -> str:
    sizes: dict[int, str] = {}
    for note in notes:
        with suppress(Refused):
            found = verify(note, verifiers) if verifiers else parse(note)
            if found.size <= trusted:
                sizes[found.size] = note
    return sizes[max(sizes)] if sizes else ""


def _said(notes: Sequence[str], verifiers: Sequence[Verifier] = ()) -> Sequence[Checkpoint]:
    found = []
    for note in notes:
        with suppress(Refused):
            found.append(verify(note, verifiers) if verifiers else parse(note))
    return found


def _beside(path: Path) -> dict[str, str]:
    with suppress(OSError):
        note = kept(path)
        return {} if note is None else {str(beside(path)): note}
    return {}


def _read(database: Database, query: str, made: Callable[[tuple[Any, ...]], T]) -> list[T]:
    """Each row that can be had; none where the table cannot."""
    found: list[T] = []
    rows: Iterator[Any] = iter(())
    with suppress(Error):
        rows = iter(database.execute(query))
    with suppress(Error, MonitorError, msgspec.MsgspecError, ValueError, TypeError):
        found.extend(made(row) for row in rows)  # what was made before one that cannot be had stays
    return found
