"""Paintings in a folder, and the ways they are varied to give more pictures of their kind."""

from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from art2mus.artwork_labels import PICTURE_SUFFIXES
from art2mus.data.abstract import to_rgb
from art2mus.images import load_artwork
from art2mus.metrics.picture_affect import to_lab


def list_paintings(folder: Path, kept_out: Collection[str] = ()) -> list[Path]:
    """List the pictures of a folder by name, but for those whose names (without suffix) are kept out.

    Raises: FileNotFoundError if there are none.
    """
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    paths = [path for path in files if path.suffix.lower() in PICTURE_SUFFIXES and path.stem not in kept_out]
    if not paths:
        raise FileNotFoundError(f"{folder}: no paintings here; name a folder of JPEG, PNG, WebP or TIFF files")
    return paths


def vary_paintings(paths: list[Path], count: int, rng: np.random.Generator) -> Iterator[tuple[str, Image.Image]]:
    """Give variations of paintings, in turn, each with the name of its painting."""
    paintings = [load_artwork(path) for path in paths]
    for number in range(count):
        yield paths[number % len(paths)].stem, vary(paintings[number % len(paths)], rng)


def random_crop(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Cut out a part with half to all of the width and of the height."""
    width, height = (max(1, int(side * rng.uniform(0.5, 1.0))) for side in image.size)
    left, top = int(rng.integers(image.width - width + 1)), int(rng.integers(image.height - height + 1))
    return image.crop((left, top, left + width, top + height))


def vary(painting: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Crop a painting and see it in another light: brighter or darker, paler or richer, warmer or cooler."""
    picture = random_crop(painting, rng)
    if rng.uniform() < 0.5:
        picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    lab = to_lab(picture)
    lab[0] = 100.0 * np.clip(lab[0] / 100.0, 0.0, 1.0) ** np.exp(rng.normal(0.0, 0.35))
    lab[1:] *= np.exp(rng.normal(0.0, 0.35))
    lab[1:] += rng.normal(0.0, 7.0, 2)[:, None, None]
    return Image.fromarray(to_rgb(lab))
