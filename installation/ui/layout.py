"""Where things hang: pure geometry, the same at every size and both orientations.

Lengths are pixels of the screen; `unit` is 1 on a screen whose short side has 1080 of them.
"""

from __future__ import annotations

from dataclasses import dataclass

SMALLEST_ZOOM = 0.94
"""The painting's size when the camera is farthest away; at 1 it fills its place."""


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle of whole pixels."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """The first column beyond it."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """The first row beyond it."""
        return self.y + self.height

    @property
    def centre_x(self) -> float:
        """Its middle column."""
        return self.x + self.width / 2

    @property
    def centre_y(self) -> float:
        """Its middle row."""
        return self.y + self.height / 2

    def grown(self, by: int) -> Rect:
        """The same with a margin on every side."""
        return Rect(self.x - by, self.y - by, self.width + 2 * by, self.height + 2 * by)

    def within(self, other: Rect) -> Rect:
        """The part of it that lies in another; without area where they do not meet."""
        x, y = max(self.x, other.x), max(self.y, other.y)
        right, bottom = min(self.right, other.right), min(self.bottom, other.bottom)
        return Rect(x, y, max(0, right - x), max(0, bottom - y))


NOWHERE = Rect(0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Layout:
    """A hung painting.

    Attributes:
        screen: All of it.
        unit: Pixels of one unit.
        picture: The painting at its largest, without frame; its aspect is the painting's.
        label: Where the wall text stands, its last line at the bottom when `label_is_beside`.
        label_is_beside: Right of the painting, else below it.
        music: The band in which the music flows, as wide as the screen.
        now_x: Where in it the present is: below the middle of the painting.
        aside: Where there is room for more about the music; beside a label that is beside, it is what that leaves free.
        text_size: How much larger than usual all type is.
    """

    screen: Rect
    unit: float
    picture: Rect
    label: Rect
    label_is_beside: bool
    music: Rect
    now_x: float
    aside: Rect = NOWHERE
    text_size: float = 1.0

    @property
    def type_unit(self) -> float:
        """Pixels of one unit of type."""
        return self.unit * self.text_size

    @property
    def kept_free(self) -> float:
        """As much of the label's height as belongs to what is said aside, at least."""
        return 290.0 * self.type_unit if self.label_is_beside and self.aside.height else 0.0

    @property
    def floor_y(self) -> float:
        """Where the wall meets the floor."""
        return self.music.y + 0.13 * self.music.height

    @classmethod
    def hang(cls, width: int, height: int, aspect: float, text_size: float = 1.0) -> Layout:
        """Hang a painting on a screen as large as label and music allow.

        Args:
            width: Of the screen.
            height: Of the screen.
            aspect: Width by height of the painting.
            text_size: How much larger than usual type is.
        """
        unit = min(width, height) / 1080
        beside = cls._beside(width, height, aspect, unit, text_size)
        below = cls._below(width, height, aspect, unit, text_size)
        area = beside.picture.width * beside.picture.height
        return beside if area >= 0.98 * below.picture.width * below.picture.height else below

    @classmethod
    def _beside(cls, width: int, height: int, aspect: float, unit: float, text_size: float) -> Layout:
        """Painting and label side by side, centred together."""
        margin, gap = round(84 * unit), round(76 * unit)
        label_width = round(min(400 * unit * text_size, 0.36 * width))
        music = _music_band(width, height, unit)
        room_width = width - 2 * margin - gap - label_width
        room_height = music.y - round(56 * unit) - round(28 * unit)
        picture_width, picture_height = fit(room_width, room_height, aspect)
        x = (width - picture_width - gap - label_width) // 2
        y = round(56 * unit) + (room_height - picture_height) // 2
        picture = Rect(x, y, picture_width, picture_height)
        label_height = max(picture_height, min(round(640 * unit * text_size), picture.bottom - round(56 * unit)))
        label = Rect(picture.right + gap, picture.bottom - label_height, label_width, label_height)
        screen = Rect(0, 0, width, height)
        return cls(screen, unit, picture, label, True, music, picture.centre_x, label, text_size)

    @classmethod
    def _below(cls, width: int, height: int, aspect: float, unit: float, text_size: float) -> Layout:
        """Label under the painting, both on the screen's middle axis."""
        is_upright = height > width
        margin, gap = round(84 * unit), round((58 if is_upright else 46) * unit)
        words_height = round((340 if is_upright else 228) * unit * text_size)
        music = _music_band(width, height, unit)
        top = round((96 if is_upright else 56) * unit)
        room_height = music.y - top - gap - words_height
        picture_width, picture_height = fit(width - 2 * margin, room_height, aspect)
        y = top + round(0.6 * (room_height - picture_height))
        picture = Rect((width - picture_width) // 2, y, picture_width, picture_height)
        words_width = min(width - 2 * margin, max(picture_width, round(1200 * unit)))
        x, between = (width - words_width) // 2, round(48 * unit)
        label_width = round((0.5 if is_upright else 0.45) * words_width) - between
        label = Rect(x, picture.bottom + gap, label_width, words_height)
        aside = Rect(label.right + between, label.y, words_width - label_width - between, words_height)
        screen = Rect(0, 0, width, height)
        return cls(screen, unit, picture, label, False, music, picture.centre_x, aside, text_size)


def _music_band(width: int, height: int, unit: float) -> Rect:
    band = round(0.2 * height if height > width else 222 * unit)
    return Rect(0, height - band - round((40 if height > width else 16) * unit), width, band)


def fit(width: int, height: int, aspect: float) -> tuple[int, int]:
    """Width and height of the largest picture of this aspect in a room of this size."""
    fitted_width = min(width, round(height * aspect))
    return max(fitted_width, 8), max(round(fitted_width / aspect), 8)
