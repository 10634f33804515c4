"""The pages of the study, made anew whenever they are shown: what is on them comes from the sitting."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from art2mus.study.answers import BOTH, Question
from installation.study.sitting import TRACKS, Sitting
from installation.ui.buttons import SMALL_FONT, Style, make_button, make_text
from installation.ui.study.widgets import Choice, PlayButton
from installation.ui.study.words import StudyWords

LETTERS = dict(zip(TRACKS, "AB", strict=True))
SCALE = "12345"

Action = tuple[str, Callable[[], None]]


class QuestionPage(QWidget):
    """Two tracks, five questions.

    Attributes:
        play_pressed: With the track.
        answered: With question, track and value.
        next_pressed: Only when everything is answered.
        pause_pressed: The listener wants to stop.
    """

    play_pressed = pyqtSignal(int)
    answered = pyqtSignal(str, int, int)
    next_pressed = pyqtSignal()
    pause_pressed = pyqtSignal()

    def __init__(self, sitting: Sitting, words: StudyWords, style: Style) -> None:
        """Show the artwork that the sitting is at, with what was answered about it already."""
        super().__init__()
        self._sitting, self._words, self._page_style = sitting, words, style
        self.setStyleSheet(style.sheet())
        self.play_buttons: dict[int, PlayButton] = {}
        self.choices: dict[tuple[Question, int], Choice] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(style.px(44))
        grid.setVerticalSpacing(style.px(10))
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        self._add_head(grid)
        self._add_tracks(grid)
        self._add_ratings(grid, "quality", words.quality, words.quality_ends, row=3)
        self._add_ratings(grid, "pertinence", words.pertinence, words.pertinence_ends, row=6)
        self._add_preference(grid, row=9)
        self._add_foot(grid, row=12)
        self.refresh()

    def refresh(self) -> None:
        """Show what may be answered now, and whether it may go on."""
        for (question, track), choice in self.choices.items():
            choice.setEnabled(self._sitting.may_answer(track))
            choice.show_value(self._sitting.given.get((question, track)))
        self.next_button.setEnabled(self._sitting.is_complete)
        may_all = all(self._sitting.may_answer(track) for track in TRACKS)
        hint = self._words.answer_all if may_all else self._words.listen_first
        self._hint.setText("" if self._sitting.is_complete else hint)

    def show_playing(self, track: int | None, share: float) -> None:
        """Show which track plays, and how much of it has."""
        for each, button in self.play_buttons.items():
            button.show_share(share if each == track else None)

    def _add_head(self, grid: QGridLayout) -> None:
        sitting = self._sitting
        text = self._words.progress.format(number=sitting.num_done + 1, all=sitting.num_artworks)
        grid.addWidget(make_text(text, self._page_style, 30, is_italic=True), 0, 0)
        pause = make_button(self._words.pause, self._page_style, is_quiet=True)
        pause.clicked.connect(self.pause_pressed)
        grid.addWidget(pause, 0, 1, Qt.AlignmentFlag.AlignRight)

    def _add_tracks(self, grid: QGridLayout) -> None:
        for track in TRACKS:
            letter = LETTERS[track]
            texts = self._words.play.format(letter=letter), self._words.stop.format(letter=letter)
            button = PlayButton(*texts, self._page_style)
            button.clicked.connect(lambda _, track=track: self.play_pressed.emit(track))
            self.play_buttons[track] = button
            grid.addWidget(button, 1, track - 1)

    def _add_ratings(
        self, grid: QGridLayout, question: Question, text: str, ends: tuple[str, str], *, row: int
    ) -> None:
        self._add_question(grid, text, row)
        for track in TRACKS:
            choice = Choice(SCALE, self._page_style, f"{text} {LETTERS[track]}", ends)
            self._add_choice(grid, question, track, choice, row + 1)

    def _add_preference(self, grid: QGridLayout, *, row: int) -> None:
        self._add_question(grid, self._words.preference, row)
        choice = Choice(list(LETTERS.values()), self._page_style, self._words.preference, gap=44)
        self._add_choice(grid, "preference", BOTH, choice, row + 1)

    def _add_question(self, grid: QGridLayout, text: str, row: int) -> None:
        grid.setRowMinimumHeight(row - 1, self._page_style.px(16))
        grid.setRowStretch(row - 1, 1)
        grid.addWidget(make_text(text, self._page_style, 30), row, 0, 1, 2)

    def _add_choice(self, grid: QGridLayout, question: Question, track: int, choice: Choice, row: int) -> None:
        choice.chosen.connect(lambda value: self.answered.emit(question, track, value))
        self.choices[question, track] = choice
        if track == BOTH:
            grid.addWidget(choice, row, 0, 1, 2)
        else:
            grid.addWidget(choice, row, track - 1)

    def _add_foot(self, grid: QGridLayout, *, row: int) -> None:
        grid.setRowMinimumHeight(row - 1, self._page_style.px(22))
        grid.setRowStretch(row - 1, 1)
        self._hint = make_text("", self._page_style, SMALL_FONT + 2, is_quiet=True, is_italic=True)
        grid.addWidget(self._hint, row, 0)
        is_last = self._sitting.num_done + 1 == self._sitting.num_artworks
        self.next_button = make_button(self._words.finish if is_last else self._words.next, self._page_style)
        self.next_button.clicked.connect(self.next_pressed)
        grid.addWidget(self.next_button, row, 1)


class TextPage(QWidget):
    """A title, some text, and what one can do about it."""

    def __init__(
        self,
        title: str,
        paragraphs: Sequence[str],
        actions: Sequence[Action],
        style: Style,
        quiet_actions: Sequence[Action] = (),
    ) -> None:
        """Set it.

        Args:
            title: Above.
            paragraphs: Scrolled if they are too long.
            actions: Buttons, the most likely one last.
            style: Of the page.
            quiet_actions: Smaller ones in a row below.
        """
        super().__init__()
        self.setStyleSheet(style.sheet())
        self.buttons: dict[str, QPushButton] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(style.px(26))
        column.addStretch(2)
        heading = make_text(title, style, 68)
        heading.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(heading)
        if paragraphs:
            column.addWidget(_Paragraphs(paragraphs, style))
        column.addSpacing(style.px(18))
        column.addLayout(self._row(actions, style, is_quiet=False))
        column.addLayout(self._row(quiet_actions, style, is_quiet=True))
        column.addStretch(3)

    def _row(self, actions: Sequence[Action], style: Style, *, is_quiet: bool) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(style.px(24))
        row.addStretch(1)
        for text, act in actions:
            button = make_button(text, style, is_quiet=is_quiet)
            button.setMinimumWidth(style.px(120 if is_quiet else 260))
            button.clicked.connect(lambda _, act=act: act())
            self.buttons[text] = button
            row.addWidget(button)
        row.addStretch(1)
        return row


class _Paragraphs(QScrollArea):
    """Text as high as it needs, or scrolled when there is not so much room."""

    def __init__(self, paragraphs: Sequence[str], style: Style) -> None:
        super().__init__()
        is_short = sum(map(len, paragraphs)) < 160
        side = "center" if is_short else "left"
        text = "".join(f'<p align="{side}" style="line-height: 128%">{html.escape(each)}</p>' for each in paragraphs)
        self._label = make_text("", style, 30)
        self._label.setTextFormat(Qt.TextFormat.RichText)
        self._label.setText(text)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(self._label)

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802
        """Take no more room than the text has at this width."""
        super().resizeEvent(event)
        self.setMaximumHeight(self._label.heightForWidth(self.width()) + 2)

    def sizeHint(self) -> QSize:  # noqa: N802
        """All of the text, if it may."""
        return QSize(super().sizeHint().width(), self.maximumHeight())
