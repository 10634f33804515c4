"""The log stays quiet when something goes wrong over and over."""

import logging

from installation.logs import Once


def line(text: str, at: float) -> logging.LogRecord:
    record = logging.LogRecord("ui", logging.WARNING, __file__, 1, text, (), None)
    record.created = at
    return record


def test_a_line_passes_once_a_minute_and_says_how_often_it_came() -> None:
    once = Once()
    assert once.filter(line("broken", 0.0))
    assert not once.filter(line("broken", 1.0))
    assert not once.filter(line("broken", 59.0))
    assert once.filter(line("another", 59.0))
    again = line("broken", 61.0)
    assert once.filter(again)
    assert again.getMessage() == "broken (2 times more since)"


def test_it_remembers_no_more_than_it_must() -> None:
    once = Once()
    assert all(once.filter(line(f"line {number}", 0.0)) for number in range(1000))
    assert len(once._passed) <= 256
