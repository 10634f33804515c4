"""How a model lives on a machine follows from plain facts; what it needs is known before it is loaded."""

import os
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import DPMSolverMultistepScheduler
from PIL import Image

from art2mus import residency
from art2mus.models import ModelMissingError, load_pipeline, loading
from art2mus.models.__main__ import main
from art2mus.models.assembly import put_together
from art2mus.models.weights import EARS, count_weights
from art2mus.projection import ImageProjection
from art2mus.residency import DoesNotFitError, Machine, Residency, decide, divide, needs_of
from tests.art2mus import audioldm2, tiny

GB = 10**9
LARGE = {"unet": 347_000_000, "text_encoder_2": 341_000_000, "image_encoder": 633_000_000, EARS: 86_000_000}
PICTURE = Image.linear_gradient("L").convert("RGB")


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> str:
    """A name under which the weights of a large model are counted."""
    monkeypatch.setattr(residency, "count_weights", lambda _: LARGE)
    return "art2mus"


def size(dtype: str, num_candidates: int = 1, device: str = "cpu") -> int:
    in_memory, _ = divide(needs_of(LARGE, dtype, num_candidates), device, is_small=False)
    return sum(in_memory.values())


@pytest.mark.parametrize(
    ("machine", "arguments", "device", "dtype"),
    [
        (Machine(64 * GB), {}, "cpu", "float32"),
        (Machine(64 * GB), {"faster_dtype": lambda: "bfloat16"}, "cpu", "bfloat16"),
        (Machine(64 * GB, 24 * GB, has_bfloat16=True), {}, "cuda", "bfloat16"),
        (Machine(64 * GB, 24 * GB, has_bfloat16=False), {}, "cuda", "float16"),
        (Machine(64 * GB, 24 * GB), {"device": "cpu"}, "cpu", "float32"),
        (Machine(64 * GB, 24 * GB), {"dtype": "float32"}, "cuda", "float32"),
        (Machine(64 * GB, 24 * GB), {"device": "cuda:1"}, "cuda:1", "float16"),
    ],
)
def test_a_large_model_lives_where_it_is_fastest(
    large: str, machine: Machine, arguments: dict[str, Any], device: str, dtype: str
) -> None:
    chosen = decide(large, machine, **{"faster_dtype": lambda: "float32", **arguments})
    assert (chosen.device, chosen.dtype, chosen.note) == (device, dtype, "")


def test_a_small_model_stays_on_the_processor_and_no_card_is_asked() -> None:
    for machine in (None, Machine(8 * GB, 24 * GB, has_bfloat16=True)):
        chosen = decide("mini", machine, faster_dtype=lambda: pytest.fail("there is nothing to measure"))
        assert (chosen.device, chosen.dtype) == ("cpu", "float32")


def test_what_does_not_fit_is_chosen_smaller_and_that_is_said(large: str) -> None:
    between = (size("float32") + size("bfloat16")) // 2
    chosen = decide(large, Machine(between), faster_dtype=lambda: "float32")
    assert chosen.dtype == "bfloat16"
    assert chosen.note.startswith("art2mus needs ")
    assert chosen.note.endswith("bfloat16, 1 candidate fit")

    without_ears = (size("bfloat16", device="cuda") + size("bfloat16", 3, "cuda")) // 2
    on_card = Machine(64 * GB, without_ears, has_bfloat16=True)
    chosen = decide(large, on_card, num_candidates=3)
    assert (chosen.num_candidates, EARS in chosen.needs) == (1, False)
    assert "on the graphics card are free" in chosen.note


@pytest.mark.parametrize(
    ("machine", "arguments"),
    [
        (Machine(1 * GB), {}),
        (Machine(64 * GB, 1 * GB), {}),
        (Machine(1 * GB, 24 * GB), {}),
        (Machine(size("bfloat16") + GB // 10), {"dtype": "float32"}),
    ],
)
def test_what_does_not_fit_at_all_is_refused_in_two_lines(
    large: str, machine: Machine, arguments: dict[str, Any]
) -> None:
    with pytest.raises(DoesNotFitError, match=r"art2mus needs .* GB .* are free") as refused:
        decide(large, machine, faster_dtype=lambda: "float32", **arguments)
    assert len(str(refused.value).splitlines()) == 2


def test_what_is_seldom_asked_lies_on_disk_where_a_large_model_is_on_a_processor(large: str) -> None:
    needs = needs_of(LARGE, "bfloat16", 2)
    on_disk = {name: needs[name] for name in ("image_encoder", EARS, "text_encoder_2")}
    chosen = decide(large, Machine(64 * GB), dtype="bfloat16", num_candidates=2)
    assert chosen.on_disk == on_disk
    assert chosen.num_bytes == sum(needs.values()) - sum(on_disk.values())
    assert chosen.statement().endswith(f"; on disk 2.1 GB (text_encoder_2, image_encoder, {EARS})")
    on_card = decide(large, Machine(64 * GB, 24 * GB, has_bfloat16=True), num_candidates=2)
    assert not on_card.on_disk


def test_ranking_is_what_needs_the_audio_side() -> None:
    assert EARS not in needs_of(LARGE, "float32")
    needs = needs_of(LARGE, "bfloat16", 2)
    assert needs[EARS] == 2 * LARGE[EARS]
    assert needs["work"] > needs_of(LARGE, "bfloat16")["work"]
    chosen = decide("mini", Machine(8 * GB), num_candidates=2)
    assert chosen.statement() == "mini in float32 on cpu: 0.8 GB (unet 0.1 GB, work 0.2 GB, process 0.5 GB)"


@pytest.mark.parametrize("name", ["mini", "mini-4"])
def test_the_bundled_models_are_counted_without_loading(name: str) -> None:
    assert count_weights(name) == counted(load_pipeline(name))


def test_published_parts_are_counted_without_loading(tmp_path: Path) -> None:
    audioldm2.save_as_on_the_hub(audioldm2.tiny_parts(), tmp_path / "audioldm2")
    tiny.imagebind().save_pretrained(tmp_path / "imagebind")
    torch.save(ImageProjection(tiny.IMAGE_DIM, 300, tiny.LANGUAGE_DIM).state_dict(), tmp_path / "projection.pt")
    parts = (str(tmp_path / "audioldm2"), str(tmp_path / "imagebind"), tmp_path / "projection.pt")
    put_together(tmp_path / "mine", *parts, "reference")
    found = count_weights(tmp_path / "mine")
    pipe = load_pipeline(tmp_path / "mine")
    expected = counted(pipe)
    assert found.pop("vae") + found.pop("vocoder") == expected.pop("codec")
    assert found.pop("image_encoder") + found.pop(EARS) == expected.pop("image_encoder")
    assert found.pop("image_projection") == pytest.approx(expected.pop("image_projection"), rel=0.1)
    assert found == expected
    deaf = load_pipeline(tmp_path / "mine", hears=False)
    assert counted(deaf)["image_encoder"] == count_weights(tmp_path / "mine")["image_encoder"]
    pipe.save_pretrained(tmp_path / "saved")
    again = load_pipeline(tmp_path / "saved", hears=False)
    assert counted(again) == counted(deaf)
    assert (again.ranker, load_pipeline(tmp_path / "saved").ranker is None) == (None, False)


def counted(pipe: Any) -> dict[str, int]:
    """Weights of the components that have some, as they are when loaded."""
    sizes = {
        name: sum({id(tensor): tensor.numel() for tensor in [*part.parameters(), *part.buffers()]}.values())
        for name, part in pipe.components.items()
        if isinstance(part, torch.nn.Module)
    }
    return {name: number for name, number in sizes.items() if number}


def test_this_machine_is_looked_at_and_measured() -> None:
    assert Machine.look().free_bytes > 0
    assert Machine.look(None).card_free_bytes is None
    assert residency.faster_on_processor() in ("float32", "bfloat16")


def test_a_model_is_loaded_as_was_decided(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny.pipeline(tiny.mel_codec()).save_pretrained(tmp_path / "model")
    pipe = Residency(str(tmp_path / "model"), dtype="bfloat16").load(tmp_path, for_show=True)
    assert pipe.unet.dtype == torch.bfloat16
    assert isinstance(pipe.scheduler, DPMSolverMultistepScheduler)
    assert pipe.config.num_inference_steps == residency.SHOW_STEPS
    calls: list[Path] = []
    monkeypatch.setattr(loading, "shelve", lambda _, folder: calls.append(folder))
    Residency(str(tmp_path / "model"), on_disk={"text_encoder": 1}).load(tmp_path, for_show=True)
    assert set(calls) == {tmp_path / "shelf"}
    once = Residency(str(tmp_path / "model")).load(tmp_path, for_show=False)
    assert once.config.num_inference_steps == 3, "what is made once is made as published"
    assert Residency("mini").load(tmp_path, for_show=True).config.num_inference_steps == 5, "its own"


def test_a_compiled_unet_sees_one_shape_whatever_is_said() -> None:
    pipe = tiny.pipeline(tiny.mel_codec())
    call = {"audio_length_in_s": 0.96, "num_inference_steps": 2, "guidance_scale": 2.0}
    prompts = (None, "slow", "slow soft strings in a minor key")

    def make(prompt: str | None) -> torch.Tensor:
        return pipe(PICTURE, prompt, generator=torch.Generator().manual_seed(0), output_type="latent", **call).latents[
            0
        ]

    plain = [make(prompt) for prompt in prompts]
    graphs = []

    def backend(graph: Any, _inputs: Any) -> Any:
        graphs.append(graph)
        return graph.forward

    torch.compiler.reset()
    residency.compile_for_one_shape(pipe, backend=backend, mode=None)
    made = [make(prompts[0])]
    num_graphs = len(graphs)
    made += [make(prompt) for prompt in prompts[1:]]
    assert len(graphs) == num_graphs > 0
    for expected, found in zip(plain, made, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_compiled_code_is_kept_in_the_users_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TORCHINDUCTOR_CACHE_DIR", "TORCHINDUCTOR_FX_GRAPH_CACHE"):
        monkeypatch.setenv(name, "to be taken back")
        monkeypatch.delenv(name)
    residency.keep_compiled(tmp_path)
    assert os.environ["TORCHINDUCTOR_CACHE_DIR"] == str(tmp_path / "inductor")
    residency.keep_compiled(tmp_path / "another")
    assert os.environ["TORCHINDUCTOR_CACHE_DIR"] == str(tmp_path / "inductor"), "what the environment says counts"


def test_the_command_states_the_memory_by_component(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["memory", "mini", "--candidates", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["float32", "bfloat16"]
    assert {line.split()[0] for line in lines[1:]} >= {"unet", "language_model", "work", "process", "in"}
    assert "of this machine's memory are free" in lines[-1]
    assert main(["memory", "minni"]) == 2
    with pytest.raises(ModelMissingError):
        decide("minni")
