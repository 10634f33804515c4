"""Which model is where. Importing this loads no torch."""

from __future__ import annotations

import difflib
import os
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

if TYPE_CHECKING:
    import torch

    from art2mus.pipeline import Art2MusPipeline

BUNDLED = "mini"
BUNDLED_PROJECTIONS = {"mini": "image_projection", "mini-4": "image_projection_4"}
"""`mini-4` is `mini` with another projection: four tokens for each picture instead of one."""
PUBLISHED = ("art2mus", "art2mus-4", "audioldm2", "audioldm2-music")
"""Models whose weights have owners of their own: they lie in the user's folder, once they are put there."""
INDEX = "model_index.json"


class ModelMissingError(Exception):
    """There is no such model here; the message is for the user, in one or two lines."""


def models_folder() -> Path:
    """Where models of the user lie: `models` in `ART2MUS_HOME`, or in the user's data folder."""
    home = os.environ.get("ART2MUS_HOME")
    return (Path(home) if home else platformdirs.user_data_path("art2mus")) / "models"


def locate(name_or_path: str | Path) -> Path:
    """Find the folder of a model, by its name or its path.

    Raises: ModelMissingError, saying where it should be and what to do.
    """
    name = str(name_or_path)
    if name in BUNDLED_PROJECTIONS:
        folder = Path(str(resources.files("art2mus"))) / "assets" / BUNDLED
        reason = "the bundled model is missing from this installation; install art2mus again"
    elif name in PUBLISHED:
        folder = models_folder() / name
        reason = "its weights are published by others and not bundled; put its folder there, or use 'mini'"
    else:
        folder = Path(name).expanduser()
        if not folder.is_dir():
            names = (*BUNDLED_PROJECTIONS, *PUBLISHED)
            close = difflib.get_close_matches(name, names, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"models are {', '.join(names)}, or a folder"
            raise ModelMissingError(f"model {name!r}: there is no such folder, and no model of that name; {hint}")
        reason = "this folder is not a saved pipeline; name the one that Art2MusPipeline.save_pretrained wrote"
    if not (folder / INDEX).is_file():
        raise ModelMissingError(f"model {name!r}: no {INDEX} in {folder}\n  {reason}")
    return folder


def load_pipeline(name_or_path: str | Path = BUNDLED, dtype: torch.dtype | None = None) -> Art2MusPipeline:
    """Load a model, ready to be called.

    Args:
        name_or_path: "mini", "mini-4", another model's name, or the folder of a saved pipeline.
        dtype: Of the networks; None is float32. Pictures are measured in float32 all the same.

    Raises: ModelMissingError.
    """
    folder = locate(name_or_path)
    import torch
    from diffusers.utils import logging as diffusers_logging
    from transformers.utils import logging as transformers_logging

    from art2mus.pipeline import Art2MusPipeline
    from art2mus.projection import ImageProjection

    for library in (diffusers_logging, transformers_logging):
        library.disable_progress_bar()  # a bar per component says nothing to the people in a gallery
    dtypes = {"default": dtype or torch.float32, "image_encoder": torch.float32}
    pipeline = Art2MusPipeline.from_pretrained(folder, dtype=dtypes)
    if name_or_path in BUNDLED_PROJECTIONS and name_or_path != BUNDLED:
        projection = ImageProjection.from_pretrained(folder / BUNDLED_PROJECTIONS[str(name_or_path)])
        pipeline.register_modules(image_projection=projection.to(dtypes["default"]))
    pipeline.set_progress_bar_config(disable=True)
    return pipeline
