"""Pictures decoded by another process: one that a picture brings down takes nobody with it.

    python -m installation.pictures

reads lines [path, max_side] as JSON, and writes what it has decoded to its standard output: a line of JSON, then the
pixels.
"""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Self

from PIL import Image

from art2mus.images import MAX_SIDE, UnreadableImageError, load_artwork

MAX_MEMORY_BYTES = 4 * 2**30
"""Of addresses; the largest picture that `art2mus.images` decodes needs half of it."""

MAX_DECODE_S = 60.0

_CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGFPE, signal.SIGILL, getattr(signal, "SIGBUS", signal.SIGSEGV))
"""By these a picture ends its decoder; others are ended by the system, for want of memory or to shut down."""


class Decoder:
    """Decodes pictures in one process, which begins with the first, and anew after one that has brought it down.

    One thread uses it, as a context; the process ends with it.
    """

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def load(self, path: Path, max_side: int = MAX_SIDE) -> Image.Image:
        """As `art2mus.images.load_artwork`, with bounds for memory and time.

        Raises: UnreadableImageError, saying what is wrong with the file and what to do.
        """
        child = self._child = self._child or _begin()
        overdue = threading.Timer(MAX_DECODE_S, child.kill)
        overdue.start()
        try:
            return _decoded(child, path, max_side)
        except (OSError, EOFError):
            is_overdue = overdue.finished.is_set()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(1.0)  # it is ending, and says how
            exit_code = child.poll() or 0
            self._end()
        finally:
            overdue.cancel()
        if is_overdue:
            reason = f"{path}: not decoded within {MAX_DECODE_S:.0f} s; save a smaller copy"
            raise UnreadableImageError(reason, may_pass=True)
        if -exit_code in _CRASHES:
            raise UnreadableImageError(f"{path}: brings the decoder down; save it in another format")
        raise UnreadableImageError(f"{path}: its decoder was ended; is there memory enough?", may_pass=True)

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            with contextlib.suppress(OSError), child:  # what it was still to be asked cannot be written any more
                pass


def load_apart(path: Path, max_side: int = MAX_SIDE) -> Image.Image:
    """One picture, in a process of its own.

    Raises: UnreadableImageError, saying what is wrong with the file and what to do.
    """
    with Decoder() as decoder:
        return decoder.load(path, max_side)


def _begin() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", __name__],
        cwd=Path(__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def _decoded(child: subprocess.Popen[bytes], path: Path, max_side: int) -> Image.Image:
    """What the process makes of a picture.

    Raises: OSError or EOFError if it has ended; UnreadableImageError as the process says.
    """
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(json.dumps([str(path.absolute()), max_side]).encode() + b"\n")
    child.stdin.flush()
    head = child.stdout.readline()
    if not head.endswith(b"\n"):
        raise EOFError
    answer = json.loads(head)
    if "error" in answer:
        raise UnreadableImageError(answer["error"], may_pass=answer["may_pass"])
    width, height = answer["size"]
    pixels = child.stdout.read(width * height * 3)
    if len(pixels) < width * height * 3:
        raise EOFError
    return Image.frombytes("RGB", (width, height), pixels)


def main() -> None:
    """Decode what is asked for, picture by picture."""
    _bound_memory()
    for line in sys.stdin:
        path, max_side = json.loads(line)
        answer, pixels = _answer(path, max_side)
        sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + pixels)
        sys.stdout.buffer.flush()


def _answer(path: str, max_side: int) -> tuple[dict[str, Any], bytes]:
    try:
        picture = load_artwork(path, max_side)
    except UnreadableImageError as error:
        return {"error": str(error), "may_pass": error.may_pass}, b""
    return {"size": picture.size}, picture.tobytes()


def _bound_memory() -> None:
    """Where the system can (Linux): a picture that wants more is refused, before the machine begins to swap."""
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))


if __name__ == "__main__":
    main()
