"""A checkpoint that leaves by mail can be checked by whoever has the mail (SEC-11)"""

import base64
import re
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from builders import NOON, revision
from carrying import Clock
from hypothesis import given, settings
from hypothesis import strategies as st
from relaying import CUT, Relay, relaying

from monitor.anchors.mail import BEGIN, END, Mailbox, mail
from monitor.config.signing import Signer
from monitor.daemon import checkpoint
from monitor.ledger.checkpoint import Checkpoint, sign
from monitor.model.instant import DAY, MINUTE, to_datetime
from monitor.model.record import Custody, Kind
from monitor.notifiers import mailing
from monitor.ports import Fact, Store
from monitor.stages.anchor import Anchor

DESK, LAWYER = "desk@desk.example", "lawyer@court.example"
SENDER = "monitor@desk.example"
NOTE = sign(Checkpoint("desk", 7, bytes(range(32))), key=bytes(32))


@pytest.fixture
async def relay() -> AsyncIterator[Relay]:
    async with relaying() as relay:
        yield relay


def anchor(store: Store, relay: Relay, clock: Clock, *to: str) -> Anchor:
    config = mailing.Config(host="127.0.0.1", port=relay.port, tls="none", sender=SENDER)
    return Anchor(
        "colleagues",
        Mailbox(mailing.Relay(config, secret=lambda path: ""), to),
        every=DAY,
        ledger=store.ledger,
        checkpoints=store.checkpoints,
        health=store.health,
        clock=clock,
    )


async def news(store: Store, tmp_path: Path, clock: Clock, number: int) -> str:
    """Something new, and the checkpoint that signs for it."""
    await store.ledger.append([revision("News.", number=number, observed_at=clock.now())])
    await checkpoint(store, Signer("desk", tmp_path / "ledger.key"), clock)
    note = await store.checkpoints.latest()
    assert note is not None
    return note


async def fact(store: Store) -> Fact:
    [found] = [each for each in await store.health.facts() if each.part == "anchor"]
    return found


async def left(store: Store) -> list[Custody]:
    records = await store.ledger.read(0, 1_000)
    return [each.content for each in records if each.kind is Kind.CUSTODY and isinstance(each.content, Custody)]


def arrived(data: bytes) -> EmailMessage:
    """As somebody else's program reads it."""
    found = message_from_bytes(data, policy=default)
    assert isinstance(found, EmailMessage)
    assert not [each for part in found.walk() for each in part.defects]
    return found


def attached(found: EmailMessage) -> bytes:
    [file] = found.iter_attachments()
    content = file.get_content()
    assert isinstance(content, bytes)
    return content


def below(found: EmailMessage) -> bytes:
    """What stands between the two lines."""
    body = found.get_body()
    assert body is not None
    return base64.b64decode(body.get_content().partition(BEGIN)[2].partition(END)[0])


async def test_the_newest_checkpoint_is_mailed_and_the_ledger_says_so(
    store: Store, relay: Relay, tmp_path: Path
) -> None:
    clock = Clock(NOON)
    note = await news(store, tmp_path, clock, 1)

    await anchor(store, relay, clock, DESK, LAWYER).look()

    (given,) = relay.mails
    assert (given.sender, given.to) == (SENDER, [DESK, LAWYER])
    assert attached(arrived(given.data)) == below(arrived(given.data)) == note.encode()
    assert await left(store) == [Custody("anchored", "checkpoint 2", "colleagues", "mail")]
    assert not (await fact(store)).red


def test_names_the_ledger_its_size_and_its_root_in_the_subject_and_is_all_ascii() -> None:
    data = mail(NOTE, sender=SENDER, to=[DESK, LAWYER], now=NOON).as_bytes()
    found = arrived(data)

    assert data.isascii()
    assert found["Subject"] == "checkpoint of desk: 7 records, root AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    assert (found["From"], found["To"]) == (SENDER, f"{DESK}, {LAWYER}")
    assert parsedate_to_datetime(found["Date"]) == to_datetime(NOON)
    assert found["Auto-Submitted"] == "auto-generated"
    [file] = found.iter_attachments()
    assert file.get_filename() == "000000000007.checkpoint"
    assert max(map(len, data.splitlines())) <= 78


def test_has_the_same_number_however_often_and_another_for_another_checkpoint() -> None:
    first = mail(NOTE, sender=SENDER, to=[DESK], now=NOON)
    again = mail(NOTE, sender=SENDER, to=[DESK], now=NOON + DAY)
    other = mail(sign(Checkpoint("desk", 7, bytes(32)), key=bytes(32)), sender=SENDER, to=[DESK], now=NOON)

    assert first["Message-ID"] == again["Message-ID"] != other["Message-ID"]
    assert re.fullmatch(r"<checkpoint-[0-9a-f]{32}@desk\.example>", first["Message-ID"])


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="+"), min_size=1, max_size=255))
def test_whatever_the_ledger_is_called_nothing_of_the_mail_is_lost_or_added(origin: str) -> None:
    note = sign(Checkpoint(origin, 7, bytes(32)), key=bytes(32))
    data = mail(note, sender=SENDER, to=[DESK], now=NOON).as_bytes()
    found = arrived(data)

    assert max(map(len, data.splitlines())) <= 998  # RFC 5321, 4.5.3.1.6
    assert attached(found) == below(found) == note.encode()
    assert list(found.keys()) == [
        *("From", "To", "Date", "Message-ID", "Subject", "Auto-Submitted", "MIME-Version", "Content-Type")
    ]


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_no_address_adds_a_header(end: str) -> None:
    for sender, to in ((f"a@b{end}Bcc: thief@c", DESK), (SENDER, f"a@b{end}Bcc: thief@c")):
        with pytest.raises(ValueError, match=r"newline|linefeed|CR"):
            mail(NOTE, sender=sender, to=[to], now=NOON)


async def test_an_answer_that_was_lost_makes_the_same_mail_again(store: Store, relay: Relay, tmp_path: Path) -> None:
    clock = Clock(NOON)
    await news(store, tmp_path, clock, 1)
    outside = anchor(store, relay, clock, DESK)
    relay.instead["."] = CUT
    await outside.look()
    assert not await left(store)

    relay.instead.clear()
    clock.move(MINUTE)
    await outside.look()

    first, second = (arrived(each.data) for each in relay.mails)
    assert first["Message-ID"] == second["Message-ID"]
    assert len(await left(store)) == 1


async def test_one_that_is_refused_is_red_at_once_and_one_that_is_put_off_is_not(
    store: Store, relay: Relay, tmp_path: Path
) -> None:
    clock = Clock(NOON)
    await news(store, tmp_path, clock, 1)
    outside = anchor(store, relay, clock, DESK)
    relay.instead["RCPT"] = b"450 4.2.0 greylisted"
    await outside.look()
    assert not (await fact(store)).red

    relay.instead["RCPT"] = b"550 5.1.1 nobody"
    clock.move(MINUTE)
    await outside.look()
    assert (await fact(store)).red
    assert (await fact(store)).note == "127.0.0.1 answered 550 5.1.1 to the address"

    relay.instead.clear()
    clock.move(2 * MINUTE)
    await outside.look()
    assert not (await fact(store)).red
    assert len(relay.mails) == len(await left(store)) == 1


async def test_whom_the_relay_did_not_take_it_for_is_red_until_the_next_and_the_others_are_mailed_once(
    store: Store, relay: Relay, tmp_path: Path
) -> None:
    clock = Clock(NOON)
    await news(store, tmp_path, clock, 1)
    outside = anchor(store, relay, clock, DESK, LAWYER)
    relay.instead[f"RCPT {LAWYER}"] = b"550 5.1.1 nobody"
    for _ in range(3):
        await outside.look()
        clock.move(MINUTE)

    assert [each.to for each in relay.mails] == [[DESK]]
    assert [each.note for each in await left(store)] == ["mail to 1 of 2 addresses"]
    assert (await fact(store)).red
    assert (await fact(store)).note == "to[1] did not get it: 127.0.0.1 answered 550 5.1.1 to the address"

    relay.instead.clear()
    await news(store, tmp_path, clock, 2)
    clock.move(DAY)
    await outside.look()
    assert [each.to for each in relay.mails[1:]] == [[DESK, LAWYER]]
    assert not (await fact(store)).red
