"""Measure what is average: the constants of `affect_standard.json`.

    python -m art2mus.metrics.standardise picture PAINTINGS_FOLDER
    python -m art2mus.metrics.standardise sound WINDOWS.npz

Pictures: every painting of the folder whole and in 15 crops, and a third as many abstract pictures. Sound: windows of
scores, each performed for an affect of its own drawn over the whole space, so that all keys, paces, instruments and
registers are in it.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from art2mus.arguments import at_least_1
from art2mus.codec.performance import Performance
from art2mus.codec.performer import Performer
from art2mus.codec.synthesizer import SynthesizerMissingError
from art2mus.data.abstract import paint
from art2mus.data.paintings import list_paintings, random_crop
from art2mus.data.windows import load_windows
from art2mus.exit_codes import exit_code
from art2mus.images import UnreadableImageError, load_artwork
from art2mus.metrics.affect import AFFECT_DIMENSIONS, MAX_Z, STANDARD_FILE, AffectScale
from art2mus.metrics.picture_affect import PICTURE_FEATURES, PICTURE_RELATIONS, picture_features
from art2mus.metrics.sound_affect import ANALYSIS_RATE, SOUND_FEATURES, SOUND_RELATIONS, sound_features
from art2mus.whole_files import whole_file

SEED = 20_261_124
CROPS_PER_PAINTING = 15


def picture_corpus(folder: Path) -> NDArray[np.float64]:
    """Measure paintings, crops of them, and a third as many abstract pictures.

    Shape: (num_pictures, len(PICTURE_FEATURES)).
    """
    rng = np.random.default_rng(SEED)
    rows = []
    for path in tqdm(list_paintings(folder), desc="paintings"):
        painting = load_artwork(path)
        rows.append(picture_features(painting))
        rows += [picture_features(random_crop(painting, rng)) for _ in range(CROPS_PER_PAINTING)]
    for seed in tqdm(range(len(rows) // 3), desc="abstract pictures"):
        rows.append(picture_features(paint(rng.normal(0.0, 1.0, 6), seed)))
    return np.array(rows)


def sound_corpus(windows: Path, num_pieces: int) -> NDArray[np.float64]:
    """Measure windows performed for affects drawn over the whole space.

    Shape: (num_pieces, len(SOUND_FEATURES)).
    """
    rng = np.random.default_rng(SEED)
    packed = load_windows(windows)
    rows = []
    with Performer(sample_rate=ANALYSIS_RATE) as performer:
        for index in tqdm(rng.choice(packed.train, num_pieces, replace=False).tolist(), desc="performances"):
            affect = np.clip(rng.normal(0.0, 1.2, len(AFFECT_DIMENSIONS)), -MAX_Z, MAX_Z).astype(np.float32)
            seed = int(rng.integers(2**31))
            performer.start(Performance.from_affect(affect, seed), seed)
            rows.append(sound_features(performer.render(packed.score(index)).waveform, ANALYSIS_RATE))
    return np.array(rows)


def write_scale(
    kind: str,
    features: Sequence[str],
    relations: Mapping[str, Mapping[str, float]],
    corpus: NDArray[np.float64],
) -> AffectScale:
    """Fit a scale to a corpus and put its constants into the data file, beside the other kind's."""
    scale = AffectScale.fitted(features, relations, corpus)
    standard = json.loads(STANDARD_FILE.read_text("utf-8")) if STANDARD_FILE.exists() else {}
    standard[kind] = {
        "num_items": len(corpus),
        "features": list(features),
        **{
            name: [float(f"{value:.6g}") for value in getattr(scale, name)]
            for name in ("feature_mean", "feature_std", "affect_mean", "affect_std")
        },
    }
    with whole_file(STANDARD_FILE) as partial:
        partial.write_text(json.dumps(standard, indent=1) + "\n", "utf-8")
    return scale


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m art2mus.metrics.standardise", description=__doc__.splitlines()[0])
    parser.add_argument("kind", choices=("picture", "sound"))
    parser.add_argument("source", type=Path, help="folder of paintings, or .npz of windows")
    parser.add_argument("--num-pieces", type=at_least_1, default=250, help="performed windows (sound)")
    options = parser.parse_args(arguments)
    return exit_code(lambda: _run(options), SynthesizerMissingError, UnreadableImageError, ValueError, goes_on=False)


def _run(options: argparse.Namespace) -> int:
    if options.kind == "picture":
        write_scale("picture", PICTURE_FEATURES, PICTURE_RELATIONS, picture_corpus(options.source))
    else:
        write_scale("sound", SOUND_FEATURES, SOUND_RELATIONS, sound_corpus(options.source, options.num_pieces))
    print(f"Wrote the constants of {options.kind} to {STANDARD_FILE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
