"""Where the kiosk keeps things: what a person would look for by the system's custom, or all in ART2MUS_HOME."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

_APP = "art2mus"


def library_dir() -> Path:
    """The finished clips."""
    return _own("library") or Path(platformdirs.user_data_dir(_APP)) / "library"


def log_path() -> Path:
    """The log file; older ones lie beside it, numbered."""
    return (_own("state") or Path(platformdirs.user_state_dir(_APP))) / "kiosk.log"


def status_path() -> Path:
    """How the kiosk is, once a minute; a line for every minute lies beside it."""
    return log_path().parent / "status.json"


def pin_path() -> Path:
    """The hash of the PIN of the admin screen."""
    return log_path().parent / "admin-pin.json"


def corners_path() -> Path:
    """The painting's corners in the camera's picture, where the staff has fixed them."""
    return log_path().parent / "corners.json"


def summary_path() -> Path:
    """What the last run came to, as JSON."""
    home = os.environ.get("ART2MUS_HOME")
    return (Path(home).expanduser().absolute() if home else log_path().parent) / "last-run.json"


def cache_dir() -> Path:
    """What can be made again."""
    return _own("cache") or Path(platformdirs.user_cache_dir(_APP))


def identity_cache_path() -> Path:
    """Hashes of models' weights."""
    return cache_dir() / "model-identity.json"


def screenshot_dir() -> Path:
    """What the key for screenshots leaves behind."""
    return _own("screenshots") or Path(platformdirs.user_pictures_dir()) / _APP


def _own(name: str) -> Path | None:
    home = os.environ.get("ART2MUS_HOME")
    return Path(home).expanduser().absolute() / name if home else None
