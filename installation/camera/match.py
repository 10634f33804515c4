"""Works known by sight: which one the camera sees, and where in its picture.

Every work is remembered by local features. Those of a camera's picture vote, by the visual words they stand for, for
a few works; a work is recognised when its features lie in the picture as one plane seen in perspective puts them.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from art2mus.images import UnreadableImageError
from installation.camera.rectify import Corners, Pixels, aspect_ratio, flatten, is_plausible, moved, rectangle
from installation.pictures import Decoder

Descriptors = NDArray[np.float32]
Points = NDArray[np.float32]

WORK_SIDES = (240, 110)
"""Works are remembered at these sizes (longer side, pixels): as they look from near, and from far."""
FEATURES_PER_SIZE = (260, 90)
FRAME_SIDE = 400
"""The camera's picture is searched at this size (longer side, pixels)."""
FRAME_FEATURES = 500
PATCH_SIDE = 224
"""A painting whose corners are known is looked at from the front, at this size (longer side, pixels)."""
MAX_RATIO = 0.8
"""A feature counts if its next best counterpart in a work is this much farther (Lowe 2004, section 7.1)."""
MIN_INLIERS = 12
"""Features that must lie as one plane puts them. Measured by `python -m bench.camera`: see there."""
SAME_PLACE = 6.0
"""Features of a work nearer to each other than this (pixels) show the same thing, at several sizes perhaps."""
CERTAIN_INLIERS = 40
"""From so many on, no other work is looked at."""
NUM_WORDS = 1024
SHORTLIST = 6
"""Works that are looked at closely; below so many there is no vote."""
MAX_ADDED = 32
"""Visitors' works that are remembered; the oldest is forgotten."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Match:
    """A known work in the camera's picture.

    Attributes:
        artwork_id: Which one.
        corners: Of the painting, in pixels of the camera's picture; they may lie outside.
        num_inliers: Features that agree on where it is.
        score: 0 to 1: how sure that is.
    """

    artwork_id: str
    corners: Corners
    num_inliers: int
    score: float


class Features(NamedTuple):
    """Where they are, and what they look like.

    Shape: points (features, 2) pixels; descriptors (features, 128), of length 1.
    """

    points: Points
    descriptors: Descriptors


class _Known(NamedTuple):
    """A work: its features, and its size in their pixels."""

    features: Features
    width: float
    height: float


class KnownWorks:
    """Works that are recognised: those of the gallery, and the last few of visitors."""

    def __init__(self) -> None:
        self._gallery: dict[str, _Known] = {}
        self._added: OrderedDict[str, _Known] = OrderedDict()
        self._votes = _Votes()

    def __len__(self) -> int:
        return len(self._gallery) + len(self._added)

    @classmethod
    def from_pictures(cls, pictures: Mapping[str, Path]) -> KnownWorks:
        """Remember the works of a gallery; a picture that cannot be read is left out, with a line in the log.

        Args:
            pictures: artwork_id → file.
        """
        works = cls()
        with Decoder() as decoder:
            for artwork_id, path in pictures.items():
                try:
                    picture = decoder.load(path, 2 * WORK_SIDES[0])
                except UnreadableImageError as error:
                    _log.warning("%s is not recognised: %s", artwork_id, error)
                    continue
                works._gallery[artwork_id] = _known(np.ascontiguousarray(np.asarray(picture)[..., ::-1]))
        works._votes = _Votes.among(works._gallery)
        return works

    def add(self, artwork_id: str, artwork: Pixels) -> None:
        """Remember a visitor's work, as it was rectified.

        Shape: artwork (height, width, 3) BGR.
        """
        self._added[artwork_id] = _known(artwork)
        self._added.move_to_end(artwork_id)
        while len(self._added) > MAX_ADDED:
            self._added.popitem(last=False)

    def recognise(self, camera_frame: Pixels, corners: Corners | None = None) -> Match | None:
        """Find out which known work is in the camera's picture, and where.

        Args:
            camera_frame: What the camera saw.
            corners: Where a painting was found: look only there, and from the front. It sees smaller paintings, and
                is faster.

        Shape: camera_frame (height, width, 3) BGR.
        """
        if not len(self):
            return None
        view, to_frame = _whole(camera_frame) if corners is None else _patch(camera_frame, corners)
        features = find_features(view, FRAME_FEATURES if corners is None else sum(FEATURES_PER_SIZE))
        if len(features.points) < MIN_INLIERS:
            return None
        best: Match | None = None
        for artwork_id, work in self._candidates(features):
            match = _located(features, artwork_id, work)
            if match is not None and (best is None or match.num_inliers > best.num_inliers):
                best = match
            if best is not None and best.num_inliers >= CERTAIN_INLIERS:
                break
        return best and replace(best, corners=moved(best.corners, to_frame))

    def _candidates(self, features: Features) -> Iterator[tuple[str, _Known]]:
        yield from self._added.items()
        for artwork_id in self._votes.most(features.descriptors):
            yield artwork_id, self._gallery[artwork_id]


class _Votes:
    """Which works share visual words with a picture; the words are features drawn from the works themselves.

    Source: Sivic & Zisserman, "Video Google" (ICCV 2003): words weighed by how few works have them.
    """

    def __init__(self) -> None:
        self._ids: list[str] = []
        self._words = np.empty((0, 128), np.float32)
        self._weights = np.empty((0, 0), np.float32)

    @classmethod
    def among(cls, works: Mapping[str, _Known]) -> _Votes:
        votes = cls()
        votes._ids = list(works)
        if len(works) > SHORTLIST:
            everything = np.concatenate([work.features.descriptors for work in works.values()])
            drawn = np.random.default_rng(0).permutation(len(everything))[:NUM_WORDS]
            votes._words = everything[drawn]
            counts = np.stack([votes._histogram(work.features.descriptors) for work in works.values()])
            rarity = np.log(len(works) / np.maximum((counts > 0).sum(axis=0), 1))
            weights = np.sqrt(counts) * rarity**2
            votes._weights = weights / np.maximum(np.linalg.norm(weights, axis=1, keepdims=True), 1e-9)
        return votes

    def most(self, descriptors: Descriptors) -> list[str]:
        """The works to look at closely, the likeliest first."""
        if not len(self._words):
            return self._ids
        scores = self._weights @ np.sqrt(self._histogram(descriptors))
        return [self._ids[index] for index in np.argsort(-scores)[:SHORTLIST]]

    def _histogram(self, descriptors: Descriptors) -> NDArray[np.float32]:
        if not len(descriptors):
            return np.zeros(len(self._words), np.float32)
        nearest = (descriptors @ self._words.T).argmax(axis=1)
        return np.bincount(nearest, minlength=len(self._words)).astype(np.float32)


def find_features(picture: Pixels, max_features: int) -> Features:
    """Find the local features of a picture, at most so many.

    Source: SIFT (Lowe 2004), its descriptors made comparable by Hellinger's distance (Arandjelović & Zisserman 2012).
    """
    grey = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    keypoints, descriptors = cv2.SIFT.create(nfeatures=max_features, contrastThreshold=0.02).detectAndCompute(
        grey, None
    )
    if descriptors is None or not len(keypoints):
        return Features(np.empty((0, 2), np.float32), np.empty((0, 128), np.float32))
    shares = descriptors / np.maximum(descriptors.sum(axis=1, keepdims=True), 1e-9)
    return Features(np.array([keypoint.pt for keypoint in keypoints], np.float32), np.sqrt(shares).astype(np.float32))


def reduced(picture: Pixels, max_side: int) -> tuple[Pixels, float]:
    """Make a picture's longer side at most so many pixels; also says by what it was multiplied."""
    scale = min(1.0, max_side / max(picture.shape[:2]))
    if scale == 1.0:
        return picture, scale
    size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8), scale


def _known(picture: Pixels) -> _Known:
    """Features at several sizes, all in pixels of the largest."""
    largest, _ = reduced(picture, WORK_SIDES[0])
    points, descriptors = [], []
    for side, max_features in zip(WORK_SIDES, FEATURES_PER_SIZE, strict=True):
        view, scale = reduced(largest, side)
        features = find_features(view, max_features)
        points.append(features.points / scale)
        descriptors.append(features.descriptors)
    height, width = largest.shape[:2]
    return _Known(Features(np.concatenate(points), np.concatenate(descriptors)), width, height)


def _whole(camera_frame: Pixels) -> tuple[Pixels, NDArray[np.float64]]:
    """The picture as it is searched, and the way back to its own pixels."""
    view, scale = reduced(camera_frame, FRAME_SIDE)
    return view, np.diag([1 / scale, 1 / scale, 1.0])


def _patch(camera_frame: Pixels, corners: Corners) -> tuple[Pixels, NDArray[np.float64]]:
    """A painting from the front, with a margin for corners that are not quite right, and the way back."""
    aspect = aspect_ratio(corners, camera_frame.shape[1], camera_frame.shape[0])
    width, height = PATCH_SIDE * min(1.0, aspect), PATCH_SIDE * min(1.0, 1 / aspect)
    to_frame = cv2.getPerspectiveTransform(rectangle(width, height), corners)
    margin = rectangle(1.2 * width, 1.2 * height) - np.array([0.1 * width, 0.1 * height], np.float32)
    size = (round(1.2 * width), round(1.2 * height))
    wider = moved(margin, to_frame)
    back = cv2.getPerspectiveTransform(rectangle(*size), wider)
    return flatten(camera_frame, wider, *size), np.asarray(back, np.float64)


def _located(features: Features, artwork_id: str, work: _Known) -> Match | None:
    """Where the work lies among the features, in their pixels."""
    if len(work.features.points) < MIN_INLIERS:
        return None
    theirs, ours = _pairs(features.descriptors, work.features)
    if len(theirs) < MIN_INLIERS:
        return None
    source, target = work.features.points[ours], features.points[theirs]
    homography, mask = cv2.findHomography(source, target, cv2.USAC_MAGSAC, 3.0, maxIters=1000, confidence=0.995)
    if homography is None or (num_inliers := int(mask.sum())) < MIN_INLIERS:
        return None
    corners = moved(rectangle(work.width, work.height), homography)
    if not is_plausible(corners):
        return None
    return Match(artwork_id, corners, num_inliers, 1 - 0.5 ** (num_inliers / MIN_INLIERS))


def _pairs(frame: Descriptors, work: Features) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Features of the picture and their counterparts in the work, where there is no other as good elsewhere in it."""
    likeness = frame @ work.descriptors.T
    best = likeness.argmax(axis=1)
    first = likeness.max(axis=1)
    x, y = work.points.T
    apart = np.hypot(x[:, None] - x, y[:, None] - y) > SAME_PLACE
    second = np.where(apart[best], likeness, -1).max(axis=1)
    is_clear = 1 - first < MAX_RATIO**2 * (1 - second)  # squared distances of unit vectors: 2 - 2 cos
    return np.flatnonzero(is_clear), best[is_clear]
