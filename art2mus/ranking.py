"""Which of several clips suits its subject best."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from art2mus.affect_encoder import AffectEncoder
from art2mus.codec.protocol import Clip, FloatArray
from art2mus.imagebind import ImageBind
from art2mus.metrics.affect import measure_sound

Ranker = Callable[[Sequence[FloatArray], int, Sequence[FloatArray]], list[float | None]]
"""(waveforms, each (audio_frames, channels); sample_rate; for each its subject, (embedding_dim,)) → similarities;
higher is nearer, None is for a subject that sound cannot be compared with."""


def ranker_of(image_encoder: object) -> Ranker | None:
    """Give the ranker that hears sound in the space in which an encoder sees pictures."""
    if isinstance(image_encoder, ImageBind):
        return image_encoder.similarities if image_encoder.config.hears else None
    return affect_similarities if isinstance(image_encoder, AffectEncoder) else None


def affect_similarities(
    waveforms: Sequence[FloatArray], sample_rate: int, subjects: Sequence[FloatArray]
) -> list[float | None]:
    """Say how near the affect of each sound is to the one asked for: the negative distance, in standard deviations.

    Shape: each waveform (audio_frames, channels); each subject (6,).
    """
    heard = [measure_sound(waveform, sample_rate) for waveform in waveforms]
    return [-float(np.linalg.norm(affect - subject)) for affect, subject in zip(heard, subjects, strict=True)]


def rank(clips: Sequence[Clip], subjects: Sequence[FloatArray | None], ranker: Ranker, sample_rate: int) -> list[Clip]:
    """Put the candidates of each subject in order, the most similar first; all of them are heard at once.

    Args:
        clips: Equally many for each subject, one subject after another. Without sound they stay as they are.
        subjects: What they are about; None where nobody knows, which leaves them as they are.
        ranker: Measures clips.
        sample_rate: Of the waveforms, in Hz.
    """
    num_candidates = len(clips) // len(subjects)
    heard = [
        (index, clip.waveform, subject)
        for index, (clip, subject) in enumerate(
            zip(clips, [subject for subject in subjects for _ in range(num_candidates)], strict=True)
        )
        if clip.waveform is not None and subject is not None
    ]
    measured = list(clips)
    if heard:
        places, waveforms, wanted = zip(*heard, strict=True)
        for index, similarity in zip(places, ranker(waveforms, sample_rate, wanted), strict=True):
            measured[index] = replace(clips[index], similarity=similarity)
    ranked: list[Clip] = []
    for begin in range(0, len(measured), num_candidates):
        ranked += sorted(measured[begin : begin + num_candidates], key=lambda clip: -(clip.similarity or 0.0))
    return ranked
