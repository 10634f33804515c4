"""The camera's picture with the painting's corners on it, to be dragged."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PyQt6.QtWidgets import QSizePolicy, QWidget

from installation.messages import CameraEye, CameraFrame, Outline
from installation.ui.buttons import Style

SUGGESTION: Outline = ((0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8))
"""Where the handles wait while no corners are fixed."""

_REACH = 44  # units: a finger is no pencil


class CameraCorners(QWidget):
    """Shows what the camera sees, and lets the corners of the painting be moved by hand.

    Attributes:
        corners: Where the handles are.
        is_fixed: They are in force; else they are only a suggestion.
        moved: Emitted with the corners when one was let go.
    """

    moved = pyqtSignal(object)

    def __init__(self, style: Style, eye: CameraEye | None) -> None:
        """Show nothing yet.

        Args:
            style: Of the page.
            eye: What the camera sees; None where there is no camera.
        """
        super().__init__()
        self.corners: Outline = SUGGESTION
        self.is_fixed = False
        self._style, self._eye = style, eye
        self._frame: CameraFrame | None = None
        self._image = QImage()
        self._dragged: int | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(style.px(220))

    def sizeHint(self) -> QSize:  # noqa: N802
        """As wide as most cameras."""
        return QSize(self._style.px(640), self._style.px(360))

    def fix(self, corners: Outline | None) -> None:
        """Show the corners that are in force, but for one that is being dragged."""
        if self._dragged is None:
            self.corners, self.is_fixed = corners or SUGGESTION, corners is not None
            self.update()

    def refresh(self) -> None:
        """Show the camera's newest picture."""
        frame = self._eye.newest() if self._eye is not None else None
        if frame is not None and frame is not self._frame:
            height, width = frame.pixels.shape[:2]
            self._frame = frame
            self._image = QImage(frame.pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()
            self.update()

    def picture(self) -> QRectF:
        """Where in the widget the camera's picture lies."""
        size = self._image.size() if not self._image.isNull() else QSize(16, 9)
        fitted = size.scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        left, top = (self.width() - fitted.width()) / 2, (self.height() - fitted.height()) / 2
        return QRectF(left, top, fitted.width(), fitted.height())

    def place_of(self, index: int) -> QPointF:
        """Where in the widget a corner lies."""
        picture, (x, y) = self.picture(), self.corners[index]
        return QPointF(picture.x() + x * picture.width(), picture.y() + y * picture.height())

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: ARG002, N802
        """Qt's."""
        palette = self._style.palette
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._image.isNull():
            painter.setPen(QColor(*palette.quiet_text))
            painter.setFont(self._style.font(26, is_italic=True))
            text = "no camera" if self._eye is None else "the camera gives no picture"
            painter.drawText(self.picture(), Qt.AlignmentFlag.AlignCenter, text)
            painter.end()
            return
        painter.drawImage(self.picture(), self._image)
        line = Qt.PenStyle.SolidLine if self.is_fixed else Qt.PenStyle.DashLine
        places = [self.place_of(index) for index in range(4)]
        for colour, width in ((palette.ground, 5), (palette.accent, 2.5)):  # seen on any painting
            painter.setPen(QPen(QColor(*colour), self._style.px(width), line))
            painter.drawPolygon(QPolygonF(places))
        painter.setPen(QPen(QColor(*palette.ground), self._style.px(2)))
        painter.setBrush(QColor(*palette.accent))
        for place in places:
            painter.drawEllipse(place, self._style.px(14), self._style.px(14))
        painter.end()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Take the nearest corner, if one is near."""
        if event is None or self._image.isNull():
            return
        far = [(self.place_of(index) - event.position()).manhattanLength() for index in range(4)]
        nearest = min(range(4), key=far.__getitem__)
        self._dragged = nearest if far[nearest] <= self._style.px(_REACH) else None

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Take it along, but not out of the picture."""
        if event is None or self._dragged is None:
            return
        picture, place = self.picture(), event.position()
        x = min(1.0, max(0.0, (place.x() - picture.x()) / picture.width()))
        y = min(1.0, max(0.0, (place.y() - picture.y()) / picture.height()))
        corners = list(self.corners)
        corners[self._dragged] = (x, y)
        top_left, top_right, bottom_right, bottom_left = corners
        self.corners = (top_left, top_right, bottom_right, bottom_left)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:  # noqa: ARG002, N802
        """Let it go: from now on the painting hangs there."""
        if self._dragged is not None:
            self._dragged, self.is_fixed = None, True
            self.moved.emit(self.corners)
