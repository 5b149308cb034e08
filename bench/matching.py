"""What does matching cost a post, beside what people do without it?

The others look for the base forms alone: `any(name in text)`, and one compiled regular expression a name, as the monitors do
that exist. All take turns in one run, and of the repeats the median counts: trust the ratios.
"""

import random
import re
import statistics
import time
from collections.abc import Callable, Sequence
from itertools import product

from bench.posts import texts
from monitor.matching.matcher import Matcher, Subject
from monitor.model.channel import Identity
from monitor.model.story import Entity, Flag, Story

BATCH = 256
STORY = 20  # names
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
_ENDINGS = """
    ов ова овский овская ин ина инский енко ченко чук юк як ак ик ич ович евич ец ань ук уха ун ян ейко ило овец
    овенко овчук инчук анский ило анов анова енков ейский ичев ичева ушин ушкин онок яев арь уцкий
    ичук ойленко ашов аков алов аев инов онов ицын ейчук ийчук овник акин алкин ухин ейник атов итский
"""


def names(count: int) -> list[str]:
    """Surnames such as there are, in no order: some of them stand in any newspaper."""
    every = [f"{root}{ending}".capitalize() for root, ending in product(_ROOTS.split(), _ENDINGS.split())]
    return random.Random(1).sample(sorted(set(every)), count)


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
    """Microseconds of one processor a post, seconds to compile, and ratios."""
    said, tracked = texts(posts), names(count)
    began = time.process_time()
    matcher = Matcher(stories(tracked))
    compiled = time.process_time() - began
    subjects = [Subject(CHANNEL, (("text", text),)) for text in said]
    expressions = [re.compile(rf"\b{name}\b", re.IGNORECASE) for name in tracked]

    def one_by_one(count: int) -> None:
        for subject in subjects[:count]:
            matcher.match([subject])

    def in_batches(count: int) -> None:
        for at in range(0, count, BATCH):
            matcher.match(subjects[at : at + BATCH])

    def contained(count: int) -> None:
        for text in said[:count]:
            any(name in text for name in tracked)

    def expressed(count: int) -> None:
        for text in said[:count]:
            for expression in expressions:
                expression.search(text)

    cases: dict[str, tuple[Callable[[int], None], int]] = {
        "post by post": (one_by_one, posts),
        f"in batches of {BATCH}": (in_batches, posts),
        "any(name in text)": (contained, max(posts // count, 64)),
        "one regular expression a name": (expressed, max(posts // count // 8, 16)),
    }
    runs: dict[str, list[float]] = {case: [] for case in cases}
    for _ in range(repeats):
        for case, (run, count) in cases.items():
            began = time.process_time()
            run(count)
            runs[case].append((time.process_time() - began) * 1e6 / count)
    costs = {case: statistics.median(costs) for case, costs in runs.items()}
    single, batched, contains, expresses = costs.values()
    return {
        "compile, s": compiled,
        **{f"{case}, µs a post": cost for case, cost in costs.items()},
        "regular expressions to post by post, times": expresses / single,
        "regular expressions to batches, times": expresses / batched,
        "any() to post by post, times": contains / single,
        "any() to batches, times": contains / batched,
    }


if __name__ == "__main__":
    for count in (10, 1_000, 10_000):
        for name, figure in measure(count).items():
            print(f"{count:6} names: {name:45} {figure:12,.2f}")
