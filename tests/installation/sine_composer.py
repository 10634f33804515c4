"""A composer that keeps the contract and needs no model: every clip is one long note.

Run by the supervisor like the real one. A picture whose name contains "unreadable" fails.
"""

from __future__ import annotations

import time
import uuid

import numpy as np
import soundfile

from installation.library import begin_clip, finish_clip
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
)
from installation.settings import ComposerSettings

LENGTH_S = 6.0
NUM_STEPS = 4


def main(channel: ComposerChannel, settings: ComposerSettings) -> None:
    channel.send(ComposerReady("sine", 0.0))
    held: str | None = None
    while not isinstance(message := channel.receive(None), Shutdown):
        if not isinstance(message, Compose):
            if isinstance(message, Cancel):
                channel.send(ComposeCancelled(message.job_id))
            continue
        if "unreadable" in message.picture_path.name:
            reason = f"{message.picture_path.name} cannot be read"
            channel.send(ComposeFailed(message.job_id, reason, is_unreadable=True))
            continue
        if message.continues is not None and message.continues != held:
            channel.send(ComposeFailed(message.job_id, "not held here", is_lost_piece=True))
            continue
        began_s = time.perf_counter()
        for step in range(NUM_STEPS):
            channel.send(ComposeProgress(message.job_id, step + 1, NUM_STEPS))
        clip = _write(message, settings)
        held = clip.clip_id
        channel.send(ClipReady(message.job_id, clip, (("denoise", time.perf_counter() - began_s),)))


def _write(job: Compose, settings: ComposerSettings) -> ClipInfo:
    clip_id = uuid.uuid4().hex
    seconds = np.arange(round(LENGTH_S * job.sample_rate)) / job.sample_rate
    pitch = 48 + job.seed % 24
    wave = 0.1 * np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * seconds)
    unfinished = begin_clip(settings.library_dir, clip_id)
    soundfile.write(unfinished, np.stack([wave, wave], axis=1), job.sample_rate, subtype="PCM_24")
    clip = ClipInfo(
        clip_id,
        job.artwork_id,
        settings.library_dir / f"{clip_id}.flac",
        LENGTH_S,
        job.sample_rate,
        (SoundingNote(0.0, LENGTH_S, pitch, 80, 0),),
        job.continues,
    )
    finish_clip(settings.library_dir, unfinished, clip, {"model": "sine"})
    return clip
