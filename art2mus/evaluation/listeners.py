"""Who listens to the music of an evaluation: one for each metric, all through the same cache on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import art2mus
from art2mus.data.embedders import IMAGEBIND_MIN_S, IMAGEBIND_RATE
from art2mus.data.tables import DataError
from art2mus.digests import content_digest
from art2mus.images import load_artwork
from art2mus.metrics.affect import STANDARD_FILE, measure_sound
from art2mus.metrics.embedders import (
    AST,
    DISTANCE_NAMES,
    PASST,
    AudioEmbedder,
    FloatArray,
    Waveform,
    identity_of,
    load_classifier,
    load_embedder,
)
from art2mus.metrics.embedding_cache import embed_sounds, kept
from art2mus.metrics.sound_affect import ANALYSIS_RATE
from art2mus.models import load_imagebind

if TYPE_CHECKING:
    from art2mus.imagebind import ImageBind

EMBEDDERS: Mapping[str, str] = {"fd-musicnn": "musicnn", "fad": "vggish", "fad-clap": "clap"}
"""Which embedder of `DISTANCE_NAMES` each distance between sets listens with."""


@dataclass(frozen=True)
class Heard:
    """What a listener says about the true tracks and about the clips made for them.

    Shape: each element (num_windows, dim).
    """

    truths: list[FloatArray]
    clips: list[list[FloatArray]]

    @property
    def all_clips(self) -> list[FloatArray]:
        """Those of all items, one after the other."""
        return [clip for of_item in self.clips for clip in of_item]


class AffectListener:
    """An `AudioEmbedder` whose one point is the affect of the whole."""

    name = "affect"
    sample_rate = ANALYSIS_RATE

    @property
    def identity(self) -> str:
        """Changes with the scale, and with the version that measures."""
        return f"affect-{art2mus.__version__}-{hashlib.sha256(STANDARD_FILE.read_bytes()).hexdigest()[:12]}"

    def embed(self, waveform: Waveform) -> FloatArray:
        """Shape: waveform (audio_frames,); result (1, 6)."""
        return measure_sound(waveform, self.sample_rate)[None]


class ImageBindListener:
    """An `AudioEmbedder` whose one point is the mean of three clips of two seconds; and one point for a picture.

    Args:
        model: ImageBind's two towers.
    """

    name = "ImageBind"
    sample_rate = IMAGEBIND_RATE

    def __init__(self, model: ImageBind) -> None:
        self._model = model

    @cached_property
    def identity(self) -> str:
        """Changes with the weights, and with how pictures are looked at."""
        return identity_of("imagebind", self._model)

    def embed(self, waveform: Waveform) -> FloatArray:
        """Shape: waveform (audio_frames,); result (1, dim)."""
        # What is too short to be heard is repeated, as by the other listeners.
        long_enough = np.resize(waveform, max(len(waveform), round(IMAGEBIND_MIN_S * self.sample_rate)))
        return np.asarray(self._model.encode_audio([long_enough], self.sample_rate).cpu())

    def embed_picture(self, path: Path) -> FloatArray:
        """Embed a picture, or find what is kept of it.

        Shape: (dim,).
        Raises: UnreadableImageError.
        """

        def compute() -> FloatArray:
            return np.asarray(self._model.encode([load_artwork(path)])[0].cpu())

        return kept(self.identity, content_digest(path), compute)


def load_listener(metric: str, weights: str | None) -> AudioEmbedder:
    """Load who listens for a metric of the settings.

    Raises: ModelMissingError.
    """
    if metric in EMBEDDERS:
        return load_embedder(EMBEDDERS[metric], weights)
    return _OTHERS[metric](weights)


def listen(listener: AudioEmbedder, truths: Sequence[Path], clips: Sequence[Sequence[Path]]) -> Heard:
    """Hear every file once.

    Raises: DataError, naming a file that cannot be read.
    """
    paths = list(dict.fromkeys([*truths, *(path for of_item in clips for path in of_item)]))
    embedded = embed_sounds(paths, listener)
    if embedded.failed:
        raise DataError("\n".join(list(embedded.failed.values())[:2]))
    windows = dict(zip(embedded.paths, embedded.windows, strict=True))
    return Heard([windows[path] for path in truths], [[windows[path] for path in of_item] for of_item in clips])


def distance_name(metric: str) -> str:
    """What the distance is called that a metric of the settings computes."""
    return DISTANCE_NAMES[EMBEDDERS[metric]]


def _load_imagebind(weights: str | None) -> AudioEmbedder:
    return ImageBindListener(load_imagebind(weights or "imagebind"))


def _load_classifier(weights: str | None) -> AudioEmbedder:
    """AST's kind is a folder or a name, PaSST a file, or "passt" for the file in its usual place."""
    if weights == PASST:
        return load_classifier(PASST)
    return load_classifier(PASST if weights is not None and Path(weights).is_file() else AST, weights)


_OTHERS: Mapping[str, Callable[[str | None], AudioEmbedder]] = {
    "affect": lambda _: AffectListener(),
    "clap-score": lambda weights: load_embedder("clap", weights),
    "ibsc": _load_imagebind,
    "kl": _load_classifier,
}
