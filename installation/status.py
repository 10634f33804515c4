"""How the kiosk is: put together, kept as files, and as Prometheus reads it."""

from __future__ import annotations

import itertools
import json
import logging
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from art2mus.whole_files import whole_file
from installation.gpu import GpuGauge
from installation.library import Library
from installation.messages import (
    AudioHeartbeat,
    AudioReady,
    CameraHeartbeat,
    CameraLost,
    ClipReady,
    Status,
)
from installation.summary import Tally
from installation.supervisor import Supervisor, memory_mb

_MAX_LOG_BYTES = 10_000_000
_NUM_OLD_LOGS = 9

_log = logging.getLogger(__name__)


class Watch:
    """Listens to what the processes say, and can say at any moment how the kiosk is."""

    def __init__(self, tally: Tally, supervisor: Supervisor, library: Library) -> None:
        """Know nothing yet."""
        self._tally, self._supervisor, self._library = tally, supervisor, library
        tool = shutil.which("nvidia-smi")
        self._gpus = GpuGauge(Path(tool) if tool is not None else None)
        self._device: AudioReady | None = None
        self._audio: AudioHeartbeat | None = None
        self._newest_clip: ClipReady | None = None
        self._camera_frame_at_s: float | None = None

    def hear(self, message: object, now_s: float) -> None:
        """Take note of what a process said."""
        match message:
            case AudioReady():
                self._device = message
            case AudioHeartbeat():
                self._audio = message
            case ClipReady():
                self._newest_clip = message
            case CameraHeartbeat(age_s=age_s):
                self._camera_frame_at_s = now_s - age_s
            case CameraLost():
                self._camera_frame_at_s = None

    def status(self, scene: str, now_s: float, now: datetime) -> Status:
        """How the kiosk is.

        Args:
            scene: Of the show.
            now_s: Monotonic.
            now: The same moment by the clock, with its time zone.
        """
        tally, supervisor, audio, device = self._tally, self._supervisor, self._audio, self._device
        counts, frames = tally.audio(), tally.frames()
        played_s = counts["samples"] / device.sample_rate if device is not None else 0.0
        piece_s = max(0.0, played_s - counts["loop_s"] - counts["bed_s"])
        camera_at_s = self._camera_frame_at_s
        return Status(
            time=now.isoformat(timespec="seconds"),
            ran_s=round(now_s - tally.started_at_s, 1),
            scene=scene,
            clips=tally.num_composed,
            clips_from_library=tally.num_from_library,
            real_time_factor=_real_time_factor(self._newest_clip),
            stage_seconds=dict(self._newest_clip.stage_seconds) if self._newest_clip is not None else {},
            queue_s=round(audio.remaining_s, 1) if audio is not None else 0.0,
            tier=audio.tier if audio is not None else None,
            tier_s=(round(piece_s, 1), round(counts["loop_s"], 1), round(counts["bed_s"], 1)),
            underruns=round(counts["underruns"]),
            silence_s=round(counts["silence_s"] + tally.gap_s, 3),
            sound_device=device.device if device is not None else "",
            is_sound_lost=device is not None and device.is_silent,
            camera_age_s=round(now_s - camera_at_s, 1) if camera_at_s is not None else None,
            frames=frames[0],
            late_frames=frames[1],
            library_clips=len(self._library),
            library_mb=round(self._library.num_bytes() / 1e6, 1),
            restarts={name: supervisor.num_deaths(name) for name in supervisor.names},
            memory_mb=self._memory_now(),
            peak_memory_mb=_rounded(supervisor.measure_memory() | {"director": memory_mb(os.getpid(), at_peak=True)}),
            gpus=self._gpus.read(now_s),
        )

    def _memory_now(self) -> dict[str, float]:
        pids = {name: self._supervisor.pid(name) for name in self._supervisor.names} | {"director": os.getpid()}
        return _rounded({name: memory_mb(pid) for name, pid in pids.items() if pid is not None})


def _rounded(figures: Mapping[str, float]) -> dict[str, float]:
    return {name: round(figure, 1) for name, figure in figures.items()}


def _real_time_factor(ready: ClipReady | None) -> float | None:
    if ready is None:
        return None
    return round(sum(seconds for _, seconds in ready.stage_seconds) / ready.clip.length_s, 4)


# ---------------------------------------------------------------- as files


class StatusFiles:
    """`status.json`, whole or absent, and `status.jsonl` with one line for each status, which does not grow for ever.

    What cannot be written costs one line in the log. Nothing is kept open: on a full disk nothing piles up.
    """

    def __init__(self, newest: Path) -> None:
        """Write nothing yet.

        Args:
            newest: `status.json`; the lines come beside it.
        """
        self._newest, self._lines = newest, newest.with_suffix(".jsonl")

    def write(self, status: Status) -> None:
        """Keep a status."""
        values = asdict(status)
        try:
            with whole_file(self._newest, is_lasting=False) as path:  # no wait for the disk: there is one a minute
                path.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
            self._make_room()
            with self._lines.open("a", encoding="utf-8") as file:
                file.write(json.dumps(values, separators=(",", ":")) + "\n")
        except OSError as error:
            _log.warning("no status written: %s", error)

    def _make_room(self) -> None:
        """Number the older files on when the newest is full."""
        if not self._lines.exists() or self._lines.stat().st_size < _MAX_LOG_BYTES:
            return
        names = [self._lines, *(self._lines.with_name(f"{self._lines.name}.{i + 1}") for i in range(_NUM_OLD_LOGS))]
        for newer, older in reversed(list(itertools.pairwise(names))):
            if newer.exists():
                newer.replace(older)


# ---------------------------------------------------------------- as Prometheus reads it

_Samples = Mapping[str, float | None]  # by label; "" is no label, None is not known and left out

_METRICS: tuple[tuple[str, str, str, str, Callable[[Status], _Samples]], ...] = (
    # name                       kind       label      what it is
    ("run_seconds",             "gauge",   "",        "Since the start.", lambda s: {"": s.ran_s}),
    ("scene",                   "gauge",   "scene",   "The scene of the show, as its label.", lambda s: {s.scene: 1}),
    ("clips_total",             "counter", "",        "Clips composed.", lambda s: {"": s.clips}),
    ("library_plays_total",     "counter", "",        "Clips played from the library.",
     lambda s: {"": s.clips_from_library}),
    ("real_time_factor",        "gauge",   "",        "Seconds of composing per second of music, newest clip.",
     lambda s: {"": s.real_time_factor}),
    ("stage_seconds",           "gauge",   "stage",   "Seconds of composing, newest clip.", lambda s: s.stage_seconds),
    ("queue_seconds",           "gauge",   "",        "Music ahead.", lambda s: {"": s.queue_s}),
    ("tier_seconds_total",      "counter", "tier",    "Spent on what was asked for, on loops, on the bed.",
     lambda s: dict(zip("123", s.tier_s, strict=True))),
    ("underruns_total",         "counter", "",        "Blocks that came too late for the device.",
     lambda s: {"": s.underruns}),
    ("silence_seconds_total",   "counter", "",        "Silence nobody asked for.", lambda s: {"": s.silence_s}),
    ("sound_lost",              "gauge",   "",        "1 while there is no sound device.",
     lambda s: {"": s.is_sound_lost}),
    ("camera_age_seconds",      "gauge",   "",        "Age of the camera's newest picture.",
     lambda s: {"": s.camera_age_s}),
    ("frames_total",            "counter", "",        "Pictures painted.", lambda s: {"": s.frames}),
    ("late_frames_total",       "counter", "",        "Pictures painted late.", lambda s: {"": s.late_frames}),
    ("library_clips",           "gauge",   "",        "Clips in the library.", lambda s: {"": s.library_clips}),
    ("library_bytes",           "gauge",   "",        "Size of the library.", lambda s: {"": s.library_mb * 1e6}),
    ("restarts_total",          "counter", "process", "Processes lost and replaced.", lambda s: s.restarts),
    ("memory_bytes",            "gauge",   "process", "Resident memory.", lambda s: _in_bytes(s.memory_mb)),
    ("peak_memory_bytes",       "gauge",   "process", "Resident memory at its highest.",
     lambda s: _in_bytes(s.peak_memory_mb)),
    ("gpu_memory_bytes",        "gauge",   "gpu",     "Memory in use of the graphics card.",
     lambda s: {str(i): gpu.memory_mb * 2**20 for i, gpu in enumerate(s.gpus)}),
    ("gpu_temperature_celsius", "gauge",   "gpu",     "Of the graphics card.",
     lambda s: {str(i): gpu.temperature_c for i, gpu in enumerate(s.gpus)}),
)  # fmt: skip


def prometheus_text(status: Status) -> str:
    """A status in Prometheus' text format; every name begins with `art2mus_`.

    Source: https://prometheus.io/docs/instrumenting/exposition_formats/, version 0.0.4.
    """
    lines = []
    for name, kind, label, meaning, read in _METRICS:
        samples = {key: value for key, value in read(status).items() if value is not None}
        if samples:
            lines += [f"# HELP art2mus_{name} {meaning}", f"# TYPE art2mus_{name} {kind}"]
        for key, value in samples.items():
            lines.append(
                f"art2mus_{name}{{{label}={_quoted(key)}}} {float(value)!r}"
                if label
                else f"art2mus_{name} {float(value)!r}"
            )
    return "\n".join(lines) + "\n"


def _in_bytes(megabytes: Mapping[str, float]) -> _Samples:
    return {name: value * 2**20 for name, value in megabytes.items()}


def _quoted(text: str) -> str:
    escaped = text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
    return f'"{escaped}"'
