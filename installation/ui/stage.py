"""Hanging a painting: the wall, its light, the frame and its shadow, ready to be painted fast.

Everything slow happens here, away from the ui thread: decoding, scaling, finding colours, lighting
the wall. What comes out are images that the window only has to copy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QImage, QPainter, QPolygonF

from installation.messages import WallLabel
from installation.pictures import load_apart
from installation.ui.layout import NOWHERE, SMALLEST_ZOOM, Layout, Rect
from installation.ui.palette import Palette, mix
from installation.ui.placard import Placard
from installation.ui.words import ENGLISH, Words

Floats = npt.NDArray[np.float32]

_STRIP_ROWS = 64
_MAX_MARGIN = 0.06
_MAX_ENLARGEMENT = 2.5
"""Small reproductions are not drawn out further than this by the good filter; the rest is bilinear."""


@dataclass(slots=True)
class Stage:
    """A painting on its wall, for one size of screen.

    Attributes:
        artwork_id: The work; empty for the room before any painting.
        layout: Where everything hangs.
        palette: The painting's colours.
        label: What its wall text says.
        placard: The wall text as it is set.
        text: The wall text as an image on nothing.
        text_place: Where that image is.
        face: The lit wall with the canvas on it, as large as the screen. Repainted as it zooms.
        canvas: The painting with frame and shadow on nothing, or None.
        canvas_place: Where the canvas is when the painting is at its largest.
        behind: The bare wall there.
        behind_place: The part of that place that is on the screen.
    """

    artwork_id: str
    layout: Layout
    palette: Palette
    label: WallLabel
    placard: Placard
    text: QImage
    text_place: Rect
    face: QImage
    canvas: QImage | None = None
    canvas_place: Rect = NOWHERE
    behind: QImage = field(default_factory=QImage)
    behind_place: Rect = NOWHERE

    @property
    def aside(self) -> Rect:
        """Where there is room for more about the music."""
        layout = self.layout
        if not layout.label_is_beside:
            return layout.aside
        bottom = round(self.placard.top - 30 * layout.type_unit)
        return Rect(layout.aside.x, layout.aside.y, layout.aside.width, max(0, bottom - layout.aside.y))

    def say(self, words: Words) -> None:
        """Set the wall text in another language."""
        self.placard = Placard.set(self.label, self.layout, self.palette, is_alone=not self.artwork_id, words=words)
        self.text, self.text_place = self.placard.image()

    def paint_face(self, zoom: float, band: Rect | None = None, pan: tuple[float, float] = (0.0, 0.0)) -> Rect:
        """Bring the face up to date; of a band of it only, if one is given.

        Args:
            zoom: 1 or less.
            band: What to repaint.
            pan: Where within its place a smaller painting is, -1 to 1: left to right, above to below.

        Returns: What was repainted.
        """
        changed = self.behind_place if band is None else self.behind_place.within(band)
        if self.canvas is None or not (changed.width and changed.height):
            return changed
        clip = QRectF(changed.x, changed.y, changed.width, changed.height)
        painter = QPainter(self.face)
        painter.setClipRect(clip)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        painter.drawImage(clip, self.behind, clip.translated(-self.behind_place.x, -self.behind_place.y))
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(self._zoomed_place(zoom, pan), self.canvas)
        painter.end()
        return changed

    def _zoomed_place(self, zoom: float, pan: tuple[float, float]) -> QRectF:
        place, picture = self.canvas_place, self.layout.picture
        room = 0.5 * (1.0 - zoom)
        x = picture.centre_x + zoom * (place.x - picture.centre_x) + pan[0] * room * picture.width
        y = picture.centre_y + zoom * (place.y - picture.centre_y) + pan[1] * room * picture.height
        return QRectF(x, y, zoom * place.width, zoom * place.height)


def prepare_stage(
    artwork_id: str,
    picture_path: Path | None,
    label: WallLabel,
    width: int,
    height: int,
    hang: Callable[[int, int, float], Layout] = Layout.hang,
    words: Words = ENGLISH,
) -> Stage:
    """Hang a picture; without one, prepare the room before any painting.

    Args:
        artwork_id: The work.
        picture_path: Its picture.
        label: Its wall text.
        width: Of the screen.
        height: Of the screen.
        hang: Where everything goes, given the screen's width and height and the painting's aspect.
        words: In which language the wall text is.

    Raises: art2mus.images.UnreadableImageError if there is no picture in the file.
    """
    picture = None if picture_path is None else without_margins(load_apart(picture_path, max(width, height)))
    palette = Palette.neutral() if picture is None else Palette.of(picture)
    aspect = 1.5 if picture is None else picture.width / picture.height
    layout = hang(width, height, aspect)
    if picture is None:
        layout = replace(layout, now_x=width / 2)
    placard = Placard.set(label, layout, palette, is_alone=picture is None, words=words)
    text, text_place = placard.image()
    face = _light_room(layout, palette, picture)
    stage = Stage(artwork_id, layout, palette, label, placard, text, text_place, face)
    if picture is not None:
        stage.canvas, place = _frame(picture, layout, palette)
        stage.canvas_place, stage.behind_place = place, place.within(layout.screen)
        stage.behind = _copied(stage.face, stage.behind_place)
        for top in range(place.y, place.bottom, _STRIP_ROWS):  # in pieces, so that the ui thread has its turn
            stage.paint_face(SMALLEST_ZOOM, Rect(place.x, top, place.width, _STRIP_ROWS))
    return stage


def without_margins(picture: Image.Image) -> Image.Image:
    """Leave out the even white or black margins that scans of paintings often have.

    A side loses at most `_MAX_MARGIN` of the picture; if it is even beyond that, evenness is the painter's.
    """
    pixels = np.asarray(picture, dtype=np.int16)
    # Coloured pixels are painted ones, however dark or light: they count as middle grey.
    grey = np.where(np.ptp(pixels, axis=2) < 20, pixels.mean(axis=2), 128)
    top, bottom = _margins(grey)
    left, right = _margins(grey.T)
    if not (top or bottom or left or right):
        return picture
    return picture.crop((left, top, picture.width - right, picture.height - bottom))


def _margins(lines: npt.NDArray[np.floating]) -> tuple[int, int]:
    """How many lines at the beginning and at the end are nothing but paper (or nothing at all)."""
    middle = np.median(lines, axis=1)
    is_even = (np.abs(lines - middle[:, None]) > 10).mean(axis=1) < 0.1
    is_paper = is_even & ((middle > 232) | (middle < 18))
    most = int(_MAX_MARGIN * len(lines))
    blur = max(1, round(0.004 * len(lines)))  # between paper and painting

    def count(paper: npt.NDArray[np.bool_]) -> int:
        margin = len(paper) if paper.all() else int(paper.argmin())
        return margin + blur if 0 < margin <= most else 0

    return count(is_paper), count(is_paper[::-1])


# ---------------------------------------------------------------- the wall


def _light_room(layout: Layout, palette: Palette, picture: Image.Image | None) -> QImage:
    """A wall washed by a lamp above the painting, and a dark polished floor that gives back a little.

    Plastered and dithered, so that the dark shows no steps.
    """
    width, height = layout.screen.width, layout.screen.height
    rng = np.random.default_rng(7)
    image, pixels = _blank(width, height, QImage.Format.Format_RGB32)
    dark, lit = (np.array(c[::-1], dtype=np.float32) for c in (palette.ground, palette.lit))
    x = np.arange(width, dtype=np.float32)
    for top in range(0, height, _STRIP_ROWS):
        y = np.arange(top, min(top + _STRIP_ROWS, height), dtype=np.float32)
        light = _light(x, y, layout, is_bare=picture is None)
        plaster = rng.random((2, len(y), width), dtype=np.float32).sum(axis=0) - 1.0
        strip = dark + light[..., None] * (lit - dark) + 1.15 * plaster[..., None]
        if picture is not None and y[-1] >= layout.floor_y:
            strip += _reflection(x, y, layout, picture)
        pixels[top : top + len(y), :, :3] = np.clip(strip + 0.5, 0, 255)
        pixels[top : top + len(y), :, 3] = 255
    return image


def _light(x: Floats, y: Floats, layout: Layout, *, is_bare: bool) -> Floats:
    """How much of the lamp reaches each place, 0 to 1; what lies below the floor's edge is its mirror image.

    Shape: (len(y), len(x)).
    """
    picture, screen, floor = layout.picture, layout.screen, layout.floor_y
    is_floor = y >= floor
    seen_y = np.where(is_floor, 2 * floor - y, y)
    centre_y = 0.40 * screen.height if is_bare else picture.centre_y - 0.22 * picture.height
    spread_x = max(0.60 * picture.width, 0.26 * screen.width) + 150 * layout.unit
    spread_y = 0.56 * picture.height + 150 * layout.unit
    across = ((x - layout.now_x) / spread_x) ** 2
    down = ((seen_y - centre_y) / spread_y) ** 2
    pool = np.exp(-0.8 * (across[None, :] + down[:, None]))
    if layout.label_is_beside and not is_bare:
        label = layout.label
        nearby = ((x - label.centre_x) / (0.9 * label.width)) ** 2
        around = ((seen_y - (label.bottom - 150 * layout.unit)) / (250 * layout.unit)) ** 2
        pool = pool + 0.16 * np.exp(-nearby[None, :] - around[:, None])
    depth = (y - floor) / max(1.0, screen.height - floor)
    pool = pool * np.where(is_floor, 0.62 * np.exp(-1.1 * depth), 1.0)[:, None]
    limited: Floats = np.minimum(pool, 1.0).astype(np.float32)
    return limited


def _reflection(x: Floats, y: Floats, layout: Layout, picture: Image.Image) -> Floats:
    """What the floor gives back of the painting: the more blurred and the fainter, the farther.

    Shape: (len(y), len(x), 3), blue, green, red.
    """
    place, floor = layout.picture, layout.floor_y
    small = np.asarray(picture.resize((24, 12), Image.Resampling.BOX), dtype=np.float32)[..., ::-1]
    seen_y = 2 * floor - y
    rows = np.clip((seen_y - place.y) / place.height, 0, 1) * 12 - 0.5
    columns = np.clip((x - place.x) / place.width, 0, 1) * 24 - 0.5
    colours = _interpolated(_interpolated(small, rows).transpose(1, 0, 2), columns).transpose(1, 0, 2)
    depth = np.clip((y - floor) / max(1.0, layout.screen.height - floor), 0, 1)
    softness = 60 * layout.unit
    across = 1.0 / (1.0 + np.exp(-np.clip((x - place.x) / softness, -30, 30)))
    across *= 1.0 / (1.0 + np.exp(-np.clip((place.right - x) / softness, -30, 30)))
    down = 1.0 / (1.0 + np.exp(-np.clip((place.bottom - seen_y) / (0.8 * softness), -30, 30)))
    strength = np.where(y >= floor, 0.20 * down * np.exp(-1.5 * depth), 0.0)
    reflected: Floats = (strength[:, None, None] * across[None, :, None] * colours).astype(np.float32)
    return reflected


def _interpolated(rows: Floats, places: npt.NDArray[np.floating]) -> Floats:
    """Rows between rows, linearly.

    Shape: rows (n, ...), places (m,) to (m, ...).
    """
    places = np.clip(places, 0, len(rows) - 1)
    above = np.minimum(places.astype(np.intp), len(rows) - 2)
    share = (places - above).reshape(-1, *([1] * (rows.ndim - 1)))
    between: Floats = rows[above] * (1 - share) + rows[above + 1] * share
    return between


# ---------------------------------------------------------------- the canvas


def _frame(picture: Image.Image, layout: Layout, palette: Palette) -> tuple[QImage, Rect]:
    """The painting in a slim dark frame with a gilt edge, and the shadow it throws."""
    unit, place = layout.unit, layout.picture
    scale = min(1.0, _MAX_ENLARGEMENT * picture.width / place.width)
    width, height = round(scale * place.width), round(scale * place.height)
    unit *= scale
    wood, gilt = max(2, round(13 * unit)), max(1, round(3 * unit))
    margin = wood + gilt + round(96 * unit)
    outer = Rect(margin, margin, width, height).grown(wood + gilt)
    canvas, pixels = _blank(width + 2 * margin, height + 2 * margin, QImage.Format.Format_ARGB32_Premultiplied)
    pixels[..., :3] = 0
    pixels[..., 3] = _shadow(pixels.shape[:2], outer, unit)
    pixels[outer.y : outer.bottom, outer.x : outer.right, 3] = 255
    scaled = picture.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
    pixels[margin : margin + height, margin : margin + width, :3] = np.asarray(scaled)[..., ::-1]
    _paint_frame(canvas, outer, wood, gilt, palette)
    return canvas, place.grown(round(margin / scale))


def _shadow(shape: tuple[int, ...], frame: Rect, unit: float) -> npt.NDArray[np.uint8]:
    """Opacity of the shadow: close and firm at the frame, wide and soft below it."""
    open_air = np.ones(shape, dtype=np.float32)
    for softness, drop, depth in ((5.0, 3.0, 0.55), (15.0, 14.0, 0.45), (34.0, 30.0, 0.42)):
        across = _soft_box(shape[1], frame.x, frame.right, softness * unit)
        down = _soft_box(shape[0], frame.y + drop * unit, frame.bottom + drop * unit, softness * unit)
        open_air *= 1.0 - depth * down[:, None] * across[None, :]
    rows = _soft_box(shape[0], 0, shape[0], 1.0)
    opacity = (1.0 - open_air) * np.minimum(1.0, rows)[:, None]
    return (255.0 * opacity + 0.5).astype(np.uint8)


def _soft_box(length: int, start: float, stop: float, softness: float) -> Floats:
    """1 between start and stop, falling off smoothly on both sides (a logistic for the error function)."""
    place = np.arange(length, dtype=np.float32) + 0.5
    rise = 1.0 / (1.0 + np.exp(-np.clip(1.702 * (place - start) / softness, -60, 60)))
    fall = 1.0 / (1.0 + np.exp(-np.clip(1.702 * (stop - place) / softness, -60, 60)))
    box: Floats = (rise * fall).astype(np.float32)
    return box


def _paint_frame(canvas: QImage, outer: Rect, wood: int, gilt: int, palette: Palette) -> None:
    """Mitred dark wood, lighter where the lamp meets it, with a gilt fillet inside."""
    base = mix(palette.ground, (58, 42, 28), 0.55)
    inner, edge = outer.grown(-wood), outer.grown(-wood - gilt)
    corners = [_corners(rect) for rect in (outer, inner, edge)]
    painter = QPainter(canvas)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    gold = mix((186, 152, 96), palette.accent, 0.12)
    for side, (wood_light, gilt_light) in enumerate(((0.16, -0.45), (-0.22, -0.18), (-0.45, 0.06), (-0.12, -0.30))):
        for ring, colour, light in ((0, base, wood_light), (1, gold, gilt_light)):
            towards = (255, 238, 210) if light > 0 else (0, 0, 0)
            painter.setBrush(QColor(*mix(colour, towards, abs(light))))
            here, there = corners[ring], corners[ring + 1]
            following = (side + 1) % 4
            painter.drawPolygon(QPolygonF([here[side], here[following], there[following], there[side]]))
    painter.setBrush(QColor(255, 238, 210, 46))
    painter.drawRect(QRectF(outer.x, outer.y, outer.width, max(1.0, wood / 10)))
    painter.end()


def _corners(rect: Rect) -> list[QPointF]:
    """Clockwise from the upper left."""
    return [
        QPointF(rect.x, rect.y),
        QPointF(rect.right, rect.y),
        QPointF(rect.right, rect.bottom),
        QPointF(rect.x, rect.bottom),
    ]


def _blank(width: int, height: int, pixel_format: QImage.Format) -> tuple[QImage, npt.NDArray[np.uint8]]:
    """An image, and its memory as an array to fill, which must not outlive it.

    Shape: (height, width, 4), in the order blue, green, red, alpha.
    """
    image = QImage(width, height, pixel_format)
    return image, _pixels(image)


def _copied(image: QImage, place: Rect) -> QImage:
    """A part of an image. numpy copies without keeping the ui thread from its turn; Qt's `copy` does not."""
    part, pixels = _blank(place.width, place.height, image.format())
    pixels[:] = _pixels(image)[place.y : place.bottom, place.x : place.right]
    return part


def _pixels(image: QImage) -> npt.NDArray[np.uint8]:
    memory = image.bits()
    if memory is None:
        raise MemoryError(f"no memory for an image of {image.width()} × {image.height()} pixels")
    memory.setsize(image.sizeInBytes())
    return np.asarray(memory, dtype=np.uint8).reshape(image.height(), image.width(), 4)
