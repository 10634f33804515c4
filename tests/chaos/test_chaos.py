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
NEVER_HEARD = ("ui killed", "composer killed", "camera killed", "camera frozen")
ALWAYS_OVER = ("audio killed", "audio frozen", "sound server and its folder gone for 5 s")
TROUBLES = {trouble.name: trouble for trouble in all_troubles()}


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
@pytest.mark.parametrize("name", NEVER_HEARD)
def test_what_has_no_part_in_the_sound_costs_none_of_it(room: Room, name: str) -> None:
    assert TROUBLES[name].max_silence_s == 0.0
    result = try_out(room, TROUBLES[name])
    assert result.is_good, f"{result.summary}\n{room.log[-2000:]}"


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.skipif(bool(MISSING), reason=MISSING or "-")
@pytest.mark.parametrize("name", ALWAYS_OVER)
def test_sound_comes_back_by_itself(room: Room, name: str) -> None:
    """How soon is measured by `python -m tests.chaos`, on a machine that does nothing else."""
    result = try_out(room, TROUBLES[name])
    assert result.silence_s is not None, f"{result.summary}\n{room.log[-2000:]}"
    assert result.silence_s < 15.0
