"""Exactness at the size of the published models, with random weights, on the processor.

    pytest -m full_size

Needs 20 GB of memory.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from art2mus.imagebind import ImageBind
from art2mus.projection import ImageProjection
from tests.art2mus import audioldm2, slow
from tests.art2mus.published_imagebind import published, randomised, towers

pytestmark = [pytest.mark.full_size, pytest.mark.timeout(900)]

TOLERANCE = 1e-4
PICTURE = Image.linear_gradient("L").rotate(90).resize((500, 300)).convert("RGB")
PROMPT, NEGATIVE = "slow strings in a minor key", "low quality."
CALL: dict[str, Any] = {"audio_length_in_s": 10.24, "num_inference_steps": 2, "guidance_scale": 3.5}


@pytest.fixture(autouse=True)
def memory() -> Iterator[None]:
    """Give a test's memory back before the next."""
    yield
    gc.collect()


@pytest.fixture(scope="module")
def parts() -> audioldm2.Parts:
    return audioldm2.full_parts()


def noise() -> torch.Tensor:
    return torch.randn(1, 8, 256, 16, generator=torch.Generator().manual_seed(0))


def is_close(found: np.ndarray[Any, Any] | torch.Tensor, expected: np.ndarray[Any, Any] | torch.Tensor) -> bool:
    difference, size = float(abs(found - expected).max()), float(abs(expected).max())
    print(f"max difference {difference:.2e}, of values up to {size:.2e}")
    return bool(difference < TOLERANCE and difference < TOLERANCE * size)


def test_the_components_have_the_published_size(parts: audioldm2.Parts) -> None:
    for name, millions in audioldm2.MILLIONS.items():
        found = sum(parameter.numel() for parameter in parts[name].parameters()) / 1e6
        assert found == pytest.approx(millions, abs=0.06), name


def test_text_alone_equals_diffusers(parts: audioldm2.Parts) -> None:
    pipe, stock = audioldm2.ours(parts), audioldm2.stock(parts)
    kept: list[torch.Tensor] = []
    arguments = {"negative_prompt": NEGATIVE, "latents": noise(), **CALL}
    expected = stock(PROMPT, callback=lambda *step: kept.append(step[2]), **arguments).audios
    clip = pipe(prompt=PROMPT, **arguments).clips[0]
    assert is_close(clip.latents, kept[-1][0])
    assert clip.waveform is not None
    assert is_close(clip.waveform[:, 0], expected[0])


@pytest.mark.parametrize(("prompt", "num_tokens"), [(None, 1), (PROMPT, 4)])
def test_a_picture_gives_what_is_published(prompt: str | None, num_tokens: int, parts: audioldm2.Parts) -> None:
    layer = ImageProjection(num_tokens=num_tokens)
    embeds = torch.nn.functional.normalize(torch.randn(1, 1024, generator=torch.Generator().manual_seed(1)))
    pipe = audioldm2.ours(parts, None, layer)
    with torch.no_grad():
        latents, waveform = slow.art2mus(
            parts, layer.state_dict(), embeds, noise(), prompt=prompt, negative=NEGATIVE, num_steps=2
        )
    clip = pipe(None, prompt, NEGATIVE, image_embeds=embeds, latents=noise(), **CALL).clips[0]
    assert is_close(clip.latents, latents[0])
    assert clip.waveform is not None
    assert is_close(clip.waveform[:, 0], waveform.numpy()[: len(clip.waveform)])


def test_imagebind_equals_the_published_code(tmp_path: Path) -> None:
    others = {"text_num_blocks": 1, "depth_num_blocks": 1, "thermal_num_blocks": 1, "imu_num_blocks": 1}
    reference = randomised(
        published().ImageBindModel(vision_embed_dim=1280, vision_num_blocks=32, out_embed_dim=1024, **others)
    )
    torch.save(towers(reference.state_dict()), tmp_path / "imagebind_huge.pth")
    pixels = torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(1))
    clips = torch.randn(1, 3, 1, 128, 204, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        expected = reference({"vision": pixels, "audio": clips})
    del reference
    ours = ImageBind.from_file(tmp_path / "imagebind_huge.pth")
    with torch.no_grad():
        seen, heard = ours("vision", pixels), ours("audio", clips[0]).mean(dim=0, keepdim=True)
    assert is_close(seen, expected["vision"])
    assert float((heard - expected["audio"]).abs().max() / expected["audio"].abs().max()) < TOLERANCE
    assert ours.encode([PICTURE]).shape == (1, 1024)
