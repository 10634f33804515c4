"""A rehearsal: the whole kiosk before a rendered camera, on a virtual screen, with loudspeakers that are recorded.

    python -m tests.rehearse [FOLDER]

Five works are held up one after the other, three of the gallery and two it does not know. Then the camera is switched
off, the composer's disk is full for a while, and the room closes. Afterwards the folder holds what was heard
(`heard.wav`), a picture of the screen in each scene, and the log. The table says how long every answer took; the exit
code is 1 if a work was not answered, a scene did not come, or the room fell silent before it closed.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import psutil
import soundfile
from PIL import ImageGrab
from rich.console import Console
from rich.table import Table

from installation.cues import Scene
from installation.labels import read_gallery
from installation.schedule import CLOSED, WEEKDAYS
from installation.works import BUNDLED_GALLERY
from tests import screen, sound_server
from tests.camera_server import CameraServer, take_pictures
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
SETTINGS = (
    "show.linger_s=5",
    "show.seconds_per_work=20",
    "camera.gone_after_s=3",
    "gallery.order=by name",
    "sampling.seed=1",
)
CONFIG = REPOSITORY / "configs" / "kiosk-camera.yaml"
NEVER_OPEN = "hours: {" + ", ".join(f"{day}: {CLOSED}" for day in WEEKDAYS) + "}\n"
STILL = Conditions(yaw_deg=12.0, pitch_deg=4.0, roll_deg=-3.0, share=0.62, style="gilded")
PATIENCE_S = 90.0
LISTEN_S = 12.0
SETTLE_S = 0.6
INVITED_S = 5.0
"""So soon after the camera has come, the room invites to it."""
LOOK_EVERY_S = 0.05
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
    """A kiosk that runs, and what is kept of it.

    Attributes:
        folder: For what is kept.
        camera: What the kiosk sees.
        listener: What it plays.
        display: What it shows.
        process: Its director.
        home: What it writes.
        config: The file it is configured with.
        answers: To the works held up so far.
        scenes: Of which there is a picture.
    """

    folder: Path
    camera: CameraServer
    listener: Listener
    display: str
    process: subprocess.Popen[bytes]
    home: Path
    config: Path
    answers: list[Answer] = field(default_factory=list)
    scenes: list[Scene] = field(default_factory=list)
    num_pictures: int = 0

    def wait_for(self, line: str, since: int = 0) -> float | None:
        """When a line like this came into the log, monotonic; None if it did not come in time.

        Args:
            line: A regular expression.
            since: Where in the log to look from.
        """
        is_there = self._wait_until(lambda: bool(re.search(line, self.log[since:])), PATIENCE_S)
        return time.monotonic() if is_there else None

    def listen(self, seconds: float) -> None:
        """Let time pass, by the loudspeakers' clock."""
        until = self.listener.num_frames + seconds * RATE
        self._wait_until(lambda: self.listener.num_frames >= until, seconds + PATIENCE_S)

    def _wait_until(self, is_so: Callable[[], bool], timeout_s: float) -> bool:
        deadline_s = time.monotonic() + timeout_s
        while not is_so() and time.monotonic() < deadline_s and self.process.poll() is None:
            time.sleep(LOOK_EVERY_S)
        return is_so()

    def keep_screen(self, remark: str = "") -> None:
        """Keep a picture of the screen, once it has come to rest."""
        self.listen(SETTLE_S)
        self.num_pictures += 1
        scene = self.scene
        self.scenes.append(scene)
        ImageGrab.grab(xdisplay=self.display).save(self.folder / f"{self.num_pictures:02d}-{scene}{remark}.png")

    def hold_up(self, name: str, arriving: list[bytes], still: list[bytes]) -> None:
        """Bring a work before the camera, hold it still, and listen to the answer."""
        log_length = len(self.log)
        self.camera.play(arriving)
        self.listen(NUM_STEPS / 25)
        self.camera.play(still)
        still_at_s = time.monotonic()
        if self.scene is Scene.LOOKING:
            self.keep_screen()
        (title,) = (work.label.title for work in read_gallery(BUNDLED_GALLERY) if work.path.name == name)
        work = "visitor-" if name in BROUGHT else rf"\w+ \({re.escape(title)}\)"
        composing_at_s = self.wait_for(f"scene: (composing|listening), {work}", log_length)
        self.keep_screen()
        listening_at_s = self.wait_for(f"scene: listening, {work}", log_length)
        self.listen(LISTEN_S)
        self.keep_screen()
        times = [at_s - still_at_s if at_s is not None else None for at_s in (composing_at_s, listening_at_s)]
        self.answers.append(Answer(title, *times))

    def switch_camera_off(self) -> None:
        """The gallery goes on without it."""
        log_length = len(self.log)
        self.camera.die()
        self.wait_for("the gallery goes on", log_length)
        if self.wait_for("scene: attract", log_length) is not None:
            self.listen(LISTEN_S)
            self.keep_screen("-without-camera")

    def fill_disk(self) -> None:
        """The composer cannot write a file, until the show has given up asking; then there is room again."""
        log_length = len(self.log)
        (composer,) = [p for p in psutil.Process(self.process.pid).children() if p.name() == "kiosk-composer"]
        composer.rlimit(psutil.RLIMIT_FSIZE, (4096, psutil.RLIM_INFINITY))
        if self.wait_for("scene: failsafe", log_length) is not None:
            self.listen(LISTEN_S / 4)
            self.keep_screen()
        composer.rlimit(psutil.RLIMIT_FSIZE, (psutil.RLIM_INFINITY, psutil.RLIM_INFINITY))
        self.wait_for("scene: attract", log_length)

    def close_room(self) -> None:
        """Let the hours say that it is closed, as somebody would who edits the file."""
        log_length = len(self.log)
        self.config.write_text(self.config.read_text() + NEVER_OPEN)
        self.process.send_signal(signal.SIGHUP)
        if self.wait_for("scene: closed", log_length) is not None:
            self.listen(LISTEN_S / 2)
            self.keep_screen()

    @property
    def scene(self) -> Scene:
        """In which the show is."""
        return Scene(re.findall(r"scene: (\w+)", self.log)[-1])

    @property
    def log(self) -> str:
        """What the kiosk has said so far."""
        path = self.home / "state" / "kiosk.log"
        return path.read_text() if path.exists() else ""


def render_arrival(path: Path) -> tuple[list[bytes], list[bytes]]:
    """What the camera takes of a work that is brought nearer, and when it has come to rest."""
    artwork = read_artwork(path)
    steps = np.linspace(0, 1, NUM_STEPS, endpoint=False)
    seen = [replace(STILL, yaw_deg=30 - 18 * step, share=0.35 + 0.27 * step) for step in steps]
    arriving, still = (
        [render(np.random.default_rng(1), artwork, conditions).camera_frame for conditions in views]
        for views in (seen, [STILL])
    )
    return take_pictures(arriving), take_pictures(still)


@contextlib.contextmanager
def kiosk(folder: Path) -> Iterator[Rehearsal]:
    """The kiosk with everything around it."""
    wall = render_wall(np.random.default_rng(1), STILL).camera_frame
    with (
        tempfile.TemporaryDirectory(prefix="rehearse") as place,
        SoundServer(Path(place)) as server,
        screen.virtual_screen() as display,
        CameraServer(wall) as camera,
        server.listening() as listener,
    ):
        home, gallery, config = (Path(place, name) for name in ("home", "gallery", CONFIG.name))
        shutil.copytree(BUNDLED_GALLERY, gallery, ignore=lambda _folder, names: set(names) & {*BROUGHT, "bed.flac"})
        shutil.copy(CONFIG, config)
        settings = [*SETTINGS, f"camera.source={camera.address}", f"gallery.folder={gallery}"]
        command = [sys.executable, "main.py", "--config", str(config)]
        command += [word for setting in settings for word in ("--set", setting)]
        environment = {**os.environ, **server.environment, **display, "ART2MUS_HOME": str(home)}
        with subprocess.Popen(command, cwd=REPOSITORY, env=environment) as process:
            try:
                yield Rehearsal(folder, camera, listener, display["DISPLAY"], process, home, config)
            finally:
                process.terminate()  # killed, it would leave its shared memory behind


def rehearse(folder: Path) -> int:
    """Run it; returns the exit code."""
    folder.mkdir(parents=True, exist_ok=True)
    print("Rendering what is held up")
    arrivals = {name: render_arrival(BUNDLED_GALLERY / name) for name in PROGRAMME}
    with kiosk(folder) as rehearsal:
        rehearsal.wait_for("camera: http")
        rehearsal.listen(INVITED_S)
        rehearsal.keep_screen("-inviting")
        rehearsal.wait_for("composer: .* loaded")
        rehearsal.listen(LISTEN_S)
        rehearsal.keep_screen()
        for name in PROGRAMME:
            rehearsal.hold_up(name, *arrivals[name])
        rehearsal.switch_camera_off()
        rehearsal.fill_disk()
        rehearsal.close_room()
        rehearsal.process.terminate()
        rehearsal.process.wait(30)
        heard = rehearsal.listener.samples()
        (folder / "kiosk.log").write_text(rehearsal.log)
    soundfile.write(folder / "heard.wav", heard, RATE, subtype="PCM_24")
    silence_s, missing = longest_silence_s(heard), set(Scene) - set(rehearsal.scenes)
    _print(rehearsal.answers, silence_s, missing, folder)
    is_answered = all(answer.listening_s is not None for answer in rehearsal.answers)
    return int(silence_s > MAX_GAP_S or bool(missing) or not is_answered)


def longest_silence_s(heard: sound_server.FloatArray) -> float:
    """The longest digital silence between the first and the last sound.

    Shape: heard (audio_frames, 2).
    """
    sounding = np.flatnonzero(heard.any(axis=1))
    return float((np.diff(sounding).max(initial=1) - 1) / RATE)


def _print(answers: list[Answer], silence_s: float, missing: set[Scene], folder: Path) -> None:
    table = Table("work", "seen after", "music after", title="Held up", title_justify="left")
    for answer in answers:
        times = (answer.composing_s, answer.listening_s)
        table.add_row(answer.title, *("never" if seconds is None else f"{seconds:.1f} s" for seconds in times))
    Console().print(table)
    if missing:
        print(f"scenes that did not come: {', '.join(sorted(missing))}")
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
