"""The log stays quiet when something goes wrong over and over."""

import logging
from collections.abc import Iterator

import pytest

from installation.logs import Repeats


def line(text: str, created: float = 0.0) -> logging.LogRecord:
    record = logging.LogRecord("ui", logging.WARNING, __file__, 1, text, (), None)
    record.created = created
    return record


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def log(clock: Clock) -> Iterator[tuple[logging.Handler, list[str]]]:
    """A handler with the filter, and what it has written."""
    written: list[str] = []

    class Paper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(record.getMessage())

    handler = Paper()
    handler.addFilter(Repeats(handler.handle, clock))
    yield handler, written
    handler.close()


def test_what_happens_now_and_then_is_all_there(log: tuple[logging.Handler, list[str]], clock: Clock) -> None:
    handler, written = log
    for clock.now_s in (0.0, 5.0, 6.0):
        handler.handle(line("a wrong PIN"))
    assert written == ["a wrong PIN"] * 3


def test_a_line_passes_five_times_a_minute_and_the_next_says_how_often_it_came(
    log: tuple[logging.Handler, list[str]], clock: Clock
) -> None:
    handler, written = log
    for _ in range(12):
        handler.handle(line("broken"))
    assert written == ["broken"] * 5
    handler.handle(line("another"))
    clock.now_s = 61.0
    handler.handle(line("a third"))
    assert written[5:] == ["another", "broken (7 times more within a minute)", "a third"]
    handler.handle(line("broken"))
    assert written[8:] == ["broken"]


def test_a_step_of_the_clock_on_the_wall_makes_nothing_of_it(
    log: tuple[logging.Handler, list[str]], clock: Clock
) -> None:
    handler, written = log
    for created in (7200.0, 3600.0, 10_000.0, 0.0, 1.0, 2.0):
        handler.handle(line("broken", created))
    assert len(written) == 5
    clock.now_s = 61.0
    handler.handle(line("broken", created=3600.0))
    assert len(written) == 7


def test_it_remembers_no_more_than_it_must_and_loses_no_count(log: tuple[logging.Handler, list[str]]) -> None:
    handler, written = log
    for _ in range(6):
        handler.handle(line("broken"))
    for number in range(1000):
        handler.handle(line(f"line {number}"))
    assert {f"line {number}" for number in range(1000)} < set(written)
    assert "broken (1 times more within a minute)" in written
    (repeats,) = handler.filters
    assert isinstance(repeats, Repeats)
    assert len(repeats._lines) <= 256
