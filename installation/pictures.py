"""Pictures decoded by another process: one that a picture brings down takes nobody with it.

    python -m installation.pictures PATH MAX_SIDE

writes what it has decoded to its standard output: a line of JSON, then the pixels.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

from PIL import Image

from art2mus.images import MAX_SIDE, UnreadableImageError, load_artwork

MAX_MEMORY_BYTES = 4 * 2**30
"""Of addresses; the largest picture that `art2mus.images` decodes needs half of it."""

MAX_DECODE_S = 60.0

_CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGFPE, signal.SIGILL, getattr(signal, "SIGBUS", signal.SIGSEGV))
"""By these a picture ends its decoder; others are ended by the system, for want of memory or to shut down."""


def load_apart(path: Path, max_side: int = MAX_SIDE) -> Image.Image:
    """As `art2mus.images.load_artwork`, in a process of its own, with bounds for memory and time.

    Raises: UnreadableImageError, saying what is wrong with the file and what to do.
    """
    try:
        child = subprocess.run(
            [sys.executable, "-m", __name__, str(path.absolute()), str(max_side)],
            cwd=Path(__file__).parents[1],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=MAX_DECODE_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        reason = f"{path}: not decoded within {MAX_DECODE_S:.0f} s; save a smaller copy"
        raise UnreadableImageError(reason, may_pass=True) from None
    if -child.returncode in _CRASHES:
        raise UnreadableImageError(f"{path}: brings the decoder down; save it in another format")
    head, _, pixels = child.stdout.partition(b"\n")
    if child.returncode != 0 or not head:
        raise UnreadableImageError(f"{path}: its decoder was ended; is there memory enough?", may_pass=True)
    answer = json.loads(head)
    if "error" in answer:
        raise UnreadableImageError(answer["error"], may_pass=answer["may_pass"])
    return Image.frombytes("RGB", tuple(answer["size"]), pixels)


def main() -> None:
    """Decode one picture."""
    path, max_side = sys.argv[1], int(sys.argv[2])
    _bound_memory()
    try:
        picture = load_artwork(path, max_side)
    except UnreadableImageError as error:
        print(json.dumps({"error": str(error), "may_pass": error.may_pass}))
        return
    print(json.dumps({"size": picture.size}), flush=True)
    sys.stdout.buffer.write(picture.tobytes())


def _bound_memory() -> None:
    """Where the system can (Linux): a picture that wants more is refused, before the machine begins to swap."""
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))


if __name__ == "__main__":
    main()
