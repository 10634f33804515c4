"""Perspective undone: the proportions come from the geometry, not from the outline."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.camera.rectify import (
    MAX_ASPECT,
    aspect_ratio,
    balance_white,
    flatten,
    is_plausible,
    rectangle,
    rectify,
)
from tests.scenes import HEIGHT, WIDTH, Conditions, render, truth

RNG_SEED = 3


def checks(width: int, height: int) -> np.ndarray:
    """A chessboard without symmetry: its corner is red."""
    squares = (np.indices((height, width)) // 40).sum(axis=0) % 2 * 200 + 20
    picture = np.repeat(squares[..., None], 3, axis=2).astype(np.uint8)
    picture[:40, :40] = (0, 0, 255)
    return picture


@given(
    aspect=st.floats(0.3, 3.5),
    yaw=st.floats(-40, 40),
    pitch=st.floats(-25, 25),
    roll=st.floats(-20, 20),
    share=st.floats(0.3, 0.9),
)
def test_the_proportions_are_those_of_the_painting(
    aspect: float, yaw: float, pitch: float, roll: float, share: float
) -> None:
    artwork = np.zeros((round(400 / aspect), 400, 3), np.uint8)
    corners = truth(artwork, Conditions(yaw, pitch, roll, share))[1]
    assert aspect_ratio(corners, WIDTH, HEIGHT) == pytest.approx(400 / artwork.shape[0], rel=0.02)


def test_from_the_front_nothing_tells_the_focal_length_and_nothing_has_to() -> None:
    corners = rectangle(300, 200) + np.float32(100)
    assert aspect_ratio(corners, WIDTH, HEIGHT) == pytest.approx(1.5)


def test_the_outline_alone_would_mislead() -> None:
    artwork = np.zeros((400, 400, 3), np.uint8)
    corners = truth(artwork, Conditions(yaw_deg=40, share=0.5))[1]
    seen_width, seen_height = np.ptp(corners, axis=0)
    assert seen_width / seen_height < 0.8
    assert aspect_ratio(corners, WIDTH, HEIGHT) == pytest.approx(1, rel=0.01)


@pytest.mark.parametrize(
    "corners", [[(0, 0), (100, 0), (200, 0), (0, 0)], [(5, 5)] * 4, [(0, 0), (9, 0), (5, 5), (4, 5)]]
)
def test_what_is_no_rectangle_still_has_some_proportion(corners: list[tuple[float, float]]) -> None:
    assert 1 / MAX_ASPECT <= aspect_ratio(np.array(corners, np.float32), WIDTH, HEIGHT) <= MAX_ASPECT


def test_a_painting_comes_out_upright_and_whole() -> None:
    artwork = checks(480, 320)
    scene = render(np.random.default_rng(RNG_SEED), artwork, Conditions(yaw_deg=30, roll_deg=15, share=0.7, noise=0))
    assert scene.corners is not None
    rectified = rectify(scene.camera_frame, scene.corners)
    assert rectified.shape[1] / rectified.shape[0] == pytest.approx(1.5, rel=0.02)
    back = cv2.resize(rectified, (480, 320), interpolation=cv2.INTER_AREA)
    assert np.corrcoef(back[..., 0].ravel(), artwork[..., 0].ravel())[0, 1] > 0.9
    assert back[20, 20, 2] > 2 * back[20, 20, 0]


def test_nothing_is_enlarged_and_large_paintings_are_reduced() -> None:
    frame = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    assert max(rectify(frame, rectangle(200, 100)).shape) == 200
    assert max(rectify(frame, rectangle(1200, 700), max_side=512).shape) == 512


def test_corners_outside_the_picture_repeat_its_edge() -> None:
    frame = np.full((90, 160, 3), 77, np.uint8)
    assert (flatten(frame, rectangle(400, 300) - np.float32(100), 40, 30) == 77).all()


def test_white_balance_takes_the_light_away_and_leaves_a_neutral_picture() -> None:
    grey = np.repeat(np.linspace(0, 240, 64).astype(np.uint8), 3).reshape(8, 8, 3)
    tinted = (grey * [0.8, 1, 0.9]).astype(np.uint8)
    assert np.abs(balance_white(tinted).astype(int) - grey).max() <= 3
    assert (balance_white(grey) == grey).all()


@pytest.mark.parametrize(
    ("corners", "is_possible"),
    [
        ([(0, 0), (90, 5), (95, 70), (2, 60)], True),
        ([(90, 5), (0, 0), (2, 60), (95, 70)], False),  # mirrored
        ([(0, 0), (90, 5), (20, 10), (2, 60)], False),  # not convex
        ([(0, 0), (100, 0), (100, 5), (0, 5)], False),  # a sliver
    ],
)
def test_only_what_can_hang_on_a_wall_is_plausible(corners: list[tuple[float, float]], is_possible: bool) -> None:
    assert is_plausible(np.array(corners, np.float32)) is is_possible
