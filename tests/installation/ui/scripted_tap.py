"""A tap that plays from a script, and music to put into it: everything a test of the ui needs to hear."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from installation.messages import ClipInfo, HeardClip, SoundingNote

SAMPLE_RATE = 48_000


@dataclass
class ScriptedTap:
    """Plays what is in `script`: clips with the time at which their first sample is heard, and gains over time.

    Attributes:
        script: (clip id, monotonic time of its beginning, function from that time to its gain).
        is_sounding: Whether `samples` has a chord in it.
    """

    script: list[tuple[str, float, float]] = field(default_factory=list)
    is_sounding: bool = True
    is_closed: bool = False

    def heard(self, now_s: float) -> tuple[HeardClip, ...]:
        return tuple(
            HeardClip(clip_id, now_s - start_s, gain) for clip_id, start_s, gain in self.script if now_s >= start_s
        )

    def samples(self, num_frames: int, now_s: float) -> npt.NDArray[np.float32]:
        if not self.is_sounding:
            return np.zeros((num_frames, 2), dtype=np.float32)
        time_s = now_s + (np.arange(num_frames) - num_frames) / SAMPLE_RATE
        tone = np.zeros(num_frames)
        for pitch, level in ((38, 0.12), (45, 0.1), (50, 0.09), (57, 0.07), (62, 0.05), (66, 0.04), (69, 0.03)):
            hz = 440 * 2 ** ((pitch - 69) / 12)
            swell = 0.6 + 0.4 * math.sin(now_s * 0.7 + pitch)
            for overtone in range(1, 9):
                tone += swell * level / overtone**1.5 * np.sin(2 * np.pi * overtone * hz * time_s)
        hiss = np.random.default_rng(int(now_s * 1000)).normal(0, 0.0015, num_frames)
        return np.stack([tone + hiss] * 2, axis=1).astype(np.float32)

    def sample_rate(self) -> int:
        return SAMPLE_RATE

    def close(self) -> None:
        self.is_closed = True


def phrase(seed: int, length_s: float, quarter_s: float = 0.72) -> tuple[SoundingNote, ...]:
    """Chords under a melody that mostly steps, in D minor: what the composer's clips look like."""
    draw = random.Random(seed)
    scale = [2, 4, 5, 7, 9, 10, 0]
    notes: list[SoundingNote] = []

    def pitch(degree: int) -> int:
        return 36 + 12 * ((degree + 1) // 7) + scale[degree % 7] + (0 if degree % 7 < 6 else 12)

    at_s, degree = 0.0, 23
    while at_s < length_s - 0.01:
        quarters = draw.choice([0.5, 0.5, 1, 1, 1, 1.5, 2, 3])
        degree = min(31, max(17, degree + draw.choice([-2, -1, -1, 0, 1, 1, 2])))
        duration = min(quarters * quarter_s, length_s - at_s)
        if draw.random() > 0.1:
            notes.append(SoundingNote(at_s, 0.96 * duration, pitch(degree), draw.randint(60, 105), 0))
        at_s += duration
    at_s = 0.0
    while at_s < length_s - 0.01:
        duration = min(4 * quarter_s, length_s - at_s)
        root = draw.choice([0, 3, 4, 5, 2])
        for index, step in enumerate((0, 4, 7, 9, 11)[: draw.randint(3, 5)]):
            held = duration if draw.random() < 0.7 else duration / 2
            late = 0.0 if index == 0 else 0.02 * index
            notes.append(SoundingNote(at_s + late, held - late - 0.03, pitch(root + step), draw.randint(45, 75), 1))
        at_s += duration
    return tuple(sorted(notes, key=lambda note: note.onset_s))


def make_clip(clip_id: str, artwork_id: str, seed: int, length_s: float, continues: str | None = None) -> ClipInfo:
    return ClipInfo(
        clip_id, artwork_id, Path(f"{clip_id}.flac"), length_s, SAMPLE_RATE, phrase(seed, length_s), continues
    )
