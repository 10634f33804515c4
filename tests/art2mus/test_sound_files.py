from pathlib import Path

import numpy as np
import pytest
import soundfile

from art2mus.sound_files import UnreadableSoundError, list_sounds, load_mono, read_sound


def tone(sample_rate: int, length_s: float = 0.5) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * 440.0 * np.arange(round(length_s * sample_rate)) / sample_rate)


def test_sounds_are_listed_by_name_and_nothing_else(tmp_path: Path) -> None:
    for name in ("b.FLAC", "a.wav", "notes.mid", "a.json"):
        (tmp_path / name).touch()
    assert [path.name for path in list_sounds(tmp_path)] == ["a.wav", "b.FLAC"]


@pytest.mark.parametrize("name", ["nowhere", "."])
def test_a_folder_without_sound_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileNotFoundError, match="no sound here"):
        list_sounds(tmp_path / name)


@pytest.mark.parametrize("suffix", ["wav", "flac", "mp3", "ogg"])
def test_a_tone_stays_the_tone_at_another_rate(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"tone.{suffix}"
    soundfile.write(path, np.stack([tone(48_000), tone(48_000)], axis=1), 48_000)
    mono = load_mono(path, 16_000)
    assert mono.dtype == np.float32
    middle = slice(2000, 6000)
    spectrum = np.abs(np.fft.rfft(mono[middle] * np.hanning(4000)))
    assert spectrum.argmax() * 16_000 / 4000 == pytest.approx(440.0, abs=4.0)
    assert np.abs(mono[middle]).max() == pytest.approx(0.5, abs=0.02)


def test_channels_are_averaged(tmp_path: Path) -> None:
    path = tmp_path / "stereo.wav"
    soundfile.write(path, np.stack([tone(16_000), -tone(16_000)], axis=1), 16_000, subtype="FLOAT")
    assert read_sound(path)[0].shape == (8000, 2)
    assert load_mono(path, 16_000) == pytest.approx(np.zeros(8000))


def test_what_is_not_sound_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSoundError, match="there is no such file"):
        read_sound(tmp_path / "gone.wav")
    (tmp_path / "text.wav").write_text("hello")
    with pytest.raises(UnreadableSoundError, match="not sound that can be read"):
        read_sound(tmp_path / "text.wav")
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), 16_000)
    with pytest.raises(UnreadableSoundError, match=r"empty; make it again"):
        read_sound(tmp_path / "empty.wav")
    for sample in (np.nan, np.inf, 3e38):
        soundfile.write(tmp_path / "damaged.wav", np.full((9, 2), sample), 16_000, subtype="FLOAT")
        with pytest.raises(UnreadableSoundError, match=r"damaged; make it again"):
            read_sound(tmp_path / "damaged.wav")


def test_whole_numbers_that_were_saved_as_they_are_stay_numbers(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "loud.wav", -(2.0**31) * np.sign(tone(48_000)), 48_000, subtype="FLOAT")
    mono = load_mono(tmp_path / "loud.wav", 16_000)
    assert np.isfinite(np.abs(np.fft.rfft(mono).astype(np.complex64)) ** 2).all()
