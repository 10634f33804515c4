"""What the camera's tests share: a few works, half of them known."""

from pathlib import Path

import pytest

from installation.camera.match import KnownWorks
from tests.scenes import read_artwork
from tests.scenes_parts import Pixels

GALLERY = Path(__file__).resolve().parents[3] / "installation/gallery"
KNOWN = ("vincent-van-gogh_cafe-terrace-at-night-1888", "leonardo-da-vinci_mona-lisa-1503")
UNKNOWN = ("albrecht-durer_lion-1494", "frederic-bazille_the-ramparts-at-aigues-mortes-1867")


@pytest.fixture(scope="session")
def artworks() -> dict[str, Pixels]:
    return {name: read_artwork(GALLERY / f"{name}.jpg") for name in (*KNOWN, *UNKNOWN)}


@pytest.fixture
def known() -> KnownWorks:
    return KnownWorks.from_pictures({name: GALLERY / f"{name}.jpg" for name in KNOWN})
