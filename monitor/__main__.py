"""python -m monitor"""

import io
import os
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and answers with the exit code."""
    if sys.stdout is None or sys.stderr is None:
        # Started with one of them closed. Nothing of ours must get its number, least of all a database.
        closed = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - for as long as the process lives
        sys.stdout, sys.stderr = sys.stdout or closed, sys.stderr or closed
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Posts are in any script, and a terminal may know ASCII alone: it gets escapes, not a crash.
            stream.reconfigure(errors="backslashreplace")
    try:
        from monitor.cli import monitor
        from monitor.cli.exits import ending
    except KeyboardInterrupt:  # in the moment before anything of ours is there
        return 130
    code = ending(lambda: monitor.main(args=arguments, prog_name="monitor", standalone_mode=False))
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            # What nobody took stays in the stream. Python would try once more at its end, and exit with 120 whatever was done.
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return code


if __name__ == "__main__":
    sys.exit(main())
