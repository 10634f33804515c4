"""Children that are killed, hang, fail and talk too much; and a director that is killed."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from installation.supervisor import ChildPlan, Lost, Replaced, Said, Supervisor, memory_mb

pytestmark = pytest.mark.alone

TIMEOUT_S = 60.0
CHILDREN = "tests.installation.children"

News = Said | Lost | Replaced


def plan(entry: str, *arguments: object, max_idle_s: float = 60.0) -> ChildPlan:
    return ChildPlan(entry, f"{CHILDREN}:{entry}", arguments, max_start_s=60.0, max_idle_s=max_idle_s)


@pytest.fixture
def supervise() -> Iterator[Callable[..., Supervisor]]:
    started: list[Supervisor] = []

    def start(*plans: ChildPlan) -> Supervisor:
        started.append(Supervisor(plans, time.monotonic()))
        return started[-1]

    yield start
    for supervisor in started:
        supervisor.close(grace_s=5.0)


def until(supervisor: Supervisor, wanted: Callable[[News], bool]) -> list[News]:
    """All news up to the wanted one."""
    news: list[News] = []
    deadline_s = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline_s:
        for one in supervisor.wait(0.2):
            news.append(one)
            if wanted(one):
                return news
    raise AssertionError(f"it did not happen; there was {news}")


def test_messages_go_both_ways_and_log_lines_into_the_log(
    supervise: Callable[..., Supervisor], caplog: pytest.LogCaptureFixture
) -> None:
    supervisor = supervise(plan("obedient", "Ada"))
    until(supervisor, lambda news: isinstance(news, Said) and news.message[0] == "Ada")
    assert supervisor.send("obedient", "echo")
    until(supervisor, lambda news: news == Said("obedient", "echo"))
    assert ("child", 30, "Ada is here") in caplog.record_tuples


def test_a_child_that_is_killed_is_replaced_within_a_second(supervise: Callable[..., Supervisor]) -> None:
    supervisor = supervise(plan("obedient", "Ada"))
    first = until(supervisor, lambda news: isinstance(news, Said))[-1]
    assert isinstance(first, Said)
    killed_s = time.monotonic()
    os.kill(first.message[1], signal.SIGKILL)
    news = until(supervisor, lambda news: isinstance(news, Replaced))
    assert Lost("obedient") in news
    assert time.monotonic() - killed_s < 1.0
    second = until(supervisor, lambda news: isinstance(news, Said))[-1]
    assert isinstance(second, Said)
    assert second.message[1] != first.message[1]
    assert supervisor.num_deaths("obedient") == 1


@pytest.mark.parametrize("entry", ["obedient", "hanging"])
def test_a_child_is_started_afresh_when_asked_and_that_is_no_loss(
    supervise: Callable[..., Supervisor], entry: str
) -> None:
    supervisor = supervise(plan(entry, *(["Ada"] if entry == "obedient" else [])))
    until(supervisor, lambda news: isinstance(news, Said))
    before = supervisor.pid(entry)
    assert 0 < supervisor.age_s(entry, time.monotonic()) < TIMEOUT_S
    supervisor.restart(entry)
    supervisor.restart(entry)
    news = until(supervisor, lambda news: isinstance(news, Replaced))
    assert Lost(entry) in news
    assert supervisor.pid(entry) not in (None, before)
    assert supervisor.num_deaths(entry) == 0


def test_a_child_has_its_niceness_from_its_first_moment(supervise: Callable[..., Supervisor]) -> None:
    supervisor = supervise(replace(plan("obedient", "Ada"), niceness=3))
    assert psutil.Process(supervisor.pid("obedient")).nice() == 3


def test_another_plan_counts_from_the_next_start_and_nobody_new_comes(supervise: Callable[..., Supervisor]) -> None:
    supervisor = supervise(plan("obedient", "Ada"))
    supervisor.change_plans([plan("obedient", "Grace"), plan("beating")])
    until(supervisor, lambda news: isinstance(news, Said) and news.message[0] == "Ada")
    supervisor.restart("obedient")
    until(supervisor, lambda news: isinstance(news, Said) and news.message[0] == "Grace")
    assert supervisor.names == ("obedient",)


def test_pauses_grow_while_a_child_fails_and_the_reason_is_in_the_log(
    supervise: Callable[..., Supervisor], caplog: pytest.LogCaptureFixture
) -> None:
    supervisor = supervise(plan("failing"))
    for _ in range(3):
        until(supervisor, lambda news: isinstance(news, Lost))
    assert "RuntimeError: meant to fail" in caplog.text
    assert [f"starting it again in {pause_s} s" in caplog.text for pause_s in ("0.2", "0.4", "0.8")] == [True] * 3
    assert not supervisor.send("failing", "anybody there?")


def test_pauses_grow_no_longer_than_the_plan_says(
    supervise: Callable[..., Supervisor], caplog: pytest.LogCaptureFixture
) -> None:
    supervisor = supervise(replace(plan("failing"), longest_pause_s=0.3))
    for _ in range(3):
        until(supervisor, lambda news: isinstance(news, Lost))
    assert [pause_s for pause_s in ("0.2", "0.3", "0.4") if f"again in {pause_s} s" in caplog.text] == ["0.2", "0.3"]


def test_what_may_get_lost_never_keeps_the_director_waiting(supervise: Callable[..., Supervisor]) -> None:
    supervisor = supervise(plan("hanging"))
    until(supervisor, lambda news: isinstance(news, Said))
    taken = [supervisor.offer("hanging", b"x" * 1000) for _ in range(2000)]
    assert taken[0]
    assert not taken[-1], "more than a pipe can hold"


def test_a_child_that_hangs_is_ended(supervise: Callable[..., Supervisor], caplog: pytest.LogCaptureFixture) -> None:
    supervisor = supervise(plan("hanging", max_idle_s=0.5))
    until(supervisor, lambda news: isinstance(news, Said))
    supervisor.note_work("hanging")
    worked_s = time.monotonic()
    until(supervisor, lambda news: isinstance(news, Lost))
    assert time.monotonic() - worked_s >= 0.5
    assert caplog.text.count("it is ended") == 1


def test_a_director_that_was_busy_does_not_blame_the_child(supervise: Callable[..., Supervisor]) -> None:
    supervisor = supervise(plan("beating", max_idle_s=0.5), plan("obedient", "Ada"))
    until(supervisor, lambda news: news == Said("beating", "beat"))
    supervisor.note_work("beating")
    num_pauses, deadline_s = 0, time.monotonic() + TIMEOUT_S
    while num_pauses < 3 and time.monotonic() < deadline_s:
        supervisor.send("obedient", "take your time")
        for news in supervisor.wait(0.2):
            if isinstance(news, Said) and news.child == "beating":
                supervisor.note_work("beating")
            elif isinstance(news, Said) and news.message == "take your time" and num_pauses < 3:
                num_pauses += 1
                threading.Event().wait(0.8)  # a slow disk, perhaps
    assert (num_pauses, supervisor.num_deaths("beating")) == (3, 0)


def test_a_child_that_may_idle_is_left_alone(supervise: Callable[..., Supervisor]) -> None:
    supervisor = supervise(plan("obedient", "Ada", max_idle_s=0.3))
    until(supervisor, lambda news: isinstance(news, Said))
    supervisor.note_work("obedient")
    supervisor.allow_idling("obedient", True)
    until_s = time.monotonic() + 1.0
    while time.monotonic() < until_s:
        assert not list(supervisor.wait(0.2))
    supervisor.allow_idling("obedient", False)
    until(supervisor, lambda news: isinstance(news, Lost))


@pytest.mark.parametrize("child", ["obedient", "hanging", "talkative"])
def test_leaving_takes_less_than_two_seconds_whatever_a_child_does(child: str) -> None:
    supervisor = Supervisor([plan(child, *(["Ada"] if child == "obedient" else []))], time.monotonic())
    until(supervisor, lambda news: isinstance(news, Said))
    pid = supervisor.pid(child)
    began_s = time.monotonic()
    supervisor.close(grace_s=1.0)
    assert time.monotonic() - began_s < 2.0
    assert not psutil.pid_exists(pid)


@pytest.mark.parametrize("child", ["hanging", "talkative"])
def test_children_die_with_the_director(repository: Path, child: str) -> None:
    director = subprocess.Popen(
        [sys.executable, "-m", "tests.installation.director", child],
        cwd=repository, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert director.stdout is not None
    _, child_pid = (int(pid) for pid in director.stdout.readline().split())
    process = psutil.Process(child_pid)
    director.kill()
    director.wait(TIMEOUT_S)
    director.stdout.close()
    process.wait(TIMEOUT_S)
    assert not psutil.pid_exists(child_pid)


def on_standby() -> psutil.Process | None:
    """The process that waits to take over, once it waits."""
    children = psutil.Process().children()
    return next((child for child in children if child.name() == "kiosk-standby"), None)


def test_a_process_on_standby_takes_over_at_once_and_another_gets_ready(
    supervise: Callable[..., Supervisor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("installation.supervisor._STANDBY_AFTER_S", 0.0)
    supervisor = supervise(replace(plan("obedient", "Ada"), has_standby=True))
    until(supervisor, lambda news: isinstance(news, Said))
    for _ in range(2):
        while (waiting := on_standby()) is None:
            assert not list(supervisor.wait(0.05)), "it says nothing"
        os.kill(supervisor.pid("obedient") or 0, signal.SIGKILL)
        news = until(supervisor, lambda news: isinstance(news, Said))
        assert Replaced("obedient") in news
        assert news[-1].message == ("Ada", waiting.pid)
    while (waiting := on_standby()) is None:
        list(supervisor.wait(0.05))
    waiting.kill()  # nobody is lost with it
    until_s = time.monotonic() + TIMEOUT_S
    while (other := on_standby()) in (None, waiting) and time.monotonic() < until_s:
        assert Lost("obedient") not in list(supervisor.wait(0.05))
    supervisor.close(grace_s=5.0)
    assert other is not None
    assert not other.is_running()


def test_peak_memory_is_that_of_the_process() -> None:
    assert 5 < memory_mb(os.getpid()) <= memory_mb(os.getpid(), at_peak=True) < 10_000
    assert memory_mb(2**22 + 1) == 0.0
