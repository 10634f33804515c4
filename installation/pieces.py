"""Pieces of music as their receipts say, clip by clip: what the composer makes, and what can be made again.

torch is imported here and in the composer, and nowhere else in the kiosk.
"""

from __future__ import annotations

import gc
import hashlib
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import metadata
from typing import TYPE_CHECKING, Protocol

from installation.library.receipt import Receipt, Sampling
from installation.loudness import normalise

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image

    from art2mus.codec.interpretation import SoundingNote as PlayedNote
    from art2mus.codec.protocol import FloatArray
    from art2mus.pipeline import Art2MusPipeline

_LIBRARIES = ("art2mus", "diffusers", "numpy", "pyfluidsynth", "pyloudnorm", "scipy", "soxr", "torch", "transformers")

_REHEARSAL_STEPS = 2
_REHEARSAL_RATE = 48_000

StepListener = Callable[[int, int], None]
"""(steps done, steps in all) → None; what it raises ends the job."""


@dataclass(frozen=True, slots=True)
class Music:
    """A clip before it is levelled and written, and what it took by stage; `beat_s` as in `ClipInfo`."""

    waveform: FloatArray
    notes: tuple[PlayedNote, ...]
    stage_seconds: dict[str, float]
    beat_s: float = 0.0


class PieceInWork:
    """The music that follows from a receipt, from its beginning on, and how it is levelled.

    A piece whose `next_clip` has raised is to be closed: what would come next follows from no receipt any more.
    """

    def __init__(self, pipeline: Art2MusPipeline, receipt: Receipt) -> None:
        """Begin.

        Args:
            pipeline: The model that the receipt names.
            receipt: Of the piece's first clip, as far as it is known before.
        """
        kind = _ContinuousPiece if pipeline.codec.decoded_type == "score" else _ContinuousSound
        self._source: _Source = kind(pipeline, receipt)
        self.receipt = replace(receipt, place=-1, gain_db=None)
        """Of the last clip made; before the first, its place is -1."""

    def next_clip(self, on_step: StepListener) -> Music:
        """Make what comes next.

        Raises: NotFiniteError if it is no music; whatever `on_step` raises.
        """
        from art2mus.faults import require_finite

        music = self._source.next_clip(on_step)
        require_finite(music.waveform, "the waveform")
        self.receipt = replace(self.receipt, place=self.receipt.place + 1)
        return music

    def level(self, music: Music) -> FloatArray:
        """Bring a clip to the loudness of the piece, which the first one decides.

        Shape: result (audio_frames, 2).
        """
        sampling, gain_db = self.receipt.sampling, self.receipt.gain_db
        waveform, gain_db = normalise(
            music.waveform, self.receipt.sample_rate, target_lufs=sampling.loudness_lufs, gain_db=gain_db
        )
        self.receipt = replace(self.receipt, gain_db=gain_db)
        return waveform

    def close(self) -> None:
        """Free what it holds; more than once does no harm."""
        self._source.close()


# ---------------------------------------------------------------- what a receipt says


def fingerprint(image: Image) -> str:
    """Hash the pixels of a picture: the same in every file that shows the same picture."""
    return hashlib.sha256(f"{image.mode} {image.size}".encode() + image.tobytes()).hexdigest()[:32]


def see(pipeline: Art2MusPipeline, image: Image) -> str:
    """What the model sees in a picture, as a receipt keeps it."""
    import torch

    with torch.no_grad():
        image_embeds, _ = pipeline.encode_artwork(image)
    assert image_embeds is not None, "a picture went in"
    return image_embeds[0].float().cpu().numpy().tobytes().hex()


def _seen(receipt: Receipt) -> torch.Tensor:
    """What `see` gave. Shape: (1, embedding_dim)."""
    import numpy as np
    import torch

    return torch.from_numpy(np.frombuffer(bytes.fromhex(receipt.image_embeds), np.float32).copy())[None]


def rehearse(pipeline: Art2MusPipeline, sampling: Sampling, num_clips: int = 2) -> None:
    """Make the beginning of a piece for a grey picture, in few steps.

    By then everything has been compiled and allocated for every shape that the show will ask for.
    """
    from PIL import Image

    receipt = Receipt(
        sampling=replace(sampling, num_inference_steps=_REHEARSAL_STEPS),
        prompt="",
        sample_rate=_REHEARSAL_RATE,
        seed=0,
        place=0,
        picture_path="",
        fingerprint="",
        image_embeds=see(pipeline, Image.new("RGB", (256, 256), "grey")),
        num_threads=1,
        versions={},
    )
    piece = PieceInWork(pipeline, receipt)
    try:
        for _ in range(num_clips):
            piece.next_clip(lambda _step, _num_steps: None)
    finally:
        piece.close()


def release_memory() -> None:
    """Give back what nobody uses any more, the graphics card's included."""
    import torch

    gc.collect()
    if torch.cuda.is_initialized():
        torch.cuda.empty_cache()


def versions() -> dict[str, str]:
    """Of everything that has a part in how the music comes out."""
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        **{name: metadata.version(name) for name in _LIBRARIES},
    }


# ---------------------------------------------------------------- where the music comes from


class _Source(Protocol):
    """Music for one work, clip by clip."""

    def next_clip(self, on_step: StepListener) -> Music: ...

    def close(self) -> None: ...


class _ContinuousPiece:
    """A model that writes notes: every clip goes on where the last one ended."""

    def __init__(self, pipeline: Art2MusPipeline, receipt: Receipt) -> None:
        from art2mus.piece import Piece

        sampling = receipt.sampling
        self._piece = Piece(
            pipeline,
            prompt=receipt.prompt or None,
            image_embeds=_seen(receipt),
            seed=receipt.seed,
            negative_prompt=sampling.negative_prompt,
            sample_rate=receipt.sample_rate,
            num_inference_steps=sampling.num_inference_steps,
            guidance_scale=sampling.guidance_scale,
            year=receipt.year,
            country=receipt.country,
            num_candidates=sampling.num_candidates,
        )

    def next_clip(self, on_step: StepListener) -> Music:
        denoising = _Denoising(on_step)
        stretch = self._piece.next_stretch(on_step=denoising.listen)
        seconds = denoising.split(stretch.compose_s) | {"perform": stretch.perform_s}
        beat_s = 60.0 / self._piece.performance.quarter_bpm
        return Music(stretch.rendering.waveform, stretch.rendering.notes, seconds, beat_s)

    def close(self) -> None:
        self._piece.close()


class _ContinuousSound:
    """A model that writes sound: every clip goes on where the last one ended, at the rate of the device."""

    def __init__(self, pipeline: Art2MusPipeline, receipt: Receipt) -> None:
        import soxr

        from art2mus.sound_piece import SoundPiece

        sampling = receipt.sampling
        self._piece = SoundPiece(
            pipeline,
            prompt=receipt.prompt or None,
            image_embeds=_seen(receipt),
            seed=receipt.seed,
            negative_prompt=sampling.negative_prompt,
            num_inference_steps=sampling.num_inference_steps,
            guidance_scale=sampling.guidance_scale,
            num_candidates=sampling.num_candidates,
        )
        self._resampler = soxr.ResampleStream(self._piece.sample_rate, receipt.sample_rate, 1)

    def next_clip(self, on_step: StepListener) -> Music:
        denoising = _Denoising(on_step)
        stretch = self._piece.next_stretch(on_step=denoising.listen)
        seconds = denoising.split(stretch.compose_s + stretch.decode_s)
        return Music(self._resampler.resample_chunk(stretch.waveform).repeat(2, axis=1), (), seconds)

    def close(self) -> None:
        pass


class _Denoising:
    """Passes steps on, and tells afterwards how much of the time they took."""

    def __init__(self, on_step: StepListener) -> None:
        self._on_step = on_step
        self._began_s = self._last_s = time.perf_counter()

    def listen(self, step: int, num_steps: int) -> None:
        self._last_s = time.perf_counter()
        self._on_step(step, num_steps)

    def split(self, total_s: float) -> dict[str, float]:
        denoise_s = self._last_s - self._began_s
        return {"denoise": denoise_s, "decode": max(0.0, total_s - denoise_s)}
