"""Every language says everything, in its place, at every size, and is read easily on every wall."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import fields
from itertools import combinations
from pathlib import Path
from typing import get_args

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PyQt6.QtGui import QFontMetricsF, QImage, QPainter
from PyQt6.QtWidgets import QApplication, QLabel, QPushButton, QWidget

from art2mus.study import settings
from installation import config
from installation.cues import Scene
from installation.labels import UNKNOWN, Work, read_gallery
from installation.messages import ClipInfo, CueClip, Hint, SoundingNote, TakeHome, WallLabel
from installation.settings import VisitorControls
from installation.ui.aside import Aside
from installation.ui.badge import CAMERA, COMPOSER
from installation.ui.controls import Controls
from installation.ui.keyboard import Keyboard
from installation.ui.layout import Layout, Rect
from installation.ui.lettering import Line, bounds_of
from installation.ui.night import DARK, Night
from installation.ui.palette import MIN_GRAPHIC_CONTRAST, MIN_TEXT_CONTRAST, Palette, Rgb, contrast
from installation.ui.placard import Placard
from installation.ui.room import Room
from installation.ui.stage import Stage
from installation.ui.study import words as study
from installation.ui.voice import Voice
from installation.ui.why import MAX_REASONS, explain, telling_poles
from installation.ui.window import LARGE_TEXT
from installation.ui.words import ENGLISH, LANGUAGES, Words
from installation.web import words as web
from installation.word_filter import WordFilter
from installation.works import BUNDLED_GALLERY
from tests.installation.ui.scripted_tap import SAMPLE_RATE, ScriptedTap, make_clip
from tests.installation.ui.seen import as_shown, grab, hang, part, pixels_of, run

pytestmark = pytest.mark.usefixtures("app")

SIZES = ((1920, 1080), (1080, 1920), (3840, 2160))
ASPECTS = (0.6, 1.0, 1.5, 2.15, 2.6)
URL = "http://192.168.178.120:8010/clip/kJ8s7dH2-aQx9ZrT0pLwV3"
SEE_IT_ALL = VisitorControls(
    languages=tuple(LANGUAGES), has_another_piece=True, has_own_text=True, volume_range=(0.2, 0.9), volume=0.5
)

each_language = pytest.mark.parametrize("code", LANGUAGES)
each_size = pytest.mark.parametrize("size", SIZES, ids=str)
each_text_size = pytest.mark.parametrize("text_size", [1.0, LARGE_TEXT])


@pytest.fixture(scope="module")
def works() -> list[Work]:
    return list(read_gallery(BUNDLED_GALLERY))


def heard(affect: tuple[tuple[str, float], ...] = (), prompt: str = "", *, has_notes: bool = True) -> ClipInfo:
    notes = (SoundingNote(0.0, 1.0, 60, 80, 0),) if has_notes else ()
    return ClipInfo("clip", "work", Path("clip.flac"), 9.0, SAMPLE_RATE, notes, affect=affect, prompt=prompt)


# ---------------------------------------------------------------- the table


@each_language
def test_a_language_says_everything(code: str) -> None:
    words = LANGUAGES[code]
    assert words.hints.keys() == set(Hint) - {Hint.NONE}
    assert words.reasons.keys() == ENGLISH.reasons.keys()
    assert all(getattr(words, field.name) for field in fields(Words))
    for text in (words.own_words, words.valid, words.because):
        assert text.format("one", "two") != text
    assert set(words.own_text_example.lower()) <= {*"".join(words.letters), " "}, "the example can be written"


def test_screen_telephone_and_study_speak_the_same_languages() -> None:
    spoken = set(LANGUAGES)
    assert spoken == set(web.WORDS) == set(study.WORDS)
    assert spoken == set(get_args(config.Language)) == set(get_args(settings.Language))


@pytest.mark.parametrize(("one", "other"), tuple(combinations(LANGUAGES, 2)))
def test_nothing_was_left_untranslated(one: str, other: str) -> None:
    first, second = LANGUAGES[one], LANGUAGES[other]
    for name in (
        "invitation",
        "show_me",
        "found",
        "answering",
        "closed",
        "why",
        "take_home",
        "another_piece",
        "own_text",
        "cancel",
    ):
        assert getattr(first, name) != getattr(second, name), name
    assert not {*first.hints.values()} & {*second.hints.values()}
    assert not {*first.reasons.values()} & {*second.reasons.values()}


# ---------------------------------------------------------------- why this music


def test_the_two_most_telling_differences_are_said_in_their_order() -> None:
    clip = heard((("valence", 0.6), ("arousal", -2.0), ("warmth", 1.1), ("complexity", 0.1)))
    calm, warm = ENGLISH.reasons["arousal", False], ENGLISH.reasons["warmth", True]
    assert explain(clip, ENGLISH) == (f"{calm[0]}: {calm[1]}.", f"{warm[0]}: {warm[1]}.")


def test_light_and_weight_are_not_said_twice() -> None:
    assert telling_poles((("brightness", 2.0), ("weight", -1.9), ("valence", 0.6))) == [
        ("brightness", True),
        ("valence", True),
    ]
    assert len(telling_poles((("brightness", 2.0), ("weight", 1.9)))) == MAX_REASONS


def test_what_is_less_marked_is_said_beside_what_is_and_not_alone() -> None:
    assert telling_poles((("complexity", 0.8), ("warmth", 0.3))) == [("complexity", True), ("warmth", True)]
    assert telling_poles((("complexity", 0.8), ("warmth", 0.2))) == [("complexity", True)]
    assert telling_poles((("complexity", 0.4), ("warmth", 0.3))) == []


def test_an_average_picture_is_said_to_be_one_and_an_unmeasured_one_is_not_spoken_of() -> None:
    assert explain(heard((("valence", 0.1), ("arousal", -0.3))), ENGLISH)[0].startswith(ENGLISH.in_the_middle[0])
    assert explain(heard(), ENGLISH) == ()


def test_of_music_without_a_score_only_the_picture_is_spoken_of() -> None:
    clip = heard((("arousal", 1.5),), has_notes=False)
    assert explain(clip, ENGLISH) == (ENGLISH.reasons["arousal", True][0] + ".",)


def test_a_visitors_words_are_said_again() -> None:
    assert explain(heard((), "a slow waltz"), ENGLISH) == ("With these words: “a slow waltz”.",)


# ---------------------------------------------------------------- nothing is cut off


def longest_clip(words: Words) -> ClipInfo:
    """With the two longest reasons, and as many of a visitor's words as the keyboard takes."""
    by_length = sorted(words.reasons, key=lambda pole: -len("".join(words.reasons[pole])))
    affect: dict[str, float] = {}
    for name, is_much in by_length:
        if name not in affect and len(affect) < MAX_REASONS:
            affect[name] = 2.0 if is_much else -2.0
    return heard(tuple(affect.items()), "W" + "ellenschaum und Möwengeschrei, " * 2)


def bare_stage(layout: Layout, label: WallLabel, words: Words) -> Stage:
    palette = Palette.neutral()
    placard = Placard.set(label, layout, palette, words=words)
    return Stage("work", layout, palette, label, placard, QImage(), Rect(0, 0, 0, 0), QImage())


def assert_within(lines: tuple[Line, ...], room: Rect, unit: float) -> None:
    """Letters of an italic lean out of their line a little."""
    bounds, lean = bounds_of(lines), 12 * unit
    assert bounds.left() >= room.x - lean
    assert bounds.right() <= room.right + lean
    assert bounds.top() >= room.y - lean
    assert bounds.bottom() <= room.bottom + lean


@each_language
@each_size
@each_text_size
def test_label_reasons_and_code_fit_beside_each_other(code: str, size: tuple[int, int], text_size: float) -> None:
    words = LANGUAGES[code]
    for aspect in ASPECTS:
        layout = Layout.hang(*size, aspect, text_size)
        stage = bare_stage(layout, WallLabel(UNKNOWN), words)
        assert stage.placard.lines[0].text == words.unknown_artist
        assert " ".join(line.text for line in stage.placard.lines[1:]) == words.unknown_work
        assert_within(stage.placard.lines, layout.label, layout.unit)
        assert stage.placard.progress.bottom <= layout.music.y + 0.05 * layout.music.height
        aside, clip = Aside(), longest_clip(words)
        aside.update(clip, TakeHome("clip", URL, time.monotonic() + 3600), stage, words, 1.0, is_wanted=True)
        assert_within(aside.lines, stage.aside, layout.unit)
        said = " ".join(line.text for line in aside.lines)
        for text in (words.why, *explain(clip, words), words.take_home):
            assert text in said, "nothing was left out"
        assert min(line.font.pixelSize() for line in aside.lines) >= 14 * layout.unit


@each_language
@each_size
@each_text_size
def test_what_the_room_says_fits_on_one_line(code: str, size: tuple[int, int], text_size: float) -> None:
    words, layout = LANGUAGES[code], Layout.hang(*size, 1.5, text_size)
    for text in (words.invitation, words.show_me, words.found, words.answering, *words.hints.values()):
        voice = Voice()
        voice.say(text, 0.0, is_urgent=True)
        image = QImage(8, 8, QImage.Format.Format_RGB32)
        painter = QPainter(image)
        voice.paint(painter, layout, Palette.neutral(), 0.5, 0.0)
        painter.end()
        assert voice._place.within(layout.screen) == voice._place
        assert voice._place.height > 24 * layout.unit, "and is large enough to be read from afar"
    night = Night("Tuesday to Sunday, 10 to 18; on the first Thursday of the month until 22")
    image = QImage(8, 8, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    night.paint(painter, layout, words, 1.0)
    painter.end()
    assert_within(night.lines, layout.screen, layout.unit)


@pytest.fixture
def window(app: QApplication) -> Iterator[QWidget]:
    window = QWidget()
    yield window
    window.hide()
    window.deleteLater()
    app.processEvents()


def place_of(widget: QWidget, window: QWidget) -> Rect:
    corner = widget.mapTo(window, widget.rect().topLeft())
    return Rect(corner.x(), corner.y(), widget.width(), widget.height())


@each_language
@each_size
@each_text_size
def test_no_button_is_cut_off(code: str, size: tuple[int, int], text_size: float, window: QWidget) -> None:
    words, layout, palette = LANGUAGES[code], Layout.hang(*size, 1.5, text_size), Palette.neutral()
    window.resize(*size)
    controls = Controls(window, SEE_IT_ALL, lambda _message: None, WordFilter([]))
    controls.dress(layout, palette, words, has_work=True)
    controls.enter(Scene.LISTENING)
    keyboard = Keyboard(window, layout, palette, words, WordFilter([]))
    keyboard.type("W" * 100)
    window.show()
    QApplication.processEvents()
    buttons = window.findChildren(QPushButton)
    assert len(buttons) == 5 + 2 + sum(map(len, words.letters)) + 4
    for button in buttons:
        assert place_of(button, window).within(layout.screen) == place_of(button, window), button.text()
        assert QFontMetricsF(button.font()).horizontalAdvance(button.text()) <= button.width(), button.text()
        assert min(button.width(), button.height()) >= 44 or button.parent() is keyboard
    for label in window.findChildren(QLabel):
        assert place_of(label, window).within(layout.screen) == place_of(label, window), label.text()
        assert label.heightForWidth(label.width()) <= label.height() + 1, label.text()


# ---------------------------------------------------------------- what can be taken home


@each_size
def test_the_code_is_read_from_the_screen(size: tuple[int, int], works: list[Work]) -> None:
    stage = hang(works[0], size)
    room = Room(ScriptedTap([("clip", 0.0, 1.0)]), 0.0)
    room.hang(stage, as_shown(stage), 0.0)
    room.wall.cue(CueClip(make_clip("clip", works[0].artwork_id, 1, 60.0)))
    room.wall.offer(TakeHome("clip", URL, 3600.0))
    run(room, 0.0, 4.0)
    seen = np.ascontiguousarray(grab(room, size).astype(np.uint8))
    text, _, _ = cv2.QRCodeDetector().detectAndDecode(part(seen, stage.aside.grown(20)).astype(np.uint8))
    assert text == URL


def test_a_code_stands_still_while_the_piece_goes_on_and_goes_when_it_ends(works: list[Work]) -> None:
    work = works[0]
    tap = ScriptedTap([("one", 0.0, 1.0)])
    room = Room(tap, 0.0)
    stage = hang(work)
    room.hang(stage, as_shown(stage), 0.0)
    room.wall.cue(CueClip(make_clip("one", work.artwork_id, 1, 20.0)))
    room.wall.cue(CueClip(make_clip("two", work.artwork_id, 2, 2000.0, continues="one")))
    for clip_id in ("one", "two"):
        room.wall.offer(TakeHome(clip_id, f"http://kiosk/{clip_id}", 1000.0))
    run(room, 0.0, 2.0)
    tap.script = [("two", 20.0, 1.0)]
    run(room, 20.0, 22.0)
    (strand,) = room.wall.follower.strands
    assert room.wall.offers.choose(strand, 22.0) == TakeHome("one", "http://kiosk/one", 1000.0)
    assert room.wall.offers.choose(strand, 990.0) is None


# ---------------------------------------------------------------- contrast


def worst_ground(face: npt.NDArray[np.int16], line: Line) -> Rgb:
    """The lightest ground under a line, but for the grain of the plaster."""
    bounds = bounds_of([line]).toAlignedRect()
    ground = part(face, Rect(bounds.x(), bounds.y(), bounds.width(), bounds.height())).reshape(-1, 3)
    red, green, blue = (round(float(np.quantile(ground[:, channel], 0.99))) for channel in range(3))
    return red, green, blue


@pytest.fixture(scope="module")
def stages(app: QApplication, works: list[Work]) -> list[Stage]:
    """Every work of the gallery, on a wide and on an upright screen in turn."""
    return [hang(work, (960, 540) if number % 2 else (540, 960)) for number, work in enumerate(works)]


def test_every_text_is_legible_on_the_wall_of_every_work(stages: list[Stage]) -> None:
    for stage in stages:
        aside = Aside()
        offer = TakeHome("clip", URL, time.monotonic() + 3600)
        aside.update(longest_clip(ENGLISH), offer, stage, ENGLISH, 1.0, is_wanted=True)
        face = pixels_of(stage.face)
        for line in (*stage.placard.lines, *aside.lines):
            assert contrast(line.colour, worst_ground(face, line)) >= MIN_TEXT_CONTRAST, (stage.label, line.text)


def test_what_the_room_says_is_legible_over_the_music(stages: list[Stage]) -> None:
    for stage in stages:
        room = Room(ScriptedTap([("clip", 0.0, 1.0)]), 0.0)
        room.hang(stage, as_shown(stage), 0.0)
        room.wall.cue(CueClip(make_clip("clip", stage.artwork_id, 1, 60.0)))
        room.enter(Scene.COMPOSING)
        room.voice.say("", 0.0, is_urgent=True)
        room.voice.answer.target = room.voice.answer.value = 0.0
        run(room, 0.0, 1.5)
        screen = stage.layout.screen
        ground = part(grab(room, (screen.width, screen.height)), stage.layout.music).reshape(-1, 3)
        red, green, blue = (int(np.quantile(ground[:, channel], 0.999)) for channel in range(3))
        assert contrast(stage.palette.text, (red, green, blue)) >= MIN_TEXT_CONTRAST, stage.label


def test_what_is_touched_and_what_is_said_at_night_is_legible(stages: list[Stage]) -> None:
    for palette in (stage.palette for stage in stages):
        assert contrast(palette.ground, palette.accent) >= MIN_TEXT_CONTRAST, "a button while it is touched"
        assert contrast(palette.quiet_text, palette.ground) >= MIN_TEXT_CONTRAST, "the keyboard"
        assert contrast(palette.text, palette.lit) >= MIN_TEXT_CONTRAST, "a button"
        assert contrast(palette.text, palette.ground) >= 7.0, "the code, for cameras"
        for dot in (CAMERA, COMPOSER):
            assert contrast(dot, palette.ground) >= MIN_GRAPHIC_CONTRAST
    assert contrast(Palette.neutral().quiet_text, DARK) >= MIN_TEXT_CONTRAST
