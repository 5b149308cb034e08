"""What are the people who run it told of the watch itself: what turned red, what lasts, what is well again?

One notice for one thing that turned red, not one for each of its consequences, and none for what passes by itself within a minute.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from monitor.alerting.plan import lane
from monitor.model import instant
from monitor.model.alert import Alert, Message, Notice, PostRef, StoryRef, Subscriber
from monitor.model.instant import DAY, MINUTE, Instant
from monitor.model.record import Access, Named, Record
from monitor.model.trouble import Trouble
from monitor.ports import Fact

PASSING = MINUTE
"""What is red, or well again, for less is not told."""
TOGETHER = MINUTE
"""What turns red for one reason within it is told in one notice."""
AGAIN = DAY
"""What lasts is told again after."""
MOST = 12
"""Notices an hour; what is lasting is told all the same, and the rest when there is room again, if it still is so."""
NAMED = 10
"""Subjects that a notice names."""
SETTLED = ("duty", "destination", "account", "ledger")
"""Parts that turn red only once it has gone on for a while, or for good."""
REMEDIES = {
    "source": "look at the network and at the account's proxy; what is missed meanwhile is fetched afterwards",
    "account": "sign the account in again with monitor login, or take it out of monitor.toml",
    "channel": "is its name still right, was it moved or closed? monitor status says who sees it",
    "stage": "look at the daemon's log and at the disk; monitor status says how far it is",
    "story": "what it could not be evaluated for is in the ledger as a fault; report the bug, or word the story otherwise",
    "stories": "monitor check says what is wrong with them; correct it and send SIGUSR1 again. What was in force stays so",
    "duty": "monitor status names the reason; often the disk or a lost signing key",
    "destination": "monitor alerts list says what waits and why; monitor alerts retry sends the dead again",
    "anchor": "monitor status says why; is its address right, its certificate still good, its directory there?",
    "clock": "set this machine's clock, by NTP",
    "disk": "make room on the disk; text is still recorded as long as it can be",
    "ledger": "collecting goes on in a new segment; monitor verify says what broke. Look at the disk and the memory of this"
    " machine, and keep the old segment: operations.md says how it is seen to",
    "identity": "look whether it is still the channel that is meant, and correct channels.toml",
}
OTHERWISE = "monitor status says more"


class Outlook(msgspec.Struct, frozen=True):
    """How things stand after a look, and what is to be told of it."""

    troubles: tuple[Trouble, ...]
    notices: tuple[Notice, ...] = ()


def of_records(records: Iterable[Record], name: Mapping[int | str, str]) -> tuple[list[Fact], list[Notice]]:
    """What records of access and identity say of channels; `name`: the watched ones by id and by username in small letters."""
    facts, notices = [], []
    for record in records:
        channel, content = record.channel, record.content
        if channel is None:
            continue
        # Configured by its name it is still the one that was known so, whatever it is called now.
        was = content.was if isinstance(content, Named) else None
        by: list[int | str] = [
            channel.id or 0,
            (channel.username or "").lower(),
            (was.username or "").lower() if was else "",
        ]
        known = next((name[each] for each in by if each in name), None)
        if known is None:
            continue
        if isinstance(content, Access):
            red = content.standing != "granted"
            note = f"{content.standing} to account {content.account}: {content.reason}" if red else ""
            facts.append(Fact("channel", known, record.observed_at, red=red, note=note, lasting=red))
        elif isinstance(content, Named) and was is not None and was.username is not None:
            now = content.identity.username
            if (now or "").lower() != was.username.lower():
                reason = f"the channel known as {was.username} is now known as {now or 'nothing public'}"
                at = instant.text(record.observed_at)
                notices.append(_notice("red", "identity", [known], reason, at))
    return facts, notices


def look(troubles: Sequence[Trouble], facts: Iterable[Fact], *, now: Instant, filed: int = 0) -> Outlook:
    """`troubles` as they stood at the last look; `facts` in any order, the newest of a subject counts, and among equally old ones
    what is red. `filed`: how many notices there were within the last hour."""
    newest: dict[tuple[str, str], Fact] = {}
    standing = {(each.part, each.subject): each for each in troubles}
    for each in facts:
        fact = _as_told(each)
        if fact.part != each.part:
            standing.pop((each.part, each.subject), None)
        known = newest.get((fact.part, fact.subject))
        if known is None or (fact.at, fact.red, fact.lasting) >= (known.at, known.red, known.lasting):
            newest[fact.part, fact.subject] = fact
    for (part, subject), fact in list(newest.items()):
        if part == "source" and not fact.red:  # who gets answers is signed in
            newest.setdefault(("account", subject), msgspec.structs.replace(fact, part="account"))
    for place, fact in newest.items():
        if (stands := _stands(standing.pop(place, None), fact, now)) is not None:
            standing[place] = stands
    return _tell(standing, now=now, room=MOST - filed)


def _as_told(fact: Fact) -> Fact:
    """A source that is out for good is an account that is signed out. Whoever found it out, it is one thing, and told once."""
    return msgspec.structs.replace(fact, part="account") if fact.part == "source" and fact.lasting else fact


def _stands(trouble: Trouble | None, fact: Fact, now: Instant) -> Trouble | None:
    replace = msgspec.structs.replace
    if fact.red:
        if trouble is None or (fact.lasting and not trouble.lasting):  # worse than it was: told anew
            reason = fact.note or ", ".join(f"{figure:g} {name}" for name, figure in fact.figures.items())
            return Trouble(fact.part, fact.subject, min(fact.at, now), reason, fact.lasting)
        reason = trouble.reason if trouble.told_at is not None else fact.note or trouble.reason
        return replace(trouble, reason=reason, lasting=trouble.lasting or fact.lasting, well_at=None)
    if trouble is None or trouble.told_at is None or fact.at < trouble.since:
        # What was found out since the fact was written down is not over because of it.
        return trouble if trouble is not None and fact.at < trouble.since else None
    return replace(trouble, well_at=min(now if trouble.well_at is None else trouble.well_at, now))


def _tell(standing: dict[tuple[str, str], Trouble], *, now: Instant, room: int) -> Outlook:
    groups: dict[tuple[str, str], list[Trouble]] = {}
    for trouble in standing.values():
        groups.setdefault((trouble.part, re.sub(r"[0-9]+", "0", trouble.reason)), []).append(trouble)
    notices: list[Notice] = []
    for told, which in ((_new, "red"), (_well, "well"), (_again, "red")):
        for group in groups.values():
            some = told(group, now)
            if not some or (len(notices) >= room and not (which == "red" and any(each.lasting for each in some))):
                continue
            since = instant.text(min(each.since for each in some))
            subjects = [each.subject for each in some]
            first = some[0]
            notices.append(_notice(which, first.part, subjects, first.reason, since, still=told is _again))
            for each in some:
                if which == "well":
                    del standing[each.part, each.subject]
                else:
                    standing[each.part, each.subject] = msgspec.structs.replace(each, told_at=now)
    return Outlook(tuple(standing.values()), tuple(notices))


def _new(group: Sequence[Trouble], now: Instant) -> list[Trouble]:
    told = max((each.told_at for each in group if each.told_at is not None), default=None)
    if told is not None and told <= now < told + TOGETHER:
        return []
    untold = [each for each in group if each.told_at is None]
    ripe = any(each.lasting or each.part in SETTLED or not 0 <= now - each.since < PASSING for each in untold)
    return untold if ripe else []


def _well(group: Sequence[Trouble], now: Instant) -> list[Trouble]:
    return [each for each in group if each.well_at is not None and now - each.well_at >= PASSING]


def _again(group: Sequence[Trouble], now: Instant) -> list[Trouble]:
    return [each for each in group if each.told_at is not None and each.well_at is None and now - each.told_at >= AGAIN]


def _notice(which: str, part: str, subjects: Sequence[str], reason: str, since: str, *, still: bool = False) -> Notice:
    return Notice(
        notice=which,
        part=part,
        subject=subjects[0],
        reason=reason,
        since=since,
        remedy=REMEDIES.get(part, OTHERWISE) if which == "red" else "",
        count=len(subjects),
        subjects=tuple(subjects[:NAMED]),
        still=still,
    )


def owed(notices: Iterable[Notice], subscribers: Iterable[Subscriber], *, now: Instant) -> list[Alert]:
    """The notices for everybody who asked for them, but who cannot be reached is not told so that way."""
    listening = [subscriber for subscriber in subscribers if subscriber.notices]
    return [
        _alert(notice, subscriber, now)
        for notice in notices
        for subscriber in listening
        if notice.part != "destination" or notice.subjects != (subscriber.name,)
    ]


def _alert(notice: Notice, subscriber: Subscriber, now: Instant) -> Alert:
    news = hashlib.sha256(msgspec.json.encode((notice, now))).hexdigest()[:32]
    digest = hashlib.sha256(msgspec.json.encode((news, subscriber.name))).digest()
    message = Message(
        alert=f"n-{news}",
        event="notice",
        story=StoryRef("", "", ""),
        priority="high",
        post=PostRef("", None, "", 0, None, None, None),
        spans=(),
        why=(),
        observed_at=instant.text(now),
        late=False,
        standing="",
        record=0,
        notice=notice,
    )
    return Alert(
        key=f"n-{digest[:16].hex()}",
        alert=message.alert,
        subscriber=subscriber.name,
        lane=f"{lane(subscriber)}:notices",  # what waits for an hour of alerts is told too late
        story="",
        record=0,
        channel=0,
        post=0,
        random_id=int.from_bytes(digest[16:24], "big", signed=True) or 1,
        message=message,
        published_at=None,
        created_at=now,
        due_at=now,
    )
