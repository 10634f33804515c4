"""The study as listeners meet it: pages, touches, keys, silence."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PyQt6.QtCore import QPoint, QRect, Qt
from PyQt6.QtGui import QFontMetrics
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QPushButton

from art2mus.study.answers import BOTH, Answers
from art2mus.study.settings import Study
from installation.study.sitting import ALL_ANSWERS, A, B, Sitting, Track
from installation.ui.buttons import Style
from installation.ui.palette import MIN_TEXT_CONTRAST, Palette, contrast
from installation.ui.study.hanging import hang_beside_questions
from installation.ui.study.pages import QuestionPage, TextPage
from installation.ui.study.window import Mode, Sources, StudyWindow
from installation.ui.study.words import WORDS
from tests.art2mus.study.studies import TODAY, small_study
from tests.installation.ui.test_window import wait_until

ENGLISH = WORDS["en"]
LENGTH_S = 10.0
TEXTS = {language: {"title": f"Cards {language}", "consent": "One.\nTwo."} for language in WORDS}


@dataclass
class Clock:
    """Time that passes when it is told to."""

    now_s: float = 100.0

    def __call__(self) -> float:
        return self.now_s


@dataclass
class ScriptedPlayer:
    """A `TrackPlayer` that hears what a test says it hears."""

    trouble: str = ""
    position_s: float | None = None
    played: list[Path] = field(default_factory=list)

    def play(self, track: Track) -> None:
        self.played.append(track.path)
        self.position_s = 0.0

    def stop(self) -> None:
        self.position_s = None

    def poll(self) -> None:
        """Nothing happens by itself."""


class Visit:
    """A window and somebody in front of it."""

    def __init__(self, app: QApplication, study: Study, **mode: bool) -> None:
        self.app, self.study = app, study
        self.clock, self.player = Clock(), ScriptedPlayer()
        self.answers = Answers(study.answers, study.fingerprint)
        tracks = {key: Track(path, LENGTH_S, 48000) for key, path in study.tracks.items()}
        self.window = StudyWindow(
            Sources(study, self.answers, tracks, self.player),
            Mode(**mode),
            clock=self.clock,  # type: ignore[arg-type]
        )
        self.has_left = False
        self.window.left.connect(lambda: setattr(self, "has_left", True))
        self.window.present(is_windowed=True)
        self.window._pace.stop()  # time passes when the test says so

    def close(self) -> None:
        self.window.dismantle()
        self.window.hide()
        self.window.deleteLater()
        self.answers.close()

    def press(self, text: str) -> None:
        """Touch the button with this text on a page of text."""
        assert isinstance(self.window.page, TextPage)
        QTest.mouseClick(self.window.page.buttons[text], Qt.MouseButton.LeftButton)

    def is_at(self, text: str) -> bool:
        return isinstance(self.window.page, TextPage) and text in self.window.page.buttons

    def questions(self) -> QuestionPage:
        """The page of questions, once it is there."""
        wait_until(self.app, lambda: isinstance(self.window.page, QuestionPage))
        assert isinstance(self.window.page, QuestionPage)
        return self.window.page

    def begin(self) -> QuestionPage:
        self.press(ENGLISH.begin)
        self.press(ENGLISH.agree)
        return self.questions()

    def hear(self, track: int, seconds: float = LENGTH_S) -> None:
        QTest.mouseClick(self.questions().play_buttons[track], Qt.MouseButton.LeftButton)
        self.player.position_s = seconds
        self.window.advance()

    def choose(self, question: str, track: int, value: int) -> None:
        button = self.questions().choices[question, track].findChildren(QPushButton)[value - 1]  # type: ignore[index]
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def answer_all(self) -> None:
        self.hear(A)
        self.hear(B)
        for question, track in ALL_ANSWERS:
            self.choose(question, track, 2)


@pytest.fixture
def visit(app: QApplication, tmp_path: Path) -> Iterator[Visit]:
    visit = Visit(app, small_study(tmp_path, num_cards=2, texts=TEXTS))
    yield visit
    visit.close()


@pytest.fixture
def kiosk(app: QApplication, tmp_path: Path) -> Iterator[Visit]:
    visit = Visit(app, small_study(tmp_path, num_cards=2, texts=TEXTS), is_kiosk=True)
    yield visit
    visit.close()


def test_a_session_from_welcome_to_thanks(visit: Visit) -> None:
    page = visit.begin()
    session = visit.study.draw(0)
    assert not page.next_button.isEnabled()
    visit.choose("quality", A, 5)  # not heard yet: nothing happens
    assert visit.answers.records()[0].answers == {}
    visit.hear(A)
    visit.hear(B, 3.0)
    models = session[0].first, session[0].second
    assert visit.player.played == [visit.study.tracks[session[0].artwork, model] for model in models]
    visit.choose("quality", B, 5)  # not long enough
    assert visit.answers.records()[0].answers == {}
    visit.choose("quality", A, 4)
    assert visit.answers.records()[0].answers == {("quality", A): 4}  # at once
    visit.answer_all()
    assert page.next_button.isEnabled()
    QTest.mouseClick(page.next_button, Qt.MouseButton.LeftButton)
    wait_until(visit.app, lambda: visit.window.page is not page)
    visit.answer_all()
    QTest.mouseClick(visit.questions().next_button, Qt.MouseButton.LeftButton)
    assert visit.is_at(ENGLISH.close)
    assert visit.answers.count_sessions() == {"finished": 1}
    first, second = visit.answers.records()
    assert first.plays == {A: 2, B: 2}
    assert second.plays == {A: 1, B: 1}
    assert first.is_confirmed
    assert second.answers["preference", BOTH] == 2
    visit.player.trouble = "the loudspeaker is gone"
    visit.window.advance()  # who has finished need not be told
    visit.press(ENGLISH.close)
    assert visit.has_left


def test_who_agrees_twice_begins_once(visit: Visit) -> None:
    visit.press(ENGLISH.begin)
    for _ in range(2):
        visit.press(ENGLISH.agree)  # the wall is still being prepared
    QTest.keyClick(visit.window, Qt.Key.Key_Return)
    assert visit.answers.count_sessions() == {"open": 1}
    assert visit.questions().isEnabled()


def test_nothing_of_the_next_artwork_is_heard_or_answered_on_the_page_before(visit: Visit) -> None:
    page = visit.begin()
    visit.answer_all()
    visit.window.resize(visit.window.width() - 100, visit.window.height())  # its wall has to be prepared anew
    num_played = len(visit.player.played)
    QTest.mouseClick(page.next_button, Qt.MouseButton.LeftButton)
    assert visit.window.page is page
    visit.hear(A)
    visit.choose("quality", A, 5)
    for key in (Qt.Key.Key_B, Qt.Key.Key_Return):
        QTest.keyClick(visit.window, key)
    assert len(visit.player.played) == num_played
    first, second = visit.answers.records()
    assert first.is_confirmed
    assert (second.is_confirmed, second.answers, second.plays) == (False, {}, {})
    wait_until(visit.app, lambda: visit.window.page is not page)
    visit.answer_all()


def test_nothing_is_kept_of_who_declines(visit: Visit) -> None:
    visit.press(ENGLISH.begin)
    assert visit.answers.count_sessions() == {}
    visit.press(ENGLISH.decline)
    assert visit.is_at(ENGLISH.begin)
    assert visit.answers.count_sessions() == {}


def test_a_session_that_was_broken_off_is_offered_again(visit: Visit) -> None:
    page = visit.begin()
    visit.hear(B)
    visit.choose("pertinence", B, 5)
    QTest.keyClick(page, Qt.Key.Key_Escape)
    visit.press(ENGLISH.leave)
    assert visit.has_left
    assert visit.answers.count_sessions() == {"open": 1}
    visit.window.welcome()
    visit.press(ENGLISH.resume.format(done=0, all=2))
    page = visit.questions()
    chosen = [button.isChecked() for button in page.choices["pertinence", B].findChildren(QPushButton)]
    assert chosen == [False] * 4 + [True]


def test_everything_can_be_done_from_the_keyboard(visit: Visit) -> None:
    QTest.keyClick(visit.window.focusWidget(), Qt.Key.Key_Return)
    QTest.keyClick(visit.window.focusWidget(), Qt.Key.Key_Return)
    page = visit.questions()
    for key in (Qt.Key.Key_A, Qt.Key.Key_B):
        QTest.keyClick(visit.window.focusWidget(), key)
        visit.player.position_s = LENGTH_S
        visit.window.advance()
    for question, track in ALL_ANSWERS:
        buttons = page.choices[question, track].findChildren(QPushButton)
        buttons[0].setFocus()
        QTest.keyClick(buttons[0], Qt.Key.Key_2)
    assert visit.answers.records()[0].answers == dict.fromkeys(ALL_ANSWERS, 2)
    page.next_button.setFocus()
    QTest.keyClick(page.next_button, Qt.Key.Key_Return)
    assert visit.answers.records()[0].is_confirmed
    QTest.keyClick(visit.window, Qt.Key.Key_Q, Qt.KeyboardModifier.ControlModifier)
    assert visit.has_left


def test_the_same_button_stops_and_the_other_switches(visit: Visit) -> None:
    page = visit.begin()
    visit.hear(A, 1.0)
    assert page.play_buttons[A].text() == ENGLISH.stop.format(letter="A")
    visit.hear(B, 1.0)
    assert page.play_buttons[A].text() == ENGLISH.play.format(letter="A")
    QTest.mouseClick(page.play_buttons[B], Qt.MouseButton.LeftButton)
    assert visit.player.position_s is None
    assert page.play_buttons[B].text() == ENGLISH.play.format(letter="B")
    assert visit.answers.records()[0].plays == {A: 1, B: 1}


def test_a_track_that_broke_off_does_not_count_as_heard(visit: Visit) -> None:
    page = visit.begin()
    visit.hear(A, 2.0)
    visit.player.position_s = None
    visit.window.advance()
    assert not page.choices["quality", A].isEnabled()
    visit.hear(A, LENGTH_S - 0.1)
    visit.player.position_s = None
    visit.window.advance()
    assert page.choices["quality", A].isEnabled()


def test_without_sound_nothing_can_be_answered(visit: Visit) -> None:
    visit.begin()
    visit.hear(A)
    visit.player.trouble = "the loudspeaker is gone"
    visit.window.advance()
    assert visit.is_at(ENGLISH.go_on)
    visit.press(ENGLISH.go_on)
    assert not isinstance(visit.window.page, QuestionPage)
    visit.player.trouble = ""
    visit.window.advance()
    assert visit.questions().choices["quality", A].isEnabled()


def test_without_sound_no_session_begins(visit: Visit) -> None:
    visit.player.trouble = "the loudspeaker is gone"
    visit.press(ENGLISH.begin)
    visit.press(ENGLISH.agree)
    assert visit.answers.count_sessions() == {}
    visit.player.trouble = ""
    visit.window.advance()
    assert visit.is_at(ENGLISH.begin)


def test_an_answer_that_cannot_be_written_is_said(visit: Visit, caplog: pytest.LogCaptureFixture) -> None:
    visit.begin()
    visit.hear(A)
    with sqlite3.connect(visit.study.answers, isolation_level=None) as other:
        other.execute("ALTER TABLE answers RENAME TO elsewhere")
        visit.choose("quality", A, 4)
        assert visit.is_at(ENGLISH.go_on)
        assert "cannot be written" in caplog.text
        other.execute("ALTER TABLE elsewhere RENAME TO answers")
    other.close()
    visit.press(ENGLISH.go_on)
    visit.hear(A)
    visit.choose("quality", A, 4)
    assert visit.answers.records()[0].answers == {("quality", A): 4}


def test_an_artwork_that_is_gone_is_said(visit: Visit) -> None:
    visit.study.artworks[visit.study.draw(0)[0].artwork].unlink()
    visit.press(ENGLISH.begin)
    visit.press(ENGLISH.agree)
    wait_until(visit.app, lambda: visit.is_at(ENGLISH.go_on))
    assert visit.answers.records()[0].answers == {}


class TestKiosk:
    """One listener after another."""

    def test_who_goes_away_is_not_waited_for(self, kiosk: Visit) -> None:
        kiosk.begin()
        kiosk.clock.now_s += 60
        kiosk.hear(A)  # music is company
        kiosk.player.position_s = None
        kiosk.window.advance()
        kiosk.clock.now_s += 119
        kiosk.window.advance()
        assert isinstance(kiosk.window.page, QuestionPage)
        kiosk.clock.now_s += 2
        kiosk.window.advance()
        assert kiosk.is_at(ENGLISH.begin)
        assert kiosk.answers.count_sessions() == {"broken off": 1}
        assert not kiosk.is_at(ENGLISH.resume.format(done=0, all=2))
        kiosk.begin()
        assert kiosk.answers.count_sessions() == {"broken off": 1, "open": 1}

    def test_a_session_that_cannot_be_broken_off_is_not_left_open(self, kiosk: Visit) -> None:
        kiosk.begin()
        with sqlite3.connect(kiosk.study.answers, isolation_level=None) as other:
            other.execute("ALTER TABLE sessions RENAME TO elsewhere")
            kiosk.clock.now_s += 121
            kiosk.window.advance()
            assert kiosk.is_at(ENGLISH.go_on)
            other.execute("ALTER TABLE elsewhere RENAME TO sessions")
        other.close()
        kiosk.clock.now_s += 121
        kiosk.window.advance()
        assert kiosk.is_at(ENGLISH.begin)
        assert kiosk.answers.count_sessions() == {"broken off": 1}

    def test_a_touch_of_the_wall_says_that_somebody_is_there(self, kiosk: Visit) -> None:
        kiosk.begin()
        kiosk.clock.now_s += 119
        QTest.mouseClick(kiosk.window, Qt.MouseButton.LeftButton, pos=QPoint(20, 20))
        kiosk.clock.now_s += 119
        kiosk.window.advance()
        assert isinstance(kiosk.window.page, QuestionPage)

    def test_stopping_welcomes_the_next_in_the_first_language(self, kiosk: Visit) -> None:
        italian = WORDS["it"]
        kiosk.press(italian.language)
        kiosk.press(italian.begin)
        kiosk.press(italian.agree)
        QTest.keyClick(kiosk.questions(), Qt.Key.Key_Escape)
        kiosk.press(italian.leave)
        assert kiosk.is_at(ENGLISH.begin)
        assert kiosk.answers.count_sessions() == {"broken off": 1}

    def test_an_idle_welcome_speaks_the_first_language_again(self, kiosk: Visit) -> None:
        kiosk.press(WORDS["fr"].language)
        assert kiosk.is_at(WORDS["fr"].begin)
        kiosk.clock.now_s += 121
        kiosk.window.advance()
        assert kiosk.is_at(ENGLISH.begin)

    def test_thanks_do_not_stay(self, kiosk: Visit) -> None:
        kiosk.begin()
        for _ in range(2):
            kiosk.answer_all()
            page = kiosk.questions()
            QTest.mouseClick(page.next_button, Qt.MouseButton.LeftButton)
            wait_until(kiosk.app, lambda page=page: kiosk.window.page is not page)  # type: ignore[misc]
        assert kiosk.is_at(ENGLISH.finish)
        kiosk.clock.now_s += 21
        kiosk.window.advance()
        assert kiosk.is_at(ENGLISH.begin)
        assert kiosk.answers.count_sessions() == {"finished": 1}


@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920), (1280, 720), (1024, 768)], ids=str)
@pytest.mark.parametrize("language", WORDS)
def test_everything_fits(app: QApplication, tmp_path: Path, size: tuple[int, int], language: str) -> None:
    """No text is cut, nothing leaves its place, and everything can be hit with a finger."""
    study = small_study(tmp_path, num_cards=1)
    with Answers(study.answers, study.fingerprint) as answers:
        sitting = Sitting(answers, answers.begin(study.draw, language, TODAY), 0.0)
    layout = hang_beside_questions(*size, 1.5)
    place, picture = layout.label, layout.picture
    page = QuestionPage(sitting, WORDS[language], Style(layout.unit, Palette.neutral()))
    page.resize(place.width, place.height)
    page.show()
    app.processEvents()
    assert place.within(layout.screen) == place
    assert place.within(picture).width * place.within(picture).height == 0
    assert (page.width(), page.height()) == (place.width, place.height)  # it is not forced to be larger
    for button in page.findChildren(QPushButton):
        assert button.height() >= 44
        assert button.width() >= QFontMetrics(button.font()).horizontalAdvance(button.text()) + 8
        corner = button.mapTo(page, QPoint())
        assert page.rect().contains(QRect(corner, button.size()))
    page.hide()
    page.deleteLater()


def test_what_is_chosen_is_legible() -> None:
    """The style writes the wall's dark on the accent, and the text on the dark."""
    palette = Palette.neutral()
    for colour in (palette.accent, palette.text, palette.quiet_text):
        assert contrast(colour, palette.ground) >= contrast(colour, palette.lit) >= MIN_TEXT_CONTRAST


def test_every_language_fills_in_the_same() -> None:
    for words in WORDS.values():
        assert "7" in words.progress.format(number=7, all=20)
        assert words.play.format(letter="A") != words.stop.format(letter="A")
        assert "B" in words.play.format(letter="B")
        assert words.resume.format(done=3, all=20).count("3") == 1
        assert words.code.format(code="XYZ").endswith("XYZ")
        assert all(getattr(words, name) for name in words.__dataclass_fields__)
