"""Somebody who reads pages at a steady pace, in a process of its own: prints [page, p50 ms, p95 ms, bytes] of each as JSON.

`python -m bench.reader ADDRESS PASSWORD SECONDS RATE CHANNEL`
"""

import asyncio
import json
import sys
from itertools import cycle
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from browsing import Visitor


async def read(
    address: str, password: str, seconds: float, rate: float, channel: str
) -> list[tuple[str, float, float, int]]:
    pages = {
        "/": "/",
        "/story": "/story/bridge",
        "/story, an older page": "/story/bridge?before=50000",
        "/post": f"/post/{channel}/302",
        "/review": "/review",
        "/search, a rare word": "/search?q=Крымский",
        "/search, a common word": "/search?q=на",
        "/search in a story": "/search?q=мост&story=bridge",
        "/health": "/health",
        "/me": "/me",
        "/api/stories/bridge": "/api/stories/bridge",
        "/feed": "/feed/bridge.atom",
        "/metrics": "/metrics",
    }
    took: dict[str, list[float]] = {name: [] for name in pages}
    size: dict[str, int] = {}
    clock = asyncio.get_running_loop().time
    async with Visitor(address) as visitor:
        await visitor.sign_in("olena", password)
        await visitor.get("/me")
        key = (await visitor.send("/me", do="key", note="bench")).text.split('<code class="key">')[1].split("<")[0]
        for path in pages.values():  # the first reading of each fills what is kept in memory; it is not counted
            await visitor.get(path)
        begun = clock()
        for number, (name, path) in enumerate(cycle(pages.items())):
            await asyncio.sleep(max(0.0, begun + number / rate - clock()))
            if clock() > begun + seconds:
                break
            start = clock()
            headers = {"authorization": f"Bearer {key}"} if name in ("/metrics", "/feed", "/api/stories/bridge") else {}
            answer = await visitor.http.get(path, headers=headers)
            assert answer.status_code == 200, (path, answer.status_code, answer.text[:300])
            took[name].append(1000 * (clock() - start))
            size[name] = len(answer.content)
    return [(name, _at(times, 0.5), _at(times, 0.95), size[name]) for name, times in took.items()]


def _at(times: list[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


if __name__ == "__main__":
    address, password, seconds, rate, channel = sys.argv[1:]
    print(json.dumps(asyncio.run(read(address, password, float(seconds), float(rate), channel))))
