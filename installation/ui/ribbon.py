"""The score as it sounds: notes that flow under the painting and light up where they are heard."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtGui import QColor, QPainter, QPainterPath, QPen

from installation.messages import SoundingNote
from installation.ui.heard import Strand
from installation.ui.layout import Layout
from installation.ui.palette import Palette, Rgb
from installation.ui.sprites import Sprites

UNITS_PER_S = 78.0
"""How fast the music flows: slow enough to be followed by eye."""
MELODY, PAD = 0, 1

_RELEASE_S = 1.3
_ATTACK_S = 0.06
_ACROSS_S = 1.4
"""Notes of the melody closer than this are joined by a thread."""
_TOGETHER = 5.0
"""Units between the onsets of notes struck together, at most."""
INSET = 36.0
"""Units between the edges of the band and the highest and lowest note."""


@dataclass(frozen=True, slots=True)
class _Look:
    """How a layer is drawn: thickness in units, opacity before, while and after it sounds, its halo in units."""

    thickness: float
    ahead: float
    lit: float
    behind: float
    halo: float
    halo_strength: float


_LOOKS = {
    MELODY: _Look(10.0, 0.46, 1.0, 0.34, 76.0, 0.95),
    PAD: _Look(9.0, 0.32, 0.9, 0.24, 52.0, 0.55),
}


@dataclass(frozen=True, slots=True)
class _Placed:
    """A note on the screen: where, in which colour, how much of it is in sight and how brightly it shines."""

    note: SoundingNote
    look: _Look
    colour: Rgb
    left: float
    right: float
    y: float
    thick: float
    presence: float
    is_over: bool
    level: float


def lightness(until_s: float, duration_s: float) -> float:
    """How brightly a note shines, 0 to 1: it swells in, holds, and fades after its end.

    Args:
        until_s: Seconds until its onset, negative once it has begun.
        duration_s: How long it is held.
    """
    age = -until_s
    if age <= 0.0:
        return 0.0
    level = min(1.0, age / _ATTACK_S) * (0.72 + 0.28 * math.exp(-age / 0.6))
    over = age - duration_s
    return level if over <= 0.0 else level * math.exp(-over / _RELEASE_S)


class Ribbon:
    """Draws strands of music."""

    def __init__(self) -> None:
        """With nothing painted beforehand."""
        self._sprites = Sprites()

    def paint(self, painter: QPainter, strand: Strand, layout: Layout, palette: Palette, now_s: float) -> None:
        """Draw one strand, as strongly as it is heard.

        Args:
            painter: Of the window, antialiased.
            strand: The music.
            layout: Where.
            palette: The colours of the work it was made for.
            now_s: Monotonic time.
        """
        speed = UNITS_PER_S * layout.unit
        behind_s = layout.now_x / speed + 0.5
        ahead_s = (layout.music.width - layout.now_x) / speed + 0.5
        notes = [_place(*seen, strand, layout, palette) for seen in strand.notes(behind_s, ahead_s, now_s)]
        pad = [placed for placed in notes if placed.note.layer == PAD]
        melody = [placed for placed in notes if placed.note.layer != PAD]
        self._draw_notes(painter, pad, layout)
        _draw_thread(painter, melody, layout.unit)
        self._draw_notes(painter, melody, layout)
        self._throw_light(painter, notes, layout)
        painter.setOpacity(1.0)

    def _draw_notes(self, painter: QPainter, notes: Iterable[_Placed], layout: Layout) -> None:
        for n in notes:
            painter.setOpacity((n.look.behind if n.is_over else n.look.ahead) * n.presence)
            self._sprites.stroke(painter, n.colour, 0.0, n.left, n.right, n.y, n.thick, stop=n.right)
            if n.level > 0.02:
                heard_to = min(n.right, max(layout.now_x, n.left + n.thick))
                painter.setOpacity(min(1.0, n.look.lit * n.level * n.presence))
                self._sprites.stroke(painter, n.colour, n.level, n.left, n.right, n.y, n.thick, stop=heard_to)

    def _throw_light(self, painter: QPainter, notes: Iterable[_Placed], layout: Layout) -> None:
        """A halo where a note is heard; after its end it stays with the note's end and dies away."""
        for n in notes:
            if n.level < 0.03:
                continue
            loud = 0.45 + 0.55 * n.note.velocity / 127
            painter.setOpacity(min(1.0, n.look.halo_strength * loud * n.level * n.presence))
            radius = n.look.halo * layout.unit * (0.8 + 0.4 * loud)
            self._sprites.halo(painter, n.colour, min(n.right, layout.now_x), n.y, radius)


def _place(
    until_s: float, note: SoundingNote, sight: float, strand: Strand, layout: Layout, palette: Palette
) -> _Placed:
    unit, speed = layout.unit, UNITS_PER_S * layout.unit
    look = _LOOKS[PAD if note.layer == PAD else MELODY]
    scale = palette.pad if note.layer == PAD else palette.melody
    share = (note.pitch - strand.low) / (strand.high - strand.low)
    thick = look.thickness * unit * (0.8 + 0.4 * note.velocity / 127)
    left = layout.now_x + until_s * speed
    right = max(left + note.duration_s * speed - 1.5 * unit, left + thick)
    gain = min(1.0, max(0.0, strand.gain))
    return _Placed(
        note=note,
        look=look,
        colour=scale[round(min(1.0, max(0.0, share)) * (len(scale) - 1))],
        left=left,
        right=right,
        y=layout.music.bottom - INSET * unit - share * (layout.music.height - 2 * INSET * unit),
        thick=thick,
        # What a fading piece would still have played is of less interest than what comes instead.
        presence=sight * (gain * gain if until_s > 0 else gain),
        is_over=until_s + note.duration_s <= 0,
        level=lightness(until_s, note.duration_s),
    )


def _draw_thread(painter: QPainter, melody: Sequence[_Placed], unit: float) -> None:
    """A fine thread from each note of the melody to the next; of notes struck together it takes the highest."""
    tops: list[_Placed] = []
    for placed in melody:
        if tops and placed.left - tops[-1].left < _TOGETHER * unit:
            tops[-1] = min(tops[-1], placed, key=lambda n: n.y)
        else:
            tops.append(placed)
    painter.setOpacity(1.0)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for before, after in pairwise(tops):
        gap = after.left - before.right
        if gap > _ACROSS_S * UNITS_PER_S * unit:
            continue
        start, stop = QPointF(min(before.right, after.left), before.y), QPointF(after.left, after.y)
        alpha = 0.30 * min(before.presence, after.presence)
        painter.setPen(QPen(QColor(*after.colour, round(255 * alpha)), 1.4 * unit))
        bend = QPointF(max(10.0 * unit, 0.5 * gap), 0)
        path = QPainterPath(start)
        path.cubicTo(start + bend, stop - bend, stop)
        painter.drawPath(path)
