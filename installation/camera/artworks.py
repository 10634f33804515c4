"""Artworks cut out of the camera's picture, as files: in memory, unless the curator wants them kept."""

from __future__ import annotations

import uuid
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from art2mus.whole_files import whole_file
from installation.camera.find import Found
from installation.camera.rectify import balance_white, rectify

Pixels = npt.NDArray[np.uint8]

_PREFIX = "visitor-"
_FAST = [cv2.IMWRITE_PNG_COMPRESSION, 1]


class ArtworkFolder:
    """Where works go that hang in no gallery; the director makes the folder, and takes old ones away."""

    def __init__(self, folder: Path, has_white_balance: bool) -> None:
        """Use this folder.

        Args:
            folder: Where the pictures go.
            has_white_balance: The light's colour is taken out of them.
        """
        self._folder, self._has_white_balance = folder, has_white_balance

    def holds(self, artwork_id: str) -> bool:
        """Whether this is the id of a visitor's work, and not of one of the gallery."""
        return artwork_id.startswith(_PREFIX)

    def keep(self, camera_frame: Pixels, found: Found) -> tuple[str, Path, Pixels]:
        """Cut the artwork out and put it into the folder, if it is not there yet.

        Shape: camera_frame (height, width, 3) BGR.
        Returns: Its id, its file, and the artwork (h, w, 3) BGR.
        Raises: OSError if it cannot be written.
        """
        artwork_id = found.artwork_id or f"{_PREFIX}{uuid.uuid4().hex[:8]}"
        artwork = rectify(camera_frame, found.corners)
        if self._has_white_balance:
            artwork = balance_white(artwork)
        path = self._folder / f"{artwork_id}.png"
        if not path.exists():
            with whole_file(path) as partial:
                partial.write_bytes(cv2.imencode(".png", artwork, _FAST)[1].tobytes())
        return artwork_id, path, artwork
