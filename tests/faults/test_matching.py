"""What hostile or careless words do to matching (MAT-01, 03 to 08, 13 to 15)"""

import asyncio
import time
from collections.abc import Sequence
from itertools import product

import pytest
from builders import NOON, deletion, photo, revision, story
from carrying import Clock
from hypothesis import given
from hypothesis import strategies as st
from measuring import Measured
from owed import subscriber

from monitor.alerting.plan import Audience
from monitor.matching.index import FARTHEST
from monitor.matching.matcher import Matcher, Sighting, Subject
from monitor.model.match import Span
from monitor.model.post import Forward, Markup, Media, Post
from monitor.model.record import Draft, Kind
from monitor.model.story import Entity, Flag
from monitor.ports import Store
from monitor.stages.detect import Detector
from monitor.web.rich import rich
from tests.web.reading import check, elements, text

GLADKOV = Entity(kind="person", names=("Гладков", "Gladkov"))
LEGION = Entity(kind="unit", names=("Легион «Свобода России»",))
MATCHER = Matcher(
    [story("raid", entities={"gladkov": GLADKOV, "legion": LEGION}, flags=(Flag(when="gladkov OR legion"),))]
)


def spans(said: str, *, matcher: Matcher = MATCHER) -> list[tuple[Span, str]]:
    """With the sentence that explains each."""
    [sighting] = matcher.match([Subject(None, (("text", said),))])
    return [pair for found in sighting.flagged for pair in zip(found.spans, found.why, strict=True)]


# ---------------------------------------------------------------------------------------------------------- long and dear

COSTLY = Matcher(
    [
        story(
            "costly",
            entities={
                "gladkov": GLADKOV,
                "legion": LEGION,
                "brigade": Entity(kind="unit", names=("72-га бригада", "=ЛСР")),
            },
            topics={
                "near": '"в на"~5 OR "а б в"~4 OR "передать пленных"~3',
                "deep": f"{'(' * 40}мир OR война{')' * 40}",
                "prefix": "обм* OR взр*",
            },
            flags=(
                Flag(when="gladkov AND (near OR deep) AND NOT prefix"),
                Flag(when="2 of (gladkov, near, deep, prefix)"),
            ),
        )
    ]
)
HOSTILE = [
    *(
        "Гладков ",
        "Вячеслав Гладков ",
        "а\u0301",
        "🅱",
        "передать пленных ",
        "передать ",
        "а б ",
        "в ",
        "Г л а д к о в ",
    ),
    *("Л С Р, ", "В. В. Гладков ", "72-ї бригади ", "на в на ", "обмен ", "мир взрыв Гладков "),
]
ORDINARY = (
    "Сегодня утром в городе открыли новый мост, на который жители ждали три года. Глава района сказал, что осталось дойти до школы и "
    "больницы. Погода хорошая, ветер слабый. Гладков на встрече не был. Подробности в 18:00 👉 https://example.org. "
) * 2
"""A post as there are many, of five hundred letters."""
DEAREST = 15
"""So many times what as many letters of ordinary posts cost may the dearest cost; here it is three times, some 40 ms."""


def cost(*posts: str) -> float:
    """Seconds of a processor for all of them, one by one, the least of five times."""
    subjects = [Subject(None, (("text", said),)) for said in posts]
    times = []
    for _ in range(5):
        began = time.process_time()
        for subject in subjects:
            COSTLY.match([subject], everything=True)
        times.append(time.process_time() - began)
    return min(times)


def test_mat_01_the_dearest_words_cost_little_more_than_their_length(measured: Measured) -> None:
    ordinary = cost(*[ORDINARY] * (FARTHEST // len(ORDINARY)))
    costs = {said: cost(said * (1_000_000 // len(said.encode()))) for said in HOSTILE}

    dearest = max(costs, key=lambda said: costs[said])

    assert costs[dearest] < DEAREST * ordinary, dearest
    measured(
        "ms for a megabyte of the dearest words", f"{1_000 * costs[dearest]:.0f}", f"«{dearest}», of {len(HOSTILE)}"
    )
    measured("ms for as many letters of ordinary posts", f"{1_000 * ordinary:.1f}", f"{FARTHEST:,} are looked at")


@pytest.mark.parametrize("said", HOSTILE, ids=ascii)
def test_mat_14_a_text_that_is_not_looked_at_to_its_end_says_so_and_its_beginning_counts(said: str) -> None:
    [sighting] = COSTLY.match([Subject(None, (("text", "Гладков, мир. " + said * 100_000),))])

    assert sighting.truncated
    assert [span.text for found in sighting.flagged for span in found.spans][:2] == ["Гладков", "мир"]


def test_mat_14_the_longest_post_is_looked_at_to_its_end() -> None:
    for said in HOSTILE:
        text = (said * 4_096)[: 4_096 - 15] + ". Легион Свобода"

        [sighting] = COSTLY.match([Subject(None, (("text", text[:4_096]),))], everything=True)

        assert not sighting.truncated, said


async def test_mat_14_what_is_cut_is_held_whole_and_its_match_says_so(store: Store) -> None:
    said = "Гладков, мир. " + "слово " * 200_000
    watch = Watch(store, COSTLY)

    await watch.deal(revision(said), revision("Гладков, мир.", number=2))

    records = [record for record in await store.ledger.read(0, 10) if record.said]
    matches = await store.findings.of_records([record.index for record in records])
    assert [record.said.text for record in records if record.said] == [said, "Гладков, мир."]
    assert sorted((match.record, match.truncated) for match in matches) == [(1, True), (2, False)]


# ------------------------------------------------------------------------------------------------------------ disguises

_WRITTEN = ("Гладков", "Гладкову", "ГЛАДКОВА", "Gladkov", "Гладковым", "гладкове")
_SENTENCES = ("{} не пришёл.", "Сегодня «{}» молчит", "😀 #{} 🇺🇦", "\u202e{}\u202c", "пришёл {}", "{}")
_DISGUISES = {
    "zero-width space": lambda word: "\u200b".join(word),
    "soft hyphen": lambda word: f"{word[:3]}\u00ad{word[3:]}",
    "no-break spaces around": lambda word: f"\u00a0{word}\u00a0",
    "Latin letters among Cyrillic": lambda word: word.replace("а", "a").replace("о", "o").replace("А", "A"),
    "Cyrillic letters among Latin": lambda word: word.replace("a", "а").replace("o", "о"),
    "stress marks": lambda word: f"{word[:3]}\u0301{word[3:]}",
    "right to left and back": lambda word: f"{word[:2]}\u202e\u202c{word[2:]}",
    "full width": lambda word: "".join(chr(ord(one) + 0xFEE0) if one.isascii() else one for one in word),
}
HIDDEN = [
    pytest.param(sentence, hide(written), id=f"{name}: {written} in {number}")
    for name, hide in _DISGUISES.items()
    for written, (number, sentence) in product(_WRITTEN, enumerate(_SENTENCES))
]


def test_mat_03_there_are_enough_of_them() -> None:
    assert len(HIDDEN) >= 200


@pytest.mark.parametrize(("sentence", "written"), HIDDEN)
def test_mat_03_a_name_in_disguise_is_found_where_it_stands_and_said_to_be_disguised(
    sentence: str, written: str
) -> None:
    said = sentence.format(written)

    [(span, why)] = spans(said)

    assert span.text == said[span.start : span.end]
    assert span.text.strip("\u00a0") in written
    assert written.strip("\u00a0")[0] == span.text[0]
    if span.text.isalpha() and len({one.isascii() for one in span.text}) == 1:
        assert "looks like" not in why or span.text[0] >= "\uff21"  # nothing hides in it
    else:
        assert "looks like" in why


LETTERS_THAT_GROW = st.text(st.sampled_from("ßİıﬁﬀŉǰΐẞŒæĳ Гладковgladkov😀\u0301\u200b"), max_size=40)


@given(LETTERS_THAT_GROW)
def test_mat_04_spans_are_slices_of_what_was_written_whatever_grows_or_shrinks(around: str) -> None:
    said = f"{around} Гладкову {around}"

    found = [span for span, _ in spans(said)]

    assert found
    assert all(said[span.start : span.end] == span.text for span in found)
    assert (len(around) + 1, len(around) + 9) in [(span.start, span.end) for span in found]


# -------------------------------------------------------------------------------------------------------------- markup

ODD = st.sampled_from([-(2**63), -1, 0, 1, 3, 7, 10_000, 2**31, 2**70])
MARKUP = st.builds(
    Markup,
    kind=st.sampled_from(["bold", "text_url", "blink", "", "spoiler"]),
    offset=ODD,
    length=ODD,
    url=st.none() | st.just("x"),
)


@given(st.text(max_size=20), st.lists(MARKUP, max_size=30))
def test_mat_05_entities_that_cannot_be_are_kept_and_hurt_nobody(said: str, entities: list[Markup]) -> None:
    post = Post(text=said, entities=tuple(entities))

    assert post.fields() == ((("text", said),) if said else ())
    check(rich(post.text, post.entities))


def test_mat_05_a_thousand_entities_in_one_another_are_shown() -> None:
    nested = [Markup("bold" if number % 2 else "italic", number, 2_000 - 2 * number) for number in range(1_000)]

    html = rich("Гладков " * 250, nested)

    check(html)
    assert text(html) == "Гладков " * 250


@pytest.mark.parametrize("before", ["😀", "👨‍👩‍👧", "🇺🇦", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "𝔊", "е\u0301", "1️⃣", "😀🇺🇦𝔊"], ids=ascii)
def test_mat_06_what_is_marked_is_what_telegram_marked_behind_any_sign(before: str) -> None:
    said = f"{before} Гладков {before}"
    entity = Markup("bold", len(f"{before} ".encode("utf-16-le")) // 2, len("Гладков"))

    marked = [element for element in elements(rich(said, [entity])) if element.tag == "b"]
    [(span, _)] = spans(said)

    assert ["".join(element.itertext()) for element in marked] == ["Гладков"]
    assert said[span.start : span.end] == "Гладков"


# -------------------------------------------------------------------------------------------------------------- fields

FIELDS = {
    "text": Post(text="Гладков"),
    "poll": Post(media=(Media("poll", texts=("Придёт ли Гладков?", "да", "нет")),)),
    "an answer of a poll": Post(media=(Media("poll", texts=("Кто?", "Гладков")),)),
    "contact": Post(media=(Media("contact", texts=("Вячеслав Гладков",)),)),
    "location": Post(media=(Media("venue", texts=("Штаб Гладкова", "Белгород")),)),
    "preview of a page": Post(media=(Media("link", texts=("Гладков: заявление", "…"), url="https://example.org"),)),
    "button": Post(buttons=("О Гладкове",)),
    "name of a file": Post(media=(photo(kind="document", file_name="Гладков.pdf"),)),
    "name forwarded from": Post(forward=Forward(name="Вячеслав Гладков")),
    "author": Post(author="В. Гладков"),
}


@pytest.mark.parametrize("post", FIELDS.values(), ids=FIELDS)
def test_mat_07_a_name_counts_wherever_a_post_says_it(post: Post) -> None:
    [sighting] = MATCHER.match([Subject(None, post.fields())])

    fields = dict(post.fields())
    [span] = sighting.flagged[0].spans
    assert span.text in fields[span.field] or span.field == "media"


# -------------------------------------------------------------------------------------------------------- the pipeline


class Watch:
    """Detection over a real store."""

    def __init__(self, store: Store, matcher: Matcher) -> None:
        self.store = store
        self.detector = Detector(
            store.ledger,
            store.positions,
            store.findings,
            matcher=matcher,
            audience=Audience(subscribers=(subscriber("desk"),), titles={}),
            clock=Clock(NOON),
        )

    async def deal(self, *drafts: Draft) -> int:
        """Records them and detects to the end. How many alerts are owed for it."""
        await self.store.ledger.append(drafts)
        owed = 0
        while (step := await self.detector.detect(limit=7)).records:
            owed += step.alerts
        return owed


async def test_mat_08_every_wording_is_told_once_and_the_same_again_never(store: Store) -> None:
    watch = Watch(store, MATCHER)

    assert await watch.deal(revision("The weather.")) == 0
    assert await watch.deal(revision("Гладков.", edited_at=NOON + 1_000)) == 1
    assert await watch.deal(revision("Гладков.", edited_at=NOON + 1_000)) == 0
    assert await watch.deal(revision("Гладков.", edited_at=NOON + 2_000)) == 0
    assert await watch.deal(revision("The weather.", edited_at=NOON + 3_000)) == 1
    assert await watch.deal(revision("Гладкову.", edited_at=NOON + 4_000)) == 1
    assert await watch.deal(deletion()) == 1
    assert await watch.deal(deletion()) == 0


async def test_mat_13_what_was_flagged_is_flagged_again_by_the_same_wording(store: Store) -> None:
    said = ["Гладков", "Гладкову и другим", "The weather.", "Легион „Свобода России“", "Gladkov's words"]
    await Watch(store, MATCHER).deal(*(revision(each, number=number) for number, each in enumerate(said, 1)))
    flagged = [await store.findings.of_records([record.index]) for record in await store.ledger.read(0, 100)]
    before = [match for matches in flagged for match in matches]

    anew = Matcher(
        [story("raid", entities={"gladkov": GLADKOV, "legion": LEGION}, flags=(Flag(when="gladkov OR legion"),))]
    )
    records = await store.ledger.records([match.record for match in before])
    subjects = [Subject(record.channel, record.said.fields()) for record in records if record.said]
    again: Sequence[Sighting] = anew.match(subjects)

    assert len(before) == 4
    assert {match.edition for match in before} == {anew.editions["raid"]}
    assert [match.spans for match in before] == [sighting.flagged[0].spans for sighting in again]


async def test_mat_15_recording_does_not_wait_for_matching_which_catches_up_in_order(store: Store) -> None:
    watch = Watch(store, MATCHER)
    recorded = [
        (await store.ledger.append([revision(f"Гладков {number}", number=number)]))[0].index for number in range(1, 60)
    ]
    behind = await store.ledger.size() - await store.positions.position("detect")

    positions = []
    while (await watch.detector.detect(limit=7)).records:
        positions.append(await store.positions.position("detect"))
        await asyncio.sleep(0)

    assert behind == len(recorded) + 1
    assert positions == sorted(positions)
    matches = await store.findings.of_records(recorded)
    assert sorted(match.record for match in matches) == recorded
    assert Kind.FAULT not in {record.kind for record in await store.ledger.read(0, 1_000)}
