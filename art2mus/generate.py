"""`python -m art2mus.generate ARTWORK… -o FOLDER`: make music for pictures, and write down how."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import art2mus
from art2mus.arguments import at_least_1, seed
from art2mus.artwork_labels import read_name, year_in
from art2mus.choices import DTYPES
from art2mus.digests import content_digest
from art2mus.exit_codes import FAILED
from art2mus.whole_files import place_together

# Read when torch is imported: threads that wait actively slow down everything else.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

if TYPE_CHECKING:
    from PIL.Image import Image
    from rich.progress import Progress

    from art2mus.codec.protocol import Clip
    from art2mus.pipeline import Art2MusPipeline

MAX_LENGTH_S = 600.0
_LIBRARIES = ("torch", "diffusers", "transformers", "numpy", "pillow")


def main(arguments: list[str] | None = None) -> int:
    """Run the command.

    Returns: Exit code: 0; 2 if anything was wrong with what was given, though the other pictures were done; 130
        when interrupted.
    """
    options = _parser().parse_args(arguments)
    try:
        return _generate(options)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m art2mus.generate",
        description="Make music for pictures: sound, notes, a picture of both, and a receipt that says how.",
    )
    parser.add_argument("artworks", nargs="+", type=Path, metavar="ARTWORK", help="pictures, of any usual format")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER", help="where to write")
    parser.add_argument("--model", default="mini", help="name of a model, or folder of a saved one (default: mini)")
    words = parser.add_mutually_exclusive_group()
    words.add_argument("--prompt", help="what to hear, beside the picture")
    words.add_argument("--caption", metavar="MODEL", help="let a model of LLaVA's kind write the prompt (a folder)")
    parser.add_argument("--negative-prompt", help="what to keep away from")
    parser.add_argument("--seed", type=seed, default=0, help="same seed, same music (default: 0)")
    parser.add_argument("--steps", type=at_least_1, metavar="N", help="denoising steps (default: the model's)")
    parser.add_argument("--length", type=_length, metavar="SECONDS", help="length of the music (default: the model's)")
    parser.add_argument("--loop", action="store_true", help="let the end of the music join its beginning")
    parser.add_argument("--candidates", type=at_least_1, default=1, metavar="N", help="make N, keep the nearest")
    parser.add_argument("--device", help="where the networks run, such as cuda (default: what suits model and machine)")
    parser.add_argument("--dtype", choices=DTYPES, help="of the networks (default: what suits model and device)")
    parser.add_argument("--format", choices=("wav", "flac"), default="wav", help="of the sound (default: wav)")
    return parser


def _generate(options: argparse.Namespace) -> int:
    from art2mus.images import UnreadableImageError
    from art2mus.models import ModelMissingError, locate
    from art2mus.residency import DoesNotFitError

    try:
        locate(options.model)
        options.output.mkdir(parents=True, exist_ok=True)
    except ModelMissingError as error:
        return _complain(error)
    except OSError as error:
        return _complain(f"{options.output}: cannot be used for output: {error.strerror}")

    exit_code = 0
    paths: list[Path] = []
    for path in options.artworks:
        if path.is_file():
            paths.append(path)
        else:
            reason = "this is a folder; name the pictures in it" if path.is_dir() else "there is no such file"
            exit_code = _complain(f"{path}: {reason}")
    if not paths:
        return exit_code

    began = time.perf_counter()
    try:
        pipeline = _load(options)
    except (DoesNotFitError, ModelMissingError) as error:
        return _complain(error)
    except (RuntimeError, AssertionError) as error:  # torch asserts that it was built for a device
        return _complain(" ".join(str(error).split("\n")[0].split()))
    load_s = time.perf_counter() - began
    with _progress_bar() as progress:
        for path, stem in zip(paths, _stems(paths), strict=True):
            try:
                _make(pipeline, path, stem, options, progress, load_s)
            except UnreadableImageError as error:
                exit_code = _complain(error)
            except (OSError, RuntimeError, ValueError) as error:
                exit_code = _complain(f"{path}: {' '.join(str(error).split())}")
    return exit_code


def _load(options: argparse.Namespace) -> Art2MusPipeline:
    """Load the model in the form that suits the machine, and write that form, and which weights, into the options."""
    from art2mus.models import cache_folder
    from art2mus.models.identity import IDENTITIES_FILE, identify
    from art2mus.residency import decide

    residency = decide(options.model, device=options.device, dtype=options.dtype, num_candidates=options.candidates)
    if residency.note:
        _complain(residency.note)
    options.device, options.dtype, options.candidates = residency.device, residency.dtype, residency.num_candidates
    pipeline = residency.load(cache_folder(), for_show=False)
    options.weights = identify(options.model, cache_folder() / IDENTITIES_FILE)
    if options.caption is not None:
        import torch

        from art2mus.captioner import Captioner

        pipeline.captioner = Captioner.load(options.caption, torch.device(options.device))
    return pipeline


def _make(
    pipeline: Art2MusPipeline,
    path: Path,
    stem: str,
    options: argparse.Namespace,
    progress: Progress,
    load_s: float,
) -> None:
    """Make the music of one picture; its files are there when all of them are."""
    import torch

    from art2mus.images import load_artwork

    picture = load_artwork(path)
    task = progress.add_task(path.name, total=None)
    began = time.perf_counter()
    year = year_in(read_name(path.name).year)
    caption = pipeline.describe_artwork(picture)
    prompt = options.prompt if caption is None else caption[0]
    output = pipeline(
        picture,
        prompt,
        options.negative_prompt,
        audio_length_in_s=options.length,
        loop=options.loop,
        num_inference_steps=options.steps,
        num_waveforms_per_prompt=options.candidates,
        year=year,
        generator=torch.Generator().manual_seed(options.seed),
        callback_on_step_end=_step_counter(progress, task),
    )
    clip = output.clips[0]
    seconds = {"load": load_s, "make": time.perf_counter() - began}

    def write(unfinished: Path) -> list[Path]:
        files = list(_write(unfinished, stem, options.format, picture, clip, output.sample_rate))
        receipt = _receipt(pipeline, path, picture, clip, prompt, options)
        receipt |= {"files": [file.name for file in files], "seconds": seconds}
        files.append(unfinished / f"{stem}.json")
        files[-1].write_text(json.dumps(receipt, indent=2, ensure_ascii=False) + "\n", "utf-8")
        return files

    place_together(options.output, write)
    progress.update(task, total=1, completed=1)


def _write(folder: Path, stem: str, kind: str, picture: Image, clip: Clip, sample_rate: int) -> Iterator[Path]:
    import soundfile

    from art2mus import picture as drawing
    from art2mus.codec.midi import write_midi

    assert clip.waveform is not None
    sound = folder / f"{stem}.{kind}"
    soundfile.write(sound, clip.waveform.clip(-1.0, 1.0), sample_rate, subtype="PCM_24")
    yield sound
    performance = clip.plan.performance
    if clip.score is not None and performance is not None:
        notes = folder / f"{stem}.mid"
        write_midi(notes, clip.score, performance, clip.plan.seed)
        yield notes
    sheet = folder / f"{stem}.png"
    drawing.draw(picture, clip, len(clip.waveform) / sample_rate).save(sheet)
    yield sheet


def _receipt(
    pipeline: Art2MusPipeline,
    path: Path,
    picture: Image,
    clip: Clip,
    prompt: str | None,
    options: argparse.Namespace,
) -> dict[str, Any]:
    """What one needs to make the same again."""
    from art2mus.metrics.affect import AFFECT_DIMENSIONS, measure_picture

    config = pipeline.config
    performance = clip.plan.performance
    return {
        "artwork": {"path": str(path), "sha256": content_digest(path), "size": picture.size},
        "model": str(options.model),
        "weights": options.weights,
        "device": options.device,
        "dtype": options.dtype,
        "seed": options.seed,
        "prompt": prompt,
        "captioner": options.caption,
        "negative_prompt": config.negative_prompt if options.negative_prompt is None else options.negative_prompt,
        "num_inference_steps": options.steps or config.num_inference_steps,
        "guidance_scale": config.guidance_scale,
        "num_candidates": options.candidates,
        "similarity": clip.similarity,
        "loop": options.loop,
        "length_s": None if clip.waveform is None else len(clip.waveform) / pipeline.codec.sample_rate,
        "sample_rate": pipeline.codec.sample_rate,
        "year": year_in(read_name(path.name).year),
        "affect": dict(zip(AFFECT_DIMENSIONS, map(float, measure_picture(picture)), strict=True)),
        "performance": None
        if performance is None
        else {"is": performance.describe(), **dataclasses.asdict(performance)},
        "player_seed": clip.plan.seed,
        "num_notes": None if clip.score is None else len(clip.score.notes),
        "versions": {
            "art2mus": art2mus.__version__,
            "python": platform.python_version(),
            **{name: metadata.version(name) for name in _LIBRARIES},
        },
    }


def _progress_bar() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    )


def _step_counter(progress: Progress, task: Any) -> Callable[..., dict[str, Any]]:
    def count(pipeline: Art2MusPipeline, step: int, *_: object) -> dict[str, Any]:
        progress.update(task, total=len(pipeline.scheduler.timesteps), completed=step + 1)
        return {}

    return count


def _stems(paths: list[Path]) -> list[str]:
    """A name for the files of each picture; pictures of the same name in different folders are numbered.

    >>> _stems([Path("a/night.jpg"), Path("b/night.png"), Path("day.jpg")])
    ['night', 'night-2', 'day']
    """
    stems: list[str] = []
    for path in paths:
        stem, number = path.stem, 2
        while stem in stems:
            stem, number = f"{path.stem}-{number}", number + 1
        stems.append(stem)
    return stems


def _complain(message: object) -> int:
    print(f"art2mus: {message}", file=sys.stderr)
    return FAILED


def _length(text: str) -> float:
    seconds = float(text)
    if not 1.0 <= seconds <= MAX_LENGTH_S:
        raise argparse.ArgumentTypeError(f"{text} is not between 1 and {MAX_LENGTH_S:.0f} seconds")
    return seconds


if __name__ == "__main__":
    sys.exit(main())
