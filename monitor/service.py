"""What is the service manager told: ready, alive, stopping?

The protocol of sd_notify(3): a datagram to the socket that `NOTIFY_SOCKET` names. Without one nobody is told.
"""

import socket
from collections.abc import Mapping

import structlog

log = structlog.get_logger(__name__)

READY, ALIVE, STOPPING = "READY=1", "WATCHDOG=1", "STOPPING=1"


class ServiceManager:
    """systemd, or whoever else gave us a socket."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        name = environment.get("NOTIFY_SOCKET", "")
        self._address = f"\0{name[1:]}" if name.startswith("@") else name
        self._complained = False

    def tell(self, what: str) -> None:
        """Never waits, and never fails: it is told again."""
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
                line.setblocking(False)
                line.sendto(what.encode(), self._address)
        except OSError as error:
            if not self._complained:
                self._complained = True
                log.warning("the service manager was not told", what=what, reason=error.strerror or str(error))
