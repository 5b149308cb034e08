"""A rehearsal in a process of its own, told what happens over its control door."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from telethon_clients import PHONE, TOKEN, Inbox

from monitor.errors import MonitorError
from monitor.rehearsal import Remote, client, launch, sign_in


@pytest.fixture
async def remote(tmp_path: Path) -> AsyncIterator[Remote]:
    commands = [
        {"do": "add_channel", "username": "legion", "title": "Legion"},
        {"do": "add_account", "phone": PHONE, "joined": ["legion"]},
        {"do": "add_bot", "token": TOKEN, "name": "alarm"},
        {"do": "add_chat", "id": -1001234567890, "title": "desk"},
    ]
    script = tmp_path / "script.jsonl"
    script.write_text("\n".join(json.dumps(command) for command in commands))
    async with launch("--script", str(script)) as remote:
        yield remote


async def test_shows_clients_what_it_is_told(remote: Remote, tmp_path: Path) -> None:
    reader = client(remote, str(await sign_in(remote, tmp_path / "reader", PHONE)), sequential_updates=True)
    async with reader:
        inbox = Inbox(reader)

        post = await remote.do("publish", channel="legion", text="🎉 hello", date="2023-06-04T10:00:00Z")
        await remote.do("edit", channel="legion", post=post, text="hello again")
        await remote.do("delete", channel="legion", posts=[post])

        assert await inbox.take(3) == [
            ("new", (post, "🎉 hello")),
            ("edited", (post, "hello again")),
            ("deleted", [post]),
        ]
    truth = await remote.do("truth", channel="legion")
    assert [each["kind"] for each in truth] == ["published", "published", "edited", "deleted"]


async def test_reports_what_bots_sent(remote: Remote, tmp_path: Path) -> None:
    bot = client(remote, str(await sign_in(remote, tmp_path / "bot", TOKEN)))
    async with bot:
        await bot.send_message(-1001234567890, "alarm!")

    (sent,) = await remote.do("sent")
    assert (sent["chat"], sent["text"], sent["bot"]) == (-1001234567890, "alarm!", "alarm")


@pytest.mark.parametrize("rate", [0, 100_000])
async def test_loads_many_posts_from_a_file(remote: Remote, tmp_path: Path, rate: int) -> None:
    posts = [
        {"channel": channel, "id": id, "date": "2023-06-04T10:00:00Z", "text": f"пост {id}", "views": 3}
        for id in range(100, 600)
        for channel in ("corps", "front")
    ]
    (tmp_path / "posts.jsonl").write_text("\n".join(json.dumps(post) for post in posts))

    assert await remote.do("load", path=str(tmp_path / "posts.jsonl"), rate=rate) == 1000

    truth = await remote.do("truth", channel="front")
    assert [each["post"] for each in truth] == list(range(99, 600))


async def test_lets_faults_be_called_for(remote: Remote, tmp_path: Path) -> None:
    reader = client(remote, str(await sign_in(remote, tmp_path / "reader", PHONE)))
    async with reader:
        await remote.do("faults.change_salt", account=PHONE)
        await remote.do("faults.hold", method="messages.getHistory")
        await remote.do("faults.clear")

        assert await reader.get_messages("legion")

    assert await remote.do("calls", method="messages.getHistory") == 1


@pytest.mark.parametrize(
    ("verb", "given", "said"),
    [
        ("shout", {}, "no such verb"),
        ("publish", {"chanel": "legion"}, "chanel"),
        ("publish", {"channel": "nobody"}, "no channel nobody"),
        ("publish", {"channel": "legion", "date": "yesterday"}, "yesterday"),
        ("load", {"path": "/nowhere"}, "No such file"),
        ("play", {"path": "/nowhere"}, "No such file"),
    ],
)
async def test_says_what_was_wrong_and_goes_on(remote: Remote, verb: str, given: dict[str, str], said: str) -> None:
    with pytest.raises(MonitorError, match=said):
        await remote.do(verb, **given)

    assert (await remote.do("hello"))["port"] == remote.port


async def test_an_answer_that_nobody_waits_for_any_more_is_not_taken_for_the_next_one(remote: Remote) -> None:
    asking = asyncio.create_task(remote.do("publish", channel="legion", text="asked, and given up"))
    waiting = asyncio.create_task(remote.do("publish", channel="legion", text="never asked"))
    await asyncio.sleep(0)  # the first is on its way, the second waits for its turn
    for task in (asking, waiting):
        task.cancel()
    await asyncio.gather(asking, waiting, return_exceptions=True)

    assert (await remote.do("hello"))["port"] == remote.port

    truth = await remote.do("truth", channel="legion")
    assert [each["text"] for each in truth][1:] == ["asked, and given up"]


async def test_does_not_start_with_a_script_that_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "script.jsonl").write_text('{"do": "shout"}')

    with pytest.raises(MonitorError, match="did not start"):
        async with launch("--script", str(tmp_path / "script.jsonl")):
            pass


@pytest.mark.parametrize("ending", ["a signal", "the end of whoever started it"])
async def test_ends_with(ending: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "monitor.rehearsal", "--tied"), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdin is not None
    assert json.loads(await process.stdout.readline())["host"] == "127.0.0.1"

    if ending == "a signal":
        process.terminate()
    else:
        process.stdin.close()

    assert await asyncio.wait_for(process.wait(), 10) == 0


async def test_a_person_opens_the_link_of_a_sign_in(remote: Remote, tmp_path: Path) -> None:
    await remote.do("open_data_centre", dc=4)
    async with AsyncExitStack() as stack:
        stranger = client(remote, str(tmp_path / "stranger.session"))
        stack.push_async_callback(stranger.disconnect)
        await stranger.connect()
        code = await stranger.qr_login()
        waiting = asyncio.ensure_future(code.wait(20))
        await asyncio.sleep(0)

        await remote.do("link", link=code.url, account=PHONE)

        assert (await waiting).phone == PHONE[1:]
        with pytest.raises(MonitorError, match="no device shows this code"):
            await remote.do("link", link=code.url, account=PHONE)
