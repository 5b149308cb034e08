"""A search …"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from itertools import combinations, count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.errors import ConfigError
from monitor.model.channel import Identity
from monitor.model.post import Forward, Media, Post
from monitor.model.record import Content, Gone, Kind, Record, Said, Source
from monitor.ports import Search
from monitor.stores.sqlite.search import open_search

GLADKOV = Identity(id=-1001, username="vvgladkov", title="Настоящий Гладков")
LEGION = Identity(id=-1002, username="legionoffreedom")
HOUR = 3_600_000


def an_open_search(folder: Path) -> AbstractAsyncContextManager[Search]:
    return open_search(folder / "search.db")


@pytest.fixture
async def search(tmp_path: Path) -> AsyncIterator[Search]:
    async with an_open_search(tmp_path) as search:
        yield search


def record(
    index: int,
    content: str | Post | Content | None,
    *,
    channel: Identity = GLADKOV,
    post: int | None = None,
    at: int | None = 0,
    seen: int = 0,
    kind: Kind = Kind.PUBLISHED,
    source: Source = Source.POLL,
) -> Record:
    if isinstance(content, str):
        content = Post(text=content)
    if isinstance(content, Post):
        content = Said(content)
    return Record(
        index=index,
        kind=Kind.DELETED if isinstance(content, Gone) else kind,
        number=1000 - (channel.id or 0),
        channel=channel,
        post=index + 1 if post is None else post,
        published_at=at,
        observed_at=seen,
        source=source,
        content=content,
        leaf=bytes(32),
    )


async def take_in(search: Search, records: Sequence[Record], *, upto: int) -> None:
    assert await search.index(records, since=await search.position(), upto=upto)


async def fill(search: Search, *texts: str | Post) -> None:
    records = [record(index, text) for index, text in enumerate(texts)]
    await take_in(search, records, upto=len(records))


# ------------------------------------------------------------------------------------------------------ what a word finds


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("губернатор", "Встретился с губернатором области"),
        ("губернатору", "Губернаторы приграничья"),
        ("обмен пленными", "Обмена пленных не будет"),
        ("военнопленный", "двое военнопленных"),
        ("Белгородская область", "в Белгородской области"),
        ("полонений", "двох полонених передали"),
        ("обстріли", "після обстрілами"),
        ("передати", "передали Україні"),
        ("можливість", "за можливості"),
        ("українська", "української армії"),
        ("prisoner", "Two PRISONERS of war"),
        ("captive", "the captives' families"),
        ("ukraine", "Ukraine's denial"),
        ("ёлка", "Елки срубили"),
        ("елка", "ЁЛКУ срубили"),
        ("замок", "за\u0301мок взят"),
        ("обмен", "об\u200bме\u00adн"),
        ("киев", "Ки\u200dева"),
        ("п'ять", "п’ять поранених"),
        ("Kyiv", "ＫＹＩＶ"),
        ("kyiv", "𝐊𝐲𝐢𝐯"),
        ("США", "CША и их союзники"),  # Latin C
        ("Москва", "в Мoскве"),  # Latin o
        ("Zelenskyy", "#Zelenskyy_in_Rome"),
        ("Zełenski", "zelenski"),
        ("Су-34", "сбит Су-34 над морем"),
        ("Су 34", "сбит Су-34 над морем"),
        ("122", "калибра 122 мм"),
        ("东京", "东京"),
    ],
)
async def test_finds_a_word_in_every_form_and_spelling(search: Search, query: str, text: str) -> None:
    await fill(search, text, "о погоде")

    assert await search.find(query) == [0]


async def test_tells_words_apart_that_only_begin_alike(search: Search) -> None:
    await fill(search, "мост через Днепр", "моста не стало", "мостик")

    assert await search.find("мост") == [1, 0]


async def test_wants_every_word_in_any_order(search: Search) -> None:
    await fill(search, "губернатор говорит об обмене", "обмен валюты", "губернатор")

    assert await search.find("обмен губернатор") == [0]


async def test_finds_a_phrase_in_its_order_and_every_form(search: Search) -> None:
    await fill(search, "легиона «Свобода России»", "свобода легиону в России", "Россия и свобода")

    assert await search.find('"свободе россией"') == [0]
    assert await search.find("«Свобода России»") == [0]
    assert await search.find('легион "Свобода России') == [0]  # a quotation mark that nobody closes


async def test_finds_no_phrase_that_reaches_from_one_field_into_the_next(search: Search) -> None:
    await fill(search, Post(text="скоро обмен", buttons=("пленные", "ждут")))

    assert await search.find('"обмен пленных"') == []
    assert await search.find("обмен пленных ждут") == [0]


async def test_leaves_out_what_is_excluded(search: Search) -> None:
    await fill(search, "Гладков поэт", "Гладков губернатор", "Гладков и читательский клуб")

    assert await search.find("гладков -поэт") == [2, 1]
    assert await search.find('гладков -поэт -"читательский клуб"') == [1]
    assert await search.find("гладков -поэ* -клуб*") == [1]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("мост OR граница", "мост | граница | мост граница | мост граница обмен"),
        ("мост AND граница", "мост граница | мост граница обмен"),
        ("мост NOT граница", "мост"),
        ("мост AND NOT граница", "мост"),
        ("NOT граница мост", "мост"),
        ("обмен OR мост граница", "обмен | мост граница | мост граница обмен"),  # AND binds before OR
        ("обмен OR мост NOT граница", "обмен | мост | мост граница обмен"),  # and NOT before AND
        ("(обмен OR мост) граница", "мост граница | мост граница обмен"),
        ("граница (обмен OR мост)", "мост граница | мост граница обмен"),
        ("граница NOT (обмен OR мост)", "граница"),
        ("граница -(обмен OR мост)", "граница"),
        ("граница (-обмен OR мост)", "граница | мост граница | мост граница обмен"),
        ("граница (NOT обмен)", "граница | мост граница"),
        ("граница NOT NOT мост", "мост граница | мост граница обмен"),
        ("граница NOT -мост", "мост граница | мост граница обмен"),
        ('"мост граница" OR обмен*', "обмен | мост граница | мост граница обмен"),
        ("мост OR", "мост | мост граница | мост граница обмен"),  # what is not whole counts as far as it goes
        ("OR мост", "мост | мост граница | мост граница обмен"),
        ("мост NOT", "мост | мост граница | мост граница обмен"),
        ("мост OR NOT !!! OR ()", "мост | мост граница | мост граница обмен"),
        ("((мост", "мост | мост граница | мост граница обмен"),
        (")мост) OR граница", "мост | граница | мост граница | мост граница обмен"),
        ("мост or граница", ""),  # small letters are words
        ('мост "OR" граница', ""),
    ],
)
async def test_takes_operators_as_the_queries_of_stories_do(search: Search, query: str, found: str) -> None:
    texts = ("мост", "граница", "обмен", "мост граница", "мост граница обмен")
    await fill(search, *texts)

    wanted = [text for text in found.split(" | ") if text]
    assert {texts[index] for index in await search.find(query)} == set(wanted)


@pytest.mark.parametrize("query", ["NOT мост", "мост OR NOT граница", "NOT (мост OR граница)", "-мост OR -граница"])
async def test_refuses_a_query_that_finds_nearly_everything(search: Search, query: str) -> None:
    with pytest.raises(ConfigError, match="only says what to leave out"):
        await search.find(query)


async def test_refuses_a_query_nested_too_deep(search: Search) -> None:
    await fill(search, "мост")
    inward = "граница (мост OR NOT (граница "

    assert await search.find(inward * 4 + "мост" + ")" * 8) == []
    with pytest.raises(ConfigError, match="deep"):
        await search.find(inward * 50 + "мост")


async def test_takes_a_hyphen_inside_a_word_for_a_hyphen(search: Search) -> None:
    await fill(search, "Ростов-на-Дону", "Ростов Великий")

    assert await search.find("Ростов-на-Дону") == [0]


async def test_finds_words_by_their_beginning(search: Search) -> None:
    await fill(search, "обменами", "обмениваться", "обман", "белгородцы")

    assert await search.find("обмен*") == [1, 0]
    assert await search.find("обменам*") == [0]
    assert await search.find("белгор*") == [3]
    assert await search.find("белгородцы*") == [3]


async def test_refuses_a_beginning_of_one_letter(search: Search) -> None:
    with pytest.raises(ConfigError, match="two letters"):
        await search.find("о*")


@pytest.mark.parametrize("query", ["", "   ", "!!! — …", '""', "*", "-", '-""', "🔥", "\x00", "\ud800"])
async def test_refuses_a_query_without_words(search: Search, query: str) -> None:
    with pytest.raises(ConfigError, match="no word to look for"):
        await search.find(query)


async def test_refuses_a_query_that_only_excludes(search: Search) -> None:
    with pytest.raises(ConfigError, match="only says what to leave out"):
        await search.find('-погода -"прогноз погоды"')


async def test_refuses_a_query_as_long_as_a_page(search: Search) -> None:
    with pytest.raises(ConfigError, match="more than 100 words"):
        await search.find("слово " * 5000)


@pytest.mark.parametrize(
    "query",
    [
        "NEAR(обмен, 3)",
        "обмен and or not",
        "stems : обмен",
        "{stems} : обмен",
        "обмен'; DROP TABLE said; --",
        'обмен" OR "1"="1',
        "обмен\x00пленных",
        "обмен % _ [a-z] {0} %s",
        "channel:c1001 обмен",
        "c1001",
        "¶",
    ],
)
async def test_takes_the_words_of_query_languages_for_words(search: Search, query: str) -> None:
    await fill(search, "обмен")

    with suppress(ConfigError):  # no word in it
        assert await search.find(query) == []

    assert await search.find("обмен") == [0]


@pytest.mark.parametrize(
    "query",
    [
        "^обмен",
        "обмен + +",
        "обмен AND",
        "обмен OR (",
        "обмен NOT",
        "(обмен",
        "обмен)",
        "*обмен",
        "обмен:",
        "[обмен]",
        "обмен, «",
    ],
)
async def test_takes_every_other_sign_for_none(search: Search, query: str) -> None:
    await fill(search, "обмен")

    assert await search.find(query) == [0]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.text() | st.text(alphabet='"*-():^+{}NEARандORNOT \x00\ud800'))
async def test_never_fails_whatever_is_asked(tmp_path_factory: pytest.TempPathFactory, query: str) -> None:
    async with an_open_search(tmp_path_factory.mktemp("search")) as search:
        with suppress(ConfigError):
            assert await search.find(query) == []


# --------------------------------------------------------------------------------------------------------- what it takes in


@pytest.mark.parametrize(
    "post",
    [
        Post(text="обмен"),
        Post(media=(Media(kind="poll", texts=("Будет ли мир?", "Будет обмен")),)),
        Post(media=(Media(kind="document", file_name="обмен_пленными.pdf"),)),
        Post(buttons=("Подписаться", "Об обмене")),
        Post(author="Обмен Новостями"),
        Post(forward=Forward(name="Обмен и торговля")),
        Post(service="title changed: Обмен"),
    ],
)
async def test_finds_everything_that_a_post_says(search: Search, post: Post) -> None:
    await fill(search, post)

    assert await search.find("обмен") == [0]


async def test_finds_every_revision_of_a_post(search: Search) -> None:
    records = [
        record(0, "Гладков встретится с ними", post=7),
        record(1, "Гладков не встретится с ними", post=7, kind=Kind.EDITED),
        record(2, "Никто не встретится", post=7, kind=Kind.EDITED),
    ]
    await take_in(search, records, upto=3)

    assert await search.find("гладков") == [1, 0]


async def test_knows_how_far_it_has_come(search: Search) -> None:
    assert await search.position() == 0

    await take_in(search, [record(0, "обмен"), record(1, None, kind=Kind.CHECKPOINT)], upto=2)

    assert await search.position() == 2


async def test_takes_nothing_in_from_somebody_whom_another_has_overtaken(search: Search) -> None:
    await fill(search, "обмен", "обмен")

    assert not await search.index([record(0, "обмен")], since=0, upto=1)
    assert not await search.index([record(2, "обмен")], since=3, upto=4)

    assert await search.position() == 2
    assert await search.find("обмен") == [1, 0]


async def test_begins_again_where_it_is_emptied(search: Search) -> None:
    await fill(search, "обмен", "обмен")

    assert await search.empty(since=2)

    assert await search.position() == 0
    assert await search.find("обмен") == []
    await fill(search, "обмен")
    assert await search.find("обмен") == [0]


async def test_is_not_emptied_by_somebody_whom_another_has_overtaken(search: Search) -> None:
    await fill(search, "обмен", "обмен")

    assert not await search.empty(since=1)

    assert await search.find("обмен") == [1, 0]


@settings(max_examples=30, deadline=None)
@given(turns=st.lists(st.tuples(st.integers(0, 2), st.booleans(), st.integers(1, 5)), max_size=40))
async def test_holds_every_record_once_however_its_indexers_take_turns(
    tmp_path_factory: pytest.TempPathFactory, turns: list[tuple[int, bool, int]]
) -> None:
    folder = tmp_path_factory.mktemp("search")
    async with an_open_search(folder) as one, an_open_search(folder) as two, an_open_search(folder) as three:
        indexers, known = (one, two, three), [0, 0, 0]
        for number, looks, count in turns:  # some look at the position, some trust to what they knew of it
            if looks:
                known[number] = await indexers[number].position()
            since = known[number]
            records = [record(index, "обмен") for index in range(since, since + count)]
            if await indexers[number].index(records, since=since, upto=since + count):
                known[number] += count

        size = await one.position()
        assert await two.find("обмен", limit=1000) == list(range(size - 1, -1, -1))


async def test_keeps_what_it_took_in(tmp_path: Path) -> None:
    async with an_open_search(tmp_path) as search:
        await fill(search, "обмен")

    async with an_open_search(tmp_path) as search:
        assert await search.find("обмен") == [0]
        assert await search.position() == 1


async def test_shows_one_process_what_another_took_in(tmp_path: Path) -> None:
    async with an_open_search(tmp_path) as one, an_open_search(tmp_path) as other:
        await take_in(one, [record(0, "обмен")], upto=1)
        await take_in(other, [record(1, "обмен")], upto=2)

        assert await one.find("обмен") == await other.find("обмен") == [1, 0]
        assert await one.position() == 2


@pytest.mark.parametrize(
    "text",
    ["", "\x00", "\ud800 обмен \udfff", "о" * 1_000_000, "обмен " * 20_000, "\u202eобмен", "'" * 1000, "½⁄ﬁ№℡"],
)
async def test_takes_in_any_text(search: Search, text: str) -> None:
    await fill(search, text, "слово")

    assert await search.position() == 2
    assert await search.find("слово") == [1]


@pytest.mark.parametrize("number", [0, -1, 2**31, 2**63, -(2**70)])
async def test_takes_in_any_time_and_finds_by_any(search: Search, number: int) -> None:
    await take_in(search, [record(0, "обмен", at=number, seen=number)], upto=1)

    assert await search.find("обмен") == [0]
    await search.find("обмен", since=number, until=number, before=number, limit=10)


# ------------------------------------------------------------------------------------------------------ which of them it shows


async def test_shows_the_newest_first_and_no_more_than_wanted(search: Search) -> None:
    await fill(search, *["обмен"] * 30)

    assert await search.find("обмен") == list(range(29, 9, -1))
    assert await search.find("обмен", limit=2) == [29, 28]
    assert await search.find("обмен", limit=0) == []


async def test_shows_history_where_its_date_belongs(search: Search) -> None:
    times = [5 * HOUR, HOUR, 3 * HOUR, 9 * HOUR, 3 * HOUR]  # of one date the one recorded later comes first
    await take_in(search, [record(index, "обмен", at=at) for index, at in enumerate(times)], upto=5)

    assert await search.find("обмен") == [3, 0, 4, 2, 1]
    assert await search.find("обмен", limit=2) == [3, 0]


async def test_shows_a_post_without_a_date_where_its_first_look_belongs(search: Search) -> None:
    records = [
        record(0, "обмен", at=2 * HOUR),
        record(1, "обмен", at=None, seen=HOUR),
        record(2, "обмен", at=0, seen=3 * HOUR),
    ]
    await take_in(search, records, upto=3)

    assert await search.find("обмен") == [0, 1, 2]


YEAR_1 = -62_135_596_800_000
YEAR_9999 = 253_402_300_799_999
DATES = st.sampled_from([None, 0, 1, -1, HOUR, YEAR_1, YEAR_9999]) | st.integers(YEAR_1, YEAR_9999) | st.integers(0, 3)


@settings(max_examples=60, deadline=None)
@given(
    times=st.lists(DATES, max_size=30),
    step=st.integers(1, 10),
    page=st.integers(1, 7),
    since=st.none() | DATES,
    until=st.none() | DATES,
)
async def test_shows_every_record_once_by_its_date_page_by_page(
    tmp_path_factory: pytest.TempPathFactory,
    times: list[int | None],
    step: int,
    page: int,
    since: int | None,
    until: int | None,
) -> None:
    async with an_open_search(tmp_path_factory.mktemp("search")) as search:
        for start in range(0, len(times), step):
            batch = list(enumerate(times))[start : start + step]
            records = [record(index, "обмен" if index % 5 else "погода", at=at, seen=index) for index, at in batch]
            await take_in(search, records, upto=start + len(batch))

        pages: list[int] = []
        before = None
        while found := await search.find("обмен", limit=page, before=before, since=since, until=until):
            pages += found
            before = found[-1]

    dated = [(index if at is None else at, index) for index, at in enumerate(times) if index % 5]
    wanted = [key for key in dated if (since is None or since <= key[0]) and (until is None or key[0] < until)]
    newest_first = sorted(wanted, key=lambda key: (key[0] // 1_000, key[1]), reverse=True)
    assert pages == [index for _, index in newest_first]


async def test_shows_posts_of_one_second_once_however_many(search: Search) -> None:
    times = [HOUR] * 1_000 + [HOUR - 1_000, HOUR - 1, HOUR, HOUR + 1, HOUR + 9_000] + [HOUR] * 2_000
    for start in range(0, len(times), 300):
        batch = list(enumerate(times))[start : start + 300]
        await take_in(search, [record(index, "обмен", at=at) for index, at in batch], upto=start + len(batch))

    everything = await search.find("обмен", limit=4_000)
    pages: list[int] = []
    while page := await search.find("обмен", limit=170, before=pages[-1] if pages else None):
        pages += page
    assert pages == everything
    assert sorted(everything) == list(range(len(times)))
    assert [everything[0], everything[-2], everything[-1]] == [1004, 1001, 1000]
    of_the_hour = [index for index, at in enumerate(times) if at == HOUR]
    assert await search.find("обмен", since=HOUR, until=HOUR + 1, limit=4_000) == of_the_hour[::-1]


async def test_goes_on_after_a_post_that_was_erased_while_somebody_read(search: Search) -> None:
    await fill(search, "обмен", "обмен", "обмен")
    page = await search.find("обмен", limit=2)

    await take_in(search, [record(3, None, post=page[-1] + 1, kind=Kind.ERASED)], upto=4)

    assert await search.find("обмен", before=page[-1]) == [0]


async def test_shows_nothing_after_a_record_that_it_does_not_know(search: Search) -> None:
    await fill(search, "обмен")

    assert await search.find("обмен", before=7) == []


async def test_narrows_to_a_channel(search: Search) -> None:
    await take_in(search, [record(0, "обмен"), record(1, "обмен", channel=LEGION)], upto=2)

    assert await search.find("обмен", channel=Identity(id=-1001)) == [0]
    assert await search.find("обмен", channel=Identity(username="LegionOfFreedom")) == [1]
    assert await search.find("обмен -пленные", channel=LEGION) == [1]
    assert await search.find("обмен", channel=Identity(username="mod_russia")) == []


async def test_finds_a_channel_by_each_of_its_names(search: Search) -> None:
    renamed = Identity(id=-1001, username="gladkov_official")
    await take_in(search, [record(0, "обмен"), record(1, "обмен", channel=renamed)], upto=2)

    assert await search.find("обмен", channel=Identity(username="vvgladkov")) == [1, 0]
    assert await search.find("обмен", channel=renamed) == [1, 0]


async def test_does_not_follow_a_name_to_another_channel(search: Search) -> None:
    await fill(search, "обмен")

    assert await search.find("обмен", channel=Identity(id=-1009, username="vvgladkov")) == []


async def test_finds_a_channel_known_by_name_alone_with_its_id(search: Search) -> None:
    await take_in(search, [record(0, "обмен", channel=Identity(username="vvgladkov"))], upto=1)

    assert await search.find("обмен", channel=GLADKOV) == [0]


async def test_narrows_to_a_time(search: Search) -> None:
    times = [5 * HOUR, HOUR, 3 * HOUR]  # history comes later than what is older
    await take_in(search, [record(index, "обмен", at=at) for index, at in enumerate(times)], upto=3)

    assert await search.find("обмен", since=3 * HOUR) == [0, 2]
    assert await search.find("обмен", until=3 * HOUR) == [1]
    assert await search.find("обмен", since=HOUR, until=5 * HOUR) == [2, 1]


async def test_takes_a_post_without_a_date_for_as_old_as_its_first_look(search: Search) -> None:
    await take_in(search, [record(0, "обмен", at=None, seen=2 * HOUR)], upto=1)

    assert await search.find("обмен", since=2 * HOUR, until=3 * HOUR) == [0]


# ---------------------------------------------------------------------------------------------------- deleted and erased posts

GONE = Gone(method="poll", looks=2)


async def test_still_finds_a_deleted_post(search: Search) -> None:
    await take_in(search, [record(0, "обмен", post=7), record(1, GONE, post=7), record(2, "обмен", post=8)], upto=3)

    assert await search.find("обмен") == [2, 0]
    assert await search.find("обмен", deleted=True) == [0]


async def test_does_not_call_a_post_deleted_that_is_there_again(search: Search) -> None:
    await take_in(search, [record(0, "обмен", post=7), record(1, GONE, post=7)], upto=2)
    await take_in(search, [record(2, "обмен", post=7)], upto=3)

    assert await search.find("обмен", deleted=True) == []


async def test_calls_a_post_deleted_when_what_it_said_before_comes_late(search: Search) -> None:
    late = record(1, "обмен", post=7, source=Source.PUSH)
    await take_in(search, [record(0, GONE, post=7, seen=HOUR), late], upto=2)

    assert await search.find("обмен", deleted=True) == [1]

    edited_after = record(2, Post(text="обмен", edited_at=2 * HOUR), post=7, source=Source.PUSH)
    await take_in(search, [edited_after], upto=3)
    assert await search.find("обмен", deleted=True) == []


async def test_tells_posts_of_one_number_in_two_channels_apart(search: Search) -> None:
    records = [record(0, "обмен", post=7), record(1, "обмен", channel=LEGION, post=7), record(2, GONE, post=7)]
    await take_in(search, records, upto=3)

    assert await search.find("обмен", deleted=True) == [0]


async def test_finds_nothing_of_an_erased_post_but_what_came_after(search: Search) -> None:
    records: Sequence[Record] = [
        record(0, "обмен", post=7),
        record(1, "обмен", post=8),
        record(2, None, post=7, kind=Kind.ERASED),
        record(3, "обмен снова", post=7),
    ]
    await take_in(search, records[:2], upto=2)

    await take_in(search, records[2:], upto=4)

    assert await search.find("обмен") == [3, 1]


# -------------------------------------------------------------------------------------------------------------- by brute force

WORDS = ("обмен", "пленные", "граница", "мост", "погода", "exchange")


@settings(max_examples=40, deadline=None)
@given(
    texts=st.lists(st.lists(st.sampled_from(WORDS), max_size=6), max_size=12),
    wanted=st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=3), min_size=1, max_size=3),
    excluded=st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=2), max_size=2),
    step=st.integers(1, 12),
)
async def test_finds_what_reading_every_post_finds(
    tmp_path_factory: pytest.TempPathFactory,
    texts: list[list[str]],
    wanted: list[list[str]],
    excluded: list[list[str]],
    step: int,
) -> None:
    def says(text: list[str], phrase: list[str]) -> bool:
        return any(text[start : start + len(phrase)] == phrase for start in range(len(text)))

    records = [record(index, " ".join(text)) for index, text in enumerate(texts)]
    query = " ".join([*(f'"{" ".join(phrase)}"' for phrase in wanted), *(f'-"{" ".join(one)}"' for one in excluded)])
    async with an_open_search(tmp_path_factory.mktemp("search")) as search:
        for start in count(0, step):
            if start >= len(records):
                break
            await take_in(search, records[start : start + step], upto=min(start + step, len(records)))

        found = await search.find(query, limit=100)

    assert found == [
        index
        for index, text in reversed(list(enumerate(texts)))
        if all(says(text, phrase) for phrase in wanted) and not any(says(text, phrase) for phrase in excluded)
    ]


Tree = str | tuple["Tree", ...]
TREES: st.SearchStrategy[Tree] = st.recursive(
    st.sampled_from(WORDS[:3]),
    lambda inner: (
        st.tuples(inner, st.sampled_from(["AND", "OR", "AND NOT", ""]), inner) | st.tuples(st.just("NOT"), inner)
    ),
    max_leaves=8,
)


def written(tree: Tree) -> str:
    return tree if isinstance(tree, str) else f"({' '.join(map(written, tree))})"


def depth(tree: Tree) -> int:
    return 0 if isinstance(tree, str) else 1 + max(map(depth, tree))


def fulfils(text: Sequence[str], tree: Tree) -> bool:
    match tree:
        case str(word):
            return word in text
        case ("NOT", part):
            return not fulfils(text, part)
        case (one, "OR", other):
            return fulfils(text, one) or fulfils(text, other)
        case (one, "AND NOT", other):
            return fulfils(text, one) and not fulfils(text, other)
        case (one, _, other):
            return fulfils(text, one) and fulfils(text, other)
    raise AssertionError(tree)


@settings(max_examples=150, deadline=None)
@given(tree=TREES.filter(lambda tree: depth(tree) <= 8))
async def test_finds_what_fulfils_the_query_and_refuses_one_that_a_post_without_words_fulfils(
    tmp_path_factory: pytest.TempPathFactory, tree: Tree
) -> None:
    texts = [list(text) for size in range(4) for text in combinations(WORDS[:3], size)]
    async with an_open_search(tmp_path_factory.mktemp("search")) as search:
        await fill(search, *(" ".join(text) for text in texts))

        if fulfils([], tree):
            with pytest.raises(ConfigError, match="only says what to leave out"):
                await search.find(written(tree))
        else:
            assert await search.find(written(tree)) == [
                index for index, text in reversed(list(enumerate(texts))) if fulfils(text, tree)
            ]


@pytest.mark.parametrize(
    ("query", "text", "marked"),
    [
        ("пленный", "Двух пленных передали, пленные живы.", ["пленных", "пленные"]),
        ("обмен пленными", "Об обмене: пленные — завтра.", ["обмене", "пленные"]),
        ('"prisoner exchange"', "No prisoner, no exchange of prisoners.", ["prisoner", "exchange", "prisoners"]),
        ("бел*", "Белгород и Белгородская область, не Брянск", ["Белгород", "Белгородская"]),
        ("Гладков", "⚡️ Глaдков на месте", ["Глaдков"]),
        ("взрыв -салют", "Взрыв, не фейерверк", ["Взрыв"]),
        ("nothing", "здесь нет", []),
        ("", "пусто", []),
    ],
)
async def test_marks_the_words_that_answer_the_query_in_any_form(
    search: Search, query: str, text: str, marked: list[str]
) -> None:
    [found] = await search.marks(query, [text])

    assert [text[start:end] for start, end in found] == marked
