"""How does a checkpoint get into the mailboxes of others?

As a mail that says in ASCII what it is, and has the checkpoint twice: attached, and below in base64, for archives that take
attachments away. Its bytes are those that a directory is given.
"""

import base64
import textwrap
from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import sha256

import msgspec

from monitor.ledger.checkpoint import parse
from monitor.model.instant import Instant, to_datetime
from monitor.notifiers.mailing import Relay
from monitor.ports import Taken

BEGIN, END = "-----BEGIN CHECKPOINT-----", "-----END CHECKPOINT-----"
"""Between these lines stands the checkpoint in base64."""


class Config(msgspec.Struct, frozen=True, kw_only=True, tag="mail", tag_field="kind", forbid_unknown_fields=True):
    """By the relay of `[mail]`. `to`: addresses, each as `somebody@desk.example`."""

    name: str
    to: tuple[str, ...]
    every: str = "1d"


class Mailbox:
    """Mails each checkpoint to all of them at once. Whom the relay does not take it for is told, and gets the next one."""

    def __init__(self, relay: Relay, to: Sequence[str]) -> None:
        self._relay = relay
        self._to = to

    async def take(self, note: str, *, now: Instant) -> Taken:
        missed = await self._relay.send(mail(note, sender=self._relay.sender, to=self._to, now=now), to=self._to)
        if not missed:
            return Taken("mail")
        lacking = "; ".join(f"to[{self._to.index(address)}] did not get it: {why}" for address, why in missed.items())
        return Taken(f"mail to {len(self._to) - len(missed)} of {len(self._to)} addresses", lacking=lacking)


def mail(note: str, *, sender: str, to: Sequence[str], now: Instant) -> EmailMessage:
    """However often it is made of a checkpoint, it has the same Message-ID, by which receivers know it again. ValueError for an end
    of line in an address."""
    said, digest = parse(note), sha256(note.encode()).hexdigest()[:32]
    root = base64.b64encode(said.root).decode()
    file = f"{said.size:012d}.checkpoint"
    made = EmailMessage(policy=SMTP)
    made["From"] = sender
    made["To"] = ", ".join(to)
    made["Date"] = to_datetime(now)
    made["Message-ID"] = f"<checkpoint-{digest}@{sender.rpartition('@')[2]}>"
    made["Subject"] = f"checkpoint of {said.origin}: {said.size} records, root {root}"
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence is told to it
    made.set_content(
        _words(note, origin=said.origin, size=said.size, root=root, file=file), charset="us-ascii", cte="7bit"
    )
    made.add_attachment(note.encode(), maintype="application", subtype="octet-stream", filename=file)
    made.set_boundary(f"checkpoint-{digest}")
    return made


def _words(note: str, *, origin: str, size: int, root: str, file: str) -> str:
    plain = "\n    ".join(textwrap.wrap(origin.encode("ascii", "backslashreplace").decode(), 72))
    encoded = "\n".join(textwrap.wrap(base64.b64encode(note.encode()).decode(), 72))
    return f"""\
A checkpoint of the ledger

    {plain}

    records  {size}
    root     {root}

Keep this mail where whoever runs that ledger can neither change nor
delete it. What was recorded by then cannot be written anew unnoticed
as long as somebody has it.

The checkpoint itself is attached, as {file}, and stands
below in base64, should the attachment be lost. On the machine that has
the ledger, or with an evidence package of it,

    monitor verify --checkpoint {file}
    python3 -I -S verify.py --checkpoint {file}

say whether the ledger is still the one that this was signed for.

{BEGIN}
{encoded}
{END}
"""
