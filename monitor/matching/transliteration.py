"""How is a word written by rule in another language's letters?

The rules follow BGN/PCGN, ISO 9 (its accents are folded away), passports (ICAO Doc 9303), the Ukrainian table of 2010 (Cabinet of
Ministers, No. 55) and what newspapers make of them. A rule may leave several ways open; the likeliest are taken. Words are in
small letters throughout.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import combinations, islice

LIMIT = 4
"""So many ways of writing a word by rule in one alphabet."""

# Rules are tried at each place from the top; the ways of writing are separated by a bar, the likeliest first.
_RULES = {
    ("ru", "uk"): """
        (?<![а-яё])под под|під
        (?<![а-яё])александр олександр|александр
        (?<![а-яё])алексе олексі|олексе|алексє
        (?<![а-яё])василье(?=в) василі|васильє
        (?<![а-яё])киев київ|києв
        (?<![а-яё])бело(?=..) біло|бєло
        (?<![а-яё])черно(?=..) чорно|черно
        (?<![а-яё])ио йо|іо
        (?<![а-яё])владимир володимир|владимир
        (?<![а-яё])константин костянтин|константін
        (?<![а-яё])никол микол|нікол
        (?<![а-яё])михаил михайл
        (?<![а-яё])григор григор
        (?<![а-яё])дмитр дмитр
        овск(?=ий$) овськ|івськ
        [ое]вск(?=ая$) івськ|овськ|ївськ
        [ое]вск(?=ое$) івськ|овськ|ївськ
        евск(?=ий$) євськ|евськ|ївськ|івськ
        [гжз]ск(?=ий$|ая$|ое$|ие$) зьк|жськ|цьк
        ск(?=ий$|ая$|ое$|ие$) ськ
        овск$ івськ|овськ
        цк(?=ий$|ая$|ое$|ие$) цьк
        ск$ ськ
        цк$ цьк
        (?<=[нчшщх])ий$ ій|ий
        [ыи]й$ ий|ій
        ой$ ой|ий
        (?<=[бвгджзклмнпрстфхцчшщ])ая$ а
        яя$ я
        (?<=[бвгджзклмнпрстфхцчшщ])ое$ е
        ее$ є
        [ыи]е$ і
        овка$ івка|овка
        (?<=[бвгджзклмнпрстфхцчшщ])евка$ івка|евка|ївка
        евка$ ївка|євка
        (?<=..)бор$ бір|бор
        горье$ гір'я
        овцы$ івці|овці
        овщина$ івщина|овщина
        (?<=[бвгджзклмнпрстфхцчшщ])евщина$ івщина|ївщина
        евщина$ ївщина
        ово$ ово|ове
        ево$ єво|ево|єве|еве
        ино$ іно|ине|ино
        (?<=..)ов$ ов|ів
        (?<=[бвгджзклмнпрстфхцчшщ])ев$ єв|ев|ів
        ев$ єв|їв
        (?<=[бвгджзклмнпрстфхцчшщ])ева$ єва|ева
        ец$ ець|ец
        лье$ лля|льє
        нье$ ння|ньє
        тье$ ття|тьє
        дье$ ддя|дьє
        сье$ сся
        зье$ ззя
        жье$ жжя
        чье$ ччя
        шье$ шшя
        (?<=[бпвмфр])ье$ 'я|'є
        (?<=[бпвмфр])ье 'є
        (?<=[бпвмф])ья 'я
        рье$ р'я
        рь(?=[ея]) р'|рь
        (?<=[чшщж])ё о
        ьё йо|ьо
        ё ьо|йо|е
        ь[иы] ьї
        (?<=[аеоуыэюяьи])и ї
        (?<=[чшщжц])и$ і|и
        (?<=[чшщжц])и и|і
        (?<![а-яё])и і
        ич$ ич
        и(?=[аеёоуюяй]) і
        (?<=..)и$ і|и
        и і|и
        (?<=..)ы$ и|і
        ы и
        э е
        ъ '
        (?<![а-яё])йе є
        (?<![бвгджзклмнпрстфхцчшщ])е є
        е е|є
        ст(?=н) с|ст
        мм мм|м
        сс сс|с
        тт тт|т
        пп пп|п
        лл лл|л
    """,
    ("uk", "ru"): """
        (?<![а-яіїєґ])під под|пид
        (?<![а-яіїєґ])олександр александр|олександр
        (?<![а-яіїєґ])олексі алексе|олекси
        (?<![а-яіїєґ])василі(?=в) василье|васили
        (?<![а-яіїєґ])володимир владимир|володимир
        (?<![а-яіїєґ])костянтин константин|костянтин
        (?<![а-яіїєґ])микол никол|микол
        (?<![а-яіїєґ])михайл михайл|михаил
        (?<![а-яіїєґ])київ киев
        (?<![а-яіїєґ])біло(?=..) бело
        (?<![а-яіїєґ])чорно(?=..) черно
        (?<![а-яіїєґ])йо ио|йо|ё
        івськ(?=ий$) овск|ивск|евск
        ївськ(?=ий$) евск
        івська$ овская|ивская|евская
        ївська$ евская
        івське$ овское|ивское|евское
        ївське$ евское
        івськ$ овск|ивск|евск
        зький$ жский|гский|зский
        зька$ жская|гская|зская
        зьке$ жское|гское|зское
        ськ(?=$|ий$) ск
        цьк(?=$|ий$) цк
        ська$ ская
        цька$ цкая
        ське$ ское
        цьке$ цкое
        ські$ ские
        цькі$ цкие
        гір'я$ горье
        івка$ овка|евка|ивка
        ївка$ евка
        івці$ овцы|евцы
        івщина$ овщина|евщина
        ївщина$ евщина
        ове$ ово|овое
        [еє]ве$ ево
        [иі]не$ ино
        ий$ ый|ий|ой
        ній$ ний|ней
        ій$ ий|ей
        їв$ ев|иев
        ів$ ов|ев|ив
        ець$ ец
        лля$ лье|лля
        ння$ нье|ние
        ття$ тье
        ддя$ дье
        сся$ сье
        ззя$ зье
        жжя$ жье
        ччя$ чье
        шшя$ шье
        'я$ ье|ья|ъя
        (?<=[бвгджзклмпрстфхцчшщьй]н)а$ ая|а
        (?<=[аоуиіея])е(?!в) э|е
        йо ё|йо
        ьо ё
        (?<=[бвмп])' |ъ|ь
        ' ь|ъ
        (?<![а-яіїєґ])є е|э|йе
        (?<![а-яіїєґ])е э|е
        є е
        ї и
        (?<![а-яіїєґ])і и|э
        (?<=ц)і$ ы
        (?<=[жчшщ])і$ и|е
        і(?=[бвгджзклмнпрст]$) и|о|е
        і и|е
        (?<=[бвгджзклмнпрстфх])и$ ы|и
        (?<=[жчшщкгх])и и
        и и|ы
        ґ г
    """,
    ("ru", "en"): """
        (?<=[кц])ий$ y|iy|ii|i|yi
        [иы]й$ y|iy|ii|yy
        ье ye|ie|je
        ьё yo|io
        ь |'
        ъ |'
        (?<![бвгджзклмнпрстфхцчшщ])е ye|e|je
        е e
        ё e|yo|io
        ж zh|z
        х kh|h
        ц ts|c
        ч ch|c
        щ shch|sch
        ш sh|s
        ю yu|iu|ju
        я ya|ia|ja
        кс x|ks
        й y|i|j
    """,
    ("uk", "en"): """
        (?<=[кц])ий$ yi|y|yy|iy|ij
        ий$ yi|y|yy|iy
        зг zgh
        ь |'
        ' |'
        (?<![бвгґджзклмнпрстфхцчшщ])є ye|ie
        є ie|ye
        ї i|yi
        й i|y|j
        г h|g
        ґ g
        ж zh
        х kh
        ц ts
        ч ch
        щ shch
        ш sh
        ю iu|yu
        я ia|ya
        и y
        і i
    """,
    ("en", "ru"): """
        (?<=[sc])kyi$ кий
        (?<=[sc])k(?:yy|iy|ii|y|i)$ кий
        (?:yi|yy|iy)$ ый|ий
        (?<=[bdfghklmnprstvwz])y$ ый|ий|и
        shch щ
        sch щ|ш
        zh ж
        kh х
        ts ц
        ch ч
        sh ш
        ya|ia|ja я|ья
        yu|iu|ju ю
        yo|io ё|ио
        ye|je|ie е|ье
        yi и
        ev$ ев|ёв
        ic$ ич|ик
        x кс
        qu кв
        ck к
        (?<![a-z])e е|э
        (?<=[aeiou])y й
        [wv] в
        j й|дж
        h х|г
        c к|ц
        ' ь
        y ы|и
    """,
    ("en", "uk"): """
        (?<=[sc])k(?:yi|yy|iy|ii|y|i)$ ький
        (?:yi|yy|iy)$ ий
        (?<=[bdfghklmnprstvwz])y$ ий|і
        iv$ ів|ив
        ic$ ич|ік
        shch щ
        sch щ|ш
        zgh зг
        zh ж
        kh х
        ts ц|тс
        ch ч
        sh ш
        ya|ia|ja я|'я
        yu|iu|ju ю
        yo|io йо|ьо|іо
        ye|je|ie є|е
        yi ї
        x кс
        (?<=[aeou])[yi] й
        [wv] в
        j й|дж
        h г|х
        g г
        c к|ц
        ' ь
        i і|и
        y и
    """,
}
_LETTERS = {
    "en": dict(zip("абвгдезийклмнопрстуфыэіъ", (*"abvgdeziyklmnoprstufyei", ""), strict=True)),
    "ru": dict(zip("abdefgiklmnoprstuz", "абдефгиклмнопрстуз", strict=True)),
    "uk": dict(zip("abdefgiklmnoprstuz", "абдефгіклмнопрстуз", strict=True)),
}
_ALPHABET = "абвгґдеєёжзиіїйклмнопрстуфхцчшщъыьэюяabcdefghijklmnopqrstuvwxyz'"
_BEHIND = re.compile(r"\(\?<[=!](?:\[[^]]*\]|[^()\[])*\)")


def by_rule(word: str, source: str, target: str) -> frozenset[str]:
    """The likeliest ways to write the word in another language's letters. Who writes и as і does so throughout the word."""
    letters, ways = _letters(source, target), _ways(source, target)
    likeliest: list[str] = []
    open_: dict[str, list[int]] = {}  # by rule that leaves several ways: where it applies
    place = 0
    while place < len(word):
        match, plain = letters.get(word[place], (None, word[place]))
        found = match(word, place) if match else None
        if found is None:
            likeliest.append(plain)
            place += 1
            continue
        rule = found.lastgroup or ""
        if len(ways[rule]) > 1:
            open_.setdefault(rule, []).append(len(likeliest))
        likeliest.append(ways[rule][0])
        place = found.end()
    written = ["".join(likeliest)]
    for others in islice(_choices([(rule, ways[rule]) for rule in open_]), LIMIT * (1 + (target == "en")) - 1):
        pieces = likeliest.copy()
        for rule, way in others:
            for place in open_[rule]:
                pieces[place] = way
        written.append("".join(pieces))
    return frozenset(written)


def _choices(rules: Sequence[tuple[str, Sequence[str]]]) -> Iterator[tuple[tuple[str, str], ...]]:
    """What to write otherwise than is likeliest: first in one rule alone, then in two, then in three."""
    others = [(rule, way) for rule, ways in rules for way in ways[1:]]
    yield from ((each,) for each in others)
    for number in (2, 3):
        for some in combinations(others, number):
            if len(dict(some)) == number:
                yield some


@cache
def _letters(source: str, target: str) -> dict[str, tuple[Callable[[str, int], re.Match[str] | None] | None, str]]:
    """Of each letter, what matches the rules that may begin at it, each a group named for its place in the list, and what to write
    where there is none."""
    patterns = [rule.split()[0] for rule in _RULES[source, target].strip().splitlines()]
    begun = {
        letter: [f"(?P<r{place}>{one})" for place, one in enumerate(patterns) if _beginning(one).match(letter)]
        for letter in _ALPHABET
    }
    return {
        letter: (re.compile("|".join(rules)).match if rules else None, _LETTERS[target].get(letter, letter))
        for letter, rules in begun.items()
    }


@cache
def _beginning(pattern: str) -> re.Pattern[str]:
    """What the first letter of a match may be: for each alternative a letter, a class of them, or any."""
    parts = re.split(r"\|(?![^()]*\))", _BEHIND.sub("", pattern))
    firsts = [re.match(r"\[[^]]*\]|[^(\[.]", part) for part in parts]
    return re.compile("|".join(first.group() if first else "." for first in firsts))


@cache
def _ways(source: str, target: str) -> dict[str, tuple[str, ...]]:
    """What each rule leaves open, by the name of its group."""
    rules = _RULES[source, target].strip().splitlines()
    return {f"r{place}": tuple(rule.split()[1].split("|")) for place, rule in enumerate(rules)}
