"""The recipe of Art2Mus, on the whole architecture at a tiny size."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from PIL import Image

from art2mus.models import load_pipeline
from art2mus.pipeline import Art2MusPipeline
from art2mus.projection import ImageProjection
from art2mus.training.art2mus import Art2MusTask
from art2mus.training.examples import order_of_epoch
from art2mus.training.loop import run
from tests.art2mus import published_training, tiny
from tests.art2mus.published_training import Draws
from tests.art2mus.training import pairs as collection


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return collection.save_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return collection.save_collection(tmp_path_factory.mktemp("pairs"), num_pairs=8, length_s=2.0, num_held_out=3)


def drawn_for(example: int, shape: torch.Size, num_crops: int) -> Draws:
    """What the task draws for an example, in its order."""
    seed = int(np.random.SeedSequence([0, example]).generate_state(1)[0])
    generator = torch.Generator().manual_seed(seed)
    torch.randint(num_crops, (), generator=generator)
    latent_noise = torch.randn(1, *shape, generator=generator)[0]
    noise = torch.randn(shape, generator=generator)
    return Draws(latent_noise, noise, int(torch.randint(0, 1000, (), generator=generator)))


@pytest.mark.parametrize(("objective", "num_tokens"), [("reference", 1), ("conditional", 4)])
def test_loss_and_gradient_are_those_of_the_published_order_of_work(
    objective: str, num_tokens: int, model: Path, tmp_path: Path
) -> None:
    pairs = collection.save_collection(tmp_path, num_pairs=4, length_s=21.0, num_held_out=1)
    more = {"crops": "published", "length_s": 10.24, "num_image_tokens": num_tokens, "objective": objective}
    settings = collection.settings(model, pairs, tmp_path / "out", **more)
    task = Art2MusTask(settings)
    task.loss(task.trainable, range(5, 8), seed=0)[0].backward()

    parts = load_pipeline(model).components
    weights = {name: value.detach().clone().requires_grad_() for name, value in task.trainable.named_parameters()}
    epoch = order_of_epoch(0, 1, 3)  # examples 5 to 7 of three pairs: the end of the second epoch, then the third
    numbers = [epoch[2], *order_of_epoch(0, 2, 3)[:2]]
    chosen = [task.examples.train[number] for number in numbers]
    with torch.no_grad():
        pictures = [Image.open(settings.artworks / pair.artwork) for pair in chosen]
        embeds = parts["image_encoder"].encode(pictures)
    draws = [drawn_for(example, torch.Size((tiny.LATENT_CHANNELS, 256, 4)), 1) for example in range(5, 8)]
    scale = 3.5 if objective == "reference" else None
    tracks = [settings.tracks / pair.track for pair in chosen]
    expected = published_training.loss(parts, weights, embeds, tracks, draws, mel_frames=1024, guidance_scale=scale)
    expected.backward()

    found = task.loss(task.trainable, range(5, 8), seed=1)[0]
    assert found.item() == pytest.approx(expected.item(), rel=1e-5)
    for name, parameter in task.trainable.named_parameters():
        torch.testing.assert_close(parameter.grad, weights[name].grad, rtol=1e-3, atol=1e-7, msg=name)
        assert parameter.grad is not None
        assert parameter.grad.abs().max() > 1e-5


def test_everything_frozen_is_computed_once(model: Path, pairs: Path, tmp_path: Path) -> None:
    first = Art2MusTask(collection.settings(model, pairs, tmp_path / "one"))
    made = {path: path.stat().st_mtime_ns for path in (tmp_path / "cache").rglob("*.*") if ".lock" not in path.name}
    assert sorted(path.name.split("-")[0] for path in (tmp_path / "cache").iterdir()) == ["images", "moments", "texts"]
    again = Art2MusTask(collection.settings(model, pairs, tmp_path / "two", num_image_tokens=4))
    assert {path: path.stat().st_mtime_ns for path in made} == made
    assert again.pipeline.text_encoder_2 is None
    batches = [task.examples.batch(range(2)) for task in (first, again)]
    assert torch.equal(batches[0].latents, batches[1].latents)
    assert torch.equal(batches[0].image_embeds, batches[1].image_embeds)


def test_what_has_changed_is_computed_anew(model: Path, tmp_path: Path) -> None:
    pairs = collection.save_collection(tmp_path, num_pairs=4, length_s=1.0, num_held_out=1)

    def folders() -> set[str]:
        return {path.name.split("-")[0] + path.name[-4:] for path in (tmp_path / "cache").iterdir() if path.is_dir()}

    settings = collection.settings(model, pairs, tmp_path / "out")
    Art2MusTask(settings)
    before = folders()
    (tmp_path / "tracks" / "2.wav").write_bytes((tmp_path / "tracks" / "3.wav").read_bytes())
    Art2MusTask(settings)
    assert {name[:-4] for name in folders() - before} == {"moments"}
    before = folders()
    Art2MusTask(settings.model_copy(update={"crops_per_track": 3}))
    assert {name[:-4] for name in folders() - before} == {"moments"}
    before = folders()
    Image.new("RGB", (9, 9), "red").save(tmp_path / "artworks" / "1.png")
    Art2MusTask(settings)
    assert {name[:-4] for name in folders() - before} == {"images"}


def test_crops_of_a_track_differ_and_epochs_see_them_all(model: Path, pairs: Path, tmp_path: Path) -> None:
    task = Art2MusTask(collection.settings(model, pairs, tmp_path / "out"))
    crops = task.examples.moments.values[0]
    assert crops.shape == (2, 2 * tiny.LATENT_CHANNELS, 16, 4)
    assert np.abs(crops[0] - crops[1]).max() > 1e-3
    seen = [task.examples.pair(example) for example in range(10)]
    assert (
        {pair.artwork for pair in seen[:5]} == {pair.artwork for pair in seen[5:]} == {f"{n}.png" for n in range(3, 8)}
    )
    assert seen[:5] != seen[5:]


def test_blanked_pictures_are_as_many_as_asked_for(model: Path, pairs: Path, tmp_path: Path) -> None:
    task = Art2MusTask(collection.settings(model, pairs, tmp_path / "out", image_dropout=0.3))
    batch = task.examples.batch(range(400))
    blanked = (batch.image_embeds == 0).all(dim=1).float().mean().item()
    assert blanked == pytest.approx(0.3, abs=0.08)


def test_how_a_batch_is_cut_up_changes_nothing(model: Path, pairs: Path, tmp_path: Path) -> None:
    figures = []
    for name, at_once in (("whole", None), ("cut", 1)):
        settings = collection.settings(model, pairs, tmp_path / name, loop={"at_once": at_once, "num_steps": 3})
        run(Art2MusTask(settings), settings.loop, settings.output)
        figures.append(collection.losses(settings.output))
    assert list(figures[0]) == [1, 2, 3]
    assert figures[0] == pytest.approx(figures[1], rel=1e-5)


def test_bfloat16_follows_float32(model: Path, pairs: Path, tmp_path: Path) -> None:
    losses = []
    for precision in ("fp32", "bf16"):
        settings = collection.settings(
            model, pairs, tmp_path / precision, loop={"precision": precision, "num_steps": 3}
        )
        losses.append(run(Art2MusTask(settings), settings.loop, settings.output)["held_out"])
    assert losses[0] == pytest.approx(losses[1], rel=0.02)
    assert losses[0] != losses[1]


def test_the_finished_projection_stands_wherever_a_published_one_does(model: Path, pairs: Path, tmp_path: Path) -> None:
    settings = collection.settings(model, pairs, tmp_path / "out", num_image_tokens=4, conditioning="framed")
    task = Art2MusTask(settings)
    other = settings.output / "model" / "assembly.json"  # of a training before
    other.parent.mkdir(parents=True)
    other.touch()
    before = {name: value.clone() for name, value in task.trainable.state_dict().items()}
    run(task, settings.loop, settings.output)

    file = settings.output / "art2mus_4_img_proj_layer.pt"
    weights = torch.load(file, weights_only=True)
    assert list(weights) == ["projection1.weight", "projection1.bias", "projection2.weight", "projection2.bias"]
    assert not torch.equal(weights["projection2.weight"], before["projection2.weight"])
    of_file = ImageProjection.from_file(file, language_model_dim=tiny.LANGUAGE_DIM, conditioning="framed")
    of_folder = ImageProjection.from_pretrained(settings.output / "image_projection")
    given = Art2MusPipeline.from_pretrained(model, image_projection=of_folder)
    whole = load_pipeline(settings.output / "model")
    for projection in (of_file, of_folder, given.image_projection, whole.image_projection):
        assert projection.config.num_tokens == 4
        assert projection.config.conditioning == "framed"
        assert all(torch.equal(value, weights[name]) for name, value in projection.state_dict().items())
    picture = Image.new("RGB", (32, 32), "navy")
    clips = [
        pipe(picture, audio_length_in_s=0.5, generator=torch.Generator().manual_seed(0)).audios
        for pipe in (given, whole)
    ]
    assert np.array_equal(*clips)


@pytest.fixture(scope="module")
def with_clips(model: Path, pairs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    clips = {"num_artworks": 2, "every": 4, "length_s": 0.5, "num_inference_steps": 2}
    output = tmp_path_factory.mktemp("clips") / "out"
    settings = collection.settings(model, pairs, output, clips=clips, loop={"tensorboard": True})
    figures = run(Art2MusTask(settings), settings.loop, settings.output)
    assert set(figures) == {"held_out", "shuffled", "likeness"}
    assert -1 <= figures["likeness"] <= 1
    return output


def test_clips_are_sound_and_pictures_of_it(with_clips: Path) -> None:
    for step in (4, 8):
        folder = with_clips / "validation" / f"step-{step:07d}"
        assert sorted(path.name for path in folder.iterdir()) == [
            "000-0.flac",
            "000-0.jpg",
            "001-1.flac",
            "001-1.jpg",
        ]
        sound, rate = soundfile.read(folder / "000-0.flac")
        assert (len(sound), rate) == (8000, 16_000)


def test_clips_are_what_the_finished_model_makes(with_clips: Path, pairs: Path) -> None:
    pipeline = load_pipeline(with_clips / "model")
    waveform = pipeline(
        Image.open(pairs.parent / "artworks" / "0.png"),
        audio_length_in_s=0.5,
        num_inference_steps=2,
        guidance_scale=3.5,
        generator=torch.Generator().manual_seed(0),
    ).audios[0]
    kept, _ = soundfile.read(with_clips / "validation" / "step-0000008" / "000-0.flac", always_2d=True)
    assert np.abs(kept - waveform).max() < 2**-15
    assert np.abs(kept).max() > 2**-11


def test_clips_are_decoded_in_the_codecs_own_precision(model: Path, pairs: Path, tmp_path: Path) -> None:
    clips = {"num_artworks": 1, "every": 1, "length_s": 0.5, "num_inference_steps": 1}
    loop = {"num_steps": 1, "checkpoint_every": 1, "precision": "bf16"}
    task = Art2MusTask(collection.settings(model, pairs, tmp_path / "out", clips=clips, loop=loop))
    dtypes = []
    task.codec.vae.decoder.register_forward_hook(lambda _module, _given, decoded: dtypes.append(decoded.dtype))
    run(task, task.settings.loop, task.settings.output)
    assert dtypes == [torch.float32]


def test_tensorboard_shows_all_of_it(with_clips: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(with_clips / "tensorboard"))
    events.Reload()
    tags = events.Tags()
    assert {"train/loss", "train/learning_rate", "validation/held_out", "validation/likeness"} <= set(tags["scalars"])
    assert [event.step for event in events.Scalars("train/loss")] == list(range(1, 9))
    assert tags["audio"] == tags["images"] == ["000-0", "001-1"]
