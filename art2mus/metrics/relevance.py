"""Does the music follow the picture? Affect asked for, against affect measured in the sound.

    python -m art2mus.metrics.relevance GALLERY_FOLDER
    python -m art2mus.metrics.relevance GALLERY_FOLDER --windows runs/mini-data/windows.npz
    python -m art2mus.metrics.relevance GALLERY_FOLDER --music MUSIC_FOLDER

The first makes a clip for every picture and seed, measures it as it is, and once more with its notes performed alike
for all pictures, which shows what the network itself contributes. The second needs no model: held-out music drawn
at random stands for the notes, which shows what the performance contributes. The third judges music that is there
already, whatever made it: files with the names of the pictures.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.stats import rankdata
from tqdm import tqdm

from art2mus.arguments import at_least_1, seed
from art2mus.artwork_labels import lookup, read_table, year_in
from art2mus.codec.performance import Performance
from art2mus.codec.performer import Performer
from art2mus.codec.score import Score
from art2mus.codec.synthesizer import SynthesizerMissingError
from art2mus.data.paintings import list_paintings
from art2mus.data.windows import load_windows
from art2mus.exit_codes import exit_code
from art2mus.images import UnreadableImageError, load_artwork
from art2mus.metrics.affect import AFFECT_DIMENSIONS, measure_picture, measure_sound
from art2mus.metrics.bootstrap import Estimate, FloatArray, IntArray, bootstrap, permutations, share_as_extreme
from art2mus.metrics.retrieval import Retrieval, retrieve
from art2mus.metrics.retrieval import describe as describe_retrieval
from art2mus.metrics.sound_affect import ANALYSIS_RATE
from art2mus.models import BUNDLED, ModelMissingError, load_pipeline
from art2mus.sound_files import UnreadableSoundError, list_sounds, read_sound
from art2mus.whole_files import whole_file

LABELS = "metadata.json"

Affects = NDArray[np.float32]
Values = NDArray[np.float32] | FloatArray


class Origin(NamedTuple):
    """When and where a picture was made, as far as that is known."""

    year: int | None
    country: str | None


@dataclass(frozen=True)
class Relevance:
    """How well the affect of clips follows that of their pictures.

    Attributes:
        num_pictures: Pictures asked about.
        num_seeds: Clips made for each.
        correlation: Rank correlation (Spearman) over the pictures, by dimension, of the affect asked for with the one
            measured (mean over the seeds).
        p_value: Share of random assignments of clips to pictures that correlate as well, by dimension.
        retrieval: Whether the clips are nearest to their own pictures, by distance; both sides are standardised first.
    """

    num_pictures: int
    num_seeds: int
    correlation: dict[str, Estimate]
    p_value: dict[str, float]
    retrieval: Retrieval


def relevance(asked: Affects, measured: Affects, num_permutations: int = 10_000, seed: int = 0) -> Relevance:
    """Compare the affect asked for with the affect measured.

    Clips of one picture belong together, so it is pictures that are permuted, not clips.

    Shape: asked (pictures, 6); measured (pictures, seeds, 6).
    Raises: ValueError for fewer than three pictures, or if the shapes do not agree.
    """
    if len(asked) < 3 or measured.shape[::2] != asked.shape:
        raise ValueError(f"need (3 or more, 6) and (as many, seeds, 6), not {asked.shape} and {measured.shape}")
    orders = permutations(len(asked), num_permutations, seed)
    heard = measured.mean(axis=1)
    wanted, got = _standard_ranks(asked), _standard_ranks(heard)
    # One dimension after the other: all at once would be gigabytes for the thousands of artworks of a real test.
    by_chance = np.stack([wish[orders] @ fact for wish, fact in zip(wanted.T, got.T, strict=True)], axis=1) / len(asked)
    columns = zip(AFFECT_DIMENSIONS, asked.T, heard.T, strict=True)
    correlation = {name: rank_correlation(wish, fact, seed) for name, wish, fact in columns}
    p_values = share_as_extreme(by_chance, np.array([each.value for each in correlation.values()]))
    return Relevance(
        num_pictures=len(asked),
        num_seeds=measured.shape[1],
        correlation=correlation,
        p_value=dict(zip(AFFECT_DIMENSIONS, p_values.tolist(), strict=True)),
        retrieval=retrieve(-affect_distances(asked, measured), num_permutations, seed),
    )


def affect_distances(asked: Affects, measured: Affects) -> FloatArray:
    """Give the distance of every clip to every picture; both sides are standardised first.

    Shape: asked (pictures, 6); measured (pictures, seeds, 6); result (pictures, seeds, pictures).
    """
    clips = measured.reshape(-1, measured.shape[-1])
    wanted = (asked - asked.mean(axis=0)) / np.maximum(asked.std(axis=0), 1e-6)
    got = (measured - clips.mean(axis=0)) / np.maximum(clips.std(axis=0), 1e-6)
    return np.stack([np.linalg.norm(clips_of_one[:, None] - wanted, axis=-1) for clips_of_one in got])


def rank_correlation(these: Values, those: Values, seed: int = 0) -> Estimate:
    """Give Spearman's rank correlation of pairs, with its interval; 0 if one side is all alike.

    Shape: both (n,).
    """

    def correlation(drawn: IntArray, axis: int) -> FloatArray:
        left, right = (_standard_ranks(values[drawn], axis) for values in (these, those))
        return np.asarray((left * right).mean(axis=axis))

    return bootstrap(correlation, len(these), is_vectorized=True, seed=seed)


def describe(figures: Mapping[str, Relevance]) -> str:
    """Put figures of several conditions side by side."""
    lines = []
    for name, each in figures.items():
        lines += [
            f"{name}: {each.num_pictures} pictures × {each.num_seeds} seeds",
            f"  {describe_retrieval(each.retrieval)}",
        ]
        lines += [f"  {d:12s} rho {each.correlation[d]}   p = {each.p_value[d]:.4f}" for d in AFFECT_DIMENSIONS]
    return "\n".join(lines)


def judge_model(
    model: str,
    pictures: Sequence[Image.Image],
    num_seeds: int,
    first_seed: int = 0,
    origins: Sequence[Origin] | None = None,
) -> dict[str, Affects]:
    """Make clips with a model; measure them as they are, and with the performance held constant where there are notes.

    Args:
        model: Its name or folder.
        pictures: What the clips are for.
        num_seeds: Clips for each.
        first_seed: Of each picture's clips; the others follow.
        origins: When and where each picture was made, if that is to be heard; the notes are the same, and are not
            measured for themselves.

    Shape: results (pictures, seeds, 6).
    Raises: ModelMissingError.
    """
    import torch

    pipeline = load_pipeline(model)
    pipeline.set_progress_bar_config(disable=True)
    as_made, constant = [], []
    known = origins or [Origin(None, None)] * len(pictures)
    for picture, origin in tqdm(list(zip(pictures, known, strict=True)), desc="composing"):
        generators = [torch.Generator().manual_seed(first_seed + number) for number in range(num_seeds)]
        made = pipeline([picture] * num_seeds, generator=generators, year=origin.year, country=origin.country)
        waveforms = [clip.waveform for clip in made.clips if clip.waveform is not None]
        as_made.append([measure_sound(waveform, made.sample_rate) for waveform in waveforms])
        scores = made.scores if origins is None else []
        played = scores_played(scores, [Performance.neutral()] * len(scores))
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
        performances = [
            Performance.from_affect(affect, seed, events_per_quarter=score.events_per_quarter)
            for seed, score in enumerate(scores)
        ]
        played = scores_played(scores, performances)
        measured.append([measure_sound(waveform, ANALYSIS_RATE) for waveform in played])
    return {"performance alone, notes at random": np.array(measured)}


def judge_music(pieces: Sequence[Path]) -> dict[str, Affects]:
    """Measure one piece of music for each picture.

    Shape: results (pictures, 1, 6).
    Raises: UnreadableSoundError.
    """
    measured = [[measure_sound(*read_sound(piece))] for piece in tqdm(pieces, desc="listening")]
    return {"music as it is": np.array(measured)}


def origins_of(pictures: Sequence[Path]) -> list[Origin]:
    """Read when and where pictures were made in the `metadata.json` beside them.

    Raises: FileNotFoundError; ValueError if it is no table of artworks.
    """
    labels = [lookup(read_table(picture.parent / LABELS), picture.name) for picture in pictures]
    return [Origin(year_in(label.get("year", "")), label.get("country")) for label in labels]


def music_of(pictures: Sequence[Path], folder: Path) -> list[Path]:
    """Find the music of pictures: the file of each one's name.

    Raises: FileNotFoundError, naming a picture without.
    """
    music = {path.stem: path for path in list_sounds(folder)}
    missing = [path.name for path in pictures if path.stem not in music]
    if missing:
        raise FileNotFoundError(f"{folder}: no music for {missing[0]} (and {len(missing) - 1} more)")
    return [music[path.stem] for path in pictures]


def scores_played(scores: Sequence[Score], performances: Sequence[Performance]) -> Iterable[NDArray[np.float32]]:
    """Play scores at the rate that sound is measured at.

    Shape: each (audio_frames, 2).
    """
    with Performer(sample_rate=ANALYSIS_RATE) as performer:
        for seed, (score, performance) in enumerate(zip(scores, performances, strict=True)):
            performer.start(performance, seed)
            yield performer.render(score).waveform


def _standard_ranks(values: Values, axis: int = 0) -> FloatArray:
    ranks = rankdata(values, axis=axis)
    centred = ranks - ranks.mean(axis=axis, keepdims=True)
    return np.asarray(centred / np.maximum(ranks.std(axis=axis, keepdims=True), 1e-12))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m art2mus.metrics.relevance", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("gallery", type=Path, help="folder of pictures")
    parser.add_argument("--model", default=BUNDLED, help="name or folder of the model (default: %(default)s)")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--music", type=Path, help="judge the music of this folder, named as the pictures are")
    source.add_argument("--windows", type=Path, help="judge the performance alone, with held-out music of this file")
    parser.add_argument("--num-seeds", type=at_least_1, default=5, help="clips per picture (default: %(default)s)")
    parser.add_argument("--first-seed", type=seed, default=0, help="of each picture's clips (default: %(default)s)")
    parser.add_argument(
        "--as-labelled", action="store_true", help=f"instruments of the year and country in the gallery's {LABELS}"
    )
    parser.add_argument("--output", type=Path, help="write the figures to this JSON file as well")
    options = parser.parse_args(arguments)
    mistakes = (ModelMissingError, SynthesizerMissingError, UnreadableImageError, UnreadableSoundError, ValueError)
    return exit_code(lambda: _run(options), *mistakes, goes_on=False)


def _run(options: argparse.Namespace) -> int:
    paths = list_paintings(options.gallery)
    music = None if options.music is None else music_of(paths, options.music)
    pictures = [load_artwork(path) for path in paths]
    asked = np.array([measure_picture(picture) for picture in pictures])
    if music is not None:
        measured = judge_music(music)
    elif options.windows is not None:
        measured = judge_performance(options.windows, asked, options.num_seeds)
    else:
        origins = origins_of(paths) if options.as_labelled else None
        measured = judge_model(options.model, pictures, options.num_seeds, options.first_seed, origins)
    figures = {name: relevance(asked, affects) for name, affects in measured.items()}
    print(describe(figures))
    if options.output is not None:
        report = {name: asdict(each) for name, each in figures.items()}
        with whole_file(options.output) as partial:
            partial.write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
