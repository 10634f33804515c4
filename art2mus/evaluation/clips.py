"""The music of an evaluation, made once: a clip is found again by everything that decides how it sounds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import soundfile

import art2mus
from art2mus.data.progress import progress_bar
from art2mus.data.tables import DataError
from art2mus.digests import content_digest
from art2mus.evaluation.items import Item, partners
from art2mus.evaluation.settings import EvaluateSettings, ModelSettings
from art2mus.images import load_artwork
from art2mus.models import cache_folder, load_pipeline
from art2mus.models.identity import IDENTITIES_FILE, identify
from art2mus.picture import Palette, draw_notes
from art2mus.whole_files import place_together

if TYPE_CHECKING:
    from PIL import Image

    from art2mus.codec.protocol import Clip
    from art2mus.pipeline import Art2MusPipeline

NOTES_SIZE = (640, 320)
"""Of the picture of the notes (pixels)."""


@dataclass(frozen=True)
class Order:
    """A clip to be made. Equal orders sound alike, whichever model of the settings asks for them.

    Attributes:
        model: Name of the model, or its folder.
        weights: What its files hold, as a hash.
        artwork: Path of what it sees; none for text alone.
        picture: Digest of that file.
        prompt, negative_prompt, num_inference_steps, length_s, seed: As the pipeline takes them.
        dtype: Of its networks.
    """

    model: str
    weights: str
    artwork: str | None
    picture: str | None
    prompt: str | None
    negative_prompt: str | None
    num_inference_steps: int | None
    length_s: float
    seed: int
    dtype: str

    @cached_property
    def name(self) -> str:
        """What its files are called: by the artwork for people, by a digest of all the rest for the machine."""
        values = {key: value for key, value in asdict(self).items() if key != "artwork"}
        digest = hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
        return f"{Path(self.artwork).stem[:48] if self.artwork else 'text'}-{digest[:16]}"


Orders = Mapping[str, Sequence[Sequence[Order]]]
"""For each model of the settings, for each item, its clips."""


def plan_clips(settings: EvaluateSettings, items: Sequence[Item]) -> Orders:
    """Say which clips the settings ask for.

    Raises: ModelMissingError; DataError if a model has nothing to go by.
    """
    others = partners(len(items), settings.seed)
    planned = {}
    for name, model in settings.models.items():
        seen = [items[number] for number in others] if model.sees == "shuffled" else items
        weights = identify(model.model, cache_folder() / IDENTITIES_FILE)
        planned[name] = [
            [_order(name, model, item, weights, settings, number) for number in range(settings.clips_per_artwork)]
            for item in seen
        ]
    return planned


def make_clips(orders: Orders, folder: Path, device: str = "cpu") -> None:
    """Make the clips that are not there yet, one model after the other, with their networks on a device.

    Raises: UnreadableImageError; DataError if a model cannot make what it is asked for.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with progress_bar() as progress:
        for name, of_items in orders.items():
            wanted = [order for of_item in of_items for order in of_item]
            missing = [order for order in wanted if not is_made(order, folder)]
            task = progress.add_task(name, total=len(wanted), completed=len(wanted) - len(missing))
            if not missing:
                continue
            try:
                pipeline = _load(missing[0], device)
                for order in missing:
                    _make(pipeline, order, folder)
                    progress.advance(task)
            except (AssertionError, OSError, RuntimeError, ValueError) as error:  # torch asserts what it was built for
                raise DataError(f"model {name!r} ({missing[0].model}): {' '.join(str(error).split())}") from error


def is_made(order: Order, folder: Path) -> bool:
    """Say whether a clip is there: its receipt is written last."""
    return receipt_path(order, folder).is_file() and sound_path(order, folder).is_file()


def sound_path(order: Order, folder: Path) -> Path:
    """Where the sound of a clip lies."""
    return folder / f"{order.name}.flac"


def notes_path(order: Order, folder: Path) -> Path:
    """Where the picture of its notes lies, if it has notes."""
    return folder / f"{order.name}.notes.jpg"


def receipt_path(order: Order, folder: Path) -> Path:
    """Where stands how it was made."""
    return folder / f"{order.name}.json"


def _order(name: str, model: ModelSettings, item: Item, weights: str, settings: EvaluateSettings, number: int) -> Order:
    is_text = model.sees == "text"
    prompt = model.prompt or ((item.description or None) if is_text else None)
    if is_text and prompt is None:
        raise DataError(f"models.{name}: sees only text, and {item.artwork} has no description; give it a prompt")
    drawn = hashlib.sha256(f"{settings.seed} {item.artwork} {number}".encode()).digest()
    return Order(
        model=model.model,
        weights=weights,
        artwork=None if is_text else str(item.artwork_path),
        picture=None if is_text else content_digest(item.artwork_path),
        prompt=prompt,
        negative_prompt=model.negative_prompt,
        num_inference_steps=model.num_inference_steps,
        length_s=settings.length_s,
        seed=int.from_bytes(drawn[:6]),
        dtype=settings.dtype,
    )


def _load(order: Order, device: str) -> Art2MusPipeline:
    import torch

    pipeline: Art2MusPipeline = load_pipeline(order.model, getattr(torch, order.dtype)).to(torch.device(device))
    return pipeline


def _make(pipeline: Art2MusPipeline, order: Order, folder: Path) -> None:
    """Make a clip; its files are there when all of them are."""
    import torch

    picture = None if order.artwork is None else load_artwork(order.artwork)
    output = pipeline(
        picture,
        order.prompt,
        order.negative_prompt,
        audio_length_in_s=order.length_s,
        num_inference_steps=order.num_inference_steps,
        generator=torch.Generator().manual_seed(order.seed),
    )
    place_together(folder, lambda unfinished: _write(unfinished, order, output.clips[0], output.sample_rate, picture))


def _write(folder: Path, order: Order, clip: Clip, sample_rate: int, picture: Image.Image | None) -> Iterable[Path]:
    """Write the files of a clip, the receipt last."""
    assert clip.waveform is not None
    sound = sound_path(order, folder)
    soundfile.write(sound, clip.waveform.clip(-1.0, 1.0), sample_rate, subtype="PCM_16")
    yield sound
    if clip.score is not None:
        notes = notes_path(order, folder)
        palette = Palette((20, 20, 24), ((240, 200, 120), (110, 140, 180))) if picture is None else Palette.of(picture)
        draw_notes(clip, order.length_s, NOTES_SIZE, palette).save(notes, quality=85)
        yield notes
    receipt = receipt_path(order, folder)
    text = json.dumps({**asdict(order), "art2mus": art2mus.__version__}, indent=1, ensure_ascii=False)
    receipt.write_text(text + "\n", "utf-8")
    yield receipt
