"""What a visitor may do on the screen: choose a language, ask for another piece, add words, set the volume."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from installation.cues import Scene
from installation.messages import AnotherPiece, FromUi, OwnText, SetVolumeWanted
from installation.settings import VisitorControls
from installation.ui.buttons import SMALL_FONT, Slider, Style, css, leave_keyboard, make_button, make_text
from installation.ui.keyboard import Keyboard
from installation.ui.layout import Layout
from installation.ui.palette import Palette
from installation.ui.words import LANGUAGES, Words
from installation.word_filter import WordFilter

_SCENES_WITH_ACTIONS = (Scene.ATTRACT, Scene.LISTENING)
_STEPS = 100


class Controls(QObject):
    """Everything that can be touched, on the window; nothing is there that the curator does not allow.

    Attributes:
        language_chosen: Emitted with a code.
    """

    language_chosen = pyqtSignal(str)

    def __init__(
        self, window: QWidget, settings: VisitorControls, say: Callable[[FromUi], None], word_filter: WordFilter
    ) -> None:
        """Nothing is there until it is dressed.

        Args:
            window: On which everything lies.
            settings: What is allowed.
            say: Sends to the director.
            word_filter: Knows what is not taken from the keyboard.
        """
        super().__init__(window)
        self._window, self._settings, self._say, self._filter = window, settings, say, word_filter
        self._volume = settings.volume
        self._scene = Scene.ATTRACT
        self._dress: tuple[Layout, Palette, Words] | None = None
        self._has_work = False
        self._languages: QWidget | None = None
        self._actions: QWidget | None = None
        self._keyboard: Keyboard | None = None

    def dress(self, layout: Layout, palette: Palette, words: Words, *, has_work: bool) -> None:
        """Put everything in its place, in these colours and this language; without a work nothing is asked for it."""
        self._has_work = has_work
        if self._dress != (layout, palette, words):
            self._dress = (layout, palette, words)
            for part in (self._languages, self._actions):
                if part is not None:
                    part.hide()
                    part.deleteLater()
            self._languages = self._make_languages(layout, palette, words)
            self._actions = self._make_actions(Style(layout.unit, palette, layout.text_size), layout, words)
        self._show()

    def enter(self, scene: Scene) -> None:
        """Only some scenes leave something to a visitor."""
        self._scene = scene
        if scene not in _SCENES_WITH_ACTIONS:
            self._close_keyboard()
        self._show()

    def _show(self) -> None:
        if self._languages is not None:
            self._languages.setVisible(self._scene is not Scene.CLOSED)
        if self._actions is not None:
            is_free = self._scene in _SCENES_WITH_ACTIONS and self._keyboard is None
            self._actions.setVisible(self._has_work and is_free)

    def _make_languages(self, layout: Layout, palette: Palette, words: Words) -> QWidget | None:
        if len(self._settings.languages) < 2:
            return None
        style = Style(layout.unit, palette)
        row, line = _row(self._window, style, spacing=0)
        for code in self._settings.languages:
            button = make_button(code.upper(), style, is_quiet=True, size=19.0 * layout.text_size)
            button.setCheckable(True)
            button.setChecked(LANGUAGES[code] is words)
            button.setAccessibleName(code)
            button.setMinimumWidth(style.target())
            button.clicked.connect(lambda _checked, code=code: self.language_chosen.emit(code))
            line.addWidget(button)
        leave_keyboard(row)
        row.adjustSize()
        row.move(layout.screen.right - row.width() - style.px(12), style.px(4))
        return row

    def _make_actions(self, style: Style, layout: Layout, words: Words) -> QWidget | None:
        settings = self._settings
        if not (settings.has_another_piece or settings.has_own_text or settings.volume_range):
            return None
        row, line = _row(self._window, style, spacing=14)
        row.setStyleSheet(style.sheet() + f"#row {{ background: {css(style.palette.ground, 0.8)}; }}")
        line.setContentsMargins(*[style.px(12)] * 4)
        if settings.volume_range is not None:
            line.addWidget(make_text(words.volume, style, SMALL_FONT, is_italic=True))
            line.addWidget(self._make_slider(style, settings.volume_range, words))
        if settings.has_own_text:
            line.addWidget(_button(words.own_text, style, self._open_keyboard))
        if settings.has_another_piece:
            line.addWidget(_button(words.another_piece, style, lambda: self._say(AnotherPiece())))
        leave_keyboard(row)
        row.adjustSize()
        row.move(layout.screen.right - row.width() - style.px(16), layout.screen.bottom - row.height() - style.px(4))
        return row

    def _make_slider(self, style: Style, bounds: tuple[float, float], words: Words) -> Slider:
        quietest, loudest = bounds
        slider = Slider()
        slider.setAccessibleName(words.volume)
        slider.setRange(round(_STEPS * quietest), round(_STEPS * loudest))
        slider.setValue(round(_STEPS * self._volume))
        slider.setFixedSize(style.px(190), style.target())
        slider.valueChanged.connect(self._set_volume)
        return slider

    def _set_volume(self, step: int) -> None:
        self._volume = step / _STEPS
        self._say(SetVolumeWanted(self._volume))

    # ------------------------------------------------------------ the keyboard

    def _open_keyboard(self) -> None:
        if self._dress is None:
            return
        self._keyboard = Keyboard(self._window, *self._dress, self._filter)
        self._keyboard.written.connect(self._send)
        self._keyboard.closed.connect(self._close_keyboard)
        self._keyboard.show()
        self._show()

    def _send(self, text: str) -> None:
        self._say(OwnText(text))
        self._close_keyboard()

    def _close_keyboard(self) -> None:
        if self._keyboard is not None:
            self._keyboard.hide()
            self._keyboard.deleteLater()
            self._keyboard = None
            self._show()


def _row(window: QWidget, style: Style, spacing: float) -> tuple[QWidget, QHBoxLayout]:
    row = QWidget(window)
    row.setObjectName("row")
    row.lower()  # the admin screen may lie there already
    row.setStyleSheet(style.sheet())
    line = QHBoxLayout(row)
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(round(spacing * style.unit))
    return row, line


def _button(text: str, style: Style, press: Callable[[], object]) -> QPushButton:
    button = make_button(text, style, size=SMALL_FONT)
    button.clicked.connect(lambda: press())  # without Qt's argument
    return button
