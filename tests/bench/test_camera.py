"""What is made of the camera's outcomes; how good they are is measured by `python -m bench.camera`."""

import numpy as np
import pytest

from bench.camera import table
from bench.camera_rooms import KINDS, Watch, false_triggers
from bench.camera_scenes import Hanging, Outcome, corner_error, found_lines, look_at
from installation.camera.find import Found
from installation.camera.rectify import rectangle
from tests.scenes import Conditions, Scene


def outcome(error: float, angle_deg: float = 0, is_known: bool = True, is_mistaken: bool = False) -> Outcome:
    return Outcome(Conditions(yaw_deg=angle_deg), is_known, error, is_known and error < 1, is_mistaken)


def test_shares_are_those_of_the_scenes_they_speak_of() -> None:
    lines = {line.name: line for line in found_lines([outcome(0.001), outcome(0.5), outcome(9, 35), outcome(9, 35)])}
    near = lines["rectified, up to 30° (2 scenes)"]
    assert (near.value, near.is_reached) == ("50.0%", False)
    assert lines["known works recognised, up to 30° (2 scenes)"].is_reached
    assert lines["known works recognised, up to 40° (4 scenes)"].value == "50.0%"


def test_one_false_recognition_misses_the_goal() -> None:
    for is_mistaken in (False, True):
        (line,) = (each for each in found_lines([outcome(0, is_mistaken=is_mistaken)]) if "not there" in each.name)
        assert line.is_reached is not is_mistaken
    assert table([line]).row_count == 1


def test_an_error_is_a_share_of_the_diagonal() -> None:
    truth = rectangle(300, 400)
    scene = Scene(np.zeros((720, 1280, 3), np.uint8), truth, 0.75, Conditions())
    found = Found(truth + np.array([[0, 0], [10, 0], [0, 0], [0, 0]], np.float32), 1.0, "frame", None)
    assert corner_error(found, scene) == pytest.approx(10 / 500)
    assert corner_error(None, scene) == float("inf")


def test_scenes_are_looked_at_and_are_the_same_wherever_one_begins() -> None:
    outcomes = look_at(Hanging(seed=1, first=0, stop=4, is_streamed=False))
    assert [each.is_known for each in outcomes] == [True, False, True, False]
    assert any(each.is_met_again is not None for each in outcomes)
    assert look_at(Hanging(seed=1, first=3, stop=4, is_streamed=False)) == outcomes[3:]


def test_scenes_are_looked_at_through_a_stream() -> None:
    assert [each.is_known for each in look_at(Hanging(seed=1, first=0, stop=2, is_streamed=True))] == [True, False]


def test_rooms_are_watched() -> None:
    for kind in KINDS:
        assert false_triggers(Watch(kind, 3, 50, 10)) == []
