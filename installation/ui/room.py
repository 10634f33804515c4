"""All that is on the screen, scene by scene: the wall, the dark over it, the camera's picture, the room's words."""

from __future__ import annotations

from PyQt6.QtCore import QRect
from PyQt6.QtGui import QPainter

from installation.cues import Scene
from installation.messages import (
    CameraEye,
    CameraLost,
    CameraReady,
    CameraView,
    ComposeProgress,
    Hint,
    PlaybackTap,
    ShowWork,
)
from installation.ui.badge import Badge
from installation.ui.glass import Glass
from installation.ui.glide import Glide
from installation.ui.invitation import Invitation
from installation.ui.layout import NOWHERE, Rect
from installation.ui.mood import MOODS
from installation.ui.night import Night, veil
from installation.ui.stage import Stage
from installation.ui.voice import Voice
from installation.ui.wall import Wall, qrect
from installation.ui.words import ENGLISH, Words

_DUSK_S, _DIM_S = 1.2, 0.16
"""How slowly the dark comes when the room closes, and when it looks at something."""
_LONGEST_HOLD_S = 3.0
"""The camera's picture of what was seen gives way to the painting, or, should that not come, to time."""
_DEEP = 0.9
"""From this darkness on the words of the night are seen."""
_BEHIND_WORDS = 0.22
"""So strongly the music is seen while words of an invitation stand before it."""
_SHADED = 0.5
"""In this darkness nobody sees the painting move."""


class Room:
    """Turns the show's scenes into what is seen, and paints any part of it quickly.

    Attributes:
        wall: Painting, label and music.
        glass: The camera's picture.
        voice: What is said to a visitor.
        invitation: Whether visitors are invited to the camera.
        badge: What is said to the staff.
        night: What is said when it is closed.
        words: In which language.
        scene: Of the show.
    """

    def __init__(
        self,
        tap: PlaybackTap,
        now_s: float,
        *,
        eye: CameraEye | None = None,
        closed_note: str = "",
        is_motion_reduced: bool = False,
    ) -> None:
        """Nobody there, nothing hung.

        Args:
            tap: What is heard.
            now_s: Monotonic time.
            eye: What the camera sees, if there is one.
            closed_note: Said while it is closed.
            is_motion_reduced: Nothing moves that need not.
        """
        self.wall = Wall(tap, now_s, is_motion_reduced=is_motion_reduced)
        self.glass = Glass(eye)
        self.voice = Voice()
        self.invitation = Invitation()
        self.badge = Badge()
        self.night = Night(closed_note)
        self.words: Words = ENGLISH
        self.scene = Scene.ATTRACT
        self._view = CameraView(None, Hint.NONE, 0.0)
        self._darkness, self._music = Glide(), Glide(1.0, 1.0, 0.3)
        self._is_motion_reduced = is_motion_reduced
        self._is_all_new = False
        self._lit_until_s = now_s
        self._advanced_at_s = now_s

    # ------------------------------------------------------------ what happens

    def enter(self, scene: Scene) -> None:
        """Let the room be in this scene; what acknowledges a visitor is there with the next frame."""
        before, self.scene = MOODS[self.scene], scene
        mood, now_s = MOODS[scene], self._advanced_at_s
        if not (mood.is_answering and self.glass.is_open):  # what was seen stays until the painting is there
            self._darkness.target = mood.darkness
        self._darkness.time_s = _DUSK_S if scene is Scene.CLOSED else _DIM_S
        if mood.is_inviting:
            self.invitation.begin(now_s)
        else:
            self.invitation.end()
        self.invitation.advance(now_s)
        self._music.target = mood.music
        self.wall.is_answering, self.wall.is_explaining = mood.is_answering, mood.is_explaining
        self.badge.is_composer_lost = scene is Scene.FAILSAFE
        if mood.is_looking and not before.is_looking:
            self._view = CameraView(None, Hint.NONE, 0.0)
            self.glass.open()
        elif mood.is_answering and self.glass.is_open:
            self.glass.hold()
            self._lit_until_s = now_s + _LONGEST_HOLD_S
        else:
            self.glass.close()
        if mood.is_answering and not before.is_answering:
            self.wall.progress.begin(now_s)
            self.voice.answer.value = max(self.voice.answer.value, 0.6)
        self.voice.answer.target = 1.0 if mood.is_answering else 0.0
        self._speak()
        self._is_all_new = True

    def see(self, message: CameraView | CameraReady | CameraLost) -> None:
        """Take in what the camera says."""
        if isinstance(message, CameraView):
            self._view = message
            self.glass.see(message)
            self._speak()
        else:
            self.badge.is_camera_lost = isinstance(message, CameraLost)
            self.invitation.is_camera_there = not self.badge.is_camera_lost
            if MOODS[self.scene].is_inviting:
                self.invitation.begin(self._advanced_at_s)
            self._is_all_new = True

    def tell_progress(self, progress: ComposeProgress) -> None:
        """Take in how far a piece is."""
        self.wall.progress.tell(progress, self._advanced_at_s)

    def say(self, words: Words) -> None:
        """Speak another language."""
        self.words = words
        self.wall.say(words)
        self._speak()
        self._is_all_new = True

    def hang(self, stage: Stage, show: ShowWork | None, now_s: float) -> None:
        """Begin the crossfade to a prepared stage; a visitor's comes out of the dark around the camera's picture."""
        is_answer = show is not None and MOODS[self.scene].is_answering and self.glass.is_open
        self.wall.hang(stage, show, now_s, is_dark=is_answer)
        if is_answer:
            self._light_up()

    def _light_up(self) -> None:
        self.glass.close()
        self._darkness.target = MOODS[self.scene].darkness

    def _speak(self) -> None:
        """Find the words for this moment."""
        mood = MOODS[self.scene]
        if mood.is_answering:
            self.voice.say(self.words.answering, self._advanced_at_s, is_urgent=self.voice.said != self.words.answering)
        elif mood.is_looking:
            is_seen = self._view.outline is not None
            silent = self.words.found if is_seen else self.words.show_me
            is_answer = is_seen and self.voice.said == self.words.show_me  # who has done it is not asked on
            self.voice.say(self.words.hints.get(self._view.hint, silent), self._advanced_at_s, is_urgent=is_answer)
        else:
            self.voice.say(self.words.invitation if self.invitation.is_said else "", self._advanced_at_s)

    # ------------------------------------------------------------ what is seen

    def advance(self, now_s: float) -> list[Rect]:
        """Bring everything to this moment.

        Returns: What has to be painted again.
        """
        passed_s = max(0.0, now_s - self._advanced_at_s)
        self._advanced_at_s = now_s
        if MOODS[self.scene].is_answering and self.glass.is_open and now_s > self._lit_until_s:
            self._light_up()
        if self.invitation.advance(now_s):
            self._music.target = _BEHIND_WORDS if self.invitation.is_said else MOODS[self.scene].music
            self._speak()
        is_light_new = self._darkness.advance(passed_s)
        self._music.advance(passed_s)
        self.wall.music_strength = self._music.value
        self.wall.is_drifting = self._darkness.value < _SHADED
        self.voice.advance(now_s, passed_s)
        dirty = self.wall.advance(now_s)
        stage = self.wall.stage
        if stage is None:
            return dirty
        glass = self.glass.advance(stage.layout, passed_s)
        if is_light_new or self._is_all_new:
            self._is_all_new = False
            return [stage.layout.screen]
        if self._is_night:
            return []
        return dirty if glass == NOWHERE else [*dirty, glass]

    @property
    def _is_night(self) -> bool:
        return self._darkness.value == 1.0 and self._music.value == 0.0

    def paint(self, painter: QPainter, region: QRect) -> None:
        """Paint a part of the screen.

        Args:
            painter: Of the window (or of an image of the same size).
            region: Nothing outside it needs to change.
        """
        stage = self.wall.stage
        if stage is None:
            self.wall.paint_still(painter, region)
            return
        layout, palette = stage.layout, stage.palette
        part = Rect(region.x(), region.y(), region.width(), region.height())
        if not self.glass.covers(layout, part):
            self._paint_wall(painter, region)
        if self.glass.presence.value > 0.0 and region.intersects(qrect(self.glass.place(layout))):
            self.glass.paint(painter, layout, palette)
        self.wall.paint_music(painter, region)
        if region.intersects(qrect(layout.music)):
            breath_s = 0.0 if self._is_motion_reduced else self._advanced_at_s
            self.voice.paint(painter, layout, palette, self.wall.progress.share, breath_s)
        if region.intersects(qrect(self.badge.place(layout))):
            self.badge.paint(painter, layout)

    def _paint_wall(self, painter: QPainter, region: QRect) -> None:
        darkness = self._darkness.value
        if darkness < 1.0:
            self.wall.paint_still(painter, region)
        if darkness > 0.0:
            painter.fillRect(region, veil(darkness))
        if darkness > _DEEP and self.wall.stage is not None:
            self.night.paint(painter, self.wall.stage.layout, self.words, (darkness - _DEEP) / (1.0 - _DEEP))
