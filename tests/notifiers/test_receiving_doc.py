"""The receiver in docs/receiving-alerts.md: it takes our webhooks, each once, and nobody else's."""

import base64
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from owed import message

from monitor.errors import Unavailable
from monitor.model.instant import MINUTE, SECOND
from monitor.notifiers import webhook

PAGE = (Path(__file__).parents[2] / "docs" / "receiving-alerts.md").read_text("utf-8")
KEY = b"a secret for rehearsals only...."


class Sample(NamedTuple):
    url: str
    process: "subprocess.Popen[str]"

    def printed(self) -> list[str]:
        """What it printed, once it is stopped."""
        self.process.terminate()
        return self.process.communicate()[0].splitlines()


@pytest.fixture
def sample(tmp_path: Path) -> Iterator[Sample]:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "receiver.py").write_text(code, "utf-8")
    (tmp_path / "secret").write_text(f"whsec_{base64.b64encode(KEY).decode()}\n")
    command = [sys.executable, "receiver.py", "secret", "0"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        port = process.stdout.readline().split()[-1]
        yield Sample(f"http://127.0.0.1:{port}/", process)
        process.terminate()


async def send(sample: Sample, *, key: bytes = KEY, age: int = 0, times: int = 1) -> None:
    now = time.time_ns() // 1_000_000 - age
    async with webhook.opened({sample.url: webhook.Destination((key,), True)}) as notifier:
        for _ in range(times):
            await notifier.send(sample.url, message(), key="m-1", random_id=1, now=now)


async def test_prints_an_alert_once_however_often_it_comes(sample: Sample) -> None:
    await send(sample, times=3)

    assert sample.printed() == ["published The bridge https://t.me/vvgladkov/123 not independently verified"]


async def test_del_20_refuses_a_forged_alert(sample: Sample) -> None:
    with pytest.raises(Unavailable, match="401"):
        await send(sample, key=b"another")

    assert sample.printed() == []


@pytest.mark.parametrize("age", [6 * MINUTE, -6 * MINUTE])
async def test_del_20_refuses_an_alert_that_is_sent_again_later(sample: Sample, age: int) -> None:
    with pytest.raises(Unavailable, match="401"):
        await send(sample, age=age)

    assert sample.printed() == []


async def test_takes_an_alert_that_is_signed_with_a_second_key_too(sample: Sample) -> None:
    now = time.time_ns() // 1_000_000 // SECOND * SECOND
    async with webhook.opened({sample.url: webhook.Destination((b"another", KEY), True)}) as notifier:
        await notifier.send(sample.url, message(), key="m-1", random_id=1, now=now)

    assert len(sample.printed()) == 1
