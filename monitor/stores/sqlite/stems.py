"""Under which words does the search file keep a text, so that every inflected form of a word finds it?

Snowball's stems (snowballstem.org): Russian for words in Cyrillic letters, English for Latin. A Ukrainian word is first written
in Russian letters and a few of its endings in the Russian way, which the Russian algorithm then cuts off: of the forms of a
Ukrainian word it finds 84 in 100 by the base form so, 52 as it stands.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator

import snowballstemmer

LONGEST = 64
"""Code points of a word that count: what is longer is an address or a blob, and its beginning is enough to find it by."""

_GENERATION = 1 << 15
"""Words remembered before the oldest are forgotten; twice as many at most, which is about 20 MB."""
_HIDDEN = (
    "\u00ad\u0300-\u036f\u0483-\u0487\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u20d0-\u20ff"
    "\ufe00-\ufe0f\ufeff\U000e0000-\U000e01ef"
)
_APOSTROPHES = "'’ʼ‘`´"
_WORD = re.compile(rf"[^\W_](?:[^\W_]|[{_HIDDEN}]|[{_APOSTROPHES}](?=[^\W_]))*")
_BARE = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_CYRILLIC = re.compile(r"[\u0400-\u052f]")
_PLAIN_CYRILLIC = re.compile(r"[а-яёієїґ]+")
_PLAIN_CYRILLIC_WORDS = re.compile(r"[а-яёієїґ ]+")
_LATIN = re.compile(r"[a-z]")
_PLAIN = str.maketrans(dict.fromkeys(_APOSTROPHES, "'"))
_LATIN_TWINS = str.maketrans("abcehikmoptxy", "авсенікмортху")
_NOT_RUSSIAN = re.compile(r"[ієґ'ʼ]")
_AS_RUSSIAN = str.maketrans({"і": "и", "є": "е", "ґ": "г", "'": None, "ʼ": None})
_PLAINER = (("ё", "е"), ("ї", "и"), ("і", "и"), ("є", "е"), ("ґ", "г"))
"""What folding makes of them, and Russian letters after that: quicker than to translate."""
# Each leaves Russian words as they are. The reflexive -ся or -сь may follow where the lookahead says so.
_UKRAINIAN = (
    (re.compile(r"(?<=...)ість$"), "ость"),
    (re.compile(r"(?<=...)істю$"), "остью"),
    (re.compile(r"(?<=..)оі$"), "ой"),  # -ої
    (re.compile(r"(?<=[аеиоуюяі])ти(?:му|меш|ме|мем|мемо|мете|муть)?(?=(?:с[ья])?$)"), "ть"),
    (re.compile(r"(?<=[ауюяєі])мо(?=(?:с[ья])?$)"), "м"),
    (re.compile(r"(?<=[ую])ть(?=(?:с[ья])?$)"), "т"),
    (re.compile(r"(?<=[аиуяі])вс[ья]$"), "лся"),
)
_ENDINGS = (
    "ть",
    "ти",
    "тиму",
    "тимеш",
    "тиме",
    "тимем",
    "тимемо",
    "тимете",
    "тимуть",
    "мо",
    "ість",
    "істю",
    "оі",
    "ої",
)
_MAYBE_UKRAINIAN = (
    *(ending + reflexive for ending in _ENDINGS for reflexive in ("", "ся", "сь")),
    "вся",
    "всь",
)
"""Whatever the expressions above find ends so; to see that a word does not takes a fiftieth of the time."""
# A prefix may end inside an ending. With these behind it, some form of the word is whole, and so is its stem.
_COMPLETIONS = (
    "",
    "а",
    "о",
    "ь",
    "й",
    "т",
    "м",
    "х",
    "и",
    "ий",
    "ая",
    "ее",
    "ти",
    "го",
    "ся",
    "s",
    "e",
    "d",
    "g",
    "ng",
    "ing",
    "y",
)


class Stems:
    """Stems of words, each worked out once. Not to be shared between threads: Snowball's stemmers keep their place inside."""

    def __init__(self) -> None:
        self._russian = snowballstemmer.stemmer("russian")
        self._english = snowballstemmer.stemmer("english")
        for stemmer in (self._russian, self._english):
            stemmer.maxCacheSize = 0  # it is remembered here; the library's own memory costs it four stems a stem
        self._young: dict[str, str] = {}
        self._old: dict[str, str] = {}

    def of(self, text: str) -> str:
        """The stems of the text's words, in their order, with a space between; a word may have none, one or several."""
        young = self._young
        stems = [young.get(word) or self._recall(word) for word in words(text.lower())]
        return " ".join(filter(None, stems))

    def of_word(self, word: str) -> str:
        """The same of one word."""
        word = word.lower()
        return self._young.get(word) or self._recall(word)

    def of_each(self, forms: Iterable[str]) -> list[str]:
        """The same of many words that are hardly in any text, in no particular order; and they are not remembered."""
        plain, others = list[str](), list[str]()
        for form in forms:
            (others if form.endswith(_MAYBE_UKRAINIAN) else plain).append(form)
        text = " ".join(plain)
        if not _PLAIN_CYRILLIC_WORDS.fullmatch(text):
            return [self.of_word(form) for form in (*plain, *others)]
        for letter, plainer in _PLAINER:
            text = text.replace(letter, plainer)
        return [*self._russian.stemWords(text.split()), *map(self.of_word, others)]

    def beginning(self, prefix: str) -> tuple[str, frozenset[str]]:
        """The stems of the words that begin so: all stems that begin with the first value, and beside them the second ones."""
        bare = _fold(prefix).translate(_AS_RUSSIAN)
        whole = {self.of(prefix + completion) for completion in _COMPLETIONS}
        shorter = {stem for stem in whole if stem and bare.startswith(stem)}
        return bare, frozenset(shorter | {self.of(prefix)} - {""})

    def _recall(self, word: str) -> str:
        stem = self._old.get(word)
        if stem is None:
            stem = self._work_out(word)
        if len(self._young) >= _GENERATION:
            self._old, self._young = self._young, {}
        if len(word) <= LONGEST:
            self._young[word] = stem
        return stem

    def _work_out(self, word: str) -> str:
        """Of a word in small letters. Those of plain letters, which are nearly all, need no folding."""
        if len(word) <= LONGEST:
            if word.isascii() and word.isalnum():
                return word if word.isdigit() else str(self._english.stemWord(word))
            if _PLAIN_CYRILLIC.fullmatch(word):
                return self._stem_cyrillic(word.replace("ё", "е").replace("ї", "і"))
        return " ".join(self._stem(bare) for bare in _BARE.findall(_fold(word)))

    def _stem(self, word: str) -> str:
        if _CYRILLIC.search(word):
            return self._stem_cyrillic(word)
        return str(self._english.stemWord(word)).replace("'", "") if _LATIN.search(word) else word

    def _stem_cyrillic(self, word: str) -> str:
        if word.endswith(_MAYBE_UKRAINIAN):
            for ending, russian in _UKRAINIAN:
                if (written := ending.sub(russian, word)) != word:
                    word = written
                    break
        if _NOT_RUSSIAN.search(word):
            word = word.translate(_AS_RUSSIAN)
        return str(self._russian.stemWord(word))


def words(text: str) -> list[str]:
    """The words of a text as they stand there, with what hides inside them."""
    return _WORD.findall(text)


def places(text: str) -> Iterator[tuple[int, int]]:
    """Where the same words begin and end."""
    return (found.span() for found in _WORD.finditer(text))


def _fold(word: str) -> str:
    """Small letters without marks but й's; a Cyrillic word without the Latin letters that pass for its own."""
    decomposed = unicodedata.normalize("NFKD", word[:LONGEST].translate(_PLAIN)).casefold().replace("и\u0306", "й")
    bare = "".join(letter for letter in decomposed if unicodedata.category(letter) not in ("Mn", "Me", "Cf"))
    if _CYRILLIC.search(bare) and _LATIN.search(bare):
        disguised = bare.translate(_LATIN_TWINS)
        bare = bare if _LATIN.search(disguised) else disguised
    return unicodedata.normalize("NFC", bare).replace("ł", "l")
