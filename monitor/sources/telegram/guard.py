"""Is an account still ours alone? Its session's file, where else it is signed in, and how much private post reached it."""

from collections.abc import Sequence

import structlog

from monitor.errors import Refused, Unavailable
from monitor.model.instant import HOUR, Instant, text
from monitor.ports import Clock, Fact
from monitor.sources.telegram.source import TelegramSource
from monitor.telegram.devices import Device, remember, remembered
from monitor.telegram.session import private, session_path

log = structlog.get_logger(__name__)

LOOK_EVERY = HOUR
"""Where else the account is signed in."""


class Guard:
    """Watches over one account."""

    def __init__(self, source: TelegramSource, *, clock: Clock) -> None:
        self._source = source
        self._clock = clock
        self._devices: Sequence[Device] = ()
        self._strangers: Sequence[Device] = ()
        self._look_at: Instant = 0

    async def look(self) -> Fact:
        """How the account stands. Asks Telegram once an hour; the file is looked at each time."""
        now, source = self._clock.now(), self._source
        if not source.signed_out and now >= self._look_at:
            await self._look_around(now)
        troubles = [source.state] if source.signed_out else [*self._file(), *map(self._stranger, self._strangers)]
        return Fact(
            "account",
            source.account,
            now,
            red=bool(troubles),
            note="; ".join(troubles),
            lasting=source.signed_out,
            figures={"other devices": len(self._devices), "private messages passed over": source.passed_over},
        )

    def _file(self) -> list[str]:
        try:
            wrong = private(session_path(self._source.session))
        except OSError:
            return []  # it is not needed before the next start, which says so
        return [wrong] if wrong is not None else []

    async def _look_around(self, now: Instant) -> None:
        try:
            self._devices = await self._source.devices()
            known = remembered(self._source.session)
            if known is None:
                known = frozenset(each.number for each in self._devices)
                remember(self._source.session, known)
        except (Unavailable, Refused) as error:
            self._look_at = now if isinstance(error, Unavailable) else now + LOOK_EVERY
            log.debug("nothing learned of an account's devices", account=self._source.account, reason=str(error))
            return
        self._look_at = now + LOOK_EVERY
        before, self._strangers = self._strangers, [each for each in self._devices if each.number not in known]
        for each in self._strangers:
            if each not in before:
                log.error("account signed in elsewhere", account=self._source.account, device=each.words)

    def _stranger(self, device: Device) -> str:
        name = self._source.account
        return (
            f"signed in elsewhere since {text(device.since)} ({device.words}): if that was not you, end it in Telegram (Settings,"
            f" Devices) and change the password; if it was, stop the daemon, run `monitor login {name}` and start it again"
        )
