"""Embeddings of a catalogue, in a folder, too many for the memory.

The folder holds `embeddings.npy` (a row for each item, in the catalogue's order; not a number where an item could not
be embedded), `files.txt` (the ids of the items, a line each), `failed.csv` (which could not be embedded, and why) and
`meta.json` (what made them).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from art2mus.data.tables import DataError
from art2mus.metrics.affect import MAX_Z
from art2mus.whole_files import whole_file

FloatArray = NDArray[np.float32]

VECTORS_FILE, FILES_FILE, META_FILE = "embeddings.npy", "files.txt", "meta.json"


@dataclass(frozen=True, eq=False)
class Embeddings:
    """The embeddings of a catalogue.

    Attributes:
        folder: Where they lie.
        files: The ids of the items.
        vectors: Their embeddings, mapped from the file.
        meta: What made them: `embedder`, `kind`, `parameters`, `dim`, `is_normalised`, `comparison`, `count`,
            `num_failed` and more.

    Shape: vectors (len(files), dim).
    """

    folder: Path
    files: tuple[str, ...]
    vectors: FloatArray
    meta: Mapping[str, Any]

    def __len__(self) -> int:
        return len(self.files)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Open what `python -m art2mus.data embed` made.

        Raises: DataError if there is nothing, or something unfinished or damaged.
        """
        if not (folder / META_FILE).is_file():
            begun = (folder / ".unfinished").is_dir()
            todo = "they are unfinished; run the same embed command again" if begun else "make them with embed"
            raise DataError(f"{folder}: no embeddings here; {todo}")
        try:
            meta = json.loads((folder / META_FILE).read_text("utf-8"))
            files = tuple((folder / FILES_FILE).read_text("utf-8").split("\n")[:-1])
            vectors = np.load(folder / VECTORS_FILE, mmap_mode="r")
        except (OSError, ValueError) as error:
            raise DataError(f"{folder}: damaged ({error}); remove it and embed again") from error
        if vectors.shape != (len(files), meta.get("dim")) or vectors.dtype != np.float32:
            raise DataError(f"{folder}: damaged ({VECTORS_FILE} does not fit the other files); embed again")
        return cls(folder, files, vectors, meta)


def write_vectors(folder: Path, files: Sequence[str], dim: int, rows: Iterable[FloatArray]) -> None:
    """Write embeddings and the ids of their items, each file whole or not at all.

    Shape: each of rows, one for each file, (dim,).
    """
    with whole_file(folder / VECTORS_FILE) as partial:
        vectors = np.lib.format.open_memmap(partial, "w+", np.float32, (len(files), dim))
        for number, row in enumerate(rows):
            vectors[number] = row
        vectors.flush()
    with whole_file(folder / FILES_FILE) as partial:
        partial.write_text("".join(f"{name}\n" for name in files), "utf-8")


def check_comparable(artworks: Embeddings, tracks: Embeddings) -> None:
    """Make sure that two sets of embeddings lie in one space.

    Raises: DataError.
    """
    for key in ("embedder", "parameters", "dim", "comparison"):
        found = artworks.meta.get(key), tracks.meta.get(key)
        if found[0] != found[1]:
            raise DataError(
                f"{artworks.folder} and {tracks.folder} cannot be compared: {key} is {found[0]!r} and {found[1]!r};\n"
                "  embed both with the same embedder"
            )


def compared_vectors(embeddings: Embeddings) -> FloatArray:
    """Give the vectors whose cosine is the similarity.

    Affects are standardised over their collection first, as `art2mus.data.pairs` does: how paintings differ from each
    other shall be compared with how tracks differ from each other.

    Shape: (len(embeddings), dim); not a number where there is no embedding.
    """
    vectors = embeddings.vectors
    if embeddings.meta.get("comparison") != "standardised cosine":
        return vectors
    known = vectors[np.isfinite(vectors).all(axis=1)].astype(np.float64)
    spread = np.maximum(known.std(axis=0), 1e-6)
    return np.clip((vectors - known.mean(axis=0)) / spread, -MAX_Z, MAX_Z).astype(np.float32)
