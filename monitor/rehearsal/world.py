"""What is true: the channels and their posts, the accounts, and what was sent. No sockets; the server shows it to clients."""

import hashlib
import itertools
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from monitor.model.channel import CHANNEL_ID_BASE, Identity
from monitor.model.instant import SECOND, Instant, from_datetime
from monitor.model.post import Forward, Markup, Media, PostId, Reply
from monitor.rehearsal.account import TELEGRAM, Account, Chat, Device, Letter, Register, Sent
from monitor.rehearsal.channel import ChannelState, Event, Notice, Revision, Truth
from monitor.rehearsal.directory import Directory, marked_id
from monitor.rehearsal.files import Files
from monitor.rehearsal.tokens import Tokens

When = datetime | Instant | None
"""A datetime with a zone, an instant in milliseconds, or now. Telegram's dates are whole seconds."""


class World:
    """Everything that the rehearsal's Telegram knows.

    Its verbs may be called at any time from the event loop's thread; whoever watches is told at once. What befalls a channel
    besides is in `mishaps.py`, many posts from a file in `loading.py`. `code` is the code that
    every sign-in takes. `too_long`: how many events a client may be behind in a channel before the server answers
    channelDifferenceTooLong; `told_at_once`: how many events one answer brings; `token_seconds`: how long the code that a device
    shows can be scanned.
    """

    def __init__(
        self,
        *,
        code: str = "22222",
        seed: str = "rehearsal",
        too_long: int = 100,
        told_at_once: int = 100,
        token_seconds: float = 30,
        now: Callable[[], Instant] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self.code = code
        self.too_long = too_long
        self.told_at_once = told_at_once
        self.skew = 0
        """Seconds by which the server's clock is ahead of everybody else's."""
        self._now = now
        self.channels = Directory()
        self.register = Register()
        self.devices: dict[int, Device] = {}
        """By the id of their key."""
        self.chats: dict[int, Chat] = {}
        self.files = Files(lambda: self.secret("file", next(self._numbers)))
        self.doors: dict[int, tuple[str, int]] = {}
        """Where its data centres are."""
        self.sent: list[Sent] = []
        self.sent_edits: list[Sent] = []
        self.pushes: list[Event | Notice | Letter] = []
        """What is told to everybody who joined, in order."""
        self._seed = seed
        self._watchers: set[Callable[[], None]] = set()
        self._numbers = itertools.count(1)
        self.tokens = Tokens(
            seconds=token_seconds, now=self.now, number=lambda: self.secret("token", next(self._numbers))
        )

    def now(self) -> Instant:
        """The server's clock."""
        return self._now() + self.skew * SECOND

    def seconds(self) -> int:
        """The same as Telegram writes it."""
        return self.now() // SECOND

    # ------------------------------------------------------------------------------------------------ who and where

    def add_channel(
        self, username: str, title: str = "", about: str = "", *, first_id: int = 2, created: When = None
    ) -> ChannelState:
        """A public broadcast channel; the first post will have the id 2, or `first_id` on a channel with a past.

        No channel's history is empty: message 1 tells of its creation, and of a past one message is left, just before
        `first_id`, that tells how the channel came by its title. With `first_id` 1 there is nothing before the first post.
        A marked id in place of the username (`-100…`, `tg:-100…`) makes a channel that has no username.
        """
        at, id = self._instant(created), marked_id(username)
        bare = 1_000_000_000 + self.secret("channel", username.lower()) % 1_000_000_000
        channel = ChannelState(
            bare=bare if id is None else CHANNEL_ID_BASE - id,
            username=username if id is None else None,
            title=title or username,
            about=about,
            created=at,
            next_id=max(1, first_id - 1),
        )
        self.channels.add(channel)
        service = "created" if first_id == 2 else "title"
        if first_id > 1:
            channel.put(Revision(id=first_id - 1, date=at, text=channel.title, service=service), at=self.now())
        return channel

    def add_account(
        self,
        phone: str,
        *,
        joined: Iterable[str | int] = (),
        name: str = "Reader",
        password: str | None = None,
        dc: int | None = None,
    ) -> Account:
        """A person's account that exists; its phone is signed in with `code`, and then `password` where it has one. `dc`: it lives
        in this data centre, and signs in there alone."""
        account = Account(id=7_000_000_000 + next(self._numbers), key=phone, name=name, bot=False, password=password)
        account.dc = dc
        return self._add(account, joined)

    def add_bot(self, token: str, *, name: str = "Bot", joined: Iterable[str | int] = ()) -> Account:
        """A bot; `token` is `id:secret` as BotFather gives it."""
        return self._add(Account(id=int(token.split(":")[0]), key=token, name=name, bot=True), joined)

    def add_chat(self, id: int, title: str) -> Chat:
        """A group or private chat that a bot may write to."""
        chat = self.chats[id] = Chat(id, title)
        return chat

    def channel(self, name: str | int) -> ChannelState:
        """By username, or marked id. LookupError where there is none."""
        found = self.channels.get(name) if isinstance(name, int) else self.find(name)
        if found is None:
            raise LookupError(f"no channel {name}")
        return found

    def find(self, username: str) -> ChannelState | None:
        """Who has this username, or marked id, now?"""
        id = marked_id(username)
        return self.channels.find(username) if id is None else self.channels.get(id)

    def account(self, key: str) -> Account:
        """By phone, however it is written, or by token. LookupError where there is none."""
        found = self.register.find(key)
        if found is None:
            raise LookupError("no such account")
        return found

    def join(self, account: str, channel: str | int) -> None:
        self.account(account).joined.add(self.channel(channel).id)

    def leave(self, account: str, channel: str | int) -> None:
        self.account(account).joined.discard(self.channel(channel).id)

    # ------------------------------------------------------------------------------------------------------- posts

    def publish(
        self,
        channel: str | int,
        text: str = "",
        date: When = None,
        *,
        entities: Sequence[Markup] = (),
        media: Media | Mapping[str, Any] | None = None,
        forward: Forward | Mapping[str, Any] | None = None,
        reply_to: Reply | PostId | None = None,
        album: str | int | None = None,
        views: int = 1,
        shares: int = 0,
        author: str | None = None,
        edit_hide: bool = False,
        noforwards: bool = False,
        restricted: str | None = None,
        ttl: int | None = None,
        service: str | None = None,
        skip_ids: int = 0,
        id: PostId | None = None,
        announce: bool = True,
    ) -> PostId:
        """A new post; its id. Not announced, nobody is pushed it, and history and difference show it all the same."""
        state = self.channel(channel)
        post = state.next_id + skip_ids if id is None else id
        event = state.put(
            Revision(
                id=post,
                date=self._instant(date),
                text=text,
                entities=tuple(entities),
                media=self.files.keep(state.id, media),
                forward=self._origin(forward),
                reply_to=Reply(post=reply_to) if isinstance(reply_to, int) else reply_to,
                album=self._album(state, album),
                views=views,
                shares=shares,
                author=author,
                hidden_edit=edit_hide,
                noforwards=noforwards,
                restricted=restricted,
                ttl=ttl,
                service=service,
            ),
            at=self.now(),
        )
        if announce:
            self.tell(event)
        return post

    def publish_many(self, channel: str | int, posts: Iterable[str | Mapping[str, Any]]) -> list[PostId]:
        """Texts, or what `publish` takes by name. As they are published in one go, they are pushed in one go."""
        return [
            self.publish(channel, post) if isinstance(post, str) else self.publish(channel, **post) for post in posts
        ]

    def edit(
        self,
        channel: str | int,
        post: PostId,
        text: str | None = None,
        date: When = None,
        *,
        entities: Sequence[Markup] | None = None,
        views: int | None = None,
        edit_hide: bool = False,
        announce: bool = True,
    ) -> None:
        """The post reads otherwise from now on; without `text` only its counters or buttons moved.

        Not announced, the update counter does not move: only who looks at the post again finds out.
        """
        state = self.channel(channel)
        before = self._post(state, post)
        changed = entities if entities is not None else () if text is not None else before.entities
        after = msgspec.structs.replace(
            before,
            number=before.number + 1,
            text=before.text if text is None else text,
            entities=tuple(changed),
            edited_at=self._instant(date),
            hidden_edit=edit_hide,
            views=before.views if views is None else views,
        )
        if announce:
            self.tell(state.put(after, at=self.now()))
        else:
            state.put_silently(after)

    def delete(self, channel: str | int, posts: Iterable[PostId], *, announce: bool = True) -> None:
        """The posts are gone. Not announced, the update counter does not move: they are only missing."""
        state, ids = self.channel(channel), tuple(dict.fromkeys(posts))
        if announce:
            self.tell(state.remove(ids, at=self.now()))
        else:
            state.remove_silently(ids)

    # ------------------------------------------------------------------------------------------------ private messages

    def write_to(self, account: str, text: str, *, sender: int = TELEGRAM) -> int:
        """Somebody writes to an account: a person to a bot, or Telegram itself (777000) a sign-in code. The message's id."""
        letter = self.account(account).receive(text, sender=sender, date=self._instant(None))
        self.tell(letter)
        return letter.id

    def take_back(self, account: str, letters: Iterable[int]) -> None:
        """Private messages are deleted. Their ids are the account's own, and may be the same as those of posts."""
        self.tell(self.account(account).forget(tuple(letters), date=self._instant(None)))

    def scan(self, token: bytes | str | None, account: str) -> None:
        """The account's owner holds a phone to the code of `auth.exportLoginToken`: the device is signed in. None: to the code
        that is shown now. LookupError for one that no device shows, or not any more."""
        wanted = bytes.fromhex(token) if isinstance(token, str) else token
        shown = self.tokens.newest() if wanted is None else self.tokens.find(wanted)
        if self.tokens.expired(shown):
            raise LookupError("this code has run out")
        shown.account = self.account(account)
        self._wake()

    # ------------------------------------------------------------------------------------------------------- looking

    def truth(self, channel: str | int) -> list[Truth]:
        """Every revision and deletion that really happened, in order, announced or not."""
        return list(self.channel(channel).truth)

    def tell(self, happened: Event | Notice | Letter) -> None:
        """Push this to whom it concerns."""
        self.pushes.append(happened)
        self._wake()

    def watch(self, watcher: Callable[[], None]) -> Callable[[], None]:
        """Have `watcher` called whenever there is something to push; what comes back ends that."""
        self._watchers.add(watcher)
        return lambda: self._watchers.discard(watcher)

    def secret(self, *about: str | int) -> int:
        """A number from 0 to 2^62 that belongs to these words in this world alone: ids, access hashes, salts."""
        digest = hashlib.sha256(repr((self._seed, *about)).encode()).digest()
        return int.from_bytes(digest[:8], "big") >> 2

    def access_hash(self, account: Account, channel: ChannelState) -> int:
        """The hash that this account, and no other, reaches the channel by."""
        return self.secret("access", account.id, channel.id)

    # ------------------------------------------------------------------------------------------------------- inside

    def accept(self, sent: Sent) -> None:
        """A message of an account was accepted."""
        self.sent.append(sent)

    def _add(self, account: Account, joined: Iterable[str | int]) -> Account:
        self.register.add(account)
        account.joined.update(self.channel(each).id for each in joined)
        return account

    def _post(self, channel: ChannelState, post: PostId) -> Revision:
        if post not in channel.posts:
            raise LookupError(f"{channel.name} has no post {post}")
        return channel.posts[post]

    def _wake(self) -> None:
        for watcher in self._watchers:
            watcher()

    def _instant(self, when: When) -> Instant:
        at = self.now() if when is None else from_datetime(when) if isinstance(when, datetime) else when
        return at // SECOND * SECOND

    def _album(self, channel: ChannelState, album: str | int | None) -> int | None:
        return self.secret("album", channel.id, album) if isinstance(album, str) else album

    def _origin(self, forward: Forward | Mapping[str, Any] | None) -> Forward | None:
        """Where a forward says it comes from; a channel that nobody added is added, so that clients can be shown it."""
        if forward is None:
            return None
        given = forward if isinstance(forward, Forward) else msgspec.convert(forward, Forward)
        source = given.channel
        if source is None or (source.id is not None and source.id in self.channels):
            return given
        if source.id is None:
            state = self.find(source.name) or self.add_channel(source.name, source.title or "")
        else:
            state = self.channels.stranger(source.id, source.username, source.title)
        return msgspec.structs.replace(given, channel=Identity(state.id, state.username, state.title))
