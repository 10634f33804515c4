"""What stands beside a label: why this music, and the code with which it is taken home."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import segno
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QImage, QPainter

from installation.messages import ClipInfo, TakeHome
from installation.ui.glide import Glide
from installation.ui.layout import NOWHERE, Layout, Rect
from installation.ui.lettering import Line, blank, bounds_of, make_font, moved, paint_lines, set_lines
from installation.ui.palette import Palette
from installation.ui.stage import Stage
from installation.ui.why import explain
from installation.ui.words import Words

_CODE = 128.0
"""Units of type along a side of the code, at most."""
_QUIET_MODULES = 2
"""Light around the code; the light ground has a margin of its own beside."""
_GAP = 22.0
_SMALLEST_SHRINK = 0.5


@dataclass(slots=True)
class Aside:
    """Comes softly when there is something to say about what is heard.

    Attributes:
        strength: Opacity.
        lines: What is said.
        place: Where it stands; without area when nothing is said.
    """

    strength: Glide = field(default_factory=lambda: Glide(time_s=0.5))
    lines: tuple[Line, ...] = ()
    place: Rect = NOWHERE
    _image: QImage = field(default_factory=QImage)
    _set_for: tuple[object, ...] = ()

    def update(
        self,
        clip: ClipInfo | None,
        offer: TakeHome | None,
        stage: Stage,
        words: Words,
        passed_s: float,
        *,
        is_wanted: bool,
    ) -> list[Rect]:
        """Bring it to what is heard now: the old leaves before the new comes.

        Args:
            clip: What is heard of the work that is shown, if it is.
            offer: How it can be taken home, if it can.
            stage: What hangs.
            words: In which language.
            passed_s: Since the last call.
            is_wanted: The scene has room for it.

        Returns: What has to be painted again.
        """
        said = () if clip is None or not is_wanted else explain(clip, words)
        offer = offer if clip is not None and is_wanted else None
        wanted = (said, offer, stage.layout, stage.aside, words) if said or offer else ()
        if wanted == self._set_for:
            self.strength.target = 1.0 if wanted else 0.0
        elif self.strength.value == 0.0:
            self._set_for = wanted
            self._set(said, offer, stage, words)
        else:
            self.strength.target = 0.0
        return [self.place] if self.strength.advance(passed_s) else []

    def paint(self, painter: QPainter, opacity: float) -> None:
        """Draw it."""
        if self.place.width and self.strength.value * opacity > 0.0:
            painter.setOpacity(self.strength.value * opacity)
            painter.drawImage(QPointF(self.place.x, self.place.y), self._image)
            painter.setOpacity(1.0)

    def _set(self, said: Sequence[str], offer: TakeHome | None, stage: Stage, words: Words) -> None:
        """Set the words and draw the code, once."""
        layout, free, palette = stage.layout, stage.aside, stage.palette
        self.lines, self.place = (), NOWHERE
        if not (said or offer):
            return
        code = None if offer is None else Code.of(offer, layout, free, palette, words)
        room = free if code is None else code.room_beside(free, layout)
        why = _set_why(said, layout, room, palette, words) if said else ()
        self.lines = (*why, *(code.lines if code else ()))
        bounds = bounds_of(self.lines)
        self._image, self.place = blank(bounds if code is None else bounds.united(code.ground))
        painter = QPainter(self._image)
        painter.translate(-self.place.x, -self.place.y)
        paint_lines(painter, self.lines)
        if code is not None:
            code.paint(painter, palette)
        painter.end()


@dataclass(frozen=True, slots=True)
class Code:
    """A QR code on a light ground, and what is said about it.

    Attributes:
        ground: The light ground.
        module: Pixels of one dark square.
        matrix: Rows of modules, 1 is dark.
        lines: Beside or below it.
    """

    ground: QRectF
    module: int
    matrix: tuple[bytes, ...]
    lines: tuple[Line, ...]

    @classmethod
    def of(cls, offer: TakeHome, layout: Layout, free: Rect, palette: Palette, words: Words) -> Code:
        """Place a code: at the foot of a column, at the right end of anything wider.

        Args:
            offer: What it leads to.
            layout: Of the wall.
            free: Where there is room.
            palette: In which colours.
            words: In which language.
        """
        unit = layout.type_unit
        matrix = tuple(bytes(row) for row in segno.make(offer.url, error="m", micro=False).matrix)
        num_modules = len(matrix) + 2 * _QUIET_MODULES
        module = max(2, int(_CODE * unit / num_modules))
        side = module * num_modules
        valid = words.valid.format(time.strftime("%H:%M", _wall_time(offer.expires_at_s)))
        is_column = _is_column(layout)
        if is_column:
            left, top = free.x, free.bottom - side
            text_x, width = left + side + _GAP * unit, free.width - side - _GAP * unit
        else:
            width = max(side + 0.0, 190 * unit)
            left, top = round(free.right - width), free.y + round(4 * unit)
            text_x = left
        take, y = set_lines(words.take_home, make_font(27 * unit, is_italic=True), palette.text, width, 0.0, 1.1)
        until, y = set_lines(valid, make_font(24 * unit), palette.quiet_text, width, y + 2 * unit, 1.2)
        text_y = top + (side - y) / 2 if is_column else top + side + 8 * unit
        lines = moved([*take, *until], text_x, text_y)
        return cls(QRectF(left, top, side, side), module, matrix, lines)

    def room_beside(self, free: Rect, layout: Layout) -> Rect:
        """What the code leaves free."""
        gap = round(_GAP * layout.type_unit)
        if _is_column(layout):
            return Rect(free.x, free.y, free.width, round(self.ground.top()) - gap - free.y)
        return Rect(free.x, free.y, round(self.ground.left()) - 2 * gap - free.x, free.height)

    def paint(self, painter: QPainter, palette: Palette) -> None:
        """Draw ground and modules, every edge on a whole pixel."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.fillRect(self.ground, QColor(*palette.text))
        dark = QColor(*palette.ground)
        inset = _QUIET_MODULES * self.module
        for row, modules in enumerate(self.matrix):
            for column, is_dark in enumerate(modules):
                if is_dark:
                    x = self.ground.x() + inset + column * self.module
                    y = self.ground.y() + inset + row * self.module
                    painter.fillRect(QRectF(x, y, self.module, self.module), dark)


def _is_column(layout: Layout) -> bool:
    """Everything stands below each other; else side by side."""
    return layout.label_is_beside or layout.screen.height > layout.screen.width


def _set_why(said: Sequence[str], layout: Layout, room: Rect, palette: Palette, words: Words) -> tuple[Line, ...]:
    """The reasons in their room: in smaller type, then without the last of them, if they must."""
    shrink = 1.0
    while True:
        unit = layout.type_unit * shrink
        lines, y = set_lines(words.why, make_font(29 * unit, is_italic=True), palette.accent, room.width, 0.0, 1.1)
        y += 8 * unit
        for sentence in said:
            more, y = set_lines(sentence, make_font(28 * unit), palette.text, room.width, y, 1.24)
            lines += more
            y += 5 * unit
        if y <= room.height:
            break
        if shrink > _SMALLEST_SHRINK:
            shrink *= 0.94
        elif len(said) > 1:
            said = said[:-1]
        else:
            return ()
    return moved(lines, room.x, room.y)


def _wall_time(at_s: float) -> time.struct_time:
    """A monotonic time by the clock on the wall."""
    return time.localtime(time.time() + at_s - time.monotonic())
