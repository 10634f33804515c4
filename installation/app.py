"""The composition root: the one file that knows every part, and which process runs what."""

from __future__ import annotations

import logging
import os
from multiprocessing.shared_memory import SharedMemory

from installation import messages
from installation.audio import TAP_BYTES
from installation.config import KioskConfig
from installation.director import Director, Interruption, RunOptions
from installation.health import find_screen
from installation.places import library_dir, screenshot_dir
from installation.settings import AudioSettings, ComposerSettings, UiSettings
from installation.supervisor import ChildPlan
from installation.works import BUNDLED_GALLERY

AUDIO_IDLE_S = 0.8
"""Sound that has played nothing for so long hangs: with what a start takes, silence stays about a second."""

BED_PATH = BUNDLED_GALLERY / "bed.flac"

_log = logging.getLogger(__name__)


def run_kiosk(config: KioskConfig, options: RunOptions) -> int:
    """Run until somebody ends it; returns the exit code."""
    library = config.library.folder or library_dir()
    try:
        library.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        _log.error("%s: cannot be made (%s); name another as library.folder or ART2MUS_HOME", library, error.strerror)
        return 2
    screen = find_screen(os.environ)
    if not screen.is_there:
        _log.warning("%s", screen.advice)
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    tap = SharedMemory(create=True, size=TAP_BYTES)
    try:
        with Interruption() as interruption:
            director = Director(config, options, lambda config: child_plans(config, options, tap.name))
            director.run(interruption)
    finally:
        tap.close()
        tap.unlink()
    return 0


def run_ui(channel: messages.UiChannel, settings: UiSettings) -> None:
    """The ui process: here the window meets the tap that the audio process fills."""
    from installation.audio.tap import TapReader
    from installation.ui.window import main

    main(channel, settings, TapReader(settings.tap_name))


def _num_cores() -> int:
    """The cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def child_plans(config: KioskConfig, options: RunOptions, tap_name: str) -> list[ChildPlan]:
    """The children, in the order in which a visitor would miss them; the camera's place is after them."""
    audio = AudioSettings(
        tap_name=tap_name,
        bed_path=BED_PATH,
        devices=config.audio.devices,
        sample_rate=config.audio.sample_rate,
        latency_s=config.audio.latency_s,
        crossfade_s=config.show.crossfade_s,
        volume=config.audio.volume,
        gain_db=config.audio.gain_db,
        record_path=options.record_path,
    )
    composer = ComposerSettings(
        model=config.model,
        library_dir=config.library.folder or library_dir(),
        num_threads=config.composer.num_threads or max(1, _num_cores() - 1),
        niceness=config.composer.niceness,
        num_inference_steps=config.sampling.num_inference_steps,
        guidance_scale=config.sampling.guidance_scale,
        prompt=config.sampling.prompt,
        negative_prompt=config.sampling.negative_prompt,
        loudness_lufs=config.audio.loudness_lufs,
    )
    ui = UiSettings(
        tap_name=tap_name,
        is_windowed=config.screen.windowed,
        max_fps=config.screen.max_fps,
        screenshot_dir=screenshot_dir(),
    )
    return [
        ChildPlan("audio", "installation.audio.player:main", (audio,), 20, AUDIO_IDLE_S, longest_pause_s=0.5),
        ChildPlan("composer", options.composer, (composer,), max_start_s=300, max_idle_s=120),
        ChildPlan("ui", "installation.app:run_ui", (ui,), max_start_s=60, max_idle_s=20),
    ]
