"""The wall at every moment: painting, label, what is said about the music, and the music itself. No window here."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from PyQt6.QtCore import QPointF, QRect, QRectF, Qt
from PyQt6.QtGui import QColor, QImage, QLinearGradient, QPainter

from installation.messages import CueClip, PlaybackTap, ShowWork, TakeHome
from installation.ui.aside import Aside
from installation.ui.fade import Fade
from installation.ui.heard import Follower, Strand
from installation.ui.layout import NOWHERE, SMALLEST_ZOOM, Layout, Rect
from installation.ui.offers import Offers
from installation.ui.palette import Palette
from installation.ui.progress import ProgressLine
from installation.ui.ribbon import UNITS_PER_S, Ribbon
from installation.ui.spectrum import NUM_AUDIO_FRAMES, Spectrum
from installation.ui.stage import Stage
from installation.ui.words import ENGLISH, Words

ZOOM_PERIOD_S = 150.0
"""From far to near and back."""
PAN_PERIOD_S = 210.0
"""Round about within its place; no whole part of the other, so that no two turns are the same."""
NUM_BANDS = 18
"""The slowly moving painting is repainted in so many bands, one in each frame."""
BEFORE_ANYTHING = QColor(9, 8, 7)
"""The screen until the first wall is painted."""
_FIRST_LIGHT_S = 1.5
"""The first painting comes out of the dark this slowly."""
_EDGE = 0.15
"""Part of the screen's width over which the music comes out of the dark, and goes back."""
_RIM = 0.16
"""Likewise of the band's height, above and below."""
_PAGE = (0.12, 0.88)
"""Where a page of music begins and ends, in parts of the screen's width, when nothing may flow."""


@dataclass(frozen=True, slots=True)
class _Left:
    """What the painting that leaves still needs; without an image the dark leaves."""

    layout: Layout
    palette: Palette
    artwork_id: str = ""
    image: QImage | None = None
    text: QImage = field(default_factory=QImage)
    text_place: Rect = NOWHERE
    aside: Aside = field(default_factory=Aside)


class Wall:
    """Holds what hangs, what fades away and what is heard; paints any part of it quickly.

    Attributes:
        stage: What hangs; None at first.
        fade: How far it has come, while it still comes.
        progress: How far the next piece is.
        follower: What is heard.
        offers: What of it can be taken home.
        words: In which language everything is.
        music_strength: How strongly the music is seen, 0 to 1.
        is_answering: A visitor waits for the music that is composed.
        is_explaining: There is room for words about the music.
        is_drifting: The painting pans and zooms.
    """

    def __init__(self, tap: PlaybackTap, now_s: float, *, is_motion_reduced: bool = False) -> None:
        """An empty, dark room.

        Args:
            tap: What is heard.
            now_s: Monotonic time.
            is_motion_reduced: Nothing moves that need not: no pan and zoom, and the music is a page.
        """
        self.stage: Stage | None = None
        self.fade: Fade | None = None
        self.progress = ProgressLine()
        self.follower = Follower()
        self.offers = Offers()
        self.words: Words = ENGLISH
        self.music_strength = 1.0
        self.is_answering = False
        self.is_explaining = True
        self.is_drifting = True
        self._tap = tap
        self._is_motion_reduced = is_motion_reduced
        self._left: _Left | None = None
        self._aside = Aside()
        self._ribbon, self._spectrum = Ribbon(), Spectrum()
        self._music = QImage()
        self._drifted_s = 0.0
        self._advanced_at_s = now_s
        self._band = 0

    def cue(self, cue: CueClip) -> None:
        """Learn the notes of a clip that will sound."""
        self.follower.cue(cue.clip)

    def offer(self, offer: TakeHome) -> None:
        """Learn that a clip can be taken home."""
        self.offers.take(offer)

    def say(self, words: Words) -> None:
        """Speak another language."""
        self.words = words
        if self.stage is not None:
            self.stage.say(words)

    def hang(self, stage: Stage, show: ShowWork | None, now_s: float, *, is_dark: bool = False) -> None:
        """Begin the crossfade to a prepared stage; at once if only the size is new.

        Args:
            stage: What comes.
            show: As it was asked for; None for the room before any painting.
            now_s: Monotonic time.
            is_dark: It comes out of the dark, as the first one does, and not out of the one before.
        """
        former, screen = self.stage, stage.layout.screen
        if former is None or is_dark:
            length_s = _FIRST_LIGHT_S if show is None else min(_FIRST_LIGHT_S, show.crossfade_s)
            self._left = _Left(stage.layout, stage.palette)
            self.fade = Fade(now_s, length_s)
        elif show is not None and former.layout.screen == screen:
            text, place = former.text, former.text_place
            seen = self._snapshot(former)
            self._left = _Left(former.layout, former.palette, former.artwork_id, seen, text, place, self._aside)
            self.fade = Fade(show.start_at_s, show.crossfade_s)
        else:
            self._left, self.fade = None, None
        self.stage, self._aside, self._drifted_s = stage, Aside(), 0.0
        band = stage.layout.music
        self._music = QImage(band.width, band.height, QImage.Format.Format_ARGB32_Premultiplied)

    def advance(self, now_s: float) -> list[Rect]:
        """Bring everything to this moment.

        Returns: What has to be painted again.
        """
        passed_s = max(0.0, now_s - self._advanced_at_s)
        self._advanced_at_s = now_s
        self.follower.update(self._tap.heard(now_s), now_s)
        if self.follower.gain_without_notes() > 0.01:
            samples = self._tap.samples(NUM_AUDIO_FRAMES, now_s)
            self._spectrum.update(samples, self._tap.sample_rate(), passed_s)
        is_progress_new = self.progress.advance(now_s, passed_s)
        if self.stage is None:
            return []
        dirty = [self.stage.layout.music, *self._advance_aside(self.stage, now_s, passed_s)]
        if self.fade is not None:  # all of it, once
            return [self._advance_fade(self.stage, self.fade, now_s, passed_s)]
        if is_progress_new and not self.is_answering:
            dirty.append(self.stage.placard.progress.grown(round(6 * self.stage.layout.unit)))
        if self.is_drifting and not self._is_motion_reduced:
            dirty.append(self._drift(self.stage, passed_s))
        return dirty

    def _advance_aside(self, stage: Stage, now_s: float, passed_s: float) -> list[Rect]:
        strand = self.follower.loudest_of(stage.artwork_id)
        return self._aside.update(
            None if strand is None else strand.clip,
            None if strand is None else self.offers.choose(strand, now_s),
            stage,
            self.words,
            passed_s,
            is_wanted=self.is_explaining and self.fade is None,
        )

    def paint_still(self, painter: QPainter, region: QRect) -> None:
        """Paint all but the music.

        Args:
            painter: Of the window (or of an image of the same size).
            region: Nothing outside it needs to change.
        """
        if self.stage is None:
            painter.fillRect(region, BEFORE_ANYTHING)
            return
        part = QRectF(region)
        if self._left is not None and self.fade is not None:
            self._paint_left(painter, self._left, part)
            painter.setOpacity(self.fade.opacity)
            painter.drawImage(part, self.stage.face, part)
            painter.setOpacity(1.0)
        else:
            painter.drawImage(part, self.stage.face, part)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        self._paint_words(painter, self.stage, region)

    def paint_music(self, painter: QPainter, region: QRect) -> None:
        """Paint the music over what is there."""
        if self.stage is not None and self.music_strength > 0 and region.intersects(qrect(self.stage.layout.music)):
            painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
            self._paint_music(painter, self.stage)

    def _paint_words(self, painter: QPainter, stage: Stage, region: QRect) -> None:
        """The old label has gone before the new painting is there, and the new one comes after it."""
        leaving, coming = 0.0, 1.0
        if self.fade is not None:
            leaving = max(0.0, 1.0 - self.fade.opacity / 0.4)
            coming = max(0.0, self.fade.opacity / 0.4 - 1.5)
        if self._left is not None and leaving > 0 and region.intersects(qrect(self._left.text_place)):
            painter.setOpacity(leaving)
            painter.drawImage(QPointF(self._left.text_place.x, self._left.text_place.y), self._left.text)
        if self._left is not None:
            self._left.aside.paint(painter, leaving)
        if coming > 0 and region.intersects(qrect(stage.text_place)):
            painter.setOpacity(coming)
            painter.drawImage(QPointF(stage.text_place.x, stage.text_place.y), stage.text)
        painter.setOpacity(1.0)
        self._aside.paint(painter, coming)
        strength = 0.0 if self.is_answering else self.progress.strength * coming
        if strength > 0 and region.intersects(qrect(stage.placard.progress.grown(8))):
            stage.placard.paint_progress(painter, self.progress.share, strength, stage.palette)

    # ------------------------------------------------------------ the painting

    def _advance_fade(self, stage: Stage, fade: Fade, now_s: float, passed_s: float) -> Rect:
        incoming = self.follower.gain_of(stage.artwork_id)
        others = [s.gain**2 for s in self.follower.strands if s.artwork_id != stage.artwork_id]
        fade.advance(now_s, passed_s, math.sqrt(sum(others)), incoming)
        if fade.progress >= 1.0:
            self.fade, self._left = None, None
        return stage.layout.screen

    def _drift(self, stage: Stage, passed_s: float) -> Rect:
        """Repaint one band of the painting where it is at this moment: too slow a change to be seen."""
        self._drifted_s += passed_s
        turn = 2 * math.pi * self._drifted_s / ZOOM_PERIOD_S
        zoom = SMALLEST_ZOOM + (1.0 - SMALLEST_ZOOM) * (0.5 - 0.5 * math.cos(turn))
        around = 2 * math.pi * self._drifted_s / PAN_PERIOD_S
        from_rest = 0.5 - 0.5 * math.cos(around)
        pan = (1.5 * from_rest * math.sin(around), from_rest * math.sin(2 * around))
        place = stage.canvas_place
        top = place.y + place.height * self._band // NUM_BANDS
        bottom = place.y + place.height * (self._band + 1) // NUM_BANDS
        self._band = (self._band + 1) % NUM_BANDS
        return stage.paint_face(zoom, Rect(place.x, top, place.width, bottom - top), pan)

    @staticmethod
    def _paint_left(painter: QPainter, left: _Left, part: QRectF) -> None:
        if left.image is None:
            painter.fillRect(part, BEFORE_ANYTHING)
        else:
            painter.drawImage(part, left.image, part)

    def _snapshot(self, former: Stage) -> QImage:
        """What of walls and paintings is seen now, in the middle of a fade too."""
        if self.fade is None or self._left is None:
            return former.face
        image = QImage(former.face.size(), former.face.format())
        painter = QPainter(image)
        self._paint_left(painter, self._left, QRectF(image.rect()))
        painter.setOpacity(self.fade.opacity)
        painter.drawImage(0, 0, former.face)
        painter.end()
        return image

    # ------------------------------------------------------------ the music

    def _paint_music(self, painter: QPainter, stage: Stage) -> None:
        band = stage.layout.music
        self._music.fill(Qt.GlobalColor.transparent)
        layer = QPainter(self._music)
        layer.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        layer.translate(-band.x, -band.y)
        reeds = self.follower.gain_without_notes()
        opacity = 1.0 if self.fade is None else self.fade.opacity
        if reeds > 0.01:
            if self._left is not None:
                self._spectrum.paint(layer, self._left.layout, self._left.palette, reeds * (1.0 - opacity))
            self._spectrum.paint(layer, stage.layout, stage.palette, reeds * opacity)
        for strand in self.follower.strands:
            if strand.has_notes:
                layout, palette = self._home_of(strand, stage)
                if self._is_motion_reduced:
                    layout = _as_page(layout, strand)
                self._ribbon.paint(layer, strand, layout, palette, self._advanced_at_s)
        layer.translate(band.x, band.y)
        _dissolve_edges(layer, band.width, band.height)
        layer.end()
        painter.setOpacity(self.music_strength)
        painter.drawImage(QPointF(band.x, band.y), self._music)
        painter.setOpacity(1.0)

    def _home_of(self, strand: Strand, stage: Stage) -> tuple[Layout, Palette]:
        if self._left is not None and strand.artwork_id == self._left.artwork_id:
            return self._left.layout, self._left.palette
        return stage.layout, stage.palette


def _as_page(layout: Layout, strand: Strand) -> Layout:
    """The layout in which the notes stand and the present wanders over them, from page to page."""
    left, right = (share * layout.screen.width for share in _PAGE)
    speed = UNITS_PER_S * layout.unit
    return replace(layout, now_x=left + strand.position_s * speed % (right - left))


def _dissolve_edges(layer: QPainter, width: int, height: int) -> None:
    """Let the music come out of the dark at one side of the screen, go into it at the other, and not end in a line."""
    layer.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationIn)
    across, down = _EDGE * width, _RIM * height
    for start, stop, strip in (
        (QPointF(0, 0), QPointF(across, 0), QRectF(0, 0, across, height)),
        (QPointF(width, 0), QPointF(width - across, 0), QRectF(width - across, 0, across, height)),
        (QPointF(0, 0), QPointF(0, down), QRectF(0, 0, width, down)),
        (QPointF(0, height), QPointF(0, height - down), QRectF(0, height - down, width, down)),
    ):
        gradient = QLinearGradient(start, stop)
        for place in (0.0, 0.25, 0.5, 0.75, 1.0):
            gradient.setColorAt(place, QColor(0, 0, 0, round(255 * place * place * (3 - 2 * place))))
        layer.fillRect(strip, gradient)


def qrect(rect: Rect) -> QRect:
    """The same for Qt."""
    return QRect(rect.x, rect.y, rect.width, rect.height)
