"""Readers for work in batches; other processes find them here."""

import os
from pathlib import Path


def read_or_die(source: str) -> str:
    """End the process where the source says so, as a decoder that crashes does."""
    if source.startswith("crash unless "):
        if not Path(source.removeprefix("crash unless ")).exists():
            os._exit(1)
        return "recovered"
    return source
