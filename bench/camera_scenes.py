"""What is found in rendered scenes: the painting's corners, and which work it is."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bench.camera_parts import Line, artworks, every_other, on_all_cores
from installation.camera.find import Finder, Found
from installation.camera.match import KnownWorks
from installation.camera.rectify import Pixels, rectify
from installation.camera.trigger import Trigger, likeness, see
from tests.scenes import Conditions, Scene, draw_conditions, render
from tests.scenes_streamed import Stream

MAX_ERROR = 0.02
"""Of the painting's diagonal: how far a corner may be off."""
NUM_AT_A_TIME = 10

View = Callable[[Pixels], Pixels]
"""What becomes of a scene before it is looked at."""


@dataclass(frozen=True)
class Hanging:
    """Scenes that one process looks at, one after the other.

    Attributes:
        seed: Draws them.
        first: Number of the first.
        stop: Number of the one after the last.
        is_streamed: They come out of a network camera.
    """

    seed: int
    first: int
    stop: int
    is_streamed: bool


@dataclass(frozen=True)
class Outcome:
    """What was found in one scene.

    Attributes:
        conditions: Of the scene.
        is_known: Whether the work that hangs there is known.
        error: Of the worst corner, as a share of the diagonal; infinite where nothing was found.
        is_recognised: The work was recognised.
        is_mistaken: A work was recognised that is not in the scene at all.
        is_met_again: For an unknown work: after it was answered, it is known in another scene.
        is_confused: And a scene with another artwork is taken for it.
    """

    conditions: Conditions
    is_known: bool
    error: float
    is_recognised: bool
    is_mistaken: bool
    is_met_again: bool | None = None
    is_confused: bool = False


def look_at_scenes(count: int, seed: int, *, is_streamed: bool) -> list[Outcome]:
    """Hang the artworks up one after the other, and look for them."""
    hangings = [
        Hanging(seed, first, min(first + NUM_AT_A_TIME, count), is_streamed) for first in range(0, count, NUM_AT_A_TIME)
    ]
    return [outcome for outcomes in on_all_cores(look_at, hangings, "scenes") for outcome in outcomes]


def look_at(hanging: Hanging) -> list[Outcome]:
    """Look for the painting in each of these scenes."""
    with contextlib.ExitStack() as stack:
        view = stack.enter_context(Stream()).see if hanging.is_streamed else _as_it_is
        return list(_outcomes(hanging, view))


def _as_it_is(picture: Pixels) -> Pixels:
    return picture


def _outcomes(hanging: Hanging, view: View) -> Iterator[Outcome]:
    other = view(_scene(hanging.seed, hanging.first - 1)[1].camera_frame) if hanging.first else None
    for number in range(hanging.first, hanging.stop):
        rng, scene = _scene(hanging.seed, number)
        frame, conditions = view(scene.camera_frame), scene.conditions
        name, neighbour = _names(number)
        found = Finder(every_other()).look(frame)
        artwork_id = found.artwork_id if found else None
        present = {None, name, neighbour} if conditions.has_neighbour else {None, name}
        is_known = number % len(artworks()) % 2 == 0
        met: tuple[bool | None, bool] = (None, False)
        if not is_known and other is not None and found is not None:
            again = render(rng, artworks()[name], draw_conditions(rng, max_angle_deg=30), artworks()[neighbour])
            met = _meet_again(frame, found, view(again.camera_frame), other)
        other = frame
        is_recognised, is_mistaken = artwork_id == name, artwork_id not in present
        yield Outcome(conditions, is_known, corner_error(found, scene), is_recognised, is_mistaken, *met)


def _names(number: int) -> tuple[str, str]:
    """What hangs in a scene, and what hangs beside it."""
    names = list(artworks())
    return names[number % len(names)], names[(number + 7) % len(names)]


def _scene(seed: int, number: int) -> tuple[np.random.Generator, Scene]:
    """A scene, and the generator that draws what comes after it."""
    rng = np.random.default_rng((seed, number))
    name, neighbour = _names(number)
    return rng, render(rng, artworks()[name], draw_conditions(rng), artworks()[neighbour])


def _meet_again(camera_frame: Pixels, found: Found, again: Pixels, other: Pixels) -> tuple[bool, bool]:
    """Whether a work that was answered is known in another scene, and whether another work is taken for it."""
    visitors = KnownWorks()
    visitors.add("seen", rectify(camera_frame, found.corners))
    answered = see(camera_frame, found)
    limit = Trigger().settings.min_likeness

    def is_same(frame: Pixels) -> bool:
        look = Finder(visitors).look(frame)
        return look is not None and (look.artwork_id == "seen" or likeness(answered, see(frame, look)) >= limit)

    return is_same(again), is_same(other)


def corner_error(found: Found | None, scene: Scene) -> float:
    """Say how far the worst corner is off, as a share of the painting's diagonal; infinite where nothing was found."""
    if found is None or scene.corners is None:
        return float("inf")
    diagonal = float(np.linalg.norm(scene.corners - np.roll(scene.corners, 2, axis=0), axis=1).max())
    return float(np.linalg.norm(found.corners - scene.corners, axis=1).max()) / diagonal


def found_lines(outcomes: Sequence[Outcome]) -> list[Line]:
    """What was found, and what was recognised."""
    near = [each for each in outcomes if each.conditions.angle_deg <= 30]
    clear = [each for each in near if not (each.conditions.has_hand or each.conditions.blur_px)]

    def is_exact(outcome: Outcome) -> bool:
        return outcome.error < MAX_ERROR

    def is_recognised(outcome: Outcome) -> bool:
        return outcome.is_recognised

    mistaken = sum(each.is_mistaken for each in outcomes)
    met = [each for each in outcomes if each.is_met_again is not None]
    confused = sum(each.is_confused for each in met)
    return [
        _share("rectified, up to 30°", near, is_exact, 0.95),
        _share("  known works", [each for each in near if each.is_known], is_exact),
        _share("  unknown works", [each for each in near if not each.is_known], is_exact),
        _share("  unknown works, without hand or motion", [each for each in clear if not each.is_known], is_exact),
        _share("rectified, up to 40°", outcomes, is_exact),
        _share("known works recognised, up to 30°", [each for each in near if each.is_known], is_recognised, 0.99),
        _share("known works recognised, up to 40°", [each for each in outcomes if each.is_known], is_recognised),
        Line(f"recognised but not there, of {len(outcomes)} scenes", str(mistaken), "0", mistaken == 0),
        _share("unknown works met again, known as the same", met, lambda each: bool(each.is_met_again)),
        Line(f"another work taken for the one before, of {len(met)}", str(confused)),
    ]


def _share(name: str, outcomes: Sequence[Outcome], holds: Callable[[Outcome], bool], goal: float | None = None) -> Line:
    share = sum(holds(each) for each in outcomes) / max(len(outcomes), 1)
    is_reached = goal is None or share >= goal
    return Line(f"{name} ({len(outcomes)} scenes)", f"{share:.1%}", f"≥ {goal:.0%}" if goal else "", is_reached)
