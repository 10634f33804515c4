"""Does music go on where it is continued? `python -m art2mus.metrics.seams PICTURES WINDOWS`.

A piece of six stretches is composed and played for every picture, and a loop. What lies on either side of their seams
is compared, in the notes and in the sound, with what lies on either side of a bar line inside held-out music, played
in the ways that the pictures ask for. Whether the sixth stretch is still as good as the first is measured as well.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray
from PIL import Image
from rich.progress import track
from scipy import fft

from art2mus.arguments import at_least_1, seed
from art2mus.codec.performance import Performance
from art2mus.codec.score import ROWS_PER_OCTAVE, STEPS_PER_BAR, Score
from art2mus.exit_codes import exit_code
from art2mus.metrics.bootstrap import Estimate, FloatArray, mean_estimate
from art2mus.metrics.harmony import measure, table
from art2mus.metrics.sound_affect import ANALYSIS_RATE, Waveform, chroma

NUM_STRETCHES = 6
AROUND_STEPS = 2 * STEPS_PER_BAR
AROUND_S = 2.0
"""What is heard on either side, in notes and in sound: about a bar of it."""
_CEPSTRAL = slice(1, 14)
_TIMBRE_RATE = 16_000


@dataclass(frozen=True)
class Seam:
    """A place in music, and what is on either side of it.

    Attributes:
        score: The notes of both sides.
        step: Where the place is in them.
        sound: Sound of both sides, at `ANALYSIS_RATE`.
        frame: Where the place is in it.

    Shape: sound (audio_frames, channels).
    """

    score: Score
    step: int
    sound: Waveform
    frame: int


@dataclass(frozen=True)
class SeamFigures:
    """What `measure_seams` finds in a set of places, each figure with its interval over the places.

    Attributes:
        crossing: Share of the notes that reach a place which sound on beyond it.
        degrees_shared: Cosine of how long each degree of the scale sounds within two bars on either side.
        chroma_distance: 1 - cosine of how much of each pitch class is heard within two seconds on either side.
        timbre_distance: Distance of the mean cepstra (of mel bands, without the level) of the same.
    """

    crossing: float
    degrees_shared: Estimate
    chroma_distance: Estimate
    timbre_distance: Estimate


def measure_seams(seams: Sequence[Seam]) -> SeamFigures:
    """Measure what changes at places in music.

    Raises: ValueError if there are none.
    """
    if not seams:
        raise ValueError("there is nothing to measure: no seams were given")
    sides = [_sides(seam) for seam in seams]
    return SeamFigures(
        crossing=crossing_share((seam.score, seam.step) for seam in seams),
        degrees_shared=mean_estimate(np.array([degrees_shared(seam.score, seam.step) for seam in seams])),
        chroma_distance=mean_estimate(np.array([chroma_distance(*each) for each in sides])),
        timbre_distance=mean_estimate(np.array([timbre_distance(*each) for each in sides])),
    )


def crossing_share(places: Iterable[tuple[Score, int]]) -> float:
    """Share of the notes reaching steps of scores that sound on beyond them."""
    reaching = crossing = 0
    for score, step in places:
        reaching += sum(note.onset < step <= note.end for note in score.notes)
        crossing += sum(note.onset < step < note.end for note in score.notes)
    return crossing / max(reaching, 1)


def degrees_shared(score: Score, step: int) -> float:
    """Cosine of how long each degree sounds on either side of a step; 1 is alike, and silence on both sides is too."""
    before = _degrees(score.slice(max(0, step - AROUND_STEPS), step))
    after = _degrees(score.slice(step, min(score.num_steps, step + AROUND_STEPS)))
    return _cosine(before, after)


def chroma_distance(before: Waveform, after: Waveform) -> float:
    """1 - cosine of how much of each pitch class is heard in two sounds at `ANALYSIS_RATE`."""
    return 1.0 - _cosine(chroma(before, ANALYSIS_RATE), chroma(after, ANALYSIS_RATE))


def timbre_distance(before: Waveform, after: Waveform) -> float:
    """Distance of two sounds' mean cepstra, at `ANALYSIS_RATE`; their level does not count."""
    return float(np.linalg.norm(_cepstrum(before) - _cepstrum(after)))


def key_kept(first: Sequence[Score], last: Sequence[Score]) -> Estimate:
    """Cosine of how long each degree sounds in the one and the other, of each pair."""
    pairs = zip(first, last, strict=True)
    return mean_estimate(np.array([_cosine(_degrees(one), _degrees(other)) for one, other in pairs]))


def judge_pieces(
    model: str, pictures: Sequence[Image.Image], seed: int = 0
) -> tuple[dict[str, list[Seam]], dict[str, list[Score]]]:
    """Make a piece and a loop for each picture.

    Returns: Seams by name, and the first and the last bars of the pieces, as many as the first stretch has.
    Raises: ModelMissingError; ValueError for a model without notes.
    """
    import torch

    from art2mus.models import load_pipeline
    from art2mus.piece import Piece

    pipeline = load_pipeline(model)
    pipeline.set_progress_bar_config(disable=True)
    seams: dict[str, list[Seam]] = {}
    scores: dict[str, list[Score]] = {"first": [], "last": []}
    for picture in track(pictures, "composing", transient=True):
        with Piece(pipeline, picture, seed=seed, sample_rate=ANALYSIS_RATE) as piece:
            stretches = [piece.next_stretch() for _ in range(NUM_STRETCHES)]
        whole = stretches[0].score
        places = {"inside a piece": whole.num_steps // 2, "at the first seam": whole.num_steps}
        for stretch in stretches[1:]:
            places["at the last seam"] = whole.num_steps
            whole = whole.joined(stretch.score)
        sound = np.concatenate([stretch.rendering.waveform for stretch in stretches])
        for name, step in places.items():
            seams.setdefault(name, []).append(_seam(whole, step, sound))
        scores["first"].append(whole.slice(0, places["at the first seam"]))
        scores["last"].append(whole.slice(whole.num_steps - places["at the first seam"], whole.num_steps))
        made = pipeline(picture, loop=True, generator=torch.Generator().manual_seed(seed))
        twice = made.scores[0].joined(made.scores[0])
        sound = np.tile(soxr.resample(made.audios[0], made.sample_rate, ANALYSIS_RATE), (2, 1))
        for name, step in {"inside a loop": twice.num_steps // 4, "at a loop's joint": twice.num_steps // 2}.items():
            seams.setdefault(name, []).append(_seam(twice, step, sound))
    return seams, scores


def judge_windows(path: Path, performances: Sequence[Performance], num_windows: int) -> list[Seam]:
    """Play held-out music in turn as each performance says, and look at the bar line in the middle.

    Raises: FileNotFoundError.
    """
    from art2mus.data.windows import load_windows
    from art2mus.metrics.relevance import scores_played

    windows = load_windows(path)
    indices = windows.some_held_out(num_windows)
    scores = [windows.score(int(index)) for index in indices]
    ways = [performances[number % len(performances)] for number in range(len(scores))]
    sounds = track(scores_played(scores, ways), "performing", len(scores), transient=True)
    return [_seam(score, score.num_steps // 2, sound) for score, sound in zip(scores, sounds, strict=True)]


def describe(figures: Mapping[str, SeamFigures]) -> str:
    """Lay figures out side by side, one line for each place."""
    lines = []
    for name, each in figures.items():
        lines += [f"{name}:", f"  notes that sound on across it  {each.crossing:.3f}"]
        lines += [
            f"  {label:30s} {estimate}"
            for label, estimate in {
                "degrees shared, cosine": each.degrees_shared,
                "chroma, 1 - cosine": each.chroma_distance,
                "timbre, distance of cepstra": each.timbre_distance,
            }.items()
        ]
    return "\n".join(lines)


def _seam(score: Score, step: int, sound: Waveform) -> Seam:
    return Seam(score, step, sound, round(step / score.num_steps * len(sound)))


def _sides(seam: Seam) -> tuple[Waveform, Waveform]:
    reach = round(AROUND_S * ANALYSIS_RATE)
    return seam.sound[max(0, seam.frame - reach) : seam.frame], seam.sound[seam.frame : seam.frame + reach]


def _degrees(score: Score) -> FloatArray:
    lengths = np.zeros(ROWS_PER_OCTAVE)
    for note in score.notes:
        lengths[note.row % ROWS_PER_OCTAVE] += note.duration
    return lengths


def _cosine(one: FloatArray, other: FloatArray) -> float:
    size = np.linalg.norm(one) * np.linalg.norm(other)
    return float(one @ other / size) if size > 0 else float(np.linalg.norm(one + other) == 0)


def _cepstrum(sound: Waveform) -> NDArray[np.float64]:
    from art2mus.metrics.musicnn import log_mel

    mono = soxr.resample(sound.mean(axis=1) if sound.ndim == 2 else sound, ANALYSIS_RATE, _TIMBRE_RATE)
    return np.asarray(fft.dct(log_mel(mono), axis=1, norm="ortho").mean(axis=0)[_CEPSTRAL], dtype=np.float64)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    from art2mus.codec.synthesizer import SynthesizerMissingError
    from art2mus.images import UnreadableImageError
    from art2mus.models import BUNDLED, ModelMissingError

    parser = argparse.ArgumentParser(
        prog="python -m art2mus.metrics.seams", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("gallery", type=Path, help="folder of pictures")
    parser.add_argument("windows", type=Path, help="what python -m art2mus.data.scores wrote")
    parser.add_argument("--model", default=BUNDLED, help="name or folder of the model (default: %(default)s)")
    parser.add_argument("--num-windows", type=at_least_1, default=100, help="held out, to compare with (default 100)")
    parser.add_argument("--seed", type=seed, default=0, help="of the pieces (default 0)")
    options = parser.parse_args(arguments)
    mistakes = (ModelMissingError, SynthesizerMissingError, UnreadableImageError, ValueError)
    return exit_code(lambda: _run(options), *mistakes, goes_on=False)


def _run(options: argparse.Namespace) -> int:
    from art2mus.data.paintings import list_paintings
    from art2mus.images import load_artwork
    from art2mus.metrics.affect import measure_picture

    pictures = [load_artwork(path) for path in list_paintings(options.gallery)]
    performances = [Performance.from_affect(measure_picture(picture), options.seed) for picture in pictures]
    places = {"inside held-out music": judge_windows(options.windows, performances, options.num_windows)}
    made, scores = judge_pieces(options.model, pictures, options.seed)
    print(describe({name: measure_seams(seams) for name, seams in (places | made).items()}))
    print(f"\nthe first eight bars of a piece, and the last of {NUM_STRETCHES} stretches")
    print(table({name: measure(each) for name, each in scores.items()}))
    print(f"degrees shared by the two, cosine: {key_kept(scores['first'], scores['last'])}")
    print(f"by the first and another piece's: {key_kept(scores['first'], scores['last'][1:] + scores['last'][:1])}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
