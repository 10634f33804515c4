"""Known attributes of a window as a condition vector, and as tokens."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from art2mus.data.windows import ATTRIBUTES, Windows
from art2mus.projection import ImageProjection
from art2mus.whole_files import whole_file

ATTRIBUTE_DROPOUT = 0.15
KIND_DROPOUT = 0.5
LIMIT = 3.0
ASKED_LIMIT = 4.0


ATTRIBUTE_PROJECTIONS = ("attribute_projection_1", "attribute_projection_4")
ATTRIBUTES_FILE = "attributes.json"


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
        offset: What is added then, in standard deviations: it writes more notes, in more parts, than it is asked for.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]
    kinds: tuple[str, ...]
    emphasis: tuple[float, ...] = (1.0,) * len(ATTRIBUTES)
    offset: tuple[float, ...] = (0.0,) * len(ATTRIBUTES)

    @classmethod
    def measured_on(cls, windows: Windows, emphasis: tuple[float, ...], offset: tuple[float, ...]) -> Attributes:
        """Take mean and standard deviation from the training windows."""
        values = windows.attributes[windows.train].astype(np.float64)
        return cls(
            tuple(values.mean(axis=0).tolist()),
            tuple(np.maximum(values.std(axis=0), 1e-3).tolist()),
            tuple(sorted({str(kind) for kind in windows.kind})),
            emphasis,
            offset,
        )

    @classmethod
    def load(cls, path: Path) -> Attributes:
        """Read what `save` wrote."""
        fields = json.loads(path.read_text("utf-8"))
        return cls(**{name: tuple(value) for name, value in fields.items()})

    def save(self, path: Path) -> None:
        """Write as JSON, whole or not at all."""
        with whole_file(path) as partial:
            partial.write_text(json.dumps(asdict(self), indent=1) + "\n", "utf-8")

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
        wanted = conditions[:, : len(ATTRIBUTES)]
        asked = wanted * np.array(self.emphasis, np.float32) + np.array(self.offset, np.float32)
        conditions[:, : len(ATTRIBUTES)] = asked.clip(-ASKED_LIMIT, ASKED_LIMIT)
        return conditions


def attributes_folder(folder: Path) -> Path:
    """Find the projections of attributes of a model.

    Args:
        folder: What stage B wrote; or a model for which projections were trained later, in the folder of its name
            with "-attributes", as those of the bundled `mini` are.

    Raises: FileNotFoundError, naming the recipe, if there are none.
    """
    for place in (folder, folder.with_name(f"{folder.name}-attributes")):
        if (place / ATTRIBUTES_FILE).is_file():
            return place
    raise FileNotFoundError(
        f"{place}: no projections of attributes to ask by; configs/train/mini-attributes.yaml trains them"
    )


def tokens_of(folder: Path, windows: Windows, indices: NDArray[np.int64]) -> torch.Tensor:
    """Ask for music with the attributes of windows, by four tokens for GPT-2.

    Args:
        folder: Of the model (see `attributes_folder`).
        windows: Where the attributes are taken from.
        indices: Which windows.

    Shape: indices (B,); result (B, 4, W).
    Raises: FileNotFoundError, naming the recipe, if there are no projections of attributes.
    """
    folder = attributes_folder(folder)
    projection = ImageProjection.from_pretrained(folder / ATTRIBUTE_PROJECTIONS[-1])
    with torch.no_grad():
        return projection(torch.from_numpy(Attributes.load(folder / ATTRIBUTES_FILE).asked(windows, indices)))
