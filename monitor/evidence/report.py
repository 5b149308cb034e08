"""What does somebody read who opens the package: every post with its revisions, and what could not be seen?

One page without scripts, links or anything from elsewhere. All words in it but ours are a stranger's: escaped, kept apart from the
direction of the writing around them, and with whatever is unseen shown by its code.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from itertools import islice

import msgspec

from monitor.alerting.display import cut, pieces, visible
from monitor.evidence.choosing import Chosen, Filter
from monitor.evidence.profile import Profile
from monitor.ledger.checkpoint import Checkpoint
from monitor.model.instant import Instant, text
from monitor.model.match import Match
from monitor.model.post import Post, PostId
from monitor.model.record import Fetched, Gone, Record, Reviewed, Source
from monitor.ports import Store

MOST_POSTS = 5_000
"""Posts that are shown; a page with more cannot be opened."""
MOST_UNITS = 20_000
"""UTF-16 units of a text that are shown; Telegram allows 4,096."""
BATCH = 100
"""Posts read at once."""

_SEEN = {
    Source.PUSH: "Telegram told us of it",
    Source.POLL: "we asked Telegram",
    Source.BACKFILL: "we asked Telegram for its history",
    Source.PREVIEW: "it was on the channel's public page",
    Source.IMPORT: "it was in a file that somebody gave us",
    None: "put down by ourselves",
}
_METHODS = {"push": "Telegram told us", "poll": "we looked"}
_STYLE = """
body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#111;background:#fff}
section{border-top:1px solid #999;margin-top:1.5rem}h3{margin-bottom:0}dt{font-weight:600}dd{margin:0 0 .4rem}
.text{white-space:pre-wrap;overflow-wrap:anywhere;unicode-bidi:isolate;border-left:3px solid #999;padding-left:.8rem}
.odd{background:#eee;outline:1px dotted #666;font-size:.8em}code{overflow-wrap:anywhere;font-size:.85em}.gone{color:#900}
@media print{section{break-inside:avoid}}
"""


class Cover(msgspec.Struct, frozen=True, kw_only=True):
    """What stands at the head. `lost`: media that are not in the package, and why; `channels`: a name and sentences each."""

    checkpoint: Checkpoint
    made_at: Instant
    wanted: Filter
    profile: Profile
    version: str
    records: int
    withheld: int
    lost: Mapping[str, str]
    channels: Sequence[tuple[str, Sequence[str]]]


class Report:
    """The page, written piece by piece."""

    def __init__(self, store: Store, cover: Cover) -> None:
        self._store = store
        self._cover = cover

    async def write(self, chosen: Chosen, put: Callable[[str], None]) -> None:
        for words in _head(self._cover, len(chosen.posts)):
            put(words)
        posts = iter(islice(chosen.posts, MOST_POSTS))
        while some := list(islice(posts, BATCH)):
            for words in await self._posts(some):
                put(words)
        put("</main></body></html>\n")

    async def _posts(self, posts: Sequence[tuple[int, PostId]]) -> list[str]:
        """As they stood when the checkpoint was signed."""
        size = self._cover.checkpoint.size
        records = [each for each in await self._store.ledger.histories(posts) if each.index < size]
        reviews = [each for each in await self._store.reviews.of_posts(posts) if each.index < size]
        media = [each for each in await self._store.downloads.of_posts(posts) if each.index < size]
        withheld = {each.index for each in [*records, *media] if await self._withholds(each)}
        matches = await self._store.findings.of_records([each.index for each in records])
        told = [match for match in matches if self._cover.profile.shows(match)]
        return [
            "".join(
                _post(
                    post,
                    [each for each in records if (each.number, each.post) == post],
                    told,
                    [each for each in reviews if (each.number, each.post) == post],
                    [each for each in media if (each.number, each.post) == post and each.index not in withheld],
                    withheld,
                    self._cover.profile,
                )
            )
            for post in posts
        ]

    async def _withholds(self, record: Record) -> bool:
        [sealed] = await self._store.ledger.sealed(record.index, 1)
        return self._cover.profile.withholds(record, sealed)


def shown(words: str) -> str:
    """A stranger's text: every letter escaped, whatever is unseen by its code."""
    return "".join(
        f'<span class="odd">{escape(piece.shown[1:-1])}</span>' if piece.unseen else escape(piece.shown)
        for piece in pieces(words)
    )


def in_line(words: str) -> str:
    """A stranger's name or reason on one line. It cannot turn round what stands beside it."""
    return f"<bdi>{shown(words).replace(chr(10), ' ')}</bdi>"


def _head(cover: Cover, posts: int) -> Iterator[str]:
    title = f"Evidence from the ledger {cover.checkpoint.origin}"
    yield (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f'<meta name="viewport" content="width=device-width"><title>{escape(visible(title))}</title><style>{_STYLE}</style></head>'
        f"<body><main><h1>{in_line(title)}</h1>"
        "<p>What Telegram gave the account that collected it, and when. That nothing of it was changed since is shown by"
        " <code>verify.py</code>; see <code>VERIFY.md</code>. It does not show who wrote a post, nor that it is true.</p>\n"
    )
    yield _facts(
        {
            "ledger": in_line(cover.checkpoint.origin),
            "size": f"{cover.checkpoint.size:,} records",
            "root": f"<code>{cover.checkpoint.root.hex()}</code>",
            "made": escape(text(cover.made_at)),
            "asked for": in_line(cover.wanted.in_words()),
            "profile": f"{cover.profile.audience}",
            "in this package": f"{cover.records:,} records, the content of {cover.withheld:,} withheld; {posts:,} posts",
            "made with": escape(f"monitor {cover.version}"),
        }
    )
    if posts > MOST_POSTS:
        yield f"<p>Only the first {MOST_POSTS:,} posts are shown here; all are in <code>data/records.jsonl</code>.</p>"
    for sha256, reason in cover.lost.items():
        yield f'<p class="gone">Not in the package, {escape(reason)}: a file of media that was held, <code>{sha256}</code>.</p>'
    for name, sentences in cover.channels:
        told = "".join(f"<li>{in_line(sentence.strip())}</li>" for sentence in sentences)
        yield f"<section><h2>What was seen of {in_line(name)}</h2><ul>{told}</ul></section>\n"


def _post(
    post: tuple[int, PostId],
    records: Sequence[Record],
    matches: Sequence[Match],
    reviews: Sequence[Record],
    media: Sequence[Record],
    withheld: set[int],
    profile: Profile,
) -> Iterator[str]:
    channel = records[-1].channel if records else None
    name = f"{channel.name if channel else post[0]}/{post[1]}"
    yield f"<section><h2>{in_line(name)}{in_line(f' {channel.title}') if channel and channel.title else ''}</h2>"
    for record in records:
        yield f"<h3>{record.kind.value.capitalize()}</h3>"
        yield _facts(_when(record))
        if record.index in withheld:
            yield '<p class="gone">The content is withheld from this package.</p>'
        else:
            yield "".join(_said(record))
        yield "".join(_match(match) for match in matches if match.record == record.index)
    yield "".join(_fetched(each.content) for each in media if isinstance(each.content, Fetched))
    yield "".join(_review(each, profile) for each in reviews if not profile.leaves_out(each))
    yield "</section>\n"


def _when(record: Record) -> dict[str, str]:
    said = record.said
    edited = said.edited_at if said else None
    times = {"published": record.published_at, "edited": edited, "seen": record.observed_at}
    found = {what: escape(_time(at)) for what, at in times.items() if at is not None}
    found["seen"] += f": {_SEEN[record.source]}"
    return found | {"record": f"{record.index}, leaf <code>{record.leaf.hex()}</code>"}


def _said(record: Record) -> Iterator[str]:
    match record.content:
        case Gone():
            yield f'<p class="gone">{escape(_gone(record.content))}</p>'
        case None:
            yield '<p class="gone">The content was erased, or is of a later version.</p>'
    if record.said is not None:
        yield from _words(record.said)


def _words(post: Post) -> Iterator[str]:
    part = cut(post.text[: MOST_UNITS + 1], MOST_UNITS)
    if part:
        more = "…" if len(part) < len(post.text) else ""
        yield f'<div class="text" dir="auto">{shown(part)}{more}</div>'
    if post.forward is not None:
        source = post.forward.channel.name if post.forward.channel else post.forward.name or "somebody"
        yield f"<p>forwarded from {in_line(f'{source}/{post.forward.post}' if post.forward.post else source)}</p>"
    if post.reply_to is not None:
        yield f"<p>answers post {post.reply_to.post}</p>"
    for item in post.media:
        yield f"<p>attached: {in_line(item.described())}</p>"
    if post.service:
        yield f"<p>{in_line(post.service)}</p>"


def _gone(gone: Gone) -> str:
    seen = "nobody knows when" if gone.last_seen_at is None else _time(gone.last_seen_at)
    missing = "nobody knows when" if gone.first_missing_at is None else _time(gone.first_missing_at)
    looks = f", {gone.looks} looks" if gone.method == "poll" else ""
    cause = f"; {gone.cause}" if gone.cause else ""
    return f"last seen {seen}, missing since {missing} at the latest; {_METHODS.get(gone.method, gone.method)}{looks}{cause}"


def _match(match: Match) -> str:
    why = "".join(f"<li>{in_line(reason)}</li>" for reason in match.why)
    return f"<p>speaks of the story {in_line(match.story)} ({in_line(match.priority)})</p><ul>{why}</ul>"


def _fetched(found: Fetched) -> str:
    digest = f", SHA-256 <code>{in_line(found.sha256)}</code>" if found.sha256 else ""
    reason = f": {in_line(found.reason)}" if found.reason else ""
    return f"<p>{in_line(found.medium)}: {in_line(found.standing)}, {found.bytes:,} bytes{digest}{reason}</p>"


def _review(record: Record, profile: Profile) -> str:
    """Of what a reviewer said only the verdict, where nobody may know who it was."""
    said = record.content
    if not isinstance(said, Reviewed):
        return "<p>A review was erased.</p>"
    verdict = f"{in_line(said.verdict)} ({in_line(said.aspect)}), {escape(_time(record.observed_at))}"
    if not profile.names_reviewers:
        return f"<p>review: {verdict}</p>"
    return f"<p>review by {in_line(said.by)}: {verdict}, of {in_line(said.story)}: {in_line(said.reason)}</p>"


def _facts(facts: Mapping[str, str]) -> str:
    """Names are ours, values are HTML."""
    return f"<dl>{''.join(f'<dt>{name}</dt><dd>{value}</dd>' for name, value in facts.items())}</dl>"


def _time(at: Instant) -> str:
    try:
        return text(at)
    except OverflowError:
        return f"{at} ms"
