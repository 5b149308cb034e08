"""Which methods are there, and what does each answer?"""

from collections.abc import Callable
from typing import Any

from monitor.rehearsal.api import auth, channels, files, history, people, sending, updates
from monitor.rehearsal.api.call import Call, Rejected

METHODS: dict[type, Callable[[Call], Any]] = {
    **auth.METHODS,
    **people.METHODS,
    **channels.METHODS,
    **history.METHODS,
    **sending.METHODS,
    **updates.METHODS,
    **files.METHODS,
}

_OPEN = {
    "help.getConfig",
    "help.getNearestDc",
    "help.getAppConfig",
    "auth.sendCode",
    "auth.signIn",
    "auth.importBotAuthorization",
    "auth.importAuthorization",
    "auth.checkPassword",
    "auth.exportLoginToken",
    "auth.importLoginToken",
    "auth.cancelCode",
    "account.getPassword",
}
"""What a client may ask before it has signed in."""


def is_open(method: str) -> bool:
    return method in _OPEN


def answer(call: Call) -> Any:
    """The method's result. `Rejected` with Telegram's error; METHOD_INVALID for what the rehearsal does not have."""
    if call.device.dead is not None:
        raise Rejected(call.device.dead)
    if not is_open(call.method) and not call.account:
        raise Rejected("AUTH_KEY_UNREGISTERED")
    method = METHODS.get(type(call.request))
    if method is None:
        raise Rejected("METHOD_INVALID")
    return method(call)
