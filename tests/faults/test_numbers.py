"""What comes in numbers: the same text on many channels, and a storm of matches (MAT-09 to MAT-11)"""

from collections import Counter
from collections.abc import Sequence

import msgspec
from builders import NOON, revision, story
from carrying import Clock, Inbox
from engines import Opening
from measuring import Measured
from owed import subscriber

from monitor.alerting.joining import LISTED
from monitor.alerting.plan import Audience
from monitor.errors import Unavailable
from monitor.matching.matcher import Matcher
from monitor.model.alert import Digest, Message, State, Subscriber
from monitor.model.channel import Identity
from monitor.model.instant import MINUTE, SECOND, Instant
from monitor.model.record import Draft, Kind
from monitor.ports import Store
from monitor.stages.deliver import DIGEST_ABOVE, PROMPT, Courier
from monitor.stages.detect import Detector

TEXT = "Гладков заявил: мост взорван ночью, пострадавших нет, движение закрыто до утра"
BENIGN = "Гладков заявил: мост не взорван ночью, пострадавших нет, движение закрыто до утра"
DESK = subscriber("desk", address="desk")
PHONE = subscriber("phone", address="phone", stories=("dam",))
MATCHER = Matcher(
    [
        story("bridge", entities={}, topics={"bridge": "мост OR bridge"}),
        story("dam", entities={}, topics={"bridge": "дамба OR dam"}),
    ]
)


class Watch:
    """Detection and delivery over a real store."""

    def __init__(self, store: Store, clock: Clock, inbox: Inbox, *subscribers: Subscriber) -> None:
        self.store = store
        self.clock = clock
        self.inbox = inbox
        people = subscribers or (DESK,)
        self.detector = Detector(
            store.ledger,
            store.positions,
            store.findings,
            matcher=MATCHER,
            audience=Audience(subscribers=people, titles={"bridge": "The bridge", "dam": "The dam"}),
            clock=clock,
        )
        self.courier = Courier(
            store.outbox,
            {"console": inbox},
            subscribers=people,
            health=store.health,
            clock=clock,
            late_after=5 * MINUTE,
            ledger=store.ledger,
        )

    async def deal(self, *drafts: Draft) -> None:
        """Records them, detects to the end and delivers what is due."""
        await self.store.ledger.append(drafts)
        while (await self.detector.detect()).records:
            pass
        await self.courier.deliver_due()

    async def pass_time(self, by: Instant, *, every: Instant = SECOND) -> None:
        for _ in range(by // every):
            self.clock.move(every)
            await self.courier.next_look()
            await self.courier.deliver_due()

    def told(self, address: str = "desk") -> list[Message]:
        pairs = zip(self.inbox.received, self.inbox.messages, strict=True)
        return [message for (at, _), message in pairs if at == address]


def on(channel: int, clock: Clock, text: str = TEXT, *, number: int = 1) -> Draft:
    """A post that a channel of its own publishes now."""
    name = Identity(id=-1001000000000 - channel, username=f"channel_{channel}", title=f"Channel {channel}")
    return revision(text, channel=name, number=number, published_at=clock.now(), observed_at=clock.now())


def digest(message: Message) -> Digest:
    assert isinstance(message.digest, Digest)
    return message.digest


async def counted(store: Store) -> tuple[int, Counter[State]]:
    """Posts in the ledger, and alerts by state."""
    states: Counter[State] = Counter()
    for (_, state), count in (await store.outbox.count()).items():
        states[state] += count
    return (await store.ledger.count()).get(Kind.PUBLISHED.value, 0), states


async def test_mat_09_the_same_text_on_40_channels_is_told_at_once_and_then_in_one_message(
    store: Store, measured: Measured
) -> None:
    clock = Clock(NOON)
    watch = Watch(store, clock, Inbox())

    await watch.deal(on(1, clock))
    at_once = watch.told()
    for channel in range(2, 41):
        clock.move(7 * SECOND)
        await watch.deal(on(channel, clock, f"⚡️ {TEXT}!\n\n@channel_{channel}"))
    in_five_minutes = watch.told()
    await watch.pass_time(MINUTE)

    assert [message.post.channel for message in at_once] == ["channel_1"]
    assert in_five_minutes == at_once
    _, grouped = watch.told()
    assert (grouped.event, grouped.late, grouped.post.channel) == ("spread", False, "channel_2")
    found = digest(grouped)
    assert (found.why, found.count, found.channels, found.new) == ("spread", 40, 40, 39)
    assert [item.channel for item in found.posts] == [f"channel_{number}" for number in range(1, 41)]
    assert [(tally.id, tally.count) for tally in found.stories] == [("bridge", 40)]
    assert await counted(store) == (40, {State.DELIVERED: 40})
    assert (await store.ledger.count())["alert"] == 40
    measured("messages for one text on 40 channels", 2, "the first at once, the others in one, 40 records")


async def test_mat_09_also_where_all_of_them_come_at_the_same_moment(store: Store) -> None:
    clock = Clock(NOON)
    watch = Watch(store, clock, Inbox())

    await watch.deal(*(on(channel, clock) for channel in range(1, 41)))
    await watch.pass_time(5 * MINUTE)

    first, grouped = watch.told()
    assert first.event == "published"
    assert digest(grouped).count == 40
    assert await counted(store) == (40, {State.DELIVERED: 40})


async def test_mat_09_also_across_restarts_in_between(opening: Opening) -> None:
    clock, inbox = Clock(NOON), Inbox()
    for channel in range(1, 41):
        async with opening() as store:
            await Watch(store, clock, inbox).deal(on(channel, clock))
        clock.move(7 * SECOND)

    async with opening() as store:
        watch = Watch(store, clock, inbox)
        await watch.pass_time(MINUTE)
        clock.move(MINUTE)
        later = Watch(store, clock, inbox)
        await later.deal(on(41, clock))
        await later.pass_time(6 * MINUTE)

        assert await counted(store) == (41, {State.DELIVERED: 41})
    first, grouped, after = watch.told()
    assert first.event == "published"
    assert (digest(grouped).count, digest(grouped).new) == (40, 39)
    assert (digest(after).count, digest(after).new, len(digest(after).posts)) == (41, 1, 41)
    assert [item.channel for item in digest(after).posts[:2]] == ["channel_1", "channel_41"]


async def test_mat_10_a_benign_near_copy_before_it_holds_nothing_back_and_exact_copies_are_counted(
    store: Store,
) -> None:
    clock = Clock(NOON)
    watch = Watch(store, clock, Inbox())

    await watch.deal(on(1, clock, BENIGN))
    await watch.deal(on(2, clock, TEXT))
    await watch.deal(on(3, clock, f"{TEXT} фейк"))
    at_once = [message.post.text for message in watch.told()]
    for channel in range(4, 9):
        await watch.deal(on(channel, clock, TEXT))
    await watch.deal(on(9, clock, BENIGN))
    held = watch.told()[3:]
    await watch.pass_time(5 * MINUTE)

    assert at_once == [BENIGN, TEXT, f"{TEXT} фейк"]
    assert held == []
    exact, benign = watch.told()[3:]
    assert (digest(exact).count, digest(exact).new, digest(exact).posts[0].channel) == (6, 5, "channel_2")
    assert (digest(benign).count, digest(benign).new, digest(benign).posts[0].channel) == (2, 1, "channel_1")
    assert await store.findings.count() == {"bridge": 9}
    assert await counted(store) == (9, {State.DELIVERED: 9})


async def test_mat_10_who_edits_a_copy_that_waits_into_news_is_heard_of_at_once(store: Store) -> None:
    clock = Clock(NOON)
    watch = Watch(store, clock, Inbox())
    await watch.deal(on(1, clock), on(2, clock))

    clock.move(10 * SECOND)
    edited = on(2, clock, "Гладков убит на мосту")
    content = msgspec.structs.replace(
        edited.content, post=msgspec.structs.replace(edited.content.post, edited_at=clock.now()), edit=True
    )
    await watch.deal(msgspec.structs.replace(edited, content=content))

    assert [message.event for message in watch.told()] == ["published", "spread", "edited"]


class Group:
    """A chat that takes twenty messages a minute, as Telegram's groups do."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._times: list[Instant] = []

    def take(self) -> None:
        now = self._clock.now()
        self._times = [at for at in self._times if at > now - MINUTE]
        if len(self._times) >= 20:
            raise Unavailable("429", wait=(self._times[0] + MINUTE - now) / SECOND)
        self._times.append(now)


def numbers(messages: Sequence[Message]) -> int:
    """Of how many posts these tell."""
    return sum(digest(message).count if message.digest else 1 for message in messages)


async def test_mat_11_a_storm_is_told_in_digests_with_its_exact_number_and_delays_nobody_else(
    store: Store, measured: Measured
) -> None:
    clock, inbox, seconds, each = Clock(NOON), Inbox(), 60, 167
    group = Group(clock)
    inbox.answer("desk", group.take)
    watch = Watch(store, clock, inbox, DESK, PHONE)
    dams: list[Instant] = []
    heard: list[Instant] = []

    async def a_second(*drafts: Draft) -> None:
        await watch.deal(*drafts)
        heard.extend([clock.now()] * (numbers([each for each in watch.told() if each.story.id == "dam"]) - len(heard)))

    for second in range(seconds):
        clock.move(SECOND)
        first = 1 + second * each
        storm = [on(1, clock, f"Мост {number}", number=number) for number in range(first, first + each)]
        dam = [on(2, clock, f"Дамба {second}", number=second + 1)] if second % 10 == 5 else []
        dams += [clock.now()] * len(dam)
        await a_second(*storm, *dam)
        assert len(watch.told("phone")) == len(dams)  # in the same second
    for _ in range(180):
        clock.move(SECOND)
        await a_second()

    posts, states = await counted(store)
    bridge = [message for message in watch.told() if message.story.id == "bridge"]
    dam_alerts = [message for message in watch.told() if message.story.id == "dam"]
    assert seconds * each > 10_000
    assert posts == seconds * each + len(dams)
    assert states == {State.DELIVERED: seconds * each + 2 * len(dams)}
    assert numbers(bridge) == seconds * each
    assert numbers(dam_alerts) == len(dams)
    assert len(bridge) < 20 + 20
    assert {digest(message).why for message in bridge if message.digest} == {"many"}
    assert all(len(digest(message).posts) == LISTED for message in bridge if message.digest)
    assert max(at - since for since, at in zip(dams, heard, strict=True)) <= MINUTE + PROMPT
    assert "fault" not in await store.ledger.count()
    measured("matches in a minute", seconds * each, f"told in {len(bridge)} messages to a chat that takes 20 a minute")


async def test_mat_11_what_a_destination_keeps_up_with_is_told_one_by_one(store: Store) -> None:
    clock = Clock(NOON)
    watch = Watch(store, clock, Inbox())

    for second in range(3):
        clock.move(SECOND)
        await watch.deal(
            *(on(1, clock, f"Мост {second} {number}", number=50 * second + number) for number in range(1, 51))
        )

    assert DIGEST_ABOVE < 50
    assert [message.digest for message in watch.told()] == [msgspec.UNSET] * 150
