"""How a command ends: with its result, or with a line or two that say what is wrong, and no traceback."""

from __future__ import annotations

import sys
from collections.abc import Callable

FAILED, INTERRUPTED = 2, 130


def exit_code(run: Callable[[], int], *mistakes: type[Exception], goes_on: bool = True) -> int:
    """Run a command that can be interrupted.

    Args:
        run: Gives the exit code.
        mistakes: Exceptions whose message is for the user.
        goes_on: Whether it goes on when it is given again.

    Returns: Its exit code; 2 for a mistake, or for what the system refuses; 130 when interrupted.
    """
    try:
        return run()
    except mistakes as error:
        print(error, file=sys.stderr)
    except OSError as error:
        print(f"{error.filename}: {error.strerror}" if error.filename else error, file=sys.stderr)
    except KeyboardInterrupt:
        print(f"interrupted{'; the same command goes on from here' if goes_on else ''}", file=sys.stderr)
        return INTERRUPTED
    return FAILED
