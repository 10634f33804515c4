"""The corners between printed markers: to a fraction of a pixel, at an angle, in any light that shows them."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from random import Random

import cv2
import numpy as np
import pytest

from installation.camera import markers
from installation.camera.markers import find_markers, make_sheet, painting_between
from installation.camera.rectify import Corners, Pixels, moved, rectangle
from tests.installation.camera.cameras import PICTURES, painting_on_wall, wall

WIDTH, HEIGHT = 1280, 720
PAPER = 90
"""Side of a marker's paper in the scene before it is turned, in pixels."""


@cache
def papers() -> list[Pixels]:
    """The four as they are cut out of the sheet, the frame of the line left on the sheet."""
    lines = find_markers(cv2.cvtColor(make_sheet(), cv2.COLOR_GRAY2BGR))
    assert sorted(lines) == [0, 1, 2, 3]
    cut = []
    for number in range(4):
        left, top = np.round(lines[number][0]).astype(int)
        side = round(float(np.ptp(lines[number][:, 0])))
        cut.append(cv2.resize(make_sheet()[top : top + side, left : left + side], (PAPER, PAPER)))
    return cut


def scene(tilt_deg: float = 0.0, turns: tuple[int, ...] = (0, 0, 0, 0), light: float = 1.0) -> tuple[Pixels, Corners]:
    """A dark painting with the papers at its corners, seen from aside; and where its corners are."""
    flat = wall((WIDTH, HEIGHT))
    left, top, right, bottom = 440, 200, 840, 520
    artwork = cv2.imread(str(PICTURES[0]))
    assert artwork is not None
    flat[top:bottom, left:right] = cv2.resize(artwork, (right - left, bottom - top)) // 2
    places = [(left - PAPER, top - PAPER), (right, top - PAPER), (right, bottom), (left - PAPER, bottom)]
    for paper, (x, y), turn in zip(papers(), places, turns, strict=True):
        flat[y : y + PAPER, x : x + PAPER] = np.rot90(paper, turn)[..., None]
    far = 0.5 * np.tan(np.radians(tilt_deg)) * HEIGHT * 0.4
    seen = rectangle(WIDTH, HEIGHT) + np.float32([(0, far), (-far, -far / 3), (-far, far / 3), (0, -far)])
    homography = cv2.getPerspectiveTransform(rectangle(WIDTH, HEIGHT), seen)
    picture = cv2.warpPerspective(flat, homography, (WIDTH, HEIGHT), borderValue=(168, 176, 182))
    noise = np.random.default_rng(Random(1).randrange(100)).normal(0, 4, picture.shape)
    picture = np.clip(cv2.GaussianBlur(picture, (0, 0), 0.8) * light + noise, 0, 255).astype(np.uint8)
    corners = rectangle(right - left, bottom - top) + np.float32((left, top)) - np.float32(0.5)
    return picture, moved(corners, homography)


@pytest.mark.parametrize("tilt_deg", [0, 20, 40])
@pytest.mark.parametrize("light", [1.0, 0.3])
def test_the_corners_are_found_between_them(tilt_deg: float, light: float) -> None:
    picture, corners = scene(tilt_deg, light=light)
    found = painting_between(find_markers(picture))
    assert found is not None
    diagonal = float(np.linalg.norm(np.ptp(corners, axis=0)))
    assert np.linalg.norm(found - corners, axis=1).max() < 0.005 * diagonal


def test_whichever_way_up_they_are_held() -> None:
    picture, corners = scene(turns=(1, 2, 3, 1))
    found = painting_between(find_markers(picture))
    assert found is not None
    np.testing.assert_allclose(found, corners, atol=2)


def test_one_that_is_covered_is_missed_and_three_say_nothing() -> None:
    picture, corners = scene()
    x, y = np.round(corners[2]).astype(int)
    picture[y + 20 : y + 60, x + 20 : x + 60] = 90
    found = find_markers(picture)
    assert sorted(found) == [0, 1, 3]
    assert painting_between(found) is None


def test_markers_that_were_mixed_up_say_nothing() -> None:
    found = find_markers(scene()[0])
    assert painting_between({**found, 0: found[1], 1: found[0]}) is None


@pytest.mark.parametrize("index", range(0, len(PICTURES), 4))
def test_without_markers_none_are_found(index: int) -> None:
    assert find_markers(painting_on_wall(index, (WIDTH, HEIGHT))) == {}


def test_the_sheet_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["markers", str(tmp_path / "markers.png")])
    assert markers.main() == 0
    sheet = cv2.imread(str(tmp_path / "markers.png"))
    assert sheet is not None
    assert sorted(find_markers(sheet)) == [0, 1, 2, 3]
    monkeypatch.setattr(sys, "argv", ["markers", str(tmp_path / "absent" / "markers.png")])
    assert markers.main() == 2
    assert "cannot be written" in capsys.readouterr().err
