"""How do stories that were changed come into force while the daemon runs?

They are read and compiled beside the event loop, and take the place of those in force between two batches of detection. Until then
nothing is in force of them, and where anything is wrong nothing ever is: what was in force stays so, and that is red.
"""

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence

import msgspec
import structlog

from monitor import __version__, assembly
from monitor.aside import aside
from monitor.config import Mistakes, Settings, lacks, load, unwatched
from monitor.errors import ConfigError
from monitor.matching.language import spoken
from monitor.matching.matcher import Matcher, editions
from monitor.model.channel import FACTS
from monitor.model.instant import Instant
from monitor.model.record import Configured, Draft
from monitor.model.story import Story
from monitor.ports import Clock, Fact, Health
from monitor.stages.detect import Detector
from monitor.stages.notices import Watchman
from monitor.stages.reporting import report

log = structlog.get_logger(__name__)

PART, SUBJECT = "stories", "in force"


class Exchange:
    """`settings`: those in force, which are those of the start but for their stories. `wake`: detection has something to do."""

    def __init__(
        self,
        settings: Settings,
        detector: Detector,
        watchman: Watchman,
        *,
        health: Health,
        clock: Clock,
        wake: Callable[[], object],
    ) -> None:
        self._settings = settings
        self._detector = detector
        self._watchman = watchman
        self._health = health
        self._clock = clock
        self._wake = wake

    async def keep(self, asked: asyncio.Event) -> None:
        """Exchanges for ever, whenever it is `asked`: one at a time, and once more for all that ask while one is under way."""
        await self._report()
        while True:
            await asked.wait()
            asked.clear()  # before a file is read: who asks from here on may have written what was read already
            try:
                changed = await self._changed()
            except ConfigError as error:
                log.error("stories not exchanged; those in force stay so", reason=str(error))
                await self._report(_in_a_line(error))
            except Exception as bug:
                # Nothing was handed on yet: the watch goes on, where a start would break and the watch with it.
                reason = f"a bug: {type(bug).__name__}"
                log.error("stories not exchanged; those in force stay so", reason=reason, exc_info=bug)
                await self._report(reason)
            else:
                if changed is not None:
                    await self._exchange(*changed)
                await self._report()

    async def _changed(self) -> tuple[Settings, Matcher] | None:
        """What is to come into force, compiled; None where no story has changed."""
        before, env = self._settings, dict(os.environ)
        found = await aside(lambda: _read(before, env))
        if others := _others(before.digests, found.digests):
            log.warning("changed as well, and not in force before the next start", files=others)
        if found.stories == before.stories:
            log.info("stories read anew; none of them has changed", stories=len(found.stories))
            return None
        settings = msgspec.structs.replace(
            before, stories=found.stories, digests=_in_force(before.digests, found.digests)
        )
        return settings, await aside(lambda: assembly.matcher(settings))

    async def _exchange(self, settings: Settings, matcher: Matcher) -> None:
        before = self._settings
        told = configured(settings, now=self._clock.now())
        coming = self._detector.exchange(matcher, assembly.audience(settings), told=told)
        self._wake()
        index = await coming
        self._settings = settings
        self._watchman.concern("story", [story.id for story in settings.stories])
        log.info("stories exchanged", record=index, **_changes(before.stories, settings.stories))

    async def _report(self, wrong: str = "") -> None:
        figures = {"stories": float(len(self._settings.stories))}
        note = f"not exchanged: {wrong}" if wrong else ""
        await report(self._health, Fact(PART, SUBJECT, self._clock.now(), red=bool(wrong), note=note, figures=figures))


def configured(settings: Settings, *, now: Instant) -> Draft:
    """With which program, files and wordings the watch goes on from here."""
    facts = {each.name: {fact: said for fact in FACTS if (said := getattr(each, fact))} for each in settings.channels}
    wordings = editions(settings.stories, spoken(settings.channels))
    content = Configured(version=__version__, files=settings.digests, editions=wordings, channels=facts)
    return Draft(content=content, observed_at=now)


def _read(in_force: Settings, env: Mapping[str, str]) -> Settings:
    """What the files say now. `ConfigError` for what would end a start; and for stories that do not fit the channels in force.

    A story must fit both: what channels.toml says now, for a start must be possible at any moment, and what is watched, for a flag
    on a channel that nobody reads looks as if it were in force. Channels that were taken out are watched until the next start, and
    no story may name them any more.
    """
    found = load(in_force.directory, env, secrets=True)
    if mistakes := lacks(found) or unwatched(found.stories, in_force.channels, in_force.directory):
        raise Mistakes(mistakes)
    return found


def _in_force(before: Mapping[str, str], found: Mapping[str, str]) -> dict[str, str]:
    """The digests of the files of which each says what is in force: of the stories those found, of the others those before."""
    kept = {name: digest for name, digest in before.items() if not _of_story(name)}
    return kept | {name: digest for name, digest in found.items() if _of_story(name)}


def _others(before: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """The files of no story that have changed, came or went."""
    names = {name for name, _ in before.items() ^ found.items()}
    return sorted(name for name in names if not _of_story(name))


def _of_story(name: str) -> bool:
    return name.startswith("stories/")


def _changes(before: Sequence[Story], after: Sequence[Story]) -> dict[str, list[str]]:
    """The ids of the stories that are new, worded otherwise, and gone."""
    old, new = {story.id: story for story in before}, {story.id: story for story in after}
    return {
        "new": [id for id in new if id not in old],
        "changed": [id for id in new if id in old and new[id] != old[id]],
        "gone": [id for id in old if id not in new],
    }


def _in_a_line(error: ConfigError) -> str:
    """The first mistake, and how many more there are."""
    mistakes = error.mistakes if isinstance(error, Mistakes) else ()
    first = str(mistakes[0] if mistakes else error).partition("\n")[0]
    return f"{first}; and {len(mistakes) - 1} more" if len(mistakes) > 1 else first
