"""Posts to measure with: the real ones where they are, else some of our own making."""

import gzip
import json
import os
import random
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

_WORDS = """
    сегодня утром жители сообщили о движении на дороге у реки губернатор просит не верить слухам и ждать новостей
    мост закрыт для транспорта до вечера погода меняется завтра обещают дождь магазины работают школы тоже
    вранці над містом було тихо енергетики відновили світло у двох районах автобуси їздять за розкладом
    the morning was quiet, buses run on time, repairs of the road go on, more in the evening
"""


def data() -> Path | None:
    """Where the real posts are: MONITOR_DATA, or ../shared/data beside the checkout."""
    for folder in (os.environ.get("MONITOR_DATA"), Path(__file__).parents[2] / "shared" / "data"):
        if folder and (path := Path(folder) / "posts.jsonl.gz").exists():
            return path
    return None


def texts(count: int) -> list[str]:
    """So many texts; real ones, again from the beginning where there are too few."""
    return list(islice(cycle(_texts()), count))


def _texts() -> list[str]:
    path = data()
    if path is None:
        chance = random.Random(1)
        return [" ".join(chance.choices(_WORDS.split(), k=chance.randint(10, 90))) for _ in range(5_000)]
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [post["text"] for post in map(json.loads, lines) if post["text"]]


def said(count: int, *, channels: tuple[str, ...], first: int = 2) -> Iterator[dict[str, object]]:
    """Posts as the rehearsal loads them, dealt out over the channels, each with its own id and a text of its own."""
    for number, text in enumerate(texts(count)):
        yield {
            "channel": channels[number % len(channels)],
            "id": first + number // len(channels),
            "date": "2023-06-04T12:00:00Z",
            "text": f"{text}\n{number}"[:4096],
        }
