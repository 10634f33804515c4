"""When a visitor has shown a painting: the same one, held still and sharp, for about a second."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from installation.camera.find import Found, middle_of
from installation.camera.rectify import Corners, Pixels, flatten
from installation.messages import Hint

LOOK_SIDE = 128
"""The painting is judged at this size (pixels), squeezed into a square."""
PRINT_SIDE = 24
"""And compared at this one."""
PASSING = (Hint.GLARE, Hint.HOLD_STILL)
"""What may be the painting's own: some are soft, some are white."""


@dataclass(frozen=True)
class TriggerSettings:
    """When a painting counts as shown.

    Attributes:
        hold_s: It is held still for so long.
        max_motion: Most that it may move meanwhile, as a share of its diagonal.
        max_change: Most that may change in it meanwhile: 1 less the correlation of what is seen.
        min_sharpness: Fine detail for coarse; see `sharpness`.
        max_glare: Most of it that may be burnt out.
        min_light: Brightness of its brighter parts, 0 to 1.
        min_side: Its longer side, as a share of the picture's longer side.
        min_confidence: Of having found a painting at all.
        min_likeness: Correlation of what is seen, from which two unknown works are taken for the same.
        backdrop_s: What is in the middle of the camera's picture for so long is nothing that somebody holds up.
        patience_s: After so long, still but with glare or without sharp detail, it counts nevertheless: some paintings
            are like that.
    """

    hold_s: float = 1.0
    max_motion: float = 0.04
    max_change: float = 0.1
    min_sharpness: float = 0.29
    max_glare: float = 0.08
    min_light: float = 0.2
    min_side: float = 0.13
    min_confidence: float = 0.3
    min_likeness: float = 0.72
    backdrop_s: float = 120.0
    patience_s: float = 4.0


@dataclass(frozen=True)
class Verdict:
    """What the trigger makes of a picture.

    Attributes:
        hint: What would help.
        held: How far the painting has been held still, 0 to 1.
        is_new: This picture completes it, for an artwork other than the last.
        is_present: Something that could be a painting is there.
    """

    hint: Hint
    held: float
    is_new: bool
    is_present: bool


@dataclass(frozen=True, eq=False)
class Look:
    """A painting as it looks at one moment.

    Attributes:
        corners: In the camera's picture.
        artwork_id: Which known work it is, or None.
        view: From the front, squeezed into a square: (LOOK_SIDE, LOOK_SIDE, 3).
        fingerprint: What it shows, whatever the light's strength and colour: (3 · PRINT_SIDE²,), of length 1.
    """

    corners: Corners
    artwork_id: str | None
    view: Pixels
    fingerprint: NDArray[np.float32]


class Trigger:
    """Judges picture after picture; time is an argument."""

    def __init__(self, settings: TriggerSettings | None = None) -> None:
        """Start with nothing seen and nothing answered."""
        self.settings = settings or TriggerSettings()
        self._anchor: Look | None = None
        self._answered: Look | None = None
        self._backdrop = Backdrop(self.settings.min_likeness, self.settings.backdrop_s)
        self._still_since_s = self._clear_since_s = 0.0

    def forget(self) -> None:
        """Let the work that was answered last count again, as after its visitor has left."""
        self._anchor = self._answered = None

    def update(self, now_s: float, camera_frame: Pixels, found: Found | None) -> Verdict:
        """Take in a picture and what was found in it.

        Args:
            now_s: When it was taken.
            camera_frame: What the camera saw.
            found: The painting in it.

        Shape: camera_frame (height, width, 3) BGR.
        """
        is_backdrop = self._backdrop.update(now_s, camera_frame)
        is_unsure = found is not None and found.rung == "centre" and is_backdrop
        if found is None or found.confidence < self.settings.min_confidence or is_unsure:
            self._anchor = None
            return Verdict(Hint.NONE, 0.0, is_new=False, is_present=False)
        look = see(camera_frame, found)
        if self._answered is not None and self._is_same(self._answered, look):
            self._anchor = None
            self._answered = replace(self._answered, artwork_id=look.artwork_id or self._answered.artwork_id)
            return Verdict(Hint.NONE, 1.0, is_new=False, is_present=True)
        return self._judge(now_s, look, self._hint(look, camera_frame))

    def _judge(self, now_s: float, look: Look, hint: Hint) -> Verdict:
        limits = self.settings
        if self._anchor is None or self._has_moved(self._anchor, look):
            has_come = self._anchor is None
            self._anchor, self._still_since_s, self._clear_since_s = look, now_s, now_s
            return Verdict(Hint.NONE if has_come else Hint.HOLD_STILL, 0.0, is_new=False, is_present=True)
        is_stubborn = hint in PASSING and now_s - self._still_since_s >= limits.patience_s
        if hint and not is_stubborn:
            self._clear_since_s = now_s
        held = min((now_s - self._clear_since_s) / limits.hold_s, 1.0)
        if held < 1 and not is_stubborn:
            return Verdict(hint, held, is_new=False, is_present=True)
        self._answered = look
        return Verdict(Hint.NONE, 1.0, is_new=True, is_present=True)

    def _hint(self, look: Look, camera_frame: Pixels) -> Hint:
        """What spoils the view of a painting that does not move."""
        limits = self.settings
        side = float(np.ptp(look.corners, axis=0).max()) / max(camera_frame.shape[:2])
        if side < limits.min_side:
            return Hint.COME_CLOSER
        if light(look.view) < limits.min_light:
            return Hint.TOO_DARK
        # A known work is recognised through it, and has a better picture.
        if look.artwork_id is None and glare(look.view) > limits.max_glare:
            return Hint.GLARE
        return Hint.HOLD_STILL if sharpness(look.view) < limits.min_sharpness else Hint.NONE

    def _has_moved(self, before: Look, now: Look) -> bool:
        diagonal = float(np.linalg.norm(np.ptp(now.corners, axis=0)))
        moved = float(np.linalg.norm(now.corners - before.corners, axis=1).max()) / diagonal
        return moved > self.settings.max_motion or likeness(before, now) < 1 - self.settings.max_change

    def _is_same(self, before: Look, now: Look) -> bool:
        if before.artwork_id and now.artwork_id:
            return before.artwork_id == now.artwork_id
        return likeness(before, now) >= self.settings.min_likeness


class Backdrop:
    """What the camera sees when nobody is there: a room may have as much in it as a painting. Time is an argument."""

    def __init__(self, min_likeness: float, stays_s: float) -> None:
        """Take what is seen first for it.

        Args:
            min_likeness: Correlation from which two looks show the same.
            stays_s: What is seen for so long without a change becomes the backdrop.
        """
        self._min_likeness, self._stays_s = min_likeness, stays_s
        self._usual: Look | None = None
        self._newest: Look | None = None
        self._newest_since_s = 0.0

    def update(self, now_s: float, camera_frame: Pixels) -> bool:
        """Take in a picture; returns whether its middle shows the backdrop.

        Shape: camera_frame (height, width, 3) BGR.
        """
        height, width = camera_frame.shape[:2]
        look = see(camera_frame, Found(middle_of(width, height), 0.0, "centre", None))
        if self._newest is None or likeness(self._newest, look) < self._min_likeness:
            self._newest, self._newest_since_s = look, now_s
        if self._usual is None or now_s - self._newest_since_s >= self._stays_s:
            self._usual = self._newest
        return likeness(self._usual, look) >= self._min_likeness


def see(camera_frame: Pixels, found: Found) -> Look:
    """Look at what was found, so that it can be judged and compared.

    Shape: camera_frame (height, width, 3) BGR.
    """
    view = flatten(camera_frame, found.corners, LOOK_SIDE, LOOK_SIDE)
    small = cv2.resize(view, (PRINT_SIDE, PRINT_SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    centred = small - cv2.blur(small, (PRINT_SIDE - 1, PRINT_SIDE - 1), borderType=cv2.BORDER_REFLECT)
    fingerprint = centred.ravel() / max(float(np.linalg.norm(centred)), 1e-9)
    return Look(found.corners, found.artwork_id, view, np.asarray(fingerprint, np.float32))


def likeness(one: Look, other: Look) -> float:
    """Correlation of what two looks show: 1 the same, 0 unrelated."""
    return float(one.fingerprint @ other.fingerprint)


def sharpness(view: Pixels) -> float:
    """Fine detail for coarse: of all variation over four pixels, what share is there from one pixel to the next."""
    grey = cv2.cvtColor(view, cv2.COLOR_BGR2GRAY).astype(np.float32)
    fine = float(np.abs(np.diff(grey, axis=1)).mean() + np.abs(np.diff(grey, axis=0)).mean())
    coarse = float(np.abs(grey[:, 4:] - grey[:, :-4]).mean() + np.abs(grey[4:] - grey[:-4]).mean())
    return fine / max(coarse, 1e-9)


def glare(view: Pixels) -> float:
    """Share that is burnt out in all colours."""
    return float((view.min(axis=2) >= 250).mean())


def light(view: Pixels) -> float:
    """Brightness of the brighter parts, 0 to 1."""
    return float(np.percentile(view, 95)) / 255
