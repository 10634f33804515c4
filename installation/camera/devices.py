"""Cameras by name: devices found, and found again under another number; addresses as they may be shown.

Standard library only.

A camera that is unplugged and plugged in again often comes back as another `/dev/videoN`. What stays is its name in
`/dev/v4l/by-id`, which is made of its maker, model and serial number.
"""

from __future__ import annotations

import re
from pathlib import Path

DEV = Path("/dev")


def shown_name(source: str) -> str:
    """A source as it may stand in a log: an address without its user and password.

    >>> shown_name("rtsp://me:hush@camera.example:554/stream")
    'rtsp://camera.example:554/stream'
    """
    if "://" not in source:
        return source
    scheme, _, rest = source.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def device_number(source: str, dev: Path = DEV) -> int | None:
    """The number that a source is known by; None if it is known by another name.

    >>> [device_number(source) for source in ("2", "/dev/video2", "/dev/v4l/by-id/usb-A-video-index0")]
    [2, 2, None]
    """
    number = source.removeprefix(f"{dev}/video")
    return int(number) if number.isdecimal() else None


def video_devices(dev: Path = DEV) -> list[Path]:
    """Every video device, in the order of their numbers."""
    numbered = [
        (int(found[1]), path) for path in dev.glob("video*") if (found := re.fullmatch(r"video(\d+)", path.name))
    ]
    return [path for _, path in sorted(numbered)]


def stable_names(dev: Path = DEV) -> list[Path]:
    """The cameras by names that stay: what a configuration should say. Devices without pictures are left out."""
    return sorted(path for path in (dev / "v4l" / "by-id").glob("*-video-index0"))


def stable_name(device: Path, dev: Path = DEV) -> Path | None:
    """The name that stays of a device such as /dev/video2; None if it has none."""
    names = (path for path in stable_names(dev) if path.resolve() == device.resolve())
    return next(names, None)


def find_device(number: int, name: Path | None, dev: Path = DEV) -> Path | None:
    """Where a camera that is known by its number is now.

    Args:
        number: What the configuration says.
        name: The name that stays which it had when it was there last, if it had one.
        dev: Where the system lists its devices.

    Returns: Its device: the one that bears its name; if it has never been seen, the one with its number, or the only
        camera there is. None while it is away.
    """
    if name is not None:
        return name if name.exists() else None
    numbered = dev / f"video{number}"
    if numbered.exists():
        return numbered
    names = stable_names(dev)
    return names[0] if len(names) == 1 else None
