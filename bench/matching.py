"""What does matching cost a post, beside what people do without it?

`any(name in text)`, and one compiled regular expression a name, as the monitors do that exist, look for the base forms alone; the
libraries of `rivals.py` for all forms of the same names, without a check of anything but the word's ends. The limit is to fold the
texts and to let the bare automaton run over them. All take turns in one run; of the repeats the median counts: trust the ratios.
"""

import random
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path

import daachorse

from bench.posts import texts
from bench.rivals import finders, percolator
from monitor.compiling import word_many
from monitor.matching.fold import fold_page
from monitor.matching.matcher import Matcher, Subject, _Stretch
from monitor.model.channel import Identity
from monitor.model.story import Entity, Flag, Story

BATCH = 256
STORY = 20  # names
FEW = 2_000
"""So many regular expressions at most are tried, and the time of more is reckoned from them: each is tried by itself."""
CHANNEL = Identity(username="channel")

_ROOTS = """
    бел берез бобр бойк болот бондар борис бур ваганьк васил верб ветр виноград вишн власик волк волош ворон воробь гайд галк глад
    глух гнат голуб гонт гор греб гриб громык груш гус данил дегтяр дем дик дмитр дроб дуб дуд дым елис ефим жар жил жук журавл
    завад загор зайц звер зим зуб иван игнат ильч исак казак калин камен карп кирил климк кобз ковал козл колес кон корн косен
    кот кравч крив круг крут кузн кулик куц лаз лапт лебед лев леон лис лобан лог лук лют макар мам марк март матв медвед
    мельн мир мих мороз муравь мыш назар наум нест никит новик овс олейн орл осип остап павл панк пархом пасечн перв петр пил
    плот погреб подоль поздн полов поп прих прох пуст рад рез род роман рудк рыб савч сам свет сев семен серг сид син скор
    скрип слеп слобод смир снег собол сокол сорок степ столб стриж сух сыч таран тарас тимош тих ткач толст топор туман тур
    тют уман уст федор фил фом харит хмел ход холод царь чайк череп черн чиж чуб шаповал шарап шевч шишк шум щук юрк ябл як ясн
"""
_BEFORE = ("", "бело", "ново", "старо", "черно", "мало", "много", "сухо", "красно", "добро", "высоко")
_ENDINGS = """
    ов ова овский овская ин ина инский енко ченко чук юк як ак ик ич ович евич ец ань ук уха ун ян ейко ило овец
    овенко овчук инчук анский ило анов анова енков ейский ичев ичева ушин ушкин онок яев арь уцкий
    ичук ойленко ашов аков алов аев инов онов ицын ейчук ийчук овник акин алкин ухин ейник атов итский
"""


def names(count: int) -> list[str]:
    """Surnames such as there are, in no order: some of them stand in any newspaper."""
    plain = {f"{root}{ending}".capitalize() for root, ending in product(_ROOTS.split(), _ENDINGS.split())}
    if count > len(plain):
        plain |= {f"{before}{name.lower()}".capitalize() for before, name in product(_BEFORE, plain)}
    return random.Random(1).sample(sorted(plain), count)


def stories(tracked: Sequence[str]) -> list[Story]:
    """Every name flags by itself."""
    groups = (tracked[at : at + STORY] for at in range(0, len(tracked), STORY))
    return [
        Story(
            id=f"story-{number}",
            title="",
            entities={f"name{place}": Entity(kind="person", names=(name,)) for place, name in enumerate(group)},
            flags=(Flag(when=" OR ".join(f"name{place}" for place in range(len(group)))),),
        )
        for number, group in enumerate(groups)
    ]


def measure(count: int, *, posts: int = 4_096, repeats: int = 5) -> dict[str, float]:
    """Microseconds of one processor a post, seconds to compile on all of them, megabytes, and ratios."""
    said, tracked = texts(posts), names(count)
    began = time.perf_counter()  # other processes help
    matcher = Matcher(stories(tracked), words=word_many)
    compiled = time.perf_counter() - began
    kept = matcher.compiled()
    began = time.process_time()
    if Matcher(stories(tracked), kept).is_new:
        raise RuntimeError("what was compiled was not read back")
    read_back = time.process_time() - began
    subjects = [Subject(CHANNEL, (("text", text),)) for text in said]
    expressions = [re.compile(rf"\b{name}\b", re.IGNORECASE) for name in tracked[:FEW]]

    def one_by_one(count: int) -> None:
        for subject in subjects[:count]:
            matcher.match([subject])

    def in_batches(count: int) -> None:
        for at in range(0, count, BATCH):
            matcher.match(subjects[at : at + BATCH])

    automaton = daachorse.DoubleArrayAhoCorasick.deserialize(matcher._index.automaton.machine)

    def bare(count: int) -> None:
        for at in range(0, count, BATCH):
            automaton.find_overlapping(fold_page(said[at : at + BATCH]).folded.text)

    def contained(count: int) -> None:
        for text in _spread(said, count):
            any(name in text for name in tracked)

    def expressed(count: int) -> None:
        for text in _spread(said, count):
            for expression in expressions:
                expression.search(text)

    cases: dict[str, tuple[Callable[[int], None], int]] = {
        "post by post": (one_by_one, posts),
        f"in batches of {BATCH}": (in_batches, posts),
        "limit: folding and the bare automaton": (bare, posts),
        "any(name in text)": (contained, max(posts // count, 64)),
        "one regular expression a name": (expressed, max(posts // count // 8, 16)),
    }
    for name, find in finders(tracked).items():
        cases[name] = (lambda count, find=find: [find(text) for text in _spread(said, count)]), 2_048  # type: ignore[misc]
    costs = _costs(cases, repeats)
    costs["one regular expression a name"] *= max(1, count / FEW)
    single, batched, limit, contains, expresses = list(costs.values())[:5]
    return {
        "compile, s": compiled,
        "compiled before, s": read_back,
        "memory of all of it, MB": _memory(count),
        **{f"{case}, µs a post": cost for case, cost in costs.items()},
        "regular expressions to post by post, times": expresses / single,
        "regular expressions to batches, times": expresses / batched,
        "any() to post by post, times": contains / single,
        "any() to batches, times": contains / batched,
        "batches to the limit, times": batched / limit,
    }


def _spread(said: Sequence[str], count: int) -> Sequence[str]:
    """So many of them, from everywhere."""
    return said[:: len(said) // count][:count]


def growth(few: dict[str, float], many: dict[str, float]) -> dict[str, float]:
    """How many times more a post costs."""
    ways = ("post by post", f"in batches of {BATCH}")
    return {f"{way}, times": many[f"{way}, µs a post"] / few[f"{way}, µs a post"] for way in ways}


def additions() -> float:
    """Seconds that a plain loop takes: how quick is the machine just now?"""
    began, total = time.process_time(), 0
    for number in range(10_000_000):
        total += number
    return time.process_time() - began


def measure_stories(count: int, *, posts: int = 2_048, repeats: int = 3) -> dict[str, float]:
    """Stories with inflected words, a phrase and a NEAR each, beside trying every story of the same compiled ones, and beside
    mokaccino's percolator over exact words."""
    said, rows = texts(posts), _rows(count)
    matcher = Matcher([_story(number, *row) for number, row in enumerate(rows)])
    subjects = [Subject(CHANNEL, (("text", text),)) for text in said]

    def in_batches(count: int) -> None:
        for at in range(0, count, BATCH):
            matcher.match(subjects[at : at + BATCH])

    def one_by_one(count: int) -> None:
        for subject in subjects[:count]:
            matcher.match([subject])

    def by_force(count: int) -> None:
        for at in range(0, count, BATCH):
            some = subjects[at : min(at + BATCH, count)]
            for subject, places in zip(some, matcher._index.find([each.fields[0][1] for each in some]), strict=True):
                seen: dict[int, list[_Stretch]] = {}
                for term, start, end in places:
                    seen.setdefault(term, []).append(_Stretch(0, start, end))
                for story in matcher._stories:
                    story.flag(subject, seen)

    cases: dict[str, tuple[Callable[[int], None], int]] = {
        "post by post": (one_by_one, posts),
        f"in batches of {BATCH}": (in_batches, posts),
        "every story tried": (by_force, max(posts * 10 // count, 64)),
    }
    if percolate := percolator([(names, topics) for names, topics in rows]):
        cases["mokaccino, exact words"] = (lambda count: [percolate(text) for text in _spread(said, count)]), 1_024  # type: ignore[assignment]
    costs = _costs(cases, repeats)
    found = {f"{case}, µs a post": cost for case, cost in costs.items()}
    single, batched, forced, *others = costs.values()
    found["every story tried to batches, times"] = forced / batched
    if others:
        found["mokaccino to post by post, times"] = others[0] / single
        found["mokaccino to batches, times"] = others[0] / batched
    return found


def _costs(cases: dict[str, tuple[Callable[[int], None], int]], repeats: int) -> dict[str, float]:
    """Microseconds of one processor for each, the median of the repeats."""
    runs: dict[str, list[float]] = {case: [] for case in cases}
    for _ in range(repeats):
        for case, (run, count) in cases.items():
            began = time.process_time()
            run(count)
            runs[case].append((time.process_time() - began) * 1e6 / count)
    return {case: statistics.median(costs) for case, costs in runs.items()}


_TOPICS = """
    мост обстрел граница пленный обмен встреча губернатор деревня колонна рейд ракета беспилотник дрон тревога эвакуация пожар склад
    вокзал больница школа дорога переговоры командир солдат бригада батальон атака оборона город область посёлок река берег лес
    электричество подстанция авиация аэродром взрыв погибший раненый спасатель полиция суд приговор выборы закон налог рубль банк
"""


def _rows(count: int) -> list[tuple[list[str], list[str]]]:
    """For each story two names and three words."""
    chance, surnames = random.Random(2), names(max(count, 100))
    return [(chance.sample(surnames, 2), chance.sample(_TOPICS.split(), 3)) for _ in range(count)]


def _story(number: int, names: Sequence[str], words: Sequence[str]) -> Story:
    first, second, third = words
    return Story(
        id=f"story-{number}",
        title="",
        entities={f"name{place}": Entity(kind="person", names=(name,)) for place, name in enumerate(names)},
        topics={"words": f'{first} OR "{second} {third}" OR "{first} {third}"~5'},
        flags=(Flag(when="(name0 OR name1) AND words"),),
    )


def _memory(count: int) -> float:
    """Megabytes of a process that has compiled so many names, above one that has compiled one."""
    one, many = (
        float(
            subprocess.run([sys.executable, "-m", "bench.matching", str(each)], capture_output=True, check=True).stdout
        )
        for each in (1, count)
    )
    return many - one


def _resident(count: int) -> float:
    matcher = Matcher(stories(names(count)))
    matcher.match([Subject(CHANNEL, (("text", "nothing"),))])
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


if __name__ == "__main__":
    print(_resident(int(sys.argv[1])))
