"""What the composer does when memory, the graphics card or the numbers are gone: fewer candidates, then a new start.

The faults are injected into the networks of a real pipeline; what torch says on each occasion is torch's own.
"""

import functools
import threading
from collections.abc import Callable
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import pytest
import torch

from art2mus.pipeline import Art2MusPipeline
from art2mus.residency import DoesNotFitError
from installation.channel import Channel
from installation.composer import FAULT_EXIT_CODE, Composer, main, rehearsed, settle
from installation.library import Library
from installation.library.files import read_clip
from installation.library.receipt import Receipt, Sampling
from installation.messages import ComposeFailed, ComposerReady, Shutdown
from installation.pieces import rehearse
from installation.settings import ComposerSettings
from tests.art2mus import tiny
from tests.installation.desk import Desk, start

Fault = Callable[[torch.Tensor], torch.Tensor]


def no_memory(_: torch.Tensor) -> torch.Tensor:
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")


def no_main_memory(_: torch.Tensor) -> torch.Tensor:
    return torch.empty(2**50)


def no_numbers(prediction: torch.Tensor) -> torch.Tensor:
    return prediction / 0.0 * 0.0


def no_card(_: torch.Tensor) -> torch.Tensor:
    raise torch.AcceleratorError("CUDA error: unspecified launch failure")


def watch_steps(pipe: Art2MusPipeline, look: Fault) -> None:
    """Look at every prediction, and change it or fail, before the scheduler makes a step of it."""
    step = pipe.scheduler.step

    @functools.wraps(step)
    def watched(prediction: torch.Tensor, *arguments: Any, **others: Any) -> Any:
        return step(look(prediction), *arguments, **others)

    pipe.scheduler.step = watched


def break_above(pipe: Art2MusPipeline, max_clips: int, fault: Fault) -> None:
    """Let denoising fail where more clips are made at once."""
    watch_steps(pipe, lambda prediction: fault(prediction) if len(prediction) > max_clips else prediction)


def leave(desk: Desk, thread: threading.Thread) -> None:
    desk.channel.send(Shutdown())
    thread.join(60.0)
    assert not thread.is_alive()


def lines_with(caplog: pytest.LogCaptureFixture, words: str) -> list[str]:
    return [record.getMessage() for record in caplog.records if words in record.getMessage()]


@pytest.mark.parametrize(
    ("fault", "words"),
    [(no_memory, "out of memory"), (no_main_memory, "out of memory"), (no_numbers, "not a number")],
)
def test_fewer_candidates_are_tried_and_each_step_is_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, fault: Fault, words: str
) -> None:
    pipe = tiny.pipeline()
    break_above(pipe, 1, fault)
    desk, thread = start(tmp_path, pipe, num_candidates=4)
    desk.ask("job-1")
    first = desk.clip()
    assert first.job_id == "job-1"
    receipt = Receipt.from_dict(read_clip(first.clip.audio_path).receipt)
    assert receipt.sampling.num_candidates == 1, "the receipt says how it was made"
    desk.ask("job-2", continues=first.clip.clip_id)
    desk.clip()
    leave(desk, thread)
    assert [line.rpartition(": ")[2] for line in lines_with(caplog, words)] == ["2", "1"]


def test_a_piece_that_cannot_go_on_as_it_began_is_lost(tmp_path: Path) -> None:
    pipe = tiny.pipeline()
    desk, thread = start(tmp_path, pipe, num_candidates=2)
    desk.ask("job-1")
    first = desk.clip().clip
    break_above(pipe, 1, no_memory)
    desk.ask("job-2", continues=first.clip_id)
    lost = desk.answer()
    assert isinstance(lost, ComposeFailed)
    assert lost.is_lost_piece, "so the show begins another at once"
    desk.ask("job-3")
    assert desk.clip().job_id == "job-3"
    leave(desk, thread)


@pytest.mark.parametrize(
    ("fault", "words", "num_candidates"),
    [(no_memory, "out of memory", 1), (no_numbers, "not a number", 1), (no_card, "graphics card is lost", 4)],
)
def test_what_cannot_be_made_smaller_leaves_to_be_started_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, fault: Fault, words: str, num_candidates: int
) -> None:
    pipe = tiny.pipeline()
    break_above(pipe, 0, fault)
    ours, theirs = Pipe(duplex=True)
    settings = ComposerSettings("mini", tmp_path / "library", num_inference_steps=1, num_candidates=num_candidates)
    Desk(Channel(ours), settings.library_dir).ask("job-1")
    with pytest.raises(SystemExit) as left:
        Composer(Channel(theirs), settings, pipe).run()
    assert left.value.code == FAULT_EXIT_CODE
    assert len(lines_with(caplog, words)) == 1


def test_any_other_error_is_not_taken_for_a_fault(tmp_path: Path) -> None:
    pipe = tiny.pipeline()
    watch_steps(pipe, lambda _: torch.zeros(2, 3) @ torch.zeros(2, 3))
    ours, theirs = Pipe(duplex=True)
    settings = ComposerSettings("mini", tmp_path / "library")
    Desk(Channel(ours), settings.library_dir).ask("job-1")
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        Composer(Channel(theirs), settings, pipe).run()


def test_the_nearest_of_several_is_played_and_goes_on(tmp_path: Path) -> None:
    for codec in (tiny.score_codec(), tiny.mel_codec()):
        desk, thread = start(tmp_path / codec.decoded_type, tiny.pipeline(codec), num_candidates=3)
        desk.ask("job-1")
        first = desk.clip().clip
        desk.ask("job-2", continues=first.clip_id)
        assert desk.clip().clip.continues == first.clip_id
        leave(desk, thread)
        assert Library(desk.library_dir, 10**9).beginning_for("mona-lisa") == first


def test_a_model_that_does_not_fit_leaves_the_show_to_the_bundled_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise DoesNotFitError("art2mus needs 9.1 GB, and 2.0 GB of memory are free\n  close other programs")

    monkeypatch.setattr("art2mus.residency.decide", refuse)
    for name in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "OMP_NUM_THREADS", "DIFFUSERS_VERBOSITY"):
        monkeypatch.setenv(name, "1")
    asked = ComposerSettings(
        "art2mus", tmp_path / "library", 1, 0, num_inference_steps=200, prompt="slow", num_candidates=3, device="cuda"
    )
    settings, residency = settle(asked)
    assert settings == ComposerSettings("mini", tmp_path / "library", 1, 0, prompt="slow", device="cpu")
    assert (residency.device, residency.dtype) == ("cpu", "float32")
    (line,) = lines_with(caplog, "9.1 GB")
    assert line.endswith("mini composes")
    ours, theirs = Pipe(duplex=True)
    desk: Channel[Any, Any] = Channel(ours)
    desk.send(Shutdown())
    main(Channel(theirs), asked)
    ready = desk.receive(0)
    assert isinstance(ready, ComposerReady)
    assert ready.model == "mini"


@pytest.mark.parametrize("codec", ["score", "mel"])
def test_the_rehearsal_sees_every_shape_of_the_show(codec: str, tmp_path: Path) -> None:
    pipe = tiny.pipeline({"score": tiny.score_codec, "mel": tiny.mel_codec}[codec]())
    seen: list[torch.Size] = []

    def look(prediction: torch.Tensor) -> torch.Tensor:
        seen.append(prediction.shape)
        return prediction

    watch_steps(pipe, look)
    desk, thread = start(tmp_path, pipe)
    desk.ask("job-1")
    desk.ask("job-2", continues=desk.clip().clip.clip_id)
    clip = desk.clip().clip
    leave(desk, thread)
    shown, seen[:] = set(seen), []
    receipt = Receipt.from_dict(read_clip(clip.audio_path).receipt)
    rehearse(pipe, receipt.sampling)
    assert set(seen) == shown


def test_the_rehearsal_finds_out_for_how_many_there_is_memory() -> None:
    pipe = tiny.pipeline(tiny.mel_codec())
    break_above(pipe, 1, no_memory)
    assert rehearsed(pipe, Sampling("mini", "", num_candidates=4)).num_candidates == 1
    break_above(pipe, 0, no_card)
    with pytest.raises(SystemExit):
        rehearsed(pipe, Sampling("mini", "", num_candidates=1))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a graphics card")
def test_a_card_that_is_not_there_is_said_in_a_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "OMP_NUM_THREADS", "DIFFUSERS_VERBOSITY"):
        monkeypatch.setenv(name, "1")
    _, theirs = Pipe(duplex=True)
    with pytest.raises(SystemExit) as left:
        main(Channel(theirs), ComposerSettings("mini", tmp_path / "library", niceness=0, device="cuda"))
    assert left.value.code == FAULT_EXIT_CODE
    assert len(lines_with(caplog, "the graphics card is lost")) == 1
