"""What the children are started with."""

from pathlib import Path

import pytest

from installation.app import child_plans, with_camera
from installation.camera.watcher import HEARTBEAT_S
from installation.config import CameraConfig, KioskConfig
from installation.director import TICK_S, RunOptions
from installation.supervisor import ChildPlan


def plan_of_camera(config: CameraConfig) -> ChildPlan:
    kiosk = KioskConfig(camera=config)
    plans = with_camera(child_plans(kiosk, RunOptions(0.0), "tap"), kiosk, "view", Path("artworks"))
    (plan,) = (plan for plan in plans if plan.name == "camera")
    return plan


def test_a_camera_process_that_does_nothing_is_noticed_as_soon_as_a_camera_that_gives_nothing() -> None:
    config = CameraConfig(source="0")
    assert plan_of_camera(config).max_idle_s + TICK_S <= config.stalled_after_s < 2.0
    patient = CameraConfig(source="0", stalled_after_s=10)
    assert plan_of_camera(patient).max_idle_s == pytest.approx(9.75)


def test_a_camera_process_has_time_for_its_heartbeat_however_short_the_limit_is() -> None:
    assert plan_of_camera(CameraConfig(source="0", stalled_after_s=0.2)).max_idle_s >= 4 * HEARTBEAT_S
