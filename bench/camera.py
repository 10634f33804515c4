"""`python -m bench.camera`: how well and how fast the painting before the camera is found, on rendered scenes.

Every other work of the gallery is known, the rest are not: what is recognised among those is a mistake. The scenes
are those of `tests/scenes.py`, with all their difficulties, unless a line says otherwise. They come through a real
MJPEG stream and `cv2.VideoCapture`; `--direct` takes them as they are rendered.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from art2mus.arguments import at_least_0, seed
from bench.camera_parts import Line
from bench.camera_rooms import trigger_lines
from bench.camera_scenes import found_lines, look_at_scenes
from bench.camera_speed import many_lines, process_lines, speed_lines


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit code: 0, or 1 where a goal was missed."""
    options = _parser().parse_args(arguments)
    lines = measure(options.scenes, options.hours, options.seed, is_streamed=not options.direct)
    Console(soft_wrap=True).print(table(lines))
    return 0 if all(line.is_reached for line in lines) else 1


def measure(num_scenes: int, hours: float, seed: int = 0, *, is_streamed: bool = True) -> list[Line]:
    """Measure all there is; what takes long, on every core there is.

    Args:
        num_scenes: Scenes to find the painting in.
        hours: Simulated, of empty rooms, and of a camera that passes by.
        seed: For other scenes.
        is_streamed: The scenes come out of a network camera.
    """
    lines = found_lines(look_at_scenes(num_scenes, seed, is_streamed=is_streamed)) if num_scenes else []
    lines += trigger_lines(hours, seed) if hours else []
    return [*lines, *speed_lines(seed), *process_lines(seed), *many_lines(seed)]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.camera", description=__doc__)
    parser.add_argument("--scenes", type=at_least_0, default=600, metavar="N", help="so many (default: 600)")
    parser.add_argument("--hours", type=float, default=1.0, help="of empty and of moving scenes each (default: 1)")
    parser.add_argument("--seed", type=seed, default=0, help="for other scenes (default: 0)")
    parser.add_argument("--direct", action="store_true", help="without JPEG and network")
    return parser


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
