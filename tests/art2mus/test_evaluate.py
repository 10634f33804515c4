"""The command: what it makes once, what it finds, what it reports, and every mistake it explains."""

import json
import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
import yaml
from PIL import Image

from art2mus.data.tables import write_rows
from art2mus.evaluate import main
from art2mus.evaluation.clips import make_clips, plan_clips
from art2mus.evaluation.items import load_items, partners
from art2mus.evaluation.listeners import ImageBindListener
from art2mus.evaluation.scores import (
    AFFECT_RANK,
    CLAP_SCORE,
    IBSC_ARTWORK,
    IBSC_RANK,
    IBSC_TRUTH,
    SPECTRAL_KL,
    score,
    with_truths,
)
from art2mus.evaluation.settings import SHUFFLED_TRUTH, TRUTH, EvaluateSettings
from art2mus.evaluation.tables import tables_of
from art2mus.images import load_artwork
from art2mus.metrics.clap import ClapEmbedder, one_for_each
from art2mus.metrics.embedding_cache import embeddings_folder
from art2mus.metrics.imagebind_score import mean_cosine
from art2mus.models.assembly import put_together
from art2mus.sound_files import load_mono
from art2mus.strict_yaml import load
from tests.art2mus import tiny
from tests.art2mus.sounds import SAMPLE_RATE, progression

NUM_PAIRS = 4
WORDS = ["slow strings", "fast piano", "soft music in a minor key", "low quality music"]
NASTY = '<b>&"mini"</b>'


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "tiny"
    tiny.pipeline().save_pretrained(folder)
    return folder


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    """Artworks from dark to light, and tracks from low and slow to high and fast."""
    rows = []
    for number in range(NUM_PAIRS):
        artwork, track = tmp_path / "artworks" / f"<i>{number}.png", tmp_path / "tracks" / f"{number}.wav"
        for path in (artwork, track):
            path.parent.mkdir(exist_ok=True)
        Image.new("RGB", (40, 30), (60 * number + 20,) * 3).save(artwork)
        music = progression(tonic=36 + 6 * number, quarter_s=0.6 - 0.1 * number, num_chords=10)
        soundfile.write(track, music[: 7 * SAMPLE_RATE], SAMPLE_RATE)
        similarity = f"0.{number + 1}"
        rows.append({"artwork": artwork.name, "track": track.name, "similarity": similarity, "split": "test"})
    rows.append({"artwork": "absent.png", "track": "absent.wav", "split": "train"})
    write_rows(tmp_path / "pairs.csv", ["artwork", "track", "similarity", "split"], rows)
    return tmp_path


@pytest.fixture
def config(collection: Path, model: Path) -> Path:
    path = collection / "evaluate.yaml"
    values = {
        **{key: str(collection / name) for key, name in (("artworks", "artworks"), ("tracks", "tracks"))},
        "pairs": str(collection / "pairs.csv"),
        "output": str(collection / "out"),
        "models": {
            NASTY: {"model": str(model), "num_inference_steps": 1},
            "shuffled": {"model": str(model), "sees": "shuffled", "num_inference_steps": 1},
        },
        "length_s": 3.0,
        "num_examples": 2,
    }
    path.write_text(yaml.safe_dump(values, sort_keys=False))
    return path


def run(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


def clips_of(collection: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in (collection / "out" / "clips").iterdir()}


class OpenTags(HTMLParser):
    """Tags that were opened and not closed, or closed out of turn."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags += [tag] if tag not in {"img", "meta"} else []

    def handle_endtag(self, tag: str) -> None:
        if self.tags[-1:] == [tag]:
            self.tags.pop()
        else:
            self.tags.append(f"/{tag}")


def test_clips_scores_and_report(config: Path, collection: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(config, "--paper") == 0
    clips = clips_of(collection)
    # What "shuffled" asks for is what the other model made for other artworks: nothing is made twice.
    assert len([name for name in clips if name.endswith(".flac")]) == NUM_PAIRS
    assert len(clips) == 3 * NUM_PAIRS
    printed = capsys.readouterr().out
    assert "Scores (4 pairs)" in printed
    assert "Scores as published" in printed
    figures = json.loads((collection / "out" / "scores.json").read_text())["figures"]
    assert list(figures) == [NASTY, "shuffled", TRUTH, SHUFFLED_TRUTH]
    assert figures[NASTY]["FD-MusiCNN"]["value"] == pytest.approx(figures["shuffled"]["FD-MusiCNN"]["value"])
    assert figures[NASTY][AFFECT_RANK]["low"] <= figures[NASTY][AFFECT_RANK]["value"]

    page = (collection / "out" / "report.html").read_text("utf-8")
    assert "<script" not in page
    assert set(re.findall(r'(?:src|href)="([a-z/]+:?[a-z/]*)', page)) == {"data:image/jpeg", "data:audio/ogg"}
    assert not re.search(r"https?://|url\(|@import", page)
    assert NASTY not in page
    assert "&lt;b&gt;&amp;&quot;mini&quot;&lt;/b&gt;" in page
    assert "&lt;i&gt;0.png" in page
    assert "<i>" not in page
    assert page.count("<audio") == 2 * 3
    assert re.search(r"<td>[-\d.]+<small>[-\d.]+ to [-\d.]+</small></td>", page)
    assert OpenTags(page).tags == []


def test_the_true_tracks_are_as_near_as_can_be(config: Path) -> None:
    settings = load(config, EvaluateSettings)
    items = load_items(settings)
    scores = score(settings, items, with_truths({}, items, seed=0), has_published=True)
    truth, shuffled = scores.figures[TRUTH], scores.figures[SHUFFLED_TRUTH]
    for name in ("FD-MusiCNN", "FD-MusiCNN per pair, as published", SPECTRAL_KL):
        assert truth[name].value == pytest.approx(0.0, abs=1e-6)
    # As a set, shuffled tracks are the same tracks; for each pair they are others.
    assert shuffled["FD-MusiCNN"].value == pytest.approx(0.0, abs=1e-6)
    assert shuffled["FD-MusiCNN per pair, as published"].value > 0.1
    assert shuffled[SPECTRAL_KL].value > 0.0
    assert truth[AFFECT_RANK].value < shuffled[AFFECT_RANK].value
    assert scores.affects[TRUTH].correlation["brightness"].value == pytest.approx(1.0)
    for table in tables_of(scores, has_published=True):
        assert {len(row) for row in table.rows} == {len(table.columns)}


def test_labels_of_the_true_track_are_the_nearest(config: Path, collection: Path) -> None:
    tiny.save_sound_classifier(collection / "ast")
    settings = load(config, EvaluateSettings, ["metrics=[kl]", f"weights.kl={collection / 'ast'}"])
    items = load_items(settings)
    figures = score(settings, items, with_truths({}, items, seed=0)).figures
    assert figures[TRUTH]["KL"].value == pytest.approx(0.0, abs=1e-9)
    assert figures[SHUFFLED_TRUTH]["KL"].value > 1e-6


def test_likeness_to_artwork_and_true_track(config: Path, collection: Path) -> None:
    encoder = tiny.imagebind()
    encoder.save_pretrained(collection / "imagebind")
    settings = load(config, EvaluateSettings, ["metrics=[ibsc]", f"weights.ibsc={collection / 'imagebind'}"])
    items = load_items(settings)
    figures = score(settings, items, with_truths({}, items, seed=0)).figures
    assert figures[TRUTH][IBSC_TRUTH].value == pytest.approx(1.0, abs=1e-6)
    assert figures[SHUFFLED_TRUTH][IBSC_TRUTH].value < 0.9999
    seen = encoder.encode([load_artwork(item.artwork_path) for item in items])
    heard = torch.cat([encoder.encode_audio([load_mono(item.track_path, 16_000)], 16_000) for item in items])
    likeness = torch.cosine_similarity(heard[:, None], seen, dim=-1)
    assert figures[TRUTH][IBSC_ARTWORK].value == pytest.approx(likeness.diag().mean().item(), abs=1e-5)
    rank = 1 + (likeness > likeness.diag()[:, None]).sum(dim=1).float()
    assert figures[TRUTH][IBSC_RANK].value == pytest.approx(rank.mean().item())

    # What was seen is known by how it was looked at, too.
    encoder.register_to_config(view="pad")
    assert ImageBindListener(encoder).identity != ImageBindListener(tiny.imagebind()).identity
    encoder.register_to_config(view="crop")

    # What was seen and heard is kept: another content of the cache gives another figure.
    identity = ImageBindListener(encoder).identity
    kept = sorted((embeddings_folder() / identity).iterdir())
    assert len(kept) == 2 * NUM_PAIRS
    for path in kept:
        np.save(path, np.ones_like(np.load(path)))
    assert score(settings, items, with_truths({}, items, seed=0)).figures[TRUTH][IBSC_ARTWORK].value == pytest.approx(
        1.0
    )


def test_likeness_to_the_description(config: Path, collection: Path) -> None:
    tiny.save_clap(collection / "clap")
    settings = load(config, EvaluateSettings, ["metrics=[clap-score]", f"weights.clap-score={collection / 'clap'}"])
    items = [replace(item, description=words) for item, words in zip(load_items(settings), WORDS, strict=True)]
    found = score(settings, items, with_truths({}, items, seed=0)).figures[TRUTH][CLAP_SCORE]
    clap = ClapEmbedder.from_pretrained(collection / "clap")
    music = one_for_each([clap.embed(load_mono(item.track_path, clap.sample_rate)) for item in items])
    assert found.value == pytest.approx(mean_cosine(clap.embed_texts(WORDS), music).value, abs=1e-6)

    items[1] = replace(items[1], description="")
    missing = score(settings, items, with_truths({}, items, seed=0)).missing
    assert missing[0].startswith("clap-score: left out: 1 of 4 pairs have no description, <i>1.png for one")


def test_nothing_is_made_twice_and_what_changed_is_made_again(config: Path, collection: Path) -> None:
    def make(*overrides: str) -> dict[str, int]:
        settings = load(config, EvaluateSettings, overrides)
        make_clips(plan_clips(settings, load_items(settings)), collection / "out" / "clips")
        return clips_of(collection)

    first = make()
    receipt = next((collection / "out" / "clips").glob("<i>2*.json"))
    content = receipt.read_text()
    receipt.unlink()  # as if it had been interrupted: the sound is there, the receipt is not
    second = make()
    assert {name for name in first if first[name] != second[name]} == {
        name for name in first if name.startswith(receipt.stem)
    }
    assert receipt.read_text() == content

    third = make("seed=1", "max_pairs=3")
    assert second.items() <= third.items()
    assert len(third) == len(second) + 3 * 3

    Image.new("RGB", (40, 30), (200, 0, 0)).save(collection / "artworks" / "<i>0.png")
    assert len(make()) == len(third) + 3


def test_another_model_under_the_same_name_is_another_model(
    config: Path, collection: Path, model: Path, tmp_path: Path
) -> None:
    """Wherever its parts lie; what is written about it changes no music."""
    (collection / "eyes.pth").write_bytes(b"weights")
    (collection / "layer.pt").write_bytes(b"projection")
    base = shutil.copytree(model, tmp_path / "base")
    put_together(tmp_path / "mine", str(base), str(collection / "eyes.pth"), collection / "layer.pt", "reference")
    settings = load(config, EvaluateSettings, [f"models={{mine: {{model: {tmp_path / 'mine'}}}}}", "max_pairs=3"])

    def weights() -> set[str]:
        return {order.weights for each in plan_clips(settings, load_items(settings))["mine"] for order in each}

    first = weights()
    (base / "README.md").write_text("all about it")
    assert weights() == first
    (collection / "eyes.pth").write_bytes(b"other weights")
    assert not weights() & first


def test_several_clips_and_text_alone(config: Path, collection: Path) -> None:
    arguments = [config, "--set", "clips_per_artwork=2", "--set", "models={words: {model: MODEL, sees: text}}"]
    arguments[-1] = arguments[-1].replace("MODEL", json.dumps(str(load(config, EvaluateSettings).models[NASTY].model)))
    arguments += ["--set", "models.words.prompt=slow strings", "--set", "metrics=[affect]", "--set", "num_examples=0"]
    assert run(*arguments) == 0
    receipts = [json.loads(path.read_text()) for path in (collection / "out" / "clips").glob("text-*.json")]
    assert len(receipts) == 2 * NUM_PAIRS
    assert {receipt["prompt"] for receipt in receipts} == {"slow strings"}
    assert len({receipt["seed"] for receipt in receipts}) == 2 * NUM_PAIRS
    affect = json.loads((collection / "out" / "scores.json").read_text())["affect"]
    assert affect["words"]["num_seeds"] == 2


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        (["spilt=test"], "unknown key; did you mean 'split'?"),
        (["metrics=[fud]"], "metrics.0: must be"),
        (["models={}"], "models: "),
        (["models={true tracks: {model: mini}}"], "'true tracks' is the name of a row that is always there"),
        (["max_pairs=2"], "2 pairs are too few to judge by; take 3 or more"),
        (["split=nowhere"], "no pair whose split is 'nowhere'; there are test, train"),
        (["artworks=absent"], "absent/<i>0.png, absent/<i>1.png, absent/<i>2.png and 1 more: there is no such file"),
        (["models={m: {model: minni}}"], "did you mean 'mini'?"),
        (["models={m: {model: mini, sees: text}}"], "has no description; give it a prompt"),
        (["device=abacus"], "abacus"),
        (["weights={ibcs: here}"], "weights.ibcs: must be 'fd-musicnn', "),
        (["models={m: {model: art2mus}}"], "its weights are published by others"),
    ],
)
def test_mistakes_are_explained(
    overrides: list[str], expected: str, config: Path, collection: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(config, *(word for override in overrides for word in ("--set", override))) == 2
    error = capsys.readouterr().err
    assert expected in error
    assert len(error.splitlines()) <= 2
    assert not (collection / "out" / "report.html").exists()


def test_a_missing_or_damaged_track_is_one_line(
    config: Path, collection: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (collection / "tracks" / "2.wav").write_bytes(b"not sound")
    assert run(config, "--set", "metrics=[affect]") == 2
    assert "2.wav: not sound that can be read" in capsys.readouterr().err
    (collection / "tracks" / "2.wav").unlink()
    assert run(config) == 2
    assert "2.wav: there is no such file; is `tracks`" in capsys.readouterr().err


def test_a_metric_without_weights_is_left_out_and_said(
    config: Path, collection: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    absent = (
        "--set",
        "max_pairs=3",
        "--set",
        "metrics=[affect, fad, ibsc, clap-score]",
        "--set",
        f"weights={{fad: {collection / 'absent.pth'}, ibsc: absent, clap-score: {collection / 'absent'}}}",
    )
    assert run(config, *absent) == 2
    errors = capsys.readouterr().err
    assert all(f"{metric}: left out: " in errors for metric in ("fad", "ibsc", "clap-score"))
    scores = json.loads((collection / "out" / "scores.json").read_text())
    assert AFFECT_RANK in scores["figures"][TRUTH]
    assert "left out" in (collection / "out" / "report.html").read_text()


@pytest.mark.parametrize("weights", ["passt", "passt.pt"])
def test_labels_may_be_passts(weights: str, config: Path, collection: Path) -> None:
    """By its name, which means the usual place, or by its file, which is another here."""
    (collection / "passt.pt").write_bytes(b"nothing of the kind")
    given = str(collection / weights) if weights.endswith(".pt") else weights
    settings = load(config, EvaluateSettings, ["metrics=[kl]", f"weights.kl={given}", "max_pairs=3"])
    items = load_items(settings)
    (missing,) = score(settings, items, with_truths({}, items, seed=0)).missing
    assert "not the weights of PaSST" in missing if weights.endswith(".pt") else "models/passt/passt-s-f128" in missing


def test_a_clip_too_short_for_a_figure_is_a_remark(config: Path, collection: Path) -> None:
    settings = load(config, EvaluateSettings, ["metrics=[fd-musicnn]"])
    items = load_items(settings)
    soundfile.write(items[1].track_path, progression(num_chords=1), SAMPLE_RATE)
    scores = score(settings, items, with_truths({}, items, seed=0), has_published=True)
    assert any(remark.startswith(f"{TRUTH}: FD-MusiCNN per pair") for remark in scores.remarks)
    assert scores.figures[TRUTH]["FD-MusiCNN"].value == pytest.approx(0.0, abs=1e-6)


def test_partners_are_others_and_each_is_taken_once() -> None:
    for seed in range(20):
        others = partners(7, seed)
        assert sorted(others) == list(range(7))
        assert all(own != other for own, other in enumerate(others))
    assert len({tuple(partners(7, seed)) for seed in range(20)}) > 10


def test_the_bundled_settings_can_be_read(repository: Path) -> None:
    settings = load(repository / "configs" / "evaluate-mini.yaml", EvaluateSettings)
    assert settings.models["mini, shuffled"].sees == "shuffled"
    assert np.isclose(settings.length_s, 10.0)
