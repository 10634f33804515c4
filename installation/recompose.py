"""Make a clip of the library again, sample for sample, from nothing but its receipt."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from installation.config import KioskConfig
from installation.library import Library
from installation.library.receipt import Receipt
from installation.places import identity_cache_path, library_dir

if TYPE_CHECKING:
    from installation.messages import ClipInfo
    from installation.pieces import StepListener

SUFFIXES = (".flac", ".wav")
_PATIENCE_S = 5.0


class RecomposeError(Exception):
    """The clip cannot be made again; the message says why and what to do."""


def recompose(config: KioskConfig, clip_id: str, output: Path | None) -> int:
    """Run `main.py --recompose`; returns the exit code: 1 if the music came out differently.

    Args:
        config: Of the kiosk: where the library is.
        clip_id: As `python -m installation.library list` names it.
        output: FLAC or WAV; None is a FLAC of that name, here.
    """
    output = output or Path(f"{clip_id}.flac")
    try:
        clip, receipt = _look_up(config, clip_id)
        _check_output(output)
        _check_model(receipt)
        _note_what_has_changed(receipt)
        waveform = _compose(receipt)
        _write(output, waveform, receipt.sample_rate)
    except RecomposeError as error:
        print(error, file=sys.stderr)
        return 2
    return _compare(output, clip)


def _look_up(config: KioskConfig, clip_id: str) -> tuple[ClipInfo, Receipt]:
    folder = config.library.folder or library_dir()
    if not folder.is_dir():
        raise RecomposeError(f"{folder}: there is no library; name the kiosk's --config")
    library = Library(folder, config.library.max_bytes, patience_s=_PATIENCE_S)
    found = library.find(clip_id)
    library.close()
    if found is None:
        raise RecomposeError(
            f"{clip_id}: no such clip in {folder}; 'python -m installation.library list' names them all"
        )
    clip, values = found
    try:
        return clip, Receipt.from_dict(values)
    except ValueError as error:
        raise RecomposeError(f"{clip_id}: cannot be made again, {error}") from error


def _check_output(output: Path) -> None:
    if output.suffix.lower() not in SUFFIXES:
        raise RecomposeError(f"{output}: name a file that ends in .flac or .wav")
    if not output.absolute().parent.is_dir():
        raise RecomposeError(f"{output}: there is no such folder; make it first")


def _check_model(receipt: Receipt) -> None:
    from art2mus.models import ModelMissingError
    from art2mus.models.identity import identify

    model, identity = receipt.sampling.model, receipt.sampling.identity
    try:
        found = identify(model, identity_cache_path())
    except ModelMissingError as error:
        raise RecomposeError(" ".join(str(error).split())) from error
    if found != identity:
        raise RecomposeError(
            f"model {model!r} is another one than the clip was made with ({found[:12]}, then {identity[:12] or '-'}); "
            "put those weights back"
        )


def _note_what_has_changed(receipt: Receipt) -> None:
    """The receipt holds what the model saw: neither picture nor versions keep the clip from being made."""
    from art2mus.images import UnreadableImageError, load_artwork
    from installation.pieces import fingerprint, versions

    try:
        if fingerprint(load_artwork(receipt.picture_path)) != receipt.fingerprint:
            _note(f"{receipt.picture_path}: another picture by now; the music is made for the one that was there")
    except UnreadableImageError:
        _note(f"{receipt.picture_path}: cannot be read any more; the music is made from what the model saw in it")
    now = versions()
    changed = [
        f"{name} {then} (now {now.get(name, 'none')})"
        for name, then in receipt.versions.items()
        if now.get(name) != then
    ]
    if changed:
        _note(f"made with {', '.join(changed)}; the music may come out slightly differently")


def _compose(receipt: Receipt) -> Any:
    """All clips of the piece up to the one that is wanted. Shape: result (audio_frames, 2)."""
    from art2mus.codec.synthesizer import SynthesizerMissingError
    from art2mus.residency import Residency
    from installation.composer import be_considerate
    from installation.pieces import PieceInWork
    from installation.places import cache_dir

    be_considerate(receipt.num_threads, niceness=0)
    sampling = receipt.sampling
    residency = Residency(sampling.model, sampling.device, sampling.dtype, sampling.num_candidates)
    try:
        pipeline = residency.load(cache_dir(), for_show=True)
    except (AssertionError, RuntimeError) as error:  # torch asserts that it was built for a device
        raise RecomposeError(f"made on {sampling.device}: {' '.join(str(error).split())}") from error
    try:
        piece = PieceInWork(pipeline, receipt)
    except SynthesizerMissingError as error:
        raise RecomposeError(" ".join(str(error).split())) from error
    try:
        with _progress(receipt.place + 1) as on_step:
            while True:
                waveform = piece.level(piece.next_clip(on_step))
                if piece.receipt.place == receipt.place:
                    return waveform
    finally:
        piece.close()


@contextmanager
def _progress(num_clips: int) -> Iterator[StepListener]:
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task(f"composing {num_clips} clip{'s' if num_clips > 1 else ''}", total=num_clips)

        def listen(_step: int, num_steps: int) -> None:
            progress.update(task, advance=1 / num_steps)

        yield listen


def _write(output: Path, waveform: Any, sample_rate: int) -> None:
    """Write a sound file with the 16 bits that the library's FLAC has: WAV's rounding is another."""
    import soundfile

    from art2mus.whole_files import whole_file

    kept = io.BytesIO()
    soundfile.write(kept, waveform, sample_rate, format="FLAC", subtype="PCM_16")
    kept.seek(0)
    samples, _ = soundfile.read(kept, dtype="int16")
    try:
        with whole_file(output) as partial:
            soundfile.write(partial, samples, sample_rate, subtype="PCM_16")
    except (OSError, soundfile.SoundFileError) as error:
        raise RecomposeError(f"{output}: cannot be written ({' '.join(str(error).split())})") from error


def _compare(output: Path, clip: ClipInfo) -> int:
    import numpy as np
    import soundfile

    if not clip.audio_path.is_file():
        print(f"{output}: made again; the library's own is gone, so there is nothing to compare it with")
        return 0
    again, before = (soundfile.read(path, dtype="int16")[0] for path in (output, clip.audio_path))
    if np.array_equal(again, before):
        print(f"{output}: made again, sample for sample as in the library")
        return 0
    print(f"{output}: made again, but not the same as in the library", file=sys.stderr)
    return 1


def _note(text: str) -> None:
    print(f"note: {text}", file=sys.stderr)
