"""`python -m bench.gallery`: how soon the kiosk has works to show when its gallery holds a hundred thousand pictures.

The pictures are small, and no two of them alike; they lie in folders of a thousand, in memory if it can be.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from PIL import Image
from rich.console import Console

from art2mus.arguments import at_least_1
from bench.kiosk import Figure, kiosk_table
from installation.supervisor import memory_mb
from installation.works import BUNDLED_GALLERY, Gallery

FOLDER_SIZE = 1000
MAX_START_S = 1.0
"""The director waits no longer for the first works; then the show begins without any."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit code: 0, or 1 where a goal was missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.gallery", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--works", type=at_least_1, default=100_000, metavar="N", help="so many (default: 100000)")
    options = parser.parse_args(arguments)
    shared_memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(
        prefix="art2mus-bench", dir=shared_memory if shared_memory.is_dir() else None
    ) as folder:
        make_gallery(Path(folder), options.works)
        figures = measure(Path(folder), options.works)
    Console(soft_wrap=True).print(kiosk_table(figures, f"A gallery of {options.works} pictures"))
    return 0 if all(figure.is_reached for figure in figures) else 1


def make_gallery(folder: Path, count: int) -> None:
    """Fill a folder: one small picture, again and again, with its number behind its end, where no decoder looks."""
    thumbnail = folder / "thumbnail"
    with Image.open(next(BUNDLED_GALLERY.glob("*.jpg"))) as picture:
        picture.resize((64, 48)).save(thumbnail, "JPEG")
    content = thumbnail.read_bytes()
    thumbnail.unlink()
    for number in range(count):
        place = folder / f"{number // FOLDER_SIZE:03d}"
        place.mkdir(exist_ok=True)
        (place / f"painter_work-{number}-1900.jpg").write_bytes(content + str(number).encode())


def measure(folder: Path, count: int) -> list[Figure]:
    """Watch the folder as the director does, until all works are known; then look once more."""
    before_mb = memory_mb(os.getpid())
    gallery, began_s, used_s = Gallery(folder), time.monotonic(), time.process_time()
    gallery.watch(every_s=3600)
    first_s = time.monotonic() - began_s if gallery.works else None
    while len(gallery.works) < count:
        time.sleep(0.05)
        gallery.take_news()
    all_s, used_s = time.process_time() - used_s, time.process_time()
    gallery.scan()
    again_s = time.process_time() - used_s
    gallery.close()
    return [
        Figure("first works after", first_s, "s", MAX_START_S),
        Figure("until all are known, of the processor", all_s, "s"),
        Figure("to look once more, of the processor", again_s, "s"),
        Figure("memory", memory_mb(os.getpid()) - before_mb, "MB"),
    ]


if __name__ == "__main__":
    sys.exit(main())
