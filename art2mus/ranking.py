"""Which of several clips suits its subject best."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from art2mus.affect_encoder import AffectEncoder
from art2mus.codec.protocol import Clip, FloatArray
from art2mus.imagebind import ImageBind
from art2mus.metrics.affect import measure_sound

Ranker = Callable[[FloatArray, int, FloatArray], float | None]
"""(waveform (audio_frames, channels), sample_rate, subject (embedding_dim,)) → similarity; higher is nearer, None is
for a subject that sound cannot be compared with."""


def ranker_of(image_encoder: object) -> Ranker | None:
    """Give the ranker that hears sound in the space in which an encoder sees pictures."""
    if isinstance(image_encoder, ImageBind):
        return image_encoder.similarity
    return affect_similarity if isinstance(image_encoder, AffectEncoder) else None


def affect_similarity(waveform: FloatArray, sample_rate: int, subject: FloatArray) -> float:
    """Say how near the affect of a sound is to the affect asked for: the negative distance, in standard deviations.

    Shape: waveform (audio_frames, channels); subject (6,).
    """
    return -float(np.linalg.norm(measure_sound(waveform, sample_rate) - subject))


def rank(clips: Sequence[Clip], subjects: Sequence[FloatArray | None], ranker: Ranker, sample_rate: int) -> list[Clip]:
    """Put the candidates of each subject in order, the most similar first.

    Args:
        clips: Equally many for each subject, one subject after another. Without sound they stay as they are.
        subjects: What they are about; None where nobody knows, which leaves them as they are.
        ranker: Measures one clip.
        sample_rate: Of the waveforms, in Hz.
    """
    num_candidates = len(clips) // len(subjects)
    ranked: list[Clip] = []
    for item, subject in enumerate(subjects):
        candidates = list(clips[item * num_candidates : (item + 1) * num_candidates])
        if subject is not None:
            candidates = [
                clip if clip.waveform is None else replace(clip, similarity=ranker(clip.waveform, sample_rate, subject))
                for clip in candidates
            ]
        ranked += sorted(candidates, key=lambda clip: -(clip.similarity or 0.0))
    return ranked
