"""From the outbox to the notifiers, and what came of it back into the store.

Every destination has a lane of its own, in which alerts go one after the other: one that is slow or away holds up nobody else. What
was sent is sent again, under the same key, only where its receipt could not be kept.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence

import msgspec
import structlog

from monitor.alerting.holding import SPREADS, USUAL
from monitor.alerting.joining import LISTED, PARTS, album, joined, late, many
from monitor.alerting.retry import LONGEST_WAIT, asof, next_attempt
from monitor.errors import Refused, Unavailable, Uncertain
from monitor.model import instant
from monitor.model.alert import ALBUM, SPREAD, Alert, Copies, Digest, Joint, Message, Receipt, State, Subscriber
from monitor.model.channel import Identity
from monitor.model.instant import HOUR, MINUTE, SECOND, Instant
from monitor.ports import Clock, Fact, Health, Ledger, Notifier, Outbox
from monitor.stages.reporting import report
from monitor.stages.waking import woken

log = structlog.get_logger(__name__)

PATIENCE = 60.0
"""Seconds that one attempt may take; notifiers have shorter limits of their own."""
AT_ONCE = 500
"""Alerts taken out of the store at once."""
LOOK_AGAIN = 10 * SECOND
"""Another process may have put alerts in, or back, without waking us."""
LOOK_BESIDE = SECOND
"""While one lane is busy, another may become due."""
RETRY = 2 * SECOND
MAY_REPEAT_AFTER = HOUR
"""How long Telegram remembers a `random_id` is not documented."""
RED_AFTER = 15 * MINUTE
REPORT_EVERY = 10 * SECOND
DIGEST_ABOVE = 20
"""Late alerts that one subscriber is told singly within `DIGEST_WITHIN`; more are told in one message."""
DIGEST_WITHIN = 10 * MINUTE
PROMPT = 30 * SECOND
"""Where the oldest of more than `DIGEST_ABOVE` alerts of one story has waited so long, they come quicker than they can be told."""
LONGEST_ROUND = 10 * SECOND
"""Then it is looked again at what waits in a lane."""
DIGEST_MOST = 5_000
FAULTS = 5
"""Attempts at an alert that fail in ways nobody foresaw; then it is dead, and the next one goes."""
_FAULT = "fault: "


class Courier:
    """Carries what is due, and remembers where it has been since it started."""

    def __init__(
        self,
        outbox: Outbox,
        notifiers: Mapping[str, Notifier],
        *,
        subscribers: Sequence[Subscriber],
        health: Health,
        clock: Clock,
        late_after: Instant,
        spread: Instant = USUAL.spread,
        ledger: Ledger | None = None,
        patience: float = PATIENCE,
    ) -> None:
        """`ledger`: where the parts of an album are looked up. `spread`: how long what says the same was held on purpose."""
        self._outbox = outbox
        self._ledger = ledger
        self._notifiers = notifiers
        self._subscribers = {subscriber.name: subscriber for subscriber in subscribers}
        self._health = health
        self._clock = clock
        self._late_after = late_after
        self._spread = spread
        self._patience = patience
        self._busy: set[str] = set()
        self._been: set[str] = set()
        self._facts: dict[str, Fact] = {}
        self._ripe_at: Instant | None = 0
        self._late: dict[str, deque[Instant]] = {}
        self._began = clock.now()

    async def deliver_due(self) -> int:
        """One attempt at everything that is due, each lane up to the first that is postponed. How many lanes there were."""
        self._ripe_at = 0
        async with asyncio.TaskGroup() as lanes:
            return await self.start(lanes, done=lambda: None)

    async def start(self, lanes: asyncio.TaskGroup, *, done: Callable[[], None]) -> int:
        """Sets out in every lane in which something is due and nobody is under way; `done` is called as each comes back."""
        if self._ripe_at is not None and self._clock.now() >= self._ripe_at:
            await self._release()
        due: dict[str, list[Alert]] = {}
        for alert in await self._due():
            if alert.lane not in self._busy:
                due.setdefault(alert.lane, []).append(alert)
        for lane, alerts in due.items():
            self._busy.add(lane)
            lanes.create_task(self._carry(lane, alerts, done))
        return len(due)

    async def tell_at_once(self, alerts: Sequence[Alert]) -> list[Alert]:
        """One attempt at each of these, which are not in the outbox and leave no receipt. Those that may be taken later."""
        async with asyncio.TaskGroup() as attempts:
            tried = [(alert, attempts.create_task(self._attempt(alert))) for alert in alerts]
        receipts = [(alert, attempt.result()) for alert, attempt in tried]
        for alert, receipt in receipts:
            log.warning(
                "alert told past the outbox", key=alert.key, subscriber=alert.subscriber, state=str(receipt.state)
            )
        return [alert for alert, receipt in receipts if receipt.state is State.WAITING]

    async def next_look(self) -> Instant:
        """When to look again, if nobody says anything before."""
        now = self._clock.now()
        ripe_at = await self._outbox.next_ripe()
        if ripe_at is not None and ripe_at > now + LONGEST_WAIT:
            ripe_at = now  # written by a clock that ran ahead
        self._ripe_at = ripe_at
        if self._busy:
            return min(now + LOOK_BESIDE, ripe_at or now + LOOK_BESIDE)
        next_due = await self._outbox.next_due()
        return min(next_due or now + LOOK_AGAIN, ripe_at or now + LOOK_AGAIN, now + LOOK_AGAIN)

    async def _release(self) -> None:
        """What has waited long enough for others is told from now on, what belongs together in one message."""
        now = self._clock.now()
        by = asof(now, next_due=await self._outbox.next_ripe())
        for alerts in await self._outbox.ripe(by):
            joints = joined(alerts, await self._copies(alerts))
            await self._outbox.join([await self._whole(joint) for joint in joints], now=now)

    async def _copies(self, alerts: Sequence[Alert]) -> dict[str, Copies]:
        """Who else said what these say, by the bundle in which they wait."""
        bundles: dict[str, list[Alert]] = {}
        for alert in alerts:
            if alert.copy and alert.bundle.startswith(SPREAD):
                bundles.setdefault(alert.bundle, []).append(alert)
        return {
            bundle: await self._outbox.copies(same[-1], since=same[0].created_at - SPREADS, limit=LISTED)
            for bundle, same in bundles.items()
        }

    async def _whole(self, joint: Joint) -> Joint:
        """An album with all the parts that are there by now."""
        alert = joint.carrier
        if self._ledger is None or not alert.bundle.startswith(ALBUM) or alert.message.event != "published":
            return joint
        post = alert.message.post
        channel = Identity(id=int(post.channel_id) if post.channel_id else None, username=post.channel)
        near = range(max(1, post.id - PARTS + 1), post.id + PARTS)
        found = {id: each.post for id, each in (await self._ledger.standing(channel, near)).items() if each.post}
        number = found[post.id].album if post.id in found else None
        parts = [(id, said) for id, said in sorted(found.items()) if number is not None and said.album == number]
        return msgspec.structs.replace(joint, carrier=album(alert, parts))

    async def _due(self) -> Sequence[Alert]:
        now = self._clock.now()
        due = await self._outbox.due(now, limit=AT_ONCE)
        if due or self._busy:
            return due
        by = asof(now, next_due=await self._outbox.next_due())
        return await self._outbox.due(by, limit=AT_ONCE) if by > now else due

    async def _carry(self, lane: str, alerts: Sequence[Alert], done: Callable[[], None]) -> None:
        try:
            try:
                alerts = await self._digested(lane, alerts)
            except Unavailable as error:
                log.warning("alerts told one by one", reason=str(error))
            began = self._clock.steady()
            for place, read in enumerate(alerts):
                try:
                    alert = await self._outbox.still(read.key) if place else read
                except Unavailable as error:
                    log.warning("not delivering; trying again", reason=str(error))
                    break
                if alert is None:
                    continue  # what it tells of was erased, while those before it were told
                receipt = await self._attempt(alert)
                await self._keep(receipt)
                await self._tell(alert, receipt)
                if receipt.state is State.WAITING:
                    break  # what comes after it waits for it
                if self._clock.steady() - began >= LONGEST_ROUND:
                    break  # the rest may be too many by now
        finally:
            self._busy.discard(lane)
            done()

    async def _digested(self, lane: str, alerts: Sequence[Alert]) -> Sequence[Alert]:
        """Where too many are late, or more wait than can be told one by one, one message takes their place."""
        now = self._clock.now()
        if not self._gathered(lane, alerts, now):
            return alerts
        alerts = await self._outbox.due(now, limit=DIGEST_MOST, lanes=[lane]) or alerts
        for joint in self._gathered(lane, alerts, now):
            if await self._outbox.join([joint], now=now):
                carrier, digest = joint.carrier, joint.carrier.message.digest
                why = digest.why if isinstance(digest, Digest) else ""
                told = {"subscriber": carrier.subscriber, "alerts": len(joint.keys) + 1, "key": carrier.key}
                log.info("alerts told in one message", **told, why=why)
                within = set(joint.keys)
                alerts = [carrier if alert.key == carrier.key else alert for alert in alerts if alert.key not in within]
        return alerts

    def _gathered(self, lane: str, alerts: Sequence[Alert], now: Instant) -> list[Joint]:
        """The messages that tell of several. Never of one that may have been sent before: the other side would be told twice."""
        late_ones: dict[str, list[Alert]] = {}
        others: dict[tuple[str, str], list[Alert]] = {}
        under_way = alerts and lane not in self._been and alerts[0].created_at <= self._began
        for alert in alerts[1:] if under_way else alerts:
            if alert.attempts or alert.joins or alert.message.digest or not alert.story:
                continue
            if self._as_sent(alert, now).late:
                late_ones.setdefault(alert.subscriber, []).append(alert)
            else:
                others.setdefault((alert.subscriber, alert.story), []).append(alert)
        found = [late(some) for name, some in late_ones.items() if self._too_many(name, len(some), now)]
        return found + [
            many(some)
            for some in others.values()
            if len(some) > DIGEST_ABOVE and now - min(alert.due_at for alert in some) > PROMPT
        ]

    def _too_many(self, subscriber: str, count: int, now: Instant) -> bool:
        recent = sum(now - DIGEST_WITHIN < at <= now for at in self._late.get(subscriber, ()))
        return count > 1 and count + recent > DIGEST_ABOVE

    async def _attempt(self, alert: Alert) -> Receipt:
        """One try. Whatever goes wrong becomes a receipt."""
        now = self._clock.now()
        try:
            message = self._as_sent(alert, now)
            subscriber = self._subscribers.get(alert.subscriber)
            if subscriber is None:
                raise Refused("is no subscriber any longer")
            notifier = self._notifiers.get(subscriber.kind)
            if notifier is None:
                raise Refused(f"nothing here carries alerts by {subscriber.kind}")
            async with asyncio.timeout(self._patience):
                await notifier.send(
                    subscriber.address,
                    message,
                    key=alert.key,
                    random_id=alert.random_id,
                    now=now,
                    time_zone=subscriber.time_zone,
                )
        except Unavailable as error:
            return self._postponed(alert, str(error), wait=error.wait)
        except TimeoutError:
            return self._postponed(alert, f"no answer within {self._patience:g} s")
        except Refused as error:
            return self._receipt(alert, State.DEAD, str(error))
        except Uncertain as error:
            return self._receipt(alert, State.UNCERTAIN, str(error))
        except Exception as error:
            # One alert that cannot be put into words or bytes must not hold up its lane for ever. Its text may be in the
            # error's own words, which are therefore not kept.
            if alert.attempts + 1 >= FAULTS and alert.reason.startswith(_FAULT):
                return self._receipt(alert, State.DEAD, f"{_FAULT}{_whence(error)}")
            return self._postponed(alert, f"{_FAULT}{_whence(error)}")
        finally:
            self._been.add(alert.lane)
        if message.late:
            self._late.setdefault(alert.subscriber, deque(maxlen=DIGEST_ABOVE)).append(now)
        return self._receipt(alert, State.DELIVERED, "")

    def _as_sent(self, alert: Alert, now: Instant) -> Message:
        """The message with what is known only now."""
        spread = alert.message.event == "spread"
        happened = alert.published_at if alert.message.event == "published" or spread else None
        since = happened if happened is not None else instant.parse(alert.message.observed_at)
        # Before a crash somebody may have been under way with the first of a lane, without leaving a trace.
        tried = bool(alert.reason) or alert.lane not in self._been
        return msgspec.structs.replace(
            alert.message,
            late=now - since > self._late_after + (self._spread if spread else 0),
            repeat=tried and now - alert.created_at > MAY_REPEAT_AFTER,
        )

    def _postponed(self, alert: Alert, reason: str, *, wait: float | None = None) -> Receipt:
        now, attempts = self._clock.now(), alert.attempts + 1
        due_at = next_attempt(alert.key, attempts=attempts, created_at=alert.created_at, now=now, wait=wait)
        if due_at is None:
            return self._receipt(alert, State.DEAD, f"given up: {reason}")
        return msgspec.structs.replace(self._receipt(alert, State.WAITING, reason), due_at=due_at)

    def _receipt(self, alert: Alert, state: State, reason: str) -> Receipt:
        return Receipt(key=alert.key, state=state, at=self._clock.now(), attempts=alert.attempts + 1, reason=reason)

    async def _keep(self, receipt: Receipt) -> None:
        """The receipt into the store, however long the disk is full: without it the alert would be sent again."""
        while True:
            try:
                return await self._outbox.settle([receipt])
            except Unavailable as error:
                log.error("receipt not stored yet; trying again", key=receipt.key, reason=str(error))
                await self._clock.sleep_until(self._clock.now() + RETRY)

    async def _tell(self, alert: Alert, receipt: Receipt) -> None:
        """Log line and health row."""
        facts = {"key": alert.key, "subscriber": alert.subscriber, "story": alert.story, "record": alert.record}
        if receipt.state is State.DELIVERED:
            log.info("alert delivered", **facts, attempts=receipt.attempts)
        elif receipt.state is State.WAITING:
            log.warning("alert postponed", **facts, attempts=receipt.attempts, reason=receipt.reason)
        else:
            log.error("alert not delivered", **facts, state=str(receipt.state), reason=receipt.reason)
        if receipt.due_at is None:
            red = receipt.state is not State.DELIVERED
        else:
            red = max(receipt.at - alert.created_at, receipt.due_at - receipt.at) >= RED_AFTER
        fact = Fact(
            "destination",
            alert.subscriber,
            receipt.at,
            red=red,
            note=receipt.reason,
            figures={"attempts": float(receipt.attempts)},
        )
        known = self._facts.get(alert.subscriber)
        if known and (known.red, known.note) == (red, fact.note) and known.at <= fact.at < known.at + REPORT_EVERY:
            return
        self._facts[alert.subscriber] = fact
        await report(self._health, fact)


async def deliver(courier: Courier, *, owed: asyncio.Event, clock: Clock) -> None:
    """Delivers for ever, as soon as something is `owed` or due."""
    async with asyncio.TaskGroup() as lanes:
        while True:
            try:
                await courier.start(lanes, done=owed.set)
                by = await courier.next_look()
            except Unavailable as error:
                log.error("outbox not readable; trying again", reason=str(error))
                by = clock.now() + RETRY
            await woken(owed, clock=clock, by=by)


def _whence(error: BaseException) -> str:
    """The kind of error, and the line that raised it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" in {trace.tb_frame.f_code.co_qualname}, line {trace.tb_lineno}" if trace is not None else ""
    return f"{type(error).__name__}{where}"
