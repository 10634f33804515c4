"""The seam of a loop: found where the music comes round, and no more of an event than the music's own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from installation.app import BED_PATH
from installation.audio.clips import Clip, load_clip
from installation.audio.mixer import LOOP_JOINT_S
from installation.audio.seam import find_loop
from installation.audio.voice import Voice
from installation.works import BUNDLED_GALLERY
from tests.installation.audio.sounds import RATE, FloatArray, clip, tone

JOINT = round(LOOP_JOINT_S * RATE)
HOP = RATE // 20
ROUNDING = 1e-6
"""Of dB, or of a spectrum: in a piece of even tones nothing else happens."""


def with_seam(clip: Clip) -> Clip:
    return replace(clip, loop_length=find_loop(clip.frames(0, len(clip)), JOINT))


def looped(clip: Clip) -> tuple[FloatArray, int]:
    """The clip to its end and as far round as it goes again, and the frame at which the seam begins."""
    return Voice(clip, JOINT).read(len(clip) + len(clip) // 3), len(clip) - JOINT


def level_steps(samples: FloatArray) -> FloatArray:
    """By how many dB the level of 0.4 s differs from that of the 0.4 s before, twenty times a second."""
    power = np.square(samples.astype(np.float64)).mean(axis=1)
    window = 8 * HOP
    sums = np.concatenate([[0.0], np.cumsum(power)])
    levels = 10 * np.log10((sums[window::HOP] - sums[:-window:HOP]) / window + 1e-9)
    return np.abs(levels[8:] - levels[:-8])


def spectral_steps(samples: FloatArray) -> FloatArray:
    """How much of the spectrum of 0.1 s is not that of the 0.1 s before, twenty times a second: 0 to 1."""
    windows = np.lib.stride_tricks.sliding_window_view(samples.mean(axis=1), 2 * HOP)[::HOP]
    spectra = np.abs(np.fft.rfft(windows * np.hanning(2 * HOP)))[:, :600]
    before, after = spectra[:-2], spectra[2:]
    return np.abs(after - before).sum(axis=1) / (after + before).sum(axis=1)


def assert_inaudible(clip: Clip, tolerance: float = 0.001) -> None:
    """Nothing at the seam is more of an event than what happens in the piece itself, up to a share of that."""
    samples, begin = looped(clip)
    for measure in (level_steps, spectral_steps):
        steps = measure(samples)
        own, seam = steps[: begin // HOP - 10], steps[begin // HOP - 10 : (begin + JOINT) // HOP + 10]
        print(f"{measure.__name__}: at the seam {seam.max():.2f}, in the piece {own.max():.2f} at most")
        assert seam.max() <= (1 + tolerance) * own.max() + ROUNDING
    steps = np.abs(np.diff(samples, axis=0)).max(axis=1)
    assert steps[begin : begin + JOINT + 10].max() <= 1.1 * steps[:begin].max()


def melody(num_quarters: float) -> Clip:
    """Eight notes of half a second, again and again."""
    notes = [tone(0.5, 220 * 2 ** (step / 12)) for step in (0, 4, 7, 12, 11, 7, 5, 2)]
    bars = np.concatenate(notes * 4)
    return clip("melody", bars[: round(num_quarters * 0.5 * RATE)])


@pytest.mark.parametrize("num_quarters", [16, 19, 21.5, 30])
def test_a_melody_goes_round_in_whole_bars(num_quarters: float) -> None:
    found = find_loop(melody(num_quarters).samples, JOINT)
    assert found % (4 * RATE) in (0, 4 * RATE - 1, 1)
    assert_inaudible(with_seam(melody(num_quarters)))


def test_the_measures_hear_a_seam_in_the_wrong_place() -> None:
    wrong = replace(melody(21), loop_length=round(5.25 * RATE))
    with pytest.raises(AssertionError):
        assert_inaudible(wrong)


def test_the_bed_goes_round_by_its_period_to_the_sample() -> None:
    bed = load_clip(BED_PATH, "bed", RATE)
    assert find_loop(bed.frames(0, len(bed)), JOINT) == len(bed) - JOINT
    assert_inaudible(with_seam(bed))


@pytest.fixture(scope="module")
def mini_clips() -> list[Clip]:
    """Two pieces of the bundled model, of which the second goes on."""
    from art2mus.images import load_artwork
    from art2mus.models import load_pipeline
    from art2mus.piece import Piece

    pipeline, clips = load_pipeline("mini"), []
    for number, picture in enumerate(sorted(BUNDLED_GALLERY.glob("*.jpg"))[:2]):
        piece = Piece(pipeline, load_artwork(picture), seed=number, sample_rate=RATE)
        stretches = [piece.next_stretch() for _ in range(1 + number)]
        piece.close()
        clips += [clip(f"{picture.stem}", stretch.rendering.waveform) for stretch in stretches]
    return clips


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("index", [0, 1, 2])
def test_the_music_of_mini_goes_round_inaudibly(mini_clips: list[Clip], index: int) -> None:
    # A twentieth of the largest step of a piece of seconds is a quarter of a dB: less than can be told apart.
    assert_inaudible(with_seam(mini_clips[index]), tolerance=0.05)
