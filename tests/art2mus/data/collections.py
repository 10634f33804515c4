"""Small collections of pictures and of sound, with what goes wrong in large ones."""

from pathlib import Path

import numpy as np
import soundfile

from art2mus.data.abstract import paint
from tests.art2mus.sounds import SAMPLE_RATE, progression


def add_pictures(root: Path, count: int, side: int = 48) -> list[str]:
    """Pictures, no two alike; gives their names."""
    names = [f"artist_{number}.png" for number in range(count)]
    for number, name in enumerate(names):
        paint(np.random.default_rng(number).normal(0.0, 1.5, 6), number, side).save(root / name)
    return names


def add_tracks(root: Path, count: int) -> list[str]:
    """Music, no two pieces alike; gives the names."""
    names = [f"{number:06d}.mp3" for number in range(count)]
    for number, name in enumerate(names):
        music = progression(quarter_s=0.2 + 0.05 * number, tonic=40 + 3 * number, num_chords=4)
        soundfile.write(root / name, music, SAMPLE_RATE)
    return names


def cut_off(path: Path) -> None:
    """Leave half of a file, as a download that broke off does."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def write_catalogue(csv: Path, names: list[str]) -> Path:
    csv.write_text("\n".join(["file", *names, ""]), "utf-8")
    return csv
