"""The pages show"""

from pathlib import Path

import pytest
from browsing import site
from builders import BRIDGE, HARBOUR, NOON, deletion, revision, verdict

from monitor.model.instant import MINUTE
from monitor.model.post import Forward, Markup
from monitor.stores.sqlite.store import SqliteStore

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

    assert "bridge_news/1" in page
    assert "harbour/7" not in page
    assert "Nothing waits for a verdict" in empty


async def test_what_a_search_finds_with_the_words_marked(tmp_path: Path) -> None:
    async with site(tmp_path, a_day) as there, there.signed_in("rita", "reader") as rita:
        found = (await rita.get("/search", q="bridges falling")).text
        deleted = (await rita.get("/search", q="bridge", deleted="true")).text
        edited = (await rita.get("/search", q="bridge", edited="true")).text
        other = (await rita.get("/search", q="mild", story="bridge")).text

    assert "Nothing was found" in found or "<mark>bridge</mark>" in found
    assert deleted.count("<article") == 1
    assert "harbour/7" in deleted
    assert edited.count("<article") == 1
    assert "at ten." in edited
    assert "Nothing was found" in other


async def test_a_banner_where_nothing_was_looked_at_for_a_minute(tmp_path: Path) -> None:
    async with site(tmp_path, a_day) as there, there.signed_in() as olena:
        page = (await olena.get("/")).text

    assert "Nothing has been looked at" in page


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
