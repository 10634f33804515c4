"""`python -m bench.camera`: how well and how fast the painting before the camera is found, on rendered scenes.

Every other work of the gallery is known, the rest are not: what is recognised among those is a mistake. The scenes
are those of `tests/scenes.py`, with all their difficulties, unless a line says otherwise. Of times, those of the
process count, on one core; whatever else the machine does makes them longer.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.kiosk import REPOSITORY
from installation.camera.find import Finder, Found
from installation.camera.match import KnownWorks
from installation.camera.rectify import Pixels, rectify
from installation.camera.trigger import Trigger, likeness, see
from tests.scenes import Conditions, Scene, draw_conditions, read_artwork, render
from tests.scenes_moving import empty_rooms, held_still, passing_by

GALLERY = REPOSITORY / "installation/gallery"
MAX_ERROR = 0.02
"""Of the painting's diagonal: how far a corner may be off."""
FRAMES_PER_S = 5.0
"""In simulated hours; a real camera gives more, and the trigger goes by time."""


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


@dataclass(frozen=True)
class Line:
    """A line of the table.

    Attributes:
        name: What was measured.
        value: As it is printed.
        goal: Likewise; empty without one.
        is_reached: Whether the goal was.
    """

    name: str
    value: str
    goal: str = ""
    is_reached: bool = True


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit code: 0, or 1 where a goal was missed."""
    options = _parser().parse_args(arguments)
    lines = measure(options.scenes, options.hours, options.seed)
    Console(soft_wrap=True).print(table(lines))
    return 0 if all(line.is_reached for line in lines) else 1


def measure(num_scenes: int, hours: float, seed: int = 0) -> list[Line]:
    """Measure all there is.

    Args:
        num_scenes: Scenes to find the painting in.
        hours: Simulated, of empty rooms, and of a camera that passes by.
        seed: For other scenes.
    """
    cv2.setNumThreads(1)
    artworks = {path.stem: read_artwork(path) for path in sorted(GALLERY.glob("*.jpg"))}
    known = known_works(list(artworks)[::2], artworks)
    outcomes = list(track(look_at_scenes(artworks, known, num_scenes, seed), "scenes", num_scenes))
    return [
        *found_lines(outcomes),
        *trigger_lines(artworks, known, hours, seed),
        *speed_lines(artworks, known, seed),
        *many_lines(artworks, seed),
    ]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.camera", description=__doc__)
    parser.add_argument("--scenes", type=int, default=600, metavar="N", help="so many (default: 600)")
    parser.add_argument("--hours", type=float, default=1.0, help="of empty and of moving scenes each (default: 1)")
    parser.add_argument("--seed", type=int, default=0, help="for other scenes (default: 0)")
    return parser


def known_works(artwork_ids: Sequence[str], artworks: Mapping[str, Pixels]) -> KnownWorks:
    """Let these works be known, as a gallery's are: from files."""
    with tempfile.TemporaryDirectory(prefix="art2mus-bench") as folder:
        paths = {name: Path(folder, f"{name}.png") for name in artwork_ids}
        for name, path in paths.items():
            cv2.imwrite(str(path), artworks[name])
        return KnownWorks.from_pictures(paths)


def look_at_scenes(artworks: Mapping[str, Pixels], known: KnownWorks, count: int, seed: int) -> Iterator[Outcome]:
    """Hang the artworks up one after the other, and look for them."""
    names = list(artworks)
    other: Pixels | None = None
    for number in range(count):
        rng = np.random.default_rng((seed, number))
        name, neighbour = names[number % len(names)], names[(number + 7) % len(names)]
        conditions = draw_conditions(rng)
        scene = render(rng, artworks[name], conditions, artworks[neighbour])
        found = Finder(known).look(scene.camera_frame)
        artwork_id = found.artwork_id if found else None
        present = {None, name, neighbour} if conditions.has_neighbour else {None, name}
        is_known, is_met_again, is_confused = number % len(names) % 2 == 0, None, False
        if not is_known and other is not None and found is not None:
            again = render(
                rng, artworks[name], draw_conditions(rng, max_angle_deg=30), artworks[neighbour]
            ).camera_frame
            is_met_again, is_confused = _meet_again(scene.camera_frame, found, again, other)
        other = scene.camera_frame
        error = corner_error(found, scene)
        is_recognised, is_mistaken = artwork_id == name, artwork_id not in present
        yield Outcome(conditions, is_known, error, is_recognised, is_mistaken, is_met_again, is_confused)


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


def trigger_lines(artworks: Mapping[str, Pixels], known: KnownWorks, hours: float, seed: int) -> list[Line]:
    """False triggers: in rooms without a painting, and while the camera only passes by."""
    num_frames = round(hours * 3600 * FRAMES_PER_S)
    rooms = {
        "empty rooms": empty_rooms(seed, num_frames),
        "passing by": passing_by(seed, list(artworks.values()), num_frames),
    }
    lines = []
    for name, frames in rooms.items():
        finder, trigger = Finder(known), Trigger()
        count = 0
        for number, frame in enumerate(track(frames, name, num_frames)):
            count += trigger.update(number / FRAMES_PER_S, frame, finder.find(frame)).is_new
        per_hour = count / hours
        lines.append(Line(f"false triggers, {name}", f"{per_hour:.1f} per hour", "≤ 1 per hour", per_hour <= 1))
    return lines


def speed_lines(artworks: Mapping[str, Pixels], known: KnownWorks, seed: int) -> list[Line]:
    """Time for each camera frame, and from held still to an artwork in a file's form."""
    times: list[float] = []
    handed: list[float] = []
    for number, artwork in enumerate(artworks.values()):
        finder, trigger = Finder(known), Trigger()
        for count, frame in enumerate(held_still(np.random.default_rng((seed, number)), artwork, 40)):
            began = time.process_time()
            found = finder.find(frame)
            verdict = trigger.update(count / 25, frame, found)
            times.append(time.process_time() - began)
            if verdict.is_new and found is not None:
                cv2.imencode(".png", rectify(frame, found.corners))
                handed.append(time.process_time() - began)
    milliseconds = 1000 * np.array(times)
    mean = float(milliseconds.mean())
    worst = 1000 * max(handed, default=float("nan"))
    return [
        Line("frames a second, 1280×720, one core", f"{1000 / mean:.0f}", "≥ 25", mean <= 40),
        Line("a frame: median", f"{np.median(milliseconds):.1f} ms"),
        Line("a frame: 99th percentile", f"{np.percentile(milliseconds, 99):.1f} ms"),
        Line(
            "held still and handed over",
            f"{len(handed)} of {len(artworks)}",
            str(len(artworks)),
            len(handed) == len(artworks),
        ),
        Line("held still to handed over: longest", f"{worst:.0f} ms", "< 300 ms", worst < 300),
    ]


def many_lines(artworks: Mapping[str, Pixels], seed: int, num_looks: int = 60) -> list[Line]:
    """Recognition among some hundreds: the ninths of the artworks, as they are and mirrored."""
    pieces = dict(_ninths(artworks))
    began = time.process_time()
    known = known_works(list(pieces), pieces)
    learning_s = time.process_time() - began
    rng, times, num_right, num_wrong = np.random.default_rng(seed), [], 0, 0
    for name in rng.choice(list(pieces), num_looks, replace=False):
        conditions = Conditions(
            yaw_deg=rng.uniform(-30, 30), roll_deg=rng.uniform(-20, 20), share=rng.uniform(0.3, 0.8)
        )
        scene = render(rng, pieces[name], conditions)
        began = time.process_time()
        match = known.recognise(scene.camera_frame, scene.corners)
        times.append(time.process_time() - began)
        num_right += match is not None and match.artwork_id == name
        num_wrong += match is not None and match.artwork_id != name
    return [
        Line(f"among {len(known)} works: recognised", f"{num_right} of {num_looks}"),
        Line(f"among {len(known)} works: taken for another", str(num_wrong), "0", num_wrong == 0),
        Line(f"among {len(known)} works: median time", f"{1000 * np.median(times):.0f} ms"),
        Line(f"learning {len(known)} works", f"{learning_s:.1f} s"),
    ]


def _ninths(artworks: Mapping[str, Pixels]) -> Iterator[tuple[str, Pixels]]:
    for name, artwork in artworks.items():
        height, width = (size // 3 for size in artwork.shape[:2])
        for row, column in np.ndindex(3, 3):
            piece = artwork[row * height : (row + 1) * height, column * width : (column + 1) * width]
            larger = np.asarray(cv2.resize(piece, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), np.uint8)
            yield f"{name}-{row}{column}", larger
            yield f"{name}-{row}{column}-mirrored", np.ascontiguousarray(larger[:, ::-1])


def table(lines: Sequence[Line]) -> Table:
    """One row for each figure, with its goal; what misses it is red."""
    result = Table(title="The camera", title_justify="left")
    result.add_column("")
    result.add_column("measured", justify="right")
    result.add_column("goal", justify="right")
    for line in lines:
        result.add_row(line.name, line.value, line.goal, style=None if line.is_reached else "red")
    return result


if __name__ == "__main__":
    sys.exit(main())
