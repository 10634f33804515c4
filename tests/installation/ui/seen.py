"""What is on the screen, as pixels, without a window."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PyQt6.QtCore import QRect
from PyQt6.QtGui import QImage, QPainter

from installation.labels import Work
from installation.messages import CameraFrame, ClipInfo, ShowWork, SoundingNote, WallLabel
from installation.ui.layout import Rect
from installation.ui.room import Room
from installation.ui.stage import Stage, prepare_stage
from installation.ui.wall import Wall
from tests.installation.ui.scripted_tap import SAMPLE_RATE

SIZE = (1280, 720)
Pixels = npt.NDArray[np.int16]


def paint(painted: Wall | Room, painter: QPainter, region: QRect) -> None:
    """Paint a part of it; a wall as a room does where it is light and there is no camera."""
    if isinstance(painted, Room):
        painted.paint(painter, region)
    else:
        painted.paint_still(painter, region)
        painted.paint_music(painter, region)


def pixels_of(image: QImage) -> Pixels:
    """Shape: (height, width, 3)."""
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    memory = image.bits()
    assert memory is not None
    memory.setsize(image.sizeInBytes())
    rows = np.array(memory, dtype=np.uint8).reshape(image.height(), image.width(), 4)
    return rows[..., 2::-1].astype(np.int16)


def grab(painted: Wall | Room, size: tuple[int, int] = SIZE) -> Pixels:
    """What it looks like now."""
    image = QImage(*size, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    paint(painted, painter, QRect(0, 0, *size))
    painter.end()
    return pixels_of(image)


def run(painted: Wall | Room, start_s: float, stop_s: float) -> None:
    for frame in range(round((stop_s - start_s) * 30) + 1):
        painted.advance(start_s + frame / 30)


def part(pixels: Pixels, rect: Rect) -> Pixels:
    return pixels[max(0, rect.y) : rect.bottom, max(0, rect.x) : rect.right]


def hang(work: Work, size: tuple[int, int] = SIZE) -> Stage:
    """A stage of one's own: its face is repainted as the painting zooms."""
    stage = _prepared(work, size)
    return replace(stage, face=stage.face.copy())


@lru_cache(maxsize=8)
def _prepared(work: Work, size: tuple[int, int]) -> Stage:
    return prepare_stage(work.artwork_id, work.path, work.label, *size)


def as_shown(stage: Stage, start_at_s: float = 0.0) -> ShowWork:
    return ShowWork(stage.artwork_id, Path(), WallLabel(""), 0.0, start_at_s)


def clip_of(work: Work, *notes: SoundingNote) -> ClipInfo:
    return ClipInfo("clip", work.artwork_id, Path("clip.flac"), 60.0, SAMPLE_RATE, notes)


class StillEye:
    """Sees one even colour, thirty times a second."""

    def __init__(self, colour: tuple[int, int, int] = (90, 160, 60)) -> None:
        self.pixels = np.full((90, 160, 3), colour, dtype=np.uint8)
        self.num_looks = 0

    def newest(self) -> CameraFrame | None:
        self.num_looks += 1
        return CameraFrame(self.pixels, self.num_looks / 30)

    def close(self) -> None:
        pass
