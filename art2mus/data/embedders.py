"""What turns pictures, sound and text into vectors of one space, for one kind of item each."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from art2mus.data.tables import DataError
from art2mus.images import load_artwork
from art2mus.metrics.affect import AFFECT_DIMENSIONS, STANDARD_FILE, measure_picture, measure_sound
from art2mus.models import ModelMissingError, cache_folder, load_imagebind, locate_imagebind
from art2mus.models.identity import IDENTITIES_FILE, identify_imagebind
from art2mus.sound_files import UnreadableSoundError, read_sound

if TYPE_CHECKING:
    import torch

FloatArray = NDArray[np.float32]
Compute = Callable[[list[Any]], FloatArray]

IMAGEBIND_RATE = 16_000
IMAGEBIND_MIN_S = 0.025


@dataclass(frozen=True)
class Embedder:
    """Embeds items of one kind.

    Attributes:
        read: Makes of a file, or a text, what the model takes; needs no model, and runs in other processes.
        load_model: Gives the model, on a device: what was read of some items → (len, dim).
        is_normalised: Whether the vectors have length 1.
        comparison: How vectors of two kinds are compared: their "cosine", or the "standardised cosine", for which each
            side is first brought to mean 0 and deviation 1 over its collection.
        parameters: What else the vectors depend on.
    """

    read: Callable[[Any], Any]
    load_model: Callable[[torch.device], Compute]
    is_normalised: bool
    comparison: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


def make_embedder(name: str, kind: str, weights: Path | None = None, tokenizer: str | None = None) -> Embedder:
    """Make ready to embed; the model is loaded later.

    Args:
        name: "affect" or "imagebind".
        kind: What the items are: "image", "audio" or "text".
        weights: ImageBind's file, or the folder of a saved model; None looks into the folder of models.
        tokenizer: CLIP's, for text: a folder, or a name on the hub; None is a usual one.

    Raises: DataError if this embedder knows no such items, or if its weights are missing.
    """
    return _affect(kind) if name == "affect" else _imagebind(kind, weights, tokenizer)


def _affect(kind: str) -> Embedder:
    readers = {"image": read_picture_affect, "audio": read_sound_affect}
    if kind not in readers:
        raise DataError(f"affect: measures pictures and sound, not {kind}; take --embedder imagebind")
    standard = hashlib.sha256(STANDARD_FILE.read_bytes()).hexdigest()
    parameters = {"dimensions": list(AFFECT_DIMENSIONS), "standard_sha256": standard}
    return Embedder(readers[kind], lambda _device: np.stack, False, "standardised cosine", parameters)


def read_picture_affect(path: Path) -> FloatArray:
    """Measure the affect of a picture.

    Shape: (6,).
    Raises: UnreadableImageError.
    """
    return measure_picture(load_artwork(path))


def read_sound_affect(path: Path) -> FloatArray:
    """Measure the affect of a track.

    Shape: (6,).
    Raises: UnreadableSoundError.
    """
    return measure_sound(*read_sound(path))


def _imagebind(kind: str, weights: Path | None, tokenizer: str | None) -> Embedder:
    try:
        path = locate_imagebind(weights or "imagebind")
    except ModelMissingError as error:
        raise DataError(f"imagebind: {error}\n  (--embedder affect needs no weights)") from error

    def load_model(device: torch.device) -> Compute:
        if kind == "text":
            return _text_model(path, tokenizer, device)
        model = load_imagebind(path).to(device)
        if kind == "image":
            return lambda pictures: _unit_rows(model.encode(pictures))
        return lambda sounds: _unit_rows(model.encode_audio(sounds, IMAGEBIND_RATE))

    readers: dict[str, Callable[[Any], Any]] = {"image": load_artwork, "audio": read_first_channel, "text": str}
    parameters = {"weights_sha256": identify_imagebind(path, cache_folder() / IDENTITIES_FILE)}
    return Embedder(readers[kind], load_model, True, "cosine", parameters)


def _text_model(path: Path, tokenizer: str | None, device: torch.device) -> Compute:
    from transformers import CLIPTokenizer

    from art2mus.checkpoints import CheckpointError
    from art2mus.imagebind_text import DEFAULT_TOKENIZER, ImageBindText
    from art2mus.metrics.embedders import load_published

    try:
        (words,) = load_published(tokenizer or DEFAULT_TOKENIZER, CLIPTokenizer)
        model = ImageBindText.load(path).to(device)
    except (CheckpointError, ModelMissingError) as error:
        raise DataError(f"imagebind: {error}") from error
    return lambda texts: _unit_rows(model.encode(texts, words))


def read_first_channel(path: Path) -> FloatArray:
    """Read a track for ImageBind, which hears the first channel only.

    Shape: (audio_frames,), at `IMAGEBIND_RATE`.
    Raises: UnreadableSoundError.
    """
    import soxr

    samples, sample_rate = read_sound(path)
    if len(samples) < IMAGEBIND_MIN_S * sample_rate:
        raise UnreadableSoundError(f"{path}: {len(samples) / sample_rate:.3f} s are too short to be heard")
    return np.asarray(soxr.resample(samples[:, 0], sample_rate, IMAGEBIND_RATE), np.float32)


def _unit_rows(embeds: torch.Tensor) -> FloatArray:
    rows = embeds.float().cpu().numpy()
    result: FloatArray = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return result
