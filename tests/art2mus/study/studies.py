"""Small studies on disk, and listeners who know what they want."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import soundfile
from PIL import Image

from art2mus.study.answers import BOTH, Answers
from art2mus.study.design import Trial
from art2mus.study.settings import Study, load_study

TODAY = date(2026, 11, 2)
RATE = 48000
MODELS = ("mini", "mini-4")

Taste = Callable[[Trial, str], tuple[int, int]]
"""Quality and pertinence that a listener gives to a model's track in a trial."""


def write_study(
    folder: Path, num_cards: int = 4, folders: tuple[str, ...] = MODELS, length_s: float = 1.0, **keys: object
) -> Path:
    """A study of coloured cards and tones; the tracks of the models differ in pitch and in loudness."""
    for number in range(num_cards):
        name = f"card-{number}"
        (folder / "cards").mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (60, 40), (40 * number % 256, 90, 160)).save(folder / "cards" / f"{name}.png")
        for place, model in enumerate(folders):
            time_s = np.arange(round(length_s * RATE)) / RATE
            tone = 0.3 / (1 + 2 * place) * np.sin(2 * np.pi * (220 + 20 * number + 70 * place) * time_s)
            (folder / model).mkdir(exist_ok=True)
            soundfile.write(folder / model / f"{name}.flac", tone, RATE, subtype="PCM_16")
    content = {
        "texts": {"en": {"title": "Cards", "consent": "Nothing about you is kept."}},
        "models": list(folders),
        "collection": {"artworks": "cards", "tracks": {model: model for model in folders}},
        **keys,
    }
    path = folder / "study.yaml"
    path.write_text(json.dumps(content), "utf-8")  # JSON is YAML
    return path


def listen(answers: Answers, study: Study, taste: Taste, num_trials: int | None = None, **kind: bool) -> str:
    """A session of a listener who prefers what suits better, and A of two equals; returns the code."""
    listener = answers.begin(study.draw, "en", TODAY, **kind)
    for record in answers.records(listener)[:num_trials]:
        marks = [taste(record.trial, model) for model in (record.trial.first, record.trial.second)]
        for track, (quality, pertinence) in enumerate(marks, start=1):
            answers.count_play(listener, record.position, track)
            answers.give(listener, record.position, "quality", track, quality)
            answers.give(listener, record.position, "pertinence", track, pertinence)
        answers.give(listener, record.position, "preference", BOTH, 1 if marks[0][1] >= marks[1][1] else 2)
        answers.confirm(listener, record.position)
    return listener


def small_study(folder: Path, **keys: object) -> Study:
    """The same, loaded."""
    return load_study(write_study(folder, **keys))  # type: ignore[arg-type]
