"""Excerpts: of one length, spread over their tracks, and bad tracks listed."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from art2mus.data.__main__ import main
from art2mus.data.tables import read_rows
from tests.art2mus.data.collections import cut_off

RATE = 8_000


@pytest.fixture
def tracks(tmp_path: Path) -> Path:
    """A ramp of 10 s, whose samples say when they are; one that is cut off, one that is short."""
    ramp = np.linspace(0.0, 1.0, 10 * RATE, endpoint=False, dtype=np.float32)
    (tmp_path / "folder").mkdir()
    for name, sound in (("folder/ramp.flac", ramp), ("broken.mp3", ramp), ("short.flac", ramp[:RATE])):
        soundfile.write(tmp_path / name, sound, RATE)
    cut_off(tmp_path / "broken.mp3")
    lines = ["file,duration_s,genre", "folder/ramp.flac,10.0,drone", "broken.mp3,10.0,", "short.flac,1.0,"]
    (tmp_path / "tracks.csv").write_text("\n".join(lines) + "\n")
    return tmp_path / "tracks.csv"


def cut(catalogue: Path, *words: str) -> int:
    return main(["cut", str(catalogue), "-o", str(catalogue.parent / "out"), "--processes", "1", *words])


def test_excerpts_are_spread_over_the_track(tracks: Path) -> None:
    assert cut(tracks, "--seconds", "2", "--per-track", "2") == 0
    rows = read_rows(tracks.parent / "out" / "tracks.csv", ["file", "duration_s", "genre"])
    assert [row["file"] for row in rows][:2] == ["folder_ramp-1.flac", "folder_ramp-2.flac"]
    assert (rows[0]["duration_s"], rows[0]["genre"]) == ("2.000", "drone")
    for row, begin in zip(rows[:2], (2.0, 6.0), strict=True):
        sound, rate = soundfile.read(tracks.parent / "out" / row["file"])
        assert (rate, len(sound)) == (RATE, 2 * RATE)
        assert sound[0] == pytest.approx(begin / 10.0, abs=1e-4)
    rejected = {
        row["file"]: row["reason"]
        for row in read_rows(tracks.parent / "out" / "tracks.rejected.csv", ["file", "reason"])
    }
    assert rejected["short.flac"] == "short: less than 2 s"
    assert "ends before 8.0 s" in rejected["broken-2.flac"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [(["--seconds", "60"], "no track of 60 s or more"), (["--seconds", "2"], "no length in a column 'duration_s'")],
)
def test_mistakes_are_explained(
    words: list[str], expected: str, tracks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if "column" in expected:
        tracks.write_text("file\nshort.flac\n")
    assert cut(tracks, *words) == 2
    error = capsys.readouterr().err
    assert expected in error
    assert error.count("\n") == 1
    assert not (tracks.parent / "out" / "tracks.csv").exists()


def test_tracks_of_one_name_do_not_stand_in_for_each_other(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    names = ["a/b.flac", "a/b.wav", "a_b.wav"]
    for number, name in enumerate(names, start=1):
        soundfile.write(tmp_path / name, np.full(RATE, number / 8, np.float32), RATE)
    (tmp_path / "tracks.csv").write_text("\n".join(["file,duration_s", *(f"{name},1.0" for name in names), ""]))
    assert cut(tmp_path / "tracks.csv", "--seconds", "0.5") == 0
    rows = read_rows(tmp_path / "out" / "tracks.csv", ["file"])
    levels = [soundfile.read(tmp_path / "out" / row["file"])[0][0] for row in rows]
    assert levels == pytest.approx([1 / 8, 2 / 8, 3 / 8], abs=1e-3)


def test_what_flac_cannot_hold_costs_only_itself(tracks: Path) -> None:
    soundfile.write(tracks.parent / "many.wav", np.zeros((2 * RATE, 9), np.float32), RATE)
    soundfile.write(tracks.parent / "fast.wav", np.zeros(1_400_000, np.float32), 700_000)
    tracks.write_text(tracks.read_text() + "many.wav,2.0,\nfast.wav,2.0,\n")
    assert cut(tracks, "--seconds", "2") == 0
    rejected = read_rows(tracks.parent / "out" / "tracks.rejected.csv", ["file", "reason"])
    reasons = {row["file"]: row["reason"] for row in rejected}
    assert all("FLAC cannot hold" in reasons[f"{name}-1.flac"] for name in ("many", "fast"))
    assert (tracks.parent / "out" / "folder_ramp-1.flac").is_file()


def test_excerpts_of_other_tracks_are_not_taken_for_these(tracks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cut(tracks, "--seconds", "2") == 0
    tracks.write_text(tracks.read_text().replace("ramp.flac,10.0", "ramp.flac,9.0"))
    assert cut(tracks, "--seconds", "2") == 2
    assert "holds files made otherwise" in capsys.readouterr().err


@pytest.mark.parametrize("length", ["0", "-1", "inf", "nan"])
def test_a_length_is_above_nothing(length: str, tracks: Path) -> None:
    with pytest.raises(SystemExit):
        cut(tracks, "--seconds", length)
