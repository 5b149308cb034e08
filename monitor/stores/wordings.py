"""What was compiled of the stories, kept in a file beside the database. It may be deleted at any time."""

import os
import stat
from contextlib import suppress
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)


def read(path: Path) -> bytes:
    """Empty where there is none, and where anybody else might have written it: what it holds is believed."""
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o022:
                log.warning("compiled stories not read: others may write to the file", path=str(path))
                return b""
            return file.read()
    except OSError:
        return b""


def write(path: Path, data: bytes) -> None:
    """All or nothing. Where it cannot be written, the stories are compiled again the next time."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(data)
        part.replace(path)
    except OSError as error:
        log.info("compiled stories not kept", path=str(path), reason=error.strerror)
        with suppress(OSError):
            part.unlink()
