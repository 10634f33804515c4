"""Music made of plain harmonic tones, for known truths about what is heard in it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 22_050
MAJOR, MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)


def tone(pitch: float, length_s: float, decay: float = 0.6, num_partials: int = 8) -> NDArray[np.float32]:
    """A tone with partials, each `decay` as strong as the one before, and a soft end.

    Shape: (samples,).
    """
    time_s = np.arange(round(length_s * SAMPLE_RATE)) / SAMPLE_RATE
    frequency = 440.0 * 2.0 ** ((pitch - 69) / 12)
    partials = [decay**n * np.sin(2 * np.pi * (n + 1) * frequency * time_s) for n in range(num_partials)]
    shape = np.minimum(1.0, time_s / 0.01) * np.exp(-1.5 * time_s) * np.minimum(1.0, (length_s - time_s) / 0.02)
    return np.asarray(np.sum(partials, axis=0) * shape * 0.1, dtype=np.float32)


def progression(
    scale: Sequence[int] = MAJOR, quarter_s: float = 0.5, tonic: int = 48, decay: float = 0.6, num_chords: int = 8
) -> NDArray[np.float32]:
    """I IV V I in triads over a bass, a chord per two quarters, with a broken chord above.

    Shape: (samples,).
    """
    length = round(2 * quarter_s * SAMPLE_RATE)
    music = np.zeros((num_chords + 1) * length, dtype=np.float32)

    def add(start: int, degree: int, length_s: float) -> None:
        sound = tone(tonic + 12 * (degree // 7) + scale[degree % 7], length_s, decay)
        music[start : start + len(sound)] += sound

    for number in range(num_chords):
        root = (0, 3, 4, 0)[number % 4]
        for degree in (root, root + 7, root + 9, root + 11):
            add(number * length, degree, 2 * quarter_s)
        for place, degree in enumerate((14, 16, 18, 16)):
            add(number * length + place * length // 4, root + degree, quarter_s / 2)
    return music[: num_chords * length]
