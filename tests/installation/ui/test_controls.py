"""What a visitor may do, tapped on a real window; and what is not there unless the curator allows it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QPushButton, QSlider, QWidget

from installation.labels import read_gallery
from installation.messages import (
    AnotherPiece,
    FromUi,
    OwnText,
    SceneChanged,
    SetVolumeWanted,
    ShowWork,
)
from installation.settings import UiSettings, VisitorControls
from installation.ui.keyboard import MAX_LETTERS, Keyboard
from installation.ui.palette import Palette
from installation.ui.window import ShowWindow, load_word_filter
from installation.ui.words import ENGLISH, FRENCH
from installation.works import BUNDLED_GALLERY
from tests.installation.ui.scripted_tap import ScriptedTap

EVERYTHING = VisitorControls(
    languages=("en", "fr"), has_another_piece=True, has_own_text=True, volume_range=(0.3, 0.8), volume=0.6
)
Open = Callable[[VisitorControls], tuple[ShowWindow, list[FromUi]]]


@pytest.fixture
def open_window(app: QApplication) -> Iterator[Open]:
    windows: list[ShowWindow] = []

    def open_one(visitor: VisitorControls) -> tuple[ShowWindow, list[FromUi]]:
        said: list[FromUi] = []
        window = ShowWindow(UiSettings(tap_name="", visitor=visitor), ScriptedTap(), said.append)
        windows.append(window)
        window.present(is_windowed=True)
        work, deadline = read_gallery(BUNDLED_GALLERY)[0], time.monotonic() + 60
        window.take(ShowWork(work.artwork_id, work.path, work.label, 0.0, time.monotonic()))
        while window.room.wall.stage is None and time.monotonic() < deadline:
            app.processEvents()
        return window, said

    yield open_one
    for window in windows:
        window.dismantle()
        window.hide()
        window.deleteLater()
    app.processEvents()


def button(window: ShowWindow, text: str) -> QPushButton:
    (found,) = [b for b in window.findChildren(QPushButton) if b.text() == text and b.isVisible()]
    return found


def tap(window: ShowWindow, text: str) -> None:
    QTest.mouseClick(button(window, text), Qt.MouseButton.LeftButton)
    QApplication.processEvents()


def test_without_permission_there_is_nothing_to_touch(open_window: Open) -> None:
    window, _ = open_window(VisitorControls())
    assert window.findChildren(QPushButton) == []
    assert window.findChildren(QSlider) == []


def test_before_a_work_hangs_nothing_is_asked_for_it(open_window: Open) -> None:
    window, _ = open_window(EVERYTHING)
    assert window.room.wall.stage is not None
    assert button(window, ENGLISH.another_piece).isVisible()
    window.controls.dress(window.room.wall.stage.layout, Palette.neutral(), ENGLISH, has_work=False)
    assert not [b for b in window.findChildren(QPushButton) if b.isVisible() and b.text() == ENGLISH.another_piece]
    assert button(window, "FR").isVisible()


def test_a_tap_changes_the_language_of_everything(open_window: Open) -> None:
    window, _ = open_window(EVERYTHING)
    tap(window, "FR")
    assert window.room.words is FRENCH
    assert button(window, FRENCH.another_piece).isVisible()
    window._speak_as_before()
    assert window.room.words is ENGLISH


def test_a_language_stays_while_its_visitor_listens(open_window: Open) -> None:
    window, _ = open_window(EVERYTHING)
    tap(window, "FR")
    window.take(SceneChanged("listening"))
    window._speak_as_before()
    assert window.room.words is FRENCH


def test_another_piece_is_asked_for(open_window: Open) -> None:
    window, said = open_window(EVERYTHING)
    tap(window, ENGLISH.another_piece)
    assert said.count(AnotherPiece()) == 1


def test_the_volume_stays_within_the_curators_bounds(open_window: Open) -> None:
    window, said = open_window(EVERYTHING)
    (slider,) = window.findChildren(QSlider)
    assert slider.value() == 60
    slider.setValue(100)
    slider.setValue(0)
    assert [m.volume for m in said if isinstance(m, SetVolumeWanted)] == [0.8, 0.3]


def test_the_volume_goes_to_where_it_is_touched(open_window: Open) -> None:
    window, said = open_window(EVERYTHING)
    (slider,) = window.findChildren(QSlider)
    QTest.mouseClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() // 5, slider.height() // 2))
    assert [m.volume for m in said if isinstance(m, SetVolumeWanted)] == [pytest.approx(0.4, abs=0.04)]


def test_what_lies_over_the_wall_stays_over_it(open_window: Open) -> None:
    window, _ = open_window(EVERYTHING)
    cover = QWidget(window)
    cover.resize(window.size())
    cover.show()
    window._speak("fr")
    place = button(window, "FR").mapTo(window, QPoint(5, 5))
    assert window.childAt(place) is cover


def test_words_are_written_letter_by_letter_and_sent(open_window: Open) -> None:
    window, said = open_window(EVERYTHING)
    tap(window, ENGLISH.own_text)
    assert not button(window, ENGLISH.send).isEnabled()
    for letter in "a wald":
        tap(window, letter)
    for letter in ("⌫", "t", "z"):
        tap(window, letter)
    tap(window, ENGLISH.send)
    assert OwnText("a waltz") in said
    assert window.findChild(Keyboard) is None or not window.findChildren(Keyboard)[0].isVisible()


def test_words_that_are_refused_are_not_sent(open_window: Open) -> None:
    window, said = open_window(EVERYTHING)
    tap(window, ENGLISH.own_text)
    (keyboard,) = window.findChildren(Keyboard)
    for letter in "such a sh1t":
        keyboard.type(letter)
    tap(window, ENGLISH.send)
    assert not [m for m in said if isinstance(m, OwnText)]
    assert keyboard._title.text() == ENGLISH.refused


def test_a_line_has_an_end(open_window: Open) -> None:
    window, said = open_window(EVERYTHING)
    tap(window, ENGLISH.own_text)
    (keyboard,) = window.findChildren(Keyboard)
    for _ in range(2 * MAX_LETTERS):
        keyboard.type("a")
    tap(window, ENGLISH.send)
    assert OwnText("a" * MAX_LETTERS) in said


def test_the_keyboard_goes_when_the_scene_does(open_window: Open) -> None:
    window, _ = open_window(EVERYTHING)
    tap(window, ENGLISH.own_text)
    window.take(SceneChanged("looking"))
    QApplication.processEvents()
    assert not [keyboard for keyboard in window.findChildren(Keyboard) if keyboard.isVisible()]
    assert not [b for b in window.findChildren(QPushButton) if b.isVisible() and b.text() == ENGLISH.own_text]


def test_a_list_of_words_that_cannot_be_read_leaves_the_bundled_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    word_filter = load_word_filter(VisitorControls(refused_words_path=tmp_path / "missing.txt"))
    assert not word_filter.is_fine("fuck")
    assert len(caplog.records) == 1
