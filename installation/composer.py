"""The composer process: it holds the model and makes one clip after the other.

The contract is in `messages`; anything that keeps it can stand in this one's place. torch is imported only once the
process is told how many threads it may use.
"""

from __future__ import annotations

import logging
import os
import time
import uuid
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, NoReturn

import soundfile

from installation.library import begin_clip, finish_clip
from installation.library.files import make_room
from installation.library.receipt import Receipt, Sampling
from installation.messages import (
    Cancel,
    ClipInfo,
    ClipReady,
    Compose,
    ComposeCancelled,
    ComposeFailed,
    ComposeProgress,
    ComposerChannel,
    ComposerReady,
    Shutdown,
    SoundingNote,
    ToComposer,
)
from installation.pictures import load_apart
from installation.pieces import Music, PieceInWork, fingerprint, rehearse, release_memory, see, versions
from installation.places import cache_dir, identity_cache_path
from installation.settings import ComposerSettings, words_for

if TYPE_CHECKING:
    from art2mus.codec.protocol import FloatArray
    from art2mus.faults import Fault
    from art2mus.pipeline import Art2MusPipeline
    from art2mus.residency import Residency

FAULT_EXIT_CODE = 75
"""Of a composer that leaves because its memory, its graphics card or its numbers are gone; `sysexits.h` calls it a
temporary failure."""
_STEPS_AFTER_DENOISING = 3  # decode, perform, write

_log = logging.getLogger(__name__)


def main(channel: ComposerChannel, settings: ComposerSettings) -> None:
    """Load the model, then compose what is asked for until told to leave."""
    be_considerate(settings.num_threads, settings.niceness)
    began_s = time.monotonic()
    from art2mus.models import ModelMissingError
    from art2mus.models.identity import identify

    try:
        settings, residency = settle(settings)
        sampling = sampling_of(settings, identify(settings.model, identity_cache_path()), residency)
        pipeline = residency.load(cache_dir(), for_show=True)
        if residency.is_on_card:
            sampling = rehearsed(pipeline, sampling)
    except (ModelMissingError, OSError) as error:
        _log.error("no composer: %s", " ".join(str(error).split()))
        return
    except (AssertionError, MemoryError, RuntimeError) as error:  # torch asserts that it was built for a device
        _give_up(_fault_in(error), error)
    channel.send(ComposerReady(settings.model, time.monotonic() - began_s, sampling.key()))
    Composer(channel, settings, pipeline, sampling).run()


def settle(settings: ComposerSettings) -> tuple[ComposerSettings, Residency]:
    """Decide how the model lives on this machine; where it does not fit at all, the bundled one does.

    Raises: ModelMissingError.
    """
    from art2mus.residency import DoesNotFitError, Residency, decide

    try:
        residency = decide(settings.model, device=settings.device, num_candidates=settings.num_candidates)
    except DoesNotFitError as error:
        settings = settings.for_understudy()
        _log.warning("%s; %s composes", " ".join(str(error).split()), settings.model)
        return settings, Residency(settings.model)
    if residency.note:
        _log.warning("%s", residency.note)
    _log.info("%s", residency.statement())
    return settings, residency


def sampling_of(settings: ComposerSettings, identity: str, residency: Residency | None = None) -> Sampling:
    """How the model is asked, as receipts keep it."""
    from art2mus.residency import Residency

    residency = residency or Residency(settings.model, num_candidates=settings.num_candidates)
    return Sampling(
        model=settings.model,
        identity=identity,
        num_inference_steps=settings.num_inference_steps,
        guidance_scale=settings.guidance_scale,
        negative_prompt=settings.negative_prompt,
        loudness_lufs=settings.loudness_lufs,
        device=residency.device,
        dtype=residency.dtype,
        num_candidates=residency.num_candidates,
    )


def be_considerate(num_threads: int, niceness: int) -> None:
    """Leave the processor to sound and picture; must come before torch is imported.

    Source: waiting OpenMP threads that spin made a small model 3 to 10 times slower beside busy processes.
    """
    os.environ.update(OMP_WAIT_POLICY="passive", GOMP_SPINCOUNT="0", OMP_NUM_THREADS=str(num_threads))
    os.environ.setdefault("DIFFUSERS_VERBOSITY", "error")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    if hasattr(os, "nice"):
        os.nice(niceness)
    import torch

    torch.set_num_threads(num_threads)


def rehearsed(pipeline: Art2MusPipeline, sampling: Sampling) -> Sampling:
    """Compile and allocate everything before the first visitor comes; returns what there is memory for."""
    while True:
        try:
            rehearse(pipeline, sampling)
        except (MemoryError, RuntimeError) as error:
            sampling = with_fewer_candidates(sampling, _fault_in(error), error)
        else:
            return sampling


def with_fewer_candidates(sampling: Sampling, fault: Fault, error: BaseException) -> Sampling:
    """Half as many candidates, where as many have failed; where there is only one, or no card any more, leave."""
    from art2mus.faults import Fault

    number = sampling.num_candidates // 2
    if number == 0 or fault is Fault.DEVICE_LOST:
        _give_up(fault, error)
    _log.warning("%s; candidates for each clip from now on: %d", fault.value, number)
    error.__traceback__ = None  # it holds on to what was computed
    release_memory()
    return replace(sampling, num_candidates=number)


def _fault_in(error: BaseException) -> Fault:
    """The fault that an error is a sign of; any other error is raised again."""
    from art2mus.faults import fault_of

    fault = fault_of(error)
    if fault is None:
        raise error
    return fault


def _give_up(fault: Fault, error: BaseException) -> NoReturn:
    """Leave, to be started anew: what is wrong may end with this process."""
    _log.error("%s (%s); the composer is started anew", fault.value, " ".join(str(error).split())[:200])
    raise SystemExit(FAULT_EXIT_CODE)


class _CancelledError(Exception):
    """The job in work is not wanted any more."""


class _ShutdownError(Exception):
    """Shutdown came in the middle of a job."""


class _LostPieceError(Exception):
    """The piece to be continued is not held here."""


class Composer:
    """Does jobs in the order they come; between two steps of one it listens for a change of mind."""

    def __init__(
        self,
        channel: ComposerChannel,
        settings: ComposerSettings,
        pipeline: Art2MusPipeline,
        sampling: Sampling | None = None,
    ) -> None:
        self._channel = channel
        self._settings = settings
        self._pipeline = pipeline
        self._sampling = sampling or sampling_of(settings, identity="")
        self._versions = versions()
        self._waiting: deque[Compose] = deque()
        self._held: PieceInWork | None = None
        self._last_clip_id: str | None = None
        self._affect: tuple[tuple[str, float], ...] = ()
        self._is_disk_full = False
        self._job_id = ""
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
        except UnreadableImageError as error:
            self._channel.send(ComposeFailed(job.job_id, str(error), is_unreadable=not error.may_pass))
        except (SynthesizerMissingError, OSError) as error:
            self._channel.send(ComposeFailed(job.job_id, " ".join(str(error).split())))
        except (MemoryError, RuntimeError) as error:
            self._step_down(job, _fault_in(error), error)
        else:
            self._channel.send(ClipReady(job.job_id, clip, tuple(self._stage_seconds.items())))
        finally:
            self._job_id = ""

    def _step_down(self, job: Compose, fault: Fault, error: BaseException) -> None:
        """Try with fewer candidates what has failed with many.

        A piece that was to go on is lost, because what it would go on with follows from no receipt any more.
        """
        self._sampling = with_fewer_candidates(self._sampling, fault, error)
        if job.continues is None:
            self._waiting.appendleft(job)
        else:
            self._channel.send(ComposeFailed(job.job_id, fault.value, is_lost_piece=True))

    # ------------------------------------------------------------ one job

    def _make(self, job: Compose) -> ClipInfo:
        """One clip, from the picture to the file. A piece in which anything went wrong is not gone on with."""
        if job.continues is None:
            with self._stage("encode"):
                self._begin_piece(job)
        held, self._held = self._held_piece(job), None
        try:
            music = held.next_clip(self._listen)
            self._stage_seconds |= music.stage_seconds
            with self._stage("write"):
                clip = self._write(job, held, music)
        except BaseException:
            held.close()
            raise
        self._held, self._last_clip_id = held, clip.clip_id
        return clip

    def _held_piece(self, job: Compose) -> PieceInWork:
        held = self._held
        if held is None or self._last_clip_id != job.continues or held.receipt.sample_rate != job.sample_rate:
            raise _LostPieceError
        return held

    def _begin_piece(self, job: Compose) -> None:
        from art2mus.metrics.affect import AFFECT_DIMENSIONS, measure_picture

        image = load_apart(job.picture_path)
        if self._held is not None:
            self._held.close()
            self._held = None
        receipt = Receipt(
            sampling=self._sampling,
            prompt=words_for(self._settings.prompt, job.prompt),
            sample_rate=job.sample_rate,
            seed=job.seed,
            place=0,
            picture_path=str(job.picture_path),
            fingerprint=fingerprint(image),
            image_embeds=see(self._pipeline, image),
            num_threads=self._settings.num_threads,
            versions=self._versions,
            year=job.year,
            country=job.country,
        )
        self._held, self._last_clip_id = PieceInWork(self._pipeline, receipt), None
        self._affect = tuple(zip(AFFECT_DIMENSIONS, measure_picture(image).tolist(), strict=True))

    def _listen(self, step: int, num_steps: int) -> None:
        """Between two steps: say how far it is, and hear whether it is still wanted."""
        self._channel.send(ComposeProgress(self._job_id, step, num_steps + _STEPS_AFTER_DENOISING))
        while (message := self._channel.receive()) is not None:
            self._hear(message)

    def _write(self, job: Compose, held: PieceInWork, music: Music) -> ClipInfo:
        """Put a clip into the library; into memory where the disk does not take it, because the music goes on."""
        waveform = held.level(music)
        clip_id = uuid.uuid4().hex[:16]
        clip = ClipInfo(
            clip_id=clip_id,
            artwork_id=job.artwork_id,
            audio_path=self._settings.library_dir / f"{clip_id}.flac",
            length_s=len(waveform) / job.sample_rate,
            sample_rate=job.sample_rate,
            notes=tuple(SoundingNote(n.onset_s, n.duration_s, n.pitch, n.velocity, n.layer) for n in music.notes),
            continues=job.continues,
            affect=self._affect,
            prompt=held.receipt.prompt,
            beat_s=music.beat_s,
        )
        seconds = {stage: round(seconds, 4) for stage, seconds in self._stage_seconds.items()}
        receipt = replace(held.receipt, stage_seconds=seconds)
        spare_dir = self._settings.spare_dir
        try:
            write_clip(clip, waveform, receipt)
        except OSError as error:
            if spare_dir is None:
                raise
            if not self._is_disk_full:
                _log.warning("library: %s; music goes on from memory, and is not kept", " ".join(str(error).split()))
            self._is_disk_full = True
            clip = replace(clip, audio_path=spare_dir / clip.audio_path.name)
            write_clip(clip, waveform, receipt)
            make_room(spare_dir)
        else:
            self._is_disk_full = False
        return clip

    @contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        began_s = time.perf_counter()
        yield
        self._stage_seconds[name] = time.perf_counter() - began_s


def write_clip(clip: ClipInfo, waveform: FloatArray, receipt: Receipt) -> None:
    """Write a clip to where its path says, whole or not at all.

    Shape: waveform (audio_frames, 2).
    Raises: OSError when the disk does not take it.
    """
    folder = clip.audio_path.parent
    unfinished = begin_clip(folder, clip.clip_id)
    try:
        soundfile.write(unfinished, waveform, clip.sample_rate, format="FLAC", subtype="PCM_16")
        finish_clip(folder, unfinished, clip, asdict(receipt))
    except (ValueError, soundfile.SoundFileError) as error:  # neither says what the disk has said
        raise OSError(f"{clip.audio_path} cannot be written ({error}): is the disk full?") from error
    finally:
        unfinished.unlink(missing_ok=True)
