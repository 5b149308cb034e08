"""Something that happened, at its index in the ledger.

A Draft is a record without an index yet: sources make them (their observations), the stages and reviewers too. The ledger gives
it an index, decides for a post whether it was published, edited or shows nothing new, and hashes it into the tree.
"""

from enum import StrEnum

import msgspec

from monitor.model.channel import Identity
from monitor.model.instant import Instant
from monitor.model.match import Match
from monitor.model.post import Post, PostId


class Kind(StrEnum):
    """What a record tells. The header holds the place in this list, counted from 1: only ever added to."""

    PUBLISHED = "published"
    EDITED = "edited"
    DELETED = "deleted"
    GAP = "gap"
    BLIND = "blind"
    ACCESS = "access"
    IDENTITY = "identity"
    MEDIA = "media"
    CONTEXT = "context"
    MATCH = "match"
    ALERT = "alert"
    REVIEW = "review"
    CONFIG = "config"
    CUSTODY = "custody"
    CHECKPOINT = "checkpoint"
    HOLD = "hold"
    ERASED = "erased"
    FAULT = "fault"
    CLOCK = "clock"


class Source(StrEnum):
    """How we came to look. The header holds the place in this list, counted from 1; 0 is for what we did ourselves."""

    PUSH = "push"
    POLL = "poll"
    BACKFILL = "backfill"
    PREVIEW = "preview"
    IMPORT = "import"


class Said(msgspec.Struct, frozen=True, omit_defaults=True):
    """A post was there and read so. Becomes `published` or `edited`.

    `edit`: the source told of it as an edit, even if we never saw the post before (then `early_edit` is kept in the ledger).
    `quiet`: recorded without alerting anyone, as history read at first contact is.
    """

    post: Post
    edit: bool = False
    quiet: bool = False


class Gone(msgspec.Struct, frozen=True, omit_defaults=True):
    """A post is no longer there. `method`: push (we were told) or poll (we looked `looks` times).

    It vanished between `last_seen_at` and `first_missing_at`; nobody knows better. `cause`: `ttl` where its time was up,
    `history cleared` where everything up to some post went at once.
    """

    method: str
    last_seen_at: Instant | None = None
    first_missing_at: Instant | None = None
    looks: int = 1
    cause: str | None = None
    quiet: bool = False


class Gap(msgspec.Struct, frozen=True):
    """Ids `first` to `last`, both within it. `standing`: unknown, absent (asked for and not there), filled."""

    first: PostId
    last: PostId
    standing: str


class Blind(msgspec.Struct, frozen=True):
    """We could not see from `since` until `until`, and why."""

    since: Instant
    until: Instant
    reason: str


class Access(msgspec.Struct, frozen=True):
    """`standing`: granted, lost, restricted (withheld from this account by country or law)."""

    standing: str
    account: str
    reason: str = ""


class Named(msgspec.Struct, frozen=True, omit_defaults=True):
    """From here on the ledger's channel number stands for this channel, known so. `was`: how it was known before.

    `about` and `photo` (Telegram's number of it, 0 for none): its description and picture from here on, where these were looked at.
    """

    identity: Identity
    was: Identity | None = None
    about: str | None = None
    photo: int | None = None


class Context(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a post said, on a channel that is not watched, which the flagged record `of` forwards, answers or links (`how`). `post`
    None: it could not be had, for that `reason`. The record's channel and post are the original's."""

    of: int
    how: str
    post: Post | None = None
    reason: str = ""


class Fetched(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of the bytes of something attached to the post: `medium` is its kind, `file` Telegram's number of it, `size` in
    bytes what was said of it.

    `standing`: held (whole, under their `sha256` in lower-case hex), skipped (not fetched, by our own limits), unavailable (nobody
    gives them), incomplete (they never came whole, and what came is not kept). `bytes` is how many came, `reason` says why.
    """

    medium: str
    file: int
    standing: str
    size: int | None = None
    sha256: str | None = None
    bytes: int = 0
    reason: str = ""


class Flagged(msgspec.Struct, frozen=True):
    """A record was matched."""

    match: Match


class Told(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of an alert: `state` delivered, uncertain or dead."""

    key: str
    alert: str
    subscriber: str
    story: str
    record: int
    state: str
    attempts: int
    reason: str = ""


class Reviewed(msgspec.Struct, frozen=True):
    """A person's verdict on `subject` (`channel/post` and story), with the reason."""

    subject: str
    story: str
    aspect: str
    verdict: str
    reason: str
    by: str


class Configured(msgspec.Struct, frozen=True, omit_defaults=True):
    """With this configuration the daemon goes on, from its start or an exchange of stories: digests of files by name, editions of
    stories by id, and what was held of each channel then: party, language, reliability and so on, by its name."""

    version: str
    files: dict[str, str]
    editions: dict[str, str]
    channels: dict[str, dict[str, str]] = {}


class Custody(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something was done to what is kept here, or tried: `action` on `subject`, by whom or from where.

    `proof`: what was given for it that others can check, as the reply with a time stamp for a checkpoint.
    """

    action: str
    subject: str
    by: str
    note: str = ""
    proof: bytes = b""


class Kept(msgspec.Struct, frozen=True):
    """A checkpoint was signed: the note as it stands."""

    note: str


class Faulted(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something could not be dealt with: which stage, what of, the kind of error. `raw`: what could not be read. `story`: the one
    that could not be evaluated for the record; empty where it is not about one."""

    stage: str
    reason: str
    record: int | None = None
    raw: bytes = b""
    story: str = ""


class Timed(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far our own clock can be believed from here on, and with it the times at which we saw things. `standing`: `suspect`, or
    `trusted` again. `ahead`: how many milliseconds of Telegram's it was; None where nobody could tell."""

    standing: str
    reason: str
    ahead: int | None = None


class Hold(msgspec.Struct, frozen=True, omit_defaults=True):
    """From here on nothing of `subject` is erased (`standing` placed), or it may be again (released).

    `subject`: a channel or `channel/post` by the name it had, those of the header; or a story, whose id `story` then is.
    """

    standing: str
    subject: str
    reason: str
    by: str
    story: str = ""


class Erased(msgspec.Struct, frozen=True, omit_defaults=True):
    """What these `records` (indices) said of the header's post was taken away, with their salts, for that `reason`.

    `media`: SHA-256, in lower-case hex, of the files that were removed with it; `shared`: of those that stay, because other posts
    show them as well.
    """

    reason: str
    by: str
    records: tuple[int, ...]
    media: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()


Content = (
    Said
    | Gone
    | Gap
    | Blind
    | Access
    | Named
    | Context
    | Fetched
    | Flagged
    | Told
    | Reviewed
    | Configured
    | Custody
    | Kept
    | Hold
    | Erased
    | Faulted
    | Timed
)


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A record to be. A source's drafts are its observations: one look at a channel or post each.

    `channel` None: it concerns no channel. `post` 0: it concerns no post. `kind` None: follows from the content (a post's from
    what the ledger already holds). `counter`: where the channel's update counter stood when this was so; None where nobody told.
    """

    content: Content
    observed_at: Instant
    channel: Identity | None = None
    post: PostId = 0
    published_at: Instant | None = None
    source: Source | None = None
    kind: Kind | None = None
    counter: int | None = None

    @property
    def said(self) -> Post | None:
        """What the post said, where the draft is of one that was there."""
        return self.content.post if isinstance(self.content, Said) else None


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What the ledger holds at `index`. `content` None: erased, or of a format this version cannot read.

    `number` is the ledger's own for the channel, 0 for none; `channel` is what that number stood for when the record was
    written. `leaf`, 32 bytes, is its hash in the tree.
    """

    index: int
    kind: Kind
    number: int
    channel: Identity | None
    post: PostId
    published_at: Instant | None
    observed_at: Instant
    source: Source | None
    content: Content | None
    leaf: bytes

    @property
    def said(self) -> Post | None:
        """What the post said, where the record tells of one that was there."""
        return self.content.post if isinstance(self.content, Said) else None

    @property
    def at(self) -> Instant:
        """When it was published, or else seen: where the source does not say."""
        return self.published_at if self.published_at is not None else self.observed_at


class Appended(msgspec.Struct, frozen=True):
    """Where a draft stands in the ledger. `new` False: it showed nothing new, and `index` is the record that already says so."""

    index: int
    new: bool
    kind: Kind


class Sealed(msgspec.Struct, frozen=True):
    """A record as the bytes that are hashed. `content` and `salt` are None where erased."""

    index: int
    header: bytes
    salt: bytes | None
    content: bytes | None
    leaf: bytes
