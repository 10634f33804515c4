"""Where a clip goes round without being noticed: found by cross-correlation, not assumed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]

WINDOW = 2048
HOP = 512
MAX_SEARCHED = 1 << 19
"""How many frames of the beginning of a long clip are looked at: 11 s at 48 kHz."""
NUM_BANDS = 256
"""Up to 6 kHz at 48 kHz: where notes have their tones."""
AT_A_TIME = 64
"""So many windows are transformed at once: all of them would take several times the clip's memory."""


def find_loop(samples: FloatArray, joint: int) -> int:
    """How far back a clip sounds most like its end: the length of its best loop.

    First the bars: the stretch whose spectrum, moment by moment, is most like that of the last `joint` frames.
    Then the phase: within one hop to either side, where the waves themselves agree best.

    Args:
        samples: The clip.
        joint: Length of the fade from its end into the stretch that is found, in frames.

    Shape: samples (audio_frames, channels).
    Returns: Frames to go back, from half the clip (or `MAX_SEARCHED` less than the most) to the clip without the joint.

    >>> period = np.random.default_rng(1).standard_normal((20_000, 2)).astype(np.float32)
    >>> find_loop(np.concatenate([period, period[:5000]]), joint=5000)
    20000
    """
    mono = samples.mean(axis=1, dtype=np.float32)
    longest = len(mono) - joint
    shortest = min(max(len(mono) // 2, longest - MAX_SEARCHED), longest)
    likeness = _likeness_of_spectra(mono, joint, shortest, longest)
    rough = longest - HOP * int(np.argmax(likeness))
    return _agreement(mono, joint, max(shortest, rough - HOP), min(longest, rough + HOP))


def _likeness_of_spectra(mono: FloatArray, joint: int, shortest: int, longest: int) -> FloatArray:
    """For loops of the longest length, of one hop less, and so on: 1 is the same music at the same level."""
    num_windows = max(1, (joint - WINDOW) // HOP + 1)
    end = spectra(mono, len(mono) - joint, num_windows)
    num_lengths = (longest - shortest) // HOP + 1
    beginning = spectra(mono, 0, num_windows + num_lengths - 1)
    energy = np.square(beginning).sum(axis=1)
    return np.array(
        [
            2 * np.vdot(end, beginning[k : k + num_windows])
            / (np.square(end).sum() + energy[k : k + num_windows].sum() + 1e-12)
            for k in range(num_lengths)
        ]
    )  # fmt: skip


def spectra(mono: FloatArray, start: int, num_windows: int) -> FloatArray:
    """What sounds, moment by moment: magnitudes in loudness-like steps, of a window every `HOP` frames from `start` on.

    Shape: mono (audio_frames,); result (num_windows, bands).
    """
    needed = (num_windows - 1) * HOP + WINDOW
    part = mono[start : start + needed]
    part = np.pad(part, (0, needed - len(part)))
    windows = np.lib.stride_tricks.sliding_window_view(part, WINDOW)[::HOP]
    taper = np.hanning(WINDOW).astype(np.float32)
    spectra = np.empty((num_windows, NUM_BANDS), np.float32)
    for first in range(0, num_windows, AT_A_TIME):
        some = slice(first, first + AT_A_TIME)
        spectra[some] = np.sqrt(np.abs(np.fft.rfft(windows[some] * taper)[:, :NUM_BANDS]))
    return spectra


def _agreement(mono: FloatArray, joint: int, shortest: int, longest: int) -> int:
    """The length between two at which the end and what lies so far back differ least, sample by sample."""
    end = mono[len(mono) - joint :]
    first = len(mono) - joint - longest
    back = mono[first : first + joint + longest - shortest]
    size = 1 << (len(back) + joint).bit_length()
    products = np.fft.irfft(np.fft.rfft(back, size) * np.conj(np.fft.rfft(end, size)), size)
    sums = np.concatenate([[0.0], np.cumsum(np.square(back, dtype=np.float64))])
    energy = sums[joint:] - sums[:-joint]
    likeness = 2 * products[: len(energy)] / (energy + np.square(end, dtype=np.float64).sum() + 1e-12)
    return longest - int(np.argmax(likeness))
