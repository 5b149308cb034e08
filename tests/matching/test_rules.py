"""RULES is raised with every change to what is found, so that equal editions flag the same posts."""

import hashlib

import pytest

from monitor.matching.dictionaries import versions
from monitor.matching.fold import fold
from monitor.matching.query import Leaf, leaves, parse
from monitor.matching.wordings import Wording, word_leaf, word_name
from monitor.matching.words import RULES

DICTIONARIES = "pymorphy3 2.0.6, pymorphy3-dicts-ru 2.4.417150.4580142, pymorphy3-dicts-uk 2.4.1.1.1663094765"
PEOPLE = "Вячеслав Гладков|Вучич|Захарова|Зеленський|Пётр Толстой|Volodymyr Zelensky|Gladkov|Маск|Лук'янов|Кличко|Залужний|Мизинцев|В. О. Зеленська"
PLACES = "Белгород|Орёл|Николаев|Сумы|Валуйки|Часів Яр|белгородский"
OTHERS = "72-га бригада|Полк (Азов)|Белгород|Київ|Тернопіль|Сумы|Санкт-Петербург|Легион «Свобода России»|ВСУ|МИД|Су-34|Red Cross|=ЛСР|北京|День|белгородский"
QUERY = 'пленный OR captive OR prisoners OR fought OR діти OR байрактар OR "36-я бригада" OR обмен* OR "prisoner of war" OR "передать пленных"~4 OR =огонь OR Пригожин OR контр-адмирал'
TEXT = "Глaдко́в — «Ёлка» №1, О’Нил, ﬁn 𝐊𝐲𝐢𝐯 Łódź ქართ 🇺🇦 Г.л.а.д"

DIGEST_OF_RULES = ("4", "7b5ce5c5c64f2090")


@pytest.mark.skipif(versions() != DICTIONARIES, reason="the digest is of other dictionaries")
def test_equal_rules_look_for_the_same() -> None:
    """Where this fails, raise RULES and write down the new pair."""
    people = (word_name(name, kind="person", case="auto") for name in PEOPLE.split("|"))
    places = (word_name(name, kind="place", case="auto") for name in PLACES.split("|"))
    others = (word_name(name, kind="unit", case=case) for name in OTHERS.split("|") for case in ("auto", "exact"))
    words = (word_leaf(leaf) for leaf in leaves(parse(QUERY)) if isinstance(leaf, Leaf))
    lines = [_write(wording) for wordings in (*people, *places, *others, *words) for wording in wordings]

    digest = hashlib.sha256("\n".join([*lines, fold(TEXT).text.hex()]).encode()).hexdigest()[:16]

    assert (RULES, digest) == DIGEST_OF_RULES


def _write(wording: Wording) -> str:
    forms = [sorted((form.hex(), gate) for form, gate in slot.forms.items()) for slot in wording.slots]
    rest = [(slot.base, slot.beginning, slot.endings, slot.parted, slot.initial) for slot in wording.slots]
    return f"{forms} {rest} {wording.within} {wording.tag} {wording.signs}"
