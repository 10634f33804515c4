"""Known attributes of a window as a condition vector."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from art2mus.data.windows import ATTRIBUTES, Windows

ATTRIBUTE_DROPOUT = 0.15
KIND_DROPOUT = 0.5
LIMIT = 3.0
ASKED_LIMIT = 4.0


@dataclass(frozen=True)
class Attributes:
    """How attributes are standardised, and how they are laid out as a vector.

    The vector has the standardised attributes, a flag for each that is known, and the window's kind one-hot.

    Attributes:
        mean: Of each attribute.
        std: Of each attribute.
        kinds: Of windows.
        emphasis: What each attribute is multiplied by to get what is wanted: a trained model answers with less than
            it is asked for.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]
    kinds: tuple[str, ...]
    emphasis: tuple[float, ...] = (1.0,) * len(ATTRIBUTES)

    @classmethod
    def measured_on(cls, windows: Windows, emphasis: tuple[float, ...]) -> Attributes:
        """Take mean and standard deviation from the training windows."""
        values = windows.attributes[windows.train].astype(np.float64)
        return cls(
            tuple(values.mean(axis=0).tolist()),
            tuple(np.maximum(values.std(axis=0), 1e-3).tolist()),
            tuple(sorted({str(kind) for kind in windows.kind})),
            emphasis,
        )

    @classmethod
    def load(cls, path: Path) -> Attributes:
        """Read what `save` wrote."""
        fields = json.loads(path.read_text())
        return cls(**{name: tuple(value) for name, value in fields.items()})

    def save(self, path: Path) -> None:
        """Write as JSON."""
        path.write_text(json.dumps(asdict(self), indent=1))

    @property
    def num_conditions(self) -> int:
        """Length of a condition vector."""
        return 2 * len(ATTRIBUTES) + len(self.kinds)

    def standardised(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Shape: values (..., 4); result the same, clipped to ±3."""
        z = (values - np.array(self.mean)) / np.array(self.std)
        return np.clip(z, -LIMIT, LIMIT).astype(np.float32)

    def conditions(
        self,
        windows: Windows,
        indices: NDArray[np.int64],
        rng: np.random.Generator | None = None,
        with_kind: bool = True,
    ) -> NDArray[np.float32]:
        """Give condition vectors of windows; with an `rng`, attributes and kind are left out at random.

        Shape: indices (B,); result (B, num_conditions).
        """
        known = np.ones((len(indices), len(ATTRIBUTES)), np.float32)
        kinds = np.array([[kind == name for name in self.kinds] for kind in windows.kind[indices]], np.float32)
        kinds *= with_kind
        if rng is not None:
            known[rng.random(known.shape) < ATTRIBUTE_DROPOUT] = 0.0
            kinds[rng.random(len(kinds)) < KIND_DROPOUT] = 0.0
        return np.concatenate([self.standardised(windows.attributes[indices]) * known, known, kinds], axis=1)

    def asked(self, windows: Windows, indices: NDArray[np.int64]) -> NDArray[np.float32]:
        """Give the condition vectors by which a trained model is asked for music with the attributes of windows.

        Shape: indices (B,); result (B, num_conditions).
        """
        conditions = self.conditions(windows, indices)
        emphasised = conditions[:, : len(ATTRIBUTES)] * np.array(self.emphasis, np.float32)
        conditions[:, : len(ATTRIBUTES)] = emphasised.clip(-ASKED_LIMIT, ASKED_LIMIT)
        return conditions
