"""Does the music follow the picture? Affect asked for, against affect measured in the sound.

    python -m art2mus.metrics.relevance GALLERY_FOLDER
    python -m art2mus.metrics.relevance GALLERY_FOLDER --windows runs/mini-data/windows.npz

The first makes a clip for every picture and seed, measures it as it is, and once more with its notes performed alike
for all pictures, which shows what the network itself contributes. The second needs no model: held-out music drawn
at random stands for the notes, which shows what the performance contributes.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.stats import rankdata
from tqdm import tqdm

from art2mus.codec.performance import Performance
from art2mus.codec.performer import Performer
from art2mus.codec.score import Score
from art2mus.data.paintings import list_paintings
from art2mus.data.windows import load_windows
from art2mus.images import load_artwork
from art2mus.metrics.affect import AFFECT_DIMENSIONS, measure_picture, measure_sound
from art2mus.metrics.sound_affect import ANALYSIS_RATE
from art2mus.models import BUNDLED, ModelMissingError, load_pipeline

Affects = NDArray[np.float32]
FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Relevance:
    """How well the affect of clips follows that of their pictures.

    Attributes:
        num_pictures: Pictures asked about.
        num_seeds: Clips made for each.
        correlation: Rank correlation (Spearman) over the pictures, by dimension, of the affect asked for with the one
            measured (mean over the seeds).
        p_value: Share of random assignments of clips to pictures that correlate as well, by dimension.
        recall_at_1: Share of the clips to which, of all pictures, their own is nearest. Chance is 1 / num_pictures.
        mean_rank: Place of the own picture among all, by distance, on average. Chance is (num_pictures + 1) / 2.
        mean_rank_p_value: Share of random assignments with as low a mean rank.
    """

    num_pictures: int
    num_seeds: int
    correlation: dict[str, float]
    p_value: dict[str, float]
    recall_at_1: float
    mean_rank: float
    mean_rank_p_value: float


def relevance(asked: Affects, measured: Affects, num_permutations: int = 10_000, seed: int = 0) -> Relevance:
    """Compare the affect asked for with the affect measured.

    Clips of one picture belong together, so it is pictures that are permuted, not clips.

    Shape: asked (pictures, 6); measured (pictures, seeds, 6).
    Raises: ValueError for fewer than three pictures, or if the shapes do not agree.
    """
    if len(asked) < 3 or measured.shape[::2] != asked.shape:
        raise ValueError(f"need (3 or more, 6) and (as many, seeds, 6), not {asked.shape} and {measured.shape}")
    rng = np.random.default_rng(seed)
    orders = np.array([rng.permutation(len(asked)) for _ in range(num_permutations)])
    wanted, got = _standard_ranks(asked), _standard_ranks(measured.mean(axis=1))
    correlation = (wanted * got).mean(axis=0)
    by_chance = np.einsum("opd,pd->od", wanted[orders], got) / len(asked)
    places = _places(asked, measured)
    own = np.arange(len(asked))
    mean_rank = places[own, :, own].mean()
    chance_ranks = places.mean(axis=1)[own, orders].mean(axis=1)
    return Relevance(
        num_pictures=len(asked),
        num_seeds=measured.shape[1],
        correlation=_by_dimension(correlation),
        p_value=_by_dimension((1 + (by_chance >= correlation - 1e-9).sum(axis=0)) / (1 + num_permutations)),
        recall_at_1=float((places[own, :, own] == 1).mean()),
        mean_rank=float(mean_rank),
        mean_rank_p_value=float((1 + (chance_ranks <= mean_rank + 1e-9).sum()) / (1 + num_permutations)),
    )


def describe(figures: Mapping[str, Relevance]) -> str:
    """Put figures of several conditions side by side."""
    lines = []
    for name, each in figures.items():
        chance = (each.num_pictures + 1) / 2
        lines += [
            f"{name}: {each.num_pictures} pictures × {each.num_seeds} seeds",
            "  own picture nearest "
            f"{each.recall_at_1:.0%} (chance {1 / each.num_pictures:.0%}), mean rank {each.mean_rank:.1f} "
            f"(chance {chance:.1f}, p = {each.mean_rank_p_value:.4f})",
        ]
        lines += [f"  {d:12s} rho {each.correlation[d]:+.2f}   p = {each.p_value[d]:.4f}" for d in AFFECT_DIMENSIONS]
    return "\n".join(lines)


def judge_model(model: str, pictures: Sequence[Image.Image], num_seeds: int) -> dict[str, Affects]:
    """Make clips with a model; measure them as they are, and with the performance held constant where there are notes.

    Shape: results (pictures, seeds, 6).
    Raises: ModelMissingError.
    """
    import torch

    pipeline = load_pipeline(model)
    pipeline.set_progress_bar_config(disable=True)
    as_made, constant = [], []
    for picture in tqdm(pictures, desc="composing"):
        generators = [torch.Generator().manual_seed(seed) for seed in range(num_seeds)]
        made = pipeline([picture] * num_seeds, generator=generators)
        waveforms = [clip.waveform for clip in made.clips if clip.waveform is not None]
        as_made.append([measure_sound(waveform, made.sample_rate) for waveform in waveforms])
        played = scores_played(made.scores, [Performance.neutral()] * len(made.scores))
        constant.append([measure_sound(waveform, ANALYSIS_RATE) for waveform in played])
    affects = {"as made": np.array(as_made)}
    return affects | ({"performance held constant": np.array(constant)} if constant[0] else {})


def judge_performance(windows: Path, asked: Affects, num_seeds: int) -> dict[str, Affects]:
    """Perform held-out music, drawn at random, as the pictures ask.

    Shape: asked (pictures, 6); results (pictures, seeds, 6).
    Raises: FileNotFoundError.
    """
    held_out = load_windows(windows)
    rng = np.random.default_rng(0)
    measured = []
    for affect in tqdm(asked, desc="performing"):
        scores = [held_out.score(int(index)) for index in rng.choice(held_out.held_out, num_seeds)]
        played = scores_played(scores, [Performance.from_affect(affect, seed) for seed in range(num_seeds)])
        measured.append([measure_sound(waveform, ANALYSIS_RATE) for waveform in played])
    return {"performance alone, notes at random": np.array(measured)}


def scores_played(scores: Sequence[Score], performances: Sequence[Performance]) -> Iterable[NDArray[np.float32]]:
    """Play scores at the rate that sound is measured at.

    Shape: each (audio_frames, 2).
    """
    with Performer(sample_rate=ANALYSIS_RATE) as performer:
        for seed, (score, performance) in enumerate(zip(scores, performances, strict=True)):
            performer.start(performance, seed)
            yield performer.render(score).waveform


def _standard_ranks(values: Affects) -> FloatArray:
    ranks = rankdata(values, axis=0)
    return (ranks - ranks.mean(axis=0)) / np.maximum(ranks.std(axis=0), 1e-12)


def _places(asked: Affects, measured: Affects) -> FloatArray:
    """Rank all pictures by their distance from each clip; both sides are standardised first.

    Shape: result (pictures, seeds, pictures), from 1.
    """
    clips = measured.reshape(-1, measured.shape[-1])
    wanted = (asked - asked.mean(axis=0)) / np.maximum(asked.std(axis=0), 1e-6)
    got = (measured - clips.mean(axis=0)) / np.maximum(clips.std(axis=0), 1e-6)
    return np.asarray(rankdata(np.linalg.norm(got[:, :, None] - wanted, axis=-1), axis=-1))


def _by_dimension(values: FloatArray) -> dict[str, float]:
    return dict(zip(AFFECT_DIMENSIONS, values.tolist(), strict=True))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m art2mus.metrics.relevance", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("gallery", type=Path, help="folder of pictures")
    parser.add_argument("--model", default=BUNDLED, help="name or folder of the model (default: %(default)s)")
    parser.add_argument("--windows", type=Path, help="judge the performance alone, with held-out music of this file")
    parser.add_argument("--num-seeds", type=int, default=5, help="clips per picture (default: %(default)s)")
    parser.add_argument("--output", type=Path, help="write the figures to this JSON file as well")
    options = parser.parse_args(arguments)
    try:
        pictures = [load_artwork(path) for path in list_paintings(options.gallery)]
        asked = np.array([measure_picture(picture) for picture in pictures])
        if options.windows is None:
            measured = judge_model(options.model, pictures, options.num_seeds)
        else:
            measured = judge_performance(options.windows, asked, options.num_seeds)
    except (FileNotFoundError, ModelMissingError) as error:
        print(error, file=sys.stderr)
        return 2
    figures = {name: relevance(asked, affects) for name, affects in measured.items()}
    print(describe(figures))
    if options.output is not None:
        report = {name: asdict(each) for name, each in figures.items()}
        options.output.write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
