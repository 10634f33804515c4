"""A day of the director in a fraction of a minute; the week is `python -m tests.week`."""

import logging

import pytest

from tests.week import MAX_GROWTH_MB, a_folder, growth_mb, live


@pytest.mark.alone
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_nothing_grows_in_a_day(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    caplog.set_level(logging.ERROR, logger="installation")
    with a_folder() as home:
        monkeypatch.setenv("ART2MUS_HOME", home)
        footprints = live(1)
    first, last = footprints[0], footprints[-1]
    assert last.num_clips > 2000
    assert (last.num_threads, last.num_handles) == (first.num_threads, first.num_handles)
    assert growth_mb(footprints) < MAX_GROWTH_MB
