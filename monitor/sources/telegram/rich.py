"""Which words stand in a message or page that Telegram lays out in blocks? Pure."""

from collections.abc import Iterable, Iterator
from typing import Any

from telethon.tl import types
from telethon.tl.tlobject import TLObject

_RICH_TEXT = types.TextPlain.SUBCLASS_OF_ID


def texts_of(blocks: Iterable[Any]) -> Iterator[str]:
    """Each text of the blocks, in reading order: paragraphs, items of lists, cells of tables, captions."""
    for block in blocks:
        if isinstance(block, TLObject):
            if block.SUBCLASS_OF_ID == _RICH_TEXT:
                if text := _flat(block):
                    yield text
            else:
                yield from texts_of(_parts(block))


def _parts(block: TLObject) -> Iterator[Any]:
    for part in vars(block).values():
        if isinstance(part, list):
            yield from part
        else:
            yield part


def _flat(text: Any) -> str:
    """A text without its markup."""
    if isinstance(text, str):
        return text
    if type(text) is types.TextConcat:
        return "".join(map(_flat, text.texts))
    return _flat(getattr(text, "text", ""))
