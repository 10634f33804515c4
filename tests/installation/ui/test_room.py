"""The scenes, read back from the painted pixels: what a visitor sees, how soon, and what it never does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PyQt6.QtCore import QPointF

from installation.cues import Scene
from installation.labels import Work, read_gallery
from installation.messages import (
    CameraLost,
    CameraReady,
    CameraView,
    ComposeProgress,
    CueClip,
    Hint,
    SoundingNote,
)
from installation.ui.glass import along
from installation.ui.layout import Rect
from installation.ui.room import Room
from installation.ui.words import ENGLISH, GERMAN
from installation.works import BUNDLED_GALLERY
from tests.installation.ui.scripted_tap import ScriptedTap, make_clip
from tests.installation.ui.seen import Pixels, StillEye, as_shown, clip_of, grab, hang, part, run

pytestmark = pytest.mark.usefixtures("app")

FRAME_S = 1 / 30
SQUARE = CameraView(((0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75)), Hint.NONE, 0.0)
NOTHING = CameraView(None, Hint.NONE, 0.0)


@pytest.fixture(scope="module")
def works() -> list[Work]:
    return list(read_gallery(BUNDLED_GALLERY))


@pytest.fixture
def room(works: list[Work]) -> Room:
    """With a painting that hangs and a camera that sees green; one second old."""
    room = Room(ScriptedTap([("clip", 0.0, 1.0)]), 0.0, eye=StillEye())
    stage = hang(works[0])
    room.hang(stage, as_shown(stage), 0.0)
    room.wall.cue(CueClip(make_clip("clip", works[0].artwork_id, 1, 60.0)))
    run(room, 0.0, 1.0)
    return room


def layout_of(room: Room) -> Rect:
    assert room.wall.stage is not None
    return room.wall.stage.layout.music


def glass_of(room: Room) -> Rect:
    assert room.wall.stage is not None
    return room.glass.place(room.wall.stage.layout)


def at(pixels: Pixels, place: Rect, x: float, y: float) -> Pixels:
    column, row = round(place.x + x * place.width), round(place.y + y * place.height)
    return pixels[row - 1 : row + 2, column - 1 : column + 2].reshape(-1, 3)


def test_looking_shows_what_the_camera_sees_and_darkens_all_else(room: Room) -> None:
    before = grab(room)
    room.enter(Scene.LOOKING)
    run(room, 1.0, 2.5)
    seen = grab(room)
    assert np.abs(at(seen, glass_of(room), 0.1, 0.1).mean(axis=0) - (90, 160, 60)).max() < 2
    assert part(seen, Rect(0, 0, 60, 500)).mean() < 0.4 * part(before, Rect(0, 0, 60, 500)).mean()
    assert room.voice.said == ENGLISH.show_me


def test_the_outline_lies_on_the_painting_and_fills_while_it_is_held(room: Room) -> None:
    room.enter(Scene.LOOKING)
    run(room, 1.0, 2.0)
    room.see(replace(SQUARE, held=0.4))
    run(room, 2.0, 3.5)
    seen, place = grab(room), glass_of(room)
    assert room.wall.stage is not None
    accent = np.array(room.wall.stage.palette.accent)
    inside, outside = at(seen, place, 0.5, 0.5).mean(axis=0), at(seen, place, 0.1, 0.5).mean(axis=0)
    assert np.abs(inside - (90, 160, 60)).max() < 2
    assert outside.mean() < 0.7 * inside.mean(), "all else is in shade"
    assert np.abs(at(seen, place, 0.5, 0.25) - accent).max(axis=1).min() < 12, "held along the upper edge"
    assert np.abs(at(seen, place, 0.25, 0.5) - accent).max(axis=1).min() > 25, "and not yet along the last one"
    assert at(seen, place, 0.25, 0.5).max() > 180, "which is outlined all the same"


def test_the_outline_follows_within_a_tenth_of_a_second(room: Room) -> None:
    room.enter(Scene.LOOKING)
    room.see(SQUARE)
    run(room, 1.0, 2.0)
    moved = tuple((x + 0.1, y) for x, y in SQUARE.outline or ())
    room.see(replace(SQUARE, outline=moved))
    run(room, 2.0, 2.1)
    corners = room.glass._corners
    assert corners is not None
    assert np.abs(corners - moved).max() < 0.02


def test_hints_are_said_in_words_and_do_not_flicker(room: Room) -> None:
    room.enter(Scene.LOOKING)
    room.see(replace(SQUARE, hint=Hint.COME_CLOSER))
    said: list[str] = []
    for frame in range(120):
        hint = Hint.HOLD_STILL if frame % 2 else Hint.COME_CLOSER
        room.see(replace(SQUARE, hint=hint))
        room.advance(1.0 + frame * FRAME_S)
        if not said or said[-1] != room.voice.said:
            said.append(room.voice.said)
    assert ENGLISH.hints[Hint.COME_CLOSER] in said
    assert len(said) <= 5, "no more than about one in a second"


def test_who_shows_a_painting_is_not_asked_for_it_any_more(room: Room) -> None:
    room.enter(Scene.LOOKING)
    run(room, 1.0, 1.5)
    assert room.voice.said == ENGLISH.show_me
    room.see(SQUARE)
    run(room, 1.5, 1.5 + FRAME_S)
    assert room.voice.said == ENGLISH.found
    room.see(NOTHING)
    run(room, 1.6, 2.0)
    assert room.voice.said == ENGLISH.found, "an outline that comes and goes does not make the words flicker"


def test_a_visitor_is_answered_with_the_next_frame(room: Room) -> None:
    room.enter(Scene.LOOKING)
    room.see(SQUARE)
    run(room, 1.0, 2.0)
    before = grab(room)
    room.enter(Scene.COMPOSING)
    room.advance(2.0 + FRAME_S)
    changed = np.abs(grab(room) - before).sum(axis=2) > 60
    assert part(changed[..., None], layout_of(room)).sum() > 500, "other words, and the line"
    assert part(changed[..., None], glass_of(room)).sum() > 500, "the outline is whole"
    assert room.voice.said == ENGLISH.answering


def test_what_was_seen_stays_until_the_painting_comes_out_of_the_dark(room: Room, works: list[Work]) -> None:
    room.enter(Scene.LOOKING)
    room.see(SQUARE)
    run(room, 1.0, 2.0)
    room.enter(Scene.COMPOSING)
    run(room, 2.0, 3.0)
    assert np.abs(at(grab(room), glass_of(room), 0.5, 0.5).mean(axis=0) - (90, 160, 60)).max() < 2
    stage = hang(works[1])
    room.hang(stage, replace(as_shown(stage, 3.0), crossfade_s=4.0), 3.0)
    run(room, 3.0, 6.0)
    alone = Room(ScriptedTap(), 0.0)
    alone.hang(hang(works[1]), as_shown(stage), 0.0)
    run(alone, 0.0, 0.1)
    picture = stage.layout.picture
    assert np.abs(part(grab(room), picture) - part(grab(alone), picture)).mean() < 12


def test_a_painting_that_never_comes_does_not_leave_the_room_dark(room: Room) -> None:
    before = grab(room)
    room.enter(Scene.LOOKING)
    run(room, 1.0, 2.0)
    room.enter(Scene.COMPOSING)
    run(room, 2.0, 9.0)
    assert room.wall.stage is not None
    assert (
        part(grab(room), room.wall.stage.layout.picture).mean()
        > 0.9 * part(before, room.wall.stage.layout.picture).mean()
    )


def test_the_answer_never_stands_still_never_goes_back_and_never_lies(room: Room) -> None:
    room.tell_progress(ComposeProgress("old", 18, 20))
    room.enter(Scene.COMPOSING)
    room.tell_progress(ComposeProgress("old", 19, 20))
    shares, now_s = [], 1.0
    for step in range(11):
        for _ in range(60):
            now_s += FRAME_S
            room.advance(now_s)
            shares.append(room.wall.progress.share)
            assert shares[-1] < max(0.06, (step + 1) / 20), "no step is shown that is not in work"
        room.tell_progress(ComposeProgress("new", step + 1, 20))
    assert np.diff(shares).min() >= 0
    assert np.diff(shares[::15]).min() > 0, "something moves within every half second"


def test_when_it_is_closed_it_is_dark_and_nothing_is_painted(room: Room) -> None:
    room.enter(Scene.CLOSED)
    run(room, 1.0, 16.0)
    assert room.advance(16.1) == []
    seen = grab(room)
    assert np.median(seen) < 10
    assert seen.max() > 120, "but it says so"
    room.enter(Scene.ATTRACT)
    run(room, 16.2, 19.0)
    assert np.median(grab(room)) > 12


def test_failsafe_looks_like_attract_but_for_a_dot(works: list[Work]) -> None:
    room = Room(ScriptedTap(is_sounding=False), 0.0, is_motion_reduced=True)
    stage = hang(works[0])
    room.hang(stage, as_shown(stage), 0.0)
    run(room, 0.0, 1.1)
    attract = grab(room)
    room.enter(Scene.FAILSAFE)
    room.advance(1.1)
    different = np.abs(grab(room) - attract).sum(axis=2) > 0
    rows, columns = np.nonzero(different)
    assert 20 < len(rows) < 400
    assert rows.min() > 680
    assert columns.max() < 60


def test_a_lost_camera_is_a_dot_until_it_is_back(room: Room) -> None:
    corner = Rect(0, 680, 40, 40)
    before = part(grab(room), corner)
    room.see(CameraLost("camera", "gone"))
    room.advance(1.0)
    assert np.abs(part(grab(room), corner) - before).max() > 60
    room.see(CameraReady("camera", 1280, 720))
    room.advance(1.0)
    assert np.array_equal(part(grab(room), corner), before)


def test_to_a_camera_that_sees_visitors_are_invited_again_and_again(room: Room) -> None:
    run(room, 1.0, 60.0)
    assert room.voice.said == "", "there is no camera"
    room.see(CameraReady("camera", 1280, 720))
    said = []
    for now_s in np.arange(60.0, 160.0, 0.1):
        room.advance(float(now_s))
        said.append(room.voice.said == ENGLISH.invitation)
    began = np.flatnonzero(np.diff(np.array(said, dtype=int)) == 1)
    assert len(began) >= 2
    assert 0.05 < np.mean(said) < 0.3, "most of the time the music is seen"
    room.see(CameraLost("camera", "gone"))
    run(room, 160.0, 260.0)
    assert room.voice.said == ""


def test_the_music_makes_way_for_an_invitation_and_an_invitation_for_a_visitor(room: Room) -> None:
    room.see(CameraReady("camera", 1280, 720))
    run(room, 1.0, 6.0)
    assert room.voice.said == ENGLISH.invitation
    assert room.wall.music_strength < 0.3
    room.say(GERMAN)
    run(room, 6.0, 8.0)
    assert room.voice.said == GERMAN.invitation
    room.enter(Scene.LOOKING)
    run(room, 8.0, 9.5)
    assert room.voice.said == GERMAN.show_me
    room.enter(Scene.ATTRACT)
    run(room, 9.5, 11.0)
    assert room.voice.said == ""
    assert room.wall.music_strength > 0.9


def test_another_language_is_spoken_at_once(room: Room) -> None:
    room.enter(Scene.COMPOSING)
    run(room, 1.0, 2.0)
    room.say(GERMAN)
    room.advance(2.1)
    assert room.voice.said == GERMAN.answering


def test_with_reduced_motion_the_painting_and_the_notes_stand_still(works: list[Work]) -> None:
    room = Room(ScriptedTap([("clip", 0.0, 1.0)]), 0.0, is_motion_reduced=True)
    stage = hang(works[0])
    room.hang(stage, as_shown(stage), 0.0)
    room.wall.cue(CueClip(clip_of(works[0], SoundingNote(6.0, 1.0, 60, 90, 0))))
    run(room, 0.0, 2.0)
    first = grab(room)
    run(room, 2.0, 4.0)
    second = grab(room)
    assert np.array_equal(part(first, stage.layout.picture), part(second, stage.layout.picture))
    music = [part(pixels, stage.layout.music) for pixels in (first, second)]
    assert np.abs(music[0] - music[1]).mean() < 0.5, "a note that waits is where it was"


def test_nothing_flashes(works: list[Work]) -> None:
    """WCAG 2.2, 2.3.1: at most three flashes in a second, but for areas below a quarter of ten degrees.

    A flash is a pair of opposing changes of relative luminance by a tenth; the area 21,824 pixels of 1024 × 768.
    """
    size = (480, 270)
    room = Room(ScriptedTap([("clip", 0.0, 1.0)]), 0.0)
    stage = hang(works[0], size)
    room.hang(stage, as_shown(stage), 0.0)
    notes = [SoundingNote(0.1 * n, 0.05, pitch, 127, 0) for n in range(40) for pitch in range(48, 84, 3)]
    room.wall.cue(CueClip(clip_of(works[0], *notes)))
    run(room, 0.0, 1.0)
    frames = []
    for frame in range(45):
        room.advance(1.0 + frame * FRAME_S)
        frames.append((grab(room, size) / 255.0) ** 2.2 @ (0.2126, 0.7152, 0.0722))
    turning, direction = frames[0].copy(), np.zeros(frames[0].shape, dtype=int)
    changes = np.zeros(frames[0].shape, dtype=int)
    for luminance in frames[1:30]:
        change = luminance - turning
        sign = np.where(np.abs(change) >= 0.1, np.sign(change), 0).astype(int)
        is_turn = (sign != 0) & (sign != direction)
        changes += is_turn
        direction = np.where(sign != 0, sign, direction)
        is_further = (sign != 0) | (direction * change > 0)
        turning = np.where(is_further, luminance, turning)
    share = (changes // 2 > 3).mean()
    assert share < 21_824 / (1024 * 768)


def test_the_edge_is_followed_from_the_first_corner() -> None:
    square = [QPointF(0, 0), QPointF(1, 0), QPointF(1, 1), QPointF(0, 1)]
    assert len(along(square, 1.0)) == 5
    assert along(square, 1.0)[-1] == square[0]
    assert along(square, 0.0) == square[:1]
