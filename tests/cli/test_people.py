"""Who may sign in is said on the command line, and who may review reviews there."""

import json
import re
import subprocess
import sys

import pytest
from builders import BRIDGE, NOON, match, person, revision, ticket
from commanding import Desk

from monitor.model.person import Person
from monitor.stores.sqlite.store import SqliteStore
from monitor.web.passwords import verified

MADE = re.compile(r"([a-z2-9]{4}-){5}[a-z2-9]{4}")
STORY = "title = 'The bridge'\n[topics]\nbridge = 'bridge'\n[[flag]]\nwhen = 'bridge'\n"


def people(desk: Desk) -> dict[str, Person]:
    found: dict[str, Person] = {}

    async def look(store: SqliteStore) -> None:
        found.update({each.name: each for each in await store.people.all()})

    desk.fill(look)
    return found


def typed(desk: Desk, *arguments: str, given: bytes) -> subprocess.CompletedProcess[bytes]:
    """With this on standard input."""
    program = [sys.executable, "-m", "monitor", "--config", str(desk.config), *arguments]
    return subprocess.run(program, input=given, capture_output=True, check=False)


# ------------------------------------------------------------------------------------------------------------------ people


def test_somebody_is_added_with_a_password_that_is_shown_once(desk: Desk) -> None:
    ended = desk.run("people", "add", "olena", "--role", "reviewer", "--time-zone", "Europe/Kyiv")

    shown = MADE.search(ended.out)
    assert shown
    assert ended.code == 0
    assert ended.out == f"olena may sign in as reviewer\npassword: {shown[0]}\n"
    assert "shown once" in ended.err
    olena = people(desk)["olena"]
    assert (olena.role, olena.time_zone, olena.disabled_at) == ("reviewer", "Europe/Kyiv", None)
    assert verified(olena.password, shown[0])
    assert shown[0] not in desk.run("people", "list").out


def test_programs_are_told_name_role_and_password(desk: Desk) -> None:
    ended = desk.run("people", "add", "olena", "--role", "reader", "--json")

    [told] = ended.lines
    assert (told["name"], told["role"]) == ("olena", "reader")
    assert MADE.fullmatch(told["password"])
    assert set(told) == {"name", "role", "password"}


def test_a_password_is_read_from_standard_input_and_not_shown(desk: Desk) -> None:
    ended = typed(
        desk, "people", "add", "olena", "--role", "operator", "--password-stdin", "--json", given=b"correct horse\r\nx"
    )

    assert (ended.returncode, ended.stderr) == (0, b"")
    assert json.loads(ended.stdout) == {"name": "olena", "role": "operator", "password": None}
    assert verified(people(desk)["olena"].password, "correct horse")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (b"elevenchars\n", b"a password has at least 12 characters"),
        (b"", b"leave --password-stdin out, and a strong one is made"),
        (b"x" * 2_000 + b"\n", b"at most 1,000 bytes"),
        (b"\xff" * 20, b"not UTF-8"),
    ],
)
def test_a_password_that_will_not_do_is_told_with_the_fix(desk: Desk, given: bytes, told: bytes) -> None:
    ended = typed(desk, "people", "add", "olena", "--role", "reader", "--password-stdin", given=given)

    assert (ended.returncode, ended.stdout) == (2, b"")
    assert told in ended.stderr
    assert people(desk) == {}


@pytest.mark.parametrize("name", ["Olena", "olena", "OLENA"])
def test_who_is_there_already_is_not_added_again(desk: Desk, name: str) -> None:
    desk.run("people", "add", "Olena", "--role", "reader")
    before = people(desk)

    ended = desk.run("people", "add", name, "--role", "operator")

    assert (ended.code, ended.out) == (2, "")
    assert ended.err == "there is Olena already: change them with monitor people role, password, enable or disable\n"
    assert people(desk) == before


@pytest.mark.parametrize("name", ["", "x" * 41, "two words", "a/b", "a\nb", "<b>", "a\u202eb"])
def test_what_can_be_no_name_is_told(desk: Desk, name: str) -> None:
    ended = desk.run("people", "add", name, "--role", "reader")

    assert (ended.code, ended.out) == (2, "")
    assert "1 to 40 letters, digits and . _ - @" in ended.err


@pytest.mark.parametrize("name", ["x" * 40, "Олена", "o.k_desk-2@example.org"])
def test_a_name_is_of_letters_digits_and_a_few_marks(desk: Desk, name: str) -> None:
    assert desk.run("people", "add", name, "--role", "reader").code == 0
    assert name in people(desk)


def test_a_time_zone_that_is_none_is_met_with_the_one_that_was_meant(desk: Desk) -> None:
    ended = desk.run("people", "add", "olena", "--role", "reader", "--time-zone", "Europe/Kiew")

    assert (ended.code, ended.out) == (2, "")
    assert "--time-zone: unknown time zone" in ended.err
    assert "Europe/Ki" in ended.err.split(";")[1]


def test_a_role_is_changed_at_once(desk: Desk) -> None:
    desk.run("people", "add", "Olena", "--role", "reader")
    desk.fill(lambda store: store.people.admit(ticket(of="Olena")))

    ended = desk.run("people", "role", "olena", "operator", "--json")

    assert ended.lines[0] | {"made_at": ""} == (
        {"name": "Olena", "role": "operator", "time_zone": "UTC", "made_at": "", "disabled_at": None}
    )
    assert people(desk)["Olena"].role == "operator"
    assert desk.run("people", "role", "olena", "king").code == 2


def test_another_password_ends_what_was_signed_in(desk: Desk) -> None:
    desk.run("people", "add", "olena", "--role", "reader")
    desk.fill(lambda store: store.people.admit(ticket()))

    [told] = desk.run("people", "password", "olena", "--json").lines

    assert set(told) == {"name", "role", "password"}
    assert verified(people(desk)["olena"].password, told["password"])
    assert tickets(desk) == 0


def test_who_is_disabled_is_out_at_once_and_in_again_when_enabled(desk: Desk) -> None:
    [added] = desk.run("people", "add", "olena", "--role", "reader", "--json").lines
    desk.fill(lambda store: store.people.admit(ticket()))

    first = desk.run("people", "disable", "olena", "--json").lines[0]["disabled_at"]
    again = desk.run("people", "disable", "Olena", "--json").lines[0]["disabled_at"]

    assert first == again
    assert tickets(desk) == 0
    assert f"disabled {first}" in desk.run("people", "list").out
    assert desk.run("people", "enable", "olena").out == "olena may sign in as reader\n"
    assert people(desk)["olena"].disabled_at is None
    assert verified(people(desk)["olena"].password, added["password"])


def tickets(desk: Desk) -> int:
    found = []

    async def look(store: SqliteStore) -> None:
        found.extend(await store.people.tickets("olena", now=NOON))

    desk.fill(look)
    return len(found)


@pytest.mark.parametrize("change", [["disable", "olena"], ["role", "olena", "reviewer"]])
def test_that_no_operator_is_left_is_said(desk: Desk, change: list[str]) -> None:
    for name in ("olena", "ivan"):
        desk.run("people", "add", name, "--role", "operator")

    assert desk.run("people", "disable", "ivan").err == ""
    ended = desk.run("people", *change)

    assert ended.code == 0
    assert "no operator is left" in ended.err
    assert desk.run("people", *change).err == ""


@pytest.mark.parametrize(
    "command", [["role", "olen", "reader"], ["password", "olen"], ["disable", "olen"], ["enable", "olen"]]
)
def test_who_is_not_there_is_met_with_the_nearest(desk: Desk, command: list[str]) -> None:
    desk.run("people", "add", "olena", "--role", "reader")

    ended = desk.run("people", *command)

    assert (ended.code, ended.out) == (2, "")
    assert ended.err == "there is nobody called olen; did you mean olena?\n"


def test_everybody_is_listed_by_name(desk: Desk) -> None:
    assert desk.run("people", "list").out == "nobody\n"
    assert desk.run("people", "list", "--json").out == ""
    for name, role in (("olena", "operator"), ("ivan", "reader")):
        desk.run("people", "add", name, "--role", role)

    assert [(each["name"], each["role"]) for each in desk.run("people", "list", "--json").lines] == [
        ("ivan", "reader"),
        ("olena", "operator"),
    ]
    assert [line.split()[:3] for line in desk.run("people", "list").out.splitlines()[1:]] == [
        ["ivan", "reader", "UTC"],
        ["olena", "operator", "UTC"],
    ]


# ------------------------------------------------------------------------------------------------------------------ review


@pytest.fixture
def kept(desk: Desk) -> Desk:
    async def happened(store: SqliteStore) -> None:
        await store.ledger.append([revision("The bridge fell.")])
        await store.findings.file([match(1), match(1, "closed")], [], since=0, upto=2)

    desk.write("stories/bridge.toml", STORY)
    desk.fill(happened)
    return desk


def filing(*more: str, post: str = "bridge_news/1", story: str = "bridge", by: str = "olena") -> list[str]:
    words = ["--story", story, "--verdict", "disputed", "--reason", "both deny it", "--as", by]
    return ["review", post, *words, *more]


def test_a_verdict_is_a_record_of_the_ledger(kept: Desk) -> None:
    ended = kept.run(*filing())

    assert (ended.code, ended.out, ended.err) == (0, "record 4\n", "")
    [record] = [line for line in kept.run("export", "--format", "jsonl", "-o", "-").lines if line["kind"] == "review"]
    assert (record["index"], record["channel"]["id"], record["post"]) == (4, BRIDGE.id, 1)
    assert [record[key] for key in ("subject", "story", "aspect", "verdict", "reason", "by")] == [
        "bridge_news/1",
        "bridge",
        "truth",
        "disputed",
        "both deny it",
        "olena",
    ]
    assert kept.run("verify").code == 0


@pytest.mark.parametrize("post", ["bridge_news/1", "-1001234567890/1", "https://t.me/bridge_news/1"])
def test_programs_are_told_the_record(kept: Desk, post: str) -> None:
    [record] = kept.run(*filing("--aspect", "place", "--json", post=post, story="closed")).lines

    assert (record["index"], record["kind"], record["subject"]) == (4, "review", "bridge_news/1")
    assert (record["aspect"], record["story"]) == ("place", "closed")


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (filing(story="brige"), 2, "no story brige; did you mean bridge?"),
        (filing(post="bridge_news/2"), 1, "post bridge_news/2 is not in the ledger"),
        (filing(post="nobody/1"), 1, "no post of a channel nobody is in the ledger"),
        (filing("--verdict", "true"), 2, "'true' is not one of 'unverified'"),
        (filing("--aspect", "tone"), 2, "'tone' is not one of 'truth'"),
        (filing("--reason", " "), 1, "a verdict needs a reason"),
        (filing("--reason", "x" * 2_001), 1, "2,000 are kept"),
        (filing(by=" "), 2, "--as needs a name"),
    ],
)
def test_what_makes_no_sense_is_told_and_not_kept(kept: Desk, arguments: list[str], code: int, told: str) -> None:
    ended = kept.run(*arguments)

    assert (ended.code, ended.out) == (code, "")
    assert told in ended.err
    assert len(kept.run("export", "--format", "jsonl", "-o", "-").lines) == 4


@pytest.mark.parametrize(
    ("who", "told"),
    [
        (person(role="reader"), "olena is a reader, and this is for reviewers"),
        (person(disabled_at=NOON), "olena is disabled"),
        (person("olga"), "there is nobody called olena; did you mean olga?"),
    ],
)
def test_only_reviewers_and_operators_review_once_there_are_people(kept: Desk, who: Person, told: str) -> None:
    kept.fill(lambda store: store.people.put(who))

    ended = kept.run(*filing())

    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err


@pytest.mark.parametrize("role", ["reviewer", "operator"])
def test_a_verdict_is_under_the_name_that_was_added(kept: Desk, role: str) -> None:
    kept.fill(lambda store: store.people.put(person("Olena", role)))

    [record] = kept.run(*filing("--json")).lines

    assert record["by"] == "Olena"


def test_without_a_ledger_nothing_is_made(desk: Desk) -> None:
    desk.write("stories/bridge.toml", STORY)

    ended = desk.run(*filing())

    assert ended.code == 2
    assert "there is no ledger at" in ended.err
    assert not (desk.base / "var").exists()
