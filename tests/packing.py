"""A ledger that holds something of every kind, with a canary in whatever not everybody may know."""

import hashlib

from builders import (
    BRIDGE,
    EDITION,
    HARBOUR,
    NOON,
    access,
    alert,
    deletion,
    gap,
    match,
    photo,
    raw,
    revision,
    span,
    verdict,
)

from monitor.model.channel import Identity
from monitor.model.instant import HOUR, MINUTE
from monitor.model.match import Match
from monitor.model.post import Forward, Markup, Media, Reply
from monitor.model.record import (
    Blind,
    Configured,
    Context,
    Custody,
    Draft,
    Faulted,
    Fetched,
    Named,
    Source,
    Timed,
    Told,
)
from monitor.ports import NEWS, Want
from monitor.stores.media import MediaFiles
from monitor.stores.sqlite.store import SqliteStore

BYTES = b"\xff\xd8 of a bridge"
SHA = hashlib.sha256(BYTES).hexdigest()
GONE = hashlib.sha256(b"never here").hexdigest()
FILE, LOST = 2**61, 2**61 + 1
HOSTILE = (
    "</div><script>alert(1)</script><img src=x onerror=alert(1)> \u202eevil\u202c \ud800 \x1b[31m & \"' \u2028 end"
)

REVIEWER, REASON, SUBSCRIBER, OTHER = "canary-reviewer", "canary-reason", "canary-subscriber", "canary-story"
NOTES, OPERATOR, LAST_ERROR = "canary-notes", "canary-operator", "canary-error"
ADDRESS = "canary-address"
ACCOUNT = "canary-account"
PARTNERS_NOT = (REVIEWER, REASON, SUBSCRIBER, OTHER, NOTES, OPERATOR, ADDRESS, LAST_ERROR)
"""What no partner may find."""
PUBLIC_NOT = (*PARTNERS_NOT, ACCOUNT)

FULL = {
    "entities": (
        Markup("bold", 0, 3),
        Markup("text_url", 1, 2, url="https://x.example"),
        Markup("custom_emoji", 0, 1, document=2**62),
    ),
    "forward": Forward(HARBOUR, 9, "Harbour", "somebody", NOON),
    "reply_to": Reply(3, HARBOUR, "a quote"),
    "album": 2**60,
    "author": "Olena",
    "buttons": ("one", "two"),
    "service": "title changed",
    "restricted": "by law",
    "expires_at": NOON + HOUR,
    "implausible": ("views",),
}


def want(file: int) -> Want:
    return Want(number=1, post=1, file=file, record=1, rank=NEWS, size=len(BYTES), since=NOON, due_at=NOON)


async def happened(store: SqliteStore) -> None:
    """One post of the bridge with all that can become of a post, another one, one of the harbour, and what surrounds them."""
    shown = (photo(id=FILE, size=len(BYTES)), photo(id=LOST), Media("video", seconds=1.5, texts=("a", "b"), url="u"))
    config = Configured("1", {"channels.toml": NOTES}, {OTHER: "sha256:1"}, {"bridge_news": {"notes": NOTES}})
    await store.ledger.append(
        [
            Draft(content=config, observed_at=NOON),
            revision("The bridge fell." + HOSTILE, media=shown, raw=raw(), observed_at=NOON + 1_001, **FULL),
            revision(
                "A ship came.", channel=HARBOUR, number=7, source=Source.PREVIEW, raw=raw(b"<p>\xff", format="html")
            ),
            access("granted", account=ACCOUNT),
            Draft(
                content=Blind(NOON, NOON + MINUTE, f"account {ACCOUNT} was not connected"), observed_at=NOON + MINUTE
            ),
            Draft(content=Timed("suspect", "it jumped", 7), observed_at=NOON),
            gap(2, 4),
            gap(5, 5, "unknown", channel=HARBOUR),
        ]
    )
    await store.ledger.append(
        [
            revision(
                "The bridge stands.",
                edited_at=NOON + MINUTE,
                observed_at=NOON + MINUTE,
                raw=raw('{"é":1}'.encode(), format="json"),
            ),
            revision("Seen.by.us", number=6, published_at=NOON + 2 * HOUR, raw=raw(ACCOUNT.encode())),
            deletion(),
            verdict(by=REVIEWER, reason=REASON),
            verdict(by=REVIEWER, reason=REASON, story=OTHER),
            Draft(
                content=Named(Identity(BRIDGE.id, BRIDGE.username, "New title"), about="x"),
                channel=BRIDGE,
                observed_at=NOON,
            ),
            Draft(
                content=Faulted("collect", LAST_ERROR, raw=ACCOUNT.encode()), channel=BRIDGE, post=1, observed_at=NOON
            ),
            Draft(
                content=Faulted("detect", "KeyError", record=2, story=OTHER), channel=BRIDGE, post=1, observed_at=NOON
            ),
            Draft(content=Custody("login refused", OPERATOR, ADDRESS), observed_at=NOON),
            Draft(content=Custody("shown", OPERATOR, ADDRESS, proof=b"\x30\xff"), observed_at=NOON),
            Draft(
                content=Told("k", "a", SUBSCRIBER, "bridge", 2, "dead", 3, "gone"),
                channel=BRIDGE,
                post=1,
                observed_at=NOON,
            ),
        ]
    )
    await store.downloads.settle(
        want(FILE), Fetched("photo", FILE, "held", size=3, sha256=SHA, bytes=len(BYTES)), at=NOON
    )
    await store.downloads.settle(want(LOST), Fetched("photo", LOST, "held", sha256=GONE, bytes=10), at=NOON)
    published = next(each for each in await store.ledger.read(0, 50) if each.post == 1)
    origin = Draft(
        content=Context(published.index, "forward", revision("Told elsewhere").said),
        channel=Identity(id=-1005, username="elsewhere"),
        post=9,
        observed_at=NOON,
    )
    await store.ledger.append([origin])
    matches = [
        match(record=published.index, why=("«bridge» is Bridge", f"as {ACCOUNT} has it")),
        Match(published.index, OTHER, EDITION, "low", (span(story=OTHER),), (f"«{OTHER}»",), truncated=True),
    ]
    alerts = [alert(record=published.index, subscriber=SUBSCRIBER)]
    assert await store.findings.file(matches, alerts, since=0, upto=await store.ledger.size())


async def held(files: MediaFiles) -> None:
    async with files.receiving() as incoming:
        await incoming.write(BYTES)
        await incoming.keep()
