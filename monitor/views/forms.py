"""In which forms is a word looked for that somebody types into a search?"""

from collections.abc import Iterable

from monitor.matching.words import inflect
from monitor.stores.sqlite.forms import likely_forms


def forms(word: str) -> Iterable[str]:
    """Those that the dictionaries know, and those that its ending tells: to a dictionary «Гладкова» is a woman's name alone."""
    return dict.fromkeys((*inflect(word), *likely_forms(word)))
