"""A screen that nobody sees: an X server in memory."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator


def missing() -> str:
    """What has to be installed before there can be a screen, in one line; empty if nothing."""
    return "" if shutil.which("Xvfb") else "no Xvfb: install xvfb"


@contextlib.contextmanager
def virtual_screen(width: int = 1920, height: int = 1080) -> Iterator[dict[str, str]]:
    """Run a server; gives what a program needs in its environment to draw there."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL) as server:
        os.close(writing)
        with os.fdopen(reading) as lines:
            number = lines.readline().strip()
        try:
            yield {"DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb"}
        finally:
            server.terminate()
