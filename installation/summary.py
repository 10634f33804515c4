"""What a run came to, for the person who ends it."""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from art2mus.whole_files import whole_file
from installation.messages import AudioHeartbeat, ClipReady, UiHeartbeat


@dataclass(slots=True)
class Tally:
    """Counts while the kiosk runs.

    Attributes:
        started_at_s: When the program was started, monotonic; the other times are counted from it.
        first_sound_s: Until something was heard.
        first_piece_s: Until a piece made for a work was heard.
        works_shown: How often, by id.
        music_s: Length of all that was composed.
        stage_seconds: Composing, in all, by stage.
        gap_s: Silence between the death of an audio process and the first sound of another, while the room is open.
        fades_s: When the last hundred works came up.
    """

    started_at_s: float
    first_sound_s: float | None = None
    first_piece_s: float | None = None
    works_shown: Counter[str] = field(default_factory=Counter)
    num_composed: int = 0
    num_from_library: int = 0
    music_s: float = 0.0
    stage_seconds: dict[str, float] = field(default_factory=dict)
    gap_s: float = 0.0
    fades_s: deque[float] = field(default_factory=lambda: deque(maxlen=100))
    _frames_before: tuple[int, int] = (0, 0)
    _frames_now: tuple[int, int] = (0, 0)
    _audio_before: dict[str, float] = field(default_factory=dict)
    _audio_now: dict[str, float] = field(default_factory=dict)

    def count_clip(self, ready: ClipReady) -> None:
        """A clip was composed."""
        self.num_composed += 1
        self.music_s += ready.clip.length_s
        for stage, seconds in ready.stage_seconds:
            self.stage_seconds[stage] = self.stage_seconds.get(stage, 0.0) + seconds

    def note_work(self, artwork_id: str, at_s: float) -> None:
        """A work comes up."""
        self.works_shown[artwork_id] += 1
        self.fades_s.append(at_s - self.started_at_s)

    def note_sound(self, heard_at_s: float, is_piece: bool) -> None:
        """Something is heard; a piece made for a work, or the bed."""
        since_start_s = heard_at_s - self.started_at_s
        if self.first_sound_s is None:
            self.first_sound_s = since_start_s
        if self.first_piece_s is None and is_piece:
            self.first_piece_s = since_start_s

    def count_audio(self, heartbeat: AudioHeartbeat) -> None:
        """The audio process says how it is; its counts begin anew with every life."""
        self._audio_now = {
            "samples": heartbeat.samples_played,
            "underruns": heartbeat.num_underruns,
            "silence_s": heartbeat.silence_s,
            "loop_s": heartbeat.loop_s,
            "bed_s": heartbeat.bed_s,
        }

    def count_frames(self, heartbeat: UiHeartbeat) -> None:
        """The ui process says how it is; its counts, too, begin anew with every life."""
        self._frames_now = (heartbeat.num_frames, heartbeat.num_late_frames)

    def close_ui_life(self) -> None:
        """The ui process was lost."""
        self._frames_before, self._frames_now = self.frames(), (0, 0)

    def frames(self) -> tuple[int, int]:
        """Over all lives: pictures painted, and how many of them late."""
        return self._frames_before[0] + self._frames_now[0], self._frames_before[1] + self._frames_now[1]

    def close_audio_life(self) -> None:
        """The audio process was lost."""
        self._audio_before, self._audio_now = self.audio(), {}

    def audio(self) -> dict[str, float]:
        """Over all lives: samples, underruns, silence_s, loop_s, bed_s."""
        names = ("samples", "underruns", "silence_s", "loop_s", "bed_s")
        return {name: self._audio_before.get(name, 0.0) + self._audio_now.get(name, 0.0) for name in names}


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run came to; the names are those of `last-run.json`.

    Attributes:
        ran_s: From the start of the program.
        first_sound_s: Likewise, until something was heard; None if nothing was.
        first_piece_s: Likewise, until a piece composed for a work was heard.
        works_shown: Works that came up.
        different_works: How many of them were different.
        fades_s: Seconds from the start to the fades of the last hundred of them.
        clips_made: Composed in this run.
        clips_from_library: Played from the library: for a work met before, or because the composer was down.
        music_s: Seconds of music composed.
        seconds_per_clip: Mean over the clips made, all stages.
        real_time_factor: Seconds of composing per second of music.
        stage_seconds: Mean seconds per clip, by stage.
        stage_real_time_factor: Seconds per second of music, by stage.
        underruns: Blocks that came too late for the device.
        silence_s: Silence nobody asked for, after the first sound.
        loop_s: Spent looping a clip because the next was late.
        bed_s: Spent on the bundled piece.
        frames: Pictures painted.
        late_frames: Of these, more than a frame's time late.
        restarts: Times a child was replaced, by name.
        peak_memory_mb: Resident memory at its highest, by process.
    """

    ran_s: float
    first_sound_s: float | None
    first_piece_s: float | None
    works_shown: int
    different_works: int
    fades_s: list[float]
    clips_made: int
    clips_from_library: int
    music_s: float
    seconds_per_clip: float | None
    real_time_factor: float | None
    stage_seconds: dict[str, float]
    stage_real_time_factor: dict[str, float]
    underruns: int
    silence_s: float
    loop_s: float
    bed_s: float
    frames: int
    late_frames: int
    restarts: dict[str, int]
    peak_memory_mb: dict[str, float]


def summarise(
    tally: Tally, peak_memory_mb: Mapping[str, float], restarts: Mapping[str, int], ended_at_s: float
) -> Summary:
    """Put together what a run came to."""
    audio, composing_s = tally.audio(), sum(tally.stage_seconds.values())
    num_clips, music_s = tally.num_composed, tally.music_s
    return Summary(
        ran_s=ended_at_s - tally.started_at_s,
        first_sound_s=tally.first_sound_s,
        first_piece_s=tally.first_piece_s,
        works_shown=tally.works_shown.total(),
        different_works=len(tally.works_shown),
        fades_s=list(tally.fades_s),
        clips_made=num_clips,
        clips_from_library=tally.num_from_library,
        music_s=music_s,
        seconds_per_clip=composing_s / num_clips if num_clips else None,
        real_time_factor=composing_s / music_s if music_s else None,
        stage_seconds={stage: seconds / num_clips for stage, seconds in tally.stage_seconds.items()},
        stage_real_time_factor={stage: seconds / music_s for stage, seconds in tally.stage_seconds.items()},
        underruns=round(audio["underruns"]),
        silence_s=audio["silence_s"] + tally.gap_s,
        loop_s=audio["loop_s"],
        bed_s=audio["bed_s"],
        frames=tally.frames()[0],
        late_frames=tally.frames()[1],
        restarts=dict(restarts),
        peak_memory_mb=dict(peak_memory_mb),
    )


def print_summary(summary: Summary) -> None:
    """Print a summary as a table."""
    s = summary
    table = Table(title="This run", show_header=False, title_justify="left")
    by_stage = [
        f"{stage} {seconds:.3f} s ({s.stage_real_time_factor[stage]:.4f})" for stage, seconds in s.stage_seconds.items()
    ]
    rows = [
        ("ran", _seconds(s.ran_s)),
        ("first sound after", _seconds(s.first_sound_s)),
        ("first piece after", _seconds(s.first_piece_s)),
        ("works shown", f"{s.works_shown} ({s.different_works} different)"),
        ("clips made", f"{s.clips_made}, {s.music_s:.1f} s of music"),
        ("clips from the library", str(s.clips_from_library)),
        ("seconds per clip", f"{_seconds(s.seconds_per_clip)} (real-time factor {s.real_time_factor or 0:.4f})"),
        ("by stage (real-time factor)", ", ".join(by_stage) or "-"),
        ("underruns", str(s.underruns)),
        ("unintended silence", f"{s.silence_s:.3f} s"),
        ("looped, on the bed", f"{s.loop_s:.1f} s, {s.bed_s:.1f} s"),
        ("pictures painted", f"{s.frames}, {s.late_frames} of them late"),
        ("restarts", ", ".join(f"{name} {count}" for name, count in s.restarts.items() if count) or "none"),
        ("peak memory", ", ".join(f"{name} {megabytes:.0f} MB" for name, megabytes in s.peak_memory_mb.items())),
    ]
    for name, value in rows:
        table.add_row(name, value)
    Console(soft_wrap=True).print(table)


def write_summary(summary: Summary, path: Path) -> None:
    """Write a summary as JSON, whole or not at all."""
    with whole_file(path) as unfinished:
        unfinished.write_text(json.dumps(asdict(summary), indent=2) + "\n", encoding="utf-8")


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.2f} s"
