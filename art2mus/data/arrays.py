"""Arrays of one kind of thing in one file, as NumPy keeps them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

KindT = TypeVar("KindT")


def read_arrays(path: Path, kind: Callable[..., KindT], what: str, command: str) -> KindT:
    """Make something of all arrays in a file, by their names.

    Args:
        path: Of the file.
        kind: What takes them.
        what: What should be in the file, for people.
        command: That writes it.

    Raises: FileNotFoundError, naming the command, if there is no such file; OSError if it is another, or damaged.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no {what} here; make them with {command}")
    try:
        # NumPy leaves a damaged file open that it has opened itself.
        with path.open("rb") as file, np.load(file) as stored:
            fields: dict[str, Any] = {name: stored[name] for name in stored.files}
            return kind(**fields)
    except (OSError, MemoryError):
        raise
    except Exception as error:  # NumPy fails in many ways on a damaged file
        raise OSError(f"{path}: not a file of {what}, or damaged; make it again with {command}") from error
