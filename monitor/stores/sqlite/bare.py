"""What does a message say without the words of what was erased?"""

from collections.abc import Collection, Iterable

import msgspec

from monitor.model.alert import Alert, Digest, Item, Message
from monitor.model.post import PostId
from monitor.stores.sqlite.erased import contentless, wordless
from monitor.stores.sqlite.file import Database

replace = msgspec.structs.replace


def as_held(database: Database, alert: Alert) -> Alert:
    """The alert, which was made of what was read before, without what has been erased meanwhile."""
    records = {alert.message.record, *(item.record for item in _items(alert.message))}
    parts = {(alert.channel, part) for part in alert.message.post.parts}
    gone = wordless(database, parts) if parts else set()
    message = without(alert.message, contentless(database, records), parts={part for _, part in gone})
    return replace(alert, message=message)


def without(message: Message, records: Collection[int], *, parts: Collection[PostId] = ()) -> Message:
    """The message without the words of these records, and of an album without any where one of its `parts` is among these."""
    if message.record in records or not set(parts).isdisjoint(message.post.parts):
        post = replace(message.post, text=None, attached=(), warnings=())
        change = None if message.change is None else replace(message.change, before=None)
        message = replace(message, post=post, spans=(), why=(), change=change)
    if isinstance(message.digest, Digest):
        items = tuple(_bare(item) if item.record in records else item for item in message.digest.posts)
        message = replace(message, digest=replace(message.digest, posts=items))
    return message


def _items(message: Message) -> Iterable[Item]:
    return message.digest.posts if isinstance(message.digest, Digest) else ()


def _bare(item: Item) -> Item:
    return replace(item, text=None, change=None if item.change is None else replace(item.change, before=None))
