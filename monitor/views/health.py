"""Is everything seen, matched and delivered, and on what evidence?"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from monitor.config import Settings
from monitor.config.settings import Anchor
from monitor.ledger.checkpoint import parse
from monitor.model.alert import State
from monitor.model.channel import Channel
from monitor.model.coverage import Coverage
from monitor.model.instant import MINUTE, SECOND, Instant
from monitor.ports import Contact, Fact, Held, Store
from monitor.sources.preview.config import ACCOUNT as PREVIEW
from monitor.stages.anchor import OVERDUE
from monitor.views.covering import brief

DETECT = ("stage", "detect")
FRESH = {"stage": 5 * MINUTE, "source": 5 * MINUTE, "account": 5 * MINUTE, "duty": 25 * MINUTE, "pulse": MINUTE}
"""What must be heard of now and then, and how often at least. Of a destination there is news only when there are alerts."""
AHEAD = MINUTE
"""Evidence from so far ahead was written by a clock that was put back since: it would count for as long as it ran ahead."""
STALE_POLLS = 3
"""Polls that may be missed before evidence is too old to be any."""
LOOKING = ("source", "channel", "stage", "duty")
"""Whose facts are evidence that somebody looked at something. A destination only answers when there is an alert for it."""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What the store has to say about health."""

    facts: Sequence[Fact]
    contacts: Sequence[Contact]
    held: Sequence[Held]
    unknown: Mapping[int, int]
    """How many ids nothing is known of, by the ledger's number of their channel."""
    kinds: Mapping[str, int]
    outbox: Mapping[tuple[str, State], int]
    matches: Mapping[str, int]
    size: int
    detected: int
    checkpoint: str | None
    coverage: Mapping[int, Coverage] = {}
    """How the ids of each channel are accounted for, by its number, where that was asked for."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One thing and how it stands. `words` say why it is red, or what is known."""

    part: str
    subject: str
    red: bool
    at: Instant | None
    words: str
    figures: Mapping[str, float] = {}


async def gather(store: Store, *, covered: bool = False) -> Seen:
    """`covered`: with the coverage of each channel, for which all its ids are walked over."""
    held = await store.ledger.held()
    coverage = {each.number: await store.ledger.coverage(each.identity, limit=1) for each in held} if covered else {}
    return Seen(
        coverage={number: found for number, found in coverage.items() if found is not None},
        facts=await store.health.facts(),
        contacts=await store.peers.contacts(),
        held=held,
        unknown=await store.ledger.unknown(),
        kinds=await store.ledger.count(),
        outbox=await store.outbox.count(),
        matches=await store.findings.count(),
        size=await store.ledger.size(),
        detected=await store.positions.position("detect"),
        checkpoint=await store.checkpoints.latest(),
    )


def judge(settings: Settings, seen: Seen, *, now: Instant) -> Iterator[Line]:
    """How everything stands at `now`: channels first, then what works on them, then who is told."""
    oldest = _oldest(settings, now=now)
    if not settings.channels:
        yield Line(part="channel", subject="-", red=True, at=None, words="no channels: nothing is watched")
    for channel in settings.channels:
        yield _channel(channel, seen, oldest=oldest, newest=now + AHEAD)
    pages = any(channel.source == "preview" for channel in settings.channels) or any(
        fact.part == "accounts" and fact.red for fact in seen.facts
    )
    # What was taken out of the configuration may have been red when it was last looked at, and nobody looks any more.
    concerned = {
        "channel": (),  # told of above
        "source": [*(account.name for account in settings.accounts), *([PREVIEW] if pages else [])],
        "pushes": [account.name for account in settings.accounts],
        "account": [account.name for account in settings.accounts],
        "destination": [subscriber.name for subscriber, _ in settings.subscribers],
        "story": [story.id for story in settings.stories],
        "anchor": (),  # told of below
    }
    for fact in seen.facts:
        if (fact.part, fact.subject) != DETECT and fact.subject in concerned.get(fact.part, (fact.subject,)):
            yield _fact(fact, now=now, oldest=oldest)
    yield _ledger(seen)
    yield _detect(seen, now=now, oldest=oldest)
    for anchor in settings.anchors:
        yield _anchor(anchor, seen, now=now)
    yield from _subscribers(settings, seen.outbox)


def evidence(facts: Iterable[Fact], *, now: Instant) -> int | None:
    """How old the newest evidence is that anything was looked at, in milliseconds; None where there is none."""
    newest = max((fact.at for fact in facts if fact.part in LOOKING and fact.at <= now + AHEAD), default=None)
    return None if newest is None else max(0, now - newest)


def silence(settings: Settings, contacts: Iterable[Contact], *, now: Instant) -> int | None:
    """How long no channel has answered, in milliseconds, where that is longer than polls may be missed; else None. Stages give
    signs of life also where nothing can be seen."""
    newest = max((each.at for each in contacts if each.at <= now + AHEAD), default=None)
    return now - newest if newest is not None and settings.channels and newest < _oldest(settings, now=now) else None


def _oldest(settings: Settings, *, now: Instant) -> Instant:
    """Evidence of a channel from before that is too old to be any."""
    return now - int(settings.collect.poll_seconds * SECOND) * STALE_POLLS - MINUTE


def _detect(seen: Seen, *, now: Instant, oldest: Instant) -> Line:
    fact = next((fact for fact in seen.facts if (fact.part, fact.subject) == DETECT), None)
    part, subject = DETECT
    stands = _fact(fact, now=now, oldest=oldest) if fact is not None else None
    return Line(
        part=part,
        subject=subject,
        red=stands is not None and stands.red,
        at=None if fact is None else fact.at,
        words=f"{seen.detected:,} of {seen.size:,} records",
        figures={"position": seen.detected, "behind": seen.size - seen.detected, **(fact.figures if fact else {})},
    )


def _channel(channel: Channel, seen: Seen, *, oldest: Instant, newest: Instant) -> Line:
    contact = next((each for each in seen.contacts if _is(channel, each.channel.id, each.channel.username)), None)
    held = next((each for each in seen.held if _is(channel, each.identity.id, each.identity.username)), None)
    fact = next((each for each in seen.facts if each.part == "channel" and _names(channel, each.subject)), None)
    at = max((each.at for each in (contact, fact) if each is not None), default=None)
    figures = dict(fact.figures) if fact else {}
    figures["posts"] = held.posts if held else 0
    if contact is not None:
        figures["top"] = max(contact.top, held.top if held else 0)  # what was pushed is newer than the last look
    words = ""
    if fact is not None and fact.red:
        words = fact.note or f"{_number(fact.figures.get('unknown', 0))} posts unknown"
    if at is None:
        words = "never seen"
    elif at < oldest and not words:
        words = "no proof of contact since then"
    elif at > newest and not words:
        words = "no proof of contact but one of a clock that ran ahead"
    known = _posts(held.posts if held else 0)
    if "top" in figures:
        known += f", newest {_number(figures['top'])}"
    if held is not None and (unknown := seen.unknown.get(held.number, 0)):
        figures["declared unknown"] = unknown
        known += f", {unknown:,} older or missing ids declared unknown"
    if held is not None and (found := seen.coverage.get(held.number)) is not None:
        figures |= {
            "mark": found.mark,
            "absent": found.absent,
            "deleted": found.deleted,
            "blind windows": found.blind_windows,
        }
        known += f"; {brief(found)}"
    return Line(
        part="channel",
        subject=channel.name,
        red=bool(words),
        at=at,
        words=f"{words}; {known}" if words else known,
        figures=figures,
    )


def _is(channel: Channel, id: int | None, username: str | None) -> bool:
    if channel.id is not None and id is not None:
        return channel.id == id
    return channel.username is not None and username is not None and channel.username.casefold() == username.casefold()


def _names(channel: Channel, subject: str) -> bool:
    return subject.casefold() in ((channel.username or "").casefold(), str(channel.id))


def _fact(fact: Fact, *, now: Instant, oldest: Instant) -> Line:
    # Polls may be far apart; the pulse beats every second, and is kept every ten.
    since = 0 if fact.part not in FRESH else now - FRESH[fact.part]
    stale = fact.part in FRESH and not (since if fact.part == "pulse" else min(oldest, since)) <= fact.at <= now + AHEAD
    known = ", ".join(filter(None, (told(name, figure) for name, figure in fact.figures.items())))
    words = "; ".join(part for part in (fact.note, "nothing was heard of it since" if stale else "", known) if part)
    return Line(
        part=fact.part, subject=fact.subject, red=fact.red or stale, at=fact.at, words=words, figures=fact.figures
    )


def _ledger(seen: Seen) -> Line:
    faults = seen.kinds.get("fault", 0)
    signed = parse(seen.checkpoint).size if seen.checkpoint is not None else 0
    words = (
        f"{seen.size:,} records, {signed:,} of them signed for, {sum(seen.matches.values()):,} matches, {faults} faults"
    )
    figures = {"records": seen.size, "signed": signed, "faults": faults}
    return Line(part="ledger", subject="records", red=False, at=None, words=words, figures=figures)


def _anchor(anchor: Anchor, seen: Seen, *, now: Instant) -> Line:
    """When the last checkpoint left for this place, and whether that was too long ago."""
    fact = next((each for each in seen.facts if (each.part, each.subject) == ("anchor", anchor.name)), None)
    figures = dict(fact.figures) if fact is not None else {}
    at = int(figures.get("left", 0)) or None
    old = at is None or not at - AHEAD <= now <= at + OVERDUE * anchor.every
    words = [fact.note] if fact is not None and fact.note else []
    if old and not words:
        words.append("no newer checkpoint has left since" if at else "no checkpoint has left for it")
    if at:
        words.append(f"has the one for {_number(figures['size'])} records")
    red = old or (fact is not None and fact.red)
    return Line(part="anchor", subject=anchor.name, red=red, at=at, words="; ".join(words), figures=figures)


def _subscribers(settings: Settings, outbox: Mapping[tuple[str, State], int]) -> Iterable[Line]:
    names = [subscriber.name for subscriber, _ in settings.subscribers]
    names += sorted({name for name, _ in outbox} - set(names))
    for name in names:
        counts = {state.value: outbox.get((name, state), 0) for state in State}
        words = ", ".join(f"{count} {state}" for state, count in counts.items() if count) or "nothing so far"
        yield Line(part="subscriber", subject=name, red=False, at=None, words=words, figures=counts)


def _posts(count: int) -> str:
    return f"{count:,} post" if count == 1 else f"{count:,} posts"


def told(name: str, figure: float) -> str:
    """In words; empty where it is for programs alone, or nobody would miss it."""
    match name:
        case "seen":
            return ""  # the same as when the line was seen
        case "record":
            return ""  # the line names it
        case "suspect" | "failed" | "faults" | "incomplete" | "skipped" | "unavailable" | "waiting":
            return f"{_number(figure)} {name}" if figure else ""
        case "skew":
            return (
                f"{abs(figure):.1f} s {'ahead of' if figure > 0 else 'behind'} Telegram's"
                if abs(figure) >= 0.05
                else "as Telegram's"
            )
        case "attempts":
            return "reached at once" if figure == 1 else f"reached after {_number(figure)} attempts"
        case "bytes held":
            return f"{_number(round(figure / 1e6, 1))} MB held"
        case "other devices":
            return f"signed in on {_number(figure)} other devices" if figure else "signed in nowhere else"
        case "private messages passed over":
            return f"{_number(figure)} {name}" if figure else ""
    return f"{_number(figure)} {name}"


def _number(figure: float) -> str:
    return f"{figure:,.0f}" if float(figure).is_integer() else f"{figure:,.2f}"
