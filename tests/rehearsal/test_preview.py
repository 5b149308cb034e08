"""The rehearsal's public web pages"""

from collections.abc import AsyncIterator

import httpx
import pytest

from monitor.model.instant import parse
from monitor.rehearsal import Pages, World, launch, preview
from monitor.rehearsal.mishaps import make_private

NOON = parse("2023-06-04T12:00:00Z")


@pytest.fixture
def world() -> World:
    world = World()
    world.add_channel("legion", title="Legion", created=NOON)
    return world


@pytest.fixture
async def pages(world: World) -> AsyncIterator[Pages]:
    async with preview(world) as pages:
        yield pages


async def asked(pages: Pages, path: str) -> httpx.Response:
    async with httpx.AsyncClient(base_url=pages.address, trust_env=False) as http:
        return await http.get(path)


def numbers(answer: httpx.Response) -> list[int]:
    return [int(part.split('"')[0].rpartition("/")[2]) for part in answer.text.split('data-post="')[1:]]


async def test_show_twenty_posts_and_link_those_beside_them(pages: Pages, world: World) -> None:
    world.publish_many("legion", [f"{number}" for number in range(59)])

    newest, middle, oldest = [
        await asked(pages, path) for path in ("/s/legion", "/s/legion?before=41", "/s/legion?after=0")
    ]

    assert [numbers(each) for each in (newest, middle, oldest)] == [
        [*range(41, 61)],
        [*range(21, 41)],
        [*range(1, 21)],
    ]
    assert 'rel="prev" href="/s/legion?before=41"' in newest.text
    assert 'rel="next"' not in newest.text
    assert 'rel="prev" href="/s/legion?before=21"' in middle.text
    assert 'rel="next" href="/s/legion?after=40"' in middle.text


async def test_leave_out_what_was_deleted_and_mark_what_was_edited(pages: Pages, world: World) -> None:
    world.publish_many("legion", ["one", "two", "three"])
    world.delete("legion", [2])
    world.edit("legion", 3, "two again")
    world.edit("legion", 4, views=90, edit_hide=True)

    shown = await asked(pages, "/s/legion")

    assert numbers(shown) == [1, 3, 4]
    assert shown.text.count("edited &nbsp;") == 1


async def test_show_one_post_alone_or_that_it_is_not_there(pages: Pages, world: World) -> None:
    world.publish("legion", "hello")

    there, gone, nobody = [await asked(pages, f"/{place}?embed=1") for place in ("legion/2", "legion/9", "nobody/1")]

    assert numbers(there) == [2]
    assert "Post not found" in gone.text
    assert "Channel with username" in nobody.text


async def test_lead_to_a_card_where_there_is_no_history(pages: Pages, world: World) -> None:
    nobody = await asked(pages, "/s/nobody")
    pages.faults.hide("legion")
    hidden, card = await asked(pages, "/s/legion"), await asked(pages, "/legion")
    make_private(world, "legion")

    assert (nobody.status_code, nobody.headers["location"]) == (302, f"{pages.address}/nobody")
    assert (hidden.status_code, "subscribers" in card.text) == (302, True)
    assert "tgme_username_link" in (await asked(pages, "/legion")).text


async def test_fail_as_often_as_they_are_told(pages: Pages) -> None:
    pages.faults.fail(429, times=2, wait=7)

    answers = [await asked(pages, "/s/legion") for _ in range(3)]

    assert [each.status_code for each in answers] == [429, 429, 200]
    assert answers[0].headers["retry-after"] == "7"


async def test_are_served_by_the_process_of_its_own() -> None:
    async with launch() as remote:
        await remote.do("add_channel", username="legion", title="Legion")
        post = await remote.do("publish", channel="legion", text="hello")
        async with httpx.AsyncClient(trust_env=False) as http:
            shown = await http.get(f"{remote.preview}/s/legion")

    assert numbers(shown)[-1] == post
    assert "hello" in shown.text
