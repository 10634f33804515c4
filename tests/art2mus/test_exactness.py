"""Art2Mus gives what others published: with text alone diffusers' AudioLDM 2, with a picture the published Art2Mus."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from art2mus.imagebind import ImageBind
from art2mus.pipeline import Art2MusPipeline
from art2mus.projection import ImageProjection
from tests.art2mus import audioldm2, slow, tiny

PICTURE = Image.linear_gradient("L").resize((48, 32)).convert("RGB")
PROMPTS = ("slow strings.", "a", "piano, fast and rather long")
NEGATIVES = ("low quality.", "")
TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def parts() -> audioldm2.Parts:
    return audioldm2.tiny_parts()


@pytest.fixture(scope="module")
def encoder() -> ImageBind:
    return tiny.imagebind()


def projection(num_tokens: int = 1, conditioning: str = "reference") -> ImageProjection:
    with torch.random.fork_rng():
        torch.manual_seed(num_tokens)
        layer = ImageProjection(tiny.IMAGE_DIM, 12, tiny.LANGUAGE_DIM, num_tokens, conditioning)
        for parameter in layer.parameters():
            torch.nn.init.normal_(parameter, std=0.5)
    return layer


def noise(seed: int = 0, num_items: int = 1) -> torch.Tensor:
    return torch.randn(num_items, tiny.LATENT_CHANNELS, 24, 4, generator=torch.Generator().manual_seed(seed))


CALL: dict[str, Any] = {"audio_length_in_s": 0.96, "num_inference_steps": 3, "guidance_scale": 3.5}


@pytest.mark.parametrize("negative", NEGATIVES)
@pytest.mark.parametrize("prompt", PROMPTS)
def test_text_alone_equals_diffusers(prompt: str, negative: str, parts: audioldm2.Parts) -> None:
    pipe, stock = audioldm2.ours(parts), audioldm2.stock(parts)
    latents = stock(prompt, negative_prompt=negative, latents=noise(), output_type="latent", **CALL).audios
    waveform = stock(prompt, negative_prompt=negative, latents=noise(), **CALL).audios
    arguments = {"prompt": prompt, "negative_prompt": negative, "latents": noise(), **CALL}
    assert (pipe(output_type="latent", **arguments).latents[0] - latents[0]).abs().max() < TOLERANCE
    found = pipe(**arguments).audios[:, :, 0]
    np.testing.assert_allclose(found, waveform, atol=1e-4 * np.abs(waveform).max())
    other = pipe(**{**arguments, "prompt": prompt + " b"}, output_type="latent").latents[0]
    assert (other - latents[0]).abs().max() > 1e-3, "the test must be able to fail"


def test_text_without_guidance_equals_diffusers(parts: audioldm2.Parts) -> None:
    call = {**CALL, "guidance_scale": 1.0, "latents": noise(), "output_type": "latent"}
    expected = audioldm2.stock(parts)("slow strings.", **call).audios
    assert (audioldm2.ours(parts)(prompt="slow strings.", **call).latents[0] - expected[0]).abs().max() < TOLERANCE


@pytest.mark.parametrize("num_tokens", [1, 4])
@pytest.mark.parametrize("conditioning", ["reference", "framed"])
@pytest.mark.parametrize("prompt", [None, PROMPTS[2]])
def test_a_picture_gives_what_is_published(
    prompt: str | None, conditioning: str, num_tokens: int, parts: audioldm2.Parts, encoder: ImageBind
) -> None:
    layer = projection(num_tokens, conditioning)
    pipe = audioldm2.ours(parts, encoder, layer)
    for image_first in (False, True):
        pipe.register_to_config(image_first=image_first)
        with torch.no_grad():
            latents, waveform = slow.art2mus(
                parts,
                layer.state_dict(),
                encoder.encode([PICTURE]),
                noise(),
                prompt=prompt,
                framed=conditioning == "framed",
                image_first=image_first,
            )
        found = pipe(PICTURE, prompt, "Low quality.", latents=noise(), **CALL)
        assert (found.clips[0].latents - latents[0]).abs().max() < TOLERANCE
        expected = waveform.numpy()[: found.audios.shape[1]]
        np.testing.assert_allclose(found.audios[0, :, 0], expected, atol=1e-4 * np.abs(expected).max())


def test_conditioning_order_and_negative_prompt_matter(parts: audioldm2.Parts, encoder: ImageBind) -> None:
    def latents(conditioning: str, negative: str, prompt: str | None, **config: Any) -> torch.Tensor:
        pipe = audioldm2.ours(parts, encoder, projection(4, conditioning), **config)
        call = {**CALL, "output_type": "latent", "latents": noise()}
        return pipe(PICTURE, prompt, negative, **call).latents[0]

    made = [
        latents("reference", "low quality.", None),
        latents("framed", "low quality.", None),
        latents("reference", "piano", None),
        latents("reference", "low quality.", "slow strings."),
        latents("reference", "piano", "slow strings."),
        latents("reference", "low quality.", "slow strings.", image_first=True),
    ]
    for index, each in enumerate(made):
        assert not any(torch.allclose(each, other, atol=1e-4) for other in made[:index])


@pytest.mark.parametrize("with_pictures", [False, True])
def test_items_of_a_batch_are_what_they_are_alone(
    with_pictures: bool, parts: audioldm2.Parts, encoder: ImageBind
) -> None:
    pipe = audioldm2.ours(parts, encoder, projection(4))
    images = [PICTURE, Image.new("RGB", (30, 90), "orange"), PICTURE.rotate(90)] if with_pictures else [None] * 3
    negatives = ["low quality.", "", "piano piano piano"]
    rest = {**CALL, "output_type": "latent"}
    generators = [torch.Generator().manual_seed(seed) for seed in range(3)]
    batch = images if with_pictures else None
    together = pipe(batch, list(PROMPTS), negatives, generator=generators, **rest).latents
    for item, found in enumerate(together):
        generator = torch.Generator().manual_seed(item)
        alone = pipe(images[item], PROMPTS[item], negatives[item], generator=generator, **rest).latents[0]
        assert (found - alone).abs().max() < TOLERANCE


def test_a_whole_pipeline_is_saved_and_loaded(parts: audioldm2.Parts, encoder: ImageBind, tmp_path: Path) -> None:
    pipe = audioldm2.ours(parts, encoder, projection(4, "framed"), image_first=True)
    pipe.save_pretrained(tmp_path)
    assert not {path.suffix for path in tmp_path.rglob("*")} & {".bin", ".pt", ".pth", ".ckpt"}
    loaded = Art2MusPipeline.from_pretrained(tmp_path)
    loaded.set_progress_bar_config(disable=True)
    assert isinstance(loaded.image_encoder, ImageBind)
    assert loaded.image_projection.config.conditioning == "framed"
    expected, found = (
        each(PICTURE, "slow strings.", num_waveforms_per_prompt=2, generator=torch.Generator().manual_seed(1), **CALL)
        for each in (pipe, loaded)
    )
    assert np.array_equal(expected.audios, found.audios)
    assert [clip.similarity for clip in expected.clips] == [clip.similarity for clip in found.clips]


def test_candidates_are_ranked_by_imagebind(parts: audioldm2.Parts, encoder: ImageBind) -> None:
    pipe = audioldm2.ours(parts, encoder, projection())
    output = pipe(PICTURE, num_waveforms_per_prompt=3, generator=torch.Generator().manual_seed(0), **CALL)
    similarities = [clip.similarity for clip in output.clips]
    picture = encoder.encode([PICTURE])[0]
    heard = encoder.encode_audio([np.float32(clip.waveform) for clip in output.clips], output.sample_rate)
    expected = torch.cosine_similarity(heard, picture[None])
    np.testing.assert_allclose(np.float32(similarities), expected.numpy(), atol=1e-5)
    assert expected.tolist() == sorted(expected.tolist(), reverse=True)
    of_words = pipe(prompt="piano", num_waveforms_per_prompt=2, **CALL)
    assert {clip.similarity for clip in of_words.clips} == {None}


def test_a_model_without_eyes_says_so_and_is_saved(parts: audioldm2.Parts, tmp_path: Path) -> None:
    audioldm2.ours(parts).save_pretrained(tmp_path)
    blind = Art2MusPipeline.from_pretrained(tmp_path)
    with pytest.raises(ValueError, match="reads only texts"):
        blind(PICTURE)
