"""A time stamp counts only as the answer to what was asked, by who may give it (STO-28)"""

import random
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID
from stamping import StampAuthority, needs_openssl

from monitor.clock import SystemClock
from monitor.errors import ConfigError, Refused
from monitor.evidence.stamps import Asked, Stamp, ask, checked, received, roots, said
from monitor.ledger.checkpoint import Checkpoint, sign
from monitor.model.instant import DAY, SECOND

pytestmark = needs_openssl

NOTE = sign(Checkpoint("desk", 7, bytes(range(32))), key=bytes(32))
FLIPS = 400


@pytest.fixture
def authority(tmp_path: Path) -> StampAuthority:
    return StampAuthority(tmp_path / "authority")


def taken(reply: bytes, asked: Asked, authority: StampAuthority) -> Stamp:
    trusted = roots(authority.root.read_bytes(), file="root.pem")
    return received(reply, note=NOTE, asked=asked, trusted=trusted, now=SystemClock().now())


def test_an_honest_one_says_when_the_checkpoint_was_there(authority: StampAuthority) -> None:
    asked = ask(NOTE)

    stamp = taken(authority.honest(asked.request), asked, authority)

    assert abs(stamp.at - SystemClock().now()) < 60 * SECOND


def test_a_request_never_bears_the_same_number_twice() -> None:
    assert ask(NOTE).nonce != ask(NOTE).nonce


Liar = Callable[[Path, StampAuthority, bytes], bytes]
LIES: dict[str, tuple[Liar, str]] = {
    "on another hash": (lambda _, it, request: it.on_something_else(request), "on something else"),
    "with another nonce": (lambda _, it, request: it.for_another_request(NOTE)(request), "nonce"),
    "by a certificate that has expired": (
        lambda path, it, request: StampAuthority(path, days=(-20, -1), root=it).honest(request),
        "certificate has expired",
    ),
    "by one that does not hold yet": (
        lambda path, it, request: StampAuthority(path, days=(1, 20), root=it).honest(request),
        "not yet valid",
    ),
    "by one that signed itself": (
        lambda path, it, request: StampAuthority(path, own=True).honest(request),
        "self-signed certificate",
    ),
    "by another authority": (lambda path, it, request: StampAuthority(path).honest(request), "does not count"),
    "by one that may not stamp": (
        lambda path, it, request: StampAuthority(path, usage=(), root=it).by_cms(request),
        "unsuitable certificate purpose",
    ),
    "by one for servers": (
        lambda path, it, request: StampAuthority(path, usage=[ExtendedKeyUsageOID.SERVER_AUTH], root=it).by_cms(
            request
        ),
        "unsuitable certificate purpose",
    ),
    "by one whose use is no must": (
        lambda path, it, request: StampAuthority(path, critical=False, root=it).by_cms(request),
        "unsuitable certificate purpose",
    ),
    "beside another certificate for the same key": (
        lambda _, it, request: it.under_another_certificate(request),
        "it was not made with the certificate beside it",
    ),
    "that does not say by which certificate": (
        lambda path, it, request: StampAuthority(path, root=it).by_cms(request, naming=False),
        "does not say by which certificate",
    ),
    "of two days ago": (
        lambda path, it, request: StampAuthority(path, root=it).by_cms(request, ago=timedelta(days=2)),
        "its time is",
    ),
    "garbage": (lambda _, it, request: b"<html>Welcome to the hotel's network</html>", "not a reply"),
    "nothing": (lambda _, it, request: b"", "not a reply"),
    "too long": (lambda _, it, request: bytes(70_000), "more than"),
    "a refusal": (lambda _, it, request: it.honest(request[:20]), "refuses"),
}


@pytest.mark.parametrize("lie", LIES)
def test_sto_28_a_stamp_that_lies_is_refused(lie: str, authority: StampAuthority, tmp_path: Path) -> None:
    asked = ask(NOTE)
    tell, reason = LIES[lie]

    with pytest.raises(Refused, match=reason):
        taken(tell(tmp_path / "liar", authority, asked.request), asked, authority)


def test_the_way_by_which_the_lies_are_signed_is_taken_where_it_does_not_lie(
    authority: StampAuthority, tmp_path: Path
) -> None:
    asked = ask(NOTE)

    assert taken(StampAuthority(tmp_path / "other", root=authority).by_cms(asked.request), asked, authority)


def test_whatever_bit_of_a_reply_is_another_it_is_refused_or_says_the_same(authority: StampAuthority) -> None:
    asked = ask(NOTE)
    good = authority.honest(asked.request)
    stamp = taken(good, asked, authority)
    chance = random.Random(28)

    for _ in range(FLIPS):
        bad = bytearray(good)
        bad[chance.randrange(len(bad))] ^= 1 << chance.randrange(8)
        try:
            assert taken(bytes(bad), asked, authority) == stamp
        except Refused:
            continue


def test_it_is_good_long_after_its_certificate_has_expired(authority: StampAuthority) -> None:
    asked = ask(NOTE)
    reply = authority.honest(asked.request)
    trusted = roots(authority.root.read_bytes(), file="root.pem")

    stamp = checked(reply, note=NOTE, trusted=trusted)

    assert said(reply) == stamp
    with pytest.raises(Refused, match="its time is"):
        received(reply, note=NOTE, asked=asked, trusted=trusted, now=stamp.at + DAY)


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha384", "sha512"])
def test_its_certificate_may_be_named_by_any_of_the_usual_digests(algorithm: str, authority: StampAuthority) -> None:
    config = authority.folder / "openssl.cnf"
    config.write_text(config.read_text().replace("ess_cert_id_alg = sha256", f"ess_cert_id_alg = {algorithm}"))
    asked = ask(NOTE)

    assert taken(authority.honest(asked.request), asked, authority)


def test_openssl_agrees_on_certificates_that_are_beside_it(authority: StampAuthority, tmp_path: Path) -> None:
    """As `openssl ts -verify` does, which the package has its readers use."""

    def judged(reply: bytes) -> bool:
        (tmp_path / "note").write_text(NOTE)
        (tmp_path / "reply").write_bytes(reply)
        files = ("-data", tmp_path / "note", "-in", tmp_path / "reply", "-CAfile", authority.root)
        return subprocess.run(["openssl", "ts", "-verify", *files], capture_output=True, check=False).returncode == 0

    request = ask(NOTE).request

    assert judged(authority.honest(request))
    assert not judged(authority.under_another_certificate(request))


def test_a_file_without_certificates_is_told() -> None:
    with pytest.raises(ConfigError, match=r"tsa\.pem holds no certificate"):
        roots(b"nothing", file="tsa.pem")
