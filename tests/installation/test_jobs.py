"""Who does a job: the composer, or the library while the composer is down."""

from pathlib import Path

import pytest

from installation import cues, messages
from installation.jobs import JobDesk, Order, Outcome
from installation.library import Library
from tests.installation.test_library import put

PATIENCE_S = 30.0


class Line:
    """The line to the composer: keeps what was said, and may be cut."""

    def __init__(self) -> None:
        self.said: list[messages.ToComposer] = []
        self.is_up = True

    def __call__(self, message: messages.ToComposer) -> bool:
        if self.is_up:
            self.said.append(message)
        return self.is_up


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def desk(tmp_path: Path, line: Line) -> JobDesk:
    return JobDesk(Library(tmp_path, 10**6), line, PATIENCE_S)


def order(job_id: str = "job-1", continues: str | None = None) -> Order:
    return Order(cues.Compose(job_id, "wave", continues), Path("wave.jpg"), seed=7)


def test_a_job_waits_for_composer_and_device(desk: JobDesk, line: Line) -> None:
    assert desk.submit(order(), 0.0) is None
    desk.composer_came()
    assert desk.look_after(1.0) is None
    assert line.said == []
    desk.sample_rate = 48000
    assert desk.look_after(2.0) is None
    assert line.said == [messages.Compose("job-1", "wave", Path("wave.jpg"), 7, 48000)]
    assert desk.is_composer_busy
    clip = messages.ClipInfo("one", "wave", Path("one.flac"), 3.0, 48000)
    assert desk.take(messages.ClipReady("job-1", clip, ())) == Outcome(
        cues.ClipComposed("job-1", cues.Clip("one", "wave", 3.0)), clip
    )
    assert not desk.is_composer_busy


def test_the_library_answers_when_patience_ends_and_then_at_once(tmp_path: Path, line: Line) -> None:
    first = put(tmp_path, "one")
    second = put(tmp_path, "two", continues="one")
    desk = JobDesk(Library(tmp_path, 10**6), line, PATIENCE_S)
    assert desk.submit(order(), 0.0) is None
    assert desk.look_after(PATIENCE_S - 1) is None
    outcome = desk.look_after(PATIENCE_S)
    assert outcome is not None
    assert (outcome.clip, outcome.is_from_library) == (first, True)
    outcome = desk.submit(order("job-2", continues="one"), PATIENCE_S + 1)
    assert outcome is not None
    assert outcome.clip == second
    outcome = desk.submit(order("job-3", continues="two"), PATIENCE_S + 2)
    assert outcome == Outcome(cues.JobFailed("job-3", is_lost_piece=True))
    outcome = desk.submit(order("job-4"), PATIENCE_S + 3)
    assert outcome is not None
    assert outcome.clip == first


def test_a_work_without_stored_music_fails_after_patience(desk: JobDesk) -> None:
    desk.submit(order(), 0.0)
    assert desk.look_after(PATIENCE_S) == Outcome(cues.JobFailed("job-1"))
    assert desk.look_after(PATIENCE_S + 1) is None


def test_the_job_a_composer_died_of_is_not_tried_again(desk: JobDesk, line: Line) -> None:
    desk.sample_rate = 48000
    desk.composer_came()
    desk.submit(order(), 0.0)
    assert desk.composer_went(1.0) == Outcome(cues.JobFailed("job-1"))
    assert desk.composer_went(2.0) is None
    desk.composer_came()
    assert desk.look_after(3.0) is None
    assert len(line.said) == 1


def test_a_piece_dies_with_its_composer(desk: JobDesk) -> None:
    desk.sample_rate = 48000
    desk.composer_came()
    desk.submit(order(continues="one"), 0.0)
    assert desk.composer_went(1.0) == Outcome(cues.JobFailed("job-1", is_lost_piece=True))
    assert desk.submit(order("job-2", continues="one"), 2.0) == Outcome(cues.JobFailed("job-2", is_lost_piece=True))


def test_a_line_that_is_cut_keeps_the_job(desk: JobDesk, line: Line) -> None:
    desk.sample_rate = 48000
    desk.composer_came()
    line.is_up = False
    assert desk.submit(order(), 0.0) is None
    assert not desk.is_composer_busy
    line.is_up = True
    desk.look_after(1.0)
    assert len(line.said) == 1


def test_cancelling(desk: JobDesk, line: Line) -> None:
    desk.submit(order(), 0.0)
    desk.cancel("job-1")
    desk.sample_rate = 48000
    desk.composer_came()
    desk.look_after(1.0)
    assert line.said == []
    desk.submit(order("job-2"), 2.0)
    desk.cancel("another")
    desk.cancel("job-2")
    assert line.said[1:] == [messages.Cancel("job-2")]
    assert not desk.is_composer_busy


def test_failures_are_passed_on(desk: JobDesk) -> None:
    desk.submit(order(), 0.0)
    assert desk.take(messages.ComposeFailed("job-1", "broken")) == Outcome(cues.JobFailed("job-1"))
    assert desk.take(messages.ComposerHeartbeat(1)) is None
