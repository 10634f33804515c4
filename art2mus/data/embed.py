"""Embed the items of a catalogue: `python -m art2mus.data embed`.

    python -m art2mus.data embed artworks.csv --root imagesf2 --kind image --embedder affect -o artworks-affect
    accelerate launch --num_processes 2 -m art2mus.data embed tracks.csv --kind audio --embedder imagebind -o tracks

An interrupted run goes on where it stopped when the same command is given again; only batches that were not finished
are done anew. `art2mus.data.embeddings` says what is written.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from art2mus.data.batch_command import add_batch_arguments, run_batches
from art2mus.data.catalogue import Catalogue

if TYPE_CHECKING:
    from art2mus.data.batches import Done


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this command takes."""
    parser.add_argument("catalogue", type=Path, help="CSV with the column 'file'; for text, 'description' as well")
    parser.add_argument("--kind", choices=("image", "audio", "text"), required=True, help="what the items are")
    parser.add_argument("--embedder", choices=("affect", "imagebind"), required=True, help="affect needs no weights")
    parser.add_argument("--weights", type=Path, help="ImageBind's weights (default: those in the folder of models)")
    parser.add_argument("--tokenizer", metavar="CLIP", help="for text: a CLIP's folder, or its name on the hub")
    add_batch_arguments(parser, batch_size=16)


def run(options: argparse.Namespace) -> int:
    """Embed; returns the exit code.

    Raises: DataError.
    """
    from art2mus.data.batches import Work
    from art2mus.data.embedders import make_embedder

    embedder = make_embedder(options.embedder, options.kind, options.weights, options.tokenizer)
    identity = {
        "embedder": options.embedder,
        "kind": options.kind,
        "parameters": dict(embedder.parameters),
        "is_normalised": embedder.is_normalised,
        "comparison": embedder.comparison,
    }
    items = _items(options.catalogue, options.root, is_text=options.kind == "text")
    work = Work(identity, items, embedder.read, embedder.load_model, options.batch_size)
    run_batches(work, write_done, options)
    return 0


def _items(csv: Path, root: Path | None, *, is_text: bool) -> dict[str, Path | str]:
    catalogue = Catalogue.load(csv, root or csv.parent, ["description"] if is_text else [])
    if is_text:
        return {row["file"]: row["description"] for row in catalogue.rows}
    return {file: catalogue.path(file) for file in catalogue.files}


def write_done(folder: Path, done: Done) -> dict[str, Any]:
    """Write what was embedded; gives what `meta.json` says more.

    Shape: each result (dim,).
    """
    import numpy as np

    from art2mus.data.embeddings import write_vectors

    dim = next(len(vector) for _, vector, reason in done if not reason)
    gap = np.full(dim, np.nan, np.float32)
    write_vectors(folder, list(done.work.items), dim, (gap if reason else vector for _, vector, reason in done))
    return {"dim": dim}
