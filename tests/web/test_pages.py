"""The pages show"""

import re
import time
from contextlib import closing
from html import unescape
from pathlib import Path

import msgspec
import pytest
from browsing import BRIDGE_STORY, Visitor, site
from builders import BRIDGE, HARBOUR, NOON, deletion, photo, raw, revision, verdict

from monitor.model.channel import Identity
from monitor.model.instant import HOUR, MINUTE, parse
from monitor.model.post import Forward, Markup
from monitor.model.record import Fetched
from monitor.ports import NEWS, Contact, Fact, Want
from monitor.stores.sqlite.file import connect
from monitor.stores.sqlite.store import SqliteStore
from monitor.web.pages.search import _day

FALL_STORY = """
title = "What fell"
[topics]
fall = "fell"
[[flag]]
when = "fall"
"""
DESK = """
[[subscriber]]
name = "night desk"
stories = ["*"]
via = { kind = "console" }
"""
HOAX = "The bridge stands, whatever the Ministry of Bridges says about it today."


async def a_day(store: SqliteStore) -> None:
    await store.ledger.append(
        [
            revision("The bridge fell at nine.", number=1, entities=(Markup("bold", 4, 6),)),
            revision(HOAX, channel=HARBOUR, number=7, published_at=NOON + 5 * MINUTE),
            revision(HOAX, channel=HARBOUR, number=8, published_at=NOON + 6 * MINUTE, forward=Forward(HARBOUR, 7)),
            revision("The bridge fell at ten.", number=1, edited_at=NOON + 10 * MINUTE, observed_at=NOON + 11 * MINUTE),
            deletion(channel=HARBOUR, number=7),
            revision("Weather: mild.", number=2),
        ]
    )


async def test_the_stories_with_what_is_newest_in_them(tmp_path: Path) -> None:
    async with site(tmp_path, a_day) as there, there.signed_in() as olena:
        page = (await olena.get("/")).text

    assert "The bridge" in page
    assert 'href="/story/bridge"' in page
    assert '<svg class="volume"' in page


async def test_a_story_with_a_lane_for_each_party_edits_deletions_and_copies_where_they_happened(
    tmp_path: Path,
) -> None:
    async with site(tmp_path, a_day) as there, there.signed_in() as olena:
        page = (await olena.get("/story/bridge")).text

    assert page.index("Ministry of Bridges") < page.index("Harbour Brigade")
    assert 'class="lanes of-2"' in page
    assert page.count("<article") == 4
    assert (
        page.index("at nine.")
        < page.index("stands, whatever")
        < page.index("</span>ten</ins>")
        < page.index("Vanished between")
    )
    assert "1 more said or forwarded the same" in page
    assert "<mark>bridge</mark>" in page
    assert "not independently verified" in page
    assert "Weather" not in page


async def test_a_post_with_what_changed_why_it_was_flagged_and_its_place_in_the_ledger(tmp_path: Path) -> None:
    async with site(tmp_path, a_day) as there, there.signed_in() as olena:
        page = (await olena.get("/post/bridge_news/1")).text
        [record, *_] = await there.store.ledger.revisions(BRIDGE, 1)

    assert "<del>" in page
    assert "<ins>" in page
    assert record.leaf.hex() in page
    assert "Why it was flagged" in page
    assert "15:00" in page  # in Kyiv
    assert "12:00" in page


async def test_what_a_reviewer_files_beside_the_post_and_in_the_ledger(tmp_path: Path) -> None:
    async with site(tmp_path, a_day) as there, there.signed_in("olena", "reviewer") as olena:
        await olena.get("/review")
        answer = await olena.send(
            "/review", post="bridge_news/1", story="bridge", verdict="disputed", aspect="truth", reason="Seen standing."
        )
        page = (await olena.get("/post/bridge_news/1")).text
        story = (await olena.get("/story/bridge")).text
        [filed] = await there.store.reviews.of_posts([(1, 1)])

    assert answer.status_code == 303
    assert filed.content.by == "olena"
    assert "Seen standing." in page
    assert "disputed by olena" in story


@pytest.mark.parametrize(
    ("form", "complaint"),
    [
        ({"verdict": "perhaps"}, "perhaps"),
        ({"reason": "  "}, "reason"),
        ({"aspect": "taste"}, "taste"),
        ({"post": "bridge_news/99"}, "99"),
        ({"post": "nowhere"}, "no post"),
    ],
)
async def test_what_is_wrong_with_a_verdict_and_file_nothing(
    tmp_path: Path, form: dict[str, str], complaint: str
) -> None:
    right = {
        "post": "bridge_news/1",
        "story": "bridge",
        "verdict": "disputed",
        "aspect": "truth",
        "reason": "So it is.",
    }
    async with site(tmp_path, a_day) as there, there.signed_in("olena", "reviewer") as olena:
        await olena.get("/review")
        answer = await olena.send("/review", **{**right, **form})
        filed = await there.store.reviews.of_posts([(1, 1)])

    assert answer.status_code in (400, 404)
    assert complaint in answer.text
    assert not filed


@pytest.mark.parametrize("back", ["", "post"])
async def test_a_verdict_that_was_not_taken_beside_the_post_that_it_was_about(tmp_path: Path, back: str) -> None:
    """Whatever waits first: it may be another post, that was flagged while somebody wrote."""
    form = {"post": "harbour/7", "story": "bridge", "verdict": "false", "aspect": "truth", "reason": "  "}
    async with site(tmp_path, a_day) as there, there.signed_in("olena", "reviewer") as olena:
        first = posts_asked_about((await olena.get("/review")).text)
        again = (await olena.send("/review", **form, back=back)).text
        unknown = (await olena.send("/review", **{**form, "story": "nothing"})).text

    assert first == [f"{BRIDGE.id}/1"]
    assert posts_asked_about(again) == [f"{HARBOUR.id}/7"]
    assert f'name="back" value="{back}"' in again
    assert 'value="false" data-key="4" checked' in again
    assert "no story" in unknown
    assert posts_asked_about(unknown) == first
    assert " checked" not in unknown


async def test_all_that_waits_to_who_passes_over_it(tmp_path: Path) -> None:
    """A post that was flagged for two stories waits twice."""

    async def fill(store: SqliteStore) -> None:
        await store.ledger.append([revision(f"The bridge fell, {each}.", number=each) for each in (1, 2)])

    stories = {"bridge": BRIDGE_STORY, "fall": FALL_STORY}
    async with site(tmp_path, fill, stories=stories) as there, there.signed_in("olena", "reviewer") as olena:
        seen = await passed_over(olena)
        await olena.get("/review?before=3&passed=1")
        form = {"post": "bridge_news/2", "verdict": "false", "aspect": "truth", "reason": "It stands."}
        on = await olena.send("/review", **form, story="bridge", before="3", passed="1")
        next = (await olena.get(on.headers["location"])).text

    assert sorted(seen) == [(f"{BRIDGE.id}/{each}", story) for each in (1, 2) for story in ("bridge", "fall")]
    assert posts_asked_about(next) == [f"{BRIDGE.id}/1"]


async def test_what_waits_behind_a_post_that_does_not_verify(tmp_path: Path) -> None:
    async with site(tmp_path, a_day) as there, there.signed_in("olena", "reviewer") as olena:
        with closing(connect(there.settings.store.path)) as database:
            for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
                database.execute(f"DROP TRIGGER {name}")
            database.execute("UPDATE content SET salt = zeroblob(16) WHERE seq = 2")  # what bridge_news/1 said first
        first = await olena.get("/review")
        [further] = re.findall(r'href="([^"]*)" data-key="n"', first.text)
        second = await olena.get(unescape(further))

    assert first.status_code == 200
    assert "is not what was written" in first.text
    assert posts_asked_about(first.text) == []
    assert posts_asked_about(second.text) == [f"{HARBOUR.id}/8"]


async def test_every_post_of_a_channel_that_has_another_name_now(tmp_path: Path) -> None:
    """Its old name may be somebody else's by now: what leads to a post goes by the channel's id."""

    async def fill(store: SqliteStore) -> None:
        renamed = Identity(BRIDGE.id, "bridge_archive", BRIDGE.title)
        await store.ledger.append([revision("The bridge fell.")])
        await store.ledger.append([revision("The bridge fell, they say.", channel=renamed, number=2)])
        await store.ledger.append([revision("Buy a bridge.", channel=Identity(-1005, "bridge_news"))])

    async with site(tmp_path, fill) as there, there.signed_in("olena", "reviewer") as olena:
        for path in ("/", "/story/bridge", "/search?q=bridge"):
            led = set(re.findall(r'href="(/post/[^"]*)"', (await olena.get(path)).text))
            assert led >= {f"/post/{BRIDGE.id}/1"} or path == "/", path
            assert all([(await olena.get(each)).status_code == 200 for each in led]), path
        assert len(await passed_over(olena)) == 3


async def passed_over(visitor: Visitor) -> list[tuple[str, str]]:
    """Post and story of everything in the queue, without a verdict."""
    found, path = [], "/review"
    while "post" in (
        asked := dict(re.findall(r'name="(post|story)" value="([^"]*)">', (page := (await visitor.get(path)).text)))
    ):
        found.append((asked["post"], asked["story"]))
        path = unescape(re.findall(r'href="([^"]*)" data-key="n"', page)[0])
    return found


def posts_asked_about(page: str) -> list[str]:
    return re.findall(r'name="post" value="([^"]*)"', page)


async def test_what_waits_for_a_verdict_one_after_the_other(tmp_path: Path) -> None:
    async def reviewed(store: SqliteStore) -> None:
        await a_day(store)
        await store.ledger.append([verdict(channel=HARBOUR, number=7), verdict(channel=HARBOUR, number=8)])

    async with site(tmp_path, reviewed) as there, there.signed_in("olena", "reviewer") as olena:
        page = (await olena.get("/review")).text
        await olena.send(
            "/review", post="bridge_news/1", story="bridge", verdict="false", aspect="truth", reason="It stands."
        )
        empty = (await olena.get("/review")).text

    assert posts_asked_about(page) == [f"{BRIDGE.id}/1"]
    assert "Nothing waits for a verdict" in empty


async def test_what_a_search_finds_with_the_words_marked(tmp_path: Path) -> None:
    async with site(tmp_path, a_day) as there, there.signed_in("rita", "reader") as rita:
        found = (await rita.get("/search", q="bridges falling")).text
        deleted = (await rita.get("/search", q="bridge", deleted="true")).text
        edited = (await rita.get("/search", q="bridge", edited="true")).text
        other = (await rita.get("/search", q="mild", story="bridge")).text

    assert "Nothing was found" in found or "<mark>bridge</mark>" in found
    assert deleted.count("<article") == 1
    assert f"/post/{HARBOUR.id}/7" in deleted
    assert edited.count("<article") == 1
    assert "at ten." in edited
    assert "Nothing was found" in other


async def test_that_a_search_has_further_to_look(tmp_path: Path) -> None:
    """Where none of the first hundreds that say so was edited, the one behind them is no less there."""

    async def fill(store: SqliteStore) -> None:
        edit = revision("The bridge stands.", edited_at=NOON + 1, observed_at=NOON + 2_000)
        later = [revision("A bridge.", number=each, published_at=NOON + each) for each in range(2, 640)]
        await store.ledger.append([revision(), edit, *later])

    async with site(tmp_path, fill) as there, there.signed_in() as olena:
        first = (await olena.get("/search?q=bridge&edited=true")).text
        [older] = re.findall(r'href="([^"]*)">Older', first)
        second = (await olena.get(f"/search{unescape(older)}")).text

    assert "Nothing was found" not in first
    assert "among the 600 looked through" in first
    assert "stands." in second


@pytest.mark.parametrize(("day", "hours"), [("2023-10-29", 25), ("2023-03-26", 23), ("2023-06-04", 24)])
def test_the_whole_of_a_day_that_a_search_asks_for(day: str, hours: int) -> None:
    """In Kyiv clocks are put forward and back."""
    since, end = _day(day, "Europe/Kyiv"), _day(day, "Europe/Kyiv", after=True)

    assert since is not None
    assert end == since + hours * HOUR


async def test_that_something_is_red_to_those_too_who_are_not_told_what(tmp_path: Path) -> None:
    async def all_but_an_alert_is_well(store: SqliteStore) -> None:
        now = time.time_ns() // 1_000_000
        await store.peers.met([Contact(each, now, top=0) for each in (BRIDGE, HARBOUR)])
        await store.health.report([Fact("destination", "night desk", now, red=True)])

    async with site(tmp_path, all_but_an_alert_is_well, subscribers=DESK) as there:
        said = {}
        for name, role in (("olena", "operator"), ("rita", "reader")):
            async with there.signed_in(name, role) as visitor:
                said[role] = (await visitor.get("/health")).text, (await visitor.get("/api/health")).json()["red"]

    for page, red in said.values():
        assert "1 red" in page
        assert "all well" not in page
        assert red
    assert "night desk" in said["operator"][0]
    assert "night desk" not in said["reader"][0]
    assert "1 of them for operators to see" in said["reader"][0]


async def test_a_banner_where_nothing_was_looked_at_for_a_minute(tmp_path: Path) -> None:
    async with site(tmp_path, a_day) as there, there.signed_in() as olena:
        page = (await olena.get("/")).text

    assert "Nothing has been looked at" in page


async def test_a_banner_where_the_daemon_lives_and_no_channel_answers(tmp_path: Path) -> None:
    """WEB-21: Telegram cannot be reached, say; `detect` gives a sign of life all the same."""
    shown = {}
    for ago in (MINUTE, HOUR):

        async def alive(store: SqliteStore, ago: int = ago) -> None:
            now = time.time_ns() // 1_000_000
            await store.peers.met([Contact(BRIDGE, now - ago, top=0)])
            await store.health.report([Fact("stage", "detect", now), Fact("source", "reader-1", now, red=True)])

        async with site(tmp_path / str(ago), alive) as there, there.signed_in() as olena:
            shown[ago] = (await olena.get("/")).text

    assert "Nothing has been looked at" not in shown[MINUTE]
    assert "Nothing has been looked at for 60 minutes" in shown[HOUR]


async def test_a_feed_of_a_story_to_whoever_has_a_key(tmp_path: Path) -> None:
    async with site(tmp_path, a_day) as there, there.signed_in() as olena:
        await olena.get("/me")
        shown = (await olena.send("/me", do="key", note="feed reader")).text
        key = shown.split('<code class="key">')[1].split("<")[0]
        async with there.visitor() as reader:
            feed = await reader.get("/feed/bridge.atom", key=key)
            elsewhere = await reader.get("/", key=key)

    assert feed.status_code == 200
    assert feed.text.count("<entry>") == 4
    assert "harbour/7 deleted" in feed.text
    assert elsewhere.status_code == 303


@pytest.mark.parametrize("query", ["мост", "мостом", "мостами падение", "Гладков", "Гладковым", "Гладкова"])
async def test_by_a_search_whatever_the_form_of_the_word(tmp_path: Path, query: str) -> None:
    async def said(store: SqliteStore) -> None:
        await store.ledger.append([revision("О падении моста спросили Гладкова.")])

    async with site(tmp_path, said) as there, there.signed_in() as olena:
        page = (await olena.get("/search", q=query)).text

    assert page.count("<article") == 1
    assert "<mark>" in page


async def test_that_a_post_was_changed_or_judged_since_the_reviewer_saw_it_and_file_nothing(tmp_path: Path) -> None:
    form = {"post": "bridge_news/1", "story": "bridge", "verdict": "false", "aspect": "truth", "reason": "It stands."}
    async with site(tmp_path, a_day) as there, there.signed_in("olena", "reviewer") as olena:
        seen = re.findall(r'name="state" value="([^"]+)"', (await olena.get("/post/bridge_news/1")).text)
        await there.store.ledger.append([verdict(by="ivan")])
        answer = await olena.send("/review", **form, state=seen[0])
        again = re.findall(r'name="state" value="([^"]+)"', answer.text)
        filed = await olena.send("/review", **form, state=again[0])
        reviews = await there.store.reviews.of_posts([(1, 1)])

    assert answer.status_code == 400
    assert "judged by somebody since you saw it" in answer.text
    assert filed.status_code == 303
    assert [each.content.by for each in reviews] == ["ivan", "olena"]


async def test_on_the_card_of_a_post_what_became_of_it_since(tmp_path: Path) -> None:
    async with site(tmp_path, a_day) as there, there.signed_in() as olena:
        story = (await olena.get("/story/bridge")).text
        found = (await olena.get("/search", q="stands")).text
        queue = (await olena.get("/review", passed="2")).text

    assert story.count("deleted since") == 1
    assert story.count("edited later") == 1
    assert "deleted" in found
    assert "deleted since" in queue


async def test_what_was_filed_and_where(tmp_path: Path) -> None:
    form = {
        "post": "bridge_news/1",
        "story": "bridge",
        "verdict": "disputed",
        "aspect": "place",
        "reason": "Elsewhere.",
    }
    async with site(tmp_path, a_day) as there, there.signed_in("olena", "reviewer") as olena:
        await olena.get("/review")
        filed = await olena.send("/review", **form)
        page = (await olena.get(filed.headers["location"])).text
        made_up = (await olena.get("/review?filed=1")).text

    assert "place <strong>disputed</strong>" in page
    assert "#reviews" in page
    assert "Filed as" not in made_up


async def test_that_what_was_sent_after_the_visit_ended_was_not_filed(tmp_path: Path) -> None:
    async with site(tmp_path, a_day) as there, there.signed_in("olena", "reviewer") as olena:
        await olena.get("/review")
        olena.http.cookies.delete("visit")
        answer = await olena.send("/review", post="bridge_news/1", story="bridge", verdict="false", reason="No.")
        page = (await olena.get(answer.headers["location"])).text

    assert "what you sent was not filed" in page
    assert 'name="next" value="/review"' in page


async def test_that_a_search_needs_a_word(tmp_path: Path) -> None:
    async with site(tmp_path, a_day) as there, there.signed_in() as olena:
        page = (await olena.get("/search", deleted="true")).text

    assert "Give at least one word" in page


async def test_no_date_that_is_still_to_come_as_news(tmp_path: Path) -> None:
    async def to_come(store: SqliteStore) -> None:
        await store.ledger.append([revision("The bridge of tomorrow.", published_at=parse("2999-01-01T00:00:00Z"))])

    async with site(tmp_path, to_come) as there, there.signed_in() as olena:
        page = (await olena.get("/")).text

    assert "<strong>0</strong> in the last 24 hours" in page
    assert "<svg" not in page


async def test_nobody_as_speaker_of_a_channel_that_is_known_by_its_name_alone(tmp_path: Path) -> None:
    """A channel of a file has no id, nor has any that is configured by its name: that makes them not the same."""

    async def imported(store: SqliteStore) -> None:
        await store.ledger.append([revision("A bridge elsewhere.", channel=Identity(username="elsewhere"))])

    async with site(tmp_path, imported) as there, there.signed_in() as olena:
        page = (await olena.get("/post/elsewhere/1")).text

    assert "party not named" in page
    assert "Ministry of Bridges" not in page


async def test_a_post_says_of_what_is_attached_whether_it_is_held_and_shows_none_of_it(tmp_path: Path) -> None:
    sha256, file = "ab" * 32, 2**61
    want = Want(number=1, post=1, file=file, record=1, rank=NEWS, size=5, since=NOON, due_at=NOON)

    async def attached(store: SqliteStore) -> None:
        await store.ledger.append([revision("A photo.", media=(photo(id=file), photo(id=file + 1)), raw=raw())])
        await store.downloads.settle(want, Fetched("photo", file, "held", size=5, sha256=sha256, bytes=5), at=NOON)
        lies = Fetched("<script>", file + 1, "skipped", reason="<img src=x>")
        await store.downloads.settle(msgspec.structs.replace(want, file=file + 1), lies, at=NOON)

    async with site(tmp_path, attached) as there, there.signed_in() as olena:
        page = (await olena.get(f"/post/{BRIDGE.name}/1")).text

    assert f"held, 5 B, SHA-256 {sha256}" in page
    assert "not held: skipped: &lt;img src=x&gt;" in page
    assert "<img" not in page
    assert f'="{sha256}' not in page
