"""The chain from picture and text to music, on tiny but real components."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import DPMSolverMultistepScheduler
from PIL import Image

from art2mus.codec.performance import Performance
from art2mus.codec.protocol import Codec
from art2mus.pipeline import Art2MusPipeline
from art2mus.sampling import GenerationInterruptedError
from tests.art2mus import slow, tiny

CODECS = ("score", "mel")


@pytest.fixture(scope="module")
def pipelines() -> dict[str, Art2MusPipeline]:
    return {"score": tiny.pipeline(), "mel": tiny.pipeline(tiny.mel_codec(), num_tokens=4)}


@pytest.fixture(scope="module")
def pipe(pipelines: dict[str, Art2MusPipeline]) -> Art2MusPipeline:
    return pipelines["score"]


@pytest.fixture
def image() -> Image.Image:
    return Image.linear_gradient("L").resize((48, 32)).convert("RGB")


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def latents_of(pipe: Art2MusPipeline, **arguments: Any) -> torch.Tensor:
    return pipe(output_type="latent", **arguments).latents[0]


@pytest.mark.parametrize("kind", CODECS)
def test_a_clip_has_exactly_the_length_asked_for(
    kind: str, pipelines: dict[str, Art2MusPipeline], image: Image.Image
) -> None:
    pipe = pipelines[kind]
    channels = {"score": 2, "mel": 1}[kind]
    for length_s in (3.3, 5.0):
        audios = pipe(image, audio_length_in_s=length_s, generator=seeded(1)).audios
        assert audios.shape == (1, round(length_s * pipe.codec.sample_rate), channels)
        assert audios.dtype == np.float32
        assert np.abs(audios).max() > 0


def test_what_was_made_of_an_artwork_comes_to_where_the_model_is() -> None:
    pipe = tiny.pipeline().to("meta")
    for given in ({"image_embeds": torch.zeros(1, 6)}, {"image_tokens": torch.zeros(1, 1, tiny.LANGUAGE_DIM)}):
        _, tokens = pipe.encode_artwork(None, **given)
        assert tokens is not None
        assert tokens.device.type == "meta"


def test_a_codec_cannot_be_moved_to_and_fro(pipe: Art2MusPipeline) -> None:
    with pytest.raises(ValueError, match="CPU offload cannot be enabled"):
        pipe.enable_model_cpu_offload(device="cuda")


def test_clips_of_different_lengths_are_not_stacked(pipe: Art2MusPipeline) -> None:
    subjects = torch.tensor([[-3.0] * 6, [3.0] * 6])  # calm and busy, of which each has a tempo of its own
    output = pipe(image_embeds=subjects, generator=seeded(1), num_inference_steps=1)
    assert len({len(clip.waveform) for clip in output.clips if clip.waveform is not None}) == 2
    with pytest.raises(ValueError, match="different lengths or no sound: see `clips`, or pass `audio_length_in_s`"):
        _ = output.audios
    with pytest.raises(ValueError, match="no sound"):
        _ = pipe(image_embeds=subjects, output_type="latent", num_inference_steps=1).audios


@pytest.mark.parametrize("kind", CODECS)
def test_same_seed_same_waveform_to_the_sample(
    kind: str, pipelines: dict[str, Art2MusPipeline], image: Image.Image
) -> None:
    pipe = pipelines[kind]
    first, again, other = (pipe(image, audio_length_in_s=2, generator=seeded(seed)).audios for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("kind", CODECS)
def test_a_saved_pipeline_sounds_the_same_to_the_sample(
    kind: str, pipelines: dict[str, Art2MusPipeline], image: Image.Image, tmp_path: Path
) -> None:
    pipe = pipelines[kind]
    pipe.save_pretrained(tmp_path / "saved")
    loaded = Art2MusPipeline.from_pretrained(tmp_path / "saved")
    assert dict(loaded.config).keys() >= {"negative_prompt", "guidance_scale", "audio_length_in_s"}
    assert loaded.config.num_inference_steps == 3
    suffixes = {path.suffix for path in (tmp_path / "saved").rglob("*") if path.is_file()}
    assert suffixes == {".safetensors", ".json"}
    arguments = {"image": image, "prompt": "slow strings", "audio_length_in_s": 2}
    expected, found = (p(generator=seeded(5), **arguments).audios for p in (pipe, loaded))
    assert np.array_equal(expected, found)


@pytest.mark.parametrize("kind", CODECS)
def test_bfloat16_follows_float32(
    kind: str, pipelines: dict[str, Art2MusPipeline], image: Image.Image, tmp_path: Path
) -> None:
    pipelines[kind].save_pretrained(tmp_path)
    dtypes = {"default": torch.bfloat16, "image_encoder": torch.float32}
    half = Art2MusPipeline.from_pretrained(tmp_path, dtype=dtypes)
    assert half.unet.dtype == torch.bfloat16
    expected, found = (
        latents_of(p, image=image, prompt="slow", audio_length_in_s=2, generator=seeded(3))
        for p in (pipelines[kind], half)
    )
    assert found.dtype == torch.float32
    assert torch.nn.functional.cosine_similarity(expected.flatten(), found.flatten(), dim=0) > 0.999


@pytest.mark.parametrize("kind", CODECS)
def test_the_language_model_reads_what_the_published_one_reads(
    kind: str, pipelines: dict[str, Art2MusPipeline], image: Image.Image
) -> None:
    pipe = pipelines[kind]
    with torch.no_grad():
        embeds, tokens = pipe.encode_artwork(image)
        texts = pipe.encode_text(["slow strings in a minor key"])
        assert embeds is not None
        assert tokens is not None
        assert tokens.shape == (1, {"score": 1, "mel": 4}[kind], tiny.LANGUAGE_DIM)
        sentence, _ = slow.sentence(pipe.components, "slow strings in a minor key")
        for found, inputs in (
            (pipe.compose_loa(tokens, None), tokens),
            (pipe.compose_loa(None, texts), sentence),
            (pipe.compose_loa(tokens, texts), torch.cat([sentence, tokens], dim=1)),
        ):
            assert found.shape == (1, 8, tiny.LANGUAGE_DIM)
            torch.testing.assert_close(found, slow.loa(pipe.language_model, inputs), rtol=1e-4, atol=1e-5)


def test_noise_is_what_any_diffusers_pipeline_draws(pipe: Art2MusPipeline, image: Image.Image) -> None:
    arguments = {"image": image, "performance": Performance.neutral(), "audio_length_in_s": 4.0}
    drawn = latents_of(pipe, generator=seeded(9), **arguments)
    noise = torch.randn(1, tiny.LATENT_CHANNELS, pipe.phrase or 0, 16, generator=seeded(9))
    torch.testing.assert_close(latents_of(pipe, latents=noise, **arguments), drawn, rtol=0, atol=0)


@pytest.mark.parametrize("kind", CODECS)
def test_items_of_a_batch_are_what_they_are_alone(
    kind: str, pipelines: dict[str, Art2MusPipeline], image: Image.Image
) -> None:
    pipe = pipelines[kind]
    images = [image, Image.new("RGB", (32, 32), (250, 200, 40)), Image.new("RGB", (32, 32), (5, 5, 20))]
    prompts = ["slow", "fast piano , fast piano", "soft strings in a minor key"]
    negatives = ["low quality .", "piano", "fast fast fast"]
    together = pipe(
        images,
        prompts,
        negatives,
        audio_length_in_s=9.0,
        generator=[seeded(seed) for seed in range(3)],
        output_type="latent",
    ).clips
    for item in range(3):
        alone = pipe(
            images[item],
            prompts[item],
            negatives[item],
            audio_length_in_s=9.0,
            generator=[seeded(item)],
            output_type="latent",
        ).clips[0]
        torch.testing.assert_close(together[item].latents, alone.latents, rtol=1e-4, atol=1e-4)
        assert repr(together[item].plan) == repr(alone.plan), "to the digit"
    if kind == "score":
        assert len({clip.latents.shape for clip in together}) > 1, "their tempi differ, so their bars should"


def test_the_negative_prompt_matters_only_under_guidance(pipe: Art2MusPipeline, image: Image.Image) -> None:
    def run(negative: str | None, scale: float) -> torch.Tensor:
        arguments = {"negative_prompt": negative, "guidance_scale": scale, "audio_length_in_s": 3.0}
        return latents_of(pipe, image=image, generator=seeded(1), **arguments)

    assert torch.equal(run("piano", 1.0), run("fast", 1.0))
    assert not torch.equal(run("piano", 2.0), run("fast", 2.0))
    assert torch.equal(run(None, 2.0), run(pipe.config.negative_prompt, 2.0))


def test_picture_and_text_both_steer(pipe: Art2MusPipeline, image: Image.Image) -> None:
    neutral = {"performance": Performance.neutral(), "audio_length_in_s": 4.0}
    made = [
        latents_of(pipe, generator=seeded(1), **neutral, **arguments)
        for arguments in (
            {"image": image},
            {"image": Image.new("RGB", (32, 32), "yellow")},
            {"prompt": "slow strings"},
            {"image": image, "prompt": "slow strings"},
        )
    ]
    for index, latents in enumerate(made):
        assert not any(torch.equal(latents, other) for other in made[:index])


def test_what_was_seen_may_be_passed_instead_of_the_picture(pipe: Art2MusPipeline, image: Image.Image) -> None:
    with torch.no_grad():
        embeds, tokens = pipe.encode_artwork(image)
    expected = pipe(image, audio_length_in_s=3.0, generator=seeded(1), output_type="score")
    for arguments in ({"image_embeds": embeds}, {"image_embeds": embeds, "image_tokens": tokens}):
        found = pipe(audio_length_in_s=3.0, generator=seeded(1), output_type="score", **arguments)
        assert found.scores == expected.scores
        assert found.clips[0].plan.performance == expected.clips[0].plan.performance
    tokens_alone = pipe(image_tokens=tokens, audio_length_in_s=3.0, generator=seeded(1), output_type="score")
    tempo = tokens_alone.clips[0].plan.performance
    assert tempo is not None
    assert tempo.melody == Performance.neutral().melody


def test_a_text_alone_has_an_affect_and_names_instruments(pipe: Art2MusPipeline) -> None:
    for instrument in ("piano", "strings"):
        clip = pipe(prompt=f"slow {instrument}", output_type="score", generator=seeded(1)).clips[0]
        assert clip.plan.performance is not None
        assert instrument in (clip.plan.performance.melody, clip.plan.performance.pad, clip.plan.performance.colour)
        assert clip.latents.shape[1] == 32, "eight bars, where no length is asked for"


def test_no_text_is_too_long_or_too_short(pipe: Art2MusPipeline, image: Image.Image) -> None:
    for prompt in ("", "slow " * 500, "完全に 🎵 \x00"):
        assert latents_of(pipe, image=image, prompt=prompt, audio_length_in_s=3.0).isfinite().all()


@pytest.mark.parametrize("kind", CODECS)
def test_held_latents_are_continued_and_not_returned(
    kind: str, pipelines: dict[str, Art2MusPipeline], image: Image.Image
) -> None:
    pipe = pipelines[kind]
    past = torch.randn(1, tiny.LATENT_CHANNELS, 16, pipe.codec.latent_bins, generator=seeded(4))
    seen: list[torch.Tensor] = []

    def watch(
        _: Art2MusPipeline, step: int, timestep: torch.Tensor, tensors: dict[str, torch.Tensor]
    ) -> dict[str, Any]:
        seen.append(tensors["latents"])
        return {}

    arguments = {"image": image, "audio_length_in_s": 4.0, "performance": Performance.neutral()}
    plain = latents_of(pipe, generator=seeded(1), **arguments)
    seen.clear()
    held = latents_of(pipe, generator=seeded(1), held_latents=past, callback_on_step_end=watch, **arguments)
    assert held.shape == plain.shape
    assert seen[-1].shape[2] == {"score": 32, "mel": 16 + held.shape[1]}[kind], (
        "a whole phrase, where there are phrases"
    )
    other_past = latents_of(pipe, generator=seeded(1), held_latents=-past, **arguments)
    assert not torch.equal(held, other_past)


@pytest.mark.parametrize("kind", CODECS)
def test_what_is_held_is_not_changed(kind: str, pipelines: dict[str, Art2MusPipeline], image: Image.Image) -> None:
    pipe = pipelines[kind]
    past = torch.randn(1, tiny.LATENT_CHANNELS, 8, pipe.codec.latent_bins, generator=seeded(4))
    with torch.no_grad():
        condition = condition_of(pipe, image)
        noise = torch.randn(1, tiny.LATENT_CHANNELS, 16, pipe.codec.latent_bins, generator=seeded(5))
        result = pipe.denoise(noise, condition, None, 1.0, 3, held=past)
    assert torch.equal(result[:, :, :8], past)


def condition_of(pipe: Art2MusPipeline, image: Image.Image) -> Any:
    from art2mus.conditioning import Condition

    _, tokens = pipe.encode_artwork(image)
    return Condition.of(pipe.compose_loa(tokens, None), pipe.encode_text([pipe.config.artwork_prompt]))


def test_long_music_is_made_phrase_by_phrase(pipe: Art2MusPipeline, image: Image.Image) -> None:
    """The second phrase is what a call gives that is handed the end of the first."""
    neutral = Performance.neutral()
    bar_s = 16 * neutral.step_s
    noise = torch.randn(1, tiny.LATENT_CHANNELS, 48, 16, generator=seeded(2))
    arguments = {"image": image, "performance": neutral}
    long = latents_of(pipe, latents=noise, audio_length_in_s=12 * bar_s, **arguments)
    first = latents_of(pipe, latents=noise[:, :, :32], audio_length_in_s=8 * bar_s, **arguments)
    second = latents_of(
        pipe, latents=noise[:, :, 16:], held_latents=first[None, :, 16:], audio_length_in_s=4 * bar_s, **arguments
    )
    torch.testing.assert_close(long, torch.cat([first, second], dim=1), rtol=0, atol=0)


def test_progress_is_told_and_latents_can_be_changed(pipe: Art2MusPipeline, image: Image.Image) -> None:
    steps: list[int] = []

    def silence(
        _: Art2MusPipeline, step: int, timestep: torch.Tensor, tensors: dict[str, torch.Tensor]
    ) -> dict[str, Any]:
        steps.append(step)
        return {"latents": torch.zeros_like(tensors["latents"])}

    latents = latents_of(pipe, image=image, num_inference_steps=5, callback_on_step_end=silence, audio_length_in_s=3.0)
    assert steps == [0, 1, 2, 3, 4]
    assert not latents.any()


def test_a_run_can_be_stopped_and_the_next_one_is_whole(pipe: Art2MusPipeline, image: Image.Image) -> None:
    steps: list[int] = []

    def stop(pipeline: Art2MusPipeline, step: int, *_: object) -> dict[str, Any]:
        steps.append(step)
        pipeline._interrupt = True
        return {}

    with pytest.raises(GenerationInterruptedError):
        pipe(image, callback_on_step_end=stop, audio_length_in_s=3.0)
    assert steps == [0]
    assert latents_of(pipe, image=image, audio_length_in_s=3.0).isfinite().all()


def test_candidates_come_in_the_order_of_their_similarity(pipe: Art2MusPipeline, image: Image.Image) -> None:
    images = [image, Image.new("RGB", (32, 32), "orange")]
    output = pipe(images, num_waveforms_per_prompt=3, audio_length_in_s=3.0, num_inference_steps=1, generator=seeded(1))
    similarities = [clip.similarity for clip in output.clips]
    assert len(similarities) == 6
    for item in (similarities[:3], similarities[3:]):
        assert all(similarity is not None for similarity in item)
        assert item == sorted(item, key=lambda similarity: -(similarity or 0.0))
    pipe_ranker = pipe.ranker
    try:
        pipe.ranker = None
        unranked = pipe(images, num_waveforms_per_prompt=3, audio_length_in_s=3.0, num_inference_steps=1)
        assert {clip.similarity for clip in unranked.clips} == {None}
    finally:
        pipe.ranker = pipe_ranker


def test_minis_scheduler_works(pipe: Art2MusPipeline, image: Image.Image) -> None:
    mini = Art2MusPipeline(
        **{
            **pipe.components,
            "scheduler": DPMSolverMultistepScheduler(prediction_type="v_prediction", beta_schedule="squaredcos_cap_v2"),
        },
        timestep_exponent=1.8,
    )
    mini.set_progress_bar_config(disable=True)
    past = torch.randn(1, tiny.LATENT_CHANNELS, 16, 16, generator=seeded(4))
    for num_steps in (4, 6, 80):  # the scheduler keeps state, which must not leak into the next run
        assert latents_of(mini, image=image, num_inference_steps=num_steps, held_latents=past).isfinite().all()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "nothing to make music of"),
        ({"prompt": ["a", "b"], "image": []}, "0 of `image`"),
        ({"prompt": ["slow", "fast"], "image_embeds": torch.zeros(3, 6)}, "3 of `image_embeds`, 2 of `prompt`"),
        ({"prompt": "slow", "negative_prompt": ["a", "b"]}, "2 of `negative_prompt`"),
        ({"prompt": "slow", "output_type": "mp3"}, "'mp3', but this model gives one of np, score, latent"),
        ({"prompt": "slow", "latents": torch.zeros(1, 4, 3, 16)}, "`latents` must be"),
        ({"prompt": "slow", "held_latents": torch.zeros(1, 4, 3, 16)}, "a multiple of 4"),
        ({"prompt": "slow", "generator": [torch.Generator()] * 2}, "one per clip: 1, not 2"),
        ({"prompt": "slow", "generator": []}, "one per clip: 1, not 0"),
        ({"prompt": "slow", "num_waveforms_per_prompt": 0}, "at least one has to be made"),
        ({"prompt": "slow", "num_inference_steps": 0}, "is 0, but at least one has to be taken"),
        ({"prompt": "slow", "audio_length_in_s": 0.0}, "a clip lasts some time"),
        ({"prompt": "slow", "audio_length_in_s": -1.0}, "a clip lasts some time"),
        ({"prompt": "slow", "held_latents": torch.zeros(3, 4, 4, 16)}, "for 3 clips, of which there are 1"),
        ({"image": Image.new("RGB", (9, 9)), "image_embeds": torch.zeros(1, 6)}, "not both"),
    ],
)
def test_contradictions_are_named(pipe: Art2MusPipeline, arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        pipe(**arguments)


def test_both_codecs_keep_the_contract(pipelines: dict[str, Art2MusPipeline]) -> None:
    for pipe in pipelines.values():
        assert isinstance(pipe.codec, Codec)
