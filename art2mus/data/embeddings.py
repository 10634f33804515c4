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

    Shape: all of rows together (len(files), dim).
    """
    with whole_file(folder / VECTORS_FILE) as partial:
        vectors = np.lib.format.open_memmap(partial, "w+", np.float32, (len(files), dim))
        start = 0
        for part in rows:
            vectors[start : start + len(part)] = part
            start += len(part)
        vectors.flush()
    with whole_file(folder / FILES_FILE) as partial:
        partial.write_text("".join(f"{name}\n" for name in files), "utf-8")
