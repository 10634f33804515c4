"""Models out of their folders, whichever of three forms these have."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, cast

import diffusers
import torch
import transformers
from diffusers.utils import logging as diffusers_logging
from transformers.utils import logging as transformers_logging

from art2mus.checkpoints import CheckpointError, align, check_weights, read_weights
from art2mus.clap_text import ClapTextSide
from art2mus.codec.mel import MelCodec
from art2mus.imagebind import ImageBind
from art2mus.models import is_audioldm2, locate, locate_imagebind, read_index
from art2mus.models.assembly import ASSEMBLY, Assembly
from art2mus.models.weights import SELDOM_ASKED
from art2mus.pipeline import Art2MusPipeline
from art2mus.projection import ImageProjection
from art2mus.shelf import shelve

PUBLISHED_LENGTH_S = 10.0
"""What Art2Mus makes as published."""
_log = logging.getLogger(__name__)


def load(
    folder: Path,
    projection: str | None,
    dtype: torch.dtype | None,
    *,
    hears: bool = True,
    shelf: Path | None = None,
) -> Art2MusPipeline:
    """Load a pipeline.

    Args:
        folder: A saved pipeline, AudioLDM 2 as the hub keeps it, or one with an assembly.
        projection: Folder in it of another projection than the pipeline's own.
        dtype: Of the networks; None is float32.
        hears: Whether to load ImageBind's audio side, which ranks clips.
        shelf: Folder on whose disk what is seldom asked lies (see `art2mus.shelf`); None keeps it in memory.

    Raises: CheckpointError.
    """
    for library in (diffusers_logging, transformers_logging):
        library.disable_progress_bar()  # a bar per component says nothing to the people in a gallery
    dtype = dtype or torch.float32
    if (folder / ASSEMBLY).is_file():
        pipeline = assembled(Assembly.read(folder), dtype, hears=hears, shelf=shelf)
    elif is_audioldm2(folder):
        pipeline = Art2MusPipeline(None, None, **audioldm2(folder, dtype, shelf), audio_length_in_s=PUBLISHED_LENGTH_S)
    else:
        pipeline = saved(folder, dtype, hears=hears, shelf=shelf)
    if projection is not None:
        layer = ImageProjection.from_pretrained(folder / projection, dtype=dtype)
        pipeline.register_modules(image_projection=layer)
    align(pipeline.components.values())
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def saved(folder: Path, dtype: torch.dtype, *, hears: bool = True, shelf: Path | None = None) -> Art2MusPipeline:
    """Load what `Art2MusPipeline.save_pretrained` wrote."""
    dtypes, others = {"default": dtype}, {}
    match read_index(folder).get("image_encoder", [None, None])[1]:
        case "AffectEncoder":
            dtypes["image_encoder"] = torch.float32
        case "ImageBind":
            others["image_encoder"] = put_away(imagebind(folder / "image_encoder", dtype, hears=hears), shelf)
    pipeline = Art2MusPipeline.from_pretrained(folder, dtype=dtypes, **others)
    for name in SELDOM_ASKED:
        if name not in others:
            put_away(getattr(pipeline, name), shelf)
    return pipeline


def assembled(parts: Assembly, dtype: torch.dtype, *, hears: bool = True, shelf: Path | None = None) -> Art2MusPipeline:
    """Put an Art2Mus together from what others published.

    Raises: CheckpointError if the parts do not fit each other.
    """
    seeing = imagebind(locate_imagebind(parts.image_encoder), dtype, hears=hears, view=parts.view)
    encoder = put_away(seeing, shelf)
    components = audioldm2(locate(parts.base), dtype, shelf)
    width = components["language_model"].config.n_embd
    projection = ImageProjection.from_file(parts.projection, dtype, width, parts.conditioning)
    if projection.config.image_embed_dim != encoder.config.embedding_dim:
        raise CheckpointError(
            f"{parts.projection}: projects from {projection.config.image_embed_dim} numbers, "
            f"but this ImageBind gives {encoder.config.embedding_dim}"
        )
    return Art2MusPipeline(encoder, projection, **components, audio_length_in_s=PUBLISHED_LENGTH_S)


def put_away(encoder: Any, shelf: Path | None) -> Any:
    """Put an encoder on the shelf, if there is one; where the disk does not take it, it stays in memory."""
    if shelf is not None and isinstance(encoder, torch.nn.Module):
        try:
            shelve(encoder, shelf)
        except OSError as error:
            _log.warning("%s: %s; %s stays in memory", shelf, error.strerror, type(encoder).__name__)
    return encoder


def audioldm2(folder: Path, dtype: torch.dtype, shelf: Path | None = None) -> dict[str, Any]:
    """Load the components of AudioLDM 2 as the hub keeps it, VAE and vocoder together as a codec.

    diffusers cannot load this folder with a current transformers: its index names GPT2Model, which no longer
    generates. Here it need not. Of CLAP only the text side is loaded: by the other, stock AudioLDM 2 ranks its clips,
    and nothing here does.
    """
    libraries = {"transformers": transformers, "diffusers": diffusers, "audioldm2": diffusers}
    components: dict[str, Any] = {}
    # What goes on the shelf comes first, while there is little else in memory.
    for name, (library, class_name) in sorted(
        _components(folder).items(), key=lambda each: each[0] not in SELDOM_ASKED
    ):
        kind = ClapTextSide if class_name == "ClapModel" else getattr(libraries[library], class_name)
        if issubclass(kind, torch.nn.Module):
            loaded = network(kind, folder / name, dtype)
            components[name] = put_away(loaded, shelf) if name in SELDOM_ASKED else loaded
        else:
            components[name] = kind.from_pretrained(folder / name, local_files_only=True)
    codec = MelCodec.from_parts(components.pop("vae"), components.pop("vocoder"))
    return {**components, "codec": codec}


def network(kind: Any, folder: Path, dtype: torch.dtype, **config: object) -> Any:
    """Load a network of transformers or diffusers, so that no second copy of its weights is in memory.

    The libraries' own way maps a file, and has all of it in memory beside what it is converted to.

    Args:
        kind: Its class.
        folder: Where it was saved, as safetensors.
        dtype: What its weights become.
        config: What is to be otherwise than it was saved; for those of diffusers.

    Raises: CheckpointError.
    """
    weights: dict[str, torch.Tensor] = {}
    for path in sorted(folder.glob("*.safetensors")):
        if ".fp16." not in path.name:
            weights |= read_weights(path, dtype)
    if issubclass(kind, transformers.PreTrainedModel):
        known = kind.config_class.from_pretrained(folder, local_files_only=True)
        model, found = kind.from_pretrained(
            None, config=known, state_dict=weights, dtype=dtype, output_loading_info=True
        )
        if found["missing_keys"]:  # which transformers would leave as they were drawn
            raise CheckpointError(f"{folder}: without {', '.join(sorted(found['missing_keys']))}; download it again")
        return model.eval()
    with torch.device("meta"):
        model = kind.from_config(kind.load_config(folder, local_files_only=True), **config)
    model._fix_state_dict_keys_on_load(weights)  # names of before 2023
    wanted = model.state_dict()
    check_weights(folder, weights, {key: tuple(tensor.shape) for key, tensor in wanted.items()})
    model.load_state_dict({key: weights[key] for key in wanted}, assign=True)
    return model.requires_grad_(False).eval()


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
        return cast(ImageBind, network(ImageBind, path, dtype, **config))
    return ImageBind.from_file(path, dtype, config)


def _components(folder: Path) -> dict[str, tuple[str, str]]:
    index = read_index(folder)
    named = {name: tuple(value) for name, value in index.items() if isinstance(value, list)}
    named.pop("feature_extractor", None)
    # Older and newer indices differ in the head that GPT-2 has; nothing reads it.
    return named | {"language_model": ("transformers", "GPT2Model")}
