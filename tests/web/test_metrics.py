"""The figures as Prometheus reads them"""

import re

import pytest
from builders import NOON

from monitor.model.instant import MINUTE
from monitor.views.health import Line
from monitor.web.metrics import exposition

SAMPLE = re.compile(r'monitor_[a-z0-9_]+\{part="(?:[^"\\\n]|\\.)*",subject="(?:[^"\\\n]|\\.)*"\} \S+')
COMMENT = re.compile(r"# (?:HELP|TYPE) monitor_[a-z0-9_]+ [^\n]+")


def line(subject: str = "bridge_news", *, red: bool = False, **figures: float) -> Line:
    return Line(part="channel", subject=subject, red=red, at=NOON - MINUTE, words="", figures=figures)


def test_say_what_is_red_how_old_the_evidence_is_and_every_figure() -> None:
    assert exposition([line(red=True, posts=12)], now=NOON).splitlines() == [
        "# HELP monitor_red 1 where a person is needed",
        "# TYPE monitor_red gauge",
        'monitor_red{part="channel",subject="bridge_news"} 1',
        "# HELP monitor_age_seconds Age of the newest evidence",
        "# TYPE monitor_age_seconds gauge",
        'monitor_age_seconds{part="channel",subject="bridge_news"} 60',
        "# HELP monitor_posts posts",
        "# TYPE monitor_posts gauge",
        'monitor_posts{part="channel",subject="bridge_news"} 12',
    ]


def test_keep_the_whole_of_a_large_figure() -> None:
    assert 'subject="bridge_news"} 123456789\n' in exposition([line(top=123_456_789)], now=NOON)


def test_of_one_name_stand_together() -> None:
    told = exposition([line("a", posts=1), line("b", posts=2)], now=NOON)

    assert told.count("# TYPE monitor_posts gauge") == 1
    assert told.index('subject="a"} 1\n') < told.index('subject="b"} 2\n')


def test_are_none_where_there_is_nothing() -> None:
    assert exposition([], now=NOON) == ""


@pytest.mark.parametrize(
    "name", ['"} 1\nmonitor_red{part="x', "\\", 'a"b', "a\nb", "a\rb", "\u202e", "\udcff", "\0", "\u2028", "x" * 10_000]
)
def test_hold_whatever_name_there_is_in_one_line(name: str) -> None:
    """WEB-02, HOS-05: a subject that a stranger chose makes no figure of its own."""
    told = exposition([line(name, posts=1)], now=NOON)

    told.encode("utf-8")
    assert [each for each in told.splitlines() if not SAMPLE.fullmatch(each) and not COMMENT.fullmatch(each)] == []
    assert len(told.splitlines()) == 9


@pytest.mark.parametrize("name", ["posts\nmonitor_red 1", "declared unknown", "größe", '{a="b"}'])
def test_have_names_that_prometheus_takes_whatever_a_figure_is_called(name: str) -> None:
    told = exposition([line(**{name: 1.0})], now=NOON)

    assert [each for each in told.splitlines() if not SAMPLE.fullmatch(each) and not COMMENT.fullmatch(each)] == []
