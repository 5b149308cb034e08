"""Do two posts say the same, word for word?

Only equal words count. Case, punctuation, emoji, spacing and what cannot be seen do not, nor does the signature that channels put
under what they pass on («Subscribe | Our chat»). A text that says one word more or less, and be it «не», is another text.
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping

from monitor.matching.fold import fold_words
from monitor.model.match import Match
from monitor.model.post import Post

FEWEST = 8
"""Words of a text that can be a copy. Shorter ones are said by many without having it from one another: «Воздушная тревога!»"""
SIGNATURE = 5
"""Words of a link in a signature: a longer one says something."""
LINE = 8
"""Words of a line of it, addresses and hashtags aside: whoever has more to say could say it in several links."""
MARKS = 300
"""Entities that are looked at: Telegram gives no post more than a hundred."""

_ADDRESSES = ("url", "mention", "hashtag")
_NAMED = ("text_url", "mention_name")
"""Links behind words."""
_WRITTEN = re.compile(r"(?:https?://|t\.me/)\S+|[@#]\w+", re.IGNORECASE)
_WORD = re.compile(r"\w+")
_MARKED = re.compile("[A-Za-z][\u0300-\u036f]+")
_UNSEEN = dict.fromkeys(
    [0x34F, *range(0xFE00, 0xFE10), *range(0xE0000, 0xE1000)]
    + [code for code in range(0x10000) if unicodedata.category(chr(code)) == "Cf"]
)
"""Formatting characters, and what chooses the look of the one before."""


def copies_of(post: Post, flagged: Mapping[str, Match]) -> dict[str, str]:
    """For each story a key, the same for posts that say the same, another for all others; empty for a text too short to be a copy,
    and where not everything that was flagged is said in the text that the key is of: what is flagged in the name of a file or in
    a signature is not known from a copy of the text. Polls and whatever else speaks in a post count; previews of pages do not, for
    a post may be seen with its preview or before it has one."""
    if not flagged:
        return {}  # as nearly every post
    said = body(post)
    key = _key(said, post)
    return {story: key if key and _says_all(said, match) else "" for story, match in flagged.items()}


def _says_all(said: str, match: Match) -> bool:
    names = {span.name for span in match.spans if span.field == "text" and span.end <= len(said)}
    return {span.name for span in match.spans} <= names


def body(post: Post) -> str:
    """The text without its last lines, as far as these are nothing but links, mentions and hashtags: the channel's signature."""
    text, linked = post.text, _linked(post)
    end = len(text)
    while end > 0:
        start = text.rfind("\n", 0, end) + 1
        if any(text[place].isalnum() and not linked[place] for place in range(start, end)):
            break
        if len(_WORD.findall(_WRITTEN.sub(" ", text[start:end]))) > LINE:
            break
        end = start - 1
    return text[: max(end, 0)]


def _key(said: str, post: Post) -> str:
    text = _folded(said)
    if text.count(b" ") + 1 < FEWEST:
        return ""
    beside = [_folded(words) for item in post.media if item.kind != "link" for words in item.texts]
    # One length and one text after the other: no two lists of texts are written alike.
    written = b"".join(b"%d:%s" % (len(each), each) for each in (text, *beside))
    return hashlib.sha256(written).hexdigest()[:32]


def _linked(post: Post) -> bytearray:
    """1 for each character of the text that is part of a link."""
    text = post.text
    linked = bytearray(len(text))
    entities = [entity for entity in post.entities[:MARKS] if entity.kind in (*_ADDRESSES, *_NAMED)]
    places = _places(text) if entities else []
    stretches = [found.span() for found in _WRITTEN.finditer(text)]
    for entity in entities:
        first, last = entity.offset, entity.offset + entity.length
        if not 0 <= first < last < len(places):
            continue  # it cannot be so
        start, end = places[first], places[last]
        address, named = text[start:end].split(), _WORD.findall(text[start:end])
        if len(address) == 1 if entity.kind in _ADDRESSES else len(named) <= SIGNATURE:
            stretches.append((start, end))
    for start, end in stretches:
        linked[start:end] = b"\1" * (end - start)
    return linked


def _places(text: str) -> list[int]:
    """The character at each UTF-16 unit of the text, in which Telegram counts; and the end."""
    places = []
    for place, letter in enumerate(text):
        places += [place, place] if letter > "\uffff" else [place]
    return [*places, len(text)]


def _folded(words: str) -> bytes:
    """The words as they are matched, and whatever makes other numbers or other Latin letters of them: «½», «٣», «würde»."""
    plain = words.translate(_UNSEEN)
    apart = unicodedata.normalize("NFD", plain)
    numbers = [str(unicodedata.numeric(letter, 0)) for letter in apart if letter.isnumeric()]
    marks = _MARKED.findall(apart)
    return fold_words(plain) + "".join((*(f"\0{each}" for each in numbers), *marks)).casefold().encode()
