"""A PulseAudio server of our own with a null sink: loudspeakers that can be listened to bit for bit.

What a program plays into the sink is read back from its monitor. Nothing of the machine's own sound
is touched: the server lives in a folder of its own and is found by environment variables alone.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
PROGRAMS = ("pulseaudio", "parec", "pactl")
PLUGINS = ("/usr/lib/*/alsa-lib/libasound_module_pcm_pulse.so", "/usr/lib*/alsa-lib/libasound_module_pcm_pulse.so")


def missing() -> str:
    """What has to be installed before there can be a server, in one line; empty if nothing."""
    absent = [program for program in PROGRAMS if shutil.which(program) is None]
    if absent:
        return f"no {', '.join(absent)}: install pulseaudio pulseaudio-utils"
    if not any(list(Path("/").glob(pattern[1:])) for pattern in PLUGINS):
        return "ALSA cannot reach PulseAudio: install libasound2-plugins"
    return ""


class SoundServer:
    """Runs while the context is entered.

    Attributes:
        environment: What a program needs in its environment to play here.
    """

    def __init__(self, folder: Path, rate: int = 48000, *, can_rewind: bool = False) -> None:
        """Prepare; nothing runs yet.

        Args:
            folder: For everything the server writes; its path should be short: there is a socket in it.
            rate: Of the sink, in Hz.
            can_rewind: The sink takes up to 2 s at once and takes back what was not heard yet, as most cards do. Then
                a listener who comes to an idle sink hears nothing for up to 2 s, whatever is played; without, 50 ms.
        """
        self._folder = folder
        self._rate = rate
        self._can_rewind = can_rewind
        self._process: subprocess.Popen[bytes] | None = None
        self._alsa = folder / "alsa.conf"
        self._devices = ["pulse", "!default"]
        self._make_folder()
        self.environment = {
            "PULSE_SERVER": f"unix:{folder}/native",
            "PULSE_RUNTIME_PATH": str(folder),
            "ALSA_CONFIG_PATH": str(self._alsa),
        }

    def __enter__(self) -> SoundServer:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.kill()

    def _make_folder(self) -> None:
        self._folder.mkdir(exist_ok=True)
        self._alsa.write_text(
            "".join(f"{kind}.{name} {{ type pulse }}\n" for kind in ("pcm", "ctl") for name in self._devices)
        )

    def plug(self, device: str) -> None:
        """Let ALSA see one more device, which leads to the same sink."""
        self._devices.append(device)
        self._make_folder()

    def vanish(self) -> None:
        """SIGKILL, and nothing of what was in its folder is left: as if the user's session had ended."""
        self.kill()
        shutil.rmtree(self._folder)

    @property
    def pid(self) -> int:
        """Of the server that runs."""
        assert self._process is not None
        return self._process.pid

    def start(self, timeout_s: float = 10.0) -> None:
        """Start the server and wait until it answers."""
        self._make_folder()
        (self._folder / "native").unlink(missing_ok=True)
        home = {name: str(self._folder) for name in ("HOME", "XDG_RUNTIME_DIR", "PULSE_RUNTIME_PATH")}
        sink = f"rate={self._rate} channels=2 format=float32le norewinds={int(not self._can_rewind)}"
        options = "--daemonize=no --exit-idle-time=-1 --use-pid-file=no --realtime=no --disable-shm=yes".split()
        with (self._folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *("pulseaudio", "-n", *options),
                    *("-L", f"module-native-protocol-unix socket={self._folder}/native auth-anonymous=1"),
                    *("-L", f"module-null-sink sink_name=kiosk {sink}"),
                ],
                env={**os.environ, **home},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline_s = time.monotonic() + timeout_s
        while subprocess.run(["pactl", "info"], env=self._client_environment(), capture_output=True).returncode:
            if time.monotonic() > deadline_s or self._process.poll() is not None:
                self.kill()
                raise RuntimeError((self._folder / "server.log").read_text())

    def kill(self) -> None:
        """SIGKILL: as if the sound server had crashed."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(5.0)
            self._process = None

    @contextlib.contextmanager
    def listening(self) -> Iterator[Listener]:
        """Record what the speakers would play; the recording has begun when the context is entered."""
        command = [
            *("parec", "-d", "kiosk.monitor", "--raw", "--latency-msec=30"),
            *("--format=float32le", f"--rate={self._rate}", "--channels=2"),
        ]
        with subprocess.Popen(command, env=self._client_environment(), stdout=subprocess.PIPE) as process:
            listener = Listener(process, self._rate)
            try:
                listener.wait_until(lambda samples: len(samples) > 0, 10.0)
                yield listener
            finally:
                process.terminate()
                listener.join()

    def _client_environment(self) -> dict[str, str]:
        return {**os.environ, **self.environment, "HOME": str(self._folder)}


class Listener:
    """The monitor's samples so far; grows in a thread of its own."""

    def __init__(self, process: subprocess.Popen[bytes], rate: int) -> None:
        self._stdout = process.stdout
        self._rate = rate
        self._data = bytearray()
        self._grown = threading.Condition()
        self._thread = threading.Thread(target=self._read, name="listener", daemon=True)
        self._thread.start()

    def samples(self) -> FloatArray:
        """Everything heard so far.

        Shape: (audio_frames, 2).
        """
        with self._grown:
            data = bytes(self._data[: len(self._data) // 8 * 8])
        return np.frombuffer(data, np.float32).reshape(-1, 2)

    @property
    def num_frames(self) -> int:
        """Audio frames heard so far; counting them costs nothing, however many they are."""
        with self._grown:
            return len(self._data) // 8

    def wait_until(self, is_enough: Callable[[FloatArray], bool], timeout_s: float) -> FloatArray:
        """Wait until `is_enough(samples)`; returns the samples.

        Raises: TimeoutError.
        """
        deadline_s = time.monotonic() + timeout_s
        while True:
            samples = self.samples()
            if is_enough(samples):
                return samples
            with self._grown:
                left_s = deadline_s - time.monotonic()
                if left_s <= 0:
                    raise TimeoutError(f"not heard within {timeout_s} s")
                self._grown.wait(min(left_s, 0.2))

    def wait_for_sound(self, timeout_s: float, since: int = 0) -> int:
        """The first frame from `since` on that is not silent.

        Raises: TimeoutError.
        """
        samples = self.wait_until(lambda heard: heard[since:].any(), timeout_s)
        return since + int(np.flatnonzero(samples[since:].any(axis=1))[0])

    def join(self) -> None:
        """Wait for the end of the recording."""
        self._thread.join(5.0)

    def _read(self) -> None:
        assert self._stdout is not None
        while data := os.read(self._stdout.fileno(), 1 << 16):
            with self._grown:
                self._data += data
                self._grown.notify_all()
