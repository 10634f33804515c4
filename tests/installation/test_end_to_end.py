"""The real kiosk with mini, a virtual screen and loudspeakers that are listened to."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import psutil
import pytest

from installation.director import LEAVE_WITHIN_S
from tests import screen, sound_server
from tests.busy import slowdown
from tests.sound_server import Listener, SoundServer

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(bool(sound_server.missing()), reason=sound_server.missing() or "-"),
    pytest.mark.skipif(bool(screen.missing()), reason=screen.missing() or "-"),
]

RATE = 48000
MODEL = os.environ.get("ART2MUS_TEST_MODEL", "mini")
MAX_GAP_S = 0.020
CROSSFADE_S = 4.0
DAY_S = 60


@dataclass
class Run:
    """A kiosk that runs, and what is heard of it.

    Attributes:
        begun_at: The frame of the recording at which the command was given.
    """

    process: subprocess.Popen[str]
    listener: Listener
    home: Path
    begun_at: int
    _output: list[str] = field(default_factory=list)

    def frames(self) -> npt.NDArray[np.float32]:
        """Everything heard since the command. Shape: (audio_frames, 2)."""
        return self.listener.samples()[self.begun_at :]

    def wait_until(self, seconds: float) -> None:
        """Listen until so long after the command."""
        self.listener.wait_until(lambda heard: len(heard) - self.begun_at >= seconds * RATE, seconds + 60)

    def num_clips(self) -> int:
        """Composed so far."""
        return len(list((self.home / "library").glob("*.flac")))

    def wait_for_clips(self, number: int) -> None:
        """Listen until so many clips are composed."""
        self.listener.wait_until(lambda _: self.num_clips() >= number, 180)

    def leave(self) -> int:
        """Wait for the end; returns the exit code."""
        output, _ = self.process.communicate(timeout=120)
        self._output.append(output)
        return self.process.returncode

    def kill(self, child: str) -> float:
        """SIGKILL a child; returns when, in seconds after the command."""
        (victim,) = [p for p in psutil.Process(self.process.pid).children() if p.name() == f"kiosk-{child}"]
        at_s = len(self.frames()) / RATE
        victim.kill()
        return at_s

    @property
    def output(self) -> str:
        return "\n".join(self._output)

    @property
    def has_log(self) -> bool:
        return (self.home / "state" / "kiosk.log").exists()

    @property
    def log(self) -> str:
        return (self.home / "state" / "kiosk.log").read_text()

    @property
    def summary(self) -> dict[str, Any]:
        summary: dict[str, Any] = json.loads((self.home / "last-run.json").read_text())
        return summary


@contextlib.contextmanager
def kiosk(
    repository: Path,
    *arguments: str,
    program: Sequence[str] = ("main.py", "--set", f"model={MODEL}"),
    environment: Mapping[str, str] | None = None,
) -> Iterator[Run]:
    """`python main.py` on a virtual screen, with everything it plays recorded."""
    with (
        tempfile.TemporaryDirectory(prefix="kiosk") as folder,
        SoundServer(Path(folder), can_rewind=True) as server,
        screen.virtual_screen() as display,
        server.listening() as listener,
    ):
        home = Path(folder, "home")
        own = {**server.environment, **display, "ART2MUS_HOME": str(home), **(environment or {})}
        command = [sys.executable, *program, *arguments]
        begun_at = len(listener.samples())
        process = subprocess.Popen(
            command,
            cwd=repository,
            env={**os.environ, **own},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        try:
            yield Run(process, listener, home, begun_at)
        finally:
            process.kill()
            process.wait(10)
            if process.stdout is not None:
                process.stdout.close()


def gaps(frames: npt.NDArray[np.float32]) -> list[tuple[float, float]]:
    """(when, how long) of digital silence between the first and the last sound, in seconds."""
    sounding = np.flatnonzero(frames.any(axis=1))
    pauses = np.diff(sounding) - 1
    return [(sounding[i] / RATE, pauses[i] / RATE) for i in np.flatnonzero(pauses > MAX_GAP_S * RATE)]


def level_db(frames: npt.NDArray[np.float32], from_s: float) -> float:
    """Level of as long as a crossfade takes."""
    part = frames[round(from_s * RATE) : round((from_s + CROSSFADE_S) * RATE)].astype(np.float64)
    return 10 * float(np.log10(np.mean(np.square(part)) + 1e-12))


@pytest.fixture(scope="module")
def quiet_day(repository: Path) -> Iterator[Run]:
    """A minute in which nothing happens: always the same one, for there are works whose phrases last half of it."""
    own = ("--set", "show.seconds_per_work=14", "--set", "sampling.seed=0")
    with kiosk(repository, "--run-for", str(DAY_S), *own) as run:
        run.leave()
        yield run


def test_it_leaves_cleanly_with_a_summary(quiet_day: Run) -> None:
    assert quiet_day.process.returncode == 0, quiet_day.output
    assert "Traceback" not in quiet_day.output
    assert "works shown" in quiet_day.output
    assert quiet_day.summary["restarts"] == {"audio": 0, "composer": 0, "ui": 0}


def test_something_sounds_within_three_seconds_and_a_piece_within_twelve(quiet_day: Run) -> None:
    first_sound_s = np.flatnonzero(quiet_day.frames().any(axis=1))[0] / RATE
    busy = slowdown()
    assert first_sound_s < 3.0 * busy
    assert quiet_day.summary["first_sound_s"] == pytest.approx(first_sound_s, abs=0.5)
    assert quiet_day.summary["first_piece_s"] < 12.0 * busy


def test_it_is_never_silent(quiet_day: Run) -> None:
    assert gaps(quiet_day.frames()) == []
    assert quiet_day.summary["underruns"] == 0
    assert quiet_day.summary["silence_s"] == 0.0
    assert np.abs(quiet_day.frames()).max() < 1.0


def test_works_follow_each_other_in_crossfades_without_a_dip(quiet_day: Run) -> None:
    """A crossfade is nowhere quieter than the quietest bars of the music itself."""
    assert quiet_day.summary["works_shown"] >= 3, quiet_day.output
    frames, fades_s = quiet_day.frames(), quiet_day.summary["fades_s"]
    elsewhere = [
        level_db(frames, at_s)
        for at_s in np.arange(fades_s[0] + CROSSFADE_S, DAY_S - 5.0, 0.5)
        if all(abs(at_s - fade_s) >= CROSSFADE_S for fade_s in fades_s)
    ]
    during = [level_db(frames, fade_s) for fade_s in fades_s[1:] if fade_s < DAY_S - 5.0]
    assert min(during) > min(elsewhere) - 1.5


def test_memory_stays_within_its_bounds(quiet_day: Run) -> None:
    peak_mb = quiet_day.summary["peak_memory_mb"]
    for process, bound_mb in {"ui": 250, "audio": 120, "composer": 900, "director": 60}.items():
        assert peak_mb[process] < bound_mb


def test_the_sound_survives_the_death_of_every_process(repository: Path) -> None:
    with kiosk(repository, "--run-for", "45", "--set", "show.seconds_per_work=14") as run:
        run.wait_for_clips(2)
        num_clips = run.num_clips()
        run.kill("composer")
        run.wait_until(22)
        run.kill("ui")
        run.wait_until(26)
        busy = slowdown()
        killed_s = run.kill("audio")
        assert run.leave() == 0, run.output
        busy = max(busy, slowdown())
        silences = [gap for gap in gaps(run.frames()) if gap[1] > busy * MAX_GAP_S]
        assert len(silences) <= 1
        for began_s, length_s in silences:
            assert began_s == pytest.approx(killed_s, abs=1.5)
            assert length_s <= 1.0 * busy
        assert run.summary["restarts"] == {"audio": 1, "composer": 1, "ui": 1}
        assert run.summary["frames"] > 30 * 25  # more than it painted before it was killed
        assert run.num_clips() > num_clips  # by a composer that was loaded anew
        assert run.summary["works_shown"] >= 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_it_within_two_seconds(repository: Path, number: signal.Signals) -> None:
    with kiosk(repository) as run:
        run.listener.wait_for_sound(30, since=run.begun_at)
        run.process.send_signal(number)
        run.process.wait(LEAVE_WITHIN_S + 1.0)
        assert run.leave() == 0, run.output
        assert "Traceback" not in run.output


def test_without_screen_and_sound_it_says_so_in_a_line_each_and_goes_on(repository: Path, own_home: Path) -> None:
    nothing = {"DISPLAY": "", "WAYLAND_DISPLAY": "", "QT_QPA_PLATFORM": "", "PULSE_SERVER": "unix:/nowhere"}
    finished = subprocess.run(
        [sys.executable, "main.py", "--run-for", "8", "--set", f"model={MODEL}"],
        cwd=repository, env={**os.environ, **nothing}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    assert len(re.findall("no screen: ", finished.stderr)) == 1
    assert len(re.findall("silent device", finished.stderr)) <= 2
    assert json.loads((own_home / "last-run.json").read_text())["first_sound_s"] < 8
