"""`monitor login`, in a real terminal, against a server that speaks the real protocol."""

import json
import re
from pathlib import Path

import pytest
import segno
from installation import Installation
from telethon.tl.functions.auth import AcceptLoginTokenRequest
from terminal import Terminal, in_a_terminal

from monitor.rehearsal import Server, World, client, serve, sign_in
from monitor.telegram.signing_in import link

PHONE, GUARDED, ABROAD = "+9996612345", "+9996600007", "+9996600044"
PASSWORD = "корень 🔑 "
PHONE_ASKED, CODE_ASKED, PASSWORD_ASKED = (
    "Phone number.*: ",
    "Code that Telegram sent .*: ",
    "Password of the account.*: ",
)
DONE = "is signed in as"


@pytest.fixture
def world(telegram: Server) -> World:
    telegram.world.add_account(PHONE)
    telegram.world.add_account(GUARDED, password=PASSWORD)
    return telegram.world


@pytest.fixture
def desk(telegram: Server, world: World, tmp_path: Path) -> Installation:
    made = Installation(tmp_path, port=telegram.port, public_key=telegram.public_key)
    made.write(channels=["bridge_news"])
    return made


def kept(desk: Installation) -> list[str]:
    """What login may have left behind: sessions, halves of sessions, whatever holds a key."""
    return sorted(
        path.name
        for path in (desk.base / "var").iterdir()
        if "session" in path.name and not path.name.endswith(".lock")
    )


def nobody_is_signed_in(world: World) -> bool:
    return all(device.account is None for device in world.devices.values())


# ----------------------------------------------------------------------------------------------------------- phone and code


async def test_signs_in_by_phone_number_and_code(desk: Installation, world: World) -> None:
    async with in_a_terminal(desk.config, "login", "--phone") as terminal:
        await terminal.until(PHONE_ASKED)
        assert terminal.echoes
        terminal.press_enter_after("+999 66 123-45")
        await terminal.until(CODE_ASKED)
        assert not terminal.echoes
        terminal.press_enter_after(world.code)
        await terminal.until(DONE)
        assert await terminal.ended() == 0

    assert kept(desk) == ["reader-1.session", "reader-1.session.devices"]
    assert {path.stat().st_mode & 0o777 for path in (desk.base / "var").glob("reader-1*")} == {0o600}
    assert world.code not in terminal.seen
    code, out, err = await desk.command("check", "--json")
    assert (code, json.loads(out)["ready"]) == (0, True), err


async def test_asks_again_after_a_wrong_code(desk: Installation, world: World) -> None:
    async with in_a_terminal(desk.config, "login", "--phone") as terminal:
        await terminal.until(PHONE_ASKED)
        terminal.press_enter_after(PHONE)
        await terminal.until(CODE_ASKED)
        terminal.press_enter_after("31415")
        await terminal.until("This is not the code")
        await terminal.until(CODE_ASKED)
        terminal.press_enter_after(world.code)
        await terminal.until(DONE)
        assert await terminal.ended() == 0

    assert "31415" not in terminal.seen


async def test_stops_after_three_wrong_codes_and_calls_the_code_off(
    telegram: Server, desk: Installation, world: World
) -> None:
    async with in_a_terminal(desk.config, "login", "--phone") as terminal:
        await terminal.until(PHONE_ASKED)
        terminal.press_enter_after(PHONE)
        for _ in range(3):
            await terminal.until(CODE_ASKED)
            terminal.press_enter_after("31415")
        assert await terminal.ended() == 1

    assert "PHONE_CODE_INVALID" in terminal.text
    assert (telegram.calls.count("auth.signIn"), telegram.calls.count("auth.cancelCode")) == (3, 1)
    assert kept(desk) == []


async def test_has_another_code_sent_when_one_has_run_out(telegram: Server, desk: Installation, world: World) -> None:
    telegram.faults.fail("auth.signIn", "PHONE_CODE_EXPIRED")
    async with in_a_terminal(desk.config, "login", "--phone") as terminal:
        await terminal.until(PHONE_ASKED)
        terminal.press_enter_after(PHONE)
        await terminal.until(CODE_ASKED)
        terminal.press_enter_after(world.code)
        await terminal.until("has run out")
        await terminal.until(CODE_ASKED)
        terminal.press_enter_after(world.code)
        await terminal.until(DONE)

    assert telegram.calls.count("auth.sendCode") == 2


async def test_tells_how_long_to_wait_and_asks_telegram_nothing_more(telegram: Server, desk: Installation) -> None:
    telegram.faults.flood("auth.sendCode", 3600, times=None)
    async with in_a_terminal(desk.config, "login", "--phone") as terminal:
        await terminal.until(PHONE_ASKED)
        terminal.press_enter_after(PHONE)
        assert await terminal.ended() == 1

    assert "asked to wait 3600 s" in terminal.text
    assert telegram.calls.count("auth.sendCode") == 1
    assert kept(desk) == []


async def test_asks_again_for_what_is_no_phone_number(desk: Installation, world: World) -> None:
    async with in_a_terminal(desk.config, "login", "--phone") as terminal:
        await terminal.until(PHONE_ASKED)
        terminal.press_enter_after("abc")
        await terminal.until("no phone number")
        await terminal.until(PHONE_ASKED)
        terminal.press_enter_after(PHONE)
        await terminal.until(CODE_ASKED)
        terminal.press_enter_after(world.code)
        await terminal.until(DONE)


async def test_says_that_a_number_has_no_account(desk: Installation, world: World) -> None:
    async with in_a_terminal(desk.config, "login", "--phone") as terminal:
        await terminal.until(PHONE_ASKED)
        terminal.press_enter_after("+9996699999")
        await terminal.until(CODE_ASKED)
        terminal.press_enter_after(world.code)
        assert await terminal.ended() == 1

    assert "no account with this phone number" in terminal.text
    assert kept(desk) == []


async def test_follows_the_account_to_its_data_centre(telegram: Server, desk: Installation, world: World) -> None:
    world.add_account(ABROAD, dc=4)
    await telegram.open_data_centre(4)
    async with in_a_terminal(desk.config, "login", "--phone") as terminal:
        await terminal.until(PHONE_ASKED)
        terminal.press_enter_after(ABROAD)
        await terminal.until(CODE_ASKED)
        terminal.press_enter_after(world.code)
        await terminal.until(DONE)

    assert [device.dc for device in world.devices.values() if device.account is not None] == [4]


# ----------------------------------------------------------------------------------------------------------------- password


async def test_asks_for_the_password_until_it_is_right(desk: Installation, world: World) -> None:
    async with in_a_terminal(desk.config, "login", "--phone") as terminal:
        await terminal.until(PHONE_ASKED)
        terminal.press_enter_after(GUARDED)
        await terminal.until(CODE_ASKED)
        terminal.press_enter_after(world.code)
        await terminal.until(PASSWORD_ASKED)
        assert not terminal.echoes
        terminal.press_enter_after("another")
        await terminal.until("This is not the password")
        await terminal.until(PASSWORD_ASKED)
        terminal.press_enter_after(PASSWORD)
        await terminal.until(DONE)
        assert await terminal.ended() == 0

    held = b"".join(path.read_bytes() for path in desk.base.rglob("*") if path.is_file())
    for secret in ("another", PASSWORD, PASSWORD.strip(), world.code):
        assert secret not in terminal.seen
    assert PASSWORD.strip().encode() not in held


async def test_stops_after_three_wrong_passwords(telegram: Server, desk: Installation, world: World) -> None:
    async with in_a_terminal(desk.config, "login", "--phone") as terminal:
        await terminal.until(PHONE_ASKED)
        terminal.press_enter_after(GUARDED)
        await terminal.until(CODE_ASKED)
        terminal.press_enter_after(world.code)
        for _ in range(3):
            await terminal.until(PASSWORD_ASKED)
            terminal.press_enter_after("another")
        assert await terminal.ended() == 1

    assert "PASSWORD_HASH_INVALID" in terminal.text
    assert telegram.calls.count("auth.checkPassword") == 3
    assert kept(desk) == []
    assert nobody_is_signed_in(world)


# ------------------------------------------------------------------------------------------------------------------ QR code


async def drawn(terminal: Terminal) -> list[list[bool]]:
    """What a camera sees once a code is drawn: black modules, read off the half blocks on the screen."""
    came = await terminal.until("Ctrl-C ends this")  # the next may have come in part by now
    rows: list[list[bool]] = []
    for line in came.rsplit("Link Desktop Device.\n", 1)[1].splitlines():
        if line and set(line) <= set(" ▀▄█"):
            rows.append([block in "▀█" for block in line])
            rows.append([block in "▄█" for block in line])
    return rows[: len(rows[0])]


def code_of(token: bytes) -> list[list[bool]]:
    code = segno.make(link(token), error="l", micro=False, boost_error=False)
    return [[bool(module) for module in row] for row in code.matrix_iter(border=4)]


async def test_signs_in_by_a_code_that_a_phone_scans(telegram: Server, desk: Installation, world: World) -> None:
    path = await sign_in(telegram, desk.base / "phone", PHONE)
    async with in_a_terminal(desk.config, "login", "--qr") as terminal, client(telegram, str(path)) as phone:
        assert await drawn(terminal) == code_of(world.tokens.newest().code)

        await phone(AcceptLoginTokenRequest(world.tokens.newest().code))

        await terminal.until(DONE)
        assert await terminal.ended() == 0
    assert "also signed in: rehearsal, since" in terminal.text
    assert kept(desk) == ["reader-1.session", "reader-1.session.devices"]


async def test_draws_black_on_white_whatever_the_terminals_colours(desk: Installation, world: World) -> None:
    async with in_a_terminal(desk.config, "login", "--qr") as terminal:
        await drawn(terminal)

    blocks = [line for line in terminal.seen.splitlines() if set(_plain(line)) <= set(" ▀▄█") and _plain(line)]
    assert blocks
    assert all(line.startswith("\x1b[38;5;16;48;5;231m") and line.endswith("\x1b[0m") for line in blocks)


async def test_draws_another_code_when_one_has_run_out(tmp_path: Path) -> None:
    world = World(token_seconds=3)
    world.add_account(PHONE)
    async with serve(world) as telegram:
        desk = Installation(tmp_path, port=telegram.port, public_key=telegram.public_key)
        desk.write(channels=["bridge_news"])
        async with in_a_terminal(desk.config, "login", "--qr") as terminal:
            first = await drawn(terminal)
            second = await drawn(terminal)
            world.tokens.seconds = 30
            while True:
                third = await drawn(terminal)
                if third == code_of(newest_or_nothing(world)):
                    break
            world.scan(None, PHONE)
            await terminal.until(DONE)

    assert first != second != third
    assert "\x1b[24F\x1b[J" in terminal.seen, "the one before is wiped away"


async def test_asks_for_the_password_after_a_scan(desk: Installation, world: World) -> None:
    async with in_a_terminal(desk.config, "login", "--qr") as terminal:
        await drawn(terminal)
        world.scan(None, GUARDED)
        await terminal.until(PASSWORD_ASKED)
        terminal.press_enter_after(PASSWORD)
        await terminal.until(DONE)
        assert await terminal.ended() == 0


async def test_follows_the_scanned_account_to_its_data_centre(
    telegram: Server, desk: Installation, world: World
) -> None:
    world.add_account(ABROAD, dc=4, password=PASSWORD)
    await telegram.open_data_centre(4)
    async with in_a_terminal(desk.config, "login", "--qr") as terminal:
        await drawn(terminal)
        world.scan(None, ABROAD)
        await terminal.until(PASSWORD_ASKED)
        terminal.press_enter_after(PASSWORD)
        await terminal.until(DONE)

    assert telegram.calls.count("auth.importLoginToken") == 1
    assert [device.dc for device in world.devices.values() if device.account is not None] == [4]


async def test_finds_out_by_itself_that_a_code_was_scanned_when_nobody_said_so(tmp_path: Path) -> None:
    world = World(token_seconds=3)
    world.add_account(PHONE)
    async with serve(world) as telegram:
        desk = Installation(tmp_path, port=telegram.port, public_key=telegram.public_key)
        desk.write(channels=["bridge_news"])
        async with in_a_terminal(desk.config, "login", "--qr") as terminal:
            await drawn(terminal)
            world.tokens.newest().account = world.account(PHONE)  # as `scan` does, and nobody is told
            await terminal.until(DONE)


@pytest.mark.parametrize(
    ("columns", "rows", "env"),
    [(30, 40, {}), (100, 10, {}), (100, 40, {"NO_COLOR": "1"}), (100, 40, {"TERM": "dumb"})],
    ids=["narrow", "low", "without colours", "dumb"],
)
async def test_gives_the_link_where_no_code_can_be_drawn(
    desk: Installation, world: World, columns: int, rows: int, env: dict[str, str]
) -> None:
    async with in_a_terminal(desk.config, "login", "--qr", columns=columns, rows=rows, env=env) as terminal:
        await terminal.until("tg://login")
        await terminal.until("\n")
        assert link(world.tokens.newest().code) in terminal.text
        world.scan(None, PHONE)
        await terminal.until(DONE)

    assert "█" not in terminal.seen


async def test_asks_by_which_way_where_none_was_said(desk: Installation, world: World) -> None:
    async with in_a_terminal(desk.config, "login") as terminal:
        await terminal.until("QR code or by phone")
        terminal.press_enter_after("fax")
        await terminal.until("QR code or by phone")
        terminal.press_enter_after("")
        await drawn(terminal)
        world.scan(None, PHONE)
        await terminal.until(DONE)


# ------------------------------------------------------------------------------------------------------- what is interrupted


@pytest.mark.parametrize(
    "at", ["the way", "the phone number", "the code", "the password", "the QR code", "the password after a scan"]
)
async def test_ctrl_c_leaves_nothing_behind(telegram: Server, desk: Installation, world: World, at: str) -> None:
    way = ("--qr",) if "QR" in at or "scan" in at else ("--phone",) if at != "the way" else ()
    async with in_a_terminal(desk.config, "login", *way) as terminal:
        match at:
            case "the way":
                await terminal.until("QR code or by phone")
            case "the phone number" | "the code" | "the password":
                await terminal.until(PHONE_ASKED)
                if at != "the phone number":
                    terminal.press_enter_after(GUARDED)
                    await terminal.until(CODE_ASKED)
                if at == "the password":
                    terminal.press_enter_after(world.code)
                    await terminal.until(PASSWORD_ASKED)
            case _:
                await drawn(terminal)
                if "password" in at:
                    world.scan(None, GUARDED)
                    await terminal.until(PASSWORD_ASKED)
        terminal.press_ctrl_c()
        assert await terminal.ended() == 130
        assert terminal.echoes

    assert kept(desk) == []
    assert nobody_is_signed_in(world)
    assert "Traceback" not in terminal.text
    assert telegram.calls.count("auth.cancelCode") == (at in ("the code", "the password"))
    async with in_a_terminal(desk.config, "login", "--phone") as terminal:  # nothing is in the way of another try
        await terminal.until(PHONE_ASKED)


async def test_ends_where_no_answer_is_given(desk: Installation, world: World) -> None:
    async with in_a_terminal(desk.config, "login", "--phone") as terminal:
        await terminal.until(PHONE_ASKED)
        terminal.type("\x04")
        assert await terminal.ended() == 1

    assert "no answer was given" in terminal.text


async def test_leaves_no_sign_in_at_telegram_that_cannot_be_written_down(desk: Installation, world: World) -> None:
    (desk.base / "var" / "reader-1.part.session").mkdir()
    async with in_a_terminal(desk.config, "login", "--phone") as terminal:
        await terminal.until(PHONE_ASKED)
        terminal.press_enter_after(PHONE)
        await terminal.until(CODE_ASKED)
        terminal.press_enter_after(world.code)
        assert await terminal.ended() == 1

    assert "could not be written" in terminal.text
    assert nobody_is_signed_in(world)


# ------------------------------------------------------------------------------------------------------- what is there already


async def test_says_that_the_account_is_signed_in_and_leaves_it_so(
    telegram: Server, desk: Installation, world: World
) -> None:
    await sign_in(telegram, desk.session, PHONE)
    before = desk.session.read_bytes()

    code, out, err = await desk.command("login")
    _, machine, _ = await desk.command("login", "--json")

    assert (code, err) == (0, "")
    assert "is signed in already as" in out
    assert json.loads(machine)["kept"] is True
    assert desk.session.read_bytes() == before


async def test_signs_in_anew_where_the_session_was_revoked(telegram: Server, desk: Installation, world: World) -> None:
    await sign_in(telegram, desk.session, PHONE)
    telegram.faults.unregister(PHONE, error="SESSION_REVOKED")
    async with in_a_terminal(desk.config, "login", "--phone") as terminal:
        await terminal.until("no longer good .*SESSION_REVOKED")
        await terminal.until(PHONE_ASKED)
        terminal.press_enter_after(PHONE)
        await terminal.until(CODE_ASKED)
        terminal.press_enter_after(world.code)
        await terminal.until(DONE)

    code, out, _ = await desk.command("login")
    assert (code, "is signed in already" in out) == (0, True)


async def test_keeps_the_old_session_until_the_new_one_is_there(
    telegram: Server, desk: Installation, world: World
) -> None:
    await sign_in(telegram, desk.session, PHONE)
    before = desk.session.read_bytes()
    telegram.faults.unregister(PHONE, error="SESSION_REVOKED")
    async with in_a_terminal(desk.config, "login", "--phone") as terminal:
        await terminal.until(PHONE_ASKED)
        terminal.press_ctrl_c()
        await terminal.ended()

    assert desk.session.read_bytes() == before


@pytest.mark.parametrize("what", ["words", "half of it", "somebody else's"])
async def test_overwrites_no_file_that_is_no_session(
    telegram: Server, desk: Installation, world: World, what: str
) -> None:
    await sign_in(telegram, desk.session, PHONE)
    whole = desk.session.read_bytes()
    match what:
        case "words":
            desk.session.write_bytes(b"no session at all")
        case "half of it":
            desk.session.write_bytes(whole[: len(whole) // 2])
        case _:
            desk.session.chmod(0o644)
    before, asked = desk.session.read_bytes(), len(telegram.calls.log)

    code, _, complaint = await desk.command("login")

    assert code == 2
    assert str(desk.session) in complaint
    assert desk.session.read_bytes() == before
    assert len(telegram.calls.log) == asked


async def test_names_the_process_that_uses_the_session(telegram: Server, desk: Installation, world: World) -> None:
    telegram.world.add_channel("bridge_news")
    await sign_in(telegram, desk.session, PHONE)
    async with desk.running() as daemon:
        await telegram.calls.wait("messages.getPeerDialogs")

        code, _, complaint = await desk.command("login")

    assert code == 4
    assert f"process {daemon.pid}" in complaint


async def test_needs_a_terminal(telegram: Server, desk: Installation, world: World) -> None:
    for way in ((), ("--phone",), ("--qr",)):
        code, out, complaint = await desk.command("login", *way)

        assert (code, out) == (2, "")
        assert "in a terminal" in complaint
    assert len(telegram.calls.log) == 0
    assert kept(desk) == []


async def test_takes_no_more_than_a_minute_where_the_server_never_answers(telegram: Server, desk: Installation) -> None:
    await telegram.faults.refuse()
    async with in_a_terminal(desk.config, "login", "--phone") as terminal:
        assert await terminal.ended() == 1

    assert "not reachable" in terminal.text
    assert kept(desk) == []


def newest_or_nothing(world: World) -> bytes:
    try:
        return world.tokens.newest().code
    except LookupError:
        return b""


def _plain(line: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", line)
