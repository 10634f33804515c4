"""Clips of the real composer with the bundled model, made again from their receipts, sample for sample."""

import shutil
import threading
from dataclasses import dataclass
from multiprocessing import Pipe
from pathlib import Path

import numpy as np
import pytest
import soundfile

from art2mus.models import BUNDLED, load_pipeline, locate
from art2mus.models.identity import identify
from installation.__main__ import main
from installation.channel import Channel
from installation.composer import Composer, sampling_of
from installation.library import Library
from installation.messages import ClipInfo, Compose, Shutdown
from installation.settings import ComposerSettings
from installation.works import BUNDLED_GALLERY
from tests.installation.desk import Desk
from tests.installation.test_library import put

PICTURE = BUNDLED_GALLERY / "katsushika-hokusai_poppies-1833.jpg"


@dataclass(frozen=True)
class Stored:
    """A library with a piece of two clips, the picture it was made for, and a copy of the model that made it."""

    folder: Path
    picture: Path
    model: Path
    clips: tuple[ClipInfo, ...]


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Stored:
    folder = tmp_path_factory.mktemp("recompose")
    picture, model = folder / "poppies.jpg", folder / "model"
    shutil.copy(PICTURE, picture)
    shutil.copytree(locate(BUNDLED), model)
    settings = ComposerSettings(str(model), folder / "library", num_inference_steps=2, prompt="slow strings")
    sampling = sampling_of(settings, identify(settings.model, folder / "cache.json"))
    ours, theirs = Pipe(duplex=True)
    composer = Composer(Channel(theirs), settings, load_pipeline(settings.model), sampling)
    thread = threading.Thread(target=composer.run)
    thread.start()
    desk = Desk(Channel(ours), settings.library_dir)
    clips: list[ClipInfo] = []
    for _ in range(2):
        continues = clips[-1].clip_id if clips else None
        known = {"prompt": "like rain", "year": 1494, "country": "Germany"}
        desk.channel.send(Compose("job", "poppies", picture, 3, 44100, continues, **known))
        clips.append(desk.clip().clip)
    desk.channel.send(Shutdown())
    thread.join(60.0)
    return Stored(folder / "library", picture, model, tuple(clips))


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the command sets for its own process is taken back."""
    for name in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "OMP_NUM_THREADS", "DIFFUSERS_VERBOSITY"):
        monkeypatch.setenv(name, "1")


def run(stored: Stored, clip_id: str, output: Path) -> int:
    return main(["--set", f"library.folder={stored.folder}", "--recompose", clip_id, "-o", str(output)])


@pytest.mark.parametrize(("place", "suffix"), [(0, ".wav"), (1, ".flac")])
def test_a_clip_is_made_again_sample_for_sample(
    stored: Stored, tmp_path: Path, capsys: pytest.CaptureFixture[str], place: int, suffix: str
) -> None:
    """The second one by way of the first, though that one is not looked at."""
    clip, again = stored.clips[place], tmp_path / f"again{suffix}"
    assert run(stored, clip.clip_id, again) == 0
    assert "sample for sample as in the library" in capsys.readouterr().out
    before, _ = soundfile.read(clip.audio_path, dtype="int16")
    after, rate = soundfile.read(again, dtype="int16")
    assert rate == 44100
    assert np.array_equal(before, after)
    assert np.abs(after).max() > 1000, "it is no silence"


def test_neither_picture_nor_sound_is_needed(
    stored: Stored, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = stored.clips[0]
    Library(stored.folder, 10**9).close()
    for path in (stored.picture, clip.audio_path):
        path.rename(path.with_suffix(".away"))
    try:
        again = tmp_path / "again.flac"
        # The index still knows the clip: it is asked before the library notices that the file is gone.
        monkeypatch.setattr(Library, "_settle", lambda self: None)
        assert run(stored, clip.clip_id, again) == 0
    finally:
        for path in (stored.picture, clip.audio_path):
            path.with_suffix(".away").rename(path)
    printed = capsys.readouterr()
    assert "nothing to compare it with" in printed.out
    assert "cannot be read any more; the music is made from what the model saw in it" in printed.err
    before, after = (soundfile.read(path, dtype="int16")[0] for path in (clip.audio_path, again))
    assert np.array_equal(before, after)


def test_a_picture_that_has_changed_is_noted(
    stored: Stored, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = stored.picture.read_bytes()
    shutil.copy(BUNDLED_GALLERY / "leonardo-da-vinci_mona-lisa-1503.jpg", stored.picture)
    try:
        assert run(stored, stored.clips[0].clip_id, tmp_path / "again.flac") == 0
    finally:
        stored.picture.write_bytes(content)
    assert "another picture by now" in capsys.readouterr().err


def test_what_cannot_be_made_again_is_explained_in_a_line(
    stored: Stored, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip_id = stored.clips[0].clip_id
    put(stored.folder, "foreign")
    assert run(stored, "nonsense", tmp_path / "again.flac") == 2
    assert run(stored, "foreign", tmp_path / "again.flac") == 2
    assert run(stored, clip_id, tmp_path / "again.mp3") == 2
    assert run(stored, clip_id, tmp_path / "nowhere" / "again.flac") == 2
    weights = stored.model / "unet" / "config.json"
    weights.write_text(weights.read_text() + " ")
    assert run(stored, clip_id, tmp_path / "again.flac") == 2
    weights.write_text(weights.read_text()[:-1])
    assert main(["--set", f"library.folder={tmp_path / 'none'}", "--recompose", "x"]) == 2
    lines = capsys.readouterr().err.splitlines()
    for line, words in zip(
        lines,
        ["nonsense: no such clip", "foreign: cannot be made again", "ends in .flac or .wav", "no such folder",
         "is another one than the clip was made with", "there is no library"],
        strict=True,
    ):  # fmt: skip
        assert words in line
    assert not list(tmp_path.iterdir())
