"""What one needs to make a clip again. Standard library only."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

_AS_EVER = (("device", "cpu"), ("dtype", "float32"), ("num_candidates", 1))
"""Left out of the key, which is thus that of clips made before there was a choice."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a model is asked, beside the picture and the words.

    Attributes:
        model: Its name or folder.
        identity: Hash of its weights and configurations.
        num_inference_steps: None is the model's own.
        guidance_scale: None is the model's own.
        negative_prompt: None is the model's own.
        loudness_lufs: Integrated loudness of every piece.
        device: Where it computes: "cpu", "cuda".
        dtype: Of its networks.
        num_candidates: So many of each clip were made, of which the nearest was taken.
    """

    model: str
    identity: str
    num_inference_steps: int | None = None
    guidance_scale: float | None = None
    negative_prompt: str | None = None
    loudness_lufs: float = -23.0
    device: str = "cpu"
    dtype: str = "float32"
    num_candidates: int = 1

    def key(self) -> str:
        """The same for all that would make the same music; where the model lies does not matter."""
        values = dict(item for item in asdict(self).items() if item[0] != "model" and item not in _AS_EVER)
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Receipt:
    """Everything a clip follows from.

    Attributes:
        sampling: Model and settings.
        prompt: What was said to the model, the curator's words and the visitor's.
        sample_rate: In Hz.
        seed: Of the piece; its clips share it.
        place: Of the clip in its piece: 0 is the beginning. What comes before is made from the same receipt.
        picture_path: Where the picture lay.
        fingerprint: Hash of the picture's pixels as the model was given them.
        image_embeds: What the model saw in the picture, float32 in hexadecimal: the picture is not needed.
        num_threads: Of torch: sums come out differently, in their last digits, with another number.
        versions: Of the libraries.
        gain_db: What the piece was levelled by.
        stage_seconds: What it took.
        year: When the work was made, where its label says so: instruments of the time play.
        country: Where the work comes from, likewise: instruments at home there play rather.
    """

    sampling: Sampling
    prompt: str
    sample_rate: int
    seed: int
    place: int
    picture_path: str
    fingerprint: str
    image_embeds: str
    num_threads: int
    versions: Mapping[str, str]
    gain_db: float | None = None
    stage_seconds: Mapping[str, float] | None = None
    year: int | None = None
    country: str | None = None

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Take a receipt out of JSON; what this version does not know is passed over.

        Raises: ValueError if something is missing.
        """
        names = {field.name for field in fields(cls)}
        try:
            known = {name: value for name, value in values.items() if name in names}
            return cls(**known | {"sampling": Sampling(**values["sampling"])})
        except (KeyError, TypeError) as error:
            raise ValueError(f"an incomplete receipt ({error})") from error
