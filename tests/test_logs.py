"""Log lines are one line an event, harmless, without secrets, and few."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from monitor.logs import Throttle, as_json, cleaned, configure, for_terminal, redacted


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def _unconfigured() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


def logged(stream: io.StringIO | None = None, **options: object) -> tuple[io.StringIO, structlog.stdlib.BoundLogger]:
    stream = io.StringIO() if stream is None else stream
    configure(stream=stream, **options)  # type: ignore[arg-type]
    return stream, structlog.get_logger("monitor.stages.collect")


def lines(stream: io.StringIO) -> list[dict]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_line_of_json_when_nobody_watches() -> None:
    stream, log = logged()

    log.info("revision recorded", channel="vvgladkov", post=7, ids=(1, 2))

    (line,) = lines(stream)
    assert list(line)[:3] == ["at", "level", "event"]
    assert line | {"at": ""} == {
        "at": "",
        "level": "info",
        "event": "revision recorded",
        "channel": "vvgladkov",
        "post": 7,
        "ids": [1, 2],
    }
    assert line["at"].endswith("Z")


def test_it_is_a_line_of_words_on_a_terminal() -> None:
    stream, log = logged(Terminal())

    log.warning("no contact", source="reader-1", reason="the server is away", times=2)

    assert stream.getvalue()[9:] == 'warning no contact  source=reader-1 reason="the server is away" times=2\n'


def test_debug_lines_are_ours_alone_and_only_when_asked_for() -> None:
    quiet, log = logged()
    log.debug("looked")
    verbose, log = logged(verbose=True)
    log.debug("looked")
    logging.getLogger("telethon.network").debug("sending auth key")
    logging.getLogger("httpx").info("POST https://hook.example/?token=canary")

    assert quiet.getvalue() == ""
    assert [line["event"] for line in lines(verbose)] == ["looked"]


def test_no_more_than_warnings_are_told_where_that_is_asked_for() -> None:
    stream, log = logged(quiet=True)

    log.info("alert delivered")
    log.warning("alert postponed")

    assert [line["event"] for line in lines(stream)] == ["alert postponed"]


def test_what_other_libraries_warn_of_goes_the_same_way() -> None:
    stream, _ = logged()

    logging.getLogger("telethon.network").warning("attempt %d failed", 3)
    logging.getLogger("apscheduler").error("bad %d", "format")
    try:
        raise ValueError("reason")
    except ValueError:
        logging.getLogger("asyncio").exception("task failed")

    told = lines(stream)
    assert [(line["level"], line["event"], line["logger"]) for line in told] == [
        ("warning", "attempt 3 failed", "telethon.network"),
        ("error", "bad %d", "apscheduler"),
        ("error", "task failed", "asyncio"),
    ]
    assert told[2]["exception"].endswith("ValueError: reason")


@given(text=st.text(), key=st.text(min_size=1))
def test_no_control_character_ever_reaches_a_line(text: str, key: str) -> None:
    facts = redacted(
        None, "info", {"level": "info", "at": "2023-06-04T13:00:00Z", "event": text, key: [text, {key: text}]}
    )

    for line in (as_json(None, "info", dict(facts)), for_terminal(None, "info", dict(facts))):
        assert "\n" not in line
        assert not any(ord(char) < 0x20 or 0x7F <= ord(char) <= 0x9F for char in line)


def test_a_fake_line_after_a_line_break_stays_inside_its_own() -> None:
    stream, log = logged(Terminal())

    log.info("renamed", title="x\n12:00:00 info    all is well\x1b[2J\r")

    assert stream.getvalue().count("\n") == 1
    assert "\x1b" not in stream.getvalue()


@pytest.mark.parametrize(
    "secret",
    [
        "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw",
        "0123456789abcdef0123456789abcdef",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "1" + "BVtsOK4Bu" * 40 + "=",
        "hunter2",
    ],
    ids=["a bot's token", "an api_hash", "a webhook's secret", "a session", "a password"],
)
def test_what_looks_like_a_secret_is_hidden_wherever_it_stands(secret: str) -> None:
    stream, log = logged()

    log.error("failed", reason=f"POST https://user:{secret}@host/?token={secret} Bearer {secret}", token=secret)
    log.error(f"key={secret}", inner={"deep": [f"password={secret}&x=1"], "api_hash": secret})
    try:
        raise RuntimeError(f"https://user:{secret}@host")
    except RuntimeError:
        log.exception("failed")

    assert secret not in stream.getvalue()
    assert "[hidden]" in stream.getvalue()


def test_digests_and_ids_are_no_secrets() -> None:
    text = f"edition sha256:{'ab' * 32}, channel -1001234567890, post 123456789, at 12:30:00"

    assert cleaned(text) == text


def test_the_key_of_an_alert_is_no_secret_for_it_is_what_alerts_retry_takes() -> None:
    stream, log = logged(Terminal())

    log.info("alert delivered", key=f"m-{'1e' * 16}", alert=f"a-{'0f' * 16}")

    assert stream.getvalue().endswith(f"alert delivered  key=m-{'1e' * 16} alert=a-{'0f' * 16}\n")


def test_a_long_reason_keeps_its_beginning_and_its_end() -> None:
    text = cleaned("a" * 10_000 + "the reason")

    assert len(text) < 5_000
    assert text.startswith("aaa")
    assert text.endswith("the reason")


def test_the_same_trouble_a_million_times_is_some_lines_with_a_count() -> None:
    throttle = Throttle(Clock())

    told = []
    for post in range(1_000_000):
        try:
            told.append(throttle(None, "warning", {"level": "warning", "event": "not recorded", "post": post}))
        except structlog.DropEvent:
            continue

    assert len(told) == 25
    assert told[-1]["times"] == 1_000_000


def test_another_trouble_and_one_that_stayed_away_are_heard() -> None:
    clock = Clock()
    stream, log = logged(monotonic=clock)

    for _ in range(1_000):
        log.warning("no contact")
    log.warning("disk full")
    clock.now += 61
    log.warning("no contact")

    assert [line["event"] for line in lines(stream)][-2:] == ["disk full", "no contact"]
    assert "times" not in lines(stream)[-1]


def test_news_is_never_held_back() -> None:
    stream, log = logged()

    for post in range(500):
        log.info("revision recorded", post=post)

    assert len(lines(stream)) == 500


def test_a_thousand_kinds_of_trouble_do_not_fill_the_memory() -> None:
    throttle = Throttle(Clock(), kinds=10)

    for number in range(1_000):
        throttle(None, "error", {"level": "error", "event": f"trouble {number}"})

    assert len(throttle._seen) == 10


def test_a_closed_stream_stops_nobody() -> None:
    stream, log = logged()
    stream.close()

    log.error("not written")


def test_a_terminal_that_knows_ascii_alone_gets_escapes() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    _, log = logged(stream)  # type: ignore[arg-type]

    log.info("recorded", channel="Белгород")

    assert json.loads(raw.getvalue())["channel"] == "Белгород"
