"""Which weights a model has, as one hash. Importing this loads no torch."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from art2mus.digests import content_digest
from art2mus.models import BUNDLED_PROJECTIONS, locate, locate_imagebind
from art2mus.models.assembly import ASSEMBLY, Assembly
from art2mus.whole_files import whole_file

IDENTITIES_FILE = "model-identity.json"
"""In a cache folder: hashes of files that were seen before."""
_SUFFIXES = frozenset({".bin", ".json", ".model", ".pt", ".pth", ".safetensors", ".txt"})


def identify(name_or_path: str | Path, cache_path: Path) -> str:
    """Hash everything a model is loaded from: weights, configurations, vocabularies, in full.

    Args:
        name_or_path: The name of a model, or its folder.
        cache_path: Hashes of files seen before, by size and time of change: only the first look at gigabytes takes
            its time. A cache that cannot be read or written costs that time again.

    Raises: ModelMissingError.
    """
    cache = _Cache(cache_path)
    # Two bundled models lie in one folder and differ in what is taken from it.
    digest = hashlib.sha256(BUNDLED_PROJECTIONS.get(str(name_or_path), "").encode())
    folder = locate(name_or_path)
    digest.update(_settings(folder).encode())
    for name, path in sorted(_files(folder).items()):
        digest.update(f"{name} {cache.hash_of(path)}\n".encode())
    cache.save()
    return digest.hexdigest()


def identify_imagebind(path: Path, cache_path: Path) -> str:
    """Hash ImageBind's weights: a published file, or the files of a saved folder, without those of folders in it.

    Args:
        path: As `locate_imagebind` gives it.
        cache_path: As `identify` takes it.
    """
    cache = _Cache(cache_path)
    found = [file for file in path.iterdir() if _is_read(file)] if path.is_dir() else [path]
    digest = hashlib.sha256("".join(f"{file.suffix} {cache.hash_of(file)}\n" for file in sorted(found)).encode())
    cache.save()
    return digest.hexdigest()


def _files(folder: Path) -> dict[str, Path]:
    """The files of a model by the names that they have wherever the model lies."""
    if (folder / ASSEMBLY).is_file():
        parts = Assembly.read(folder)
        encoder = locate_imagebind(parts.image_encoder)
        encoder_files = _in_folder(encoder) if encoder.is_dir() else {encoder.name: encoder}
        return {
            **{f"base/{name}": path for name, path in _in_folder(locate(parts.base)).items()},
            **{f"image_encoder/{name}": path for name, path in encoder_files.items()},
            "projection": parts.projection,
        }
    return _in_folder(folder)


def _settings(folder: Path) -> str:
    """What an assembly says beside where its parts lie; empty where nothing is otherwise than published."""
    if not (folder / ASSEMBLY).is_file():
        return ""
    parts = Assembly.read(folder)
    settings = {"conditioning": parts.conditioning, "view": parts.view or "crop"}
    return "" if settings == {"conditioning": "reference", "view": "crop"} else json.dumps(settings)


def _in_folder(folder: Path) -> dict[str, Path]:
    return {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if _is_read(path)}


def _is_read(path: Path) -> bool:
    return path.suffix in _SUFFIXES and path.is_file() and not path.name.startswith(".")


class _Cache:
    """Hashes of files that have not changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._hashes: dict[str, list[object]] = {}
        self._is_new = False
        try:
            known = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError):
            return
        if isinstance(known, dict):
            self._hashes = known

    def hash_of(self, path: Path) -> str:
        status = path.stat()
        stamp = [status.st_size, status.st_mtime_ns]
        match self._hashes.get(str(path)):
            case [*before, str(known)] if before == stamp:
                return known
        fresh = content_digest(path)
        self._hashes[str(path)] = [*stamp, fresh]
        self._is_new = True
        return fresh

    def save(self) -> None:
        if not self._is_new:
            return
        try:
            with whole_file(self._path) as partial:
                partial.write_text(json.dumps(self._hashes), "utf-8")
        except OSError:
            return  # the next start hashes again
