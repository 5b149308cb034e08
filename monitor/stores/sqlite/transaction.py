"""What may one transaction do: add records to the ledger, and change what is kept beside it?

Records of everybody who shares the transaction are gathered and written together; each knows its index at once.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Protocol, TypeVar

import msgspec

from monitor.errors import Refused
from monitor.ledger.agreement import said_by_another
from monitor.ledger.changes import Look, decide
from monitor.ledger.encoding import KIND_NUMBERS, KIND_OF, content_key
from monitor.ledger.packing import pack
from monitor.model.channel import Identity
from monitor.model.instant import Instant
from monitor.model.post import Post, PostId
from monitor.model.record import Appended, Content, Draft, Gone, Kept, Kind, Named, Said, Source
from monitor.stores.sqlite.channels import check
from monitor.stores.sqlite.derived import possible
from monitor.stores.sqlite.erased import erased_look, without_erased
from monitor.stores.sqlite.file import Database, Error
from monitor.stores.sqlite.gathered import Gathered, Packed
from monitor.stores.sqlite.inserting import insert
from monitor.stores.sqlite.looks import looks_at, told_by
from monitor.stores.sqlite.projecting import held, project
from monitor.stores.sqlite.tail import Tail, edge, frontier

T = TypeVar("T")

_LAST = 2**63 - 1
_LOOKS = (Said, Gone)


class Transaction:
    """Open from BEGIN to COMMIT. `database` is for what is kept beside the ledger; `now` is the time to write into records."""

    def __init__(self, database: Database, tail: Tail, *, now: Instant, keep: Callable[[str], None]) -> None:
        self.database = database
        self.now = now
        self._tail = tail
        self._keep = keep
        self._note: str | None = None
        size, peaks, identified = edge(database)
        if size != tail.frontier.size or not tail.valid:
            tail.frontier = frontier(size, peaks)
            tail.tops.clear()
            tail.valid = True
            tail.recent.forget()  # another process has been there, and may have taken away what these say
        if identified != tail.channels.seen:
            tail.channels.catch_up(database)
            tail.known.clear()
        self._gathered = Gathered(size)
        self._packed: Packed | None = None
        self._identities: list[tuple[int, int, bytes]] = []
        self._revisions: list[tuple[int, PostId, int, int, bytes, Instant | None, Instant, bool]] = []
        self._looks: dict[tuple[int, PostId], tuple[Look, ...]] = {}
        self._posts: Counter[int] = Counter()
        self._highest: dict[int, PostId] = {}
        self._erased = False

    # ------------------------------------------------------------------------------------------------- adding records

    def append(self, drafts: Sequence[Draft]) -> list[Appended]:
        """Add what is new in these drafts, and say where each of them stands."""
        before = self._gathered.next
        numbers = [self._number(draft) for draft in drafts]
        self._look_up(zip(numbers, drafts, strict=True))
        return [self._take(number, draft, before) for number, draft in zip(numbers, drafts, strict=True)]

    def record(
        self,
        kind: Kind,
        content: Content,
        *,
        number: int = 0,
        post: PostId = 0,
        published_at: Instant | None = None,
        observed_at: Instant,
        source: Source | None = None,
    ) -> int:
        """Add one record as it is, and say its index."""
        channel = content.identity if isinstance(content, Named) else self._tail.channels.newest(number)
        return self._gathered.add(
            kind,
            content,
            number=number,
            channel=channel,
            post=post,
            published_at=published_at,
            observed_at=observed_at,
            source=source,
        )

    def adds_to(self, number: int, post: PostId) -> bool:
        """Has somebody who shares this transaction added to what is held of this post?"""
        return self._gathered.adds_to(number, post)

    def erase(self, records: Iterable[int]) -> None:
        """The contents of these records, which are in the file already, are gone with their salts once this is on the disk."""
        self.database.executemany(
            "UPDATE content SET codec = NULL, salt = NULL, body = NULL WHERE seq = ?", [(index,) for index in records]
        )
        self._erased = True

    def _take(self, number: int, draft: Draft, before: int) -> Appended:
        content = draft.content
        if isinstance(content, Said):
            return self._take_look(number, draft, content, content_key(content.post), content.post.edited_at)
        if isinstance(content, Gone):
            return self._take_look(number, draft, content, b"", None)
        kind = draft.kind or KIND_OF[type(content)]
        if isinstance(content, Named):
            if content.about is not None or content.photo is not None:
                return Appended(self._name(number, content, draft), new=True, kind=kind)
            index = self._tail.channels.said_at(number)
            return Appended(index, new=index >= before, kind=kind)
        if (said := held(self.database, number, content)) is not None:
            return Appended(said, new=False, kind=kind)
        draft = without_erased(self.database, number, draft)
        index = self._record_draft(kind, number, draft)
        project(self.database, number, draft.post, draft.content, index)
        if isinstance(content, Kept):
            self._note = content.note
        return Appended(index, new=True, kind=kind)

    def _take_look(
        self, number: int, draft: Draft, content: Said | Gone, key: bytes, edited_at: Instant | None
    ) -> Appended:
        post = draft.post
        looks = self._looks.get((number, post), ())
        if isinstance(content, Said) and (erased := erased_look(looks)) is not None:
            return Appended(erased.index, new=False, kind=erased.kind)
        late = self._tail.order.late(number, post, draft.counter)
        change = decide(looks, content, key, draft.source, overtaken=late, observed_at=draft.observed_at)
        if change.kind is None:
            return _held_already(change.index, looks)
        if looks and isinstance(content, Said):
            other = said_by_another(looks, content.post, draft.source, draft.observed_at, self._told_by)
            if other is not None:
                return _held_already(other, looks)
        if change.kind is Kind.DELETED:
            draft = _last_seen(draft, looks)
        elif post > self._highest.get(number, 0):
            self._highest[number] = post
        edited_at = possible(edited_at)
        index = self._record_draft(change.kind, number, draft)
        if not looks:
            self._posts[number] += 1
            if post > self._tail.tops[number]:
                self._tail.tops[number] = post
        look = Look(index, change.kind, key, edited_at, draft.observed_at, change.late)
        self._looks[number, post] = (*looks, look)
        self._revisions.append(
            (number, post, index, KIND_NUMBERS[change.kind], key, edited_at, draft.observed_at, change.late)
        )
        return Appended(index, new=True, kind=change.kind)

    def _record_draft(self, kind: Kind, number: int, draft: Draft) -> int:
        if not (-_LAST <= draft.post <= _LAST and -_LAST <= draft.observed_at <= _LAST):
            raise Refused(f"a post number or time beyond 64 bits: {draft.post}, {draft.observed_at}")
        if draft.published_at is not None and not -_LAST <= draft.published_at <= _LAST:
            raise Refused(f"a time of publication beyond 64 bits: {draft.published_at}")
        return self._gathered.add(
            kind,
            draft.content,
            number=number,
            channel=self._tail.channels.newest(number),
            post=draft.post,
            published_at=draft.published_at,
            observed_at=draft.observed_at,
            source=draft.source,
        )

    # ------------------------------------------------------------------------------------------------------- channels

    def _number(self, draft: Draft) -> int:
        """The ledger's number for the draft's channel; what is new about the channel is recorded first."""
        channel = draft.content.identity if isinstance(draft.content, Named) else draft.channel
        if channel is None:
            return 0
        number = self._tail.known.get(channel)
        if number is None:
            number = self._identify(check(channel), draft)
            self._tail.known[channel] = number
        return number

    def _identify(self, channel: Identity, draft: Draft) -> int:
        channels = self._tail.channels
        number = channels.find(channel)
        if number is None:
            number, news, was = channels.next_number(), channel, None
        else:
            was = channels.now(number)
            found = channels.news(number, channel)
            if found is None:
                return number
            news = found
        self._name(number, Named(news, was), draft)
        return number

    def _name(self, number: int, named: Named, draft: Draft) -> int:
        index = self.record(Kind.IDENTITY, named, number=number, observed_at=draft.observed_at, source=draft.source)
        self._tail.channels.learn(index, number, named.identity)
        self._tail.known.clear()
        self._identities.append((index, number, pack(named.identity)))
        return index

    # ----------------------------------------------------------------------------------------- what is held already

    def _look_up(self, drafts: Iterable[tuple[int, Draft]]) -> None:
        """Read how the posts stand that these drafts are about, and that may have been seen before."""
        wanted: dict[int, set[PostId]] = {}
        for number, draft in drafts:
            if isinstance(draft.content, _LOOKS):
                top = self._tail.tops.get(number)
                if top is None:
                    top = self._top(number)
                if draft.post <= top and (number, draft.post) not in self._looks and draft.post.bit_length() <= 63:
                    wanted.setdefault(number, set()).add(draft.post)
        for number, posts in wanted.items():
            found = looks_at(self.database, number, posts)
            self._looks.update(((number, post), tuple(looks)) for post, looks in found.items())

    def _told_by(self, index: int) -> tuple[Source | None, Post | None]:
        told = self._gathered.told(index)
        if told is None:
            return told_by(self.database, self._tail.unpacker, index)
        source, content = told
        return source, content.post if isinstance(content, Said) else None

    def _top(self, number: int) -> PostId:
        [top] = self.database.execute("SELECT max(post) FROM revisions WHERE number = ?", (number,)).fetchone()
        self._tail.tops[number] = top = -_LAST if top is None else top
        return top

    # ------------------------------------------------------------------------------------------------------ the end

    def finish(self) -> None:
        if not self._gathered:
            return
        tail = self._tail
        packing = tail.aside(len(self._gathered), lambda: self._gathered.packed(tail.frontier, tail.packer))
        insert(self.database, "identities", self._identities)
        insert(self.database, "revisions", sorted(self._revisions))  # neighbours go to the same page
        channels = {number for number, *_ in self._revisions}
        insert(
            self.database,
            "channels",
            [(number, self._posts[number], self._highest.get(number, 0)) for number in channels],
            or_else="ON CONFLICT (number) DO UPDATE SET posts = posts + excluded.posts, top = max(top, excluded.top)",
        )
        self._packed = packed = packing()
        tail.frontier = packed.frontier
        self._gathered.write(self.database, packed)
        self.database.execute(
            "UPDATE tree SET size = ?, peaks = ?, identified = ?",
            (tail.frontier.size, b"".join(tail.frontier.peaks), tail.channels.seen),
        )

    def committed(self) -> None:
        self._tail.acknowledged = (self._tail.frontier.size, tuple(self._tail.frontier.peaks))
        if self._erased:
            self._tail.recent.forget()
            with suppress(Error):  # somebody reads; whoever must know that they are gone looks at the files
                self.database.execute("PRAGMA wal_checkpoint (TRUNCATE)")  # the pages as they were are still in there
        if self._packed is not None:
            self._tail.recent.add(self._gathered.written(self._packed), self._packed.sizes)
        if self._note is not None:
            self._keep(self._note)

    def abandoned(self) -> None:
        self._tail.forget()


def _held_already(index: int, looks: Sequence[Look]) -> Appended:
    return Appended(index, new=False, kind=next(look.kind for look in looks if look.index == index))


class Transactions(Protocol):
    """Where whole transactions are done."""

    async def atomically(self, work: Callable[[Transaction], T]) -> T:
        """Do this, all or nothing; answers when it is on the disk. `work` may be done more than once before that."""
        ...


def _last_seen(draft: Draft, looks: Sequence[Look]) -> Draft:
    """A deletion with the time the post was last there, where whoever told of it did not know and we do."""
    content = draft.content
    if not isinstance(content, Gone) or content.last_seen_at is not None:
        return draft
    seen = max((look.observed_at for look in looks if look.kind is not Kind.DELETED), default=None)
    return msgspec.structs.replace(draft, content=msgspec.structs.replace(content, last_seen_at=seen))
