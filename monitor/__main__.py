"""python -m monitor"""

import sys
from collections.abc import Sequence

from monitor.cli import monitor
from monitor.cli.exits import ending


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and answers with the exit code."""
    return ending(lambda: monitor.main(args=arguments, prog_name="monitor", standalone_mode=False))


if __name__ == "__main__":
    sys.exit(main())
