"""What each process is started with: as much of the configuration as it needs. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class AudioSettings:
    """What the audio process is started with.

    Attributes:
        tap_name: The shared memory block (made by the director) that the tap is written to.
        bed_path: The bundled piece; it sounds as soon as there is a device.
        devices: "host API: name" or a part of it, the dearest first; empty is the system's default.
        sample_rate: In Hz; None is the device's own.
        latency_s: What is asked of PortAudio, at least 0.2.
        crossfade_s: For changes that no message asks for: loops, falling back to the bed.
        volume: 0 to 1, applied after everything but the limiter.
        gain_db: The curator's, on top of the volume.
        record_path: A WAV file of what the speakers are given, or None.
    """

    tap_name: str
    bed_path: Path
    devices: tuple[str, ...] = ()
    sample_rate: int | None = None
    latency_s: float = 0.2
    crossfade_s: float = 4.0
    volume: float = 1.0
    gain_db: float = 0.0
    record_path: Path | None = None


@dataclass(frozen=True, slots=True)
class UiSettings:
    """What the ui process is started with.

    Attributes:
        tap_name: The shared memory block that the audio process writes the tap to.
        is_windowed: In a window instead of full screen.
        max_fps: How often a picture is painted at most.
        screenshot_dir: Where the key for screenshots puts them, or None.
    """

    tap_name: str
    is_windowed: bool = False
    max_fps: int = 30
    screenshot_dir: Path | None = None


@dataclass(frozen=True, slots=True)
class ComposerSettings:
    """What the composer process is started with.

    Attributes:
        model: A name known to `art2mus.models`, or a folder.
        library_dir: Where finished clips are written.
        num_threads: Of torch.
        niceness: Added to the process's niceness, so that sound and picture come first.
        num_inference_steps: Denoising steps; None is the model's own.
        guidance_scale: None is the model's own.
        prompt: Said to the model about every work; may be empty.
        negative_prompt: What the music should be led away from; None is the model's own.
        loudness_lufs: Integrated loudness of every piece.
    """

    model: str
    library_dir: Path
    num_threads: int = 1
    niceness: int = 10
    num_inference_steps: int | None = None
    guidance_scale: float | None = None
    prompt: str = ""
    negative_prompt: str | None = None
    loudness_lufs: float = -23.0
