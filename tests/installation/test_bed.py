import itertools
from pathlib import Path

import numpy as np
import pytest
import soundfile

import installation
from art2mus.codec.score import MELODY, NUM_ROWS, PAD
from installation.audio.clips import load_clip
from installation.audio.mixer import LOOP_JOINT_S
from installation.audio.voice import Voice
from installation.bed import SAMPLE_RATE, compose
from installation.loudness import loudness
from tests.installation.audio.sounds import true_peak_db

BED = Path(installation.__file__).parent / "gallery" / "bed.flac"
JOINT = round(LOOP_JOINT_S * SAMPLE_RATE)


def test_bundled_bed_is_levelled() -> None:
    waveform, rate = soundfile.read(BED, dtype="float32")
    assert (rate, waveform.shape[1]) == (SAMPLE_RATE, 2)
    assert 60 < len(waveform) / rate < 90
    assert loudness(waveform, rate) == pytest.approx(-23.0, abs=0.3)
    assert true_peak_db(waveform) <= -1.0


def test_bundled_bed_goes_round_without_a_seam() -> None:
    bed = load_clip(BED, "bed", SAMPLE_RATE)
    np.testing.assert_array_equal(bed.samples[-JOINT:], bed.samples[:JOINT])
    period = len(bed) - JOINT
    twice = Voice(bed, JOINT, start=period - SAMPLE_RATE).read(3 * SAMPLE_RATE)
    once = np.concatenate([bed.frames(period - SAMPLE_RATE, period), bed.frames(0, 2 * SAMPLE_RATE)])
    np.testing.assert_allclose(twice, once, atol=1e-6)


def test_score_sings_with_one_voice_and_holds_what_chords_share() -> None:
    score = compose()
    melody = [note for note in score.notes if note.layer == MELODY]
    assert all(one.end <= other.onset for one, other in itertools.pairwise(melody))
    for row in range(NUM_ROWS):
        held = [note for note in score.notes if note.layer == PAD and note.row == row]
        assert all(one.end < other.onset for one, other in itertools.pairwise(held))
