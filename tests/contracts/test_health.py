"""The evidence of health"""

from builders import NOON

from monitor.ports import Fact, Store


async def test_is_the_newest_fact_of_each_part_and_subject(store: Store) -> None:
    facts = [
        Fact("channel", "bridge_news", NOON + 1, red=True, note="private", figures={"lag": 1.5}),
        Fact("channel", "harbour", NOON),
        Fact("stage", "detect", NOON),
    ]

    await store.health.report([Fact("channel", "bridge_news", NOON), facts[1]])
    await store.health.report([facts[0], facts[2], Fact("channel", "bridge_news", NOON - 9)])

    assert await store.health.facts() == facts


async def test_is_none_at_first(store: Store) -> None:
    assert await store.health.facts() == []


async def test_keeps_notes_that_are_no_text(store: Store) -> None:
    fact = Fact("channel", "half \ud83d", NOON, note="half \ud83d")

    await store.health.report([fact])
    await store.health.report([fact])

    assert await store.health.facts() == [fact]
