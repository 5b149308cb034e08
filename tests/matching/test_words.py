"""A word takes the forms its language gives it, is written as others write it, and is explained in plain words."""

import random

import pytest

from monitor.matching.dictionaries import Dictionary
from monitor.matching.explain import explain
from monitor.matching.fold import fold_words
from monitor.matching.spelling import spell
from monitor.matching.words import _ENDINGS, common_forms, inflect, inflect_name, inflect_strange
from monitor.model.match import Span

STRANGE = [
    "ов",
    "ёв",
    "ев",
    "ин",
    "ын",
    "ова",
    "ина",
    "овский",
    "инская",
    "ский",
    "ской",
    "цкий",
    "енко",
    "чук",
    "чак",
    "ок",
    "ек",
    "ёк",
    "лек",
    "лёк",
    "ец",
    "лец",
    "аец",
    "оец",
    "ель",
    "ень",
    "оль",
    "онь",
    "ь",
    "й",
    "ий",
    "ый",
    "ой",
    "ей",
    "ая",
    "яя",
    "ое",
    "ее",
    "ие",
    "а",
    "я",
    "о",
    "е",
    "ы",
    "и",
    "ки",
    "ги",
    "ни",
    "овки",
    "льки",
    "йки",
    "йцы",
    "оцы",
    "цы",
    "ів",
    "їв",
    "ць",
    "ець",
    "єць",
    "лець",
    "іль",
    "ість",
    "ький",
    "зький",
    "ська",
    "ові",
    "ній",
    "ій",
    "га",
    "ка",
    "ха",
    "ні",
    "рі",
    "о",
    "мі",
    "ці",
    "йці",
    "і",
    "и",
]


@pytest.mark.parametrize(
    ("name", "language", "forms"),
    [
        ("гладков", "ru", "гладков гладкова гладкову гладковым гладкове гладковы гладковых"),
        ("захарова", "ru", "захарова захаровой захарову"),
        ("вучич", "ru", "вучич вучича вучичу вучичем вучиче"),
        ("медведчук", "ru", "медведчука медведчуку медведчуком медведчуке"),
        ("сырский", "ru", "сырского сырскому сырским сырском"),
        ("толстой", "ru", "толстого толстому толстым толстом"),
        ("заславль", "ru", "заславля заславлю заславлем заславле"),
        ("шебекино", "ru", "шебекино шебекина шебекину шебекином шебекине"),
        ("стрелец", "ru", "стрельца стрельцу стрельцом"),
        ("залужний", "uk", "залужного залужному залужним залужні"),
        ("шмигаль", "uk", "шмигаля шмигалю шмигалеві шмигалем шмигалі"),
        ("франко", "uk", "франка франку франкові франком"),
        ("харків", "uk", "харкова харкову харковом харкові"),
        ("київ", "uk", "києва києву києвом києві"),
        ("ольга", "uk", "ольги ользі ольгу ольгою ольго"),
        ("тернопіль", "uk", "тернополя тернополю тернополем тернополі"),
        ("мизинцев", "ru", "мизинцева мизинцеву мизинцевым мизинцеве мизинцевых"),
        ("кулаков", "ru", "кулакова кулакову кулаковым кулакове кулаковых кулаковыми"),
        ("зарубин", "ru", "зарубина зарубину зарубиным зарубине"),
        ("розова", "ru", "розовой розову"),
        ("красінський", "uk", "красінського красінському красінським красінських"),
        ("каменюк", "uk", "каменюка каменюкові каменюком"),
    ],
)
def test_a_name_takes_all_its_forms(name: str, language: str, forms: str) -> None:
    assert set(forms.split()) <= inflect_name(name, language, kind="person")


@pytest.mark.parametrize(
    ("name", "language", "others"),
    [
        ("гладков", "ru", "гладковой гладкий гладкого"),
        ("захарова", "ru", "захаров"),
        ("обороне", "ru", "оборона обороной"),
        ("сильный", "ru", "сильнее наисильнейший посильнее"),
    ],
)
def test_a_name_takes_no_form_of_another(name: str, language: str, others: str) -> None:
    assert inflect_name(name, language, kind="person").isdisjoint(others.split())


@pytest.mark.parametrize(
    ("name", "language", "forms", "others"),
    [
        ("орёл", "ru", "орла орлу орлом орле", "орлов орлы орлам орловым"),
        ("николаев", "ru", "николаева николаевом", "николаевой николаевым николаевых"),
        ("сумы", "ru", "сум сумам сумами сумах", "сума суму"),
        ("валуйки", "ru", "валуек валуйках", ""),
        ("ромни", "uk", "ромен ромнах", ""),
        ("люберцы", "ru", "люберец люберцах", ""),
        ("нова", "uk", "нової новій нову", "новий нових"),
        ("часів", "uk", "часового часовому", ""),
    ],
)
def test_a_place_is_inflected_in_its_own_number_and_as_a_noun(
    name: str, language: str, forms: str, others: str
) -> None:
    assert set(forms.split()) <= inflect_name(name, language, kind="place")
    assert inflect_name(name, language, kind="place").isdisjoint(others.split())


def test_a_word_of_a_name_that_stands_in_another_case_stays_so_unless_it_is_a_surname() -> None:
    assert inflect_name("обороны", "ru", kind="organisation") >= {"обороны"}
    assert inflect_name("офицеров", "ru", kind="organisation") == {"офицеров"}
    assert inflect_name("кулаков", "ru", kind="unit") == {"кулаков"}
    assert inflect_name("кулаков", "ru", kind="unit", alone=True) >= {"кулакову", "кулаковым"}


@pytest.mark.parametrize(
    ("word", "forms", "others"),
    [
        ("пленный", "пленного пленному пленным пленные пленных пленными", "пленнее плен пленить"),
        ("пленные", "пленный пленного пленных", ""),
        ("обстрел", "обстрела обстрелы обстрелами", "обстрелять"),
        ("передать", "передам передал передали переданы переданных передав", "передача"),
        ("полонений", "полоненого полонені полоненим", "полон"),
        ("біженець", "біженця біженці біженців", ""),
        ("самолёт", "самолёты самолёта", ""),
        ("дронщик", "дронщика дронщиками", ""),
        ("captive", "captive captives", "captivate captivating"),
        ("swap", "swaps swapped swapping", "swaped"),
        ("carry", "carries carried carrying", "car care"),
        ("flee", "flees fled fleeing", "flea"),
        ("strike", "strikes struck striking", "strick"),
        ("visit", "visits visited visiting", ""),
        ("die", "dies died dying", ""),
        ("child", "children", ""),
        ("prisoners", "prisoner prisoners", "prison"),
        ("attacks", "attack attacked attacking", "attacker"),
        ("attacked", "attack attacks attacking", ""),
        ("casualties", "casualty", "casual"),
        ("swapped", "swap swaps swapping", ""),
        ("men", "man", ""),
        ("fought", "fight fights fighting", ""),
        ("lives", "life live lived", ""),
        ("shelling", "shellings", "shell shelled"),
        ("news", "", "new"),
        ("crisis", "", "cris crisi"),
        ("діти", "дітей дітям дітьми", "діне дінуть дів діло"),
        ("брати", "беруть", "братом"),
        ("байрактар", "байрактары байрактаров байрактари байрактарів", ""),
        ("гауляйтер", "гауляйтеры гауляйтеров гауляйтерів", ""),
        ("кадыровцы", "кадыровцев кадыровец", ""),
        ("корейцы", "корейцев кореец", ""),
        ("вагнерівці", "вагнерівців вагнерівець", ""),
        ("тиша", "тиші тишу тиши", ""),
        ("год", "года", "годі"),
    ],
)
def test_a_word_of_a_query_takes_all_its_forms(word: str, forms: str, others: str) -> None:
    assert set(forms.split()) <= inflect(word)
    assert inflect(word).isdisjoint(others.split())


@pytest.mark.parametrize("kind", ["person", "place", "organisation"])
@pytest.mark.parametrize("language", ["ru", "uk"])
def test_a_strange_word_takes_the_same_forms_whether_in_bulk_or_alone(language: str, kind: str) -> None:
    chance = random.Random(7)
    words = [
        "".join(chance.choices("гшкбзрвлжщ", k=chance.randrange(1, 6))) + ending
        for ending in STRANGE
        for _ in range(20)
    ]
    bulk = {word: found for word in words if (found := inflect_strange(word, language, kind=kind))}

    assert len(bulk) > len(words) / 2
    for word, (head, tails) in bulk.items():
        assert {head + tail for tail in tails.forms} == inflect_name(word, language, kind=kind)
        assert [fold_words(head + tail) for tail in tails.forms] == [fold_words(head) + tail for tail in tails.folded]


def test_no_rule_looks_at_more_than_the_last_five_letters() -> None:
    chance = random.Random(8)
    words = ["".join(chance.choices("аоеиуыйьіїклмнрвшжцг", k=9)) + ending for ending in STRANGE for _ in range(50)]
    for ending, stem, *_ in (rule for rules in _ENDINGS.values() for rule in rules):
        for word in words:
            assert ending.sub(stem, word) == word[:-5] + ending.sub(stem, word[-5:])
            assert bool(ending.search(word)) == bool(ending.search(word[-5:]))


def test_a_word_like_one_of_a_dictionary_is_not_inflected_in_bulk() -> None:
    assert inflect_strange("дворник", "ru", kind="person") is None
    assert inflect_strange("дворников", "ru", kind="person", alone=True) is None
    assert inflect_strange("шмвзёнок", "ru", kind="person", alone=True) is not None


def test_knows_which_forms_of_a_name_are_words() -> None:
    common = common_forms(inflect_name("путин", "ru", kind="person"))

    assert {"путина", "путину", "путине"} <= set(common)
    assert (common["путина"], common["путину"]) == (True, False)  # the first may well begin a sentence
    assert "путиным" not in common
    assert not common_forms(inflect_name("гладков", "ru", kind="person"))


@pytest.mark.parametrize(
    ("word", "language", "spellings"),
    [
        ("гладков", "en", "gladkov"),
        ("вячеслав", "en", "vyacheslav viacheslav"),
        ("вячеслав", "uk", "в'ячеслав"),
        ("зеленский", "uk", "зеленський"),
        ("зеленский", "en", "zelensky zelenskyy zelenskiy zelenskyi"),
        ("залужний", "ru", "залужный"),
        ("залужний", "en", "zaluzhnyi zaluzhny zaluzhnyy"),
        ("щербаков", "en", "shcherbakov scherbakov"),
        ("мишустин", "uk", "мішустін"),
        ("медведев", "uk", "медведєв"),
        ("gladkov", "ru", "гладков"),
        ("zelenskyy", "ru", "зеленский"),
        ("syrskyi", "uk", "сирський"),
        ("kharkiv", "ru", "харьков"),
        ("хрущёв", "en", "khrushchev khrushchyov"),
        ("лук'янов", "ru", "лукьянов"),
        ("петр", "uk", "петро"),
        ("erdoğan", "ru", "эрдоган"),
        ("milošević", "ru", "милошевич"),
        ("milosevic", "uk", "мілосевич"),
        ("ющенко", "en", "yushchenko iushchenko"),
    ],
)
def test_a_name_is_written_in_other_letters(word: str, language: str, spellings: str) -> None:
    assert set(spellings.split()) <= getattr(spell(word), language)


def test_an_absent_dictionary_knows_nothing() -> None:
    absent = Dictionary("be")

    assert (absent.parses("слова"), absent.tags("слова"), absent.begins("сло")) == ([], [], False)


@pytest.mark.parametrize(
    ("text", "term", "kind", "sentence"),
    [
        ("Гладкову", "Гладков", "entity", "«Гладкову» is a form of Гладков"),
        ("ГЛАДКОВ", "Гладков", "entity", "«ГЛАДКОВ» is the name itself"),
        ("Gladkov", "Гладков", "entity", "«Gladkov» is Гладков in other letters"),
        ("Глaдков", "Гладков", "entity", "«Глaдков» looks like Гладков"),
        ("Глaдкову", "Гладков", "entity", "«Глaдкову» looks like a form of Гладков"),
        ("Гла\u200bдков", "Гладков", "entity", "«Гла\u200bдков» looks like Гладков"),
        ("Г л а д к о в", "Гладков", "entity", "«Г л а д к о в» looks like Гладков"),
        ("Г.л.а.д.к.о.в.у", "Гладков", "entity", "«Г.л.а.д.к.о.в.у» looks like a form of Гладков"),
        ("Л.С.Р.", "=ЛСР", "entity", "«Л.С.Р.» looks like ЛСР"),
        ("С.В. Суровикин", "Сергей Суровикин", "entity", "«С.В. Суровикин» is a form of Сергей Суровикин"),
        ("𝐆𝐥𝐚𝐝𝐤𝐨𝐯", "Gladkov", "entity", "«𝐆𝐥𝐚𝐝𝐤𝐨𝐯» looks like Gladkov"),
        ("თბილისი", "თბილისი", "entity", "«თბილისი» is the name itself"),
        ("Алёна", "Алена", "entity", "«Алёна» is a spelling of Алена"),
        ("ЛСР", "=ЛСР", "entity", "«ЛСР» is the name itself"),
        ("Легиона «Свобода России»", "Легион „Свобода России“", "entity", "«Легиона «Свобода России»» is a form of Легион „Свобода России“"),
        ("обменяли", "обмен*", "topic", "«обменяли» begins with обмен"),
        ("пленных", "пленный", "topic", "«пленных» is a form of пленный"),
        ("пленный", "пленный", "topic", "«пленный» is the word itself"),
        ("prisoners of war", '"prisoner of war"', "topic", "«prisoners of war» is a form of prisoner of war"),
        ("передали\nдвух пленных", '"передать пленных"~4', "topic", "«передали двух пленных» has передать пленных within 4 words"),
    ],
)  # fmt: skip
def test_a_span_is_explained(text: str, term: str, kind: str, sentence: str) -> None:
    assert explain(Span(0, len(text), text, "x", kind, term, "s")) == sentence
