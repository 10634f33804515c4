"""How the kiosk is: figures over all lives of its processes, files that are whole, text for Prometheus."""

from __future__ import annotations

import json
import logging
import os
import re
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from installation import status as status_module
from installation.gpu import MAX_ANSWER_S, GpuGauge, read_cards
from installation.library import Library
from installation.messages import (
    AudioHeartbeat,
    AudioReady,
    CameraHeartbeat,
    CameraLost,
    ClipInfo,
    ClipReady,
    Gpu,
    Status,
)
from installation.status import StatusFiles, Watch, prometheus_text
from installation.summary import Tally
from installation.supervisor import ChildPlan, Said, Supervisor

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
STATUS = Status(
    time="2026-11-25T12:00:00+00:00",
    ran_s=3600.0,
    scene="attract",
    clips=120,
    clips_from_library=2,
    real_time_factor=0.08,
    stage_seconds={"denoise": 0.5},
    queue_s=31.2,
    tier=1,
    tier_s=(3500.0, 60.0, 7.5),
    underruns=0,
    silence_s=0.25,
    sound_device="speakers",
    is_sound_lost=False,
    camera_age_s=None,
    frames=108_000,
    late_frames=3,
    library_clips=120,
    library_mb=240.5,
    restarts={"audio": 1, "ui": 0},
    memory_mb={"director": 40.0, "audio": 80.0},
    peak_memory_mb={"director": 41.0, "audio": 90.0},
    gpus=(Gpu(512.0, 24564.0, 41.0),),
)


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    child = ChildPlan("audio", "tests.installation.children:obedient", ("Ada",), max_start_s=60, max_idle_s=60)
    supervisor = Supervisor([child], time.monotonic())
    while not any(isinstance(news, Said) for news in supervisor.wait(0.2)):
        """It is still starting."""
    yield supervisor
    supervisor.close(grace_s=5.0)


def beat(samples_played: int, bed_s: float = 0.0) -> AudioHeartbeat:
    return AudioHeartbeat(samples_played, 1, 0.5, 2.0, bed_s, 2, "clip", 1.0, 31.25)


def test_a_status_sums_over_the_lives_of_the_audio_process(supervisor: Supervisor, tmp_path: Path) -> None:
    tally = Tally(started_at_s=100.0)
    watch = Watch(tally, supervisor, Library(tmp_path, 10**9))
    watch.hear(AudioReady("speakers", 48_000), 101.0)
    for heartbeat in (beat(480_000, bed_s=3.0), beat(960_000, bed_s=3.0)):
        watch.hear(heartbeat, 130.0)
        tally.count_audio(heartbeat)
    tally.close_audio_life()
    tally.count_audio(beat(480_000))
    clip = ClipInfo("clip", "wave", Path("clip.flac"), 20.0, 48_000)
    watch.hear(ClipReady("job", clip, (("encode", 0.5), ("denoise", 1.5))), 131.0)
    status = watch.status("listening", 140.0, NOW)
    assert (status.time, status.ran_s, status.scene) == ("2026-11-25T12:00:00+00:00", 40.0, "listening")
    assert (status.tier, status.queue_s, status.real_time_factor) == (2, 31.2, 0.1)
    assert status.tier_s == (30.0 - 4.0 - 3.0, 4.0, 3.0)
    assert (status.underruns, status.silence_s, status.sound_device) == (2, 1.0, "speakers")
    assert status.restarts == {"audio": 0}
    assert set(status.memory_mb) == set(status.peak_memory_mb) == {"director", "audio"}
    assert all(figure > 0 for figure in (*status.memory_mb.values(), *status.peak_memory_mb.values()))


def test_the_age_of_the_cameras_picture_grows_until_it_is_lost(supervisor: Supervisor, tmp_path: Path) -> None:
    watch = Watch(Tally(0.0), supervisor, Library(tmp_path, 10**9))
    assert watch.status("attract", 10.0, NOW).camera_age_s is None
    watch.hear(CameraHeartbeat(30.0, age_s=0.5), 10.0)
    assert watch.status("attract", 12.0, NOW).camera_age_s == 2.5
    watch.hear(CameraLost("camera", "unplugged"), 13.0)
    assert watch.status("attract", 14.0, NOW).camera_age_s is None


# ---------------------------------------------------------------- files


def test_the_newest_status_and_a_line_for_each(tmp_path: Path) -> None:
    files = StatusFiles(tmp_path / "status.json")
    for clips in (1, 2):
        files.write(replace(STATUS, clips=clips))
    newest = json.loads((tmp_path / "status.json").read_text())
    assert newest == json.loads(json.dumps(asdict(replace(STATUS, clips=2))))
    lines = (tmp_path / "status.jsonl").read_text().splitlines()
    assert [json.loads(line)["clips"] for line in lines] == [1, 2]
    assert json.loads(lines[0])["gpus"] == [{"memory_mb": 512.0, "total_memory_mb": 24564.0, "temperature_c": 41.0}]
    assert {path.name for path in tmp_path.iterdir()} == {"status.json", "status.jsonl"}


def test_the_lines_do_not_grow_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status_module, "_MAX_LOG_BYTES", 3000)
    files = StatusFiles(tmp_path / "status.json")
    for _ in range(60):
        files.write(STATUS)
    kept = sorted(tmp_path.glob("status.jsonl*"))
    assert len(kept) == 10
    assert sum(path.stat().st_size for path in kept) < 35_000
    assert all(json.loads(line) for path in kept for line in path.read_text().splitlines())


def test_a_full_disk_costs_a_line_and_nothing_else(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    files = StatusFiles(tmp_path / "status.json")
    (tmp_path / "status.jsonl").symlink_to("/dev/full")
    files.write(STATUS)
    assert "no status written: [Errno 28] No space left on device" in caplog.text
    assert capsys.readouterr().err == ""
    (tmp_path / "file").touch()
    StatusFiles(tmp_path / "file" / "status.json").write(STATUS)
    assert caplog.records[-1].levelno == logging.WARNING


# ---------------------------------------------------------------- Prometheus


def test_prometheus_reads_every_line() -> None:
    text = prometheus_text(STATUS)
    sample = re.compile(r'art2mus_[a-z_]+(\{[a-z]+="[^"\\\n]*"\})? [0-9.e+-]+')
    lines = text.splitlines()
    assert all(sample.fullmatch(line) for line in lines if not line.startswith("#"))
    assert len({line for line in lines if line.startswith("# TYPE ")}) == text.count("# HELP ")
    for line in (
        "art2mus_clips_total 120.0",
        'art2mus_tier_seconds_total{tier="2"} 60.0',
        'art2mus_restarts_total{process="audio"} 1.0',
        'art2mus_memory_bytes{process="director"} 41943040.0',
        'art2mus_scene{scene="attract"} 1.0',
        'art2mus_gpu_temperature_celsius{gpu="0"} 41.0',
    ):
        assert line in lines


def test_what_is_not_known_is_left_out_and_names_are_escaped() -> None:
    text = prometheus_text(replace(STATUS, real_time_factor=None, gpus=(), restarts={'a"b\\c\n': 1}))
    assert "real_time_factor" not in text
    assert "gpu" not in text
    assert 'art2mus_restarts_total{process="a\\"b\\\\c\\n"} 1.0' in text.splitlines()


# ---------------------------------------------------------------- graphics cards


def tool(folder: Path, script: str) -> Path:
    path = folder / "nvidia-smi"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def read_until(gauge: GpuGauge, wanted: tuple[Gpu, ...]) -> None:
    deadline_s = time.monotonic() + 30.0
    while gauge.read(0.0) != wanted:
        assert time.monotonic() < deadline_s
        os.sched_yield()


def finish(gauge: GpuGauge) -> int:
    """Wait for the tool, so that nothing of it is left; its exit code."""
    asking = gauge._asking
    assert asking is not None
    asking.communicate(timeout=30)
    return asking.returncode


def test_the_cards_are_those_of_the_last_answer(tmp_path: Path) -> None:
    gauge = GpuGauge(tool(tmp_path, "echo '512, 24564, 41'; echo '1, 2, [N/A]'"))
    assert gauge.read(0.0) == ()
    read_until(gauge, (Gpu(512.0, 24564.0, 41.0),))
    tool(tmp_path, "echo 'driver mismatch'; exit 9")
    read_until(gauge, ())
    finish(gauge)


def test_a_tool_that_hangs_is_not_waited_for(tmp_path: Path) -> None:
    gauge = GpuGauge(tool(tmp_path, "exec sleep 1000"))
    started_s = time.monotonic()
    assert gauge.read(0.0) == gauge.read(1.0) == gauge.read(MAX_ANSWER_S + 1) == ()
    assert time.monotonic() - started_s < 5
    assert finish(gauge) < 0, "it was ended"


def test_without_a_tool_there_are_no_cards(tmp_path: Path) -> None:
    assert GpuGauge(None).read(0.0) == ()
    assert GpuGauge(tmp_path / "nowhere").read(0.0) == ()
    assert read_cards("No devices were found\n") == ()
