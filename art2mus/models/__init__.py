"""Which model is where. Importing this loads no torch."""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs

from art2mus.models.assembly import ASSEMBLY, Assembly
from art2mus.models.hub import LOCK, DownloadError, Source, is_complete

if TYPE_CHECKING:
    import torch

    from art2mus.imagebind import ImageBind
    from art2mus.pipeline import Art2MusPipeline

BUNDLED = "mini"
BUNDLED_PROJECTIONS = {"mini": "image_projection", "mini-4": "image_projection_4"}
"""`mini-4` is `mini` with another projection: four tokens for each picture instead of one."""
INDEX = "model_index.json"
IMAGEBIND_FILES = ("model.safetensors", "imagebind_huge.pth")
"""As the hub and as the authors call them."""
_REASON_LENGTH = 160


@dataclass(frozen=True)
class Model:
    """A model that has a name.

    Attributes:
        description: What it is, in a line.
        licence: Of its weights.
        gigabytes: Its size in fp32, about, without the models it needs.
        needs: Models it is put together from.
        source: Where its files are published; None if they are bundled, or are the user's to bring.
    """

    description: str
    licence: str
    gigabytes: float
    needs: tuple[str, ...] = ()
    source: Source | None = None


_NC = "CC-BY-NC-SA-4.0: not for commercial use"
_PIPELINE_FILES = ("*.json", "*.txt", "*.model", "*.safetensors")
MODELS = {
    "mini": Model("bundled: Art2Mus at a small scale, writes notes", "Apache-2.0", 0.03),
    "mini-4": Model("bundled: mini with four tokens for each picture", "Apache-2.0", 0.03),
    "audioldm2": Model(
        "AudioLDM 2: text to sound",
        _NC,
        4.5,
        source=Source("cvssp/audioldm2", _PIPELINE_FILES, "c8e7e189d324425c05c4c2f81214041ef4107983"),
    ),
    "audioldm2-music": Model(
        "AudioLDM 2 trained on music: text to music",
        _NC,
        4.5,
        source=Source("cvssp/audioldm2-music", _PIPELINE_FILES),
    ),
    "imagebind": Model(
        "ImageBind: pictures and sound in one space; a part of the next two",
        _NC,
        4.8,
        source=Source("nielsr/imagebind-huge", ("*.safetensors",)),
    ),
    "art2mus": Model("Art2Mus as published: artwork to music, one token", _NC, 0.01, ("audioldm2", "imagebind")),
    "art2mus-4": Model("Art2Mus-4 as published: artwork to music, four tokens", _NC, 0.03, ("audioldm2", "imagebind")),
}


class ModelMissingError(Exception):
    """There is no such model here; the message is for the user, in one or two lines."""


def models_folder() -> Path:
    """Where models of the user lie: `models` in `ART2MUS_HOME`, or in the user's data folder."""
    home = os.environ.get("ART2MUS_HOME")
    return (Path(home) if home else platformdirs.user_data_path("art2mus")) / "models"


def cache_folder() -> Path:
    """Where what can be made again lies: `cache` in `ART2MUS_HOME`, or the user's cache folder."""
    home = os.environ.get("ART2MUS_HOME")
    return Path(home) / "cache" if home else platformdirs.user_cache_path("art2mus")


def locate(name_or_path: str | Path) -> Path:
    """Find the folder of a model, by its name or its path.

    Raises: ModelMissingError, saying where it should be and what to do.
    """
    name = str(name_or_path)
    folder, reason = _folder_of(name)
    if (folder / ASSEMBLY).is_file():
        _locate_parts(name, folder)
    elif not (folder / INDEX).is_file():
        raise ModelMissingError(f"model {name!r}: no {INDEX} in {folder}\n  {reason}")
    return folder


def locate_imagebind(name_or_path: str | Path = "imagebind") -> Path:
    """Find ImageBind's weights: the file, or the folder that `ImageBind.save_pretrained` wrote.

    Args:
        name_or_path: "imagebind", a file, or a folder.

    Raises: ModelMissingError, saying where it should be and what to do.
    """
    if Path(name_or_path).expanduser().is_file():
        return Path(name_or_path).expanduser()
    folder, _ = _folder_of(str(name_or_path))
    if (folder / "config.json").is_file() and '"ImageBind"' in (folder / "config.json").read_text("utf-8"):
        return folder
    for name in IMAGEBIND_FILES:
        if (folder / name).is_file():
            return folder / name
    raise ModelMissingError(
        f"no {' or '.join(IMAGEBIND_FILES)} in {folder}\n"
        "  fetch it with 'python -m art2mus.models download imagebind', or name the file"
    )


def is_audioldm2(folder: Path) -> bool:
    """Say whether the folder of a model is AudioLDM 2 as the hub keeps it.

    Raises: OSError or ValueError if that cannot be read.
    """
    return (folder / INDEX).is_file() and read_index(folder).get("_class_name") == "AudioLDM2Pipeline"


def read_index(folder: Path) -> dict[str, Any]:
    """Read what a pipeline's folder says of its parts.

    Raises: OSError or ValueError if that cannot be read.
    """
    index = json.loads((folder / INDEX).read_text("utf-8"))
    if not isinstance(index, dict):
        raise ValueError(f"{INDEX}: no keys and values")
    return index


def load_pipeline(
    name_or_path: str | Path = BUNDLED,
    dtype: torch.dtype | None = None,
    *,
    hears: bool = True,
    shelf: Path | None = None,
) -> Art2MusPipeline:
    """Load a model, ready to be called.

    Args:
        name_or_path: The name of a model, or its folder: a saved pipeline, AudioLDM 2 as the hub keeps it, or one
            whose `assembly.json` says what it is put together from.
        dtype: Of the networks; None is float32. Affect is measured in float32 all the same.
        hears: Whether to load what only ranking clips by ImageBind needs.
        shelf: Folder on whose disk encoders of pictures and texts lie, in memory only while they are asked; None keeps
            them there.

    Raises: ModelMissingError.
    """
    folder = locate(name_or_path)
    from art2mus.checkpoints import CheckpointError
    from art2mus.models.loading import load

    try:
        with damage_named(name_or_path):
            return load(folder, BUNDLED_PROJECTIONS.get(str(name_or_path)), dtype, hears=hears, shelf=shelf)
    except CheckpointError as error:
        raise ModelMissingError(f"model {str(name_or_path)!r}: {error}") from error


def load_imagebind(name_or_path: str | Path = "imagebind") -> ImageBind:
    """Load ImageBind's two towers, in float32.

    Args:
        name_or_path: "imagebind", a file of published weights, or a folder.

    Raises: ModelMissingError.
    """
    path = locate_imagebind(name_or_path)
    from art2mus.checkpoints import CheckpointError
    from art2mus.models.loading import imagebind

    try:
        with damage_named(name_or_path):
            return imagebind(path)
    except CheckpointError as error:
        raise ModelMissingError(str(error)) from error


@contextmanager
def damage_named(name_or_path: str | Path) -> Iterator[None]:
    """Say of a model whose files cannot be read that it is damaged.

    Raises: ModelMissingError.
    """
    from safetensors import SafetensorError

    try:
        yield
    except (OSError, ValueError, SafetensorError) as error:
        reason = " ".join(str(error).split())[:_REASON_LENGTH]
        raise ModelMissingError(
            f"model {str(name_or_path)!r}: damaged ({reason})\n"
            f"  'python -m art2mus.models verify {name_or_path}' says which of its files"
        ) from error


def read_assembly(name: str, folder: Path) -> Assembly:
    """Read what a model is put together from.

    Raises: ModelMissingError.
    """
    try:
        return Assembly.read(folder)
    except (OSError, ValueError, TypeError) as error:
        raise ModelMissingError(
            f"model {name!r}: {folder / ASSEMBLY} cannot be read ({error})\n  remove it, and download the model again"
        ) from error


def existing_folder(name: str) -> Path:
    """Take what is no name of a model for a folder.

    Raises: ModelMissingError, with a suggestion, if there is none.
    """
    folder = Path(name).expanduser()
    if not folder.is_dir():
        close = difflib.get_close_matches(name, MODELS, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"models are {', '.join(MODELS)}, or a folder"
        raise ModelMissingError(f"model {name!r}: there is no such folder, and no model of that name; {hint}")
    return folder


def _folder_of(name: str) -> tuple[Path, str]:
    """Where a model lies, and what to do if it is not there."""
    if name in BUNDLED_PROJECTIONS:
        folder = Path(str(resources.files("art2mus"))) / "assets" / BUNDLED
        return folder, "the bundled model is missing from this installation; install art2mus again"
    command = f"'python -m art2mus.models download {name}'"
    folder = models_folder() / name if name in MODELS else existing_folder(name)
    if (folder / LOCK).is_file() and not _is_complete(name, folder):
        raise ModelMissingError(f"model {name!r}: not all of it is in {folder} yet\n  go on with {command}")
    if name in MODELS:
        return folder, f"its weights are published by others and not bundled; fetch them with {command}"
    return folder, "this folder is not a saved pipeline; name the one that Art2MusPipeline.save_pretrained wrote"


def _is_complete(name: str, folder: Path) -> bool:
    try:
        return is_complete(folder)
    except DownloadError as error:
        raise ModelMissingError(f"model {name!r}: {error}") from error


def _locate_parts(name: str, folder: Path) -> None:
    parts = read_assembly(name, folder)
    locate(parts.base)
    locate_imagebind(parts.image_encoder)
    if not parts.projection.is_file():
        raise ModelMissingError(f"model {name!r}: no projection {parts.projection}; give it again with --projection")
