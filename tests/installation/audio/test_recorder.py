from pathlib import Path

import numpy as np
import pytest
import soundfile

from installation.audio.recorder import HEADER_BYTES, Recorder, wav_header
from tests.installation.audio.sounds import tone

RATE = 8000


def test_file_holds_exactly_what_was_given(tmp_path: Path) -> None:
    samples = tone(3.0, rate=RATE)
    recorder = Recorder(tmp_path / "a.wav", RATE)
    recorder.ring.write(samples)
    recorder.close()
    read, rate = soundfile.read(tmp_path / "a.wav", dtype="float32")
    assert rate == RATE
    np.testing.assert_array_equal(read, samples)


def test_goes_on_after_a_gap(tmp_path: Path) -> None:
    path, samples = tmp_path / "a.wav", tone(0.5, rate=RATE)
    for gap_s in (None, 0.25):
        recorder = Recorder(path, RATE, gap_s=gap_s)
        recorder.ring.write(samples)
        recorder.close()
    read, _ = soundfile.read(path, dtype="float32")
    np.testing.assert_array_equal(read, np.concatenate([samples, np.zeros((RATE // 4, 2), np.float32), samples]))


def test_killed_writer_leaves_a_valid_file(tmp_path: Path) -> None:
    """Samples behind the last header are found again when the recording goes on."""
    path, samples = tmp_path / "a.wav", tone(0.5, rate=RATE)
    path.write_bytes(wav_header(RATE, 1000) + samples.tobytes() + b"half")
    read, _ = soundfile.read(path, dtype="float32")
    np.testing.assert_array_equal(read, samples[:1000])
    Recorder(path, RATE, gap_s=0.0).close()
    read, _ = soundfile.read(path, dtype="float32")
    np.testing.assert_array_equal(read, samples)


def test_begins_anew_without_a_gap(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"x" * 1000)
    Recorder(tmp_path / "a.wav", RATE).close()
    assert len(soundfile.read(tmp_path / "a.wav")[0]) == 0


def test_unwritable_path_says_so(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="no folder"):
        Recorder(tmp_path / "no folder" / "a.wav", RATE)


def test_beyond_4_gb_the_header_says_rf64_in_the_same_room() -> None:
    small, large = wav_header(48000, 1000), wav_header(48000, 600_000_000)
    assert len(small) == len(large) == HEADER_BYTES
    assert (small[:4], large[:4]) == (b"RIFF", b"RF64")
    assert int.from_bytes(large[28:36], "little") == 600_000_000 * 8
