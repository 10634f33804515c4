"""A clip as a file: FLAC, whole or absent, with all that is known of it in its tags. Standard library only."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from installation.flac_tags import copy_with_tags, read_head
from installation.messages import MAX_CLIP_ID_BYTES, ClipInfo, SoundingNote

FORMAT = 2
TAG = "ART2MUS_CLIP"
"""The tag that holds a clip's description, as JSON."""

MAX_SPARE_BYTES = 100_000_000
"""Of clips that are played from memory while the disk is full; 20 s at 48 kHz take less than 4 MB."""

_MAX_AMOUNT = 1e9
"""Of seconds, and of samples in a second."""


class NotAClipError(ValueError):
    """This file is not a whole clip of the library; the message says why in a few words."""


@dataclass(frozen=True, slots=True)
class Description:
    """What the tags of a clip say.

    Attributes:
        clip: The clip.
        receipt: What it was made with.
        text: Both, as they are kept.
        num_bytes: Size of the file.
    """

    clip: ClipInfo
    receipt: Mapping[str, Any]
    text: str
    num_bytes: int


def begin_clip(folder: Path, clip_id: str) -> Path:
    """Where to write the sound of a new clip to; `finish_clip` makes it count."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f".{clip_id}.part.flac"


def finish_clip(folder: Path, unfinished: Path, clip: ClipInfo, receipt: Mapping[str, Any]) -> None:
    """Put a clip into the library, whole.

    Args:
        folder: The library.
        unfinished: What `begin_clip` gave, written.
        clip: Describes it; `clip.audio_path` is where it comes to lie.
        receipt: What it was made with, see `library.receipt`.

    Raises: OSError; ValueError if what was written is no FLAC file.
    """
    sound_bytes = unfinished.stat().st_size - read_head(unfinished).num_bytes
    tagged = folder / f".{clip.clip_id}.tagged.part.flac"
    try:
        copy_with_tags(unfinished, tagged, {TAG: _as_text(clip, receipt, sound_bytes)})
        tagged.replace(clip.audio_path)
    finally:
        tagged.unlink(missing_ok=True)
        unfinished.unlink(missing_ok=True)
    _see_to_disk(folder)


def read_clip(path: Path) -> Description:
    """Read what a file says of itself; its sound is not decoded, but all of it is there.

    Raises: OSError; NotAClipError.
    """
    try:
        head = read_head(path)
    except ValueError as error:
        raise NotAClipError(str(error)) from error
    if TAG not in head.tags:
        raise NotAClipError("not made here")
    text = head.tags[TAG]
    num_bytes = path.stat().st_size
    clip, receipt, sound_bytes = parse(text, path)
    if num_bytes - head.num_bytes != sound_bytes:
        raise NotAClipError(f"{num_bytes - head.num_bytes} bytes of sound, not {sound_bytes}")
    return Description(clip, receipt, text, num_bytes)


def parse(text: str, path: Path) -> tuple[ClipInfo, Mapping[str, Any], int]:
    """Read a description: clip, receipt, size of the sound in bytes.

    Args:
        text: JSON, as in the tag.
        path: Where the clip lies.

    Raises: NotAClipError.
    """
    try:
        values = json.loads(text)
        if values["format"] != FORMAT:
            raise ValueError(f"format {values['format']}")
        clip = _clip(values["clip"], path)
        return clip, dict(values["receipt"]), int(values["sound_bytes"])
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise NotAClipError(f"a damaged description ({error})") from error


def make_room(folder: Path, max_bytes: int = MAX_SPARE_BYTES) -> None:
    """Remove the oldest clips of a folder in memory until the others fit; the newest always stays."""
    clips = sorted(folder.glob("*.flac"), key=lambda path: path.stat().st_mtime_ns)
    excess = sum(path.stat().st_size for path in clips) - max_bytes
    for path in clips[:-1]:
        if excess <= 0:
            return
        excess -= path.stat().st_size
        path.unlink()


def _as_text(clip: ClipInfo, receipt: Mapping[str, Any], sound_bytes: int) -> str:
    described = asdict(clip) | {
        "audio_path": clip.audio_path.name,
        "notes": [[n.onset_s, n.duration_s, n.pitch, n.velocity, n.layer] for n in clip.notes],
    }
    values = {"format": FORMAT, "clip": described, "receipt": receipt, "sound_bytes": sound_bytes}
    return json.dumps(values, separators=(",", ":"))


def _clip(values: Mapping[str, Any], path: Path) -> ClipInfo:
    """A clip out of JSON, which may say anything. Raises: ValueError, TypeError, KeyError, OverflowError."""
    clip_id = _text(values["clip_id"])
    if clip_id != path.stem or len(clip_id.encode("ascii")) > MAX_CLIP_ID_BYTES:
        raise ValueError("its name is not its id")
    continues = values.get("continues")
    return ClipInfo(
        clip_id=clip_id,
        artwork_id=_text(values["artwork_id"]),
        audio_path=path,
        length_s=_amount(values["length_s"], least=1e-3),
        sample_rate=int(_amount(values["sample_rate"], least=1)),
        notes=tuple(
            SoundingNote(_amount(onset_s), _amount(duration_s), int(pitch), int(velocity), int(layer))
            for onset_s, duration_s, pitch, velocity, layer in values["notes"]
        ),
        continues=None if continues is None else _text(continues),
        affect=tuple((_text(name), float(score)) for name, score in values.get("affect", ())),
        prompt=_text(values.get("prompt", "")),
        beat_s=_amount(values.get("beat_s", 0.0)),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    value.encode()  # half a letter is refused here, not where it is to be kept
    return value


def _amount(value: Any, least: float = 0.0) -> float:
    amount = float(value)
    if not least <= amount < _MAX_AMOUNT:
        raise ValueError(f"{value!r} cannot be")
    return amount


def _see_to_disk(folder: Path) -> None:
    """A name is safe only when its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
