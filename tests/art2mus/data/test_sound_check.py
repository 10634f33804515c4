"""Files of every kind: whole, cut off, damaged, silent."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from art2mus.data.sound_check import SILENT_BELOW_DB, SoundFacts, measure_sound_file, reason_to_reject

SAMPLE_RATE = 44_100
LENGTH_S = 4.0
KINDS = ("mp3", "ogg", "flac", "wav")


def write(path: Path, amplitude: float = 0.5, length_s: float = LENGTH_S) -> Path:
    time_s = np.arange(round(length_s * SAMPLE_RATE)) / SAMPLE_RATE
    sine = amplitude * np.sin(2 * np.pi * 440.0 * time_s)
    soundfile.write(path, np.stack([sine, sine], axis=1), SAMPLE_RATE)
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_file_is_good_and_its_facts_are_known(kind: str, tmp_path: Path) -> None:
    facts = measure_sound_file(write(tmp_path / f"a.{kind}"))
    assert facts.error == ""
    assert facts.duration_s == facts.stated_s == LENGTH_S
    assert facts.sample_rate == SAMPLE_RATE
    # A sine's mean square is half its amplitude's.
    assert facts.rms_db == pytest.approx(10 * np.log10(0.5**2 / 2), abs=0.2)
    assert reason_to_reject(facts) == reason_to_reject(facts, LENGTH_S) == ""


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_was_cut_off_is_corrupt(kind: str, tmp_path: Path) -> None:
    path = write(tmp_path / f"a.{kind}")
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    assert reason_to_reject(measure_sound_file(path)).startswith("corrupt: ")


@pytest.mark.parametrize("kind", ["mp3", "ogg", "flac"])
def test_a_file_that_was_damaged_is_corrupt(kind: str, tmp_path: Path) -> None:
    path = write(tmp_path / f"a.{kind}", length_s=10.0)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 3000] = np.random.default_rng(0).bytes(3000)
    path.write_bytes(content)
    assert reason_to_reject(measure_sound_file(path)).startswith("corrupt: ")


def test_what_is_no_sound_is_told_by_its_reason(tmp_path: Path) -> None:
    (tmp_path / "empty.mp3").touch()
    (tmp_path / "text.mp3").write_text("not music " * 1000)
    soundfile.write(tmp_path / "none.wav", np.zeros((0, 2)), SAMPLE_RATE)
    soundfile.write(tmp_path / "nan.wav", np.full(100, np.nan), SAMPLE_RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "huge.wav", np.full(100, 3e38), SAMPLE_RATE, subtype="FLOAT")
    reasons = {
        name: reason_to_reject(measure_sound_file(tmp_path / name))
        for name in ("empty.mp3", "text.mp3", "none.wav", "nan.wav", "huge.wav", "gone.mp3")
    }
    assert reasons == {
        "empty.mp3": "corrupt: empty file",
        "text.mp3": "corrupt: not an audio file",
        "none.wav": "corrupt: no sound in it",
        "nan.wav": "corrupt: samples that no sound has",
        "huge.wav": "corrupt: samples that no sound has",
        "gone.mp3": "unreadable: No such file or directory",
    }


def test_silence_is_what_lies_below_the_threshold(tmp_path: Path) -> None:
    def amplitude(rms_db: float) -> float:
        return float(np.sqrt(2.0) * 10 ** (rms_db / 20))

    audible = measure_sound_file(write(tmp_path / "a.flac", amplitude(SILENT_BELOW_DB + 1)))
    faint = measure_sound_file(write(tmp_path / "b.flac", amplitude(SILENT_BELOW_DB - 1)))
    nothing = measure_sound_file(write(tmp_path / "c.flac", 0.0))
    assert [reason_to_reject(facts) for facts in (audible, faint, nothing)] == ["", "silent: -61 dB", "silent: -200 dB"]


def test_a_file_without_a_length_of_its_own_is_held_to_the_metadata() -> None:
    facts = SoundFacts(duration_s=12.0, stated_s=12.0, sample_rate=SAMPLE_RATE, rms_db=-20.0)
    assert reason_to_reject(facts) == ""
    assert reason_to_reject(facts, 29.5) == "corrupt: 12.0 s of the 29.5 s that the metadata state"
    assert reason_to_reject(facts, 12.5) == ""


def test_tags_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.ogg"
    with soundfile.SoundFile(path, "w", SAMPLE_RATE, 1) as sound:
        sound.title, sound.artist, sound.genre = "Night  Piece", "Anna B.", "Ambient"
        sound.write(0.1 * np.ones(SAMPLE_RATE))
    facts = measure_sound_file(path)
    assert (facts.title, facts.artist, facts.genre) == ("Night Piece", "Anna B.", "Ambient")
