"""A camera is found again under another number, in a folder that looks like /dev."""

from pathlib import Path

import pytest

from installation.camera.devices import find_device, stable_name, stable_names, video_devices


@pytest.fixture
def dev(tmp_path: Path) -> Path:
    (tmp_path / "v4l" / "by-id").mkdir(parents=True)
    return tmp_path


def plug(dev: Path, name: str, number: int) -> Path:
    """Plug a camera in: its device for pictures, and the one for other things that most of them have."""
    for index in (0, 1):
        device = dev / f"video{number + index}"
        device.touch()
        link = dev / "v4l" / "by-id" / f"{name}-video-index{index}"
        link.unlink(missing_ok=True)
        link.symlink_to(f"../../video{number + index}")
    return dev / "v4l" / "by-id" / f"{name}-video-index0"


def unplug(dev: Path, name: str) -> None:
    for link in (dev / "v4l" / "by-id").glob(f"{name}-*"):
        link.resolve().unlink()
        link.unlink()


def test_devices_are_listed_by_number_and_names_only_of_those_with_pictures(dev: Path) -> None:
    plug(dev, "usb-B", 10)
    plug(dev, "usb-A", 2)
    (dev / "video-of-the-holidays").touch()
    assert [path.name for path in video_devices(dev)] == ["video2", "video3", "video10", "video11"]
    assert [path.name for path in stable_names(dev)] == ["usb-A-video-index0", "usb-B-video-index0"]


def test_a_camera_that_comes_back_under_another_number_is_found(dev: Path) -> None:
    name = plug(dev, "usb-A", 0)
    plug(dev, "usb-B", 4)
    assert stable_name(dev / "video0", dev) == name
    unplug(dev, "usb-A")
    plug(dev, "usb-C", 0)  # another one has its number now
    assert find_device(0, name, dev) is None
    plug(dev, "usb-A", 6)
    found = find_device(0, name, dev)
    assert found is not None
    assert found.resolve() == (dev / "video6").resolve()


def test_a_number_that_is_gone_means_the_only_camera_there_is(dev: Path) -> None:
    assert find_device(0, None, dev) is None
    only = plug(dev, "usb-A", 2)
    assert find_device(0, None, dev) == only
    plug(dev, "usb-B", 4)
    assert find_device(0, None, dev) is None
    assert find_device(4, None, dev) == dev / "video4"
