"""The matcher flags stories, shows where and says why."""

import re
from datetime import datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import ConfigError, QueryError
from monitor.matching.matcher import Found, Matcher, Sighting, Subject, check
from monitor.model import instant
from monitor.model.channel import Identity
from monitor.model.match import Span
from monitor.model.story import Entity, Flag, Story

GLADKOV = Entity(kind="person", names=("Вячеслав Гладков", "Vyacheslav Gladkov", "Гладков"))
LEGION = Entity(kind="unit", names=("Легион «Свобода России»", "=ЛСР"))
GOVERNORS = Identity(id=-1001234567890, username="vvgladkov")
EXCHANGE = Story(
    id="exchange",
    title="The exchange",
    entities={"gladkov": GLADKOV, "legion": LEGION},
    topics={"prisoners": "пленный OR captive", "exchange": 'обмен* OR "передать пленных"~4'},
    flags=(Flag(when="(gladkov OR legion) AND (prisoners OR exchange)", priority="high"),),
)


JUNE_4 = datetime(2023, 6, 4, tzinfo=timezone(timedelta(hours=3)))


def story(when: str = "gladkov", *, id: str = "governor", **changes: object) -> Story:
    whole = Story(id=id, title="", entities={"gladkov": GLADKOV, "legion": LEGION}, flags=(Flag(when=when),))
    return msgspec.structs.replace(whole, **changes)


def subject(*texts: str, channel: Identity | None = GOVERNORS) -> Subject:
    return Subject(channel, tuple(zip(("text", "media", "media", "buttons"), texts, strict=False)))


def match(
    stories: Story | list[Story], *texts: str, channel: Identity | None = GOVERNORS, everything: bool = False
) -> Sighting:
    matcher = Matcher(stories if isinstance(stories, list) else [stories])
    [sighting] = matcher.match([subject(*texts, channel=channel)], everything=everything)
    return sighting


def texts(spans: tuple[Span, ...]) -> list[str]:
    return [span.text for span in spans]


# ----------------------------------------------------------------------------------------------------------------- finding


def test_tells_everything_about_a_match() -> None:
    [found] = match(EXCHANGE, "🔥 Предлагаем Гладкову обмен").flagged

    assert found == Found(
        story="exchange",
        edition=Matcher([EXCHANGE]).editions["exchange"],
        priority="high",
        spans=(
            Span(13, 21, "Гладкову", "gladkov", "entity", "Гладков", "exchange", "text"),
            Span(22, 27, "обмен", "exchange", "topic", "обмен*", "exchange", "text"),
        ),
        why=("«Гладкову» is a form of Гладков", "«обмен» begins with обмен"),
    )


def test_flags_each_story_once_and_in_order() -> None:
    both = [story(id="b"), story("gladkov OR legion", id="a")]

    assert [found.story for found in match(both, "Гладков и ЛСР").flagged] == ["b", "a"]


def test_flags_nothing_where_nothing_is_tracked() -> None:
    assert match([], "Гладков") == Sighting(flagged=())
    assert match(story(), "") == Sighting(flagged=())
    assert Matcher([story()]).match([]) == []


def test_looks_at_all_fields_together() -> None:
    [found] = match(EXCHANGE, "Гладков", "обмен", "пленный").flagged

    assert [(span.field, span.start, span.text) for span in found.spans] == [
        ("text", 0, "Гладков"),
        ("media", 0, "обмен"),
        ("media", 0, "пленный"),
    ]


def test_finds_no_phrase_across_fields() -> None:
    assert not match(EXCHANGE, "ЛСР: передать", "пленных").others
    assert "exchange" not in [span.name for span in match(EXCHANGE, "ЛСР: передать", "пленных", everything=True).others]


def test_orders_spans_by_field_and_place() -> None:
    [found] = match(EXCHANGE, "обмен, Гладков, обмен", "Гладков обмен").flagged

    assert [(span.field, span.start) for span in found.spans] == [
        ("text", 0),
        ("text", 7),
        ("text", 16),
        ("media", 0),
        ("media", 8),
    ]


# -------------------------------------------------------------------------------------------------------------- the longest


def test_reports_the_longest_of_overlapping_names() -> None:
    [found] = match(story(), "Вячеслав Гладков приехал. Гладков уехал.").flagged

    assert [(span.text, span.term) for span in found.spans] == [
        ("Вячеслав Гладков", "Вячеслав Гладков"),
        ("Гладков", "Гладков"),
    ]


def test_reports_the_name_that_is_written_so() -> None:
    entity = Entity(kind="person", names=("Гладков", "Gladkov"))
    [found] = match(story(entities={"gladkov": entity, "legion": LEGION}), "Gladkov, Гладков, gladkov").flagged

    assert [span.term for span in found.spans] == ["Gladkov", "Гладков", "Gladkov"]


def test_reports_a_name_of_two_entities_for_both() -> None:
    poet = Entity(kind="person", names=("Гладков",))
    [found] = match(story("gladkov OR poet", entities={"gladkov": GLADKOV, "poet": poet}), "Вячеслав Гладков").flagged

    assert [(span.text, span.name) for span in found.spans] == [("Вячеслав Гладков", "gladkov"), ("Гладков", "poet")]


# ------------------------------------------------------------------------------------------------------------------ flags


@pytest.mark.parametrize(
    ("when", "text", "flagged"),
    [
        ("gladkov", "Гладков", True),
        ("gladkov", "ЛСР", False),
        ("gladkov AND legion", "Гладков", False),
        ("gladkov legion", "Гладков и ЛСР", True),
        ("gladkov AND NOT legion", "Гладков", True),
        ("gladkov AND NOT legion", "Гладков и ЛСР", False),
        ("NOT gladkov", "Погода", True),
        ("NOT gladkov", "Гладков", False),
        ("NOT gladkov", "", True),
        ("legion OR NOT gladkov", "Погода", True),
    ],
)
def test_heeds_the_condition(when: str, text: str, flagged: bool) -> None:
    assert bool(match(story(when), text).flagged) == flagged


def test_shows_what_the_condition_asks_for_and_not_what_it_excludes() -> None:
    [found] = match(story("gladkov OR (legion AND NOT gladkov)"), "Гладков и ЛСР").flagged

    assert texts(found.spans) == ["Гладков"]


def test_shows_of_a_topic_what_makes_it_true() -> None:
    topics = {"aid": "(вода AND хлеб) OR врач OR (свет NOT вода)"}
    [found] = match(story("aid", topics=topics), "Вода есть, врачи едут, света нет.").flagged

    assert texts(found.spans) == ["врачи"]


@pytest.mark.parametrize(
    ("channels", "channel", "flagged"),
    [
        (("*",), GOVERNORS, True),
        (("*",), None, True),
        (("vvgladkov",), GOVERNORS, True),
        (("VVGladkov",), GOVERNORS, True),
        (("vvgladkov",), Identity(username="VVGLADKOV"), True),
        (("@vvgladkov",), GOVERNORS, True),
        (("-1001234567890",), GOVERNORS, True),
        (("-1001234567890",), Identity(id=-1001234567890), True),
        (("other", "vvgladkov"), GOVERNORS, True),
        (("other",), GOVERNORS, False),
        (("other",), None, False),
        ((), GOVERNORS, False),
    ],
)
def test_heeds_the_channels_by_username_and_by_id(
    channels: tuple[str, ...], channel: Identity | None, flagged: bool
) -> None:
    limited = story(flags=(Flag(when="gladkov", channels=channels),))

    assert bool(match(limited, "Гладков", channel=channel).flagged) == flagged


@pytest.mark.parametrize(
    ("since", "until", "published", "flagged"),
    [
        (JUNE_4, None, "2023-06-03T20:59:59.999Z", False),
        (JUNE_4, None, "2023-06-03T21:00:00Z", True),
        (None, JUNE_4, "2023-06-03T20:59:59.999Z", True),
        (None, JUNE_4, "2023-06-03T21:00:00Z", False),
        (JUNE_4, JUNE_4 + timedelta(days=1), "2023-06-04T13:00:00Z", True),
        (JUNE_4, JUNE_4 + timedelta(days=1), "2023-06-05T13:00:00Z", False),
        (JUNE_4, JUNE_4 + timedelta(days=1), None, True),
    ],
)
def test_heeds_when_a_post_was_published(
    since: datetime | None, until: datetime | None, published: str | None, flagged: bool
) -> None:
    limited = story(flags=(Flag(when="gladkov", since=since, until=until),))
    post = msgspec.structs.replace(subject("Гладков"), at=published and instant.parse(published))

    assert bool(Matcher([limited]).match([post])[0].flagged) == flagged


def test_other_flags_of_a_story_hold_out_of_the_time_of_one() -> None:
    ended = Flag(when="gladkov", until=JUNE_4, priority="high")
    post = msgspec.structs.replace(subject("Гладков"), at=instant.parse("2024-01-01T00:00:00Z"))

    [found] = Matcher([story(flags=(ended, Flag(when="gladkov", priority="low")))]).match([post])[0].flagged

    assert found.priority == "low"


def test_takes_the_highest_priority_of_the_flags_that_hold() -> None:
    flags = (
        Flag(when="gladkov", priority="low"),
        Flag(when="legion", priority="high"),
        Flag(when="gladkov AND legion", priority="normal"),
    )

    assert match(story(flags=flags), "Гладков").flagged[0].priority == "low"
    assert match(story(flags=flags), "Гладков и ЛСР").flagged[0].priority == "high"


def test_flags_nothing_for_a_story_without_flags() -> None:
    assert match(story(flags=()), "Гладков", everything=True).flagged == ()


# ----------------------------------------------------------------------------------------------------------------- others


def test_shows_the_rest_when_asked() -> None:
    other = story("legion AND gladkov", id="other")
    sighting = match([EXCHANGE, other], "Гладков: обмен. captivity, captive. Снег.", everything=True)

    assert texts(sighting.flagged[0].spans) == ["Гладков", "обмен", "captive"]
    assert [(span.text, span.story) for span in sighting.others] == [("Гладков", "other")]


def test_shows_of_a_flagged_story_what_its_flag_did_not() -> None:
    sighting = match(story(), "Гладков и ЛСР", everything=True)

    assert texts(sighting.flagged[0].spans) == ["Гладков"]
    assert texts(sighting.others) == ["ЛСР"]


def test_shows_no_topic_that_is_not_true() -> None:
    sighting = match(story(topics={"aid": "вода AND хлеб"}), "Вода есть.", everything=True)

    assert sighting == Sighting(flagged=())


def test_does_not_show_the_rest_unasked() -> None:
    assert match(story("legion"), "Гладков") == Sighting(flagged=())


# ------------------------------------------------------------------------------------------------------- always the same


def test_gives_the_same_answer_alone_and_among_others() -> None:
    matcher = Matcher([EXCHANGE, story()])
    subjects = [subject("Гладков: обмен"), subject("Погода", "ЛСР и пленный"), subject(), subject("Гладкову", "обмен")]

    assert matcher.match(subjects) == [matcher.match([one])[0] for one in subjects]


WORDS = st.sampled_from(
    [
        "Гладков",
        "Гладкову",
        "Вячеслав",
        "ЛСР",
        "обмен",
        "пленных",
        "передать",
        "captive.",
        "Gladkov",
        "«Легион",
        "Свобода",
        "России»",
    ]
)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(WORDS, max_size=12).map(" ".join) | st.text(max_size=40), max_size=4))
def test_every_span_is_a_true_slice_and_every_run_the_same(said: list[str]) -> None:
    sighting = MATCHER.match([subject(*said)], everything=True)

    assert sighting == MATCHER.match([subject(*said)], everything=True)
    fields = subject(*said).fields
    for span in [*(span for found in sighting[0].flagged for span in found.spans), *sighting[0].others]:
        assert span.start < span.end
        assert span.text in {text[span.start : span.end] for field, text in fields if field == span.field}
    for found in sighting[0].flagged:
        assert len(found.why) == len(found.spans)


MATCHER = Matcher([EXCHANGE, story("gladkov AND NOT legion"), story("NOT gladkov", id="quiet")])


def test_a_story_has_an_edition_that_follows_its_wording() -> None:
    editions = {Matcher([one]).editions[one.id] for one in (story(), story(), story("legion"), story(title="Other"))}

    assert len(editions) == 3
    assert all(re.fullmatch("sha256:[0-9a-f]{64}", edition) for edition in editions)


# ----------------------------------------------------------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"flags": (Flag(when="gladkow"),)},
            "stories/governor.toml: flag[1].when: gladkow is no entity or topic of this story",
        ),
        (
            {"flags": (Flag(when="gladkov"), Flag(when="("))},
            "stories/governor.toml: flag[2].when: something must follow (",
        ),
        ({"topics": {"aid": "вода OR"}}, "stories/governor.toml: topics.aid: something must follow OR"),
        ({"topics": {"aid": "о*"}}, "stories/governor.toml: topics.aid: a prefix needs two letters at least"),
    ],
)
def test_a_mistake_in_a_query_names_story_key_and_column(changes: dict[str, object], message: str) -> None:
    with pytest.raises(QueryError) as caught:
        check(story(**changes))

    assert str(caught.value).startswith(message)
    assert str(caught.value).endswith("^")
    with pytest.raises(ConfigError, match=re.escape(message)):
        Matcher([EXCHANGE, story(**changes)])


def entity(**changes: object) -> dict[str, object]:
    return {"entities": {"gladkov": msgspec.structs.replace(GLADKOV, **changes)}}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            entity(kind="persona"),
            'entities.gladkov.kind: "persona" is none of person, unit, organisation, place, event, other; the nearest is person',
        ),
        (entity(case="anny"), "the nearest is any"),
        (entity(names=()), "entities.gladkov.names: at least one name is needed"),
        (entity(names=("Гладков", " «» ")), 'entities.gladkov.names[2]: "«»" has no letter and no digit'),
        ({"flags": (Flag(when="gladkov", priority="hihg"),)}, "flag[1].priority"),
        ({"topics": {"gladkov": "мост"}}, "topics.gladkov: an entity has this id already"),
        ({"topics": {"Aid": "мост"}}, "Aid: an id is small Latin letters"),
        ({"topics": {"aid": " ".join(f"слово{number}" for number in range(10_001))}}, "more than the 10000"),
    ],
)
def test_a_mistake_in_a_story_names_the_key_and_the_nearest(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        check(story(**changes))


def test_a_good_story_has_no_mistake() -> None:
    check(EXCHANGE)
    check(story(flags=()))
