"""`python -m installation.study STUDY.yaml`: the study's window, with the kiosk's sound."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from art2mus.choices import LANGUAGES, Language

if TYPE_CHECKING:
    from art2mus.study.answers import Answers
    from art2mus.study.settings import Study
    from installation.service import Service
    from installation.study.sitting import Track, TrackPlayer

ONE_WORK_WITHIN_US = 60_000_000
"""To make the music of a work equally loud; a service manager waits for so long before the window is there."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the study; returns the exit code."""
    options = _parser().parse_args(arguments)
    from art2mus.strict_yaml import ConfigError
    from art2mus.study.answers import StudyError

    try:
        return _run(options)
    except (ConfigError, StudyError) as error:
        print(error, file=sys.stderr)
    except OSError as error:
        print(f"{error.filename or error}: {error.strerror or 'cannot be used'}", file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m art2mus.study run",
        description="Ask listeners which music suits an artwork better. Their answers are kept at every click.",
    )
    parser.add_argument("study", type=Path, metavar="STUDY.yaml")
    parser.add_argument("--kiosk", action="store_true", help="full screen, one listener after another")
    parser.add_argument("--windowed", action="store_true", help="a window instead of the full screen")
    parser.add_argument("--listener", type=str.upper, metavar="CODE", help="go on with the session of this code")
    parser.add_argument("--language", choices=LANGUAGES, help="to begin in (default: the first)")
    parser.add_argument("--device", metavar="NAME", help="a part of the sound device's name; else the system's own")
    parser.add_argument("--silent", action="store_true", help="do without sound: for tests, no report counts it")
    return parser


def _run(options: argparse.Namespace) -> int:
    from art2mus.study.answers import Answers, StudyError
    from art2mus.study.settings import load_study
    from installation.health import find_screen
    from installation.logs import start_logging
    from installation.places import log_path
    from installation.service import Service
    from installation.study.sound import study_sound

    study = load_study(options.study)
    if not (screen := find_screen(os.environ)).is_there:
        raise StudyError(f"no screen ({screen.state}): start it from a graphical session, or set DISPLAY")
    start_logging(log_path().with_name("study.log"))
    service = Service(os.environ)
    tracks = _level(study, service)
    study.answers.parent.mkdir(parents=True, exist_ok=True)
    with Answers(study.answers, study.fingerprint) as answers, tempfile.TemporaryDirectory() as folder:
        known = (None, *answers.unfinished(is_silent=options.silent))
        if options.listener not in known:
            raise StudyError(f"--listener {options.listener}: no open session has this code")
        if options.kiosk:
            answers.break_off_kiosk_sessions()
        silence = Path(folder) / "silence.wav"
        with study_sound(options.device, silence, service, may_be_silent=options.silent) as sound:
            if sound.trouble:
                raise StudyError(f"no sound: {sound.trouble}\n  no answers without it; --silent tries the rest out")
            return _show(options, study, answers, tracks, sound, service)


def _level(study: Study, service: Service) -> dict[tuple[str, str], Track]:
    """All tracks, equally loud; the pictures are looked at too, so that nothing is found broken later."""
    from rich.console import Console
    from rich.progress import track

    from art2mus.images import UnreadableImageError, load_artwork
    from art2mus.study.answers import StudyError
    from installation.places import cache_dir
    from installation.study.levelling import level_artwork

    tracks = {}
    for artwork, picture in track(study.artworks.items(), "levelling the music", console=Console(stderr=True)):
        service.tell(f"EXTEND_TIMEOUT_USEC={ONE_WORK_WITHIN_US}")
        try:
            load_artwork(picture, 256)
        except UnreadableImageError as error:
            raise StudyError(str(error)) from error
        for model, levelled in level_artwork(study, artwork, cache_dir() / "study").items():
            tracks[artwork, model] = levelled
    return tracks


def _show(
    options: argparse.Namespace,
    study: Study,
    answers: Answers,
    tracks: Mapping[tuple[str, str], Track],
    sound: TrackPlayer,
    service: Service,
) -> int:
    from installation.ui.study.run import run_window
    from installation.ui.study.window import Mode, Sources

    language = cast("Language", options.language or next(iter(study.settings.texts)))
    left_open = run_window(
        Sources(study, answers, tracks, sound),
        Mode(options.kiosk, options.silent, language),
        service.hear,
        is_windowed=options.windowed,
        listener=options.listener,
    )
    if left_open is not None and options.kiosk:
        answers.break_off(left_open)
    elif left_open is not None:
        print(f"Broken off; to go on: python -m art2mus.study run {options.study} --listener {left_open}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
