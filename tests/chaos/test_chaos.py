"""The worst that can happen to a room, and how its silence is counted; all the rest is `python -m tests.chaos`."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from tests import screen, sound_server
from tests.chaos.__main__ import try_out
from tests.chaos.room import RATE, Room, gaps, open_room
from tests.chaos.troubles import all_troubles

MISSING = screen.missing() or sound_server.missing()
WORST = ("audio killed", "audio frozen", "ui killed", "sound server and its folder gone for 5 s")


def test_gaps_are_counted_also_at_the_ends_and_the_shortest_are_none() -> None:
    frames = np.ones((RATE, 2), np.float32)
    assert gaps(frames) == []
    frames[: RATE // 10] = 0
    frames[RATE // 2 : RATE // 2 + 500] = 0
    frames[-RATE // 4 :, :] = 0
    assert gaps(frames) == [0.1, 0.25]
    frames[-1, 1] = 0.5
    assert gaps(frames)[1] == pytest.approx(0.25, abs=0.001)


@pytest.fixture(scope="module")
def room() -> Iterator[Room]:
    with open_room("sine") as room:
        yield room


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.skipif(bool(MISSING), reason=MISSING or "-")
@pytest.mark.parametrize("name", WORST)
def test_the_worst_costs_no_more_silence_than_it_may(room: Room, name: str) -> None:
    (trouble,) = [trouble for trouble in all_troubles() if trouble.name == name]
    result = try_out(room, trouble)
    assert result.is_good, f"{result.summary}, {result.max_silence_s:.2f} s at most\n{room.log[-2000:]}"
