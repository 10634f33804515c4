"""Works known by sight: recognised in other light and from other angles, and never where they are not."""

import logging
import shutil
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from installation.camera.match import MAX_ADDED, SHORTLIST, KnownWorks
from tests.installation import bad_pictures
from tests.installation.camera.conftest import GALLERY, KNOWN, UNKNOWN
from tests.scenes import Conditions, read_artwork, render
from tests.scenes_parts import Pixels

HARD = Conditions(yaw_deg=25, pitch_deg=-10, roll_deg=15, share=0.5, gradient=0.3, exposure=0.7, noise=5, has_hand=True)
FAR = Conditions(yaw_deg=-15, share=0.2)


def worst_corner(found: np.ndarray, truth: np.ndarray | None) -> float:
    """As a share of the diagonal."""
    assert truth is not None
    return float(np.linalg.norm(found - truth, axis=1).max() / np.linalg.norm(np.ptp(truth, axis=0)))


@pytest.mark.parametrize("name", KNOWN)
def test_a_known_work_is_recognised_and_its_corners_found(
    name: str, known: KnownWorks, artworks: dict[str, Pixels]
) -> None:
    scene = render(np.random.default_rng(1), artworks[name], HARD)
    match = known.recognise(scene.camera_frame)
    assert match is not None
    assert match.artwork_id == name
    assert worst_corner(match.corners, scene.corners) < 0.02
    assert 0.5 < match.score <= 1


def test_from_afar_it_is_recognised_where_a_painting_was_found(known: KnownWorks, artworks: dict[str, Pixels]) -> None:
    scene = render(np.random.default_rng(2), artworks[KNOWN[0]], FAR)
    assert scene.corners is not None
    nearly = scene.corners + np.float32([3, -3])
    match = known.recognise(scene.camera_frame, nearly)
    assert match is not None
    assert match.artwork_id == KNOWN[0]
    assert worst_corner(match.corners, scene.corners) < 0.02


@pytest.mark.parametrize("name", UNKNOWN)
def test_other_works_are_not_recognised(name: str, known: KnownWorks, artworks: dict[str, Pixels]) -> None:
    scene = render(np.random.default_rng(3), artworks[name], HARD)
    assert known.recognise(scene.camera_frame) is None
    assert known.recognise(scene.camera_frame, scene.corners) is None


def test_nor_is_a_mirrored_one(known: KnownWorks, artworks: dict[str, Pixels]) -> None:
    mirrored = np.ascontiguousarray(artworks[KNOWN[0]][:, ::-1])
    assert known.recognise(render(np.random.default_rng(4), mirrored, Conditions()).camera_frame) is None


def test_a_visitors_work_is_known_from_then_on(known: KnownWorks, artworks: dict[str, Pixels]) -> None:
    artwork = artworks[UNKNOWN[0]]
    known.add("visitor-1", artwork)
    part = np.ascontiguousarray(artwork[20:-60, 40:])
    match = known.recognise(render(np.random.default_rng(5), part, Conditions(roll_deg=-12, exposure=1.1)).camera_frame)
    assert match is not None
    assert match.artwork_id == "visitor-1"


def test_only_the_last_visitors_are_remembered(artworks: dict[str, Pixels]) -> None:
    known = KnownWorks()
    for number in range(MAX_ADDED + 3):
        known.add(f"visitor-{number}", np.full((40, 40, 3), 90, np.uint8))
    assert len(known) == MAX_ADDED
    known.add("visitor-again", artworks[UNKNOWN[0]])
    assert len(known) == MAX_ADDED


def test_among_many_the_votes_lead_to_the_right_one(tmp_path: Path) -> None:
    """A gallery of quarters of pictures: many more than are looked at closely."""
    pictures: dict[str, Path] = {}
    for path in sorted(GALLERY.glob("*.jpg"))[: SHORTLIST + 2]:
        artwork = read_artwork(path)
        height, width = (size // 2 for size in artwork.shape[:2])
        for y, x in ((0, 0), (0, width), (height, 0), (height, width)):
            name = f"{path.stem}-{y}-{x}"
            pictures[name] = tmp_path / f"{name}.png"
            cv2.imwrite(str(pictures[name]), artwork[y : y + height, x : x + width])
    known = KnownWorks.from_pictures(pictures)
    assert len(known) > 4 * SHORTLIST
    for name in [name for name in pictures if name.startswith("giuseppe")]:
        piece = read_artwork(pictures[name])
        match = known.recognise(render(np.random.default_rng(6), piece, Conditions(yaw_deg=10)).camera_frame)
        assert match is not None
        assert match.artwork_id == name


def test_nothing_known_nothing_recognised(artworks: dict[str, Pixels]) -> None:
    assert KnownWorks().recognise(artworks[KNOWN[0]]) is None
    assert KnownWorks.from_pictures({}).recognise(artworks[KNOWN[0]]) is None


def test_a_plain_picture_has_nothing_to_be_recognised_by(known: KnownWorks) -> None:
    assert known.recognise(np.full((720, 1280, 3), 128, np.uint8)) is None


def test_a_picture_that_cannot_be_read_is_left_out_and_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    with caplog.at_level(logging.WARNING):
        known = KnownWorks.from_pictures({"broken": broken, KNOWN[0]: GALLERY / f"{KNOWN[0]}.jpg"})
    assert len(known) == 1
    assert "broken is not recognised" in caplog.text


def test_a_picture_that_brings_its_decoder_down_leaves_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "executable", bad_pictures.python_that_crashes(tmp_path))
    shutil.copy(GALLERY / f"{KNOWN[1]}.jpg", tmp_path / "crash.jpg")
    known = KnownWorks.from_pictures({"crash": tmp_path / "crash.jpg", KNOWN[0]: GALLERY / f"{KNOWN[0]}.jpg"})
    assert len(known) == 1
    assert "crash is not recognised" in caplog.text
