"""Where a training stands, in one file that is whole or absent."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from art2mus.whole_files import whole_file


class TrainingError(Exception):
    """Training cannot go on; says at which step and why."""


@dataclass(frozen=True)
class Checkpoint:
    """Everything that the next step depends on beside the settings.

    Attributes:
        path: Of the file.
        model: What is trained.
        average: Its moving average.
        optimizer: Its momenta.
    """

    path: Path
    model: nn.Module
    average: nn.Module
    optimizer: torch.optim.Optimizer

    @property
    def _parts(self) -> dict[str, Any]:
        return {"model": self.model, "average": self.average, "optimizer": self.optimizer}

    def save(self, step: int) -> None:
        """Write down that so many steps are done.

        Raises: TrainingError if there is no room, or no right to write.
        """
        try:
            with whole_file(self.path) as partial:
                torch.save({"step": step, **{name: part.state_dict() for name, part in self._parts.items()}}, partial)
        except (OSError, RuntimeError) as error:  # torch says so of a full disk
            raise TrainingError(
                f"{self.path}: step {step} could not be written ({_reason(error)}); make room on the disk\n"
                "  the same command goes on from the last checkpoint"
            ) from error

    def load(self) -> int:
        """Go back to where the file was written; gives the number of steps done, 0 without a file.

        Raises: TrainingError if it cannot be read, or belongs to a training of other sizes.
        """
        if not self.path.exists():
            return 0
        try:
            state = torch.load(self.path, map_location="cpu", weights_only=True)
            for name, part in self._parts.items():
                part.load_state_dict(state[name])
            return int(state["step"])
        except Exception as error:  # torch fails in many ways on a damaged file
            raise TrainingError(
                f"{self.path}: cannot be gone on from ({_reason(error)})\n"
                "  it is damaged or of another training; remove it, or name another output"
            ) from error


def _reason(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
