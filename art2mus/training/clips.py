"""Music made for held-out artworks while a projection learns, to be listened to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import torch

from art2mus.codec.protocol import Clip, ClipRequest, FloatArray
from art2mus.conditioning import Condition
from art2mus.images import load_artwork
from art2mus.picture import draw
from art2mus.pipeline import Art2MusPipeline
from art2mus.ranking import ranker_of
from art2mus.training.record import Record
from art2mus.training.settings import Art2MusSettings, ClipSettings
from art2mus.whole_files import whole_file

FOLDER = "validation"


@dataclass(frozen=True)
class Order:
    """A clip to be made.

    Attributes:
        artwork: What for.
        image_embeds: What the image encoder says about it.
        condition: What the projection makes of that.

    Shape: image_embeds (embedding_dim,).
    """

    artwork: Path
    image_embeds: FloatArray
    condition: Condition


def make(
    pipeline: Art2MusPipeline,
    orders: Sequence[Order],
    avoided: Condition,
    settings: Art2MusSettings,
    step: int,
    record: Record,
) -> dict[str, float]:
    """Make clips and write them down, each with the picture of its spectrogram beside its artwork.

    Returns: How near the clips are to their artworks on average, as the image encoder hears and sees both.
    """
    assert settings.clips is not None
    folder = settings.output / FOLDER / f"step-{step:07d}"
    ranker, likeness = ranker_of(pipeline.image_encoder), []
    for number, order in enumerate(orders):
        clip = _compose(pipeline, order.condition, avoided, settings.clips, number)
        assert clip.waveform is not None
        picture = draw(load_artwork(order.artwork), clip, settings.clips.length_s)
        name = f"{number:03d}-{order.artwork.stem[:48]}"
        with whole_file(folder / f"{name}.flac") as partial:
            soundfile.write(partial, clip.waveform.clip(-1.0, 1.0), pipeline.codec.sample_rate, subtype="PCM_16")
        with whole_file(folder / f"{name}.jpg") as partial:
            picture.save(partial, quality=85)
        record.clip(step, name, clip.waveform, pipeline.codec.sample_rate, picture)
        if ranker is not None:
            near = ranker([clip.waveform], pipeline.codec.sample_rate, [order.image_embeds])
            likeness += [each for each in near if each is not None]
    return {"likeness": float(np.mean(likeness))} if likeness else {}


def _compose(
    pipeline: Art2MusPipeline, condition: Condition, avoided: Condition, settings: ClipSettings, number: int
) -> Clip:
    """Make one clip; the same noise each time, so that what is heard to change is the projection."""
    codec, device = pipeline.codec, condition.loa_tokens.device
    plan = codec.plan(ClipRequest(None, "", number, settings.length_s))
    shape = (1, codec.latent_channels, plan.latent_steps, codec.latent_bins)
    noise = torch.randn(shape, generator=torch.Generator().manual_seed(number)).to(device)
    steps, scale = settings.num_inference_steps, settings.guidance_scale
    latents = pipeline.denoise(noise, condition, avoided if scale > 1 else None, scale, steps)
    return pipeline.decode(latents, [plan])[0]
