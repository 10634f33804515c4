"""One look through a camera, for `--check`: in a process of its own, for it may take its time, and it may crash."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from installation.camera.source import Source, SourceError
from installation.settings import CameraSettings

LOOK_S = 1.0


def describe(settings: CameraSettings) -> str:
    """Say what pictures come, such as "1280 × 720, 25 a second".

    Raises: SourceError when none come.
    """
    source = Source(settings)
    capture = source.open()
    try:
        picture = capture.read()
        if picture is None:
            raise SourceError("it gives no pictures")
        began_s, num_pictures = time.monotonic(), 0
        while time.monotonic() - began_s < LOOK_S and capture.read() is not None:
            num_pictures += 1
        rate = num_pictures / (time.monotonic() - began_s)
    finally:
        capture.close()
    remark = "" if source.takes_exposure else f"; it does not take exposure {settings.exposure:g}"
    return f"{picture.shape[1]} × {picture.shape[0]}, {rate:.0f} a second{remark}"


def main() -> int:
    """Print what comes from the source that standard input tells of, as JSON; 1 where nothing does."""
    settings = CameraSettings(view_name="", artworks_dir=Path(), **json.load(sys.stdin))
    try:
        print(describe(settings))
    except SourceError as error:
        print(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
