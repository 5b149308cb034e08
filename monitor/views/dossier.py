"""What is known of one post, and how is a record of it shown to be in the ledger?"""

from collections.abc import Sequence

import msgspec

from monitor.errors import LedgerBroken, Refused
from monitor.ledger.audit import altered
from monitor.ledger.tree import verify_inclusion
from monitor.model.alert import Alert
from monitor.model.channel import Identity
from monitor.model.match import Match
from monitor.model.post import PostId
from monitor.model.record import Record
from monitor.ports import Proof, Store, Want
from monitor.views.erasures import in_words, taken
from monitor.views.named import known_channel

__all__ = ["Dossier", "Proof", "dossier", "proof"]


class Dossier(msgspec.Struct, frozen=True):
    """All records of one post, its matches, the alerts about it, what reviewers said of it and what became of its media, each
    oldest first; which of the media are still to be fetched, and the records that say what was erased of it."""

    channel: Identity
    post: PostId
    records: Sequence[Record]
    matches: Sequence[Match]
    alerts: Sequence[Alert]
    reviews: Sequence[Record]
    media: Sequence[Record] = ()
    waiting: Sequence[Want] = ()
    erasures: Sequence[Record] = ()

    def why_empty(self, record: Record) -> str:
        """Why this record has no content."""
        return in_words(taken(self.erasures).get(record.index))


async def dossier(store: Store, name: str, post: PostId) -> Dossier:
    """Everything about post `post` of the channel called `name`. `Refused` where it is not in the ledger, `LedgerBroken` where one
    of its records is not what was written."""
    channel = await known_channel(store.ledger, name)
    records = await store.ledger.revisions(channel, post)
    if not records:
        raise Refused(f"post {name}/{post} is not in the ledger")
    of_post = (records[0].number, post)
    reviews = await store.reviews.of_posts([of_post])
    media = await store.downloads.of_posts([of_post])
    for record in (*records, *reviews, *media):
        for sealed in await store.ledger.sealed(record.index, 1):
            if reason := altered(sealed):
                raise LedgerBroken(f"record {sealed.index} does not verify: {reason}", index=sealed.index)
    matches = await store.findings.of_records([record.index for record in records])
    alerts = await store.findings.alerted([of_post])
    waiting = await store.downloads.waiting(*of_post)
    erasures = await store.erasures.of_posts([of_post])
    return Dossier(channel, post, records, matches, alerts, reviews, media, waiting, erasures)


async def proof(store: Store, index: int) -> Proof:
    """What shows record `index` to be in the tree as it is. `Refused` where there is no such record, `LedgerBroken` where what is
    kept does not lead from its leaf to the root."""
    found = await store.ledger.prove(index)
    if not verify_inclusion(found.leaf, index=index, size=found.size, proof=found.path, root=found.root):
        raise LedgerBroken(f"record {index} is not in the tree as it is kept", index=index)
    return found
