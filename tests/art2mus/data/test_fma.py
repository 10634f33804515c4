"""A small FMA, with its metadata as they are published."""

import shutil
from pathlib import Path

import pytest

from art2mus.data.__main__ import main
from art2mus.data.catalogue import TRACK_COLUMNS, Catalogue
from art2mus.data.fma_metadata import read_tracks
from art2mus.data.tables import DataError, read_rows
from tests.art2mus.data.test_sound_check import write

TRACKS = """\
,album,album,artist,set,track,track,track,track
,comments,information,name,subset,duration,genre_top,genres,title
track_id,,,,,,,,
2,0,"<p>A, ""long""
story</p>",AWOL,large,4,Hip-Hop,[21],Food
5,0,,AWOL,large,168,,"[25, 12]",This  World
10,0,,Kurt Vile,large,161,Pop,[10],Freeway
140,0,,Nicky Cook,large,4,,[],Queen Of The Wires
"""
GENRES = """\
genre_id,#tracks,parent,title,top_level
12,32923,0,Rock,12
21,12201,0,Hip-Hop,21
25,9261,12,Punk,12
"""


@pytest.fixture
def fma(tmp_path: Path) -> Path:
    folder = tmp_path / "fma_large"
    (folder / "000").mkdir(parents=True)
    write(folder / "000" / "000002.mp3")
    write(folder / "000" / "000005.mp3")  # 4 s, of which the metadata state 168, of a clip of 30
    write(folder / "000" / "000140.mp3", amplitude=0.0)
    write(folder / "untitled.ogg")
    metadata = tmp_path / "fma_metadata"
    metadata.mkdir()
    (metadata / "tracks.csv").write_text(TRACKS)
    (metadata / "genres.csv").write_text(GENRES)
    return folder


def run(*words: object) -> int:
    return main([str(word) for word in ("fma", *words, "--processes", 1)])


def test_tracks_are_catalogued_and_the_corrupt_and_silent_ones_listed(
    fma: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "data" / "tracks.csv"
    assert run(fma, "-o", out, "--metadata", tmp_path / "fma_metadata") == 0
    catalogue = Catalogue.load(out, fma)
    assert catalogue.files == ("000/000002.mp3", "untitled.ogg")
    assert catalogue.rows[0] == dict(
        zip(TRACK_COLUMNS, ("000/000002.mp3", "Food", "AWOL", "Hip-Hop", "4.000", "44100"), strict=True)
    )
    assert read_rows(tmp_path / "data" / "tracks.rejected.csv", ["file"]) == [
        {"file": "000/000005.mp3", "reason": "corrupt: 4.0 s of the 29.5 s that the metadata state"},
        {"file": "000/000140.mp3", "reason": "silent: -200 dB"},
    ]
    printed = capsys.readouterr().out
    assert "2 tracks of 4 files" in printed
    assert "2 left out (1 corrupt, 1 silent)" in printed
    assert "1 tracks of the metadata have no file here" in printed


def test_a_folder_of_audio_needs_no_metadata_and_nothing_is_decoded_twice(
    fma: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "tracks.csv"
    assert run(fma, "-o", out) == 0
    log = (tmp_path / "tracks.checked.jsonl").read_text()
    assert len(log.split()) > 4
    first = out.read_text()
    assert run(fma, "-o", out, "--metadata", tmp_path / "fma_metadata", "--clip-seconds", 4) == 0
    assert (tmp_path / "tracks.checked.jsonl").read_text() == log
    assert "000/000005.mp3,,,,4.000" in first
    assert "000/000005.mp3,This World,AWOL,Rock,4.000" in out.read_text()


def test_without_a_good_file_no_catalogue_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "a.mp3").write_text("not music")
    assert run(tmp_path / "music", "-o", tmp_path / "tracks.csv") == 2
    assert "not one of 1 files can be used" in capsys.readouterr().err
    assert not (tmp_path / "tracks.csv").exists()
    assert (tmp_path / "tracks.rejected.csv").exists()


def test_genres_are_top_level_ones_as_far_as_they_are_known(fma: Path, tmp_path: Path) -> None:
    folder = tmp_path / "fma_metadata"
    assert [track.genre for track in read_tracks(folder).values()] == ["Hip-Hop", "Rock", "Pop", ""]
    (folder / "genres.csv").unlink()
    assert [track.genre for track in read_tracks(folder).values()] == ["Hip-Hop", "", "Pop", ""]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no such file; name the folder fma_metadata"),
        ("", "has no column track/title, artist/name"),
        ("track_id,title\n2,Food\n", "has no column track/title"),
        (TRACKS.replace("140,0", "abc,0"), "not as FMA publishes it"),
        (TRACKS[:-40], "not as FMA publishes it"),
        (TRACKS.replace("[]", "5"), r"not as FMA publishes it \(track/genres is 5, not a list\)"),
    ],
)
def test_other_metadata_are_told(content: str | None, words: str, fma: Path, tmp_path: Path) -> None:
    path = tmp_path / "fma_metadata" / "tracks.csv"
    path.unlink()
    if content is not None:
        path.write_text(content)
    with pytest.raises(DataError, match=words):
        read_tracks(path.parent if content is None else path)


def test_missing_metadata_stop_the_command_before_anything_is_decoded(
    fma: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(tmp_path / "fma_metadata")
    assert run(fma, "-o", tmp_path / "tracks.csv", "--metadata", tmp_path / "fma_metadata") == 2
    assert "no such file" in capsys.readouterr().err
    assert not (tmp_path / "tracks.checked.jsonl").exists()
