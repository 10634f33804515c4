"""The ladder: fixed corners, known works, frames, the middle of the picture; and what is found is followed."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from installation.camera.find import MAX_MISSES, NUM_TURNS, Finder, Found
from installation.camera.find_edges import find_painting
from installation.camera.find_frames import find_candidates, in_order
from installation.camera.match import KnownWorks
from installation.camera.rectify import rectangle
from tests.installation.camera.conftest import KNOWN, UNKNOWN
from tests.installation.camera.test_match import worst_corner
from tests.scenes import HEIGHT, WIDTH, Conditions, render, render_wall
from tests.scenes_moving import held_still
from tests.scenes_parts import Pixels

PLAIN = Conditions(yaw_deg=15, pitch_deg=-8, roll_deg=6, share=0.6)


def find_in_turns(finder: Finder, camera_frame: Pixels) -> Found | None:
    """What is found after every search had its turn."""
    for _ in range(2 * NUM_TURNS):
        found = finder.find(camera_frame)
    return found


def find_after_a_while(finder: Finder, camera_frame: Pixels) -> Found | None:
    """What is found when what was there before has been given up."""
    for _ in range((MAX_MISSES + 1) * NUM_TURNS):
        found = finder.find(camera_frame)
    return found


@pytest.mark.parametrize("style", ["wood", "gilded", "thin", "mount", "white"])
def test_a_painting_is_found_within_its_frame(style: str, artworks: dict[str, Pixels]) -> None:
    scene = render(np.random.default_rng(7), artworks[UNKNOWN[1]], replace(PLAIN, style=style))
    found = Finder(KnownWorks()).look(scene.camera_frame)
    assert found is not None
    assert found.rung == "frame"
    assert found.artwork_id is None
    assert worst_corner(found.corners, scene.corners) < 0.02


def test_a_hand_may_cover_a_part_of_it(artworks: dict[str, Pixels]) -> None:
    scene = render(np.random.default_rng(13), artworks[UNKNOWN[0]], replace(PLAIN, has_hand=True))
    found = Finder(KnownWorks()).look(scene.camera_frame)
    assert found is not None
    assert worst_corner(found.corners, scene.corners) < 0.02


def test_in_turns_the_same_is_found_as_at_once(known: KnownWorks, artworks: dict[str, Pixels]) -> None:
    for name, rung in ((KNOWN[0], "known"), (UNKNOWN[0], "frame")):
        scene = render(np.random.default_rng(8), artworks[name], PLAIN)
        at_once, in_turns = Finder(known).look(scene.camera_frame), find_in_turns(Finder(known), scene.camera_frame)
        assert at_once is not None
        assert in_turns is not None
        assert at_once.rung == in_turns.rung == rung
        assert at_once.artwork_id == in_turns.artwork_id
        assert worst_corner(in_turns.corners, scene.corners) < 0.02


def test_a_work_without_a_frame_is_found_by_what_it_shows(known: KnownWorks, artworks: dict[str, Pixels]) -> None:
    """So close that no edge is in the picture."""
    scene = render(np.random.default_rng(9), artworks[KNOWN[0]], replace(PLAIN, share=1.6, style="none"))
    found = Finder(known).look(scene.camera_frame)
    assert found is not None
    assert found.artwork_id == KNOWN[0]
    assert worst_corner(found.corners, scene.corners) < 0.02


def test_an_unknown_work_that_fills_the_picture_is_taken_from_its_middle(artworks: dict[str, Pixels]) -> None:
    filling = np.asarray(cv2.resize(artworks[UNKNOWN[1]], (WIDTH, HEIGHT)), np.uint8)
    found = find_in_turns(Finder(KnownWorks()), filling)
    assert found is not None
    assert found.rung in ("centre", "frame")
    assert cv2.pointPolygonTest(found.corners, (WIDTH / 2, HEIGHT / 2), measureDist=False) > 0


def test_of_two_paintings_the_larger_and_nearer_to_the_middle_is_meant(artworks: dict[str, Pixels]) -> None:
    conditions = replace(PLAIN, yaw_deg=5, share=0.5, has_neighbour=True)
    known = KnownWorks()
    known.add("neighbour", artworks[KNOWN[1]])
    scene = render(np.random.default_rng(10), artworks[UNKNOWN[1]], conditions, artworks[KNOWN[1]])
    found = Finder(known).look(scene.camera_frame)
    assert found is not None
    assert found.artwork_id is None
    assert worst_corner(found.corners, scene.corners) < 0.02


@pytest.mark.parametrize("seed", range(6))
def test_on_an_empty_wall_there_is_nothing(seed: int, known: KnownWorks) -> None:
    rng = np.random.default_rng(seed)
    assert find_in_turns(Finder(known), render_wall(rng, replace(PLAIN, gradient=0.2)).camera_frame) is None


def test_nothing_is_found_in_darkness_or_in_light(known: KnownWorks) -> None:
    for shade in (0, 255):
        assert find_in_turns(Finder(known), np.full((HEIGHT, WIDTH, 3), shade, np.uint8)) is None


def test_fixed_corners_are_taken_as_they_are_and_the_work_is_recognised(
    known: KnownWorks, artworks: dict[str, Pixels]
) -> None:
    scene = render(np.random.default_rng(11), artworks[KNOWN[1]], PLAIN)
    found = find_in_turns(Finder(known, fixed=scene.corners), scene.camera_frame)
    assert found is not None
    assert (found.rung, found.artwork_id, found.confidence) == ("fixed", KNOWN[1], 1.0)
    assert found.corners is scene.corners


def test_fixed_corners_are_empty_when_nothing_hangs_there_or_somebody_stands_before_it(
    known: KnownWorks, artworks: dict[str, Pixels]
) -> None:
    rng = np.random.default_rng(17)
    for name in (KNOWN[0], UNKNOWN[1]):
        scene = render(rng, artworks[name], PLAIN)
        assert scene.corners is not None
        by_hand = scene.corners + rng.uniform(-5, 5, (4, 2)).astype(np.float32)
        finder = Finder(known, fixed=by_hand)
        covered = scene.camera_frame.copy()
        cv2.ellipse(covered, (640, 500), (420, 520), 0, 0, 360, (60, 70, 80), -1)
        assert find_in_turns(finder, scene.camera_frame) is not None
        assert find_after_a_while(finder, covered) is None
        assert find_after_a_while(finder, render_wall(rng, PLAIN).camera_frame) is None
        found = find_in_turns(finder, scene.camera_frame)
        assert found is not None
        assert found.artwork_id == (name if name in KNOWN else None)
        assert finder.look(scene.camera_frame) is not None


@pytest.mark.parametrize("seed", range(6))
def test_on_an_empty_wall_fixed_corners_are_empty(seed: int, known: KnownWorks) -> None:
    rng = np.random.default_rng(seed)
    place = rectangle(500, 380) + np.float32([390, 170])
    wall = render_wall(rng, replace(PLAIN, gradient=0.3)).camera_frame
    assert find_in_turns(Finder(known, fixed=place), wall) is None


def test_a_hand_at_its_edge_does_not_hide_a_painting_in_fixed_corners(artworks: dict[str, Pixels]) -> None:
    scene = render(np.random.default_rng(18), artworks[UNKNOWN[1]], PLAIN)
    assert scene.corners is not None
    pointed_at = scene.camera_frame.copy()
    tip = scene.corners[2] + np.float32([-60, -40])
    cv2.line(pointed_at, (int(tip[0]), int(tip[1])), (1279, 719), (150, 180, 225), 40)
    assert find_in_turns(Finder(KnownWorks(), fixed=scene.corners), pointed_at) is not None


def test_the_outline_follows_a_painting_that_moves(known: KnownWorks, artworks: dict[str, Pixels]) -> None:
    scene = render(np.random.default_rng(12), artworks[KNOWN[0]], replace(PLAIN, share=0.5))
    finder = Finder(known)
    assert scene.corners is not None
    for step in range(3 * NUM_TURNS):
        shift = np.array([[1, 0, 9 * step], [0, 1, -3 * step]], np.float32)
        frame = cv2.warpAffine(scene.camera_frame, shift, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
        found = finder.find(np.asarray(frame, np.uint8))
        if step >= NUM_TURNS:
            assert found is not None
            assert worst_corner(found.corners, scene.corners + shift[:, 2]) < 0.02


def test_held_still_it_hardly_trembles(artworks: dict[str, Pixels]) -> None:
    finder = Finder(KnownWorks())
    frames = list(held_still(np.random.default_rng(14), artworks[UNKNOWN[0]], 3 * NUM_TURNS))
    places = [found.corners for found in map(finder.find, frames) if found is not None and found.rung == "frame"]
    assert len(places) >= 2 * NUM_TURNS
    assert np.ptp(np.stack(places[NUM_TURNS:]), axis=0).max() < 6


def test_when_it_is_taken_away_it_is_no_longer_found(known: KnownWorks, artworks: dict[str, Pixels]) -> None:
    rng = np.random.default_rng(15)
    finder = Finder(known)
    assert find_in_turns(finder, render(rng, artworks[KNOWN[0]], PLAIN).camera_frame) is not None
    assert find_in_turns(finder, np.full((HEIGHT, WIDTH, 3), 120, np.uint8)) is None


def test_any_size_of_picture_will_do(artworks: dict[str, Pixels], known: KnownWorks) -> None:
    scene = render(np.random.default_rng(16), artworks[KNOWN[0]], PLAIN)
    finder = Finder(known)
    for size in ((64, 48), (360, 640), (640, 360), (1920, 1080)):  # the first two are too small and out of shape
        found = find_in_turns(finder, np.asarray(cv2.resize(scene.camera_frame, size), np.uint8))
        assert found is None or found.corners.shape == (4, 2)
    assert found is not None
    assert found.artwork_id == KNOWN[0]


def test_corners_are_put_in_order() -> None:
    corners = rectangle(30, 20)
    for turn in range(4):
        assert (in_order(np.roll(corners, turn, axis=0)) == corners).all()
        assert (in_order(np.roll(corners, turn, axis=0)[::-1]) == corners).all()


def test_a_drawn_rectangle_is_the_likeliest_candidate() -> None:
    picture = np.full((360, 640, 3), 200, np.uint8)
    corners = np.array([(200, 80), (420, 110), (410, 280), (190, 260)], np.float32)
    cv2.fillConvexPoly(picture, corners.astype(np.int32), (40, 60, 90))
    assert np.abs(find_candidates(picture)[0].corners - corners).max() < 4


def test_a_drawn_rectangle_with_nothing_in_it_has_its_inner_edge() -> None:
    blank = np.full((HEIGHT, WIDTH, 3), 200, np.uint8)
    cv2.rectangle(blank, (300, 150), (900, 600), (20, 20, 20), 12)
    outer = np.float32([[295, 145], [905, 145], [905, 605], [295, 605]])
    inner = np.float32([[307, 157], [894, 157], [894, 594], [307, 594]])
    np.testing.assert_allclose(find_painting(blank, outer), inner, atol=1.0)
