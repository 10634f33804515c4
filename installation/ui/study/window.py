"""The study's window: which page is shown, and what a touch, a key or silence leads to."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import get_args

from PyQt6.QtCore import QRect, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import (
    QCloseEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PyQt6.QtWidgets import QPushButton, QWidget

from art2mus.choices import Language
from art2mus.study.answers import Answers, Question
from art2mus.study.settings import Study, TextSettings
from installation.study.sitting import A, B, Sitting, Track, TrackPlayer
from installation.ui.application import fill_screen
from installation.ui.buttons import Style
from installation.ui.later import later
from installation.ui.palette import Palette
from installation.ui.stage import Stage
from installation.ui.study.pages import Action, QuestionPage, TextPage
from installation.ui.study.walls import BARE, Walls
from installation.ui.study.words import WORDS, StudyWords
from installation.ui.wall import BEFORE_ANYTHING
from installation.ui.window import SETTLE_S, WINDOW_SIZE

_log = logging.getLogger(__name__)

TICK_MS = 30
THANKS_S = 20.0
"""So long the kiosk thanks; then it welcomes the next listener."""
_PRESS_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_TRACK_KEYS: dict[int, int] = {Qt.Key.Key_A: A, Qt.Key.Key_B: B}
_COLUMN = 940
"""Units: the width of a page of text."""
_END_S = 0.5
"""A track that stops so near to its end has been heard to its end."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What the window works with.

    Attributes:
        study: What is asked.
        answers: Where it is kept.
        tracks: The levelled tracks, by artwork and model.
        player: What plays them.
    """

    study: Study
    answers: Answers
    tracks: Mapping[tuple[str, str], Track]
    player: TrackPlayer


@dataclass(frozen=True, slots=True)
class Mode:
    """How the window behaves.

    Attributes:
        is_kiosk: One listener after another; who goes away is not waited for.
        is_silent: A test without sound.
        language: At first.
    """

    is_kiosk: bool = False
    is_silent: bool = False
    language: Language = "en"


class StudyWindow(QWidget):
    """One page at a time on the kiosk's wall.

    Attributes:
        page: What is shown.
        left: Emitted when somebody closes it.
    """

    left = pyqtSignal()

    def __init__(self, sources: Sources, mode: Mode, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Show nothing yet; `clock` gives monotonic seconds."""
        super().__init__()
        self.page: QWidget | None = None
        self._sources, self._mode, self._clock = sources, mode, clock
        self._language: Language = mode.language
        self._sitting: Sitting | None = None
        self._playing: int | None = None
        self._position_s = 0.0
        self._is_waiting_for_sound = False
        self._stirred_at_s = clock()
        self._set_for = self.size()
        self._turn: Callable[[], None] = self.welcome
        self._background = QImage()
        self._walls = Walls(sources.study.artworks)
        self._walls.ready.connect(self._wall_is_ready)
        self._walls.failed.connect(self._wall_has_failed)
        self._settle = later(self, SETTLE_S, self._fit)
        self._pace = QTimer(self)
        self._pace.setInterval(TICK_MS)
        self._pace.timeout.connect(self.advance)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setWindowTitle(self._text.title)

    def present(self, *, is_windowed: bool) -> None:
        """Come onto the screen and welcome a listener."""
        if is_windowed:
            self.resize(*WINDOW_SIZE)
            self.show()
        else:
            fill_screen(self)
        self.welcome()
        self._pace.start()

    def dismantle(self) -> None:
        """Stop everything; a session stays as it is."""
        self._pace.stop()
        self._settle.stop()
        self._sources.player.stop()
        self._walls.close()

    @property
    def open_session(self) -> str | None:
        """The code of the session that is being held, if any."""
        return None if self._sitting is None or self._sitting.is_over else self._sitting.listener

    # ------------------------------------------------------------ pages

    def welcome(self) -> None:
        """The first page: title, languages, begin; where one listener sits, also going on with the last session."""
        self._turn = self.welcome
        self._sitting = None
        self._is_waiting_for_sound = False
        words = self._words
        actions: list[Action] = [(words.begin, self.consent)]
        unfinished = self._sources.answers.unfinished(is_silent=self._mode.is_silent)
        if unfinished and not self._mode.is_kiosk:
            records = self._sources.answers.records(unfinished[0])
            num_done = sum(record.is_confirmed for record in records)
            text = words.resume.format(done=num_done, all=len(records))
            actions.insert(0, (text, lambda: self.resume(unfinished[0])))
        offered = [each for each in get_args(Language) if each in self._sources.study.settings.texts]
        languages = [(WORDS[each].language, lambda each=each: self._speak(each)) for each in offered]
        self._show_text(self._text.title, (), actions, languages if len(offered) > 1 else ())

    def consent(self) -> None:
        """What the listener agrees to."""
        self._turn = self.consent
        words = self._words
        actions = [(words.decline, self._start_over), (words.agree, self._begin)]
        self._show_text(self._text.title, self._text.consent.splitlines(), actions)

    def resume(self, listener: str) -> None:
        """Go on with an open session."""
        language = self._sources.answers.language(listener)
        self._language = next((each for each in get_args(Language) if each == language), self._language)
        self._sit_down(listener)

    def ask(self) -> None:
        """The artwork that the sitting is at."""
        self._turn = self.ask
        assert self._sitting is not None
        stage = self._wall(self._sitting.trial.artwork)
        if stage is None:  # it comes when it is ready; until then nobody agrees twice, or answers on the page before
            if self.page is not None:
                self.page.setEnabled(False)
            return
        self._background = stage.face
        page = QuestionPage(self._sitting, self._words, Style(stage.layout.unit, stage.palette))
        page.play_pressed.connect(self._play)
        page.answered.connect(self._answer)
        page.next_pressed.connect(self._go_on)
        page.pause_pressed.connect(self.pause)
        place = stage.layout.label
        self._show_page(page, QRect(place.x, place.y, place.width, place.height))
        page.play_buttons[A].setFocus()
        if self._sitting.next_artwork is not None:
            self._wall(self._sitting.next_artwork)

    def pause(self) -> None:
        """Go on, or stop here."""
        self._turn = self.pause
        assert self._sitting is not None
        self._stop()
        words = self._words
        code = () if self._mode.is_kiosk else (words.code.format(code=self._sitting.listener),)
        actions = [(words.leave, self._break_off), (words.go_on, self.ask)]
        self._show_text(words.paused, (words.kept, *code), actions)

    def thank(self) -> None:
        """The end of a session."""
        self._turn = self.thank
        words = self._words
        action = (words.finish, self._start_over) if self._mode.is_kiosk else (words.close, self.left.emit)
        self._show_text(words.thanks, (words.thanks_more,), [action])

    def _explain(self, trouble: str) -> None:
        """Say why it does not go on, and offer to try again."""
        self._turn = lambda: self._explain(trouble)
        self._stop()
        self._show_text(trouble, (self._words.call,), [(self._words.go_on, self._try_again)])

    # ------------------------------------------------------------ what leads where

    def _speak(self, language: Language) -> None:
        self._language = language
        self.welcome()

    def _begin(self) -> None:
        """The listener has agreed."""
        if self._sources.player.trouble:
            self._wait_for_sound()
            return
        mode, study = self._mode, self._sources.study
        try:
            listener = self._sources.answers.begin(
                study.draw, self._language, date.today(), is_kiosk=mode.is_kiosk, is_silent=mode.is_silent
            )
        except sqlite3.Error:
            self._not_saved()
            return
        self._sit_down(listener)

    def _sit_down(self, listener: str) -> None:
        self._sitting = Sitting(self._sources.answers, listener, self._sources.study.settings.min_listen_s)
        self.ask()

    def _play(self, track: int) -> None:
        """Start the track, or stop it if it is the one that plays."""
        assert self._sitting is not None
        self._stir()
        if self._playing == track:
            self._stop()
            return
        if self._keep(lambda sitting: sitting.note_play(track)):
            self._playing, self._position_s = track, 0.0
            self._sources.player.play(self._track(track))

    def _answer(self, question: Question, track: int, value: int) -> None:
        self._stir()
        if self._keep(lambda sitting: sitting.give(question, track, value)) and isinstance(self.page, QuestionPage):
            self.page.refresh()

    def _go_on(self) -> None:
        self._stir()
        self._stop()
        if self._keep(Sitting.go_on):
            assert self._sitting is not None
            (self.thank if self._sitting.is_over else self.ask)()

    def _break_off(self) -> None:
        """In a kiosk the session is over; elsewhere it can be gone on with."""
        if self._mode.is_kiosk:
            self._start_over()
        else:
            self.left.emit()

    def _start_over(self) -> None:
        """Welcome whoever comes next."""
        self._stop()
        is_left = self._mode.is_kiosk and self.open_session is not None
        if is_left and not self._keep(lambda sitting: self._sources.answers.break_off(sitting.listener)):
            return  # it would stay open and hold its slot; tried again after as long a silence
        self._language = self._mode.language
        self.welcome()

    def _wait_for_sound(self) -> None:
        """Until there is sound again nothing can be answered."""
        _log.warning("no answers are taken: %s", self._sources.player.trouble)
        self._is_waiting_for_sound = True
        self._explain(self._words.no_sound)

    def _try_again(self) -> None:
        if not self._sources.player.trouble:
            self._is_waiting_for_sound = False
            (self.welcome if self._sitting is None else self.ask)()

    def _keep(self, act: Callable[[Sitting], None]) -> bool:
        """Do what writes into the file; say so if it cannot be written."""
        assert self._sitting is not None
        try:
            act(self._sitting)
        except sqlite3.Error:
            self._not_saved()
            return False
        return True

    def _not_saved(self) -> None:
        _log.exception("%s: cannot be written", self._sources.answers.path)
        self._explain(self._words.not_saved)

    # ------------------------------------------------------------ time and sound

    def advance(self) -> None:
        """Bring everything to this moment."""
        player, now_s = self._sources.player, self._clock()
        player.poll()
        if self._playing is not None:
            self._follow(player.position_s, now_s)
        if player.trouble and self.open_session is not None and not self._is_waiting_for_sound:
            self._wait_for_sound()
        elif self._is_waiting_for_sound:
            self._try_again()
        patience_s = THANKS_S if self._turn == self.thank else self._sources.study.settings.idle_timeout_s
        if self._mode.is_kiosk and now_s - self._stirred_at_s > patience_s:
            self._stir()
            if self._turn != self.welcome or self._language != self._mode.language:
                self._start_over()

    def _follow(self, position_s: float | None, now_s: float) -> None:
        """Show how far the track is, and open its questions when it has been heard."""
        assert self._sitting is not None
        assert self._playing is not None
        self._stirred_at_s = now_s
        track, length_s = self._playing, self._track(self._playing).length_s
        if position_s is None:
            self._playing = None
        else:
            self._position_s = position_s
        is_at_end = position_s is None and self._position_s >= length_s - _END_S
        if isinstance(self.page, QuestionPage):
            self.page.show_playing(self._playing, self._position_s / length_s)
            if self._sitting.note_heard(track, self._position_s, is_at_end=is_at_end):
                self.page.refresh()

    def _stop(self) -> None:
        self._playing = None
        self._sources.player.stop()
        if isinstance(self.page, QuestionPage):
            self.page.show_playing(None, 0.0)

    def _track(self, track: int) -> Track:
        assert self._sitting is not None
        return self._sources.tracks[self._sitting.trial.artwork, self._sitting.model(track)]

    def _stir(self) -> None:
        """Somebody is there."""
        self._stirred_at_s = self._clock()

    # ------------------------------------------------------------ the screen

    @property
    def _words(self) -> StudyWords:
        return WORDS[self._language]

    @property
    def _text(self) -> TextSettings:
        """Title and consent; in the study's first language where it has none in the listener's."""
        texts = self._sources.study.settings.texts
        return texts.get(self._language) or next(iter(texts.values()))

    def _show_text(
        self, title: str, paragraphs: Sequence[str], actions: Sequence[Action], quiet_actions: Sequence[Action] = ()
    ) -> None:
        self._hang_bare()
        unit = min(self.width(), self.height()) / 1080
        page = TextPage(title, paragraphs, actions, Style(unit, Palette.neutral()), quiet_actions)
        width = min(round(_COLUMN * unit), self.width() - round(80 * unit))
        margin = round(60 * unit)
        self._show_page(page, QRect((self.width() - width) // 2, margin, width, self.height() - 2 * margin))
        page.buttons[actions[-1][0]].setFocus()

    def _show_page(self, page: QWidget, place: QRect) -> None:
        self._stir()
        if self.page is not None:
            self.page.hide()
            self.page.deleteLater()
        self.page, self._set_for = page, self.size()
        page.setParent(self)
        page.setGeometry(place)
        page.show()
        self.update()

    def _fit(self) -> None:
        """Set the page anew if the window has another size now."""
        if self.size() != self._set_for:
            self._turn()

    def _wall(self, artwork: str) -> Stage | None:
        return self._walls.get(artwork, self.width(), self.height())

    def _wall_is_ready(self, artwork: str) -> None:
        """Show it, if it is waited for."""
        if self._turn != self.ask:
            self._hang_bare()
        elif self._sitting is not None and self._sitting.trial.artwork == artwork:
            self.ask()

    def _wall_has_failed(self, artwork: str) -> None:
        if self._turn == self.ask and self._sitting is not None and self._sitting.trial.artwork == artwork:
            self._explain(self._words.no_picture)

    def _hang_bare(self) -> None:
        if (stage := self._wall(BARE)) is not None:
            self._background = stage.face
            self.update()

    # ------------------------------------------------------------ Qt's side

    def paintEvent(self, _event: QPaintEvent | None) -> None:  # noqa: N802
        """Paint the wall behind the page."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), BEFORE_ANYTHING)
        painter.drawImage(0, 0, self._background)
        painter.end()

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802
        """Set the page anew when the window has come to rest."""
        super().resizeEvent(event)
        self._settle.start()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """A and B play, Enter presses what has the keyboard, Esc pauses, Ctrl+Q leaves."""
        if event is None:
            return
        self._stir()
        focused = self.focusWidget()
        if event.key() == Qt.Key.Key_Q and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.left.emit()
        elif event.key() == Qt.Key.Key_Escape and self._turn == self.ask:
            self.pause()
        elif event.key() in _TRACK_KEYS and isinstance(self.page, QuestionPage):
            self.page.play_buttons[_TRACK_KEYS[event.key()]].click()
        elif event.key() in _PRESS_KEYS and isinstance(focused, QPushButton) and not event.isAutoRepeat():
            focused.click()  # never twice by one long press: the next page may ask for consent

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """A touch of the wall says that somebody is there."""
        super().mousePressEvent(event)
        self._stir()

    def closeEvent(self, event: QCloseEvent | None) -> None:  # noqa: N802
        """Closed by the window manager."""
        super().closeEvent(event)
        self.left.emit()
