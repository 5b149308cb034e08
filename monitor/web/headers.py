"""What stands around every answer: who may have asked it, and what a browser may do with it?

This is the outermost layer, an ASGI application around the application, so that no page and no error escapes it.
"""

from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any
from urllib.parse import urlsplit

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Any, Any, Any], Awaitable[None]]

POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
"""Everything a page needs comes from here; nothing in it runs, whatever got into it; and it stands in no frame."""

HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), interest-cohort=()",
    "x-frame-options": "DENY",
}
CACHED = "/static/"
"""What is the same for everybody and holds no evidence. That it could not be had just now is not kept for an hour."""
SAFE = ("GET", "HEAD", "OPTIONS")


class Guarded:
    """The application, for those who call it by one of these `hosts` (as a Host header names them), and whose browsers send
    nothing on behalf of another site. `hosts` empty: whatever it is called."""

    def __init__(self, inner: Application, *, hosts: Collection[str], secure: bool) -> None:
        self._inner = inner
        self._hosts = frozenset(host.casefold() for host in hosts)
        self._headers = dict(HEADERS)
        if secure:
            self._headers["strict-transport-security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return

        async def answer(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                is_kept = scope["path"].startswith(CACHED) and message["status"] < 400
                fixed = {**self._headers, "cache-control": "max-age=3600" if is_kept else "no-store"}
                kept = [
                    (name, value) for name, value in message["headers"] if name.lower().decode("latin-1") not in fixed
                ]
                kept = [(name, value) for name, value in kept if name.lower() != b"server"]
                message["headers"] = kept + [(name.encode(), value.encode()) for name, value in fixed.items()]
            await send(message)

        asked = {name: value.decode("latin-1") for name, value in scope["headers"]}
        if self._hosts and asked.get(b"host", "").casefold() not in self._hosts:
            await _refuse(
                answer, 421, "These pages are not known by this name. Ask by the address that `monitor web` printed."
            )
        elif "\0" in scope["path"]:
            await _refuse(answer, 400, "This is no path.")
        elif scope["method"] not in SAFE and not _of_this_site(asked):
            await _refuse(answer, 403, "This was sent by another site, and is not done.")
        else:
            await self._inner(scope, receive, answer)


def _of_this_site(asked: MutableMapping[bytes, str]) -> bool:
    """Does the browser say that one of our own pages sent this? Where it says nothing, the form's token alone decides.

    Our pages send no referrer, so browsers write `Origin: null` for their forms, and over plain http nothing better
    (https://fetch.spec.whatwg.org/#append-a-request-origin-header).
    """
    if asked.get(b"sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = asked.get(b"origin", "null")
    return origin == "null" or urlsplit(origin).netloc.casefold() == asked.get(b"host", "").casefold()


async def _refuse(send: Send, status: int, words: str) -> None:
    body = words.encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
