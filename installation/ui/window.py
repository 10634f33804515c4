"""The ui process: one window that paints the wall, and its line to the director."""

from __future__ import annotations

import logging
import select
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from PyQt6.QtCore import QObject, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QCloseEvent, QGuiApplication, QKeyEvent, QPainter, QPaintEvent, QRegion, QResizeEvent
from PyQt6.QtWidgets import QWidget

from art2mus.images import UnreadableImageError
from installation.cues import Scene
from installation.messages import (
    CameraEye,
    CameraLost,
    CameraReady,
    CameraView,
    ComposeProgress,
    CueClip,
    FromUi,
    PlaybackTap,
    QuitRequested,
    SceneChanged,
    ShowWork,
    Shutdown,
    TakeHome,
    ToUi,
    UiChannel,
    UiHeartbeat,
    UiReady,
    WallLabel,
)
from installation.settings import UiSettings, VisitorControls
from installation.ui.admin import AdminDoor
from installation.ui.application import fill_screen, start_application
from installation.ui.awake import keep_awake
from installation.ui.controls import Controls
from installation.ui.later import later
from installation.ui.layout import Layout, Rect
from installation.ui.room import Room
from installation.ui.stage import Stage, prepare_stage
from installation.ui.wall import qrect
from installation.ui.words import LANGUAGES
from installation.word_filter import WordFilter

_log = logging.getLogger(__name__)

HEARTBEAT_S = 1.0
WINDOW_SIZE = (1280, 720)
LARGE_TEXT = 1.3
"""How much larger type is for those who see little."""
LANGUAGE_STAYS_S = 120.0
"""So long after it was chosen a language gives way to the screen's own."""
SETTLE_S = 0.2
"""A window that is being resized is hung anew when it has kept its size for so long."""


def main(channel: UiChannel, settings: UiSettings, tap: PlaybackTap, *, eye: CameraEye | None = None) -> None:
    """Run the ui until the director says Shutdown or is gone."""
    app = start_application()
    say = _Sender(channel)
    window = ShowWindow(settings, tap, say, eye=eye)
    line = Line(channel)
    door = AdminDoor(window, say, settings, tap, eye)
    line.received.connect(window.take)
    line.received.connect(door.take)
    # Not quit(), which asks the window first, and that leaves the decision to the director.
    line.closed.connect(app.exit)
    window.left.connect(app.exit)
    window.present(is_windowed=settings.is_windowed)
    keep_awake(QGuiApplication.platformName())
    line.start()
    app.exec()
    window.dismantle()
    tap.close()
    if eye is not None:
        eye.close()


class ShowWindow(QWidget):
    """Paints the room at an even pace, and has stages prepared on a thread of its own.

    Attributes:
        room: What is on the screen.
        controls: What can be touched on it.
        num_frames: Painted since it was made.
        num_late_frames: Of these, painted more than a frame's time late.
        left: Emitted on Shutdown.
    """

    left = pyqtSignal()
    _prepared = pyqtSignal(object, object)

    def __init__(
        self,
        settings: UiSettings,
        tap: PlaybackTap,
        say: Callable[[FromUi], None],
        *,
        eye: CameraEye | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Hang nothing yet.

        Args:
            settings: What the ui process is started with.
            tap: What is heard.
            say: Sends to the director; must not block.
            eye: What the camera sees, if there is one.
            clock: Monotonic seconds.
        """
        super().__init__()
        self.room = Room(
            tap, clock(), eye=eye, closed_note=settings.closed_note, is_motion_reduced=settings.is_motion_reduced
        )
        self.room.say(LANGUAGES[settings.language])
        self.controls = Controls(self, settings.visitor, say, load_word_filter(settings.visitor))
        self.controls.language_chosen.connect(self._speak)
        self._language = later(self, LANGUAGE_STAYS_S, self._speak_as_before)
        self.num_frames = 0
        self.num_late_frames = 0
        self._settings, self._say, self._clock = settings, say, clock
        self._hang_layout = partial(Layout.hang, text_size=LARGE_TEXT if settings.is_large_text else 1.0)
        self._frame_s = 1.0 / settings.max_fps
        self._shown: ShowWork | None = None
        self._dirty: set[Rect] = set()
        self._painted_at_s: float | None = None
        self._beaten_at_s = clock()
        self._workshop = ThreadPoolExecutor(max_workers=1, thread_name_prefix="workshop")
        self._prepared.connect(self._hang)
        self._settle = later(self, SETTLE_S, self._prepare)
        self._pace = QTimer(self)
        self._pace.setInterval(max(1, int(1000 / settings.max_fps) - 1))  # timers come late, never early
        self._pace.setTimerType(Qt.TimerType.PreciseTimer)
        self._pace.timeout.connect(self.advance)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setWindowTitle(self.room.words.name)

    def present(self, *, is_windowed: bool) -> None:
        """Come onto the screen and begin to paint."""
        if is_windowed:
            self.resize(*WINDOW_SIZE)
            self.show()
        else:
            self.setCursor(Qt.CursorShape.BlankCursor)
            fill_screen(self)
        self._prepare()
        self._pace.start()

    def dismantle(self) -> None:
        """Stop painting and preparing; no timer goes off any more."""
        for timer in (self._pace, self._settle, self._language):
            timer.stop()
        self._workshop.shutdown(wait=True, cancel_futures=True)

    def take(self, message: ToUi) -> None:
        """Do what the director says."""
        match message:
            case ShowWork():
                self._shown = message
                if not self._relabel(message):
                    self._prepare()
            case CueClip():
                self.room.wall.cue(message)
            case ComposeProgress():
                self.room.tell_progress(message)
            case SceneChanged(scene):
                self.room.enter(Scene(scene))
                self.controls.enter(Scene(scene))
                self.advance()  # a visitor is answered with this frame, not with the next
            case CameraView() | CameraReady() | CameraLost():
                self.room.see(message)
            case TakeHome():
                self.room.wall.offer(message)
            case Shutdown():
                self.left.emit()
            case _:
                _log.debug("nothing to show for %s", type(message).__name__)

    def advance(self) -> None:
        """Bring the room to this moment and have what changed painted."""
        now_s = self._clock()
        for part in self.room.advance(now_s):
            self._dirty.add(part)
            self.update(qrect(part))
        if now_s - self._beaten_at_s >= HEARTBEAT_S:
            self._beaten_at_s = now_s
            self._say(UiHeartbeat(self.num_frames, self.num_late_frames))

    # ------------------------------------------------------------ hanging

    def _prepare(self) -> None:
        """Have the wanted work hung for the window's size; of several wanted, the newest wins."""
        show, width, height, words = self._shown, self.width(), self.height(), self.room.words

        def work() -> None:
            if show is not self._shown:
                return
            picture, label = (show.picture_path, show.label) if show else (None, WallLabel(""))
            artwork_id = show.artwork_id if show else ""
            try:
                stage = prepare_stage(artwork_id, picture, label, width, height, self._hang_layout, words)
            except (UnreadableImageError, OSError, MemoryError) as error:
                _log.warning("not shown, the last work stays: %s", error)
                if self.room.wall.stage is not None:
                    return
                stage = prepare_stage("", None, WallLabel(""), width, height, self._hang_layout, words)
            self._prepared.emit(stage, show)

        self._workshop.submit(_logged, work)

    def _hang(self, stage: Stage, show: ShowWork | None) -> None:
        if not self._fits(stage) or show is not self._shown:
            return
        if stage.placard.words is not self.room.words:  # another language was chosen meanwhile
            stage.say(self.room.words)
        self.room.hang(stage, show, self._clock())
        self._dress(stage)
        self.update()

    def _fits(self, stage: Stage) -> bool:
        screen = stage.layout.screen
        return (screen.width, screen.height) == (self.width(), self.height())

    def _relabel(self, show: ShowWork) -> bool:
        """Where the work hangs already, set its wall text anew and nothing else; False where it does not."""
        stage = self.room.wall.stage
        if stage is None or stage.artwork_id != show.artwork_id or not self._fits(stage):
            return False
        stage.label = show.label
        self.room.say(self.room.words)
        return True

    def _dress(self, stage: Stage) -> None:
        self.controls.dress(stage.layout, stage.palette, self.room.words, has_work=bool(stage.artwork_id))

    # ------------------------------------------------------------ the language

    def _speak(self, code: str) -> None:
        """Speak a visitor's language, until nobody needs it any more."""
        self.room.say(LANGUAGES[code])
        if self.room.wall.stage is not None:
            self._dress(self.room.wall.stage)
        if code != self._settings.language:
            self._language.start()

    def _speak_as_before(self) -> None:
        if self.room.scene in (Scene.COMPOSING, Scene.LISTENING):
            self._language.start()  # the visitor is still there
        else:
            self._speak(self._settings.language)

    # ------------------------------------------------------------ Qt's side

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        """Paint what changed."""
        if event is None:
            return
        parts = [qrect(part) for part in self._dirty]
        self._dirty.clear()
        exposed = event.region()
        for part in parts:
            exposed -= QRegion(part)
        if not exposed.isEmpty():  # not only what we asked for: somebody was in front of us
            parts = [event.rect()]
        painter = QPainter(self)
        for part in parts:
            painter.save()
            painter.setClipRect(part)
            self.room.paint(painter, part)
            painter.restore()
        painter.end()
        self._count_frame()

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802
        """Hang anew when the window has come to rest."""
        super().resizeEvent(event)
        self._settle.start()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """Esc and Ctrl+Q ask to leave, F12 takes a screenshot."""
        if event is None:
            return
        is_quit = event.key() == Qt.Key.Key_Q and event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if is_quit or event.key() == Qt.Key.Key_Escape:
            self._say(QuitRequested())
        elif event.key() == Qt.Key.Key_F12 and self._settings.screenshot_dir is not None:
            self._keep_screenshot(self._settings.screenshot_dir)

    def closeEvent(self, event: QCloseEvent | None) -> None:  # noqa: N802
        """Ask to leave; the director closes the window when everything has come to rest."""
        if event is not None:
            event.ignore()
        self._say(QuitRequested())

    def _keep_screenshot(self, folder: Path) -> None:
        image = self.grab().toImage()
        path = folder / time.strftime("art2mus-%Y%m%d-%H%M%S.png")

        def work() -> None:
            folder.mkdir(parents=True, exist_ok=True)
            _log.info("screenshot %s %s", path, "kept" if image.save(str(path)) else "could not be written")

        self._workshop.submit(_logged, work)

    def _count_frame(self) -> None:
        now_s = self._clock()
        if self._painted_at_s is None:
            self._say(UiReady(self.width(), self.height(), QGuiApplication.platformName()))
        elif now_s - self._painted_at_s > 2 * self._frame_s:
            self.num_late_frames += 1
        self._painted_at_s = now_s
        self.num_frames += 1


def load_word_filter(settings: VisitorControls) -> WordFilter:
    """What is not taken from the keyboard; a curator's file that cannot be read costs one line in the log."""
    try:
        return WordFilter.load(settings.refused_words_path)
    except (OSError, UnicodeDecodeError) as error:
        _log.warning("visitor.refused_words: not read, only the bundled words are refused: %s", error)
        return WordFilter.load()


class Line(QObject):
    """Reads the channel on a thread of its own: the only door from outside into the ui thread."""

    received = pyqtSignal(object)
    closed = pyqtSignal()

    def __init__(self, channel: UiChannel) -> None:
        """Read nothing yet."""
        super().__init__()
        self._channel = channel

    def start(self) -> None:
        """Begin to read; the thread ends with the process."""
        threading.Thread(target=self._read, name="line", daemon=True).start()

    def _read(self) -> None:
        while True:
            try:
                message = self._channel.receive(timeout_s=None)
            except (EOFError, OSError):
                self.closed.emit()
                return
            if message is not None:
                self.received.emit(message)


class _Sender:
    """Says things to the director, but never waits for it: what it has no room for is dropped."""

    def __init__(self, channel: UiChannel) -> None:
        self._channel = channel

    def __call__(self, message: FromUi) -> None:
        try:
            _, writable, _ = select.select([], [self._channel.fileno()], [], 0)
            if writable:
                self._channel.send(message)
        except (OSError, ValueError) as error:
            _log.debug("the director is gone: %s", error)


def _logged(work: Callable[[], None]) -> None:
    """Run work on another thread; what goes wrong in it must not vanish in a future nobody reads."""
    try:
        work()
    except Exception:
        logging.getLogger(__name__).exception("work for the screen was not done, what is shown stays")
