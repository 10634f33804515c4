"""The log stays quiet when something goes wrong over and over."""

import logging

from installation.logs import Once


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


def test_a_line_passes_once_a_minute_and_says_how_often_it_came() -> None:
    clock = Clock()
    once = Once(clock)
    assert once.filter(line("broken"))
    for clock.now_s in (1.0, 59.0):
        assert not once.filter(line("broken"))
    assert once.filter(line("another"))
    clock.now_s = 61.0
    again = line("broken")
    assert once.filter(again)
    assert again.getMessage() == "broken (2 times more since)"


def test_a_step_of_the_clock_on_the_wall_makes_nothing_of_it() -> None:
    clock = Clock()
    once = Once(clock)
    assert once.filter(line("broken", created=7200.0))
    clock.now_s = 61.0
    assert once.filter(line("broken", created=3600.0))
    assert not once.filter(line("broken", created=10_000.0))


def test_it_remembers_no_more_than_it_must() -> None:
    once = Once()
    assert all(once.filter(line(f"line {number}")) for number in range(1000))
    assert len(once._passed) <= 256
