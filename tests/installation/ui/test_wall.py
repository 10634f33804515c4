"""What is on the screen: real paintings, real notes, read back from the painted pixels."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from PIL import Image
from PyQt6.QtCore import QRect
from PyQt6.QtGui import QFontMetricsF, QImage, QPainter
from PyQt6.QtWidgets import QApplication

from installation.labels import Work, read_gallery
from installation.messages import ComposeProgress, CueClip, ShowWork, SoundingNote, WallLabel
from installation.ui.layout import Layout, Rect
from installation.ui.lettering import balanced_lines, make_font
from installation.ui.placard import Placard
from installation.ui.ribbon import INSET, UNITS_PER_S, lightness
from installation.ui.spectrum import HIGHEST_HZ, LOWEST_HZ, NUM_AUDIO_FRAMES, NUM_BANDS, Spectrum
from installation.ui.stage import Stage, prepare_stage, without_margins
from installation.ui.wall import Wall
from installation.works import BUNDLED_GALLERY
from tests.installation.ui.scripted_tap import SAMPLE_RATE, ScriptedTap, make_clip
from tests.installation.ui.seen import SIZE, Pixels, as_shown, clip_of, grab, hang, paint, part, run

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture(scope="module")
def works() -> dict[str, Work]:
    return {work.label.title: work for work in read_gallery(BUNDLED_GALLERY)}


def put_up(wall: Wall, stage: Stage) -> None:
    """Hang the first work without the light going up slowly."""
    wall.hang(stage, as_shown(stage), 0.0)
    wall.advance(1e-6)
    assert wall.fade is None


def test_before_anything_hangs_the_screen_is_dark() -> None:
    assert grab(Wall(ScriptedTap(), 0.0)).max() < 16


def test_the_first_painting_comes_out_of_the_dark(works: dict[str, Work]) -> None:
    wall = Wall(ScriptedTap(), 0.0)
    wall.hang(hang(works["Lion"]), None, 0.0)
    wall.advance(0.01)
    assert grab(wall).mean() < 12
    run(wall, 0.01, 3.0)
    assert wall.fade is None
    assert grab(wall).mean() > 30


def test_a_note_that_sounds_is_lit_and_one_that_does_not_is_not(works: dict[str, Work]) -> None:
    work = works["The Great Wave off Kanagawa"]
    wall = Wall(ScriptedTap([("clip", 0.0, 1.0)]), 0.0)
    stage = hang(work)
    put_up(wall, stage)
    wall.cue(CueClip(clip_of(work, SoundingNote(2.0, 3.0, 60, 90, 0), SoundingNote(8.0, 2.0, 72, 90, 0))))
    run(wall, 0.0, 1.9)
    before = grab(wall)
    run(wall, 1.9, 3.5)
    sounding = grab(wall)
    layout = stage.layout
    speed = UNITS_PER_S * layout.unit
    (strand,) = wall.follower.strands

    def brightness(pixels: Pixels, pitch: int, from_s: float, to_s: float) -> float:
        inset = INSET * layout.unit
        share = (pitch - strand.low) / (strand.high - strand.low)
        y = round(layout.music.bottom - inset - share * (layout.music.height - 2 * inset))
        left, right = round(layout.now_x + from_s * speed), round(layout.now_x + to_s * speed)
        return float(pixels[y - 1 : y + 2, left:right].mean())

    waiting = brightness(before, 60, 0.3, 2.5)
    lit = brightness(sounding, 60, -1.3, -0.2)
    still_waiting = brightness(sounding, 72, 4.8, 5.6)
    ground = brightness(sounding, 66, 4.8, 5.6)
    assert lit > 1.6 * waiting
    assert lit > 1.6 * still_waiting
    assert still_waiting > 1.3 * ground


def test_light_swells_holds_and_fades() -> None:
    assert lightness(0.5, 1.0) == 0.0
    assert lightness(-0.5, 1.0) > 0.8
    assert lightness(-0.9, 1.0) > lightness(-1.5, 1.0) > lightness(-3.0, 1.0) > 0.0
    levels = [lightness(-frame / 30, 2.0) for frame in range(300)]
    assert max(abs(a - b) for a, b in pairwise(levels)) < 0.6, "no flash"


def test_melody_and_pad_have_colours_of_their_own(works: dict[str, Work]) -> None:
    work = works["The Great Wave off Kanagawa"]
    wall = Wall(ScriptedTap([("clip", 0.0, 1.0)]), 0.0)
    stage = hang(work)
    put_up(wall, stage)
    bare = grab(wall)
    differences = []
    for layer in (0, 1):
        wall = Wall(ScriptedTap([("clip", 0.0, 1.0)]), 0.0)
        put_up(wall, stage)
        wall.cue(CueClip(clip_of(work, SoundingNote(0.0, 4.0, 60, 90, layer))))
        run(wall, 0.0, 2.0)
        added = part(grab(wall) - bare, stage.layout.music)
        differences.append(added[added.sum(axis=2) > 120].mean(axis=0))
    (melody_red, _, melody_blue), (pad_red, _, pad_blue) = differences
    assert melody_red - melody_blue > 20 > -20 > pad_red - pad_blue


def test_halfway_through_a_crossfade_both_paintings_are_seen(works: dict[str, Work]) -> None:
    old, new = works["The Great Wave off Kanagawa"], works["Composition VIII"]
    tap = ScriptedTap([("old", -10.0, 0.7071), ("new", 0.0, 0.7071)])
    wall = Wall(tap, 0.0)
    first, second = hang(old), hang(new)
    wall.cue(CueClip(make_clip("old", old.artwork_id, 1, 60.0)))
    wall.cue(CueClip(make_clip("new", new.artwork_id, 2, 60.0)))
    put_up(wall, first)
    only_old = grab(wall)
    wall.hang(second, ShowWork(new.artwork_id, new.path, new.label, 4.0, 0.0), 0.0)
    run(wall, 0.0, 3.0)
    assert wall.fade is not None
    assert wall.fade.progress == pytest.approx(0.5, abs=0.02)
    halfway = grab(wall)
    tap.script = [("new", 0.0, 1.0)]
    run(wall, 3.0, 6.0)
    assert wall.fade is None
    only_new = grab(wall)
    inner = Rect(500, 200, 150, 150)
    expected = (part(only_old, inner) + part(only_new, inner)) / 2
    assert np.abs(part(halfway, inner) - expected).mean() < 6
    assert np.abs(part(only_old, inner) - part(only_new, inner)).mean() > 30
    for stage in (first, second):
        text = part(halfway, stage.text_place)
        assert text.max() - np.median(text) < 120, "in the middle neither label is over the other painting"


def test_a_fade_interrupted_by_another_work_goes_on_from_what_is_seen(works: dict[str, Work]) -> None:
    one, two, three = list(works.values())[:3]
    wall = Wall(ScriptedTap(), 0.0)
    put_up(wall, hang(one))
    wall.hang(hang(two), ShowWork(two.artwork_id, two.path, two.label, 4.0, 0.0), 0.0)
    run(wall, 0.0, 2.0)
    before = grab(wall)
    wall.hang(hang(three), ShowWork(three.artwork_id, three.path, three.label, 4.0, 2.0), 2.0)
    picture = wall.stage.layout.picture if wall.stage else Rect(0, 0, 1, 1)
    assert np.abs(part(before, picture) - part(grab(wall), picture)).mean() < 2


@pytest.mark.parametrize("size", [(1280, 720), (720, 1280)])
def test_the_whole_painting_is_seen_at_every_zoom(works: dict[str, Work], size: tuple[int, int]) -> None:
    work = works["Mona Lisa"]
    stage = hang(work, size)
    for seconds in (0.0, 20.0, 37.5, 75.0):
        wall = Wall(ScriptedTap(), 0.0)
        put_up(wall, stage)
        for frame in range(40):
            wall.advance(seconds + frame * 1e-4)
        painted = grab(wall, size)
        place = stage.layout.picture
        assert part(painted, Rect(round(place.centre_x) - 40, place.y + place.height // 4, 80, 80)).mean() > 50
        margin = round(0.03 * min(size))
        corner = painted[max(0, place.y - margin) : place.y - margin // 2, place.x : place.x + 20]
        assert corner.size == 0 or corner.mean() < 80, "frame and wall around it, not the painting"


def test_only_what_changed_has_to_be_painted(works: dict[str, Work]) -> None:
    wall = Wall(ScriptedTap(), 0.0)
    put_up(wall, hang(works["Lion"]))
    run(wall, 0.0, 1.0)
    whole = SIZE[0] * SIZE[1]
    dirty = wall.advance(1.1)
    assert sum(rect.width * rect.height for rect in dirty) < 0.3 * whole
    painted = grab(wall)
    image = QImage(*SIZE, QImage.Format.Format_RGB32)
    image.fill(0)
    painter = QPainter(image)
    for rect in dirty:
        painter.setClipRect(QRect(rect.x, rect.y, rect.width, rect.height))
        paint(wall, painter, QRect(rect.x, rect.y, rect.width, rect.height))
    painter.end()
    for rect in dirty:
        middle = (rect.x + rect.width // 2, rect.y + rect.height // 2)
        colour = image.pixelColor(*middle)
        assert [colour.red(), colour.green(), colour.blue()] == painted[middle[1], middle[0]].tolist()


def test_progress_follows_the_true_steps_and_then_withdraws(works: dict[str, Work]) -> None:
    wall = Wall(ScriptedTap(), 0.0)
    stage = hang(works["Lion"])
    put_up(wall, stage)
    run(wall, 0.0, 0.5)
    words = stage.placard.progress
    place = Rect(words.x, words.bottom - words.height // 3, words.width, words.height // 3)
    idle = part(grab(wall), place)
    wall.progress.tell(ComposeProgress("job", 10, 20), 0.5)
    run(wall, 0.5, 2.5)
    assert wall.progress.share == pytest.approx(0.5, abs=0.02)
    line = np.abs(part(grab(wall), place) - idle).sum(axis=2).max(axis=0)
    assert line[: place.width // 2 - 4].min() > 2 * line[place.width // 2 + 6 : -2].max()
    wall.progress.tell(ComposeProgress("job", 20, 20), 2.5)
    run(wall, 2.5, 12.0)
    assert np.abs(part(grab(wall), place) - idle).max() == 0


def test_the_bed_alone_shows_a_living_spectrum() -> None:
    wall = Wall(ScriptedTap([("bed", 0.0, 1.0)]), 0.0)
    stage = prepare_stage("", None, WallLabel(""), *SIZE)
    put_up(wall, stage)
    bare = part(grab(wall), stage.layout.music)
    run(wall, 0.0, 2.0)
    playing = part(grab(wall), stage.layout.music)
    assert (np.abs(playing - bare).sum(axis=2) > 60).mean() > 0.01


def test_the_spectrum_stands_where_the_tone_is() -> None:
    spectrum = Spectrum()
    time_s = np.arange(NUM_AUDIO_FRAMES) / SAMPLE_RATE
    tone = 0.2 * np.sin(2 * np.pi * 1000 * time_s).astype(np.float32)
    for _ in range(30):
        spectrum.update(np.stack([tone, tone], axis=1).astype(np.float32), SAMPLE_RATE, 1 / 30)
    expected = round(NUM_BANDS * np.log(1000 / LOWEST_HZ) / np.log(HIGHEST_HZ / LOWEST_HZ))
    assert abs(int(spectrum.levels.argmax()) - expected) <= 1
    for _ in range(90):
        spectrum.update(np.zeros((NUM_AUDIO_FRAMES, 2), np.float32), SAMPLE_RATE, 1 / 30)
    assert spectrum.levels.max() < 0.01


def test_margins_of_a_scan_are_not_hung_and_paintings_are_left_alone() -> None:
    rng = np.random.default_rng(3)
    painted = rng.integers(40, 200, (200, 300, 3), dtype=np.uint8)
    scan = np.full((214, 310, 3), 253, dtype=np.uint8)
    scan[8:208, 4:304] = painted
    assert without_margins(Image.fromarray(scan)).size == pytest.approx((300, 200), abs=4)
    assert without_margins(Image.fromarray(painted)).size == (300, 200)
    white = Image.new("RGB", (300, 200), "white")
    assert without_margins(white).size == (300, 200), "a white painting is a painting"


LABELS = {
    "long": WallLabel(
        "Viewing Sunset over the Ryogoku Bridge from the Ommaya Embankment " * 3, "Hokusai " * 9, "c. 1830"
    ),
    "one word": WallLabel("Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft", "", ""),
    "japanese": WallLabel("凱風快晴と山下白雨の富嶽三十六景のうちの二図をならべて見る", "葛飾北斎", "1831"),
    "unknown": WallLabel("Untitled"),
}


@pytest.mark.parametrize("name", LABELS)
@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920), (1280, 720)])
@pytest.mark.parametrize("aspect", [0.5, 1.5, 2.6])
def test_every_label_stays_within_its_place(name: str, size: tuple[int, int], aspect: float, app: QApplication) -> None:
    stage = prepare_stage("", None, WallLabel(""), 320, 240)
    layout = Layout.hang(*size, aspect)
    placard = Placard.set(LABELS[name], layout, stage.palette)
    for line in placard.lines:
        assert line.x + QFontMetricsF(line.font).horizontalAdvance(line.text) <= layout.label.right + 2
        assert line.baseline < layout.music.y
        assert line.baseline - QFontMetricsF(line.font).ascent() > 0
    assert placard.progress.bottom <= layout.music.y + 0.05 * layout.music.height
    assert any("Unknown artist" in line.text for line in placard.lines) == (not LABELS[name].artist)


def test_lines_are_balanced_and_lose_no_word(app: QApplication) -> None:
    metrics = QFontMetricsF(make_font(40, is_italic=True))
    text = "Viewing Sunset over the Ryogoku Bridge from the Ommaya Embankment"
    lines = balanced_lines(text, metrics, 420)
    assert " ".join(lines) == text
    widths = [metrics.horizontalAdvance(line) for line in lines]
    assert max(widths) <= 420
    assert min(widths) > 0.4 * max(widths)
