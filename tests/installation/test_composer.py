"""The composer with a real pipeline at toy size: clips, continuation, change of mind, bad pictures."""

import resource
from collections.abc import Iterator
from multiprocessing import Pipe
from pathlib import Path

import numpy as np
import pytest
import soundfile

from art2mus.images import load_artwork
from art2mus.metrics.affect import AFFECT_DIMENSIONS, measure_picture
from art2mus.models import BUNDLED
from installation.channel import Channel
from installation.composer import Composer
from installation.library import Library
from installation.library.files import read_clip
from installation.library.receipt import Receipt
from installation.messages import (
    Cancel,
    ClipReady,
    ComposeCancelled,
    ComposeFailed,
    ComposeProgress,
    Shutdown,
)
from installation.settings import ComposerSettings
from tests.art2mus import tiny
from tests.installation.desk import PICTURE, RATE, Desk, start


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk, thread = start(tmp_path, tiny.pipeline())
    yield desk
    desk.channel.send(Shutdown())
    thread.join(60.0)
    assert not thread.is_alive()


def test_a_clip_is_levelled_written_and_in_the_library(desk: Desk) -> None:
    desk.ask("job-1")
    ready = desk.clip()
    waveform, rate = soundfile.read(ready.clip.audio_path, dtype="float32")
    assert rate == RATE
    assert waveform.shape == (round(ready.clip.length_s * RATE), 2)
    assert 0.01 < np.abs(waveform).max() <= 10 ** (-1 / 20)
    assert [stage for stage, _ in ready.stage_seconds] == ["encode", "denoise", "decode", "perform", "write"]
    assert all(seconds >= 0 for _, seconds in ready.stage_seconds)
    stored = Library(desk.library_dir, 10**9).beginning_for("mona-lisa")
    assert stored == ready.clip
    receipt = Receipt.from_dict(read_clip(ready.clip.audio_path).receipt)
    assert (receipt.seed, receipt.place, receipt.picture_path, receipt.prompt) == (3, 0, str(PICTURE), "")
    assert set(receipt.stage_seconds or ()) == {"encode", "denoise", "decode", "perform"}


def test_progress_is_reported_step_by_step(desk: Desk) -> None:
    desk.ask("job-1")
    steps = []
    while not isinstance(message := desk.channel.receive(60.0), ClipReady):
        if isinstance(message, ComposeProgress):
            steps.append((message.step, message.num_steps))
    assert len(steps) >= 3
    assert steps == sorted(steps)
    assert all(step < num_steps for step, num_steps in steps)


def test_a_piece_goes_on_without_a_seam(desk: Desk) -> None:
    desk.ask("job-1")
    first = desk.clip().clip
    desk.ask("job-2", continues=first.clip_id)
    second = desk.clip().clip
    assert second.continues == first.clip_id
    for clip in (first, second):
        num_bars = clip.length_s / clip.beat_s / 4
        assert num_bars == pytest.approx(round(num_bars), abs=1e-3), "every clip begins with a beat"
    before, _ = soundfile.read(first.audio_path, dtype="float32")
    after, _ = soundfile.read(second.audio_path, dtype="float32")
    steps = np.abs(np.diff(np.concatenate([before[-RATE // 10 :], after[: RATE // 10]]), axis=0)).max(axis=1)
    assert steps[RATE // 10 - 1] <= steps.max(), "the seam is no louder than what is around it"
    assert steps[RATE // 10 - 1] < 0.1


def test_a_piece_that_is_not_held_is_lost(desk: Desk) -> None:
    desk.ask("job-1", continues="of another life")
    lost = desk.answer()
    assert isinstance(lost, ComposeFailed)
    assert lost.is_lost_piece
    desk.ask("job-2")
    first = desk.clip().clip
    desk.ask("job-3", continues=first.clip_id, sample_rate=44100)
    lost = desk.answer()
    assert isinstance(lost, ComposeFailed)
    assert lost.is_lost_piece, "the device has another rate now"


def test_a_picture_that_cannot_be_read_fails_in_one_line_and_the_next_is_made(desk: Desk, tmp_path: Path) -> None:
    picture = tmp_path / "broken.jpg"
    picture.write_bytes(PICTURE.read_bytes()[:300])
    desk.ask("job-1", picture=picture)
    failed = desk.answer()
    assert isinstance(failed, ComposeFailed)
    assert "broken.jpg" in failed.reason
    assert "\n" not in failed.reason
    assert not failed.is_lost_piece
    desk.ask("job-2")
    assert desk.clip().job_id == "job-2"


def test_jobs_are_cancelled_before_and_while_they_are_done(desk: Desk) -> None:
    desk.ask("job-1")
    desk.ask("job-2")
    desk.channel.send(Cancel("job-2"))
    desk.channel.send(Cancel("job-1"))
    desk.channel.send(Cancel("unknown"))
    desk.ask("job-3")
    answers = {}
    while "job-3" not in answers:
        answer = desk.answer()
        answers[answer.job_id] = answer
    assert isinstance(answers["job-2"], ComposeCancelled)
    assert isinstance(answers["job-3"], ClipReady)


def test_a_library_that_cannot_be_written_fails_in_one_line_and_leaves_nothing(desk: Desk, tmp_path: Path) -> None:
    desk.library_dir.write_text("a file where the folder should be")
    desk.ask("job-1")
    failed = desk.answer()
    assert isinstance(failed, ComposeFailed)
    assert "\n" not in failed.reason
    desk.library_dir.unlink()
    desk.ask("job-2")
    assert desk.clip().job_id == "job-2"
    assert len(list(desk.library_dir.iterdir())) == 1


def test_a_piece_in_which_something_went_wrong_is_not_gone_on_with(desk: Desk) -> None:
    """What would come next follows from no receipt: the noise has moved on."""
    desk.ask("job-1")
    first = desk.clip().clip
    desk.library_dir.rename(desk.library_dir.with_name("elsewhere"))
    desk.library_dir.write_text("a file where the folder should be")
    desk.ask("job-2", continues=first.clip_id)
    assert isinstance(desk.answer(), ComposeFailed)
    desk.library_dir.unlink()
    desk.ask("job-3", continues=first.clip_id)
    lost = desk.answer()
    assert isinstance(lost, ComposeFailed)
    assert lost.is_lost_piece


def test_music_goes_on_from_memory_while_the_disk_takes_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    desk, thread = start(tmp_path, tiny.pipeline(), spare_dir=tmp_path / "memory" / "clips")
    desk.library_dir.write_text("a file where the folder should be")
    desk.ask("job-1")
    first = desk.clip().clip
    desk.ask("job-2", continues=first.clip_id)
    second = desk.clip().clip
    assert first.audio_path.parent == second.audio_path.parent == tmp_path / "memory" / "clips"
    assert soundfile.info(second.audio_path).samplerate == RATE
    assert [record.message.count("music goes on from memory") for record in caplog.records] == [1]
    desk.library_dir.unlink()
    desk.ask("job-3", continues=second.clip_id)
    assert desk.clip().clip.audio_path.parent == desk.library_dir, "there is room again"
    desk.channel.send(Shutdown())
    thread.join(60.0)


def test_a_disk_that_is_full_is_named(desk: Desk) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        desk.ask("job-1")
        failed = desk.answer()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert isinstance(failed, ComposeFailed)
    assert "is the disk full?" in failed.reason
    assert not list(desk.library_dir.iterdir())


def test_a_picture_whose_file_is_away_is_composed_for_when_it_is_back(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "share" / "picture.jpg"
    desk.ask("job-1", picture=path)
    failed = desk.answer()
    assert isinstance(failed, ComposeFailed)
    assert "no such file" in failed.reason
    assert not failed.is_unreadable
    path.parent.mkdir()
    path.write_text("not a picture")
    desk.ask("job-2", picture=path)
    failed = desk.answer()
    assert isinstance(failed, ComposeFailed)
    assert failed.is_unreadable
    path.write_bytes(PICTURE.read_bytes())
    desk.ask("job-3", picture=path)
    assert desk.clip().job_id == "job-3"


def test_same_seed_same_music(desk: Desk) -> None:
    desk.ask("job-1")
    desk.ask("job-2")
    one, two = (soundfile.read(desk.clip().clip.audio_path)[0] for _ in range(2))
    assert np.array_equal(one, two)


def test_a_visitors_words_change_the_music_and_are_kept(desk: Desk) -> None:
    desk.ask("job-1")
    without = desk.clip().clip
    desk.ask("job-2", prompt="a slow waltz")
    said = desk.clip().clip
    desk.ask("job-3", continues=said.clip_id)
    goes_on = desk.clip().clip
    assert (without.prompt, said.prompt, goes_on.prompt) == ("", "a slow waltz", "a slow waltz")
    assert without.notes != said.notes
    assert read_clip(said.audio_path).receipt["prompt"] == "a slow waltz"


def test_what_the_picture_expresses_is_kept_with_the_clip(desk: Desk) -> None:
    desk.ask("job-1")
    clip = desk.clip().clip
    measured = measure_picture(load_artwork(PICTURE))
    assert [name for name, _ in clip.affect] == list(AFFECT_DIMENSIONS)
    assert [score for _, score in clip.affect] == pytest.approx(measured.tolist())
    assert Library(desk.library_dir, 10**9).beginning_for("mona-lisa") == clip


def test_a_model_without_notes_goes_on_too(tmp_path: Path) -> None:
    desk, thread = start(tmp_path, tiny.pipeline(tiny.mel_codec()))
    desk.ask("job-1")
    first = desk.clip().clip
    desk.ask("job-2", continues=first.clip_id)
    second = desk.clip().clip
    assert (second.continues, second.notes) == (first.clip_id, ())
    heard = []
    for clip in (first, second):
        waveform, rate = soundfile.read(clip.audio_path)
        assert (rate, waveform.shape[1]) == (RATE, 2)
        assert len(waveform) == round(clip.length_s * RATE)
        heard.append(waveform[:, 0])
    bends = np.abs(np.diff(np.concatenate(heard), n=2))
    assert bends[len(heard[0]) - 3 : len(heard[0]) + 2].max() <= np.quantile(bends, 0.999)
    desk.channel.send(Shutdown())
    thread.join(60.0)


def test_it_leaves_when_the_director_is_gone(tmp_path: Path) -> None:
    ours, theirs = Pipe(duplex=True)
    settings = ComposerSettings(model=BUNDLED, library_dir=tmp_path)
    composer = Composer(Channel(theirs), settings, tiny.pipeline())
    ours.close()
    with pytest.raises(EOFError):
        composer.run()
