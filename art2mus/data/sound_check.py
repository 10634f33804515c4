"""Which audio files can be used: what is found when one is decoded to its end, and what that is judged by."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from art2mus.data.file_checks import Facts
from art2mus.sound_files import are_sensible

if TYPE_CHECKING:
    import soundfile

SUFFIXES = frozenset({".mp3", ".ogg", ".oga", ".opus", ".flac", ".wav", ".aif", ".aiff", ".au", ".m4a", ".aac", ".wma"})
"""Which files of a folder are taken for audio. What a file really is, its content says; the last three are refused."""
MIN_DECODED_SHARE = 0.95
"""A file that decodes to less of its stated length is corrupt."""
SILENT_BELOW_DB = -60.0
"""RMS of the whole file, relative to full scale; music recorded quietly is at -40 dB or above."""

_BLOCK_FRAMES = 65_536
_OGG_PAGE_BYTES = 65_307  # the largest there is (RFC 3533, section 6)
_OGG_LAST_PAGE = 4
_RIFF_HEADER_BYTES = 8
_RIFF_UNKNOWN_SIZES = (0, 0xFFFF_FFFF)


@dataclass(frozen=True)
class SoundFacts(Facts):
    """What was found in an audio file.

    Attributes:
        duration_s: Decoded.
        stated_s: As its header says.
        sample_rate: In Hz.
        rms_db: Of all samples, relative to full scale; -200 if there is no sound in it at all.
        title: By its tags, as are the following.
        artist: Who plays.
        genre: What kind of music it is.
    """

    duration_s: float = 0.0
    stated_s: float = 0.0
    sample_rate: int = 0
    rms_db: float = -200.0
    title: str = ""
    artist: str = ""
    genre: str = ""


def measure_sound_file(path: Path) -> SoundFacts:
    """Decode a file from beginning to end; what is wrong with it stands in the result."""
    import soundfile

    try:
        if not path.stat().st_size:
            return SoundFacts(error="corrupt: empty file")
        missing_end = _find_missing_end(path)
        with soundfile.SoundFile(path) as sound:
            facts = _decode(sound)
    except OSError as error:
        return SoundFacts(error=f"unreadable: {error.strerror}")
    except soundfile.LibsndfileError as error:
        # libsndfile takes whatever it does not recognise for a file that is not there.
        reason = error.error_string.removeprefix("Error : ").rstrip(".")
        is_unknown = "does not exist" in reason or "unknown format" in reason.lower()
        return SoundFacts(error=f"corrupt: {'not an audio file' if is_unknown else f'cannot be decoded ({reason})'}")
    return SoundFacts(error=missing_end) if missing_end and not facts.error else facts


def reason_to_reject(facts: SoundFacts, stated_s: float | None = None) -> str:
    """Say why a file is left out, beginning with `corrupt:`, `silent:` or `unreadable:`; nothing if it is good.

    Args:
        facts: What was found in it.
        stated_s: Its length, where somebody other than its own header states it.

    >>> reason_to_reject(SoundFacts(duration_s=12.0, stated_s=30.0))
    'corrupt: 12.0 s of the 30.0 s that its header states'
    """
    if facts.error:
        return facts.error
    for source, length_s in (("its header states", facts.stated_s), ("the metadata state", stated_s or 0.0)):
        if facts.duration_s < MIN_DECODED_SHARE * length_s:
            return f"corrupt: {facts.duration_s:.1f} s of the {length_s:.1f} s that {source}"
    if not facts.duration_s:
        return "corrupt: no sound in it"
    return f"silent: {facts.rms_db:.0f} dB" if facts.rms_db < SILENT_BELOW_DB else ""


def _decode(sound: soundfile.SoundFile) -> SoundFacts:
    num_frames, energy = 0, 0.0
    while len(block := sound.read(_BLOCK_FRAMES, dtype="float32", always_2d=True)):
        if not are_sensible(block):
            return SoundFacts(error="corrupt: samples that no sound has")
        num_frames += len(block)
        energy += float(np.square(block, dtype=np.float64).sum())
    mean_square = energy / max(num_frames * sound.channels, 1)
    tags = sound.copy_metadata()
    return SoundFacts(
        duration_s=round(num_frames / sound.samplerate, 3),
        stated_s=round(sound.frames / sound.samplerate, 3),
        sample_rate=sound.samplerate,
        rms_db=round(10.0 * math.log10(max(mean_square, 1e-20)), 1),
        **{name: " ".join(tags.get(name, "").split()) for name in ("title", "artist", "genre")},
    )


def _find_missing_end(path: Path) -> str:
    """Say if a file of a kind that states no length stops before its end."""
    with path.open("rb") as file:
        head = file.read(_RIFF_HEADER_BYTES)
        size = path.stat().st_size
        file.seek(max(0, size - _OGG_PAGE_BYTES))
        tail = file.read()
    if head.startswith(b"OggS"):
        page = tail.rfind(b"OggS")
        is_whole = page >= 0 and len(tail) > page + 5 and tail[page + 5] & _OGG_LAST_PAGE
        return "" if is_whole else "corrupt: its end is missing"
    if head.startswith(b"RIFF"):
        stated = int.from_bytes(head[4:8], "little")
        is_whole = stated in _RIFF_UNKNOWN_SIZES or stated + _RIFF_HEADER_BYTES <= size
        return "" if is_whole else "corrupt: its end is missing"
    return ""
