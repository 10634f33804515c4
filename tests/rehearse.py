"""A rehearsal: the whole kiosk before a rendered camera, on a virtual screen, with loudspeakers that are recorded.

    python -m tests.rehearse [FOLDER]

Five works are held up one after the other, three of the gallery and two it does not know; then the camera is switched
off. Afterwards the folder holds what was heard (`heard.wav`), a picture of the screen in each scene, and the log. The
table says how long every answer took; the exit code is 1 if a work was not answered or the room fell silent.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import soundfile
from PIL import ImageGrab
from rich.console import Console
from rich.table import Table

from installation.labels import load_label
from installation.works import BUNDLED_GALLERY
from tests import screen, sound_server
from tests.camera_server import CameraServer, Picture
from tests.scenes import Conditions, read_artwork, render, render_wall
from tests.sound_server import Listener, SoundServer

RATE = 48000
REPOSITORY = Path(__file__).resolve().parent.parent
OF_THE_GALLERY = (
    "katsushika-hokusai_the-great-wave-off-kanagawa-1831.jpg",
    "vincent-van-gogh_cafe-terrace-at-night-1888.jpg",
    "wassily-kandinsky_composition-viii-1923.jpg",
)
BROUGHT = ("giuseppe-arcimboldo_spring-1573.jpg", "leonardo-da-vinci_mona-lisa-1503.jpg")
PROGRAMME = (OF_THE_GALLERY[0], BROUGHT[0], OF_THE_GALLERY[1], BROUGHT[1], OF_THE_GALLERY[2])
SETTINGS = ("show.linger_s=5", "camera.gone_after_s=3", "gallery.order=by name", "sampling.seed=1")
STILL = Conditions(yaw_deg=12.0, pitch_deg=4.0, roll_deg=-3.0, share=0.62, style="gilded")
PATIENCE_S = 90.0
LISTEN_S = 12.0
NUM_STEPS = 12
MAX_GAP_S = 0.02


@dataclass(frozen=True)
class Answer:
    """How long after a work was held still the show turned to it, and its music began; None if it did not."""

    title: str
    composing_s: float | None
    listening_s: float | None


@dataclass
class Rehearsal:
    """A kiosk that runs, and what is kept of it."""

    folder: Path
    camera: CameraServer
    listener: Listener
    display: str
    log_path: Path
    answers: list[Answer] = field(default_factory=list)
    num_pictures: int = 0

    def wait_for(self, line: str, since: int = 0) -> float | None:
        """When a line like this came into the log, monotonic; None if it did not come in time.

        Args:
            line: A regular expression.
            since: Where in the log to look from.
        """
        with contextlib.suppress(TimeoutError):
            self.listener.wait_until(lambda _: bool(re.search(line, self.log[since:])), PATIENCE_S)
            return time.monotonic()
        return None

    def listen(self, seconds: float) -> None:
        """Let time pass, by the loudspeakers' clock."""
        until = len(self.listener.samples()) + seconds * RATE
        self.listener.wait_until(lambda heard: len(heard) >= until, seconds + PATIENCE_S)

    def keep_screen(self, scene: str) -> None:
        """Keep a picture of the screen."""
        self.num_pictures += 1
        ImageGrab.grab(xdisplay=self.display).save(self.folder / f"{self.num_pictures:02d}-{scene}.png")

    def hold_up(self, name: str) -> None:
        """Bring a work before the camera, hold it still, and listen to the answer."""
        path, log_length = BUNDLED_GALLERY / name, len(self.log)
        arriving, still = render_arrival(path)
        self.camera.play(arriving)
        self.listen(NUM_STEPS / 25)
        self.camera.show(still)
        still_at_s = time.monotonic()
        self.keep_screen("looking")
        title = load_label(path).title
        work = "visitor-" if name in BROUGHT else rf"\w+ \({re.escape(title)}\)"
        composing_at_s = self.wait_for(f"scene: (composing|listening), {work}", log_length)
        self.keep_screen("composing")
        listening_at_s = self.wait_for(f"scene: listening, {work}", log_length)
        self.listen(LISTEN_S)
        self.keep_screen("listening")
        times = [at_s - still_at_s if at_s is not None else None for at_s in (composing_at_s, listening_at_s)]
        self.answers.append(Answer(title, *times))

    @property
    def log(self) -> str:
        """What the kiosk has said so far."""
        return self.log_path.read_text() if self.log_path.exists() else ""


def render_arrival(path: Path) -> tuple[list[Picture], Picture]:
    """A work that is brought nearer, and the picture when it has come to rest."""
    artwork = read_artwork(path)
    arriving = [
        render(
            np.random.default_rng(1),
            artwork,
            replace(STILL, yaw_deg=30.0 - 18.0 * step, share=0.35 + 0.27 * step),
        ).camera_frame
        for step in np.linspace(0, 1, NUM_STEPS, endpoint=False)
    ]
    return arriving, render(np.random.default_rng(1), artwork, STILL).camera_frame


@contextlib.contextmanager
def kiosk(folder: Path) -> Iterator[tuple[Rehearsal, subprocess.Popen[bytes]]]:
    """The kiosk with everything around it."""
    wall = render_wall(np.random.default_rng(1), STILL).camera_frame
    with (
        tempfile.TemporaryDirectory(prefix="rehearse") as place,
        SoundServer(Path(place)) as server,
        screen.virtual_screen() as display,
        CameraServer(wall) as camera,
        server.listening() as listener,
    ):
        home, gallery = Path(place, "home"), Path(place, "gallery")
        shutil.copytree(BUNDLED_GALLERY, gallery, ignore=lambda _folder, names: set(names) & {*BROUGHT, "bed.flac"})
        settings = [*SETTINGS, f"camera.source={camera.address}", f"gallery.folder={gallery}"]
        command = [sys.executable, "main.py", "--config", "configs/kiosk-camera.yaml"]
        command += [word for setting in settings for word in ("--set", setting)]
        environment = {**os.environ, **server.environment, **display, "ART2MUS_HOME": str(home)}
        with subprocess.Popen(command, cwd=REPOSITORY, env=environment) as process:
            try:
                log_path = home / "state" / "kiosk.log"
                yield Rehearsal(folder, camera, listener, display["DISPLAY"], log_path), process
                shutil.copy(log_path, folder)
            finally:
                process.terminate()  # killed, it would leave its shared memory behind


def rehearse(folder: Path) -> int:
    """Run it; returns the exit code."""
    folder.mkdir(parents=True, exist_ok=True)
    with kiosk(folder) as (rehearsal, process):
        rehearsal.wait_for("camera: http")
        rehearsal.wait_for("composer: .* loaded")
        rehearsal.listen(LISTEN_S)
        rehearsal.keep_screen("attract")
        for name in PROGRAMME:
            rehearsal.hold_up(name)
        rehearsal.camera.die()
        rehearsal.wait_for("the gallery goes on")
        rehearsal.wait_for("scene: attract, .*", since=rehearsal.log.rindex("the gallery goes on"))
        rehearsal.listen(LISTEN_S)
        rehearsal.keep_screen("attract-without-camera")
        process.terminate()
        process.wait(30)
        heard = rehearsal.listener.samples()
    soundfile.write(folder / "heard.wav", heard, RATE, subtype="PCM_24")
    silence_s = longest_silence_s(heard)
    _print(rehearsal.answers, silence_s, folder)
    return int(silence_s > MAX_GAP_S or any(answer.listening_s is None for answer in rehearsal.answers))


def longest_silence_s(heard: sound_server.FloatArray) -> float:
    """The longest digital silence between the first and the last sound.

    Shape: heard (audio_frames, 2).
    """
    sounding = np.flatnonzero(heard.any(axis=1))
    return float((np.diff(sounding).max(initial=1) - 1) / RATE)


def _print(answers: list[Answer], silence_s: float, folder: Path) -> None:
    table = Table("work", "seen after", "music after", title="Held up", title_justify="left")
    for answer in answers:
        times = (answer.composing_s, answer.listening_s)
        table.add_row(answer.title, *("never" if seconds is None else f"{seconds:.1f} s" for seconds in times))
    Console().print(table)
    print(f"longest silence {silence_s:.3f} s; sound, screens and log in {folder}")


def main() -> int:
    """Read the command line and rehearse; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.rehearse", description="The kiosk before a rendered camera.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path("recordings/rehearsal"), help="for what is kept")
    options = parser.parse_args()
    missing = screen.missing() or sound_server.missing()
    if missing:
        print(missing, file=sys.stderr)
        return 2
    return rehearse(options.folder)


if __name__ == "__main__":
    sys.exit(main())
