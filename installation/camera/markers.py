"""Four printed markers that say where the painting hangs, read once by the camera while it is set up.

    python -m installation.camera.markers markers.png

writes the sheet with them. Each is cut out along its line and held so that the corner of its paper lies on its corner
of the painting, outside it. They are ArUco markers, which OpenCV finds to a fraction of a pixel.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np

from installation.camera.rectify import Corners, Pixels, is_plausible, moved, rectangle

DICTIONARY = cv2.aruco.DICT_4X4_50
NUM_MARKERS = 4
"""Numbers 0 to 3 of the dictionary: top left, top right, bottom right, bottom left."""
NUM_MODULES = 6
"""Of a marker, with its black rim: what is printed is a grid of so many squares."""
RIM = 1 / NUM_MODULES
"""White paper around a marker, as a share of its side: without it a marker beside a dark painting is not found."""
PLACES = ("1: top left", "2: top right", "3: bottom right", "4: bottom left")

_MODULE_PX = 100
_MARGIN_PX = 200


def make_sheet() -> Pixels:
    """The four markers on a sheet to be printed at any size, each within the line along which it is cut.

    Shape: (height, width) grey.
    """
    paper, cell = (NUM_MODULES + 2) * _MODULE_PX, (NUM_MODULES + 2) * _MODULE_PX + _MARGIN_PX
    sheet = np.full((2 * cell + _MARGIN_PX, 2 * cell + _MARGIN_PX), 255, np.uint8)
    dictionary = cv2.aruco.getPredefinedDictionary(DICTIONARY)
    for number, place in enumerate(PLACES):
        row, column = divmod((0, 1, 3, 2)[number], 2)
        top, left = _MARGIN_PX + row * cell, _MARGIN_PX + column * cell
        marker = cv2.aruco.generateImageMarker(dictionary, number, NUM_MODULES * _MODULE_PX)
        inside = slice(top + _MODULE_PX, top + paper - _MODULE_PX), slice(left + _MODULE_PX, left + paper - _MODULE_PX)
        sheet[inside] = marker
        cv2.rectangle(sheet, (left - 1, top - 1), (left + paper, top + paper), 160, 2)
        cv2.putText(sheet, place, (left, top - 24), cv2.FONT_HERSHEY_SIMPLEX, 2.0, 0, 4, cv2.LINE_AA)
    return sheet


def find_markers(camera_frame: Pixels) -> dict[int, Corners]:
    """The markers that are seen, by number: the corners of each one's paper.

    Shape: camera_frame (height, width, 3) BGR; each value (4, 2) pixels.
    """
    parameters = cv2.aruco.DetectorParameters()
    parameters.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
    detector = cv2.aruco.ArucoDetector(cv2.aruco.getPredefinedDictionary(DICTIONARY), parameters)
    corners, numbers, _ = detector.detectMarkers(camera_frame)
    paper = rectangle(1 + 2 * RIM, 1 + 2 * RIM) - np.float32(RIM)
    found = {}
    for marker, number in zip(corners, [] if numbers is None else map(int, numbers.ravel()), strict=True):
        if number < NUM_MARKERS:
            homography = cv2.getPerspectiveTransform(rectangle(1, 1), np.asarray(marker[0], np.float32))
            found[number] = moved(paper, homography)
    return found


def painting_between(markers: dict[int, Corners]) -> Corners | None:
    """The painting at whose corners the markers are held, whichever way up; None unless all four tell of one.

    Shape: values and result (4, 2) pixels.
    """
    if len(markers) < NUM_MARKERS:
        return None
    middle = np.mean([markers[number].mean(axis=0) for number in range(NUM_MARKERS)], axis=0)
    inner = [min(markers[number], key=lambda corner: float(np.linalg.norm(corner - middle))) for number in range(4)]
    corners = np.asarray(inner, np.float32)
    return corners if is_plausible(corners) else None


def main() -> int:
    """Write the sheet to the file on the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m installation.camera.markers", description="Writes a sheet with the four markers, to be printed."
    )
    parser.add_argument("path", type=Path, help="where to, for example markers.png")
    path: Path = parser.parse_args().path
    try:
        is_written = cv2.imwrite(str(path), make_sheet())
    except cv2.error:
        is_written = False
    if not is_written:
        print(f"{path}: cannot be written; name a PNG file in a folder that can", file=sys.stderr)
        return 2
    print(f"{path}: print it, and cut along the lines; the technician's page says how the markers are held")
    return 0


if __name__ == "__main__":
    sys.exit(main())
