"""The command: what it writes, what goes wrong, and that nothing of it hangs on how often a run is interrupted."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import CLIPTokenizer

from art2mus.data.__main__ import main
from art2mus.data.embeddings import Embeddings
from art2mus.data.tables import DataError, read_rows
from art2mus.images import load_artwork
from art2mus.metrics.affect import measure_picture, measure_sound
from art2mus.sound_files import read_sound
from art2mus.whole_files import sole_run
from tests.art2mus import tiny
from tests.art2mus.data.collections import add_pictures, add_tracks, cut_off, write_catalogue

AFFECT = ("--embedder", "affect", "--batch-size", "4")


def arguments(csv: Path, output: Path, *options: object, kind: str = "image") -> list[str]:
    return ["embed", *map(str, (csv, "--kind", kind, "-o", output, *(options or (*AFFECT, "--workers", 0))))]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A catalogue of ten pictures and one that is not there."""
    return write_catalogue(tmp_path / "pictures.csv", [*add_pictures(tmp_path, 10), "missing.png"])


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.startswith(".")}


def test_every_picture_has_a_row(pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "new" / "out"
    assert main(arguments(pictures, out)) == 0
    assert capsys.readouterr().out == f"{out}: 10 of 11 done; 1 failed, see failed.csv\n"
    assert set(content(out)) == {"embeddings.npy", "files.txt", "failed.csv", "meta.json"}
    assert not (out / ".unfinished").exists()

    embeddings = Embeddings.load(out)
    assert isinstance(embeddings.vectors, np.memmap)
    assert embeddings.files == tuple(row["file"] for row in read_rows(pictures, ["file"]))
    expected = [measure_picture(load_artwork(tmp_path / file)) for file in embeddings.files[:-1]]
    assert np.array_equal(embeddings.vectors[:-1], expected)
    assert np.isnan(embeddings.vectors[-1]).all()
    assert read_rows(out / "failed.csv", ["file"]) == [{"file": "missing.png", "reason": "there is no such file"}]
    told = {"embedder": "affect", "kind": "image", "dim": 6, "is_normalised": False, "count": 11, "num_failed": 1}
    assert told.items() <= embeddings.meta.items()


def test_damaged_tracks_are_found(tmp_path: Path) -> None:
    names = add_tracks(tmp_path, 4)
    cut_off(tmp_path / names[1])
    (tmp_path / names[2]).write_bytes(b"no music" * 500)
    assert main(arguments(write_catalogue(tmp_path / "t.csv", names), tmp_path / "out", kind="audio")) == 0
    embeddings = Embeddings.load(tmp_path / "out")
    assert np.isfinite(embeddings.vectors).all(axis=1).tolist() == [True, False, False, True]
    assert np.array_equal(embeddings.vectors[3], measure_sound(*read_sound(tmp_path / names[3])))
    failed = {row["file"]: row["reason"] for row in read_rows(tmp_path / "out" / "failed.csv", ["file", "reason"])}
    assert failed[names[1]].startswith("cut off, ")
    assert failed[names[2]] == "not sound that can be read; convert it to WAV"


def test_reading_ahead_in_other_processes_changes_nothing(pictures: Path, tmp_path: Path) -> None:
    main(arguments(pictures, tmp_path / "alone"))
    assert main(arguments(pictures, tmp_path / "ahead", *AFFECT, "--workers", 1)) == 0
    assert content(tmp_path / "alone") == content(tmp_path / "ahead")


def test_a_killed_run_goes_on_and_ends_as_if_nothing_had_been(pictures: Path, tmp_path: Path) -> None:
    main(arguments(pictures, tmp_path / "whole"))
    out, blocked = tmp_path / "out", tmp_path / "artist_6.png"
    picture = blocked.read_bytes()
    blocked.unlink()
    os.mkfifo(blocked)  # whoever reads it waits for a writer: the run stands still in its second batch
    command = [sys.executable, "-m", "art2mus.data", *arguments(pictures, out)]
    # Opening it waits for the reader.
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process, blocked.open("wb"):
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert sorted(path.name for path in (out / ".unfinished").iterdir()) == ["0000000.npz", "run.json"]
    with pytest.raises(DataError, match="run the same embed command again"):
        Embeddings.load(out)

    blocked.unlink()
    blocked.write_bytes(picture)
    (out / ".unfinished" / ".partial.0000001.npz").write_bytes(b"half")
    for number in range(4):
        (tmp_path / f"artist_{number}.png").unlink()  # nobody needs them: their batch is done
    assert main(arguments(pictures, out)) == 0
    assert content(out) == content(tmp_path / "whole")


@pytest.mark.slow
def test_two_processes_give_what_one_gives(pictures: Path, tmp_path: Path) -> None:
    main(arguments(pictures, tmp_path / "one"))
    command = [sys.executable, *"-m torch.distributed.run --nproc_per_node 2 -m art2mus.data".split()]
    finished = subprocess.run(
        [*command, *arguments(pictures, tmp_path / "two")], capture_output=True, text=True, check=False, timeout=150
    )
    assert finished.returncode == 0, finished.stderr
    assert "(1 of 2 processes)" in finished.stderr
    assert finished.stdout.count("10 of 11 done") == 1
    assert content(tmp_path / "one") == content(tmp_path / "two")


def test_what_is_done_is_not_done_again(pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    main(arguments(pictures, out))
    before = content(out)
    for path in tmp_path.glob("*.png"):
        path.unlink()
    assert main(arguments(pictures, out)) == 0
    assert content(out) == before
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == lines[1]


@pytest.mark.parametrize("is_finished", [True, False])
def test_a_folder_keeps_to_one_piece_of_work(
    is_finished: bool, pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    main(arguments(pictures, out))
    if not is_finished:
        (out / ".unfinished").mkdir()
        (out / "meta.json").rename(out / ".unfinished" / "run.json")
    before = content(out)
    capsys.readouterr()
    assert main(arguments(pictures, out, "--embedder", "affect", "--batch-size", 5)) == 2
    assert "holds other work (batch_size is 4, here it is 5)" in capsys.readouterr().err
    write_catalogue(pictures, ["artist_1.png"])
    assert main(arguments(pictures, out)) == 2
    assert "holds other work (count is 11, here it is 1)" in capsys.readouterr().err
    assert content(out) == before


def test_two_runs_in_one_folder(pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with sole_run(tmp_path / "out"):
        assert main(arguments(pictures, tmp_path / "out")) == 2
    assert f"another run (process {os.getpid()}) writes here" in capsys.readouterr().err
    assert main(arguments(pictures, tmp_path / "out")) == 0


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        (AFFECT, "text", "measures pictures and sound, not text"),
        (("--embedder", "imagebind", "--weights", "nowhere.pth"), "image", "imagebind: "),
    ],
)
def test_mistakes_are_explained(
    options: tuple[str, ...], kind: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    csv = tmp_path / "a.csv"
    csv.write_text("file,description\na.png,a sea\n")
    assert main(arguments(csv, tmp_path / "out", *options, kind=kind)) == 2
    error = capsys.readouterr().err
    assert words in error
    assert len(error.splitlines()) <= 2
    assert not (tmp_path / "out").exists()


def test_a_collection_that_is_not_there_leaves_no_results(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    csv = write_catalogue(tmp_path / "a.csv", ["a.png", "b.png"])
    assert main(arguments(csv, tmp_path / "out")) == 2
    assert "nothing could be done; a.png: there is no such file" in capsys.readouterr().err
    assert not content(tmp_path / "out")
    assert not (tmp_path / "out" / ".unfinished").exists()


def test_a_file_in_the_way_of_the_folder(pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "out").touch()
    assert main(arguments(pictures, tmp_path / "out")) == 2
    assert "cannot be used for output" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "words"),
    [("file\na\n", "needs the column description"), ("file,description\na,b\na,c\n", "row 3: a stands here twice")],
)
def test_texts_are_those_of_a_catalogue(
    content: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    csv = tmp_path / "a.csv"
    csv.write_text(content)
    tiny.imagebind().save_pretrained(tmp_path / "weights")
    options = ("--embedder", "imagebind", "--weights", tmp_path / "weights", "--workers", 0)
    assert main(arguments(csv, tmp_path / "out", *options, kind="text")) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("damage", ["short", "no meta", "not an array"])
def test_damaged_embeddings_are_told_apart(damage: str, pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    main(arguments(pictures, out))
    if damage == "short":
        (out / "files.txt").write_text("a.png\n")
    elif damage == "no meta":
        (out / "meta.json").unlink()
    else:
        (out / "embeddings.npy").write_bytes(b"nothing")
    with pytest.raises(DataError, match="no embeddings here" if damage == "no meta" else "damaged"):
        Embeddings.load(out)


@pytest.mark.parametrize("kind", ["image", "audio"])
def test_imagebind_sees_and_hears(kind: str, tmp_path: Path) -> None:
    pytest.importorskip("art2mus.imagebind", reason="ImageBind's towers are not part of this version")
    towers = tiny.imagebind()
    towers.save_pretrained(tmp_path / "weights")
    names = add_pictures(tmp_path, 3) if kind == "image" else add_tracks(tmp_path, 3)
    csv = write_catalogue(tmp_path / "a.csv", names)
    options = ("--embedder", "imagebind", "--weights", tmp_path / "weights", "--workers", 0)
    assert main(arguments(csv, tmp_path / "out", *options, kind=kind)) == 0
    embeddings = Embeddings.load(tmp_path / "out")
    assert json.loads((tmp_path / "out" / "meta.json").read_text())["comparison"] == "cosine"
    assert np.allclose(np.linalg.norm(embeddings.vectors, axis=1), 1.0, atol=1e-6)
    if kind == "image":
        seen = towers.encode([load_artwork(tmp_path / name) for name in names]).numpy()
        assert np.allclose(embeddings.vectors, seen, atol=1e-6)


def test_other_weights_of_the_same_name_are_not_mixed_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    csv = write_catalogue(tmp_path / "a.csv", add_pictures(tmp_path, 3))
    options = ("--embedder", "imagebind", "--weights", tmp_path / "weights", "--workers", 0)
    towers = tiny.imagebind()
    towers.save_pretrained(tmp_path / "weights")
    assert main(arguments(csv, tmp_path / "out", *options)) == 0
    tiny.imagebind_text().save_pretrained(tmp_path / "weights" / "text")
    assert main(arguments(csv, tmp_path / "out", *options)) == 0, "the tower for text sees nothing"
    torch.nn.init.zeros_(next(towers.parameters()))
    towers.save_pretrained(tmp_path / "weights")
    capsys.readouterr()
    assert main(arguments(csv, tmp_path / "out", *options)) == 2
    assert "weights_sha256" in capsys.readouterr().err


def test_imagebind_reads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tower = tiny.imagebind_text()
    tiny.imagebind().save_pretrained(tmp_path / "weights")
    tiny.save_clip_tokenizer(tmp_path / "clip")
    csv = tmp_path / "descriptions.csv"
    csv.write_text("file,description\na.png,a calm sea\nb.png,two figures in red\n")
    options = ["--embedder", "imagebind", "--weights", tmp_path / "weights", "--workers", 0]
    assert main(arguments(csv, tmp_path / "out", *options, "--tokenizer", tmp_path / "clip", kind="text")) == 2
    assert "it would hold the text tower" in capsys.readouterr().err
    tower.save_pretrained(tmp_path / "weights" / "text")
    assert main(arguments(csv, tmp_path / "out", *options, "--tokenizer", tmp_path / "absent", kind="text")) == 2
    assert "absent: no such model here" in capsys.readouterr().err
    assert main(arguments(csv, tmp_path / "out", *options, "--tokenizer", tmp_path / "clip", kind="text")) == 0
    read = tower.encode(["a calm sea", "two figures in red"], CLIPTokenizer.from_pretrained(tmp_path / "clip")).numpy()
    vectors = Embeddings.load(tmp_path / "out").vectors
    assert np.allclose(vectors, read / np.linalg.norm(read, axis=1, keepdims=True), atol=1e-6)
    assert not np.allclose(vectors[0], vectors[1], atol=1e-3)
