"""Where do log lines go, in which form, and what never gets into them?

One line an event on standard error: JSON for machines, `time level phrase key=value` on a terminal. What other libraries log
goes the same way. No line holds a control character, nothing that looks like a secret gets through, and the same trouble a
million times is a few lines with a count.
"""

import json
import logging
import re
import sys
import time
from collections.abc import Callable, MutableMapping
from typing import Any, TextIO

import structlog

from monitor.alerting.display import visible

LONGEST_VALUE = 4_000
"""Characters of a fact: an error of another side may be long."""

BURST = 20
"""Lines of one trouble before it is only counted."""
QUIET_SECONDS = 60.0
"""A trouble that stayed away so long is news again."""

_HIDDEN = "[hidden]"
_SECRETS = re.compile(
    r"\b[0-9]{6,}:[A-Za-z0-9_-]{30,}"  # a bot's token
    r"|\bwhsec_[A-Za-z0-9+/=_-]+"  # a webhook's
    r"|(?<!\b[am]-)\b[0-9a-fA-F]{32}\b"  # an api_hash; SHA-256 has twice as many, the keys of alerts a letter before them
    r"|\b1[A-Za-z0-9_-]{300,}={0,2}"  # a Telethon session as text
    r"|(?<=://)[^/\s@]+(?=@)"  # user and password of an address
    r"|(?i:(?<=bearer )|(?<=token=)|(?<=secret=)|(?<=password=)|(?<=key=)|(?<=hash=))[^\s&\"']+"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*"
)
_SECRET_KEY = re.compile(r"(?i)(?:token|secret|password|passwd|api_hash|private_key|authorization|cookie)$")

Facts = MutableMapping[str, Any]


def configure(
    *,
    verbose: bool = False,
    quiet: bool = False,
    stream: TextIO | None = None,
    monotonic: Callable[[], float] = time.monotonic,
) -> None:
    """From now on all log lines of this process go to `stream` (standard error). `verbose`: ours from debug up; `quiet`: no
    more than warnings and errors.

    Other libraries are heard from warnings up, however verbose we are: what they say below that quotes addresses with tokens.
    """
    stream = sys.stderr if stream is None else stream
    level = logging.DEBUG if verbose else logging.WARNING if quiet else logging.INFO
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            Throttle(monotonic),
            structlog.processors.format_exc_info,
            redacted,
            for_terminal if stream.isatty() else as_json,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: _Lines(stream),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[_Bridge()], level=logging.WARNING, force=True)
    logging.raiseExceptions = False
    for name in ("telethon", "httpx", "httpcore", "apscheduler", "asyncio", "aiosqlite"):
        logging.getLogger(name).setLevel(logging.WARNING)


class Throttle:
    """Lets the first lines of one trouble through, then those that stand at 100, 1,000, 10,000 … with how many it was."""

    def __init__(self, monotonic: Callable[[], float], *, kinds: int = 1_000) -> None:
        self._monotonic = monotonic
        self._kinds = kinds
        self._seen: dict[tuple[str, str], tuple[int, float]] = {}

    def __call__(self, logger: object, method: str, facts: Facts) -> Facts:
        if facts.get("level") not in ("warning", "error", "critical"):
            return facts
        # By the phrase, not by the facts: a flood of one trouble has a new post or peer in every line.
        kind = (str(facts.get("level")), str(facts.get("event"))[:80])
        now = self._monotonic()
        count, last = self._seen.pop(kind, (0, now))
        count = 1 if now - last >= QUIET_SECONDS else count + 1
        self._seen[kind] = (count, now)
        while len(self._seen) > self._kinds:
            del self._seen[next(iter(self._seen))]
        if count > BURST and not re.fullmatch("100+", str(count)):
            raise structlog.DropEvent
        if count > BURST:
            facts["times"] = count
        return facts


def redacted(logger: object, method: str, facts: Facts) -> Facts:
    """The facts without control characters and without anything that looks like a secret: a second net, not the first."""
    return {str(_clean(key)): _HIDDEN if _SECRET_KEY.search(key) else _clean(value) for key, value in facts.items()}


def cleaned(text: str) -> str:
    """The text, visible, without secrets; of a long one the beginning and the end, where a trace has its reason."""
    if len(text) > LONGEST_VALUE:
        text = f"{text[: LONGEST_VALUE // 2]} … {text[-LONGEST_VALUE // 2 :]}"
    return _SECRETS.sub(_HIDDEN, visible(text))


def as_json(logger: object, method: str, facts: Facts) -> str:
    """One JSON object: when, how bad, what, and the rest."""
    ordered = {key: facts[key] for key in ("at", "level", "event") if key in facts} | dict(facts)
    return json.dumps(ordered, ensure_ascii=False, default=str)


def for_terminal(logger: object, method: str, facts: Facts) -> str:
    """One line for people; an error's trace stands indented below it."""
    rest = dict(facts)
    at, level, event = (str(rest.pop(key, "")) for key in ("at", "level", "event"))
    trace = str(rest.pop("exception", ""))
    words = " ".join(f"{_word(key, quoted=False)}={_word(value)}" for key, value in rest.items())
    line = f"{at[11:19]} {level:<7} {_word(event, quoted=False)}  {words}".rstrip()
    return "\n".join([line, *(f"    {part}" for part in trace.splitlines())])


class _Lines:
    """Writes lines. A stream that is full or closed takes none, and that stops nobody."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, line: str) -> None:
        try:
            encoding = self._stream.encoding or "utf-8"
            line = line.encode(encoding, "backslashreplace").decode(encoding)
            self._stream.write(f"{line}\n")
            self._stream.flush()
        except (OSError, ValueError):
            return

    debug = info = warning = error = critical = msg = write


class _Bridge(logging.Handler):
    """Hands what other libraries log to our own pipe. (A class derived from theirs: `logging` takes nothing else.)"""

    def emit(self, record: logging.LogRecord) -> None:
        facts: Facts = {"logger": record.name}
        if record.exc_info:
            facts["exc_info"] = record.exc_info
        try:
            message = record.getMessage()
        except Exception:  # a library's own mistake in its log line must not become ours
            message = str(record.msg)
        structlog.get_logger().log(max(record.levelno, logging.DEBUG), message, **facts)


def _clean(value: object) -> object:
    match value:
        case bool() | int() | float() | None:
            return value
        case str():
            return cleaned(value)
        case dict():
            return redacted(None, "", {str(key): each for key, each in value.items()})
        case list() | tuple() | set() | frozenset():
            return [_clean(each) for each in value]
    return _clean(str(value))


def _word(value: object, *, quoted: bool = True) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = text.replace("\n", "⏎")
    return (
        json.dumps(text, ensure_ascii=False)
        if quoted and isinstance(value, str) and re.search(r"[\s=\"]", text)
        else text
    )
