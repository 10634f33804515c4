"""Where pictures come from: a video device, a network address, or a video file played again and again."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from installation.camera.devices import DEV, device_number, find_device, shown_name, stable_name
from installation.settings import CameraSettings

Pixels = npt.NDArray[np.uint8]

_ROTATIONS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}
_MANUAL_EXPOSURE, _AUTOMATIC_EXPOSURES = 1, (3, 0)
"""Of V4L2's `auto_exposure`: by hand; by the device with the aperture given, as most have it, or wholly."""
_SLOWEST_FILE_HZ = 1.0

_log = logging.getLogger(__name__)


class SourceError(Exception):
    """Pictures cannot be had, in a line."""


class Source:
    """What the configuration names as the camera.

    Attributes:
        name: As a person knows it, without a password.
        can_freeze: It has noise like every sensor, so that the same bytes again and again mean that it hangs. Not so
            a file, or what the configuration says may repeat its pictures.
        takes_exposure: Not so a device that, when it was opened, refused the exposure it was to be locked at.
    """

    def __init__(self, settings: CameraSettings, dev: Path = DEV) -> None:
        """Open nothing yet.

        Args:
            settings: Which source, and how its pictures are to be.
            dev: Where the system lists its devices.
        """
        self.name = shown_name(settings.source)
        self._where = settings.source
        self._settings = settings
        self._dev = dev
        self._known_as: Path | None = None
        self.takes_exposure = True
        self._number = device_number(self._where, dev)
        is_device = self._number is not None or self._where.startswith(f"{dev}/")
        self.is_file = not (is_device or "://" in self._where)
        self.can_freeze = not (self.is_file or settings.may_repeat)
        self._open: Callable[[], cv2.VideoCapture] = (
            self._open_device if is_device else self._open_file if self.is_file else self._open_address
        )

    def open(self) -> Capture:
        """Begin to take pictures.

        Raises: SourceError.
        """
        capture = self._open()
        if not capture.isOpened():
            capture.release()
            raise SourceError("it cannot be opened")
        return Capture(capture, self._settings, self.is_file)

    def is_away(self) -> bool:
        """Whether there is nothing to open: a device that is not plugged in."""
        return self._open == self._open_device and self._find() is None

    def _find(self) -> Path | None:
        if self._number is not None:
            return find_device(self._number, self._known_as, self._dev)
        path = Path(self._where)
        return path if path.exists() else None

    def _open_device(self) -> cv2.VideoCapture:
        settings, device = self._settings, self._find()
        if device is None:
            raise SourceError("it is not there")
        self._known_as = stable_name(device, self._dev) or self._known_as
        capture = cv2.VideoCapture(str(device.resolve()), cv2.CAP_V4L2)
        # Few cameras give large pictures fast enough unless they are compressed.
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, settings.width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, settings.height)
        self._expose(capture)
        return capture

    def _expose(self, capture: cv2.VideoCapture) -> None:
        """Lock the exposure, or give it back: a device remembers a lock when the program that asked for it is gone."""
        if self._settings.exposure is None:
            any(capture.set(cv2.CAP_PROP_AUTO_EXPOSURE, mode) for mode in _AUTOMATIC_EXPOSURES)
            return
        is_manual = capture.set(cv2.CAP_PROP_AUTO_EXPOSURE, _MANUAL_EXPOSURE)
        self.takes_exposure = is_manual and capture.set(cv2.CAP_PROP_EXPOSURE, self._settings.exposure)
        if not self.takes_exposure:
            _log.warning("camera %s: it does not take exposure %g", self.name, self._settings.exposure)

    def _open_address(self) -> cv2.VideoCapture:
        stalled_ms = round(1000 * self._settings.stalled_after_s)
        # Heeded only when they are given with the address.
        limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, 2 * stalled_ms, cv2.CAP_PROP_READ_TIMEOUT_MSEC, stalled_ms]
        return cv2.VideoCapture(self._where, cv2.CAP_FFMPEG, limits)

    def _open_file(self) -> cv2.VideoCapture:
        if not Path(self._where).exists():
            raise SourceError("there is no such file")
        return cv2.VideoCapture(self._where, cv2.CAP_FFMPEG)


class Capture:
    """Pictures from an open source, one after the other. One thread uses it."""

    def __init__(self, capture: cv2.VideoCapture, settings: CameraSettings, is_file: bool) -> None:
        """Take over an opened capture."""
        self._capture, self._settings = capture, settings
        rate_hz = float(capture.get(cv2.CAP_PROP_FPS))
        self._period_s = 1 / max(rate_hz, _SLOWEST_FILE_HZ) if is_file else 0.0
        self._due_s = time.monotonic()

    def read(self) -> Pixels | None:
        """The next picture, upright; None when there is none to be had. May block as long as the source does.

        Shape: (height, width, 3) BGR.
        """
        is_there, picture = self._capture.read()
        if not is_there and self._period_s:
            self._capture.set(cv2.CAP_PROP_POS_FRAMES, 0)
            is_there, picture = self._capture.read()
        if not is_there:
            return None
        if self._period_s:
            self._keep_pace()
        return oriented(np.asarray(picture, np.uint8), self._settings)

    def _keep_pace(self) -> None:
        """A file gives its pictures as fast as they were taken."""
        now_s = time.monotonic()
        self._due_s = max(self._due_s + self._period_s, now_s - self._period_s)
        time.sleep(max(0.0, self._due_s - now_s))

    def close(self) -> None:
        """Let go of the source."""
        self._capture.release()


def oriented(picture: Pixels, settings: CameraSettings) -> Pixels:
    """A picture turned and mirrored as it should be, and no larger than it should be.

    Shape: picture and result (height, width, 3).
    """
    scale = min(1.0, (settings.width * settings.height / (picture.shape[0] * picture.shape[1])) ** 0.5)
    if scale < 1.0:
        size = (int(picture.shape[1] * scale), int(picture.shape[0] * scale))
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    if settings.rotate:
        picture = np.asarray(cv2.rotate(picture, _ROTATIONS[settings.rotate]), np.uint8)
    return np.asarray(cv2.flip(picture, 1), np.uint8) if settings.mirror else picture
