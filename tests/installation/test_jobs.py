"""Who does a job: the composer, or the library while the composer is down."""

from pathlib import Path

import pytest

from installation import cues, messages
from installation.jobs import JobDesk, Order, Outcome
from installation.library import Library
from installation.library.receipt import Sampling
from tests.installation.test_library import SAMPLING, put

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


def order(
    job_id: str = "job-1", continues: str | None = None, text: str | None = None, is_awaited: bool = False
) -> Order:
    return Order(cues.Compose(job_id, "wave", continues, text, is_awaited), Path("wave.jpg"), seed=7)


def ready_desk(folder: Path, line: Line, recipe: str = SAMPLING.key(), is_replaying: bool = True) -> JobDesk:
    desk = JobDesk(Library(folder, 10**6), line, PATIENCE_S, "slow", is_replaying)
    desk.sample_rate = 48000
    desk.composer_came(recipe)
    return desk


def met_before(folder: Path, prompt: str = "slow") -> messages.ClipInfo:
    return put(folder, "known", sampling={"model": "mini", "identity": "abc"}, prompt=prompt)


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


def test_the_composer_hears_when_a_work_was_made(desk: JobDesk, line: Line) -> None:
    desk.composer_came()
    desk.sample_rate = 48000
    label = messages.WallLabel("Poppies", year="c. 1830", country="Japan")
    asked = order("job-1")
    desk.submit(Order.of(asked.job, asked.picture_path, asked.seed, label), 0.0)
    (said,) = line.said
    assert isinstance(said, messages.Compose)
    assert (said.year, said.country) == (1830, "Japan")


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


def test_a_work_met_again_plays_at_once_and_then_something_new_is_composed(tmp_path: Path, line: Line) -> None:
    known = met_before(tmp_path)
    desk = ready_desk(tmp_path, line)
    outcome = desk.submit(order(is_awaited=True), 0.0)
    assert outcome == Outcome(cues.ClipComposed("job-1", cues.Clip("known", "wave", 3.0)), known, is_from_library=True)
    assert not line.said
    assert desk.submit(order("job-2", continues="known"), 1.0) is None
    assert desk.take(messages.ComposeFailed("job-2", "not held here", is_lost_piece=True)) is not None
    assert desk.submit(order("job-3"), 1.0) is None, "a variation, which nobody waits for in silence"
    assert [message.job_id for message in line.said if isinstance(message, messages.Compose)] == ["job-2", "job-3"]


def test_the_gallerys_round_is_composed_though_it_was_met_before(tmp_path: Path, line: Line) -> None:
    met_before(tmp_path)
    assert ready_desk(tmp_path, line).submit(order(), 0.0) is None
    assert len(line.said) == 1


@pytest.mark.parametrize(
    ("prompt", "recipe", "is_replaying", "text"),
    [
        ("slow", Sampling("mini", "other weights").key(), True, None),
        ("fast", SAMPLING.key(), True, None),
        ("slow", SAMPLING.key(), True, "like rain"),
        ("slow", SAMPLING.key(), False, None),
    ],
)
def test_only_what_was_asked_for_plays_at_once(
    tmp_path: Path, line: Line, prompt: str, recipe: str, is_replaying: bool, text: str | None
) -> None:
    met_before(tmp_path, prompt)
    desk = ready_desk(tmp_path, line, recipe, is_replaying)
    assert desk.submit(order(text=text, is_awaited=True), 0.0) is None
    assert len(line.said) == 1


def test_before_the_composer_is_there_any_of_its_pieces_will_do(tmp_path: Path, line: Line) -> None:
    known = met_before(tmp_path)
    desk = JobDesk(Library(tmp_path, 10**6), line, PATIENCE_S, "slow", is_replaying=True)
    outcome = desk.submit(order(is_awaited=True), 0.0)
    assert outcome is not None
    assert outcome.clip == known


def test_what_the_curator_has_banned_is_begun_anew(tmp_path: Path, line: Line) -> None:
    library = Library(tmp_path, 10**6)
    library.add(put(tmp_path, "one", fingerprint="f1"))
    library.mark("one", "is_banned", True)
    desk = ready_desk(tmp_path, line)
    desk.submit(order(), 0.0)
    outcome = desk.take(messages.ClipReady("job-1", put(tmp_path, "two", fingerprint="f1"), ()))
    assert outcome == Outcome(cues.JobFailed("job-1", is_lost_piece=True))


def test_failures_are_passed_on(desk: JobDesk) -> None:
    desk.submit(order(), 0.0)
    assert desk.take(messages.ComposeFailed("job-1", "broken")) == Outcome(cues.JobFailed("job-1"))
    assert desk.take(messages.ComposeProgress("job-1", 1, 20)) is None
