"""How loud each loudspeaker is at this moment."""

from __future__ import annotations

import math

from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from installation.messages import PlaybackTap
from installation.ui.buttons import Style

QUIETEST_DB = -60.0
_WINDOW_S = 0.1
_HOT_DB = -3.0


class Levels(QWidget):
    """Two bars, left and right: peaks of the last moment, from -60 dB to full scale.

    Attributes:
        peaks_db: Left and right; `QUIETEST_DB` and below is silence.
    """

    def __init__(self, style: Style, tap: PlaybackTap) -> None:
        """Show silence.

        Args:
            style: Of the page.
            tap: What is heard.
        """
        super().__init__()
        self.peaks_db = (QUIETEST_DB, QUIETEST_DB)
        self._style, self._tap = style, tap
        self.setFixedHeight(style.px(40))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("levels")

    def measure(self, now_s: float) -> None:
        """Show what is heard at this moment."""
        num_frames = round(_WINDOW_S * self._tap.sample_rate())
        left, right = abs(self._tap.samples(num_frames, now_s)).max(axis=0) if num_frames else (0.0, 0.0)
        self.peaks_db = (_in_db(float(left)), _in_db(float(right)))
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: ARG002, N802
        """Qt's."""
        palette, gap = self._style.palette, self._style.px(6)
        height = (self.height() - gap) / 2
        painter = QPainter(self)
        painter.setPen(Qt.PenStyle.NoPen)
        for index, peak_db in enumerate(self.peaks_db):
            top = index * (height + gap)
            painter.setBrush(QColor(*palette.quiet_text, 60))
            painter.drawRect(QRectF(0, top, self.width(), height))
            share = min(1.0, max(0.0, 1.0 - peak_db / QUIETEST_DB))
            painter.setBrush(QColor(*(palette.text if peak_db > _HOT_DB else palette.accent)))
            painter.drawRect(QRectF(0, top, share * self.width(), height))
        painter.end()


def _in_db(amplitude: float) -> float:
    return 20.0 * math.log10(amplitude) if amplitude > 0 else -math.inf
