"""The director with real children, a composer that needs no model, no screen and no loudspeaker."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from installation.schedule import WEEKDAYS
from installation.works import BUNDLED_GALLERY
from tests.art2mus import tiny
from tests.busy import slowdown

SINE = "tests.installation.sine_composer:main"
FAILING = "tests.installation.children:failing_composer"
PICTURES = sorted(BUNDLED_GALLERY.glob("*.jpg"))

pytestmark = [pytest.mark.alone, pytest.mark.slow]


@pytest.fixture
def gallery(tmp_path: Path) -> Path:
    folder = tmp_path / "gallery"
    folder.mkdir()
    for picture in PICTURES[:3]:
        shutil.copy(picture, folder)
    return folder


def run(
    repository: Path, composer: str, seconds: int, *overrides: str, is_enough: Callable[[Path], bool] = lambda _: False
) -> tuple[dict[str, Any], str]:
    """Summary and log of a run of so many seconds, or until what is in the kiosk's home is enough."""
    command = [sys.executable, "-m", "tests.installation.run_kiosk", composer, str(seconds), *overrides]
    environment = {**os.environ, "PULSE_SERVER": "unix:/nowhere"}
    home = Path(os.environ["ART2MUS_HOME"])
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(command, cwd=repository, env=environment, stderr=errors) as process,
    ):
        while process.poll() is None and not is_enough(home):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.5)
        process.terminate()
        process.wait(30)
        errors.seek(0)
        assert process.returncode == 0, errors.read()
    return json.loads((home / "last-run.json").read_text()), log_of(home)


def log_of(home: Path) -> str:
    path = home / "state" / "kiosk.log"
    return path.read_text() if path.exists() else ""


def num_clips(home: Path) -> int:
    """Composed so far."""
    return len(list((home / "library").glob("[!.]*.flac")))


def test_works_follow_each_other_and_a_bad_picture_is_passed_over(repository: Path, gallery: Path) -> None:
    shutil.copy(PICTURES[3], gallery / "a_unreadable-1900.jpg")
    summary, log = run(
        repository, SINE, 60,
        f"gallery.folder={gallery}", "gallery.order=by name", "show.seconds_per_work=6", "show.crossfade_s=1",
        is_enough=lambda home: log_of(home).count("director: showing") >= 4,
    )  # fmt: skip
    assert summary["works_shown"] >= 3
    assert summary["different_works"] >= 3
    assert summary["clips_made"] >= 3
    assert summary["silence_s"] <= slowdown() - 1.0, "nothing, where no other program is in the way"
    assert "no music: a_unreadable-1900.jpg cannot be read" in log
    assert "Traceback" not in log


def test_the_library_plays_while_there_is_no_composer(repository: Path, gallery: Path) -> None:
    settings = [f"gallery.folder={gallery}", "show.seconds_per_work=6", "show.crossfade_s=1"]
    composed, _ = run(repository, SINE, 60, *settings, is_enough=lambda home: num_clips(home) >= 3)
    assert composed["clips_made"] >= 3
    played, log = run(repository, FAILING, 10, *settings, "composer.patience_s=1")
    assert played["clips_made"] == 0
    assert played["clips_from_library"] >= 1
    assert played["first_piece_s"] is not None
    assert played["restarts"]["composer"] >= 1
    assert "RuntimeError: meant to fail" in log


@pytest.mark.timeout(300)
def test_a_model_whose_numbers_are_gone_makes_way_for_mini_and_the_show_goes_on(
    repository: Path, gallery: Path, tmp_path: Path
) -> None:
    """The real composer, with a model whose weights are not numbers; each of its two lives logs a step once."""
    broken = tiny.pipeline()
    torch.nn.init.constant_(broken.unet.conv_out.bias, float("nan"))
    broken.save_pretrained(tmp_path / "broken")
    summary, log = run(
        repository, "installation.composer:main", 240,
        f"gallery.folder={gallery}", f"model={tmp_path / 'broken'}", "sampling.candidates=2",
        is_enough=lambda home: num_clips(home) >= 2,
    )  # fmt: skip
    assert summary["clips_made"] >= 1
    assert summary["silence_s"] <= slowdown() - 1.0, "the bed sounds meanwhile"
    assert "Traceback" not in log
    for words in (
        "candidates for each clip from now on: 1",
        "what came out is not a number (the latents",
        "ended (exit code 75)",
        "has failed 2 times in a row; mini composes on the processor",
    ):
        assert 1 <= log.count(words) <= 2, words


def test_systemd_hears_that_it_is_ready_that_it_plays_and_that_it_leaves(
    repository: Path, gallery: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))

        def listen() -> None:
            while heard[-1:] != ["STOPPING=1"]:
                heard.append(manager.recv(100).decode())

        listener = threading.Thread(target=listen, daemon=True)
        listener.start()
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        both = {"READY=1", "WATCHDOG=1"}
        _, log = run(repository, SINE, 60, f"gallery.folder={gallery}", is_enough=lambda _: both <= {*heard})
        listener.join(10)
    assert heard.count("READY=1") == 1, log
    assert "WATCHDOG=1" in heard
    assert heard[-1] == "STOPPING=1"


def test_outside_its_hours_the_room_is_closed(repository: Path, gallery: Path) -> None:
    hours = [f"hours.{day}=closed" for day in WEEKDAYS]
    summary, _ = run(repository, SINE, 5, f"gallery.folder={gallery}", *hours)
    assert (summary["works_shown"], summary["clips_made"]) == (0, 0)
    assert json.loads((Path(os.environ["ART2MUS_HOME"]) / "state" / "status.json").read_text())["scene"] == "closed"


def test_a_gallery_without_works_has_the_bed(repository: Path, tmp_path: Path) -> None:
    summary, log = run(repository, SINE, 6, f"gallery.folder={tmp_path}")
    assert summary["first_sound_s"] is not None
    assert summary["first_piece_s"] is None
    assert summary["works_shown"] == 0
    assert "0 works" in log
