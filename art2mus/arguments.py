"""Numbers on a command line; what makes no sense is refused. Importing this is light."""

from __future__ import annotations

import argparse
from collections.abc import Callable


def at_least(lowest: int) -> Callable[[str], int]:
    """Read a whole number that is not below another.

    >>> at_least(3)("4")
    4
    """

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
        if number < lowest:
            raise argparse.ArgumentTypeError(f"{text} is less than {lowest}")
        return number

    return read


at_least_0, at_least_1 = at_least(0), at_least(1)


def seed(text: str) -> int:
    """Read a whole number that torch and numpy both take."""
    number = int(text)
    if not 0 <= number < 2**63:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 2^63")
    return number


def positive(text: str) -> float:
    """Read a finite number above 0."""
    number = float(text)
    if not 0.0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return number


def share(text: str) -> float:
    """Read a number between 0 and 1, without both."""
    number = float(text)
    if not 0.0 < number < 1.0:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return number
