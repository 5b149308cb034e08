"""A webhook: signed, sent to the configured server alone, and never to be held up or led astray by it."""

import base64
import gzip
import json
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpcore
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from owed import NOON, message
from receiving import (
    Answer,
    Authority,
    Receiver,
    answering,
    breaking_off,
    dripping,
    hanging,
    pouring,
    receiving,
)
from standardwebhooks import Webhook

from monitor.errors import ConfigError, Refused, Unavailable
from monitor.model.instant import SECOND
from monitor.notifiers import webhook
from monitor.notifiers.posting import MOST_READ, Poster
from monitor.notifiers.webhook import Config, Destination, WebhookNotifier

KEY = b"a secret for rehearsals only...."
SECRET = "whsec_" + base64.b64encode(KEY).decode()


@asynccontextmanager
async def sending(
    *urls: str, private: bool = True, tls: ssl.SSLContext | None = None, seconds: float = 10.0
) -> AsyncIterator[WebhookNotifier]:
    async with webhook.opened(
        {url: Destination((KEY,), private) for url in urls}, tls=tls, seconds=seconds
    ) as notifier:
        yield notifier


async def send(notifier: WebhookNotifier, url: str, *, key: str = "m-1", now: int = NOON, text: str = "Мост") -> None:
    await notifier.send(url, message(text), key=key, random_id=1, now=now)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


async def test_is_the_message_as_json_with_a_signature_that_the_receivers_library_accepts(receiver: Receiver) -> None:
    now = int(time.time()) * SECOND  # the library compares with its own clock

    async with sending(receiver.url) as notifier:
        await send(notifier, receiver.url, key="m-42", now=now)

    (request,) = receiver.requests
    assert request.line == "POST /hook HTTP/1.1"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["webhook-id"] == "m-42"
    assert Webhook(SECRET).verify(request.body, request.headers) == json.loads(msgspec.json.encode(message("Мост")))


@given(st.binary(max_size=200), st.text("abc-123", min_size=1, max_size=40), st.integers(0, 4_000_000_000_000))
def test_is_signed_as_the_receivers_library_signs(body: bytes, key: str, at: int) -> None:
    text = base64.b64encode(body).decode()

    headers = webhook.signed(text.encode(), key=key, at=at, with_keys=(KEY,))

    timestamp = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    assert headers["webhook-signature"] == Webhook(SECRET).sign(key, timestamp, text)


async def test_is_signed_with_the_old_and_the_new_key_while_the_receiver_changes(receiver: Receiver) -> None:
    new = base64.b64encode(b"another").decode()
    both = webhook.keys(f"{SECRET}\nwhsec_{new}\n", file="secrets/hook")
    now = int(time.time()) * SECOND

    async with webhook.opened({receiver.url: Destination(both, True)}) as notifier:
        await send(notifier, receiver.url, now=now)

    (request,) = receiver.requests
    for secret in (SECRET, new):
        Webhook(secret).verify(request.body, request.headers)


async def test_uses_a_connection_again(receiver: Receiver) -> None:
    async with sending(receiver.url) as notifier:
        for number in range(5):
            await send(notifier, receiver.url, key=f"m-{number}")

    assert (receiver.connections, len(receiver.requests)) == (1, 5)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_is_accepted_by_any_2xx(receiver: Receiver, status: int) -> None:
    receiver.answer = answering(status, body=b"ok" if status != 204 else b"")

    async with sending(receiver.url) as notifier:
        await send(notifier, receiver.url)


@pytest.mark.parametrize("status", [400, 404, 405, 410, 413, 422, 451])
async def test_del_06_is_refused_by_a_server_that_will_never_take_it(receiver: Receiver, status: int) -> None:
    receiver.answer = answering(status)

    async with sending(receiver.url) as notifier:
        with pytest.raises(Refused, match=f"^127.0.0.1 answered {status}"):
            await send(notifier, receiver.url)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
async def test_is_tried_again_with_a_server_that_cannot_take_it_now(receiver: Receiver, status: int) -> None:
    receiver.answer = answering(status)

    async with sending(receiver.url) as notifier:
        with pytest.raises(Unavailable, match=f"^127.0.0.1 answered {status}$") as caught:
            await send(notifier, receiver.url)

    assert caught.value.wait is None


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("3600", 3600.0),
        ("0", 0.0),
        (" 120 ", 120.0),
        ("Sun, 04 Jun 2023 12:10:00 GMT", 600.0),
        ("soon", None),
        ("-5", None),
        ("9" * 5000, None),
        ("Sun, 99 Jun 2023 12:10:00 GMT", None),
        ("Sun, 04 Jun 2023 12:10:00", None),
        ("", None),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
async def test_del_03_waits_as_long_as_the_server_says(
    receiver: Receiver, status: int, header: str, wait: float | None
) -> None:
    receiver.answer = answering(status, f"Retry-After: {header}")

    async with sending(receiver.url) as notifier:
        with pytest.raises(Unavailable) as caught:
            await send(notifier, receiver.url)

    assert caught.value.wait == wait


@pytest.mark.parametrize("status", [401, 403, 407])
async def test_del_24_is_not_tried_again_for_ten_minutes_where_the_key_is_not_accepted(
    receiver: Receiver, status: int
) -> None:
    receiver.answer = answering(status)

    async with sending(receiver.url) as notifier:
        with pytest.raises(Unavailable) as caught:
            await send(notifier, receiver.url)

    assert caught.value.wait == 600.0


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(hanging, id="accepts and never answers"),
        pytest.param(dripping(b"HTTP/1.1 200 OK\r\nx: "), id="a header that never ends"),
        pytest.param(pouring(b"HTTP/1.1 200 OK\r\n", b"x: y\r\n", []), id="never-ending headers"),
        pytest.param(pouring(b"", b"HTTP/1.1 100 Continue\r\n\r\n", []), id="never-ending patience"),
    ],
)
async def test_del_08_is_given_up_when_the_answer_does_not_come(receiver: Receiver, answer: Answer) -> None:
    receiver.answer = answer

    async with sending(receiver.url, seconds=0.3) as notifier:
        with pytest.raises(Unavailable):
            await send(notifier, receiver.url)


@pytest.mark.parametrize(
    ("head", "chunk"),
    [
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 10000000000\r\n\r\n", b"x" * 65536, id="10 GB"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 10000000000\r\n\r\n",
            gzip.compress(b"\0" * 10_000_000),
            id="gzip bomb",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"10000\r\n" + b"x" * 65536 + b"\r\n", id="chunks"
        ),
    ],
)
async def test_del_08_reads_little_of_an_answer_and_takes_its_status(
    receiver: Receiver, head: bytes, chunk: bytes
) -> None:
    taken: list[int] = []
    receiver.answer = pouring(head, chunk, taken)

    async with sending(receiver.url) as notifier:
        await send(notifier, receiver.url)

    kernel_buffers = 8 << 20
    assert sum(taken) < MOST_READ + kernel_buffers


async def test_is_accepted_when_only_the_rest_of_the_answer_is_missing(receiver: Receiver) -> None:
    receiver.answer = pouring(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"no chunk\r\n", [])

    async with sending(receiver.url) as notifier:
        await send(notifier, receiver.url)


async def test_is_tried_again_when_the_connection_breaks(receiver: Receiver) -> None:
    receiver.answer = breaking_off

    async with sending(receiver.url) as notifier:
        with pytest.raises(Unavailable):
            await send(notifier, receiver.url)


async def test_is_tried_again_when_nothing_listens(receiver: Receiver) -> None:
    async with receiving() as gone:
        url = gone.url

    async with sending(url) as notifier:
        with pytest.raises(Unavailable, match=r"^127\.0\.0\.1: it refuses connections$"):
            await send(notifier, url)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_del_09_follows_no_redirect(receiver: Receiver, status: int) -> None:
    async with receiving() as elsewhere:
        receiver.answer = answering(status, f"Location: {elsewhere.url}")

        async with sending(receiver.url) as notifier:
            with pytest.raises(Unavailable, match="redirects are not followed"):
                await send(notifier, receiver.url)

        assert elsewhere.connections == 0


async def test_del_10_does_not_reach_a_private_address_unless_that_destination_may(receiver: Receiver) -> None:
    open_url, closed_url = receiver.url, f"{receiver.url}?closed"
    places = {open_url: Destination((KEY,), True), closed_url: Destination((KEY,), False)}

    async with webhook.opened(places) as notifier:
        await send(notifier, open_url)
        with pytest.raises(
            Unavailable, match=r"^127\.0\.0\.1 is no public address; allow_private_addresses would permit it$"
        ):
            await send(notifier, closed_url)

    assert len(receiver.requests) == 1


async def test_del_11_reaches_a_server_whose_certificate_is_trusted(tmp_path: Path) -> None:
    authority = Authority(tmp_path)

    async with receiving(tls=authority.server()) as receiver:
        url = receiver.url.replace("127.0.0.1", "localhost")
        async with sending(url, tls=authority.trusted()) as notifier:
            await send(notifier, url)

        assert len(receiver.requests) == 1


@pytest.mark.parametrize(
    ("server", "reason"),
    [
        ({"days": (-3, -1)}, "certificate has expired"),
        ({"days": (1, 3)}, "not yet valid"),
        ({"name": "elsewhere.example"}, "Hostname mismatch"),
        ({"own": True}, "certificate is not trusted"),
    ],
)
async def test_del_11_does_not_speak_to_a_server_that_is_not_who_it_should_be(
    tmp_path: Path, server: Mapping[str, object], reason: str
) -> None:
    authority = Authority(tmp_path)

    async with receiving(tls=authority.server(**server)) as receiver:  # type: ignore[arg-type]
        url = receiver.url.replace("127.0.0.1", "localhost")
        async with sending(url, tls=authority.trusted()) as notifier:
            with pytest.raises(Unavailable, match=reason):
                await send(notifier, url)

        assert receiver.requests == []


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_del_11_does_not_speak_tls_1_0(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    old = authority.server()
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1

    async with receiving(tls=old) as receiver:
        url = receiver.url.replace("127.0.0.1", "localhost")
        async with sending(url, tls=authority.trusted()) as notifier:
            with pytest.raises(Unavailable, match="TLS failed"):
                await send(notifier, url)


async def test_trusts_what_browsers_trust_and_no_authority_of_the_machine(tmp_path: Path) -> None:
    async with receiving(tls=Authority(tmp_path).server()) as receiver:
        url = receiver.url.replace("127.0.0.1", "localhost")
        async with sending(url) as notifier:
            with pytest.raises(Unavailable, match="certificate is not trusted"):
                await send(notifier, url)


async def test_never_tells_the_path_or_query_of_its_url_in_an_error(receiver: Receiver) -> None:
    url = f"http://127.0.0.1:{receiver.port}/services/cafebabe?token=deadbeef"
    answers = [answering(500), answering(404), answering(401), answering(302), breaking_off]
    said = []

    async with sending(url) as notifier:
        for answer in answers:
            receiver.answer = answer
            with pytest.raises((Unavailable, Refused)) as caught:
                await send(notifier, url)
            said.append(str(caught.value))

    assert len(said) == len(answers)
    assert not any("cafebabe" in each or "deadbeef" in each for each in said)


async def test_is_refused_for_an_address_that_is_not_configured() -> None:
    async with sending() as notifier:
        with pytest.raises(Refused):
            await send(notifier, "https://desk.example/hook")


async def test_reaches_a_server_by_its_ipv6_address() -> None:
    hosts = []

    class Recording(httpcore.AsyncNetworkBackend):
        async def connect_tcp(self, host: str, *_: object, **__: object) -> httpcore.AsyncNetworkStream:
            hosts.append(host)
            raise httpcore.ConnectError

    async with httpcore.AsyncConnectionPool(network_backend=Recording()) as pool:
        url = "http://[::1]:8080/hook"
        notifier = WebhookNotifier(Poster({True: pool}, 10.0), {url: Destination((KEY,), True)})
        with pytest.raises(Unavailable, match=r"^::1: ConnectError$"):
            await send(notifier, url)

    assert hosts == ["::1"]


@pytest.mark.parametrize(
    "url",
    [
        *("", "desk.example/hook", "ftp://desk.example", "file:///etc/passwd", "https://", "javascript:alert(1)"),
        *(
            "https://user:pass@desk.example/",
            "https://[fe80::1%25eth0]/",
            "https://desk.example:99999/",
            "http://\x00/",
        ),
    ],
)
def test_is_configured_with_a_url_that_a_web_server_can_have(url: str) -> None:
    assert webhook.wrong(url)
    with pytest.raises(ConfigError) as caught:
        webhook.destinations([(Config(url, "secrets/hook"), SECRET)])
    assert "pass" not in str(caught.value).replace("password", "")


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_!!!", "not base64 at all", "whsec_\N{SNOWMAN}"])
def test_is_configured_with_a_secret_that_is_none_only_with_an_error_that_names_the_file(secret: str) -> None:
    with pytest.raises(ConfigError, match="secrets/hook") as caught:
        webhook.keys(secret, file="secrets/hook")

    assert "!!!" not in str(caught.value)


@pytest.mark.parametrize("secret", [SECRET, SECRET.removeprefix("whsec_"), SECRET.rstrip("="), f"\n{SECRET}\n"])
def test_is_configured_with_a_secret_in_any_usual_form(secret: str) -> None:
    assert webhook.keys(secret, file="secrets/hook") == (KEY,)


def test_is_configured_once_for_two_subscribers_of_one_url_and_never_in_two_ways() -> None:
    config = Config("https://desk.example/hook", "secrets/hook")
    other = base64.b64encode(b"another").decode()

    assert webhook.destinations([(config, SECRET), (config, SECRET)]) == {config.url: Destination((KEY,), False)}
    with pytest.raises(ConfigError, match="two secrets"):
        webhook.destinations([(config, SECRET), (config, other)])
