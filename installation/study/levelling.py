"""The tracks of a study, made equally loud: otherwise the louder one is called the better one."""

from __future__ import annotations

import hashlib
import logging
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from art2mus.study.answers import StudyError
from art2mus.study.settings import Study
from art2mus.whole_files import whole_file
from installation.audio.clips import ClipError, load_clip
from installation.loudness import MAX_GAIN_DB, loudness, normalise
from installation.study.sitting import Track

FloatArray = npt.NDArray[np.float32]

SAMPLE_RATE = 48000
MAX_DIFFERENCE_LU = 0.5
"""Two tracks of one artwork that differ by more are named in the log: peaks kept one of them down."""

_VERSION = 1
"""Of what is done here; another one levels everything anew."""

_log = logging.getLogger(__name__)


def level_artwork(study: Study, artwork: str, cache: Path) -> dict[str, Track]:
    """The tracks of one artwork at the same loudness, by model; taken from the cache if they are there.

    Args:
        study: Whose.
        artwork: Id of the artwork.
        cache: Folder in which levelled files are kept.

    Raises: StudyError if one of them is no music; OSError if the cache cannot be written.
    """
    sources = {model: study.tracks[artwork, model] for model in study.settings.models}
    target_lufs = study.settings.loudness_lufs
    contents = {model: hashlib.sha256(source.read_bytes()).hexdigest() for model, source in sources.items()}
    together = hashlib.sha256(repr((_VERSION, target_lufs, sorted(contents.values()))).encode()).hexdigest()
    files = {model: cache / f"{together[:16]}-{content[:16]}.flac" for model, content in contents.items()}
    if not all(file.is_file() for file in files.values()):
        levelled = level_together([_load(path) for path in sources.values()], target_lufs, artwork)
        for file, waveform in zip(files.values(), levelled, strict=True):
            with whole_file(file) as partial:
                soundfile.write(partial, waveform, SAMPLE_RATE, subtype="PCM_24")
    return {model: Track(file, soundfile.info(file).duration, SAMPLE_RATE) for model, file in files.items()}


def level_together(waveforms: Sequence[FloatArray], target_lufs: float, name: str) -> list[FloatArray]:
    """Bring tracks to one loudness: the target, or as near to it as the quietest of them can be raised.

    Shape: waveforms and results (audio_frames, 2) each.
    """
    measured = [loudness(waveform, SAMPLE_RATE) for waveform in waveforms]
    reached = min(target_lufs, min(measured) + MAX_GAIN_DB)
    levelled = [normalise(waveform, SAMPLE_RATE, target_lufs=reached)[0] for waveform in waveforms]
    result = [loudness(waveform, SAMPLE_RATE) for waveform in levelled]
    if max(result) - min(result) > MAX_DIFFERENCE_LU:
        _log.warning("%s: the tracks differ by %.1f LU, because of their peaks", name, max(result) - min(result))
    return levelled


def _load(path: Path) -> FloatArray:
    try:
        clip = load_clip(path, path.stem, SAMPLE_RATE)
    except ClipError as error:
        raise StudyError(str(error)) from error
    waveform = clip.frames(0, len(clip))
    if not math.isfinite(loudness(waveform, SAMPLE_RATE)):
        raise StudyError(f"{path}: too quiet to be heard, below -70 LUFS; make it louder, or leave the artwork out")
    return waveform
