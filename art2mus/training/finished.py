"""A trained projection, as others can use it."""

from __future__ import annotations

from pathlib import Path

import torch

from art2mus.models import MODELS, is_audioldm2, load_imagebind, load_pipeline, locate
from art2mus.models.assembly import ASSEMBLY, Assembly, published_name, put_together
from art2mus.projection import ImageProjection
from art2mus.training.settings import Art2MusSettings
from art2mus.whole_files import whole_file, whole_folder


def export(projection: ImageProjection, folder: Path, settings: Art2MusSettings) -> None:
    """Write a projection in three forms.

    A state dict under the published name; `image_projection/`, for `ImageProjection.from_pretrained`; and `model/`, a
    folder that stands wherever the name of a model can: of what others publish it holds only where it lies.
    """
    weights = {key: value.detach().cpu().float().contiguous() for key, value in projection.state_dict().items()}
    file = folder / published_name(projection.config.num_tokens)
    with whole_file(file) as partial:
        torch.save(weights, partial)
    with whole_folder(folder / "image_projection") as partial:
        projection.save_pretrained(partial)
    parts = _published_parts(settings)
    if parts is not None:
        base, image_encoder, view = parts
        put_together(folder / "model", base, image_encoder, file, projection.config.conditioning, view)
        return
    pipeline = load_pipeline(settings.model)
    encoder = pipeline.image_encoder if settings.image_encoder is None else load_imagebind(settings.image_encoder)
    pipeline.register_modules(image_encoder=encoder, image_projection=projection.cpu())
    with whole_folder(folder / "model") as partial:
        pipeline.save_pretrained(partial, safe_serialization=True)


def _published_parts(settings: Art2MusSettings) -> tuple[str, str, str | None] | None:
    """AudioLDM 2, ImageBind and how it looks, where the model is put together; None for a pipeline saved whole."""
    folder = locate(settings.model)
    if (folder / ASSEMBLY).is_file():
        parts = Assembly.read(folder)
        if settings.image_encoder is None:
            return parts.base, _lasting(parts.image_encoder), parts.view
        return parts.base, _lasting(settings.image_encoder), None
    if not is_audioldm2(folder) or settings.image_encoder is None:
        return None
    return _lasting(settings.model), _lasting(settings.image_encoder), None


def _lasting(name_or_path: str) -> str:
    """A name, or a path that does not depend on where one stands."""
    return name_or_path if name_or_path in MODELS else str(Path(name_or_path).expanduser().absolute())
