"""The bundled model takes over from one that fails again and again, and the other is tried again; nobody is mocked."""

import logging
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from installation.messages import ComposerReady
from installation.settings import ComposerSettings
from installation.supervisor import ChildPlan, Lost, Said, Supervisor
from installation.understudy import FIRST_PAUSE_S, LONGEST_PAUSE_S, MAX_FAILURES, Understudy

WISHED = ComposerSettings("art2mus", Path("library"), num_inference_steps=25, prompt="slow", num_candidates=3)


class Theatre:
    """A real supervisor with a composer that fails unless it is `mini`, and the clock."""

    def __init__(self, settings: ComposerSettings) -> None:
        self.plans = [self.plan(settings)]
        self.supervisor = Supervisor(self.plans, time.monotonic())
        self.understudy = Understudy(self.supervisor, self.plans)
        self.now_s = 0.0
        self.num_lost = 0

    @staticmethod
    def plan(settings: ComposerSettings) -> ChildPlan:
        entry = "tests.installation.children:moody_composer"
        return ChildPlan("composer", entry, (settings,), 60, 60, longest_pause_s=0.2)

    def until_somebody_composes(self) -> str:
        """The model that is ready first; losses on the way are told to the understudy."""
        deadline_s = time.monotonic() + 60
        while time.monotonic() < deadline_s:
            for news in self.supervisor.wait(0.2):
                if isinstance(news, Lost):
                    self.num_lost += 1
                    self.understudy.composer_went(self.now_s)
                if isinstance(news, Said) and isinstance(news.message, ComposerReady):
                    self.understudy.composer_came(news.message.model, self.now_s)
                    return news.message.model
        raise AssertionError("nobody composes")


@pytest.fixture
def theatre(caplog: pytest.LogCaptureFixture) -> Iterator[Theatre]:
    caplog.set_level(logging.INFO)
    theatre = Theatre(WISHED)
    yield theatre
    theatre.supervisor.close(5.0)


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "installation.understudy"]


def test_it_takes_over_and_the_other_is_tried_again_after_growing_pauses(
    theatre: Theatre, caplog: pytest.LogCaptureFixture
) -> None:
    assert theatre.until_somebody_composes() == "mini"
    assert theatre.num_lost == MAX_FAILURES
    assert lines(caplog) == [
        f"art2mus has failed {MAX_FAILURES} times in a row; mini composes on the processor, "
        f"and art2mus is tried again in {FIRST_PAUSE_S:.0f} s"
    ]
    caplog.clear()
    theatre.now_s = FIRST_PAUSE_S
    theatre.understudy.look_around(True, theatre.now_s)
    assert lines(caplog) == [], "somebody waits for the composer"
    theatre.understudy.look_around(False, theatre.now_s)
    theatre.understudy.look_around(False, theatre.now_s)
    assert theatre.until_somebody_composes() == "mini", "one more failure is enough"
    assert theatre.num_lost == MAX_FAILURES + 2, "mini was asked to leave, and art2mus has failed"
    again = lines(caplog)
    assert again[0] == "art2mus is tried again"
    assert again[1].endswith(f"art2mus is tried again in {2 * FIRST_PAUSE_S:.0f} s")
    assert len(again) == 2


def test_the_wished_model_is_back_when_it_has_made_a_clip(
    theatre: Theatre, caplog: pytest.LogCaptureFixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert theatre.until_somebody_composes() == "mini"
    theatre.understudy.clip_made()  # mini's own proves nothing
    monkeypatch.setenv("CHILD_IS_WELL", "1")
    theatre.now_s = FIRST_PAUSE_S
    theatre.understudy.look_around(False, theatre.now_s)
    assert theatre.until_somebody_composes() == "art2mus"
    theatre.understudy.clip_made()
    theatre.understudy.clip_made()
    assert lines(caplog)[-2:] == ["art2mus is tried again", "art2mus composes again"]


def test_failures_with_clips_between_them_are_not_in_a_row(theatre: Theatre, caplog: pytest.LogCaptureFixture) -> None:
    lost = 0
    deadline_s = time.monotonic() + 60
    while lost < MAX_FAILURES + 1 and time.monotonic() < deadline_s:
        for news in theatre.supervisor.wait(0.2):
            if isinstance(news, Lost):
                lost += 1
                theatre.understudy.composer_went(0.0)
                theatre.understudy.clip_made()
    assert lost == MAX_FAILURES + 1
    assert lines(caplog) == []


def test_a_configuration_read_anew_is_tried_at_once(theatre: Theatre, caplog: pytest.LogCaptureFixture) -> None:
    assert theatre.until_somebody_composes() == "mini"
    plans = [theatre.plan(ComposerSettings("mini", Path("elsewhere")))]
    theatre.understudy.wish(plans)
    theatre.supervisor.change_plans(plans)
    theatre.understudy.look_around(False, 1.0)
    assert theatre.until_somebody_composes() == "mini"
    assert lines(caplog)[-1] == "mini is tried again"


def test_who_chose_mini_for_want_of_memory_is_tried_again_too(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    supervisor = Supervisor([Theatre.plan(WISHED)], time.monotonic())
    understudy = Understudy(supervisor, [Theatre.plan(WISHED)])
    pause_s, now_s = FIRST_PAUSE_S, 0.0
    for _ in range(9):
        understudy.composer_came("mini", now_s)
        understudy.look_around(False, now_s + pause_s - 1)
        assert lines(caplog) == []
        understudy.look_around(False, now_s + pause_s)
        assert lines(caplog) == ["art2mus is tried again"]
        caplog.clear()
        now_s, pause_s = now_s + pause_s, min(2 * pause_s, LONGEST_PAUSE_S)
    assert pause_s == LONGEST_PAUSE_S
    supervisor.close(5.0)


def test_nobody_stands_in_for_mini(caplog: pytest.LogCaptureFixture) -> None:
    settings = ComposerSettings("mini", Path("library"), num_inference_steps=4)
    plan = replace(Theatre.plan(settings), entry="tests.installation.children:failing_composer")
    supervisor = Supervisor([plan], time.monotonic())
    understudy = Understudy(supervisor, [plan])
    num_lost, deadline_s = 0, time.monotonic() + 60
    while num_lost < MAX_FAILURES + 1 and time.monotonic() < deadline_s:
        for news in supervisor.wait(0.2):
            if isinstance(news, Lost):
                num_lost += 1
                understudy.composer_went(0.0)
    supervisor.close(5.0)
    assert (num_lost, lines(caplog)) == (MAX_FAILURES + 1, [])
