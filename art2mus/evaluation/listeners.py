"""Who listens to the music of an evaluation: one for each metric, all through the same cache on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import art2mus
from art2mus.data.tables import DataError
from art2mus.metrics.affect import STANDARD_FILE, measure_sound
from art2mus.metrics.embedders import DISTANCE_NAMES, AudioEmbedder, FloatArray, Waveform, load_embedder
from art2mus.metrics.embedding_cache import embed_sounds
from art2mus.metrics.sound_affect import ANALYSIS_RATE

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


def _load_classifier(weights: str | None) -> AudioEmbedder:
    from art2mus.metrics.kl import SoundClassifier

    return SoundClassifier.from_pretrained(weights)


_OTHERS: Mapping[str, Callable[[str | None], AudioEmbedder]] = {
    "affect": lambda _: AffectListener(),
    "kl": _load_classifier,
}
