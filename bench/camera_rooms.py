"""False triggers: in rooms without a painting, and while the camera only passes by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from bench.camera_parts import Line, artworks, every_other, on_all_cores
from installation.camera.find import Finder
from installation.camera.rectify import Pixels
from installation.camera.trigger import Trigger
from tests.scenes_moving import SCENE_FRAMES, empty_rooms, furnished_rooms, passing_by

Kind = Literal["empty rooms", "doors and empty frames", "passing by"]
KINDS: tuple[Kind, ...] = ("empty rooms", "doors and empty frames", "passing by")

FRAMES_PER_S = 5.0
"""In simulated hours; a real camera gives more, and the trigger goes by time."""
WATCH_FRAMES = 10 * SCENE_FRAMES
"""So many pictures are watched in one go."""


@dataclass(frozen=True)
class Watch:
    """A part of an hour.

    Attributes:
        kind: What is before the camera.
        seed: Draws it.
        first: Number of its first picture.
        num_frames: So many pictures.
    """

    kind: Kind
    seed: int
    first: int
    num_frames: int


def trigger_lines(hours: float, seed: int) -> list[Line]:
    """How often a work was seen where none was held up."""
    num_frames = round(hours * 3600 * FRAMES_PER_S)
    lines = []
    for kind in KINDS:
        watches = [
            Watch(kind, seed, first, min(WATCH_FRAMES, num_frames - first))
            for first in range(0, num_frames, WATCH_FRAMES)
        ]
        count = sum(len(triggers) for triggers in on_all_cores(false_triggers, watches, kind))
        lines.append(
            Line(f"false triggers, {kind}, in {hours:g} h", f"{count}", "≤ 1 per hour", count <= max(hours, 1.0))
        )
    return lines


def false_triggers(watch: Watch) -> list[int]:
    """The numbers of the pictures with which a work counted as held up."""
    finder, trigger = Finder(every_other()), Trigger()
    return [
        number
        for number, frame in enumerate(_frames(watch), watch.first)
        if trigger.update(number / FRAMES_PER_S, frame, finder.find(frame)).is_new
    ]


def _frames(watch: Watch) -> Iterator[Pixels]:
    match watch.kind:
        case "empty rooms":
            return empty_rooms(watch.seed, watch.num_frames, watch.first)
        case "doors and empty frames":
            return furnished_rooms(watch.seed, watch.num_frames, watch.first)
        case "passing by":
            return passing_by(watch.seed, list(artworks().values()), watch.num_frames, watch.first)
