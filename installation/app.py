"""The composition root: the one file that knows every part, and which process runs what."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path

from installation import messages
from installation.audio import NICENESS, TAP_BYTES
from installation.camera import VIEW_BYTES
from installation.config import KioskConfig
from installation.director import Director, RunOptions
from installation.health import find_screen
from installation.interruption import Interruption
from installation.memory_folder import NoMemoryFolderError, memory_folder
from installation.places import library_dir, screenshot_dir
from installation.settings import (
    AudioSettings,
    CameraSettings,
    ComposerSettings,
    UiSettings,
    VisitorControls,
    WebSettings,
)
from installation.supervisor import ChildPlan
from installation.works import BUNDLED_GALLERY

AUDIO_IDLE_S = 0.5
"""An audio process from which nothing was heard for so long hangs. Whether its device does is its own business."""

LOOKED_AROUND_S = 0.25
"""So much later than it could, at most, the director notices that a process does nothing."""
SHORTEST_CAMERA_IDLE_S = 1.0
"""Looking at one picture may take as long, on a machine that is too busy."""

SCREEN_LOOKED_FOR_S = 2.0
"""So often it is looked whether a screen answers, while none does."""

MAX_COMPOSER_START_S = 900
"""A large model is read from the disk, and compiled for the graphics card it is on."""

AUDIO_ENTRY = "installation.audio.player:main"

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
    with contextlib.ExitStack() as stack:
        interruption = stack.enter_context(Interruption())
        tap_name, view_name, artworks = stack.enter_context(_shared_memory(TAP_BYTES)), "", library / "artworks"
        memory: Path | None = None
        try:
            memory = stack.enter_context(memory_folder())
        except NoMemoryFolderError as error:  # then a full disk stops what is new
            if config.camera.source is not None and not config.camera.keep_artworks:
                _log.error("%s; without a camera, or with camera.keep_artworks, none is needed", error)
                return 2
        if config.camera.source is not None:
            artworks = memory if memory is not None and not config.camera.keep_artworks else artworks
            view_name = stack.enter_context(_shared_memory(VIEW_BYTES))

        def plan(config: KioskConfig) -> list[ChildPlan]:
            plans = child_plans(config, options, tap_name, memory)
            has_camera = view_name != "" and config.camera.source is not None
            return with_camera(plans, config, view_name, artworks) if has_camera else plans

        Director(config, options, plan).run(interruption)
    return 0


@contextlib.contextmanager
def _shared_memory(size: int) -> Iterator[str]:
    """A block, zeroed, that outlives the processes that use it; gives its name."""
    memory = SharedMemory(create=True, size=size)
    try:
        yield memory.name
    finally:
        memory.close()
        memory.unlink()


def run_ui(channel: messages.UiChannel, settings: UiSettings) -> None:
    """The ui process: here the window meets the tap that the audio process fills, and the camera's view."""
    _look_for_screen()
    from installation.audio.tap import TapReader
    from installation.camera.view import FrameReader
    from installation.ui.window import main

    eye = FrameReader(settings.view_name) if settings.view_name else None
    main(channel, settings, TapReader(settings.tap_name), eye=eye)


def _look_for_screen() -> None:
    """Have Qt paint for nobody while no screen answers; when one does, leave, for Qt cannot change over."""
    environment = dict(os.environ)
    screen = find_screen(environment)
    if screen.is_there:
        return
    _log.warning("%s", screen.advice)
    os.environ["QT_QPA_PLATFORM"] = "offscreen"

    def leave_for_it() -> None:
        while not find_screen(environment).is_there:
            time.sleep(SCREEN_LOOKED_FOR_S)
        _log.info("there is a screen now")
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=leave_for_it, name="screen", daemon=True).start()


def _visitor_controls(config: KioskConfig) -> VisitorControls:
    visitor = config.visitor
    return VisitorControls(
        languages=visitor.languages,
        has_another_piece=visitor.another_piece,
        has_own_text=visitor.own_text,
        refused_words_path=visitor.refused_words,
        volume_range=(visitor.quietest, visitor.loudest) if visitor.volume else None,
        volume=config.audio.volume,
    )


def _num_cores() -> int:
    """The cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def child_plans(config: KioskConfig, options: RunOptions, tap_name: str, memory: Path | None = None) -> list[ChildPlan]:
    """The children but the camera, in the order in which a visitor would miss them."""
    audio = AudioSettings(
        tap_name=tap_name,
        bed_path=BED_PATH,
        devices=config.audio.devices,
        crossfade_s=config.show.crossfade_s,
        record_path=options.record_path,
        **config.audio.model_dump(exclude={"device", "loudness_lufs"}),
    )
    composer = ComposerSettings(
        model=config.model,
        library_dir=config.library.folder or library_dir(),
        num_threads=config.composer.num_threads or max(1, _num_cores() - 1),
        niceness=config.composer.niceness,
        loudness_lufs=config.audio.loudness_lufs,
        spare_dir=None if memory is None else memory / "clips",
        device=config.composer.device,
        num_candidates=config.sampling.candidates,
        **config.sampling.model_dump(exclude={"seed", "candidates"}),
    )
    ui = UiSettings(
        tap_name=tap_name,
        is_windowed=config.screen.windowed,
        max_fps=config.screen.max_fps,
        screenshot_dir=screenshot_dir(),
        is_kiosk=config.screen.kiosk,
        admin_corner=config.admin.corner,
        admin_leaves_after_s=config.admin.leave_after_s,
        language=config.screen.language,
        is_large_text=config.screen.large_text,
        is_motion_reduced=config.screen.reduced_motion,
        closed_note=config.screen.closed_note,
        visitor=_visitor_controls(config),
    )
    plans = [
        ChildPlan(
            "audio", AUDIO_ENTRY, (audio,), 20, AUDIO_IDLE_S, longest_pause_s=0.5, niceness=NICENESS, has_standby=True
        ),
        ChildPlan("composer", options.composer, (composer,), max_start_s=MAX_COMPOSER_START_S, max_idle_s=120),
        ChildPlan("ui", "installation.app:run_ui", (ui,), max_start_s=60, max_idle_s=20),
    ]
    if config.web.enabled:
        web = WebSettings(config.web.port, config.web.metrics)
        plans.append(ChildPlan("web", "installation.web.server:main", (web,), max_start_s=60, max_idle_s=30))
    return plans


def with_camera(plans: list[ChildPlan], config: KioskConfig, view_name: str, artworks_dir: Path) -> list[ChildPlan]:
    """The children with a camera after them, whose view the ui is shown.

    Args:
        plans: As `child_plans` gives them.
        config: With a camera.
        view_name: The shared memory block for the camera's newest picture.
        artworks_dir: Where the camera puts visitors' works.
    """
    wanted = config.camera.model_dump(exclude={"keep_artworks"})
    camera = CameraSettings(view_name=view_name, artworks_dir=artworks_dir, **wanted)
    seeing = [
        replace(plan, arguments=(replace(plan.arguments[0], view_name=view_name),)) if plan.name == "ui" else plan
        for plan in plans
    ]
    idle_s = max(SHORTEST_CAMERA_IDLE_S, config.camera.stalled_after_s - LOOKED_AROUND_S)
    watching = ChildPlan("camera", "installation.camera.watcher:main", (camera,), max_start_s=30, max_idle_s=idle_s)
    return [*seeing, watching]
