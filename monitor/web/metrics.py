"""The evidence of health as Prometheus reads it. Pure.

https://prometheus.io/docs/instrumenting/exposition_formats/ (text format 0.0.4)
"""

import re
from collections.abc import Iterable, Sequence

from monitor.alerting.display import visible
from monitor.model.instant import SECOND, Instant
from monitor.views.health import Line


def exposition(lines: Sequence[Line], *, now: Instant) -> str:
    """`monitor_red`, `monitor_age_seconds` and every figure, each with `part` and `subject`."""
    found = [
        *_family("monitor_red", "1 where a person is needed", ((each, float(each.red)) for each in lines)),
        *_family(
            "monitor_age_seconds",
            "Age of the newest evidence",
            ((each, (now - each.at) / SECOND) for each in lines if each.at is not None),
        ),
    ]
    for figure in sorted({name for each in lines for name in each.figures}):
        values = ((each, each.figures[figure]) for each in lines if figure in each.figures)
        found += _family(f"monitor_{re.sub('[^a-z0-9]+', '_', figure.lower())}", figure, values)
    return "".join(f"{line}\n" for line in found)


def _family(name: str, words: str, values: Iterable[tuple[Line, float]]) -> list[str]:
    rows = [
        f'{name}{{part="{_label(line.part)}",subject="{_label(line.subject)}"}} {value:.15g}' for line, value in values
    ]
    return [f"# HELP {name} {_help(words)}", f"# TYPE {name} gauge", *rows] if rows else []


def _help(words: str) -> str:
    return visible(words).replace("\\", "\\\\").replace("\n", "\\n")


def _label(words: str) -> str:
    return _help(words).replace('"', '\\"')
