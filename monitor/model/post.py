"""What a channel published under one number, as it read when we looked."""

import msgspec

from monitor.model.channel import Identity
from monitor.model.instant import Instant

PostId = int


class Markup(msgspec.Struct, frozen=True, omit_defaults=True):
    """A stretch of the text that Telegram marks: bold, a link, a mention.

    `offset` and `length` count UTF-16 code units, as Telegram does, and are kept as they came, however odd.
    `kind` is Telegram's own word: bold, italic, underline, strike, spoiler, code, pre, blockquote, url, text_url, mention,
    mention_name, hashtag, cashtag, email, phone, bot_command, bank_card, custom_emoji, or what it may add.
    """

    kind: str
    offset: int
    length: int
    url: str | None = None
    language: str | None = None
    document: int | None = None
    user: int | None = None


class Media(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something attached. `kind`: photo, video, audio, voice, animation, sticker, document, poll, contact, location, venue,
    dice, game, invoice, story, link (a preview of a page), unsupported.

    `id` and `file_name` are Telegram's and the sender's words: names, never paths. `texts` is every further thing it says (a
    poll's question and answers, a preview's title and description, a contact's name): matched like the text.
    `size` in bytes, `seconds` of running time. `sha256`, lower-case hex, once the bytes are held.
    """

    kind: str
    id: int | None = None
    mime: str | None = None
    size: int | None = None
    file_name: str | None = None
    width: int | None = None
    height: int | None = None
    seconds: float | None = None
    url: str | None = None
    texts: tuple[str, ...] = ()
    sha256: str | None = None

    def described(self) -> str:
        """In a few words, its own and ours: `photo`, `video «clip.mp4»`, `poll: Should they meet? / Yes / No`."""
        name = f"{self.kind} «{self.file_name}»" if self.file_name else self.kind
        return f"{name}: {' / '.join(self.texts)}" if self.texts else name


class Forward(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a forwarded post says it came from. `name` alone is what a sender chose to be called: unverified."""

    channel: Identity | None = None
    post: PostId | None = None
    name: str | None = None
    author: str | None = None
    date: Instant | None = None


class Reply(msgspec.Struct, frozen=True, omit_defaults=True):
    """The post answered, in `channel` where that is another one, and the part of it that was quoted."""

    post: PostId
    channel: Identity | None = None
    quote: str | None = None


class Raw(msgspec.Struct, frozen=True, omit_defaults=True):
    """The source's own object, losslessly. `format`: `tl` (Telegram's serialisation, of `layer`) or `json` (UTF-8) or `html`.

    `exact`: these are the bytes that came; otherwise they were written again from the object we were given.
    """

    format: str
    data: bytes
    layer: int | None = None
    exact: bool = False


class Post(msgspec.Struct, frozen=True, omit_defaults=True):
    """One post as it read at one look. Equal posts say the same: counters, views and reactions are not in it.

    `edited_at` is the source's own date of the edit. `album` is the number that the parts of one album share.
    `service` names what a service message tells ("title changed"). `expires_at`: the author set it to vanish then.
    `implausible`: what the source said that cannot be so: `date`, `views`, `forwards`. It is kept as it came, in `raw`.
    """

    text: str = ""
    entities: tuple[Markup, ...] = ()
    media: tuple[Media, ...] = ()
    forward: Forward | None = None
    reply_to: Reply | None = None
    album: int | None = None
    author: str | None = None
    buttons: tuple[str, ...] = ()
    service: str | None = None
    restricted: str | None = None
    expires_at: Instant | None = None
    edited_at: Instant | None = None
    implausible: tuple[str, ...] = ()
    raw: Raw | None = None

    def fields(self) -> tuple[tuple[str, str], ...]:
        """Everything it says, by where it says it: `text` first, then `media`, `buttons`, `file_name`, `author`, `forward`."""
        said = [("text", self.text)]
        said += [("media", words) for item in self.media for words in item.texts]
        said += [("buttons", words) for words in self.buttons]
        said += [("file_name", item.file_name) for item in self.media if item.file_name]
        if self.author:
            said.append(("author", self.author))
        if self.forward and self.forward.name:
            said.append(("forward", self.forward.name))
        return tuple((field, words) for field, words in said if words)

    def in_short(self) -> str:
        """What it says, for a list of posts: its text; of a service message what it tells; without either, what is attached."""
        return self.text or self.service or "; ".join(item.described() for item in self.media)

    def same_as(self, other: "Post") -> bool:
        """Do both looks show the same words and things? Times of edits and the raw object may differ."""
        return self.content() == other.content()

    def content(self) -> "Post":
        """What counts when two looks are compared: all but `edited_at`, `implausible` and `raw`, and media by what it is."""
        return msgspec.structs.replace(self, edited_at=None, implausible=(), raw=None)
