"""A gallery such as curators never meant to make: every kind of file that is no plain picture, and one that is."""

from __future__ import annotations

import os
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

SIZE = (96, 64)


def make(folder: Path) -> tuple[set[str], set[str]]:
    """Fill a folder; returns the names of what can be shown, and of what is passed over."""
    picture = Image.fromarray(np.random.default_rng(1).integers(0, 256, (*SIZE[::-1], 3), np.uint8))
    shown = _odd(folder, picture)
    passed_over = _broken(folder, picture)
    return shown, passed_over


def python_that_crashes(folder: Path) -> str:
    """A program that decodes as Python with `installation.pictures` does, until a picture has "crash" in its name."""
    program = folder / "python"
    program.write_text(_CRASHING.format(python=sys.executable, repository=Path(__file__).resolve().parents[2]))
    program.chmod(0o755)
    return str(program)


_CRASHING = """#!{python}
import os, signal, sys

sys.path.insert(0, "{repository}")
from installation import pictures

load_artwork = pictures.load_artwork

def load_or_crash(path, max_side):
    if "crash" in path:
        os.kill(os.getpid(), signal.SIGSEGV)
    return load_artwork(path, max_side)

pictures.load_artwork = load_or_crash
pictures.main()
"""


def _odd(folder: Path, picture: Image.Image) -> set[str]:
    """Unusual, but pictures."""
    before = set(folder.iterdir())
    picture.save(folder / "plain.jpg")
    picture.convert("CMYK").save(folder / "cmyk.jpg")
    picture.convert("P").save(folder / "palette.png")
    picture.convert("1").save(folder / "two-colours.png")
    picture.convert("RGBA").save(folder / "transparent.png")
    Image.fromarray(np.arange(SIZE[0] * SIZE[1], dtype=np.uint16).reshape(SIZE[::-1]) * 10).save(folder / "16-bit.png")
    frames = [picture.rotate(angle) for angle in (0, 90, 180)]
    frames[0].save(folder / "animated.gif", save_all=True, append_images=frames[1:])
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: lies on its side
    picture.save(folder / "rotated.jpg", exif=exif)
    picture.save(folder / "wrongly-named.jpg", "PNG", compress_level=1)
    Image.new("RGB", (12_000, 12_000), "grey").save(folder / "enormous.jpg", quality=20)
    return {path.name for path in set(folder.iterdir()) - before}


def _broken(folder: Path, picture: Image.Image) -> set[str]:
    """No pictures, whatever their names say."""
    before = set(folder.iterdir())
    picture.save(folder / "whole.jpg", quality=95)
    whole = (folder / "whole.jpg").read_bytes()
    (folder / "whole.jpg").unlink()
    (folder / "truncated.jpg").write_bytes(whole[: len(whole) // 2])
    (folder / "corrupt.png").write_bytes(b"\x89PNG\r\n\x1a\n" + os.urandom(500))
    (folder / "zero-byte.jpg").touch()
    (folder / "text.jpg").write_text("not a picture")
    (folder / "bomb.png").write_bytes(_bomb())
    (folder / "loop.jpg").symlink_to("loop.jpg")
    (folder / "nowhere.jpg").symlink_to("nothing here")
    (folder / "loop").symlink_to(".", target_is_directory=True)
    os.mkfifo(folder / "pipe.jpg")
    (folder / "folder.jpg").mkdir()
    return {path.name for path in set(folder.iterdir()) - before}


def _bomb() -> bytes:
    """A PNG of some kilobytes that claims 60,000 × 60,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(10**6)))
        + chunk(b"IEND", b"")
    )
