"""Models out of their folders, whichever of three forms these have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import diffusers
import torch
import transformers
from diffusers.utils import logging as diffusers_logging
from transformers.utils import logging as transformers_logging

from art2mus.checkpoints import CheckpointError, align
from art2mus.clap_text import ClapTextSide
from art2mus.codec.mel import MelCodec
from art2mus.imagebind import ImageBind
from art2mus.models import INDEX, locate, locate_imagebind
from art2mus.models.assembly import ASSEMBLY, Assembly
from art2mus.pipeline import Art2MusPipeline
from art2mus.projection import ImageProjection

PUBLISHED_LENGTH_S = 10.0
"""What Art2Mus makes as published."""


def load(folder: Path, projection: str | None, dtype: torch.dtype | None, *, hears: bool = True) -> Art2MusPipeline:
    """Load a pipeline.

    Args:
        folder: A saved pipeline, AudioLDM 2 as the hub keeps it, or one with an assembly.
        projection: Folder in it of another projection than the pipeline's own.
        dtype: Of the networks; None is float32.
        hears: Whether to load ImageBind's audio side, which ranks clips.

    Raises: CheckpointError.
    """
    for library in (diffusers_logging, transformers_logging):
        library.disable_progress_bar()  # a bar per component says nothing to the people in a gallery
    dtype = dtype or torch.float32
    if (folder / ASSEMBLY).is_file():
        pipeline = assembled(Assembly.read(folder), dtype, hears=hears)
    elif _index(folder)["_class_name"] == "AudioLDM2Pipeline":
        pipeline = Art2MusPipeline(None, None, **audioldm2(folder, dtype), audio_length_in_s=PUBLISHED_LENGTH_S)
    else:
        pipeline = saved(folder, dtype, hears=hears)
    if projection is not None:
        layer = ImageProjection.from_pretrained(folder / projection, dtype=dtype)
        pipeline.register_modules(image_projection=layer)
    align(pipeline.components.values())
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def saved(folder: Path, dtype: torch.dtype, *, hears: bool = True) -> Art2MusPipeline:
    """Load what `Art2MusPipeline.save_pretrained` wrote."""
    dtypes, others = {"default": dtype}, {}
    match _index(folder).get("image_encoder", [None, None])[1]:
        case "AffectEncoder":
            dtypes["image_encoder"] = torch.float32
        case "ImageBind":
            others["image_encoder"] = imagebind(folder / "image_encoder", dtype, hears=hears)
    return Art2MusPipeline.from_pretrained(folder, dtype=dtypes, **others)


def assembled(parts: Assembly, dtype: torch.dtype, *, hears: bool = True) -> Art2MusPipeline:
    """Put an Art2Mus together from what others published.

    Raises: CheckpointError if the parts do not fit each other.
    """
    components = audioldm2(locate(parts.base), dtype)
    width = components["language_model"].config.n_embd
    projection = ImageProjection.from_file(parts.projection, dtype, width, parts.conditioning)
    encoder = imagebind(locate_imagebind(parts.image_encoder), dtype, hears=hears, view=parts.view)
    if projection.config.image_embed_dim != encoder.config.embedding_dim:
        raise CheckpointError(
            f"{parts.projection}: projects from {projection.config.image_embed_dim} numbers, "
            f"but this ImageBind gives {encoder.config.embedding_dim}"
        )
    return Art2MusPipeline(encoder, projection, **components, audio_length_in_s=PUBLISHED_LENGTH_S)


def audioldm2(folder: Path, dtype: torch.dtype) -> dict[str, Any]:
    """Load the components of AudioLDM 2 as the hub keeps it, VAE and vocoder together as a codec.

    diffusers cannot load this folder with a current transformers: its index names GPT2Model, which no longer
    generates. Here it need not. Of CLAP only the text side is loaded: by the other, stock AudioLDM 2 ranks its clips,
    and nothing here does.
    """
    libraries = {"transformers": transformers, "diffusers": diffusers, "audioldm2": diffusers}
    components: dict[str, Any] = {}
    for name, (library, class_name) in _components(folder).items():
        kind = ClapTextSide if class_name == "ClapModel" else getattr(libraries[library], class_name)
        is_network = issubclass(kind, torch.nn.Module)
        options = {"dtype": dtype} if is_network else {}
        part = kind.from_pretrained(folder / name, local_files_only=True, **options)
        components[name] = part.eval() if is_network else part
    codec = MelCodec.from_parts(components.pop("vae"), components.pop("vocoder"))
    return {**components, "codec": codec}


def imagebind(
    path: Path, dtype: torch.dtype = torch.float32, *, hears: bool = True, view: str | None = None
) -> ImageBind:
    """Load ImageBind from a published file, or from the folder it was saved in.

    Args:
        path: Of either.
        dtype: Of the weights.
        hears: Whether to load the audio side, if there is one.
        view: How much is seen of a picture that is not square; None is as it was saved, or published.

    Raises: CheckpointError.
    """
    config: dict[str, object] = {} if hears else {"hears": False}  # else as it was saved
    config |= {} if view is None else {"view": view}
    if path.is_dir():
        return cast(ImageBind, ImageBind.from_pretrained(path, dtype=dtype, **config).eval())
    return ImageBind.from_file(path, dtype, config)


def _components(folder: Path) -> dict[str, tuple[str, str]]:
    index = _index(folder)
    named = {name: tuple(value) for name, value in index.items() if isinstance(value, list)}
    named.pop("feature_extractor", None)
    # Older and newer indices differ in the head that GPT-2 has; nothing reads it.
    return named | {"language_model": ("transformers", "GPT2Model")}


def _index(folder: Path) -> dict[str, Any]:
    return cast(dict[str, Any], json.loads((folder / INDEX).read_text("utf-8")))
