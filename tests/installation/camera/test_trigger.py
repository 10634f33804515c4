"""The same artwork held still and sharp for a second: once, and only then."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import cv2
import numpy as np
import pytest

from installation.camera.find import Finder, Found, middle_of
from installation.camera.match import KnownWorks
from installation.camera.rectify import rectangle, rectify
from installation.camera.trigger import Backdrop, Trigger, TriggerSettings, Verdict
from installation.messages import Hint
from tests.installation.camera.conftest import UNKNOWN
from tests.scenes import HEIGHT, WIDTH, Conditions, render
from tests.scenes_moving import empty_rooms, furnished_rooms, held_still, passing_by
from tests.scenes_parts import Pixels

FRAMES_PER_S = 25
CORNERS = rectangle(400, 300) + np.float32([300, 200])


def frame_with(artwork: Pixels, corners: np.ndarray = CORNERS) -> Pixels:
    """A grey wall, and an artwork exactly there."""
    whole = rectangle(artwork.shape[1], artwork.shape[0])
    homography = cv2.getPerspectiveTransform(whole, corners)
    wall = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    cv2.warpPerspective(artwork, homography, (WIDTH, HEIGHT), dst=wall, borderMode=cv2.BORDER_TRANSPARENT)
    return wall


def found_at(corners: np.ndarray = CORNERS, artwork_id: str | None = None) -> Found:
    return Found(np.asarray(corners, np.float32), 0.9, "frame", artwork_id)


class Watch:
    """A trigger, and the clock that goes with it."""

    def __init__(self, settings: TriggerSettings | None = None) -> None:
        self.trigger = Trigger(settings)
        self.now_s = 100.0

    def see(self, frame: Pixels, found: Found | None, seconds: float = 1.5) -> list[Verdict]:
        verdicts = []
        for _ in range(round(seconds * FRAMES_PER_S)):
            self.now_s += 1 / FRAMES_PER_S
            verdicts.append(self.trigger.update(self.now_s, frame, found))
        return verdicts


def num_new(verdicts: Iterable[Verdict]) -> int:
    return sum(verdict.is_new for verdict in verdicts)


@pytest.fixture
def artwork(artworks: dict[str, Pixels]) -> Pixels:
    return artworks[UNKNOWN[0]]


@pytest.fixture
def other(artworks: dict[str, Pixels]) -> Pixels:
    return artworks[UNKNOWN[1]]


def test_held_still_for_a_second_it_counts_once(artwork: Pixels) -> None:
    verdicts = Watch().see(frame_with(artwork), found_at(), seconds=3)
    assert num_new(verdicts) == 1
    assert [verdict.is_new for verdict in verdicts].index(True) == FRAMES_PER_S
    held = [verdict.held for verdict in verdicts]
    assert held == sorted(held)
    assert (held[0], held[-1]) == (0, 1)
    assert all(verdict.is_present for verdict in verdicts)


def test_moving_it_never_counts(artwork: Pixels) -> None:
    watch = Watch()
    verdicts = []
    for step in range(75):
        corners = CORNERS + np.float32([3 * step % 300, 0])
        verdicts += watch.see(frame_with(artwork, corners), found_at(corners), seconds=1 / FRAMES_PER_S)
    assert num_new(verdicts) == 0
    assert Hint.HOLD_STILL in {verdict.hint for verdict in verdicts}


def test_a_trembling_hand_is_forgiven(artwork: Pixels) -> None:
    watch, rng = Watch(), np.random.default_rng(0)
    verdicts = []
    for _ in range(30):
        corners = CORNERS + rng.normal(0, 2, 2).astype(np.float32)
        verdicts += watch.see(frame_with(artwork, corners), found_at(corners), seconds=1 / FRAMES_PER_S)
    assert num_new(verdicts) == 1


def with_lamp(frame: Pixels) -> Pixels:
    lit = frame.copy()
    cv2.circle(lit, (480, 330), 75, (255, 255, 255), -1)
    return lit


@pytest.mark.parametrize(
    ("spoil", "hint"),
    [
        (lambda frame: (frame * 0.12).astype(np.uint8), Hint.TOO_DARK),
        (with_lamp, Hint.GLARE),
        (lambda frame: cv2.GaussianBlur(frame, (0, 0), 7), Hint.HOLD_STILL),
    ],
    ids=["darkness", "glare", "blur"],
)
def test_what_spoils_the_view_is_said_and_waited_for(spoil, hint: Hint, artwork: Pixels) -> None:  # type: ignore[no-untyped-def]
    watch, frame = Watch(), frame_with(artwork)
    verdicts = watch.see(spoil(frame), found_at(), seconds=2)
    assert num_new(verdicts) == 0
    assert verdicts[-1].hint is hint
    assert num_new(watch.see(frame, found_at())) == 1


def test_too_small_is_asked_to_come_closer(artwork: Pixels) -> None:
    corners = rectangle(120, 90) + np.float32(100)
    verdicts = Watch().see(frame_with(artwork, corners), found_at(corners), seconds=9)
    assert num_new(verdicts) == 0
    assert verdicts[-1].hint is Hint.COME_CLOSER


def test_a_painting_that_is_soft_by_itself_counts_in_the_end_but_darkness_never_does(artwork: Pixels) -> None:
    soft, dark = cv2.GaussianBlur(artwork, (0, 0), 9), (artwork * 0.1).astype(np.uint8)
    assert num_new(Watch().see(frame_with(np.asarray(soft, np.uint8)), found_at(), seconds=5)) == 1
    assert num_new(Watch().see(frame_with(dark), found_at(), seconds=9)) == 0


def test_the_same_again_does_not_count_and_another_does(artwork: Pixels, other: Pixels) -> None:
    watch = Watch()
    assert num_new(watch.see(frame_with(artwork), found_at())) == 1
    elsewhere = CORNERS * 0.8 + np.float32([150, 10])
    dimmed = (frame_with(artwork, elsewhere) * 0.7).astype(np.uint8)
    watch.see(dimmed, None)
    assert num_new(watch.see(dimmed, found_at(elsewhere))) == 0
    assert num_new(watch.see(frame_with(other), found_at())) == 1
    assert num_new(watch.see(frame_with(artwork), found_at())) == 1


def test_known_works_are_told_apart_by_their_names(artwork: Pixels) -> None:
    watch, frame = Watch(), frame_with(artwork)
    assert num_new(watch.see(frame, found_at(artwork_id="a"))) == 1
    assert num_new(watch.see(frame, found_at(artwork_id="b"))) == 1
    assert num_new(watch.see(frame, found_at(artwork_id="b"))) == 0


def test_a_name_that_comes_later_belongs_to_the_work_just_answered(artwork: Pixels, other: Pixels) -> None:
    """The camera gives an unknown work its name once it has counted."""
    watch = Watch()
    assert num_new(watch.see(frame_with(artwork), found_at())) == 1
    assert num_new(watch.see(frame_with(artwork), found_at(artwork_id="visitor-1"))) == 0
    assert num_new(watch.see(frame_with(other), found_at(artwork_id="visitor-1"))) == 0


def test_nothing_there_and_nothing_certain_count_for_nothing(artwork: Pixels) -> None:
    verdicts = Watch().see(frame_with(artwork), None)
    assert not any(verdict.is_new or verdict.is_present for verdict in verdicts)
    unsure = replace(found_at(), confidence=0.1)
    assert not any(verdict.is_present for verdict in Watch().see(frame_with(artwork), unsure))


def verdicts_of(finder: Finder, frames: Iterator[Pixels], trigger: Trigger) -> Iterator[Verdict]:
    for number, frame in enumerate(frames):
        yield trigger.update(number / FRAMES_PER_S, frame, finder.find(frame))


def at_the_centre(frame: Pixels) -> Found:
    return Found(middle_of(frame.shape[1], frame.shape[0]), 0.5, "centre", None)


def test_what_the_camera_always_sees_is_held_up_by_nobody_and_what_comes_before_it_is(
    artwork: Pixels, other: Pixels
) -> None:
    room, brought = (np.asarray(cv2.resize(each, (WIDTH, HEIGHT)), np.uint8) for each in (artwork, other))
    watch = Watch()
    verdicts = watch.see(room, at_the_centre(room), seconds=9)
    assert not any(verdict.is_present for verdict in verdicts)
    assert num_new(watch.see(brought, at_the_centre(brought))) == 1
    assert not any(verdict.is_present for verdict in watch.see(room, at_the_centre(room)))


def test_a_room_that_was_changed_is_the_backdrop_after_a_while(artwork: Pixels, other: Pixels) -> None:
    backdrop = Backdrop(min_likeness=0.7, stays_s=60)
    before, after = (np.asarray(cv2.resize(each, (WIDTH, HEIGHT)), np.uint8) for each in (artwork, other))
    assert [backdrop.update(now_s, before) for now_s in (0, 1)] == [True, True]
    assert [backdrop.update(now_s, after) for now_s in (2, 30, 61, 62)] == [False, False, False, True]
    assert not backdrop.update(63, before)


def test_what_was_answered_is_forgotten_when_that_is_asked_for(artwork: Pixels) -> None:
    watch = Watch()
    assert [num_new(watch.see(frame_with(artwork), found_at())) for _ in range(2)] == [1, 0]
    watch.trigger.forget()
    assert num_new(watch.see(frame_with(artwork), found_at())) == 1


def test_with_the_finder_a_work_held_up_counts_and_is_known_when_it_comes_again(artwork: Pixels) -> None:
    known, trigger = KnownWorks(), Trigger()
    rng = np.random.default_rng(1)
    assert num_new(verdicts_of(Finder(known), held_still(rng, artwork, 40), trigger)) == 1
    scene = render(rng, artwork, Conditions(share=0.5))
    assert scene.corners is not None
    known.add("visitor-1", rectify(scene.camera_frame, scene.corners))
    again = held_still(rng, artwork, 40, Conditions(yaw_deg=-20, roll_deg=10, share=0.4, exposure=0.7, style="mount"))
    finder = Finder(known)
    frames = list(again)
    finder.find(frames[0])
    assert num_new(verdicts_of(finder, iter(frames), trigger)) == 0


def test_empty_rooms_and_a_camera_that_passes_by_start_nothing(artwork: Pixels, other: Pixels) -> None:
    for frames in (empty_rooms(3, 40), furnished_rooms(3, 40), passing_by(3, [artwork, other], 40)):
        finder, trigger = Finder(KnownWorks()), Trigger()
        assert not any(trigger.update(n / 5, frame, finder.find(frame)).is_new for n, frame in enumerate(frames))
