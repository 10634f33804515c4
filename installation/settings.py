"""What each process is started with: as much of the configuration as it needs. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

UNDERSTUDY = "mini"
"""Composes where the model that is wished for cannot."""


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
class VisitorControls:
    """What a visitor may do on the screen.

    Attributes:
        languages: Codes to choose from; with fewer than two there is no choice.
        has_another_piece: Ask for another piece for the work that is shown.
        has_own_text: Add words of their own to it.
        refused_words_path: More words that are not taken, one a line, or None.
        volume_range: Quietest and loudest, or None to leave the volume alone.
        volume: At the start.
    """

    languages: tuple[str, ...] = ()
    has_another_piece: bool = False
    has_own_text: bool = False
    refused_words_path: Path | None = None
    volume_range: tuple[float, float] | None = None
    volume: float = 1.0


@dataclass(frozen=True, slots=True)
class UiSettings:
    """What the ui process is started with.

    Attributes:
        tap_name: The shared memory block that the audio process writes the tap to.
        is_windowed: In a window instead of full screen.
        max_fps: How often a picture is painted at most.
        screenshot_dir: Where the key for screenshots puts them, or None.
        is_kiosk: Keys and window buttons do not end the show; only the admin screen does.
        admin_corner: Where it is tapped for the admin screen: "top left", "bottom right"...
        admin_leaves_after_s: Untouched for so long, the admin screen closes.
        language: What the screen speaks at first.
        is_large_text: For those who see little.
        is_motion_reduced: Nothing moves that need not.
        closed_note: Said under "closed", for instance the opening hours.
        visitor: What a visitor may do.
        view_name: The shared memory block of the camera's newest picture; empty without a camera.
    """

    tap_name: str
    is_windowed: bool = False
    max_fps: int = 30
    screenshot_dir: Path | None = None
    is_kiosk: bool = False
    admin_corner: str = "top left"
    admin_leaves_after_s: float = 180.0
    language: str = "en"
    is_large_text: bool = False
    is_motion_reduced: bool = False
    closed_note: str = ""
    visitor: VisitorControls = VisitorControls()
    view_name: str = ""


@dataclass(frozen=True, slots=True)
class CameraSettings:
    """What the camera process is started with.

    Attributes:
        source: A device ("/dev/v4l/by-id/..." or its number), an address ("rtsp://...", "http://..."), or a video file.
        view_name: The shared memory block (made by the director) that the newest picture is written to.
        artworks_dir: Where rectified artworks are put: in memory, unless the configuration keeps them.
        width: Of the pictures, in pixels, before they are turned; a device is asked for it, larger ones are reduced.
        height: Likewise.
        rotate: Clockwise, in degrees: 0, 90, 180, 270.
        mirror: Left and right are exchanged, after turning.
        exposure: Locked at this, in the device's own units; None is the device's automatic.
        may_repeat: The source has no noise: the same bytes again and again do not mean that it hangs.
        stalled_after_s: So long without a new picture, and the camera is lost.
        hold_s: So long a painting is held still before it counts as shown.
        gone_after_s: So long nothing is held up before the visitor counts as gone.
        white_balance: The light's colour is taken out of artworks.
    """

    source: str
    view_name: str
    artworks_dir: Path
    width: int = 1280
    height: int = 720
    rotate: int = 0
    mirror: bool = False
    exposure: float | None = None
    may_repeat: bool = False
    stalled_after_s: float = 1.75
    hold_s: float = 1.0
    gone_after_s: float = 5.0
    white_balance: bool = False


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
        spare_dir: Where clips go in memory when the disk is full; None leaves them out.
        device: Where the model computes; None is what suits model and machine.
        num_candidates: So many of each clip are made, and the one nearest to the work is played.
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
    spare_dir: Path | None = None
    device: str | None = None
    num_candidates: int = 1

    def for_understudy(self) -> ComposerSettings:
        """The same for the bundled model on the processor, asked as it is by itself: it runs anywhere."""
        return replace(
            self,
            model=UNDERSTUDY,
            num_inference_steps=None,
            guidance_scale=None,
            negative_prompt=None,
            device="cpu",
            num_candidates=1,
        )


@dataclass(frozen=True, slots=True)
class WebSettings:
    """What the web process is started with.

    Attributes:
        port: TCP, on all addresses of the machine.
        has_metrics: Whether `/metrics` is served.
    """

    port: int
    has_metrics: bool = False


def words_for(curators: str, visitors: str | None) -> str:
    """What is said to the model about a work: the curator's words, and the visitor's.

    >>> words_for("slow strings", "like rain"), words_for("", None)
    ('slow strings, like rain', '')
    """
    return ", ".join(words for words in (curators, visitors) if words)
