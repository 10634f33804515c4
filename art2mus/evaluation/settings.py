"""What an evaluation's YAML may say. Each key is explained where it stands in `configs/evaluate-mini.yaml`."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PositiveInt, field_validator

from art2mus.choices import Dtype
from art2mus.strict_yaml import Section

File = Annotated[Path, Field(strict=False)]
Metric = Literal["fd-musicnn", "affect", "fad", "fad-clap", "kl", "ibsc", "clap-score"]

TRUTH, SHUFFLED_TRUTH = "true tracks", "true tracks, shuffled"
"""What stands beside the models in every table: the true music, and music that is real but another artwork's."""


class ModelSettings(Section):
    """A model, and what it is told about each pair.

    Attributes:
        model: Name of a model, or folder of a saved one.
        sees: The artwork of the pair; only text; or the artwork of another pair, which is the level of chance.
        prompt: What to hear. With `sees: text` and no prompt, the pair's `description` is the text.
        negative_prompt: What to keep away from; none is the model's own.
        num_inference_steps: Denoising steps; none is the model's own.
    """

    model: str
    sees: Literal["artwork", "text", "shuffled"] = "artwork"
    prompt: str | None = None
    negative_prompt: str | None = None
    num_inference_steps: PositiveInt | None = None


class EvaluateSettings(Section):
    """A whole evaluation.

    Attributes:
        pairs: CSV of artworks and their true tracks.
        split: Rows of which `split` are asked about.
        max_pairs: The first so many of them; none for all.
        artworks: Folder that the artworks of the pairs are relative to.
        tracks: Folder that the tracks are relative to.
        models: What makes the music, by the name it has in the tables.
        clips_per_artwork: Clips that each model makes for each pair.
        length_s: Length of each clip.
        seed: Of all that is drawn at random.
        metrics: How to judge.
        weights: File, folder or name of what a metric listens with, where that is not in the usual place.
        num_examples: Pairs that the report shows and plays.
        output: Folder for clips, scores and report.
        device: Where the networks that make music run.
        dtype: Of these networks.
    """

    pairs: File
    artworks: File
    tracks: File
    output: File
    models: Annotated[dict[str, ModelSettings], Field(min_length=1)]
    split: str = "test"
    max_pairs: PositiveInt | None = None
    clips_per_artwork: PositiveInt = 1
    length_s: Annotated[float, Field(ge=1, le=600)] = 10.0
    seed: Annotated[int, Field(ge=0)] = 0
    metrics: Annotated[tuple[Metric, ...], Field(strict=False, min_length=1)] = ("fd-musicnn", "affect")
    weights: Annotated[dict[Metric, str], Field(default_factory=dict)]
    num_examples: Annotated[int, Field(ge=0)] = 6
    device: str = "cpu"
    dtype: Dtype = "float32"

    @field_validator("models")
    @classmethod
    def _check_names(cls, models: dict[str, ModelSettings]) -> dict[str, ModelSettings]:
        taken = models.keys() & {TRUTH, SHUFFLED_TRUTH}
        if taken:
            raise ValueError(f"{taken.pop()!r} is the name of a row that is always there; call the model otherwise")
        return models
