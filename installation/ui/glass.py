"""The camera's picture on the screen, with the painting that was found in it drawn as it moves."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen, QPolygonF

from installation.messages import CameraEye, CameraView
from installation.ui.glide import Glide
from installation.ui.layout import NOWHERE, Layout, Rect, fit
from installation.ui.palette import Palette

Corners = npt.NDArray[np.float64]

_FOLLOW_S = 0.06
"""The outline follows the painting this closely: fast enough for the eye, slow enough not to tremble."""
_USUAL_ASPECT = 16 / 9
_SHADE = 120
"""Opacity, of 255, of what lies around the painting."""


@dataclass(slots=True)
class Glass:
    """Shows what the camera sees while it looks, and stands still once it has seen.

    Attributes:
        eye: The camera's pictures; None where there is no camera.
        presence: Opacity of the whole.
        outline: Opacity of the outline.
        held: How far the painting has been held still, as shown.
    """

    eye: CameraEye | None
    presence: Glide = field(default_factory=lambda: Glide(time_s=0.12))
    outline: Glide = field(default_factory=lambda: Glide(time_s=0.12))
    held: Glide = field(default_factory=lambda: Glide(time_s=0.08))
    _is_frozen: bool = True
    _taken_at_s: float = -math.inf
    _image: QImage = field(default_factory=QImage)
    _corners: Corners | None = None
    _wanted: Corners | None = None

    @property
    def is_open(self) -> bool:
        """It is there to stay."""
        return self.presence.target > 0.0

    def open(self) -> None:
        """Begin to look."""
        self.presence.target, self._is_frozen = 1.0, False
        self.held.value = self.held.target = 0.0

    def hold(self) -> None:
        """Stand still: the painting has been seen, and is outlined in full at once."""
        self._is_frozen = True
        if self._wanted is not None:
            self.outline.value = self.outline.target = self.held.value = self.held.target = 1.0

    def close(self) -> None:
        """Go away."""
        self.presence.target, self._is_frozen = 0.0, True

    def see(self, view: CameraView) -> None:
        """Take in what the camera has found."""
        if self._is_frozen:
            return
        self.outline.target = 0.0 if view.outline is None else 1.0
        self.held.target = view.held
        if view.outline is not None:
            self._wanted = np.array(view.outline, dtype=np.float64)
            if self._corners is None or self.outline.value == 0.0:
                self._corners = self._wanted.copy()

    def place(self, layout: Layout) -> Rect:
        """Where the camera's picture is: as large as the screen allows above the music."""
        aspect = self._image.width() / self._image.height() if not self._image.isNull() else _USUAL_ASPECT
        unit, screen = layout.unit, layout.screen
        room_height = layout.music.y - round(112 * unit)
        width, height = fit(screen.width - 2 * round(84 * unit), room_height, aspect)
        return Rect((screen.width - width) // 2, round(64 * unit) + (room_height - height) // 2, width, height)

    def advance(self, layout: Layout, passed_s: float) -> Rect:
        """Move on.

        Returns: What has to be painted again.
        """
        is_new = self.presence.advance(passed_s)
        if not is_new and self.presence.value == 0.0:
            return NOWHERE
        is_new |= self.outline.advance(passed_s) | self.held.advance(passed_s) | self._follow(passed_s)
        if not self._is_frozen:
            is_new |= self._look()
        return self.place(layout) if is_new else NOWHERE

    def _follow(self, passed_s: float) -> bool:
        """Let the outline go after the painting."""
        if self._corners is None or self._wanted is None or np.array_equal(self._corners, self._wanted):
            return False
        step = (1.0 - math.exp(-passed_s / _FOLLOW_S)) * (self._wanted - self._corners)
        self._corners = self._wanted.copy() if np.abs(step).max() < 1e-5 else self._corners + step
        return True

    def covers(self, layout: Layout, region: Rect) -> bool:
        """Whether nothing but the camera's picture is seen in a region."""
        return self.presence.value == 1.0 and region.within(self.place(layout)) == region

    def paint(self, painter: QPainter, layout: Layout, palette: Palette) -> None:
        """Draw picture and outline.

        Args:
            painter: Of the window, antialiased.
            layout: Where.
            palette: In which colours.
        """
        if self.presence.value == 0.0:
            return
        place = self.place(layout)
        frame = QRectF(place.x, place.y, place.width, place.height)
        painter.setOpacity(self.presence.value)
        if self._image.isNull():
            painter.fillRect(frame, QColor(*palette.ground))
        else:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(frame, self._image)
        rim = max(1.0, round(1.5 * layout.unit))
        painter.setPen(QPen(QColor(*palette.text, 110), rim))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(frame.adjusted(rim / 2, rim / 2, -rim / 2, -rim / 2))  # nothing of it lies outside
        if self._corners is not None and self.outline.value > 0.0:
            self._paint_outline(painter, frame, layout.unit, palette)
        painter.setOpacity(1.0)

    def _paint_outline(self, painter: QPainter, frame: QRectF, unit: float, palette: Palette) -> None:
        """The painting bright and all else in shade; what has been held is drawn along its edge."""
        assert self._corners is not None
        points = [QPointF(frame.x() + x * frame.width(), frame.y() + y * frame.height()) for x, y in self._corners]
        painter.save()
        painter.setClipRect(frame, Qt.ClipOperation.IntersectClip)
        painter.setOpacity(self.presence.value * self.outline.value)
        shade = QPainterPath()
        shade.addRect(frame)
        shade.addPolygon(QPolygonF([*points, points[0]]))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)  # the outline covers the steps
        painter.fillPath(shade, QColor(0, 0, 0, _SHADE))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ring = [*points, points[0]]
        _draw_edges(painter, ring, QPen(QColor(0, 0, 0, 110), 5.0 * unit))
        _draw_edges(painter, ring, QPen(QColor(*palette.text), 2.0 * unit))
        if self.held.value > 0.0:
            _draw_edges(painter, along(points, self.held.value), QPen(QColor(*palette.accent), 8.0 * unit))
        painter.restore()

    def _look(self) -> bool:
        """Take the newest picture, if there is one."""
        frame = None if self.eye is None else self.eye.newest()
        if frame is None or frame.taken_at_s == self._taken_at_s:
            return False
        self._taken_at_s = frame.taken_at_s
        height, width, _ = frame.pixels.shape
        seen = QImage(frame.pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888)
        self._image = seen.convertToFormat(QImage.Format.Format_RGB32)  # a copy of our own, and fast to draw
        return True


def _draw_edges(painter: QPainter, points: list[QPointF], pen: QPen) -> None:
    """Straight lines, one by one, with square ends: so they take a twentieth of a polygon's time."""
    painter.setPen(pen)
    for start, stop in pairwise(points):
        painter.drawLine(start, stop)


def along(points: list[QPointF], share: float) -> list[QPointF]:
    """The first part of a closed polygon's edge, from its first corner on.

    >>> square = [QPointF(0, 0), QPointF(2, 0), QPointF(2, 2), QPointF(0, 2)]
    >>> [(p.x(), p.y()) for p in along(square, 0.375)]
    [(0.0, 0.0), (2.0, 0.0), (2.0, 1.0)]
    """
    ring = [*points, points[0]]
    lengths = [math.hypot(b.x() - a.x(), b.y() - a.y()) for a, b in zip(points, ring[1:], strict=True)]
    rest = min(1.0, share) * sum(lengths)
    path = [points[0]]
    for start, stop, length in zip(points, ring[1:], lengths, strict=True):
        if rest <= 0.0:
            break
        path.append(start + (stop - start) * min(1.0, rest / max(length, 1e-9)))
        rest -= length
    return path
