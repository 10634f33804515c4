"""The composer process: it holds the model and makes one clip after the other.

The contract is in `messages`; anything that keeps it can stand in this one's place. torch is imported here and
nowhere else in the kiosk, and only once the process is told how many threads it may use.
"""

from __future__ import annotations

import logging
import os
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import soundfile

from installation.library import begin_clip, finish_clip
from installation.loudness import normalise
from installation.messages import (
    Cancel,
    ClipInfo,
    ClipReady,
    Compose,
    ComposeCancelled,
    ComposeFailed,
    ComposeProgress,
    ComposerChannel,
    ComposerHeartbeat,
    ComposerReady,
    Shutdown,
    SoundingNote,
    ToComposer,
)
from installation.settings import ComposerSettings

if TYPE_CHECKING:
    from PIL.Image import Image

    from art2mus.codec.interpretation import SoundingNote as PlayedNote
    from art2mus.codec.protocol import FloatArray
    from art2mus.pipeline import Art2MusPipeline

_STEPS_AFTER_DENOISING = 3  # decode, perform, write

_log = logging.getLogger(__name__)


def main(channel: ComposerChannel, settings: ComposerSettings) -> None:
    """Load the model, then compose what is asked for until told to leave."""
    _be_considerate(settings)
    began_s = time.monotonic()
    from art2mus.models import ModelMissingError, load_pipeline

    try:
        pipeline = load_pipeline(settings.model)
    except ModelMissingError as error:
        _log.error("no composer: %s", " ".join(str(error).split()))
        return
    channel.send(ComposerReady(settings.model, time.monotonic() - began_s))
    Composer(channel, settings, pipeline).run()


def _be_considerate(settings: ComposerSettings) -> None:
    """Leave the processor to sound and picture; must come before torch is imported.

    Source: waiting OpenMP threads that spin made a small model 3 to 10 times slower beside busy processes.
    """
    os.environ.update(OMP_WAIT_POLICY="passive", GOMP_SPINCOUNT="0", OMP_NUM_THREADS=str(settings.num_threads))
    os.environ.setdefault("DIFFUSERS_VERBOSITY", "error")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    if hasattr(os, "nice"):
        os.nice(settings.niceness)
    import torch

    torch.set_num_threads(settings.num_threads)


class _CancelledError(Exception):
    """The job in work is not wanted any more."""


class _ShutdownError(Exception):
    """Shutdown came in the middle of a job."""


class _LostPieceError(Exception):
    """The piece to be continued is not held here."""


StepListener = Callable[[int, int], None]
"""(steps done, steps in all) → None; what it raises ends the job."""


@dataclass(frozen=True, slots=True)
class _Music:
    """A clip before it is levelled and written, and what it took by stage."""

    waveform: FloatArray
    notes: tuple[PlayedNote, ...]
    stage_seconds: dict[str, float]


class _Source(Protocol):
    """Music for one work, clip by clip."""

    def next_clip(self, on_step: StepListener) -> _Music: ...

    def close(self) -> None: ...


class _ContinuousPiece:
    """A model that writes notes: every clip goes on where the last one ended."""

    def __init__(self, pipeline: Art2MusPipeline, image: Image, job: Compose, settings: ComposerSettings) -> None:
        from art2mus.piece import Piece

        self._piece = Piece(
            pipeline,
            image,
            settings.prompt or None,
            seed=job.seed,
            negative_prompt=settings.negative_prompt,
            sample_rate=job.sample_rate,
            num_inference_steps=settings.num_inference_steps,
            guidance_scale=settings.guidance_scale,
        )

    def next_clip(self, on_step: StepListener) -> _Music:
        denoising = _Denoising(on_step)
        stretch = self._piece.next_stretch(on_step=denoising.listen)
        seconds = denoising.split(stretch.compose_s) | {"perform": stretch.perform_s}
        return _Music(stretch.rendering.waveform, stretch.rendering.notes, seconds)

    def close(self) -> None:
        self._piece.close()


class _ContinuousSound:
    """A model that writes sound: every clip goes on where the last one ended, at the rate of the device."""

    def __init__(self, pipeline: Art2MusPipeline, image: Image, job: Compose, settings: ComposerSettings) -> None:
        import soxr

        from art2mus.sound_piece import SoundPiece

        self._piece = SoundPiece(
            pipeline,
            image,
            settings.prompt or None,
            seed=job.seed,
            negative_prompt=settings.negative_prompt,
            num_inference_steps=settings.num_inference_steps,
            guidance_scale=settings.guidance_scale,
        )
        self._resampler = soxr.ResampleStream(self._piece.sample_rate, job.sample_rate, 1)

    def next_clip(self, on_step: StepListener) -> _Music:
        denoising = _Denoising(on_step)
        stretch = self._piece.next_stretch(on_step=denoising.listen)
        seconds = denoising.split(stretch.compose_s + stretch.decode_s)
        return _Music(self._resampler.resample_chunk(stretch.waveform).repeat(2, axis=1), (), seconds)

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


@dataclass(slots=True)
class _Held:
    """A piece that may go on: its last clip, and how it is levelled."""

    source: _Source
    sample_rate: int
    last_clip_id: str | None = None
    gain_db: float | None = None


class Composer:
    """Does jobs in the order they come; between two steps of one it listens for a change of mind."""

    def __init__(self, channel: ComposerChannel, settings: ComposerSettings, pipeline: Art2MusPipeline) -> None:
        self._channel = channel
        self._settings = settings
        self._pipeline = pipeline
        self._waiting: deque[Compose] = deque()
        self._held: _Held | None = None
        self._job_id = ""
        self._num_steps = 0
        self._stage_seconds: dict[str, float] = {}

    def run(self) -> None:
        """Work until told to leave."""
        try:
            while True:
                if not self._waiting:
                    self._hear(self._channel.receive(None))
                while self._waiting:
                    self._do(self._waiting.popleft())
        except _ShutdownError:
            return

    def _hear(self, message: ToComposer | None) -> None:
        match message:
            case Compose():
                self._waiting.append(message)
            case Cancel(job_id) if job_id == self._job_id:
                raise _CancelledError
            case Cancel(job_id):
                cancelled = [job for job in self._waiting if job.job_id == job_id]
                self._waiting = deque(job for job in self._waiting if job.job_id != job_id)
                for job in cancelled:
                    self._channel.send(ComposeCancelled(job.job_id))
            case Shutdown():
                raise _ShutdownError

    def _do(self, job: Compose) -> None:
        from art2mus.codec.synthesizer import SynthesizerMissingError
        from art2mus.images import UnreadableImageError

        self._job_id, self._stage_seconds = job.job_id, {}
        try:
            clip = self._make(job)
        except _CancelledError:
            self._channel.send(ComposeCancelled(job.job_id))
        except _LostPieceError:
            self._channel.send(ComposeFailed(job.job_id, f"{job.continues} is not held here", is_lost_piece=True))
        except (UnreadableImageError, SynthesizerMissingError, soundfile.SoundFileError, OSError) as error:
            self._channel.send(ComposeFailed(job.job_id, " ".join(str(error).split())))
        else:
            self._channel.send(ClipReady(job.job_id, clip, tuple(self._stage_seconds.items())))
        finally:
            self._job_id = ""

    # ------------------------------------------------------------ one job

    def _make(self, job: Compose) -> ClipInfo:
        """One clip, from the picture to the file."""
        if job.continues is None:
            with self._stage("encode"):
                held = self._begin_piece(job)
        else:
            held = self._held_piece(job)
        music = held.source.next_clip(self._listen)
        self._stage_seconds |= music.stage_seconds
        with self._stage("write"):
            clip = self._write(job, held, music)
        held.last_clip_id = clip.clip_id
        return clip

    def _held_piece(self, job: Compose) -> _Held:
        held = self._held
        if held is None or held.last_clip_id != job.continues or held.sample_rate != job.sample_rate:
            raise _LostPieceError
        return held

    def _begin_piece(self, job: Compose) -> _Held:
        from art2mus.images import load_artwork

        image = load_artwork(job.picture_path)
        if self._held is not None:
            self._held.source.close()
            self._held = None
        kind = _ContinuousPiece if self._pipeline.codec.decoded_type == "score" else _ContinuousSound
        self._held = _Held(kind(self._pipeline, image, job, self._settings), job.sample_rate)
        return self._held

    def _listen(self, step: int, num_steps: int) -> None:
        """Between two steps: say how far it is, and hear whether it is still wanted."""
        self._num_steps += 1
        self._channel.send(ComposeProgress(self._job_id, "denoise", step, num_steps + _STEPS_AFTER_DENOISING))
        self._channel.send(ComposerHeartbeat(self._num_steps))
        while (message := self._channel.receive()) is not None:
            self._hear(message)

    def _write(self, job: Compose, held: _Held, music: _Music) -> ClipInfo:
        waveform, held.gain_db = normalise(
            music.waveform, job.sample_rate, target_lufs=self._settings.loudness_lufs, gain_db=held.gain_db
        )
        folder, clip_id = self._settings.library_dir, uuid.uuid4().hex[:16]
        clip = ClipInfo(
            clip_id=clip_id,
            artwork_id=job.artwork_id,
            audio_path=folder / f"{clip_id}.flac",
            length_s=len(waveform) / job.sample_rate,
            sample_rate=job.sample_rate,
            notes=tuple(SoundingNote(n.onset_s, n.duration_s, n.pitch, n.velocity, n.layer) for n in music.notes),
            continues=job.continues,
        )
        unfinished = begin_clip(folder, clip_id)
        try:
            soundfile.write(unfinished, waveform, job.sample_rate, format="FLAC", subtype="PCM_16")
            finish_clip(folder, unfinished, clip, self._receipt(job, held))
        finally:
            unfinished.unlink(missing_ok=True)  # a full disk leaves half a file
        return clip

    def _receipt(self, job: Compose, held: _Held) -> dict[str, Any]:
        return {
            "model": self._settings.model,
            "picture": job.picture_path.name,
            "seed": job.seed,
            "gain_db": held.gain_db,
            "stage_seconds": {stage: round(seconds, 4) for stage, seconds in self._stage_seconds.items()},
        }

    @contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        began_s = time.perf_counter()
        yield
        self._stage_seconds[name] = time.perf_counter() - began_s
