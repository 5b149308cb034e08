"""How does a command end: with which code, and which words on standard error?

The one place where exceptions become exit codes: 0 done, 1 it went wrong or something is red, 2 configuration or usage, 3 the
ledger does not verify, 4 another daemon has it, 130 interrupted.
"""

import sys
import traceback
from collections.abc import Callable, Iterator

import click

from monitor.errors import AlreadyRunning, ConfigError, LedgerBroken, MonitorError
from monitor.logs import cleaned

INTERRUPTED = 130

_CODES: tuple[tuple[type[BaseException], int], ...] = (
    (ConfigError, 2),
    (LedgerBroken, 3),
    (AlreadyRunning, 4),
    (MonitorError, 1),
)


def ending(command: Callable[[], object]) -> int:
    """Runs the command and says with which code the process ends. Whole numbers that it returns are that code."""
    try:
        found = command()
        sys.stdout.flush()
    except click.exceptions.Exit as left:
        return left.exit_code
    except click.ClickException as wrong:
        wrong.show()
        return wrong.exit_code
    except click.Abort as stopped:
        return _tell("no answer: standard input is no terminal", 1) if _no_answer(stopped) else INTERRUPTED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # whoever read us has seen enough
        return 1
    except (Exception, BaseExceptionGroup) as error:
        return _failed(error)
    return found if isinstance(found, int) else 0


def _failed(error: BaseException) -> int:
    """Operators' mistakes and the world's troubles in a line each; a bug with its trace."""
    causes = list(_causes(error))
    codes = [_code(cause) for cause in causes]
    if None not in codes:
        for cause in causes:
            _tell(_words(cause), 0)
        return max(code for code in codes if code is not None)
    trace = "".join(traceback.format_exception(error))
    bug = next(cause for cause, code in zip(causes, codes, strict=True) if code is None)
    print(cleaned(trace), file=sys.stderr)
    return _tell(f"this is a bug: {type(bug).__name__}; please report it with the lines above", 1)


def _causes(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _causes(each)
    else:
        yield error


def _code(error: BaseException) -> int | None:
    """None: nobody has raised this on purpose."""
    for kind, code in _CODES:
        if isinstance(error, kind):
            return code
    return 1 if isinstance(error, OSError) and error.strerror else None


def _words(error: BaseException) -> str:
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror)
    return str(error)


def _tell(words: str, code: int) -> int:
    print(cleaned(words), file=sys.stderr)
    return code


def _no_answer(stopped: click.Abort) -> bool:
    return isinstance(stopped.__cause__, EOFError)
