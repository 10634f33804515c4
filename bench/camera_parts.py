"""What the camera's measurements share: the works, lines of a table, all cores."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import cv2
from rich.progress import track

from bench.kiosk import REPOSITORY
from installation.camera.match import KnownWorks
from installation.camera.rectify import Pixels
from tests.scenes import read_artwork

GALLERY = REPOSITORY / "installation/gallery"

TaskT = TypeVar("TaskT")
ResultT = TypeVar("ResultT")


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


@cache
def artworks() -> Mapping[str, Pixels]:
    """The gallery's works, by name."""
    return {path.stem: read_artwork(path) for path in sorted(GALLERY.glob("*.jpg"))}


@cache
def every_other() -> KnownWorks:
    """Every other work of the gallery, known."""
    return known_works({name: artworks()[name] for name in list(artworks())[::2]})


def known_works(pictures: Mapping[str, Pixels]) -> KnownWorks:
    """Let these works be known, as a gallery's are: from files."""
    with tempfile.TemporaryDirectory(prefix="art2mus-bench") as folder:
        paths = {name: Path(folder, f"{name}.png") for name in pictures}
        for name, path in paths.items():
            cv2.imwrite(str(path), pictures[name])
        return KnownWorks.from_pictures(paths)


def on_all_cores(function: Callable[[TaskT], ResultT], tasks: Sequence[TaskT], name: str) -> list[ResultT]:
    """Do tasks in processes, one thread each; the results come in the order of the tasks.

    Args:
        function: At the top of a module.
        tasks: What it is called with.
        name: Of the bar that shows how far it is.
    """
    num_cores = len(os.sched_getaffinity(0))
    with ProcessPoolExecutor(num_cores, get_context("spawn"), initializer=cv2.setNumThreads, initargs=(1,)) as pool:
        return list(track(pool.map(function, tasks), name, len(tasks)))
