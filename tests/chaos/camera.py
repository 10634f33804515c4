"""What can go wrong with a camera: that it is noticed soon, unheard, and that pictures come back by themselves."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator

from tests.camera_server import Fault
from tests.chaos.room import LISTEN_S, Room
from tests.chaos.trouble import Trouble

NOTICED_S = 2.0
LOST, BACK = "the gallery goes on", "s without"
GONE_S = 5.0


def camera_troubles() -> Iterator[Trouble]:
    """Every one of them; none may be heard."""
    for name, begin in (("camera killed", _kill), ("camera frozen", _stop)):
        yield Trouble(name, noticed(begin), max_notice_s=NOTICED_S)
    for name, begin, end in (
        ("camera's server sends nothing", _fault("stalled"), _fault("")),
        ("camera's server repeats a picture", _fault("frozen"), _fault("")),
        ("camera's server killed for 5 s", lambda room: room.camera.die(), lambda room: room.camera.come_back()),
    ):
        yield Trouble(name, noticed(begin, end), max_notice_s=NOTICED_S)


def noticed(begin: Callable[[Room], object], end: Callable[[Room], object] | None = None) -> Callable[[Room], float]:
    """Make something go wrong, see it noticed, put it right unless it mends itself, and see pictures come again."""

    def measure(room: Room) -> float:
        room.wait_until(lambda: "camera: http" in room.log)
        since, num_lost, num_back = room.now(), room.log.count(LOST), room.log.count(BACK)
        begin(room)
        began_s = time.monotonic()
        room.wait_until(lambda: room.log.count(LOST) > num_lost)
        room.noticed_s = time.monotonic() - began_s
        if end is not None:
            room.hear(max(0.0, GONE_S - room.noticed_s))
            end(room)
        room.wait_until(lambda: room.log.count(BACK) > num_back)
        room.hear(LISTEN_S)
        return room.silence_s(since)

    return measure


def _kill(room: Room) -> None:
    room.signal("camera", signal.SIGKILL)


def _stop(room: Room) -> None:
    room.signal("camera", signal.SIGSTOP)


def _fault(fault: Fault) -> Callable[[Room], None]:
    def cause(room: Room) -> None:
        room.camera.fault = fault

    return cause
