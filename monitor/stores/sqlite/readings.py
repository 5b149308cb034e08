"""Under which stems may a word of a query stand in the search file, in any of its forms?"""

from collections.abc import Sequence
from functools import lru_cache

from monitor.stores.sqlite.forms import Forms
from monitor.stores.sqlite.stems import Stems

_REMEMBERED = 1_024
"""Words: who reads page by page asks for the same ones again, and so do the marks on each page."""


class Readings:
    """Not to be shared between threads, as its stems are not."""

    def __init__(self, stems: Stems, forms: Forms) -> None:
        self.stems = stems
        self._forms = forms
        self.of = lru_cache(_REMEMBERED)(self._of)

    def _of(self, word: str) -> Sequence[str]:
        """The stems of the word and of its forms, each once, its own first; none where there is nothing to look for."""
        own = self.stems.of_word(word)
        return [stem for stem in (own, *sorted({*self.stems.of_each(self._forms(word.lower()))} - {own})) if stem]
