"""The finished clips on disk: a FLAC and a JSON file each, whole or absent.

The composer process writes clips (`begin_clip`, `finish_clip`), the director alone reads the index, chooses
and throws away (`Library`). The JSON file is written last, so a clip without it does not exist.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from installation.messages import MAX_CLIP_ID_BYTES, ClipInfo, SoundingNote

FORMAT = 1
_UNFINISHED_AFTER_S = 600.0
_DAMAGE = (OSError, ValueError, KeyError, TypeError)

_log = logging.getLogger(__name__)


def begin_clip(folder: Path, clip_id: str) -> Path:
    """Where to write the sound of a new clip to; `finish_clip` makes it count."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f".{clip_id}.part.flac"


def finish_clip(folder: Path, unfinished: Path, clip: ClipInfo, receipt: dict[str, Any]) -> None:
    """Put a clip into the library, whole.

    Args:
        folder: The library.
        unfinished: What `begin_clip` gave, written.
        clip: Describes it; `clip.audio_path` is where it comes to lie.
        receipt: What it was made with: model, seed, seconds...
    """
    description = asdict(clip) | {
        "audio_path": clip.audio_path.name,
        "notes": [[n.onset_s, n.duration_s, n.pitch, n.velocity, n.layer] for n in clip.notes],
        "format": FORMAT,
        "num_bytes": unfinished.stat().st_size,
        "receipt": receipt,
    }
    unfinished_json = unfinished.with_suffix(".json")
    unfinished_json.write_text(json.dumps(description, indent=None, separators=(",", ":")), encoding="utf-8")
    unfinished.replace(clip.audio_path)
    unfinished_json.replace(folder / f"{clip.clip_id}.json")


@dataclass(slots=True)
class _Entry:
    clip: ClipInfo
    num_bytes: int
    heard_at: float  # seconds since the epoch: the time of the JSON file


class Library:
    """The index of the clips in a folder, kept below a size."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        """Read what is there; a damaged clip costs one line in the log and is left out."""
        self.folder = folder
        self._max_bytes = max_bytes
        self._entries: dict[str, _Entry] = {}
        folder.mkdir(parents=True, exist_ok=True)
        for path in sorted(folder.glob("*.json")):
            try:
                self._keep(_read(path), path.stat().st_mtime)
            except _DAMAGE as error:
                _log.warning("library: %s is damaged and left out (%s)", path.name, error)
        self._remove_leftovers()

    def __len__(self) -> int:
        return len(self._entries)

    def num_bytes(self) -> int:
        """Of all clips together."""
        return sum(entry.num_bytes for entry in self._entries.values())

    def add(self, clip: ClipInfo) -> None:
        """Take in a clip that the composer has just finished."""
        self._keep(clip, time.time())

    def beginning_for(self, artwork_id: str) -> ClipInfo | None:
        """The first clip of the piece for this work that was not heard for longest."""
        beginnings = [
            entry
            for entry in self._entries.values()
            if entry.clip.artwork_id == artwork_id and entry.clip.continues is None
        ]
        return self._hand_out(min(beginnings, key=lambda entry: entry.heard_at)) if beginnings else None

    def continuation_of(self, clip_id: str) -> ClipInfo | None:
        """The clip that follows this one without a seam."""
        for entry in self._entries.values():
            if entry.clip.continues == clip_id:
                return self._hand_out(entry)
        return None

    def discard(self, clip_id: str) -> None:
        """Throw a clip away."""
        entry = self._entries.pop(clip_id, None)
        if entry is not None:
            (self.folder / f"{clip_id}.json").unlink(missing_ok=True)
            entry.clip.audio_path.unlink(missing_ok=True)

    def trim(self, in_use: Collection[str] = ()) -> int:
        """Throw away what was not heard for longest, until the rest fits; never what is in use.

        Returns: How many clips went.
        """
        excess = self.num_bytes() - self._max_bytes
        num_gone = 0
        for entry in sorted(self._entries.values(), key=lambda entry: entry.heard_at):
            if excess <= 0:
                break
            if entry.clip.clip_id not in in_use:
                self.discard(entry.clip.clip_id)
                excess -= entry.num_bytes
                num_gone += 1
        return num_gone

    def _keep(self, clip: ClipInfo, heard_at: float) -> None:
        """The notes stay on disk until they are wanted: a year of them is a lot."""
        num_bytes = clip.audio_path.stat().st_size
        self._entries[clip.clip_id] = _Entry(replace(clip, notes=()), num_bytes, heard_at)

    def _hand_out(self, entry: _Entry) -> ClipInfo | None:
        """The clip, marked as heard; None (and forgotten) if its file is no longer what it was."""
        path = self.folder / f"{entry.clip.clip_id}.json"
        try:
            clip = _read(path)
            os.utime(path)
        except _DAMAGE as error:
            _log.warning("library: %s is damaged and thrown away (%s)", path.name, error)
            self.discard(entry.clip.clip_id)
            return None
        entry.heard_at = time.time()
        return clip

    def _remove_leftovers(self) -> None:
        """Files of clips that were never finished. Young ones may still be in the making."""
        known = {entry.clip.audio_path.name for entry in self._entries.values()}
        for path in [*self.folder.glob(".*.part.*"), *self.folder.glob("*.flac")]:
            try:
                if path.name not in known and time.time() - path.stat().st_mtime > _UNFINISHED_AFTER_S:
                    path.unlink()
            except FileNotFoundError:
                continue


def _read(path: Path) -> ClipInfo:
    """The clip a JSON file describes.

    Raises: One of `_DAMAGE` when it does not describe a whole clip.
    """
    description = json.loads(path.read_text(encoding="utf-8"))
    if description["format"] != FORMAT:
        raise ValueError(f"format {description['format']}")
    clip_id = str(description["clip_id"])
    if clip_id != path.stem or len(clip_id.encode("ascii")) > MAX_CLIP_ID_BYTES:
        raise ValueError("its name is not its id")
    audio_path = path.parent / Path(description["audio_path"]).name
    num_bytes = audio_path.stat().st_size
    if num_bytes != description["num_bytes"]:
        raise ValueError(f"{audio_path.name} has {num_bytes} bytes, not {description['num_bytes']}")
    return ClipInfo(
        clip_id=clip_id,
        artwork_id=str(description["artwork_id"]),
        audio_path=audio_path,
        length_s=float(description["length_s"]),
        sample_rate=int(description["sample_rate"]),
        notes=tuple(SoundingNote(float(o), float(d), int(p), int(v), int(y)) for o, d, p, v, y in description["notes"]),
        continues=None if description["continues"] is None else str(description["continues"]),
        affect=tuple((str(name), float(score)) for name, score in description.get("affect", ())),
        prompt=str(description.get("prompt", "")),
    )
