"""What does a text look like to the eye: one byte a letter, in which spellings that look or mean the same are equal?

A folded text has one byte for nearly every code point of the raw text: small letters, digits, and a space for whatever parts
words. Latin and Cyrillic letters that look alike share a byte, as do capital and small, ё and е, ґ and г; whoever must tell
them apart looks at the raw text. What hides inside words is dropped (soft hyphens, zero-width and bidirectional characters,
stress marks) or written plainly (full-width, styled and decomposed letters, ligatures). The few places where bytes and code
points get out of step are kept, so that every place in the folded text leads back to one in the raw text.
"""

import codecs
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, groupby, pairwise, product

import daachorse
import msgspec

LONGEST = 100
"""No word that is looked for beside another or in spaced letters is longer, in letters."""

_BOUNDARY = "\x02"
_FOLDED_BOUNDARY = b"\x02"
GLUE = f"\n{_BOUNDARY}\n"
"""Stands between texts that are folded together: no term reaches across."""

# Latin and Cyrillic letters that can be taken for one another, in one case or the other.
_ALIKE = dict(zip("авекмнорстухіјѕгпи", "abekmhopctyxijsrnu", strict=True)) | {"ё": "e", "ґ": "r", "ї": "i"}
_CYRILLIC = "бдйжзлфцчшщъыьэюяєў"  # that nobody takes for Latin
_ACCENTED = "éèêëáàâäãåçíìîïñóòôöõúùûüýąćęńśźżčěřšůž"  # common enough to be folded without looking twice
_ASCII = "0123456789abcdefghijklmnopqrstuvwxyz"

_BYTE = (
    {letter: bytes([0x80 + place]) for place, letter in enumerate(_CYRILLIC)}
    | {letter: twin.encode() for letter, twin in _ALIKE.items()}
    | {letter: unicodedata.normalize("NFD", letter)[:1].encode() for letter in _ACCENTED}
    | {letter: letter.encode() for letter in _ASCII}
    | {"ł": b"l", _BOUNDARY: b"\x02"}
)
SHARED = frozenset("".join(_ALIKE.values()).encode())
"""Bytes that stand for a Latin letter and for a Cyrillic one."""

LETTERS = frozenset(folded for letter, folded in _BYTE.items() if letter.isalpha())
"""What single letters fold to."""

# The codec gives each of these characters its own byte and any other that of "?", which is looked at twice; the table then brings
# together what is equal. The signs are those that part words most often.
_KNOWN = "".join(dict.fromkeys(case for letter in _BYTE for case in (letter, letter.upper())))
_SIGNS = " \n\u00a0,.:;!-—–«»\"'()/%|#_+@•*`$=…["
_CODES = codecs.charmap_build(("\0" + _KNOWN + _SIGNS + "?").ljust(256, "\ufffe"))
_TABLE = (b" " + b"".join(_BYTE[letter.lower()] for letter in _KNOWN)).ljust(256)
_encode = codecs.charmap_encode
_UNKNOWN = bytes([1 + len(_KNOWN) + len(_SIGNS)])

# Letters that Unicode does not decompose but the eye does.
_SEEN = {
    **dict(zip("øđħıĸŧ", "odhikt", strict=True)),
    **dict(zip("αβεικνορτυχϲϳΓΗΛΜΝΠΖΦ", "abeikvoptyxcjгhлmnпzф", strict=True)),
    **dict(zip("ԁԛԝһӏѵʀɢʙɪʜʟɴᴀᴄᴅᴇᴊᴋᴍᴏᴘᴛᴜᴠᴡᴢɑɡ", "dqwhlvrgbihlnacdejkmoptuvwzag", strict=True)),
    **{chr(first + place): _ASCII[10 + place] for first in (0x1F150, 0x1F170) for place in range(26)},
    "ß": "ss",
    "æ": "ae",
    "œ": "oe",
    "þ": "th",
}


def _ranges(belongs: Callable[[str], bool]) -> str:
    """The inside of a regular expression's [class]: those characters of the basic plane that belong."""
    codes = [code for code in range(0x10000) if belongs(chr(code))]
    stretches = (list(stretch) for _, stretch in groupby(enumerate(codes), key=lambda pair: pair[1] - pair[0]))
    return "".join(f"{re.escape(chr(run[0][1]))}-{re.escape(chr(run[-1][1]))}" for run in stretches)


# Explicitly: enclosed and styled Latin letters, full-width digits; tags and variation selectors.
_LETTERS = (
    _ranges(lambda c: c.isalpha() and c not in _KNOWN and unicodedata.category(c) != "Lm")
    + "Ⓐ-ⓩ０-９\U0001d400-\U0001d7ff\U0001f110-\U0001f189"
)
_HIDDEN = _ranges(lambda c: unicodedata.category(c) in ("Mn", "Me", "Mc", "Cf")) + "\U000e0000-\U000e0fff"
_KNOWN_LETTERS = "".join(filter(str.isalpha, _KNOWN))

# A letter the codec does not know, or what hides behind any letter. It begins with one class, so that `re` can race to it;
# the empty group tells the second case.
_RARE = re.compile(
    rf"[{_LETTERS}{_HIDDEN}](?:(?<=[{_LETTERS}])|(?<=[{_LETTERS}{_KNOWN_LETTERS}].)())[{_HIDDEN}]*", re.DOTALL
)
# What only parts words, most of it pictures, and what joins one picture to the next: there is nothing to look at.
_PARTING = frozenset("?&]“„‑●▪") | {
    char for code in (*range(0x2030, 0x2C00), *range(0x1F300, 0x1FB00)) if not _RARE.match(f"a{(char := chr(code))}", 1)
}
_JOINING = "\ufe0f\u200d"
_IDEOGRAPH = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_SPACED = re.compile(rb" [^ \x02](?:  ?[^ \x02]){2,}(?= )")
_PARTED = 3  # letters of two words
_LETTER = re.compile(rb"[^ ]")
_SINGLE = sorted({folded for letter, folded in _BYTE.items() if letter.isalnum()})
_PAIRS = daachorse.DoubleArrayAhoCorasick(
    [b" %b%b%b " % pair for pair in product(_SINGLE, (b" ", b"  "), _SINGLE)]
)  # a regular expression takes twice as long to look for two single letters side by side


class Folded(msgspec.Struct, frozen=True):
    """`text` is what `raw` folds to, with a space before and behind.

    From `places[i]` on it comes from `origins[i]` on: in step where `i` is even, all from that one place where it is odd.
    """

    raw: str
    text: bytes
    places: Sequence[int] = (1,)
    origins: Sequence[int] = (0,)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The stretch of `raw` that folded to `text[start:end]`, a stretch that begins and ends with a letter or digit."""
        first, last = self.origin(start), self.origin(end)
        while (
            not self.raw[last - 1].isalnum() and unicodedata.category(self.raw[last - 1]) == "Cf" and last - 1 > first
        ):
            last -= 1  # what hides behind the word is no part of it
        return first, last

    def spaced(self) -> list[list[int]]:
        """Where single letters stand in a row ("Г л а д к о в", "Г.л.а.д.к.о.в"): the places of three letters or more that may be
        a word."""
        words: list[list[int]] = []
        done = 0
        for start, _, _ in _PAIRS.find_overlapping(self.text):
            run = _SPACED.match(self.text, start) if start >= done else None
            if run:
                done = run.end()
                words += self._words([letter.start() for letter in _LETTER.finditer(self.text, *run.span())])
        return words

    def _words(self, places: list[int]) -> Iterator[list[int]]:
        """A word ends where the next letter stands farther away than its own letters do from one another: other signs keep
        letters nearer together than a space does, and that nearer than two. Between spaces its neighbours may be single letters
        («и О Б М Е Н»), so it is also tried without them."""
        first, last = places[0], places[-1] + 1
        raw = self.raw[self.origin(first) : self.origin(last)]
        if len(raw) != last - first:  # something hides
            raw = "".join(self.raw[self.origin(place)] for place in range(first, last))
        gaps = [_gap(raw[start + 1 - first : end - first]) for start, end in pairwise(places)]
        bonds = [min(pair) for pair in pairwise([_PARTED, *gaps, _PARTED])]
        ends = [at for at, gap in enumerate(gaps, start=1) if gap > min(bonds[at - 1], bonds[at])]
        for first, last in pairwise([0, *ends, len(places)]):
            word = places[first:last] if bonds[first] < _PARTED else []
            for one in (word, word[:-1], word[1:], word[1:-1]) if bonds[first] else (word,):
                if 2 < len(one) <= LONGEST:
                    yield one

    def origin(self, place: int) -> int:
        """Where in `raw` a place in `text` comes from."""
        i = bisect_right(self.places, place) - 1
        return self.origins[i] + (0 if i % 2 else place - self.places[i])


@lru_cache(maxsize=1024)
def _gap(signs: str) -> int:
    """How far apart letters are between which one or two signs stand."""
    if len(signs) == 1:
        return int(signs.isspace())
    return 2 if re.fullmatch(r"[.\s]\s", signs) else _PARTED


def fold(raw: str) -> Folded:
    """Never raises, whatever the text; takes time in proportion to its length."""
    codes = _encode(raw, "replace", _CODES)[0]
    text = codes.translate(_TABLE)
    pieces, places, origins = [b" "], [1], [0]
    done, size, sign = 0, 1, -1
    at = codes.find(_UNKNOWN)
    while at >= 0:
        if raw[at] in _PARTING or (raw[at] in _JOINING and at == sign + 1):
            sign, at = at, codes.find(_UNKNOWN, at + 1)
            continue
        rare = _RARE.match(raw, at)
        if rare is None:
            at = codes.find(_UNKNOWN, at + 1)
            continue
        start, end = at - (rare.lastindex or 0), rare.end()  # what hides belongs to the letter before it
        written = _write(raw[start : min(end, start + 4)])
        plain = text[done:start]
        pieces += (plain, written)
        places += (size + len(plain), size + len(plain) + len(written))
        origins += (start, end)
        done, size = end, places[-1]
        at = codes.find(_UNKNOWN, end)
    if not done:
        return Folded(raw, b" " + text + b" ")
    pieces += (text[done:], b" ")
    return Folded(raw, b"".join(pieces), places, origins)


class Page(msgspec.Struct, frozen=True):
    """Several texts folded together; `starts` says where each begins in the raw text of all."""

    folded: Folded
    starts: Sequence[int] = (0,)

    def text_at(self, origin: int) -> int:
        """The number of the text that holds this place of the raw text of all."""
        return bisect_right(self.starts, origin) - 1


def fold_page(texts: Sequence[str]) -> Page:
    if len(texts) == 1 and _FOLDED_BOUNDARY not in (folded := fold(texts[0])).text:
        return Page(folded)
    raw = GLUE.join(texts)
    if raw.count(_BOUNDARY) >= len(texts):  # only ours may stand between texts
        raw = GLUE.join(text.replace(_BOUNDARY, " ") for text in texts)
    lengths = (len(text) + len(GLUE) for text in texts[:-1])
    return Page(fold(raw), list(accumulate(lengths, initial=0)))


def fold_words(words: str) -> bytes:
    """What a name folds to: its words with one space between them."""
    return b" ".join(fold(words).text.split())


def fold_each(names: Sequence[str]) -> list[bytes]:
    """The same of many, none of which has control characters: in one go."""
    text = fold(_BOUNDARY.join(names)).text
    if text.count(b" ") == 2:  # at the beginning and at the end
        return text[1:-1].split(_FOLDED_BOUNDARY)
    return [b" ".join(one.split()) for one in text.split(_FOLDED_BOUNDARY)]


@lru_cache(maxsize=4096)
def _write(letter: str) -> bytes:
    """One letter the codec does not know, or any letter with what hides behind it, written plainly."""
    base = letter[0]
    for mark in letter[1:]:
        composed = unicodedata.normalize("NFC", base + mark)
        base = composed if len(composed) == 1 and composed in _KNOWN else base
    if base in _KNOWN:
        return _BYTE[base.lower()]
    return b"".join(map(_spell, unicodedata.normalize("NFKD", _SEEN.get(base, base))))


def _spell(part: str) -> bytes:
    """Part of a decomposed letter. Letters of other alphabets get a spelling of their own, ideographs as a word each."""
    seen = _SEEN.get(part) or _SEEN.get(part.casefold()) or part.casefold()
    if not seen[0].isalnum() or unicodedata.category(seen[0]) == "Lm":
        return b""
    spelled = b"".join(_BYTE.get(one, b"\x01%06x" % ord(one)) for one in seen)
    return b" " + spelled if _IDEOGRAPH.match(part) else spelled
