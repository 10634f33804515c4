"""What the show promises, in every order of events up to a depth, and in long random days."""

import copy

from hypothesis import given
from hypothesis import strategies as st

from installation.cues import (
    AnotherWanted,
    Append,
    ArtworkFound,
    AudioRestarted,
    CameraLost,
    Clip,
    ClipComposed,
    ClipFailed,
    ClipStarted,
    Closed,
    JobFailed,
    Opened,
    Play,
    Skipped,
    Ticked,
    VisitorCame,
    VisitorLeft,
)
from tests.installation.show_room import CLIP_S, Room


def moves(room: Room) -> list[str]:
    """Everything that can happen next, by name."""
    names = [
        "opened",
        "closed",
        "ticked",
        "came",
        "left",
        "lost",
        "found-a",
        "found-b",
        "another",
        "late",
        "unknown",
        "restart",
        "later",
    ]
    names += ["skip"]
    if room.job is not None:
        names += ["finish", "fail", "lose"]
        names += ["misread"] if len(room.works) > 1 else []
    if room.cued:
        names += ["hear", "unplayable"]
    return names


def make(room: Room, name: str) -> None:
    match name:
        case "opened":
            room.tell(Opened())
        case "closed":
            room.tell(Closed())
        case "ticked":
            room.tell(Ticked(), after_s=1.0)
        case "skip":
            room.tell(Skipped())
        case "later":
            room.tell(Ticked(), after_s=60.0)
        case "came":
            room.tell(VisitorCame())
        case "left":
            room.tell(VisitorLeft())
        case "lost":
            room.tell(CameraLost())
        case "found-a":
            room.tell(ArtworkFound("visitors-a"))
        case "found-b":
            room.tell(ArtworkFound("visitors-b"))
        case "another":
            room.tell(AnotherWanted("a waltz"))
        case "late":
            for job in room.old_jobs:
                stray = Clip("stray", job.artwork_id, CLIP_S)
                assert not any(
                    isinstance(command, Play | Append) for command in room.tell(ClipComposed(job.job_id, stray))
                )
        case "unknown":
            room.tell(JobFailed("never heard of"))
            room.tell(ClipStarted("never heard of", room.now_s))
            room.tell(ClipFailed("never heard of"))
        case "restart":
            room.tell(AudioRestarted(room.sounding.clip_id if room.sounding else "bed", 3.0))
        case "finish":
            room.finish_job()
        case "fail":
            room.fail_job()
        case "lose":
            room.fail_job(is_lost_piece=True)
        case "misread":
            room.fail_job(is_unreadable=True)
        case "hear":
            room.hear_next()
        case "unplayable":
            room.tell(ClipFailed(room.cued.pop().clip_id))


def test_every_order_of_five_events_keeps_the_promises() -> None:
    level = [Room()]
    num_orders = 0
    for _depth in range(5):
        next_level: dict[object, Room] = {}
        for room in level:
            for name in moves(room):
                twin = copy.deepcopy(room)
                make(twin, name)
                num_orders += 1
                next_level.setdefault(_fingerprint(twin), twin)
        level = list(next_level.values())
    assert num_orders > 2000


def _fingerprint(room: Room) -> object:
    """Rooms that look alike from now on; without it the orders would be too many."""
    show = room.show
    return (
        show.scene,
        show.shown,
        repr(show.job),
        repr(show._music),
        repr(show._visitor),
        (show._is_asked, show._visitors_text),
        show._upcoming,
        show._num_failures,
        show._retry_at_s - room.now_s,
        tuple(room.cued),
        room.sounding,
        tuple(room.works),
    )


@given(st.lists(st.integers(min_value=0, max_value=10_000), max_size=150))
def test_long_days_keep_the_promises(choices: list[int]) -> None:
    room = Room()
    room.tell(Opened())
    for choice in choices:
        names = moves(room)
        make(room, names[choice % len(names)])
    room.tell(Opened())
    room.tell(Ticked(), after_s=120.0)
    assert room.job is not None, "however the day went, there is something to compose"
    assert any(isinstance(command, Play | Append) for command in room.finish_job()), "and it will be heard"


@given(st.integers(min_value=0, max_value=3))
def test_a_gallery_without_works_stays_calm(num_ticks: int) -> None:
    room = Room(works=0)
    room.tell(Opened())
    for _ in range(num_ticks):
        assert room.tell(Ticked(), after_s=60) == ()
