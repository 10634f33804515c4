"""From windows of scores to tracks, and from tracks paired with pictures to what mini's projection learns from."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from art2mus.data.__main__ import main
from art2mus.data.composed import compose
from art2mus.data.embeddings import Embeddings
from art2mus.data.pair_table import PairTable
from art2mus.data.pairs import Pairs
from art2mus.data.perform import window_of
from art2mus.data.tables import DataError, read_rows
from art2mus.data.windows import Windows
from art2mus.images import load_artwork
from art2mus.metrics.affect import measure_picture
from tests.art2mus.data.collections import add_pictures, write_catalogue

NUM_TRACKS = 8


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Performed windows, pictures, and the embeddings of both."""
    folder = tmp_path_factory.mktemp("perform")
    windows = [compose(number) for number in range(12)]
    Windows.pack(windows, held_out_sources={windows[0].source}).save(folder / "windows.npz")
    assert perform(folder, "tracks") == 0
    (folder / "pictures").mkdir()
    write_catalogue(folder / "pictures" / "artworks.csv", add_pictures(folder / "pictures", NUM_TRACKS))
    for kind, catalogue in (("image", "pictures/artworks.csv"), ("audio", "tracks/tracks.csv")):
        words = ["--kind", kind, "--embedder", "affect", "--workers", "0", "-o", str(folder / kind)]
        assert main(["embed", str(folder / catalogue), *words]) == 0
    return folder


def perform(folder: Path, output: str, *words: str) -> int:
    options = ["-n", str(NUM_TRACKS), "--bars", "1", "--processes", "1", "-o", str(folder / output)]
    return main(["perform", str(folder / "windows.npz"), *options, *words])


def score_pairs(folder: Path, csv: str, *words: str) -> int:
    options = ["--artworks", "image", "--tracks", "audio", "--windows", "windows.npz", "-o", "pairs.npz"]
    paths = [word if word.startswith("-") else str(folder / word) for word in (csv, *options, *words)]
    return main(["score-pairs", *paths])


def test_windows_to_learn_from_are_performed_the_same_every_time(folder: Path) -> None:
    rows = read_rows(folder / "tracks" / "tracks.csv", ["file", "title"])
    assert len(rows) == NUM_TRACKS
    assert 0 not in {window_of(row["file"]) for row in rows}
    sound, _ = soundfile.read(folder / "tracks" / rows[0]["file"])
    assert np.abs(sound).max() > 0.01
    assert perform(folder, "again") == 0
    for row in rows:
        assert (folder / "tracks" / row["file"]).read_bytes() == (folder / "again" / row["file"]).read_bytes()


def test_pairs_of_tracks_become_pairs_of_windows(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [str(folder / name) for name in ("image", "audio")]
    assert main(["pair", *arguments, "--method", "optimal", "-o", str(folder / "pairs.csv")]) == 0
    table = PairTable.load(folder / "pairs.csv")
    table.with_column("split", ["train"] * 6 + ["test"] * 2).save(folder / "split.csv")
    assert score_pairs(folder, "split.csv") == 0
    assert "6 pairs" in capsys.readouterr().out
    pairs = Pairs.load(folder / "pairs.npz")
    assert pairs.picture_name.tolist() == list(table.artworks[:6])
    assert pairs.window_index.tolist() == [window_of(track) for track in table.tracks[:6]]
    for number, name in enumerate(table.artworks[:6]):
        seen = measure_picture(load_artwork(folder / "pictures" / name))
        assert pairs.picture_affect[number] == pytest.approx(seen, abs=1e-6)
    assert pairs.similarity == pytest.approx(table.similarity[:6])
    heard = Embeddings.load(folder / "audio")
    assert pairs.music_affect.shape == (6, heard.meta["dim"])
    assert np.isfinite(pairs.correlation).all()


def test_what_does_not_belong_together_is_told_apart(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    similarity = np.zeros(1, np.float32)
    window = read_rows(folder / "tracks" / "tracks.csv", ["file"])[0]["file"]
    for artwork, track, side, expected in (
        ("artist_0.png", window, "test", "no pair whose split is train"),
        ("artist_0.png", "other.mp3", "train", "holds nothing of other.mp3"),
        ("absent.png", window, "train", "holds nothing of absent.png"),
    ):
        PairTable((artwork,), (track,), similarity, {"split": (side,)}).save(folder / "wrong.csv")
        assert score_pairs(folder, "wrong.csv") == 2
        assert expected in capsys.readouterr().err
    assert score_pairs(folder, "wrong.csv", "--windows", "absent.npz") == 2
    assert "make them with python -m art2mus.data.scores" in capsys.readouterr().err
    assert score_pairs(folder, "wrong.csv", "--windows", "wrong.csv") == 2
    assert "not a file of windows" in capsys.readouterr().err
    with pytest.raises(DataError, match="not the track of a window"):
        window_of("010425.mp3")


def test_tracks_of_other_windows_are_not_taken_for_these(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Windows.pack([compose(number) for number in range(12, 14)]).save(tmp_path / "windows.npz")
    assert perform(tmp_path, "out") == 0
    Windows.pack([compose(number) for number in range(14, 16)]).save(tmp_path / "windows.npz")
    assert perform(tmp_path, "out") == 2
    assert "holds files made otherwise" in capsys.readouterr().err


def test_a_file_that_holds_no_windows_is_a_line(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.savez(tmp_path / "windows.npz", notes=np.zeros(3))
    assert perform(tmp_path, "out") == 2
    assert "not a file of windows" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
