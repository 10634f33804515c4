"""All three stages one after another, tiny but real."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from pydantic import ValidationError
from safetensors.torch import load_file, save_file

from art2mus.codec.score import MELODY, PAD, Note, Score
from art2mus.data.pairs import Pairs
from art2mus.data.windows import Window, Windows, load_windows
from art2mus.metrics.judge import main as judge
from art2mus.models import ModelMissingError
from art2mus.pipeline import Art2MusPipeline
from art2mus.train import main
from art2mus.training.attributes import ATTRIBUTE_PROJECTIONS, Attributes, tokens_of
from art2mus.training.checkpoint import TrainingError
from art2mus.training.loop import run
from art2mus.training.score_model import draw_known, padded_left
from art2mus.training.settings import Loop, ProjectionSettings, RollVAESettings, ScoreModelSettings
from art2mus.training.tasks import make_task


def a_window(rng: np.random.Generator) -> Window:
    roots = rng.choice([0, 3, 4, 5], 8)
    pad = [Note(16 * bar, 16, 7 + root + k, PAD) for bar, root in enumerate(roots) for k in (0, 2, 4)]
    melody = [Note(4 * beat, 4, 21 + int(rng.integers(7)), MELODY) for beat in range(32)]
    return Window(Score((*pad, *melody), 128), "pad", str(rng.integers(1_000_000)), False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    rng = np.random.default_rng(0)
    made = [a_window(rng) for _ in range(60)]
    Windows.pack(made, {window.source for window in made[:10]}).save(folder / "windows.npz")
    Pairs(
        picture_affect=rng.normal(size=(40, 6)).astype(np.float32),
        window_index=np.arange(10, 50),
        music_affect=np.zeros((40, 6), np.float32),
        similarity=np.zeros(40, np.float32),
        picture_name=np.array(["abstract"] * 40),
        correlation=np.zeros((6, 4), np.float32),
    ).save(folder / "pairs.npz")
    return folder


def loop(num_steps: int, **more: Any) -> Loop:
    return Loop(num_steps=num_steps, batch_size=8, learning_rate=0.003, num_warmup_steps=2, checkpoint_every=10, **more)


@pytest.fixture(scope="module")
def vae(folder: Path) -> Path:
    settings = RollVAESettings(
        stage="roll-vae",
        windows=folder / "windows.npz",
        output=folder / "vae",
        loop=loop(30),
        latent_channels=4,
        hidden_channels=16,
    )
    figures = run(make_task(settings), settings.loop, settings.output)
    assert 0 <= figures["note_f1"] <= 1
    return folder / "vae" / "vae"


def test_the_seed_decides_what_stage_a_begins_with(folder: Path) -> None:
    def first_weights(seed: int) -> torch.Tensor:
        more = {"latent_channels": 4, "hidden_channels": 16, "loop": loop(1, seed=seed)}
        settings = RollVAESettings(stage="roll-vae", windows=folder / "windows.npz", output=folder / "seeded", **more)
        return torch.cat([each.flatten() for each in make_task(settings).trainable.parameters()])

    weights = first_weights(3)
    torch.rand(1)  # whatever was drawn before
    assert torch.equal(first_weights(3), weights)
    assert not torch.equal(first_weights(4), weights)


def score_model_settings(folder: Path, vae: Path, name: str) -> ScoreModelSettings:
    return ScoreModelSettings(
        stage="score-model",
        windows=folder / "windows.npz",
        vae=vae,
        output=folder / name,
        loop=loop(12, precision="fp32"),
        unet_channels=(16, 32),
        num_heads=(2, 2),
        language_model_dim=32,
        num_language_layers=1,
        text_dim=24,
        num_text_layers=1,
        text_share=0.4,
        both_share=0.3,
    )


@pytest.fixture(scope="module")
def score_model(folder: Path, vae: Path) -> Path:
    settings = score_model_settings(folder, vae, "score-model")
    run(make_task(settings), settings.loop, settings.output)
    return settings.output


def test_stage_b_gives_a_pipeline(score_model: Path) -> None:
    pipeline = Art2MusPipeline.from_pretrained(score_model / "model")
    pipeline.set_progress_bar_config(disable=True)
    clip = pipeline(prompt="slow strings, low and soft", num_inference_steps=2, output_type="score").clips[0]
    assert clip.score is not None
    assert clip.score.num_steps % 16 == 0
    assert Attributes.load(score_model / "attributes.json").num_conditions == 9


def test_stage_b_goes_on_from_another(folder: Path, vae: Path, score_model: Path) -> None:
    settings = score_model_settings(folder, vae, "more").model_copy(update={"start_from": score_model})
    goes_on = make_task(settings)
    goes_on.export(goes_on.trainable, folder / "same")
    for weights in score_model.rglob("*.safetensors"):
        if weights.parent.name != "image_projection":  # stage C's
            saved, same = load_file(weights), load_file(folder / "same" / weights.relative_to(score_model))
            assert all(torch.equal(value, same[key]) for key, value in saved.items())


def test_stage_b_goes_on_from_nothing_of_another_size(folder: Path, vae: Path, score_model: Path) -> None:
    wider = {"start_from": score_model, "unet_channels": (16, 48)}
    with pytest.raises(TrainingError, match=r"start_from: .* no folder that this stage wrote with these sizes"):
        make_task(score_model_settings(folder, vae, "wider").model_copy(update=wider))


def learned_by(settings: ScoreModelSettings) -> set[str]:
    task = make_task(settings)
    before = {key: value.clone() for key, value in task.trainable.state_dict().items()}
    run(task, settings.loop, settings.output)
    return {key.split(".")[0] for key, value in task.trainable.state_dict().items() if (value != before[key]).any()}


def test_stage_b_learns_attributes_alone_for_any_pipeline(folder: Path, vae: Path, score_model: Path) -> None:
    more = {"start_from": score_model / "model", "learns": "attributes", "text_share": 0.0, "both_share": 0.0}
    settings = score_model_settings(folder, vae, "attributes").model_copy(update=more)
    assert learned_by(settings) == set(ATTRIBUTE_PROJECTIONS)
    with pytest.raises(ValidationError, match="learns: attributes needs start_from"):
        ScoreModelSettings(**settings.model_dump() | {"start_from": None})


def test_stage_b_learns_the_unet_alone_by_what_projections_there_are(
    folder: Path, vae: Path, score_model: Path, tmp_path: Path
) -> None:
    """As the bundled model has them: beside the pipeline, and only that of four tokens."""
    bundled, beside = tmp_path / "bundled", tmp_path / "bundled-attributes"
    shutil.copytree(score_model / "model", bundled)
    shutil.copytree(score_model / "attribute_projection_4", beside / "attribute_projection_4")
    shutil.copy(score_model / "attributes.json", beside)
    more = {"start_from": bundled, "learns": "unet"}
    settings = score_model_settings(folder, vae, "unet").model_copy(update=more)
    assert learned_by(settings) == {"unet"}
    assert sorted(path.name for path in settings.output.glob("attribute*")) == [
        "attribute_projection_4",
        "attributes.json",
    ]
    shutil.rmtree(beside / "attribute_projection_4")
    with pytest.raises(TrainingError, match=r"start_from: .*bundled-attributes has none of attribute_projection_1"):
        make_task(settings)
    shutil.rmtree(beside)
    with pytest.raises(TrainingError, match=r"start_from: .*bundled-attributes: no projections of attributes"):
        make_task(settings)


def test_a_score_model_is_judged(
    folder: Path, score_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By projections of attributes that lie beside it, as they are bundled; stage B's own folder has them in it."""
    bundled, beside = tmp_path / "bundled", tmp_path / "bundled-attributes"
    shutil.copytree(score_model / "model", bundled)
    shutil.copytree(score_model / "attribute_projection_4", beside / "attribute_projection_4")
    shutil.copy(score_model / "attributes.json", beside)
    windows, first = load_windows(folder / "windows.npz"), np.arange(3)
    assert torch.equal(tokens_of(bundled, windows, first), tokens_of(score_model, windows, first))
    assert judge([str(bundled), str(folder / "windows.npz"), "--num-clips", "2", "--steps", "1", "--copies", "2"]) == 0
    said = capsys.readouterr().out
    assert all(word in said for word in ("triads", "density", "nearest training window", "that cross it"))
    distances = said[said.index("FD-MusiCNN") :].splitlines()[1:4]
    assert [line.split()[0] for line in distances] == ["held", "generated", "chance"]
    assert distances[0].endswith("1.00")
    assert judge([str(bundled), str(folder / "windows.npz"), "--num-clips", "1000"]) == 2
    assert "windows held out, of which twice as many" in capsys.readouterr().err
    shutil.rmtree(beside)
    assert judge([str(bundled), str(folder / "windows.npz"), "--num-clips", "2"]) == 2
    assert "mini-attributes.yaml" in capsys.readouterr().err


@pytest.mark.parametrize("num_tokens", [1, 4])
def test_stage_c_trains_the_projection_and_nothing_else(folder: Path, score_model: Path, num_tokens: int) -> None:
    settings = ProjectionSettings(
        stage="projection",
        model=score_model / "model",
        windows=folder / "windows.npz",
        pairs=folder / "pairs.npz",
        output=folder / f"mini-{num_tokens}",
        loop=loop(4),
        num_image_tokens=num_tokens,
        hidden_dim=16,
        attribute_projection=score_model / f"attribute_projection_{num_tokens}",
        token_weight=1.0,
    )
    figures = run(make_task(settings), settings.loop, settings.output)
    assert set(figures) == {"held_out", "shuffled"}
    before = Art2MusPipeline.from_pretrained(settings.model)
    after = Art2MusPipeline.from_pretrained(settings.output / "model")
    for name in ("unet", "language_model", "text_encoder", "text_encoder_2", "projection_model", "codec"):
        old, new = getattr(before, name).state_dict(), getattr(after, name).state_dict()
        assert all(torch.equal(old[key].half().to(new[key]), new[key]) for key in old), name  # saved in half precision
    after.set_progress_bar_config(disable=True)
    assert after.image_projection.config.num_tokens == num_tokens
    clip = after(Image.new("RGB", (32, 32), "navy"), num_inference_steps=2, output_type="score").clips[0]
    assert clip.score is not None


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"unet_channels": (16, 17)}, "the sizes of the networks do not fit each other"),
        ({"language_model_dim": 16}, "the sizes of the networks do not fit each other"),
        ({"vae": Path("no/such/vae")}, "vae: no/such/vae holds no autoencoder"),
        ({"start_from": Path("no/such/model")}, "start_from: no/such/model is no folder"),
    ],
)
def test_stage_b_says_what_does_not_fit(folder: Path, vae: Path, change: dict[str, Any], expected: str) -> None:
    with pytest.raises(TrainingError, match=expected):
        make_task(score_model_settings(folder, vae, "wrong").model_copy(update=change))


@pytest.mark.parametrize("damage", ["cut off", "incomplete"])
def test_a_damaged_autoencoder_is_named(folder: Path, vae: Path, tmp_path: Path, damage: str) -> None:
    damaged = shutil.copytree(vae, tmp_path / "vae")
    (weights,) = damaged.glob("*.safetensors")
    if damage == "cut off":
        weights.write_bytes(weights.read_bytes()[:100])
    else:
        save_file(dict(list(load_file(weights).items())[1:]), weights, {"format": "pt"})
    with pytest.raises(TrainingError, match=r"vae: .* is damaged"):
        make_task(score_model_settings(folder, vae, "wrong").model_copy(update={"vae": damaged}))


@pytest.mark.parametrize(
    ("held_out", "expected"), [(0, "none held out to measure on; .* raise"), (6, "none to learn from; .* lower")]
)
def test_windows_of_one_side_only_are_refused_before_anything_is_trained(
    held_out: int, expected: str, tmp_path: Path
) -> None:
    made = [a_window(np.random.default_rng(seed)) for seed in range(6)]
    Windows.pack(made, {window.source for window in made[:held_out]}).save(tmp_path / "windows.npz")
    settings = RollVAESettings(
        stage="roll-vae", windows=tmp_path / "windows.npz", output=tmp_path / "vae", loop=loop(1), hidden_channels=16
    )
    with pytest.raises(TrainingError, match=expected):
        make_task(settings)


def test_stage_c_says_what_does_not_fit(folder: Path, score_model: Path, tmp_path: Path) -> None:
    def make(pairs: Path, model: Path) -> None:
        settings = {"stage": "projection", "windows": folder / "windows.npz", "output": tmp_path, "loop": loop(1)}
        make_task(ProjectionSettings(**settings, pairs=pairs, model=model))

    def save(name: str, indices: list[int]) -> Path:
        fields = vars(Pairs.load(folder / "pairs.npz")) | {"window_index": np.array(indices)}
        fields["picture_affect"] = fields["picture_affect"][: len(indices)]
        Pairs(**fields).save(tmp_path / name)
        return tmp_path / name

    with pytest.raises(ModelMissingError, match="there is no such folder"):
        make(folder / "pairs.npz", tmp_path / "no" / "model")
    damaged = shutil.copytree(score_model / "model", tmp_path / "model")
    (damaged / "unet" / "diffusion_pytorch_model.safetensors").write_bytes(b"half")
    with pytest.raises(ModelMissingError, match="damaged"):
        make(folder / "pairs.npz", damaged)
    with pytest.raises(TrainingError, match="has 1; one is held out, and one is to learn from"):
        make(save("single.npz", [12]), score_model / "model")
    with pytest.raises(TrainingError, match="is of other windows than"):
        make(save("other.npz", [12, 60]), score_model / "model")


def test_padding_moves_to_the_front() -> None:
    tokens = torch.arange(4.0).view(1, 4, 1)
    moved, mask = padded_left(tokens, torch.tensor([[1, 0, 0, 1]]))
    assert mask.tolist() == [[0, 0, 1, 1]]
    assert moved[0, 2:, 0].tolist() == [0, 3]


def test_what_is_held_is_whole_bars_and_never_everything() -> None:
    rng = np.random.default_rng(0)
    known = draw_known(400, 32, 0.5, rng)[:, 0, :, 0]
    bars = known.view(400, 8, 4)
    assert torch.equal(bars, bars[:, :, :1].expand_as(bars))
    is_held = known.any(dim=1)
    assert 0.4 < is_held.float().mean() < 0.6
    assert not known.all(dim=1).any()
    assert bars[is_held][:, 0].all()


def test_a_wrong_key_is_named_with_a_suggestion(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "train.yaml"
    path.write_text(
        "train:\n  stage: roll-vae\n  windows: w.npz\n  output: out\n  kl_wieght: 0.1\n  loop:\n    num_steps: 0\n"
    )
    assert main([str(path)]) == 2
    said = capsys.readouterr().err
    assert "kl_wieght" in said
    assert "num_steps" in said


def test_missing_windows_say_how_to_make_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "train.yaml"
    path.write_text(
        f"train:\n  stage: roll-vae\n  windows: {tmp_path}/w.npz\n  output: {tmp_path}/out\n"
        "  loop: {num_steps: 1, batch_size: 1, learning_rate: 0.1}\n"
    )
    assert main([str(path)]) == 2
    assert "art2mus.data.scores" in capsys.readouterr().err
