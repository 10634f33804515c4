"""What JPEG, a network and the camera's own reader leave of a scene is enough to find the painting and know it."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from installation.camera.find import Finder
from installation.camera.match import KnownWorks
from tests.installation.camera.conftest import KNOWN, UNKNOWN
from tests.installation.camera.test_match import worst_corner
from tests.scenes import Conditions, render, render_wall
from tests.scenes_parts import Pixels
from tests.scenes_streamed import Stream

SLANTED = Conditions(yaw_deg=-20, pitch_deg=8, roll_deg=-10, share=0.5, gradient=0.25, noise=4)


@pytest.fixture(scope="module")
def stream() -> Iterator[Stream]:
    with Stream() as stream:
        yield stream


@pytest.mark.parametrize("name", [*KNOWN, *UNKNOWN])
def test_a_painting_is_found_and_known(
    name: str, stream: Stream, known: KnownWorks, artworks: dict[str, Pixels]
) -> None:
    scene = render(np.random.default_rng(20), artworks[name], replace(SLANTED, style="gilded"))
    seen = stream.see(scene.camera_frame)
    assert not np.array_equal(seen, scene.camera_frame), "it was compressed"
    found = Finder(known).look(seen)
    assert found is not None
    assert found.artwork_id == (name if name in KNOWN else None)
    assert worst_corner(found.corners, scene.corners) < 0.02


def test_an_empty_wall_stays_empty(stream: Stream, known: KnownWorks) -> None:
    wall = render_wall(np.random.default_rng(2), replace(SLANTED, share=0.6))
    assert Finder(known).look(stream.see(wall.camera_frame)) is None
