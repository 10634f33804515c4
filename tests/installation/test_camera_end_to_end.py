"""The kiosk before a camera that is served over the network: works held up, answered, heard; the camera killed.

All of it is real but the composer, whose every clip is one long note, so that what is heard can be told apart.
"""

import re
import shutil
from pathlib import Path

import numpy as np
import numpy.typing as npt
import psutil
import pytest
import soundfile
from scipy.signal import correlate

from installation.labels import UNKNOWN, read_gallery
from installation.memory_folder import MEMORY
from tests import screen, sound_server
from tests.camera_server import CameraServer
from tests.installation.camera.cameras import PICTURES, painting_on_wall, wall
from tests.installation.test_end_to_end import RATE, Run, gaps, kiosk

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(bool(sound_server.missing()), reason=sound_server.missing() or "-"),
    pytest.mark.skipif(bool(screen.missing()), reason=screen.missing() or "-"),
]

SIZE = (1280, 720)
OF_THE_GALLERY, A_VISITORS = 3, 5
PATIENCE_S = 60.0
# Bytes: the camera's library may write a page about a lost network into the log; a frame as JPEG is longer.
LESS_THAN_A_PICTURE = 16 << 10
PROGRAM = ("-m", "tests.installation.run_kiosk", "tests.installation.sine_composer:main", "600")
SETTINGS = (
    "gallery.order=by name",
    "sampling.seed=1",
    "show.crossfade_s=1",
    "show.linger_s=4",
    "camera.gone_after_s=2",
)


def wait_for(run: Run, line: str) -> None:
    """Listen until the log has a line like this."""
    pattern = re.compile(line)
    run.listener.wait_until(lambda _: run.has_log and bool(pattern.search(run.log)), PATIENCE_S)


def is_heard(run: Run, audio_path: Path) -> bool:
    """Whether two seconds of a clip are in what was heard of late."""
    clip, _ = soundfile.read(audio_path, dtype="float32")
    wanted = clip[2 * RATE : 4 * RATE].mean(axis=1)
    return likeness(run.frames()[-9 * RATE :].mean(axis=1), wanted) > 0.9


def likeness(heard: npt.NDArray[np.float32], wanted: npt.NDArray[np.float32]) -> float:
    """The highest correlation of the wanted sound with any part of what was heard; 1 is the same."""
    if len(heard) < len(wanted):
        return 0.0
    products = correlate(heard, wanted, mode="valid", method="fft")
    energy = np.cumsum(np.concatenate([[0.0], np.square(heard, dtype=np.float64)]))
    norms = np.sqrt((energy[len(wanted) :] - energy[: -len(wanted)]) * np.square(wanted, dtype=np.float64).sum())
    return float((products / np.maximum(norms, 1e-9)).max())


def clips(run: Run) -> set[Path]:
    """The music composed so far."""
    return set((run.home / "library").glob("[!.]*.flac"))


def pictures_in(*folders: Path) -> list[Path]:
    return [path for folder in folders for path in folder.rglob("*") if path.suffix in {".png", ".jpg", ".bmp", ".raw"}]


def test_two_works_are_held_up_and_answered_and_the_camera_dies_unheard(repository: Path, tmp_path: Path) -> None:
    gallery, scratch = tmp_path / "gallery", tmp_path / "scratch"
    gallery.mkdir()
    scratch.mkdir()
    for index in (0, 1, OF_THE_GALLERY):
        shutil.copy(PICTURES[index], gallery)
    labels = {work.path.name: work.label for work in read_gallery(gallery)}
    title = re.escape(labels[PICTURES[OF_THE_GALLERY].name].title)
    with CameraServer(wall(SIZE)) as camera:
        words = [f"camera.source={camera.address}", f"gallery.folder={gallery}", *SETTINGS]
        with kiosk(
            repository, *words, program=PROGRAM, environment={"TMPDIR": str(scratch), "PYTHONDONTWRITEBYTECODE": "1"}
        ) as run:
            wait_for(run, "camera: http")
            run.wait_for_clips(1)

            camera.show(painting_on_wall(OF_THE_GALLERY, SIZE))
            wait_for(run, rf"scene: (composing|listening), \w+ \({title}\)")
            wait_for(run, rf"scene: listening, \w+ \({title}\)")

            before = clips(run)
            camera.show(painting_on_wall(A_VISITORS, SIZE))
            wait_for(run, rf"scene: composing, visitor-\w+ \({UNKNOWN}\)")
            wait_for(run, rf"scene: listening, visitor-\w+ \({UNKNOWN}\)")
            run.listener.wait_until(lambda _: any(is_heard(run, clip) for clip in clips(run) - before), PATIENCE_S)

            artworks = MEMORY / f"art2mus-{run.process.pid}"
            assert len(list(artworks.iterdir())) == 1
            camera.die()
            wait_for(run, "the gallery goes on")
            wait_for(run, r"scene: attract, visitor-")
            camera.come_back()
            wait_for(run, "camera: .* s without")

            (process,) = [p for p in psutil.Process(run.process.pid).children() if p.name() == "kiosk-camera"]
            assert process.io_counters().write_bytes < LESS_THAN_A_PICTURE
            run.process.terminate()
            assert run.leave() == 0, run.output
            assert gaps(run.frames()) == []
            assert run.summary["restarts"] == {"audio": 0, "composer": 0, "ui": 0, "camera": 0}
            assert not artworks.exists()
            assert pictures_in(run.home, scratch) == []
            assert "Traceback" not in run.log
