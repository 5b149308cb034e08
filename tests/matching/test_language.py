"""The language of a text"""

import gzip
import os
import re
from functools import cache
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.matching.language import language_of, spoken
from monitor.model.channel import Channel

DATA = Path(os.environ.get("MONITOR_DATA", Path(__file__).parents[3] / "shared" / "data"))
FILES = ("posts.jsonl.gz", "posts-uk-war.jsonl.gz")
real = pytest.mark.skipif(not all((DATA / file).exists() for file in FILES), reason="the real posts are not here")

ALWAYS = ("ru", "uk", "en")
MANY = (
    *ALWAYS,
    *(
        "be",
        "bg",
        "sr",
        "pl",
        "de",
        "tr",
        "ar",
        "fa",
        "es",
        "fr",
        "it",
        "pt-BR",
        "cs",
        "ro",
        "el",
        "nl",
        "sv",
        "fi",
        "lt",
        "hu",
    ),
)
SAID = {
    "ru": "Сегодня в Москве прошла встреча министров, на которой обсудили положение на фронте, сообщили в правительстве после неё.",
    "uk": "Сьогодні у Києві відбулася зустріч міністрів, які обговорили ситуацію на фронті.",
    "en": "Ministers met in London today to discuss the situation at the front.",
    "be": "Сёння ў Мінску прайшла сустрэча кіраўнікоў, якія абмеркавалі пытанні бяспекі. Пра гэта паведаміла прэс-служба.",
    "bg": "Днес в София се проведе среща на министрите, които обсъдиха ситуацията. Това съобщиха от правителството.",
    "sr": "Данас је у Београду одржан састанак министара, који су разговарали о ситуацији у региону.",
    "pl": "Dzisiaj w Warszawie odbyło się spotkanie ministrów, którzy rozmawiali o sytuacji na froncie. Nie podano szczegółów.",
    "de": "Heute fand in Berlin ein Treffen der Minister statt, die über die Lage an der Front gesprochen haben.",
    "tr": "Bugün Ankara'da bakanlar bir araya geldi ve cephedeki durumu görüştü. Görüşme iki saat sürdü, daha sonra açıklama yapıldı.",
    "ar": "اجتمع الوزراء اليوم في دمشق لمناقشة الوضع على الجبهة بعد الهجوم.",
    "fa": "وزیران امروز در تهران درباره وضعیت جبهه با هم گفتگو کردند که این دیدار دو ساعت طول کشید",
    "es": "Hoy se celebró en Madrid una reunión de ministros, que hablaron de la situación en el frente.",
    "fr": "Une réunion des ministres s'est tenue aujourd'hui à Paris, ils ont parlé de la situation sur le front.",
    "it": "Oggi a Roma si è tenuta una riunione dei ministri che hanno parlato della situazione al fronte.",
    "pt-BR": "Hoje foi realizada uma reunião dos ministros, que falaram sobre a situação na frente. Não há mais informações.",
    "cs": "Dnes se v Praze konalo setkání ministrů, kteří hovořili o situaci na frontě, uvedla vláda.",
    "ro": "Astăzi la București a avut loc o întâlnire a miniștrilor, care au discutat despre situația de pe front.",
    "el": "Σήμερα στην Αθήνα συναντήθηκαν οι υπουργοί.",
}


@pytest.mark.parametrize("language", SAID)
def test_is_told_among_many(language: str) -> None:
    assert language_of(SAID[language], MANY) == language


@pytest.mark.parametrize("language", [one for one in SAID if one not in ALWAYS])
def test_is_unknown_where_it_is_none_of_those_asked_for(language: str) -> None:
    assert language_of(SAID[language], ALWAYS) is None
    assert language_of(SAID[language], ()) is None


@pytest.mark.parametrize(
    "said",
    [
        "",
        "Гладков",
        "Bank",
        "🔥🔥🔥 12:30",
        "Tesla, Apple, Nvidia",
        "https://t.me/the_of_and_to",
        "#war @the_of_and",
        "?",
    ],
)
def test_is_unknown_where_nobody_can_tell(said: str) -> None:
    assert language_of(said, MANY) is None


def test_is_unknown_where_two_are_mixed() -> None:
    assert language_of(f"{SAID['ru']} {SAID['en']}", MANY) is None


@given(st.text(max_size=60), st.lists(st.sampled_from([*MANY, "xx", "zh", "ja"]), max_size=4))
def test_is_one_of_those_asked_for_or_unknown_whatever_is_said(said: str, among: list[str]) -> None:
    assert language_of(said, among) in (None, *among)


def test_of_a_channel_is_known_by_whatever_it_is_called() -> None:
    channels = [Channel(username="Harbour", id=-100, language="pl"), Channel(username="bridge_news")]

    assert spoken(channels) == {"harbour": "pl", "-100": "pl"}


@cache
def posts(file: str) -> list[str]:
    with gzip.open(DATA / file) as lines:
        return [text for text in (msgspec.json.decode(line)["text"] for line in lines) if text]


def certain(text: str) -> str | None:
    """By letters alone, where there are several of those that only one of the two has."""
    russian, ukrainian = len(re.findall("[ыэъё]", text)), len(re.findall("[іїєґ]", text))
    if russian >= 3 and not ukrainian:
        return "ru"
    return "uk" if ukrainian >= 3 and not russian else None


@real
@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("among", [ALWAYS, (*ALWAYS, "be", "bg", "sr", "pl", "de", "tr", "ar", "es")], ids=len)
def test_of_real_posts_is_hardly_ever_wrong_and_seldom_unknown(file: str, among: tuple[str, ...]) -> None:
    said = [(language, text) for text in posts(file)[::3] if (language := certain(text))]

    told = [(language, language_of(text, among)) for language, text in said]

    wrong = [pair for pair in told if pair[1] not in (None, pair[0])]
    unknown = [pair for pair in told if pair[1] is None]
    assert len(said) > 300
    assert len(wrong) <= 0.003 * len(said)
    assert len(unknown) <= (0.02 if among == ALWAYS else 0.07) * len(said)
