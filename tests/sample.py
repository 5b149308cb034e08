"""The sample story of the rehearsal as a ledger holds it, without the Telegram that tells it."""

from importlib.resources import files
from pathlib import Path

from monitor.model.channel import CHANNEL_ID_BASE, Identity
from monitor.model.instant import MINUTE, SECOND
from monitor.model.post import Forward, Post, Reply
from monitor.model.record import Draft, Gone, Said, Source
from monitor.rehearsal.script import Scene, read
from monitor.stores.sqlite.store import SqliteStore

BELGOROD = Path(str(files("monitor.rehearsal") / "belgorod"))
STORY = read(BELGOROD / "story.toml")
STORIES = {path.stem: path.read_text("utf-8") for path in sorted((BELGOROD / "stories").glob("*.toml"))}
CHANNELS = (BELGOROD / "channels.toml").read_text("utf-8")

_CAST = {
    cast.username: Identity(CHANNEL_ID_BASE - number, cast.username, cast.title)
    for number, cast in enumerate(STORY.channels, 1)
}
_POSTS = {scene.name: scene for scene in STORY.scenes if scene.do == "post"}


def found(do: str) -> str:
    """The page of the post that an alert told was edited, or deleted."""
    scene = next(scene for scene in STORY.scenes if scene.do == do and "belgorod-exchange" in scene.alerts)
    return f"/post/{scene.channel}/{scene.post}"


def drafts() -> list[Draft]:
    """Everything that happens in the story, each seen a few seconds after it did."""
    return [_draft(scene) for scene in STORY.scenes]


async def the_sample(store: SqliteStore) -> None:
    await store.ledger.append(drafts())


def _draft(scene: Scene) -> Draft:
    published = _POSTS[scene.name]
    seen = scene.at + 3 * SECOND
    content: Said | Gone
    if scene.do == "delete":
        content = Gone("push", last_seen_at=scene.at - 2 * MINUTE, first_missing_at=seen)
    elif scene.do == "edit":
        content = Said(_said(published, text=scene.text, entities=scene.entities, edited_at=scene.at), edit=True)
    else:
        content = Said(_said(published))
    return Draft(
        content=content,
        observed_at=seen,
        channel=_CAST[scene.channel],
        post=scene.post,
        published_at=None if scene.do == "delete" else published.at,
        source=Source.PUSH,
    )


def _said(scene: Scene, **changed: object) -> Post:
    """A forward shows what the original says."""
    shown, forward = scene, scene.forward
    if isinstance(forward, str):
        shown = _POSTS[forward]
        forward = Forward(_CAST[shown.channel], shown.post, date=shown.at)
    fields = {
        "text": shown.text or "",
        "entities": shown.entities,
        "media": (shown.media,) if shown.media else (),
        "forward": forward,
        "reply_to": Reply(_POSTS[scene.reply].post) if scene.reply else None,
        **changed,
    }
    return Post(**fields)
