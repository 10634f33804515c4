from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from installation.audio.clips import HEAD_S, Clip, ClipError, load_clip
from tests.installation.audio.sounds import power_db, tone

RATE = 8000


def written(path: Path, samples: np.ndarray, rate: int = RATE, subtype: str = "PCM_16") -> Path:
    soundfile.write(path, samples, rate, subtype=subtype)
    return path


@pytest.mark.parametrize("name", ["clip.flac", "clip.wav"])
def test_sixteen_bits_are_kept_as_they_are(tmp_path: Path, name: str) -> None:
    numbers = (tone(20.0, rate=RATE) * 32768).astype(np.int16)
    clip = load_clip(written(tmp_path / name, numbers), "work", RATE)
    assert clip.samples.dtype == np.int16
    np.testing.assert_array_equal(clip.samples, numbers)
    np.testing.assert_array_equal(clip.frames(3, 9), numbers[3:9] / np.float32(32768))


def test_floats_stay_floats(tmp_path: Path) -> None:
    samples = tone(1.0, rate=RATE)
    clip = load_clip(written(tmp_path / "clip.wav", samples, subtype="FLOAT"), "work", RATE)
    np.testing.assert_array_equal(clip.frames(0, len(clip)), samples)


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
def test_another_rate_is_the_same_tone_as_long(tmp_path: Path, subtype: str) -> None:
    clip = load_clip(written(tmp_path / "clip.wav", tone(2.0, 440, rate=44100), 44100, subtype), "work", 48000)
    assert len(clip) == pytest.approx(2.0 * 48000, abs=2)
    spectrum = np.abs(np.fft.rfft(clip.frames(0, 48000)[:, 0]))
    assert np.argmax(spectrum) == 440
    assert power_db(clip.frames(4800, 91200)) == pytest.approx(power_db(tone(1.0)), abs=0.05)


def test_one_channel_is_heard_on_both_sides_and_more_are_left_out(tmp_path: Path) -> None:
    mono = load_clip(written(tmp_path / "mono.wav", tone(1.0, rate=RATE)[:, 0]), "mono", RATE)
    np.testing.assert_array_equal(mono.samples[:, 0], mono.samples[:, 1])
    four = np.tile(tone(1.0, rate=RATE), 2)
    four[:, 2:] = 0
    assert load_clip(written(tmp_path / "four.wav", four), "four", RATE).samples.any()


def not_a_number() -> np.ndarray:
    samples = tone(1.0, rate=RATE)
    samples[5] = np.nan
    return samples


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        (np.zeros((RATE, 2), np.float32), "silence"),
        (tone(0.05, rate=RATE), "only 0.05 s"),
        (not_a_number(), "not a number"),
    ],
)
def test_what_is_no_music_is_refused_in_one_line(tmp_path: Path, samples: np.ndarray, reason: str) -> None:
    path = written(tmp_path / "clip.wav", samples, subtype="FLOAT")
    with pytest.raises(ClipError, match=reason) as caught:
        load_clip(path, "work", RATE)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("start_s", [0.0, 15.0])
def test_a_clip_can_be_played_before_all_of_it_is_decoded(tmp_path: Path, start_s: float) -> None:
    numbers = (tone(40.0, rate=RATE) * 32768).astype(np.int16)
    told: list[tuple[Clip, int]] = []

    def tell(clip: Clip) -> None:
        told.append((clip, np.count_nonzero(clip.samples.any(axis=1))))

    clip = load_clip(written(tmp_path / "clip.flac", numbers), "work", RATE, tell, start_s)
    ((early, num_ready),) = told
    assert early is clip
    assert (start_s + HEAD_S) * RATE <= num_ready < 30.0 * RATE
    np.testing.assert_array_equal(clip.samples, numbers)


def test_a_clip_that_plays_already_ends_where_the_damage_begins(tmp_path: Path) -> None:
    samples = tone(40.0, rate=RATE)
    samples[30 * RATE] = np.nan
    path = written(tmp_path / "clip.wav", samples, subtype="FLOAT")
    told: list[Clip] = []
    with pytest.raises(ClipError, match="not a number"):
        load_clip(path, "work", RATE, told.append)
    (clip,) = told
    assert HEAD_S * RATE <= len(clip) <= 30 * RATE
    np.testing.assert_array_equal(clip.samples, samples[: len(clip)])


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ClipError, match=r"gone\.flac: no such file"):
        load_clip(tmp_path / "gone.flac", "work", RATE)


def without_length(path: Path) -> Path:
    """A FLAC file as an encoder leaves it that wrote into a pipe: 36 bits of its header say 0 frames."""
    data = bytearray(path.read_bytes())
    data[21] &= 0xF0
    data[22:26] = bytes(4)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("rate", [RATE, 48000])
def test_a_file_that_does_not_say_how_long_it_is_is_refused(tmp_path: Path, rate: int) -> None:
    path = without_length(written(tmp_path / "clip.flac", tone(1.0, rate=RATE)))
    with pytest.raises(ClipError, match=r"clip\.flac: its header does not say how long it is"):
        load_clip(path, "work", rate)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, 4000), at=st.integers(0, 3999), with_=st.binary(max_size=40))
def test_damaged_files_are_played_or_refused_never_worse(tmp_path: Path, cut: int, at: int, with_: bytes) -> None:
    path = tmp_path / "clip.flac"
    data = bytearray(written(path, tone(0.3, rate=RATE)).read_bytes())
    data[at : at + len(with_)] = with_
    path.write_bytes(data[: len(data) - min(cut, len(data))])
    try:
        clip = load_clip(path, "work", RATE)
    except ClipError as error:
        assert "\n" not in str(error)  # noqa: PT017
    else:
        assert clip.samples.any()
