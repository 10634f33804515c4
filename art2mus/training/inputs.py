"""What earlier stages wrote, opened so that what is missing or does not fit is a line for the user."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError

from art2mus.checkpoints import CheckpointError, check_whole
from art2mus.codec.roll_vae import RollVAE
from art2mus.data.windows import Windows, load_windows
from art2mus.training.checkpoint import TrainingError


def open_windows(path: Path) -> Windows:
    """Open windows that can be learned from and measured on.

    Raises: OSError if they cannot be read; TrainingError if there are none of either.
    """
    windows = load_windows(path)
    for indices, what, key in (
        (windows.train, "to learn from", "lower"),
        (windows.held_out, "held out to measure on", "raise"),
    ):
        if not len(indices):
            raise TrainingError(f"windows: {path} has none {what}; make more of them, or {key} held_out_share")
    return windows


def open_vae(folder: Path) -> RollVAE:
    """Open the autoencoder that stage A wrote, frozen.

    Raises: TrainingError.
    """
    if not (folder / "config.json").is_file():
        raise TrainingError(f"vae: {folder} holds no autoencoder; the stage roll-vae writes one into its output")
    try:
        vae = RollVAE.from_pretrained(folder, local_files_only=True).eval().requires_grad_(False)
        check_whole(folder, vae)
    except (OSError, ValueError, SafetensorError, CheckpointError) as error:
        raise TrainingError(f"vae: {folder} is damaged ({error}); train the stage roll-vae again") from error
    return vae


@contextmanager
def sizes_named() -> Iterator[None]:
    """Say of sizes that no network can be made of that they do not fit.

    Raises: TrainingError.
    """
    try:
        yield
    except (ValueError, IndexError, ZeroDivisionError) as error:
        raise TrainingError(f"the sizes of the networks do not fit each other: {error}") from error
