"""Where the questions of the study stand beside the painting."""

from __future__ import annotations

from installation.ui.layout import Layout, Rect, fit


def hang_beside_questions(width: int, height: int, aspect: float) -> Layout:
    """Hang the painting left of the questions, or above them on an upright screen.

    `label` is where the questions stand.
    """
    unit = min(width, height) / 1080
    margin, floor = round(64 * unit), round(110 * unit)
    music = Rect(0, height - floor, width, floor)
    if width >= height:
        panel_width = min(round(780 * unit), round(0.5 * width))
        room = Rect(margin, margin, width - panel_width - 3 * margin, height - floor - margin)
        label = Rect(width - panel_width - margin, round(36 * unit), panel_width, height - round(72 * unit))
    else:
        panel_height = round(1010 * unit)
        room = Rect(margin, margin, width - 2 * margin, height - panel_height - 2 * margin)
        label = Rect(margin, height - panel_height, width - 2 * margin, panel_height - round(36 * unit))
    picture_width, picture_height = fit(room.width, room.height, aspect)
    x, y = room.x + (room.width - picture_width) // 2, room.y + (room.height - picture_height) // 2
    picture = Rect(x, y, picture_width, picture_height)
    return Layout(Rect(0, 0, width, height), unit, picture, label, False, music, picture.centre_x)
