"""Where the painting hangs in the camera's picture, when the staff has said so: kept from one start to the next."""

from __future__ import annotations

import json
import logging
from pathlib import Path

from art2mus.whole_files import whole_file
from installation.messages import Outline

_log = logging.getLogger(__name__)


def read_corners(path: Path) -> Outline | None:
    """The corners as they were kept; None if there are none, or the file is damaged, which is logged."""
    try:
        top_left, top_right, bottom_right, bottom_left = ((float(x), float(y)) for x, y in json.loads(path.read_text()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        _log.warning("%s: cannot be read (%s); the camera looks for the painting itself", path, error)
        return None
    return (top_left, top_right, bottom_right, bottom_left)


def keep_corners(path: Path, corners: Outline | None) -> None:
    """Keep them; None forgets them.

    Raises: OSError.
    """
    if corners is None:
        path.unlink(missing_ok=True)
        return
    with whole_file(path) as partial:
        partial.write_text(json.dumps(corners))
