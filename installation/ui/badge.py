"""A dot in a corner, for those who know where to look: something needs the staff. Never an error text."""

from __future__ import annotations

from dataclasses import dataclass

from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtGui import QColor, QPainter

from installation.ui.layout import Layout, Rect

CAMERA, COMPOSER = (224, 158, 64), (196, 92, 80)
_RADIUS, _INSET, _APART = 5.0, 18.0, 18.0


@dataclass(slots=True)
class Badge:
    """What is missing.

    Attributes:
        is_camera_lost: No pictures come.
        is_composer_lost: No music can be made.
    """

    is_camera_lost: bool = False
    is_composer_lost: bool = False

    def place(self, layout: Layout) -> Rect:
        """The lower left corner."""
        unit = layout.unit
        side = round((2 * _INSET + _APART) * unit)
        return Rect(0, layout.screen.height - side, side, side)

    def paint(self, painter: QPainter, layout: Layout) -> None:
        """Draw a dot for each, the camera's first."""
        unit = layout.unit
        painter.setPen(Qt.PenStyle.NoPen)
        y = layout.screen.height - _INSET * unit
        for index, (is_lost, colour) in enumerate(((self.is_camera_lost, CAMERA), (self.is_composer_lost, COMPOSER))):
            if is_lost:
                painter.setBrush(QColor(*colour))
                centre = QPointF((_INSET + index * _APART) * unit, y)
                painter.drawEllipse(centre, _RADIUS * unit, _RADIUS * unit)
