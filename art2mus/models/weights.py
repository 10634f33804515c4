"""How much a model's weights come to, component by component, without loading any. Importing this loads no torch."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path

from art2mus.models import BUNDLED_PROJECTIONS, INDEX, damage_named, locate, locate_imagebind
from art2mus.models.assembly import ASSEMBLY, Assembly

EARS = "image_encoder, audio side"
"""ImageBind's audio tower, which only ranking needs."""
SELDOM_ASKED = ("image_encoder", "text_encoder", "text_encoder_2")
"""Components that are asked once for a picture or a text; the others work on every clip."""
_PUBLISHED_TOWERS = {"vision": 632_829_440, "audio": 86_235_649}
"""Weights of `imagebind_huge`. Source: its configuration, counted on the meta device."""


def count_weights(name_or_path: str | Path) -> dict[str, int]:
    """Count the weights of each component of a model.

    Raises: ModelMissingError.
    """
    folder = locate(name_or_path)
    with damage_named(name_or_path):
        return _count(folder, str(name_or_path))


def _count(folder: Path, model: str) -> dict[str, int]:
    if (folder / ASSEMBLY).is_file():
        parts = Assembly.read(folder)
        projection = {"image_projection": _in_file(parts.projection)}
        return {**count_weights(parts.base), **_imagebind(locate_imagebind(parts.image_encoder)), **projection}
    counts: dict[str, int] = {}
    for name, class_name in _components(folder):
        part = folder / _folder_of(name, model)
        if class_name == "ImageBind":
            counts |= _imagebind(part)
        elif class_name == "ClapModel":  # of which the text side is loaded
            counts[name] = _in_folder(part, lambda key: key.startswith("text_"))
        else:
            counts[name] = _in_folder(part)
    return {name: count for name, count in counts.items() if count}


def _components(folder: Path) -> Iterator[tuple[str, str]]:
    for name, value in json.loads((folder / INDEX).read_text("utf-8")).items():
        if isinstance(value, list) and value[1] is not None:
            yield name, value[1]


def _folder_of(component: str, model: str) -> str:
    """Two bundled models lie in one folder and differ in their projection."""
    return BUNDLED_PROJECTIONS.get(model, component) if component == "image_projection" else component


def _imagebind(path: Path) -> dict[str, int]:
    def count(tower: str) -> int:
        if path.is_dir():
            return _in_folder(path, lambda key: f".{tower}." in key)
        if path.suffix == ".safetensors":
            return _in_file(path, lambda key: f".{tower}." in key)
        return _PUBLISHED_TOWERS[tower]  # what torch has pickled cannot be looked into without torch

    return {"image_encoder": count("vision"), EARS: count("audio")}


def _in_folder(folder: Path, is_wanted: Callable[[str], bool] = lambda _: True) -> int:
    return sum(_in_file(path, is_wanted) for path in folder.glob("*.safetensors") if ".fp16." not in path.name)


def _in_file(path: Path, is_wanted: Callable[[str], bool] = lambda _: True) -> int:
    if path.suffix != ".safetensors":
        return path.stat().st_size // 4  # float32, as the authors publish projections
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        return sum(math.prod(file.get_slice(key).get_shape()) for key in file.keys() if is_wanted(key))  # noqa: SIM118
