"""What a training run leaves behind to look at: `log.jsonl`, and TensorBoard's files where they are asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np

from art2mus.codec.protocol import FloatArray
from art2mus.training.checkpoint import TrainingError
from art2mus.training.settings import Loop
from art2mus.whole_files import whole_file

if TYPE_CHECKING:
    from PIL import Image

LOG_FILE, BOARD_FOLDER = "log.jsonl", "tensorboard"


class Record:
    """Takes down figures, sound and pictures.

    Args:
        log: Gets a line for every step, and one for every validation; None takes nothing down.
        board: TensorBoard's writer, if there is to be one.
    """

    def __init__(self, log: TextIO | None = None, board: Any = None) -> None:
        self.log, self.board = log, board

    def figures(self, step: int, figures: Mapping[str, float], kind: str) -> None:
        """Write down figures after so many steps; `kind` is "train" or "validation"."""
        if self.log is not None:
            self.log.write(json.dumps({"step": step, "kind": kind, **figures}) + "\n")
        if self.board is not None:
            for name, value in figures.items():
                self.board.add_scalar(f"{kind}/{name}", value, step)

    def clip(self, step: int, name: str, waveform: FloatArray, sample_rate: int, picture: Image.Image) -> None:
        """Show a clip, and its spectrogram beside its artwork, on the board.

        Shape: waveform (audio_frames, 1).
        """
        if self.board is not None:
            self.board.add_audio(name, waveform.T, step, sample_rate=sample_rate)
            self.board.add_image(name, np.asarray(picture), step, dataformats="HWC")


@contextmanager
def open_record(folder: Path, first_step: int, settings: Loop) -> Iterator[Record]:
    """Go on with the record of a run; what it says of steps that are now done again is dropped.

    Raises: TrainingError if there is to be a board, and TensorBoard is not installed.
    """
    path = folder / LOG_FILE
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    with whole_file(path) as partial:
        partial.write_text("".join(f"{line}\n" for line in lines if _step(line) <= first_step), "utf-8")
    board = _board(folder / BOARD_FOLDER, first_step) if settings.tensorboard else None
    try:
        with path.open("a", encoding="utf-8", buffering=1) as log:
            yield Record(log, board)
    finally:
        if board is not None:
            board.close()


def _step(line: str) -> float:
    """The step a line is of; infinite for the half line that a killed run left."""
    try:
        return int(json.loads(line)["step"])
    except (ValueError, TypeError, KeyError):
        return float("inf")


def _board(folder: Path, first_step: int) -> Any:
    try:
        import tensorboard  # noqa: F401 - torch's writer needs it, and would not say how to get it
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise TrainingError(
            "loop.tensorboard: TensorBoard is not installed; pip install -e '.[train]', or set it to false"
        ) from error
    return SummaryWriter(folder, purge_step=first_step + 1)
