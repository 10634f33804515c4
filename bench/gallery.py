"""`python -m bench.gallery`: the kiosk with a hundred thousand pictures in its gallery.

The pictures are small, and no two of them alike; they lie in folders of a thousand.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from PIL import Image
from rich.console import Console

from bench.kiosk import KioskError, figures_of, kiosk_table, run
from installation.works import BUNDLED_GALLERY

FOLDER_SIZE = 1000


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit code: 0, 1 where a goal was missed, 2 where nothing could be measured."""
    parser = argparse.ArgumentParser(prog="python -m bench.gallery", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--works", type=int, default=100_000, metavar="N", help="so many (default: 100000)")
    parser.add_argument("--run-for", type=float, default=60.0, metavar="SECONDS", help="of the kiosk (default: 60)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="art2mus-bench") as folder:
        make_gallery(Path(folder), options.works)
        try:
            figures = figures_of(run(options.run_for, f"gallery.folder={folder}"))
        except KioskError as error:
            print(error, file=sys.stderr)
            return 2
    Console(soft_wrap=True).print(kiosk_table(figures))
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


if __name__ == "__main__":
    sys.exit(main())
