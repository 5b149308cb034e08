"""Posts that another one forwards or links"""

import pytest
from builders import BRIDGE, HARBOUR, post

from monitor.completeness.origins import MOST, Origin, origins
from monitor.model.channel import Identity
from monitor.model.post import Forward, Markup, Reply

ELSEWHERE = Identity(username="elsewhere")


def nobody(_: Identity) -> bool:
    return False


@pytest.mark.parametrize(
    "text",
    [
        "See https://t.me/elsewhere/12",
        "See t.me/elsewhere/12.",
        "http://www.t.me/s/elsewhere/12?single",
        "(https://telegram.me/elsewhere/12)",
        "HTTPS://T.ME/elsewhere/12/",
    ],
)
def test_are_linked_in_every_usual_way(text: str) -> None:
    assert origins(post(text), nobody) == [Origin(ELSEWHERE, 12, "link")]


@pytest.mark.parametrize(
    "text",
    [
        "t.me/elsewhere",
        "t.me/joinchat/123456",
        "t.me/+AbCd/12",
        "t.me/c/1234567/12",
        "notat.me.example/elsewhere/12",
        "t.me/ab/1",
    ],
)
def test_are_not_seen_in_what_names_no_public_post(text: str) -> None:
    assert origins(post(text), nobody) == []


def test_are_linked_behind_other_words() -> None:
    hidden = post("Look here.", entities=(Markup("text_url", 0, 4, url="https://t.me/elsewhere/12"),))

    assert origins(hidden, nobody) == [Origin(ELSEWHERE, 12, "link")]


def test_are_forwarded_and_answered() -> None:
    said = post(forward=Forward(channel=HARBOUR, post=7), reply_to=Reply(9, channel=BRIDGE))

    assert origins(said, nobody) == [Origin(HARBOUR, 7, "forward"), Origin(BRIDGE, 9, "reply")]


def test_are_passed_over_where_the_channel_is_watched() -> None:
    said = post("t.me/elsewhere/12", forward=Forward(channel=HARBOUR, post=7))

    assert origins(said, lambda channel: channel == HARBOUR) == [Origin(ELSEWHERE, 12, "link")]


def test_come_once_and_not_by_the_hundred() -> None:
    many = " ".join(f"t.me/elsewhere/{number}" for number in range(1, 300))

    assert len(origins(post(f"{many} t.me/ELSEWHERE/1"), nobody)) == MOST
