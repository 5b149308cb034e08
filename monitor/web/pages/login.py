"""/login, /logout, /me: who is here, and what is theirs?"""

import asyncio
import re
from typing import Any
from zoneinfo import available_timezones

import msgspec
import structlog
from litestar import Request, get, post
from litestar.datastructures import Cookie
from litestar.params import URLEncodedBody
from litestar.response import Redirect, Template

from monitor.model.instant import SECOND
from monitor.model.person import Person
from monitor.model.record import Custody, Draft
from monitor.web.desk import KEY, VISIT, TheDesk
from monitor.web.gate import OPEN, cookie_name, visit_cookie
from monitor.web.guesses import TRIES
from monitor.web.page import page
from monitor.web.passwords import NOBODY, SHORTEST, hashed, verified

log = structlog.get_logger(__name__)

Form = URLEncodedBody[dict[str, str]]


@get("/login", opt=OPEN, include_in_schema=False)
async def ask(request: Request[Any, Any, Any]) -> Template:
    lost = "You were not signed in any more: what you sent was not filed. Sign in, and go back to send it again."
    problem = lost if request.query_params.get("lost") else ""
    return await page(request, "login.html", next=_inside(request.query_params.get("next", "")), problem=problem)


@post("/login", opt=OPEN, include_in_schema=False)
async def sign_in(request: Request[Any, Any, Any], desk: TheDesk, data: Form) -> Template | Redirect:
    """A visit begins with a new ticket, whatever the browser showed before."""
    name, wanted = data.get("name", "").strip()[:80], _inside(data.get("next", ""))
    address = request.client.host if request.client else ""
    wait = desk.guesses.wait(name, address, desk.now)
    if wait:
        words = f"Too many tries. The next is heard in {wait // SECOND + 1} seconds."
        answer = await page(request, "login.html", status=429, next=wanted, problem=words)
        answer.headers["retry-after"] = str(wait // SECOND + 1)
        return answer
    last = desk.guesses.tried(name, address, desk.now)
    person = await _who(desk, name)
    right = await asyncio.to_thread(verified, person.password if person else NOBODY, data.get("password", "")[:1000])
    if person is None or not right or person.disabled_at is not None:
        if last:
            await _locked_out(desk, person, address)
        return await page(request, "login.html", status=403, next=wanted, problem="No such name and password.")
    desk.guesses.right(name, address)
    await _end(request, desk)
    shown = await desk.admit(person, "visit", lasting=VISIT)
    log.info("signed in", person=person.name)
    return Redirect(wanted or "/", status_code=303, cookies=[visit_cookie(shown, secure=desk.secure)])


@post("/logout", include_in_schema=False)
async def sign_out(request: Request[Any, Any, Any], desk: TheDesk) -> Redirect:
    await desk.dismiss([request.auth.digest])
    gone = Cookie(key=cookie_name(secure=desk.secure), value="", max_age=0, path="/", httponly=True, secure=desk.secure)
    return Redirect("/login", status_code=303, cookies=[gone])


@get("/me", include_in_schema=False)
async def me(request: Request[Any, Any, Any], desk: TheDesk) -> Template:
    return await _me(request, desk)


@post("/me", include_in_schema=False)
async def change(request: Request[Any, Any, Any], desk: TheDesk, data: Form) -> Template | Redirect:
    """One of several forms: `do` says which."""
    person: Person = request.user
    match data.get("do"):
        case "zone":
            zone = data.get("time_zone", "")
            if zone not in available_timezones():
                return await _me(request, desk, problem="There is no such time zone. Name a place, as Europe/Kyiv.")
            await desk.add.people.change(person.name, lambda now: msgspec.structs.replace(now, time_zone=zone))
            return Redirect("/me", status_code=303)
        case "password":
            return await _new_password(request, desk, data)
        case "key":
            shown = await desk.admit(person, "key", lasting=KEY, note=data.get("note", "").strip()[:80])
            return await _me(request, desk, key=shown)
        case "end":
            mine = await desk.store.people.tickets(person.name, now=desk.now)
            wanted = data.get("ticket", "")
            over = [
                each.digest
                for each in mine
                if wanted in ("all", each.digest.hex()) and each.digest != request.auth.digest
            ]
            await desk.dismiss(over)
            return Redirect("/me", status_code=303)
    return await _me(request, desk, problem="This form is not known here.")


async def _new_password(request: Request[Any, Any, Any], desk: TheDesk, data: Form) -> Template | Redirect:
    person: Person = request.user
    address = request.client.host if request.client else ""
    if desk.guesses.wait(person.name, address, desk.now):
        return await _me(request, desk, problem="Too many tries. Wait a minute.")
    last = desk.guesses.tried(person.name, address, desk.now)
    if not await asyncio.to_thread(verified, person.password, data.get("password", "")[:1000]):
        if last:
            await _locked_out(desk, person, address)
        return await _me(request, desk, problem="That is not your password of now.")
    desk.guesses.right(person.name, address)
    new = data.get("new", "")
    if not SHORTEST <= len(new) <= 1000:
        return await _me(request, desk, problem=f"A password has at least {SHORTEST} characters. A few words do well.")
    chosen = await asyncio.to_thread(hashed, new)

    def change(now: Person) -> Person:
        """Who was disabled meanwhile, or given another password, had their say taken from them."""
        is_theirs = now.disabled_at is None and now.password == person.password
        return msgspec.structs.replace(now, password=chosen) if is_theirs else now

    await desk.add.people.change(person.name, change)
    return Redirect("/login", status_code=303)  # every ticket is over, this one too


async def _me(request: Request[Any, Any, Any], desk: TheDesk, *, problem: str = "", key: str = "") -> Template:
    tickets = await desk.store.people.tickets(request.user.name, now=desk.now)
    return await page(
        request,
        "me.html",
        status=400 if problem else 200,
        problem=problem,
        key=key,
        tickets=tickets,
        own=request.auth.digest,
        zones=sorted(available_timezones()),
        stories=desk.settings.stories,
    )


async def _locked_out(desk: TheDesk, person: Person | None, address: str) -> None:
    """Leaves a record. What was typed is not in it, where it is nobody's name: it may be a password in the wrong field."""
    name = person.name if person else ""
    log.error("passwords are being guessed", name=name, address=address)
    if not desk.broken:
        done = Custody("login refused", subject=name, by=address, note=f"{TRIES} wrong passwords in a minute")
        await desk.add.ledger.append([Draft(content=done, observed_at=desk.now)])


async def _who(desk: TheDesk, name: str) -> Person | None:
    return next((each for each in await desk.store.people.all() if each.name.casefold() == name.casefold()), None)


async def _end(request: Request[Any, Any, Any], desk: TheDesk) -> None:
    """What the browser showed before it signed in is over."""
    before = request.cookies.get(cookie_name(secure=desk.secure))
    if before and (found := await desk.admitted(before)):
        await desk.dismiss([found[1].digest])


def _inside(wanted: str) -> str:
    """A place of ours to go on to, nothing else: a path that begins with one slash."""
    return wanted if re.fullmatch(r"/(?![/\\])[^\x00-\x20\\]{0,500}", wanted) else ""
