"""A mail is given to the relay: encrypted, by whom it knows, once, and what it answers decides."""

from collections.abc import Sequence
from contextlib import suppress
from email.message import EmailMessage
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from receiving import Authority
from relaying import CUT, SILENT, Relay, relaying

from monitor.errors import ConfigError, Refused, Unavailable
from monitor.notifiers import mailing

PASSWORD = "canary pässword"
DESK, LAWYER = "desk@desk.example", "lawyer@court.example"


def written(text: str = "Hello.") -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Message-ID"] = "monitor@desk.example", DESK, "<m-1@desk.example>"
    mail.set_content(text)
    return mail


def by(relay: Relay, *, host: str = "127.0.0.1", tls: str = "none", seconds: float = 5.0, **more: str) -> mailing.Relay:
    config = mailing.Config(host=host, port=relay.port, tls=tls, sender="monitor@desk.example", **more)
    return mailing.Relay(config, secret=lambda path: PASSWORD, seconds=seconds)


async def refused(relay: mailing.Relay, to: Sequence[str] = (DESK,)) -> str:
    """What an operator is told."""
    with pytest.raises((Refused, Unavailable)) as told:
        await relay.send(written(), to=to)
    return f"{type(told.value).__name__}: {told.value}"


async def test_is_there_when_it_returns_for_everybody_with_every_line_of_it() -> None:
    async with relaying() as relay:
        assert await by(relay).send(written(".\r\n..\r\nlast"), to=[DESK, LAWYER]) == {}

        (mail,) = relay.mails
        assert (mail.sender, mail.to) == ("monitor@desk.example", [DESK, LAWYER])
        assert mail.data.endswith(b"\r\n\r\n.\r\n..\r\nlast\r\n")
        assert relay.commands[0] == "EHLO desk.example"
        assert relay.commands[-1] == "QUIT"


async def test_goes_encrypted_to_a_relay_that_shows_the_right_certificate(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    ca_file = trusted(authority, tmp_path)
    for tls in ("starttls", "implicit"):
        async with relaying(tls=authority.server(), implicit=tls == "implicit") as relay:
            assert await by(relay, host="localhost", tls=tls, ca_file=ca_file).send(written(), to=[DESK]) == {}
            assert [mail.encrypted for mail in relay.mails] == [True]


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
@pytest.mark.parametrize(
    ("certificate", "reason"),
    [
        ({"name": "other.example"}, "Hostname mismatch"),
        ({"days": (-9, -1)}, "certificate has expired"),
        ({"own": True}, "unable to get local issuer certificate"),
    ],
    ids=["another's", "expired", "of somebody else's authority"],
)
async def test_nothing_goes_to_one_whose_certificate_is_not_right(
    certificate: dict, reason: str, tls: str, tmp_path: Path
) -> None:
    authority = Authority(tmp_path)
    ca_file = trusted(authority, tmp_path)
    async with relaying(tls=authority.server(**certificate), implicit=tls == "implicit") as relay:
        told = await refused(by(relay, host="localhost", tls=tls, ca_file=ca_file, user="desk", password_file="p"))

        assert told.startswith("Refused: the certificate of localhost is not trusted: ")
        assert reason in told
        assert not any(each.startswith(("AUTH", "MAIL")) for each in relay.commands)


async def test_without_a_ca_file_those_are_trusted_whom_browsers_trust(tmp_path: Path) -> None:
    async with relaying(tls=Authority(tmp_path).server(), implicit=True) as relay:
        assert "is not trusted" in await refused(by(relay, host="localhost", tls="implicit"))


@pytest.mark.parametrize("text", [None, "nothing"])
async def test_with_a_ca_file_that_holds_none_nobody_is_asked(text: str | None, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "ca.pem").write_text(text)
    async with relaying() as relay:
        told = await refused(by(relay, tls="implicit", ca_file=str(tmp_path / "ca.pem")))

        assert told.startswith("Refused: ")
        assert "ca.pem cannot be read, or holds no certificate" in told
        assert not relay.connections


async def test_a_relay_from_whose_greeting_starttls_was_taken_gets_neither_password_nor_mail() -> None:
    async with relaying(passwords={"desk": PASSWORD}) as relay:
        told = await refused(by(relay, tls="starttls", user="desk", password_file="p"))

        assert told == "Refused: 127.0.0.1 does not offer STARTTLS; nothing is sent unencrypted"
        assert [each.split()[0] for each in relay.commands] == ["EHLO"]


async def test_what_was_said_before_the_way_is_encrypted_is_not_believed(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with relaying(tls=authority.server(), passwords={"desk": PASSWORD}) as relay:
        # somebody on the way adds an answer of their own behind that of the relay
        relay.instead["STARTTLS"] = b"220 go ahead\r\n250-relay.example\r\n250 AUTH LOGIN"
        relay.instead["EHLO encrypted"] = b"250 relay.example"
        config = {"ca_file": trusted(authority, tmp_path), "user": "desk", "password_file": "p"}

        assert "lets nobody sign in" in await refused(by(relay, host="localhost", tls="starttls", **config))


async def test_signs_in_where_it_has_a_password(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with relaying(tls=authority.server(), passwords={"desk": PASSWORD}) as relay:
        sender = by(
            relay,
            host="localhost",
            tls="starttls",
            ca_file=trusted(authority, tmp_path),
            user="desk",
            password_file="secrets/relay",
        )
        await sender.send(written(), to=[DESK])

        assert [(mail.encrypted, mail.user) for mail in relay.mails] == [(True, "desk")]


async def test_a_password_that_is_not_right_is_refused_and_never_repeated_whatever_the_relay_says_of_it() -> None:
    async with relaying(passwords={"desk": "another"}) as relay:
        told = await refused(by(relay, user="desk", password_file="p"))

        assert told == "Refused: 127.0.0.1 answered 535 5.7.8 to user and password"


async def test_a_relay_that_cannot_look_passwords_up_now_is_asked_again() -> None:
    async with relaying(passwords={"desk": PASSWORD}) as relay:
        relay.instead["AUTH"] = b"454 4.7.0 the directory is away"

        told = await refused(by(relay, user="desk", password_file="p"))
        assert told == "Unavailable: 127.0.0.1 answered 454 4.7.0 to user and password"


async def test_a_password_that_is_not_there_is_named_with_its_file() -> None:
    def gone(path: Path) -> str:
        raise ConfigError(f"{path} does not exist")

    async with relaying(passwords={"desk": PASSWORD}) as relay:
        config = mailing.Config(
            host="127.0.0.1", port=relay.port, sender=DESK, user="desk", password_file="secrets/relay"
        )

        assert await refused(mailing.Relay(config, secret=gone)) == "Refused: secrets/relay does not exist"
        assert not relay.connections


@pytest.mark.parametrize(
    ("at", "answer", "told"),
    [
        ("greeting", b"554 5.7.1 not you", "Refused: 127.0.0.1 answered 554 5.7.1"),
        ("greeting", b"421 4.3.2 too busy", "Unavailable: 127.0.0.1 answered 421 4.3.2"),
        ("EHLO", b"550 no", "Refused: 127.0.0.1 answered 550"),
        ("MAIL", b"451 4.3.0 later", "Unavailable: 127.0.0.1 answered 451 4.3.0"),
        ("MAIL", b"553 5.1.8 who?", "Refused: 127.0.0.1 answered 553 5.1.8"),
        ("RCPT", b"450 4.2.0 greylisted", "Unavailable: 127.0.0.1 answered 450 4.2.0 to the address"),
        ("RCPT", b"550 5.1.1 nobody", "Refused: 127.0.0.1 answered 550 5.1.1 to the address"),
        ("DATA", b"452 4.3.1 no room", "Unavailable: 127.0.0.1 answered 452 4.3.1"),
        (".", b"554 5.6.0 it is spam", "Refused: 127.0.0.1 answered 554 5.6.0"),
        (".", b"451 4.3.0 later", "Unavailable: 127.0.0.1 answered 451 4.3.0"),
        (".", b"550 \x1b[31m5.1.1\x00" + b"x" * 5_000, "Refused: 127.0.0.1 answered 550"),
        (".", b"999 what", "Unavailable: 127.0.0.1 gave an answer that fits nothing"),
        ("greeting", b"SSH-2.0-OpenSSH", "Unavailable: 127.0.0.1 gave an answer that fits nothing"),
        ("EHLO", b"250-x\r\n" * 9_000, "Unavailable: 127.0.0.1 gave an answer that fits nothing"),
        ("greeting", CUT, "Unavailable: 127.0.0.1: SMTPConnectError"),
        ("MAIL", CUT, "Unavailable: 127.0.0.1: SMTPServerDisconnected"),
        (".", CUT, "Unavailable: 127.0.0.1: SMTPServerDisconnected"),
        ("greeting", SILENT, "Unavailable: 127.0.0.1 did not answer within 0.3 s"),
        ("RCPT", SILENT, "Unavailable: 127.0.0.1 did not answer within 0.3 s"),
        (".", SILENT, "Unavailable: 127.0.0.1 did not answer within 0.3 s"),
    ],
)
async def test_what_it_answers_says_whether_to_ask_again(at: str, answer: bytes | None, told: str) -> None:
    async with relaying() as relay:
        relay.instead[at] = answer

        assert await refused(by(relay, seconds=0.3 if answer is SILENT else 5.0)) == told
        assert len(relay.mails) == (at == "." and answer in (CUT, SILENT))


@pytest.mark.parametrize("challenge", [b"334 x", b"334 \xff"])
async def test_a_relay_whose_challenge_is_none_ends_nothing_but_this_try(challenge: bytes) -> None:
    async with relaying(passwords={"desk": PASSWORD}) as relay:
        relay.instead["EHLO"] = b"250-relay.example\r\n250 AUTH CRAM-MD5"
        relay.instead["AUTH"] = challenge

        told = await refused(by(relay, user="desk", password_file="p"))
        assert told == "Unavailable: 127.0.0.1 gave an answer that fits nothing"


async def test_one_that_wants_no_password_is_not_given_it() -> None:
    async with relaying() as relay:
        told = await refused(by(relay, user="desk", password_file="p"))

        assert told.startswith("Refused: 127.0.0.1 lets nobody sign in with a password")
        assert not relay.mails


async def test_nobody_listening_is_unavailable() -> None:
    async with relaying() as relay:
        sender = by(relay)

    assert await refused(sender) == "Unavailable: 127.0.0.1 refuses connections"


async def test_a_name_that_is_none_is_unavailable() -> None:
    async with relaying() as relay:
        assert (await refused(by(relay, host="relay.invalid"))).startswith("Unavailable: relay.invalid: ")


@pytest.mark.parametrize("answer", [b"550 5.1.1 nobody", b"450 4.2.0 later"])
async def test_whom_it_is_not_taken_for_is_told_and_the_others_have_it(answer: bytes) -> None:
    async with relaying() as relay:
        relay.instead[f"RCPT {LAWYER}"] = answer

        missed = await by(relay).send(written(), to=[DESK, LAWYER])

        assert missed == {LAWYER: f"127.0.0.1 answered {answer[:9].decode()} to the address"}
        assert [mail.to for mail in relay.mails] == [[DESK]]


async def test_taken_for_nobody_it_is_tried_again_if_it_may_be_for_one_of_them() -> None:
    async with relaying() as relay:
        relay.instead |= {f"RCPT {DESK}": b"550 5.1.1 nobody", f"RCPT {LAWYER}": b"450 4.2.0 later"}

        assert (await refused(by(relay), (DESK, LAWYER))).startswith("Unavailable: ")


@pytest.mark.parametrize("answer", [CUT, SILENT, b"550 no"])
async def test_however_it_takes_leave_it_has_the_mail(answer: bytes | None) -> None:
    async with relaying() as relay:
        relay.instead["QUIT"] = answer

        await by(relay).send(written(), to=[DESK])

        assert len(relay.mails) == 1


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
async def test_an_address_with_an_end_of_line_adds_no_command(end: str) -> None:
    thief = "thief@elsewhere.example"
    async with relaying() as relay:
        for address in (f"desk@desk.example>{end}RCPT TO:<{thief}", f"desk@desk.example{end}RCPT TO:<{thief}>{end}"):
            with suppress(ValueError, Refused):
                await by(relay).send(written(), to=[address])

        assert not any(each.startswith("RCPT") and thief in each for each in relay.commands)
        assert not any(thief in mail.to for mail in relay.mails)


def trusted(authority: Authority, folder: Path) -> str:
    """The file that whoever trusts it has."""

    (folder / "ca.pem").write_bytes(authority.certificate.public_bytes(Encoding.PEM))
    return str(folder / "ca.pem")
