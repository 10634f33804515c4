"""A room in which the kiosk runs: virtual loudspeakers that are listened to, a virtual screen, a gallery."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import psutil

from installation.works import BUNDLED_GALLERY
from tests import screen
from tests.camera_server import CameraServer
from tests.installation.camera.cameras import wall
from tests.installation.run_kiosk import EVERY_LINE
from tests.sound_server import Listener, SoundServer

REPOSITORY = Path(__file__).resolve().parents[2]
RATE = 48000
MAX_GAP_S = 0.020
"""Shorter silences are none."""
PATIENCE_S = 180.0
LISTEN_S = 3.0
"""So long the recording goes on after everything is well again."""
CAMERA_FPS = 10.0
"""Enough to see that pictures come; a wall needs no more."""
COMPILER = shutil.which("cc")
"""Makes the library that lets one program see another time on the wall."""


class Room:
    """The kiosk, and what is heard of it.

    Attributes:
        home: What the kiosk writes.
        gallery: The folder of its works.
        config: Its configuration file.
        server: Its loudspeakers.
        camera: Its camera, before an empty wall.
        noticed_s: How long the kiosk took to notice the last trouble, if that was measured.
    """

    def __init__(
        self, folder: Path, server: SoundServer, display: dict[str, str], camera: CameraServer, model: str
    ) -> None:
        self.home, self.gallery = folder / "home", folder / "gallery"
        self.config, self.clock = folder / "kiosk.yaml", folder / "clock"
        self.server, self.camera = server, camera
        self.noticed_s: float | None = None
        self._port = _free_port()
        self.listener: Listener
        self._listening = contextlib.ExitStack()
        self._set_up()
        self.listen()
        command = [sys.executable, "-m", "tests.installation.run_kiosk", f"tests.chaos.composer:{model}", "86400"]
        environment = {**os.environ, **server.environment, **display, "ART2MUS_HOME": str(self.home)}
        if COMPILER is not None:
            environment |= {"LD_PRELOAD": str(_make_clock(COMPILER, folder)), "CHAOS_CLOCK": str(self.clock)}
        with (folder / "output").open("wb") as output:
            self.process = subprocess.Popen(
                [*command, str(self.config)], cwd=REPOSITORY, env=environment, stdout=output, stderr=output
            )

    def _set_up(self) -> None:
        self.home.mkdir()
        self.gallery.mkdir()
        for picture in sorted(BUNDLED_GALLERY.glob("*.jpg"))[:5]:
            shutil.copy(picture, self.gallery)
        self.step_clock(0)
        self.configure()

    def configure(self, volume: float = 1.0, more: str = "") -> None:
        """Write the configuration."""
        self.config.write_text(
            f"gallery: {{folder: {self.gallery}, scan_every_s: 1}}\n"
            "show: {seconds_per_work: 16, crossfade_s: 2}\n"
            f"audio: {{volume: {volume}}}\n"
            f"composer: {{patience_s: 5}}\nweb: {{enabled: true, port: {self._port}}}\n"
            f"camera: {{source: '{self.camera.address}'}}\n{more}"
        )

    def step_clock(self, hours: int) -> None:
        """Let the kiosk's clock on the wall be wrong by so much."""
        self.clock.write_text(str(3600 * hours))

    def listen(self) -> None:
        """Begin a recording, and end the last one."""
        self._listening.close()
        self.listener = self._listening.enter_context(self.server.listening())

    def close(self) -> int:
        """End the kiosk as an administrator would; returns its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(20)
        finally:
            self.process.kill()
            self._listening.close()

    # ------------------------------------------------------------ the kiosk's processes

    def pid(self, child: str) -> int | None:
        """Of the process of this name, None while there is none."""
        for process in psutil.Process(self.process.pid).children():
            with contextlib.suppress(psutil.Error):
                if process.name() == f"kiosk-{child}":
                    return process.pid
        return None

    def signal(self, child: str, number: signal.Signals) -> int:
        """Send a signal; returns the pid it went to."""
        self.wait_until(lambda: self.pid(child) is not None)
        pid = self.pid(child)
        assert pid is not None
        os.kill(pid, number)
        return pid

    @property
    def log(self) -> str:
        """What the kiosk has said."""
        return (self.home / "state" / EVERY_LINE).read_text()

    def num_clips(self) -> int:
        """Composed so far."""
        return len(list((self.home / "library").glob("*.flac")))

    # ------------------------------------------------------------ what is heard

    def now(self) -> int:
        """The frame of the recording that has just come."""
        return self.listener.num_frames

    def hear(self, seconds: float) -> None:
        """Listen for so long."""
        end = self.now() + round(seconds * RATE)
        self.wait_until(lambda: self.now() >= end, seconds + PATIENCE_S)

    def hear_sound(self) -> None:
        """Listen for a while, and on until there is sound: a silence that is not over yet is of no known length.

        Raises: TimeoutError.
        """
        self.hear(LISTEN_S)
        self.listener.wait_for_sound(PATIENCE_S, self.now())

    def wait_until(self, is_so: Callable[[], bool], timeout_s: float = PATIENCE_S) -> None:
        """Wait for something.

        Raises: TimeoutError.
        """
        deadline_s = time.monotonic() + timeout_s
        while not is_so():
            if time.monotonic() > deadline_s or self.process.poll() is not None:
                raise TimeoutError(f"not within {timeout_s} s")
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(0.05)

    def silence_s(self, since: int) -> float:
        """Silence from a frame of the recording until now, in gaps longer than `MAX_GAP_S`."""
        return sum(gaps(self.listener.samples()[since:]))


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("", 0))
        return int(one.getsockname()[1])


def _make_clock(compiler: str, folder: Path) -> Path:
    library = folder / "clock.so"
    source = Path(__file__).with_name("clock.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return library


def gaps(frames: npt.NDArray[np.float32]) -> list[float]:
    """Lengths of the digital silences, in seconds; also of one in which the recording ends.

    Shape: frames (audio_frames, 2).
    """
    sounding = np.concatenate([[-1], np.flatnonzero(frames.any(axis=1)), [len(frames)]])
    return [float(pause) / RATE for pause in np.diff(sounding) - 1 if pause > MAX_GAP_S * RATE]


@contextlib.contextmanager
def open_room(model: str) -> Iterator[Room]:
    """A room with the kiosk in it, once a composed piece sounds.

    Args:
        model: "mini", or "sine" for a composer that needs no model.
    """
    with (
        tempfile.TemporaryDirectory(prefix="room") as name,
        SoundServer(Path(name, "sound")) as server,
        screen.virtual_screen() as display,
        CameraServer(wall(), CAMERA_FPS) as camera,
    ):
        room = Room(Path(name), server, display, camera, model)
        try:
            room.wait_until(lambda: room.num_clips() >= 2)
            room.hear(5)
            yield room
        except TimeoutError as error:
            raise RuntimeError(f"{error}\n{Path(name, 'output').read_text()[-3000:]}") from error
        finally:
            code = room.close()
        if code != 0:
            raise RuntimeError(f"the kiosk ended with exit code {code}:\n{Path(name, 'output').read_text()[-3000:]}")
