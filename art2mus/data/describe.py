"""Describe artworks in words: `python -m art2mus.data describe`.

    python -m art2mus.data describe artworks.csv --root imagesf2 --model llava-hf/llava-1.5-7b-hf -o descriptions
    python -m art2mus.data describe … --pairs pairs.csv

The folder then holds `descriptions.csv` (`file,description`), `failed.csv` and `meta.json`; with --pairs `pairs.csv` as
well: the same pairs, so that each description goes with the music of its artwork. An interrupted run goes on where it
stopped when the same command is given again, and `accelerate launch` shares it between processes.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from art2mus.arguments import at_least_1
from art2mus.data.batch_command import add_batch_arguments, run_batches
from art2mus.data.catalogue import Catalogue
from art2mus.data.tables import DataError, read_rows, write_rows

if TYPE_CHECKING:
    import torch

    from art2mus.data.batches import Compute, Done

DESCRIPTIONS_FILE, PAIRS_FILE = "descriptions.csv", "pairs.csv"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this command takes."""
    parser.add_argument("catalogue", type=Path, help="CSV with the column 'file'")
    parser.add_argument("--model", required=True, help="of LLaVA's kind: a folder, or a name on the hub")
    parser.add_argument("--prompt", default="Describe this artwork", help="what it is asked (default: %(default)s)")
    parser.add_argument("--max-tokens", type=at_least_1, default=256, metavar="N", help="length (default: %(default)s)")
    parser.add_argument("--pairs", type=Path, metavar="CSV", help="pairs that get the descriptions of their artworks")
    add_batch_arguments(parser, batch_size=4)


def run(options: argparse.Namespace) -> int:
    """Describe; returns the exit code.

    Raises: DataError.
    """
    from art2mus.data.batches import Work
    from art2mus.images import load_artwork

    catalogue = Catalogue.load(options.catalogue, options.root or options.catalogue.parent)
    identity = {"captioner": options.model, "prompt": options.prompt, "max_tokens": options.max_tokens}
    items: dict[str, Path | str] = {file: catalogue.path(file) for file in catalogue.files}

    def load_model(device: torch.device) -> Compute:
        return _load(options, device)

    work = Work(identity, items, load_artwork, load_model, options.batch_size)
    if run_batches(work, _write, options) and options.pairs is not None:
        print(describe_pairs(options.pairs, options.output))
    return 0


def describe_pairs(pairs: Path, folder: Path) -> str:
    """Write pairs again with a column `description`, into the folder of the descriptions; says how many.

    Pairs whose artwork has no description are left out.

    Raises: DataError if the pairs cannot be read.
    """
    texts = {row["file"]: row["description"] for row in read_rows(folder / DESCRIPTIONS_FILE, ["file", "description"])}
    rows = read_rows(pairs, ["artwork", "track"])
    described = [{**row, "description": texts[row["artwork"]]} for row in rows if row["artwork"] in texts]
    columns = dict.fromkeys([*(rows[0] if rows else ("artwork", "track")), "description"])
    write_rows(folder / PAIRS_FILE, list(columns), described)
    return f"{folder / PAIRS_FILE}: {len(described):,} of {len(rows):,} pairs have a description"


def _load(options: argparse.Namespace, device: torch.device) -> Compute:
    import numpy as np

    from art2mus.captioner import Captioner
    from art2mus.models import ModelMissingError

    try:
        captioner = Captioner.load(options.model, device, options.prompt, options.max_tokens)
    except ModelMissingError as error:
        raise DataError(str(error)) from error
    return lambda pictures: np.array(captioner.describe(pictures))


def _write(folder: Path, done: Done) -> dict[str, Any]:
    rows = [{"file": name, "description": str(text)} for name, text, reason in done if not reason]
    write_rows(folder / DESCRIPTIONS_FILE, ["file", "description"], rows)
    return {}
