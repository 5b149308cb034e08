"""What is somebody told when it went wrong? Never where, how or with which words inside: only a number to ask about."""

import secrets
from typing import Any
from urllib.parse import quote

import structlog
from litestar import Request, Response
from litestar.exceptions import (
    HTTPException,
    InternalServerException,
    NotAuthorizedException,
    PermissionDeniedException,
)
from litestar.response import Redirect

from monitor.errors import ConfigError, LedgerBroken, Refused, Unavailable
from monitor.web.desk import NotHeld
from monitor.web.gate import FOR_PROGRAMS
from monitor.web.page import bare_page

log = structlog.get_logger(__name__)

_WORDS = {
    400: "This cannot be asked so.",
    403: "This is not for you to do.",
    404: "There is no such page.",
    405: "That cannot be done here.",
    413: "This is too much at once.",
    429: "Too many requests. Wait a minute.",
    500: "Something went wrong here. Whoever runs the monitor finds it in the log by this number: {}",
    503: "This cannot be answered now. Try again in a minute.",
}


def told(request: Request[Any, Any, Any], error: Exception) -> Any:
    """The answer to a request that failed: a page for people, JSON below /api/."""
    if isinstance(error, NotAuthorizedException):
        return _sign_in(request)
    status, words = _meaning(error)
    if status == 500:
        number = secrets.token_hex(4)
        log.error("a page failed", number=number, page=request.url.path, exc_info=error)
        words = _WORDS[500].format(number)
    headers = dict(getattr(error, "headers", None) or {})
    if _for_programs(request):
        return Response({"status": status, "detail": words}, status_code=status, headers=headers)
    answer = bare_page(request, "problem.html", status=status, words=words, code=status)
    answer.headers.update(headers)
    return answer


def _meaning(error: Exception) -> tuple[int, str]:
    match error:
        case ConfigError() | Refused():
            return 400, str(error)
        case Unavailable():
            return 503, _WORDS[503]
        case LedgerBroken():
            return 500, _WORDS[500]
        case PermissionDeniedException() if "CSRF" in error.detail:
            return 403, "The page was too old to send this from. Go back, reload it, and send again."
        case InternalServerException(detail="client disconnected prematurely"):  # nothing is wrong, and nobody is told
            return 400, _WORDS[400]
        case NotHeld() | PermissionDeniedException():
            return error.status_code, error.detail
        case HTTPException(status_code=status) if status in _WORDS and status != 500:
            return status, _WORDS[status]
    return 500, _WORDS[500]


def _sign_in(request: Request[Any, Any, Any]) -> Any:
    if _for_programs(request):
        return Response(
            {"status": 401, "detail": "sign in, or show a key: Authorization: Bearer …"},
            status_code=401,
            headers={"www-authenticate": "Bearer"},
        )
    if request.method not in ("GET", "HEAD"):
        back = request.url.path if request.url.path in ("/review", "/me") else ""
        return Redirect(f"/login?lost=true{f'&next={back}' if back else ''}", status_code=303)
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return Redirect("/login" if wanted == "/" else f"/login?next={quote(wanted, safe='/')}", status_code=303)


def _for_programs(request: Request[Any, Any, Any]) -> bool:
    return request.url.path.startswith(FOR_PROGRAMS)
