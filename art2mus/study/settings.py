"""What a study's YAML may say, and the study that it describes.

The keys are explained where a person meets them, in `configs/study-example.yaml`; here stands only what is allowed.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field, PositiveInt

from art2mus import strict_yaml
from art2mus.choices import Language
from art2mus.data.paintings import list_paintings
from art2mus.strict_yaml import ConfigError, Section
from art2mus.study.design import Trial, draw_session

File = Annotated[Path, Field(strict=False)]

TRACK_SUFFIXES = (".flac", ".wav", ".ogg", ".mp3")
NUM_ARTWORKS = 20
"""Of a session, unless the study says otherwise. Source: Rinaldi et al. 2024, Table 2."""

_MAX_MISTAKES = 10


class TextSettings(Section):
    """What listeners are told before they begin, in one language."""

    title: Annotated[str, Field(min_length=1)]
    consent: Annotated[str, Field(min_length=1)]


class ItemSettings(Section):
    """One artwork, and a track of each model for it."""

    artwork: File
    tracks: dict[str, File]


class CollectionSettings(Section):
    """Artworks in a folder, and a folder of tracks for each model, named like the artworks."""

    artworks: File
    tracks: dict[str, File]
    pairs: File | None = None


class StudySettings(Section):
    """A whole study YAML."""

    texts: Annotated[dict[Language, TextSettings], Field(min_length=1)]
    models: Annotated[tuple[str, ...], Field(strict=False, min_length=2)]
    items: Annotated[tuple[ItemSettings, ...], Field(strict=False)] = ()
    collection: CollectionSettings | None = None
    num_artworks: PositiveInt | None = None
    seed: int = 0
    min_listen_s: Annotated[float, Field(ge=0, le=600)] = 5.0
    loudness_lufs: Annotated[float, Field(ge=-40, le=-14)] = -23.0
    idle_timeout_s: Annotated[float, Field(ge=10, le=3600)] = 120.0
    answers: File | None = None


@dataclass(frozen=True)
class Study:
    """A study with everything it names at hand.

    Attributes:
        settings: As the file says.
        artworks: The picture of each artwork, by its id.
        tracks: The sound file of each artwork and model.
        answers: Where the answers are kept.
    """

    settings: StudySettings
    artworks: Mapping[str, Path]
    tracks: Mapping[tuple[str, str], Path]
    answers: Path

    @property
    def num_artworks(self) -> int:
        """How many a session shows."""
        return min(self.settings.num_artworks or NUM_ARTWORKS, len(self.artworks))

    @property
    def fingerprint(self) -> str:
        """Changes with whatever would spoil the balance of answers already given."""
        design = [sorted(self.artworks), sorted(self.settings.models), self.num_artworks, self.settings.seed]
        return hashlib.sha256(json.dumps(design).encode()).hexdigest()[:16]

    def draw(self, slot: int) -> tuple[Trial, ...]:
        """The trials of one session, see `design.draw_session`; the order in the file does not matter."""
        settings = self.settings
        return draw_session(slot, sorted(self.artworks), sorted(settings.models), self.num_artworks, settings.seed)


def load_study(path: Path) -> Study:
    """Read a study's YAML; relative paths in it are taken from where it lies.

    Raises: ConfigError with all mistakes, files that are missing included.
    """
    settings = load_settings(path)
    base = path.resolve().parent
    found = dict(_items(settings, base, path.name))
    tracks = {
        (artwork, model): base / named[model].expanduser()
        for artwork, (_, named) in found.items()
        for model in settings.models
        if model in named
    }
    missing = [(artwork, model) for artwork in found for model in settings.models if (artwork, model) not in tracks]
    mistakes = [f"{artwork}: there is no track of model {model!r}" for artwork, model in missing]
    files = [picture for picture, _ in found.values()] + list(tracks.values())
    mistakes += [f"{file}: no such file" for file in files if not file.is_file()]
    mistakes += [f"{artwork!a}: its name is not in UTF-8; rename it" for artwork in found if not _is_text(artwork)]
    if mistakes:
        more = [f"and {len(mistakes) - _MAX_MISTAKES} more"] if len(mistakes) > _MAX_MISTAKES else []
        raise ConfigError([f"{path.name}: {text}" for text in mistakes[:_MAX_MISTAKES] + more])
    pictures = {artwork: picture for artwork, (picture, _) in found.items()}
    return Study(settings, pictures, tracks, answers_path(path, settings))


def load_settings(path: Path) -> StudySettings:
    """Read a study's YAML without looking for the files it names.

    Raises: ConfigError with all mistakes.
    """
    settings = strict_yaml.load(path, StudySettings)
    mistakes = []
    if len(set(settings.models)) < len(settings.models):
        mistakes.append(f"{path.name}: models: each may stand there once")
    if len({item.artwork for item in settings.items}) < len(settings.items):
        mistakes.append(f"{path.name}: items: each artwork may stand there once")
    if bool(settings.items) == (settings.collection is not None):
        mistakes.append(f"{path.name}: give either 'items' or a 'collection'")
    if mistakes:
        raise ConfigError(mistakes)
    return settings


def answers_path(path: Path, settings: StudySettings) -> Path:
    """Where the answers of a study are kept: beside its YAML, unless that says otherwise."""
    name = settings.answers.expanduser() if settings.answers else Path(path.stem + ".sqlite")
    return (path.resolve().parent / name).resolve()


def _items(settings: StudySettings, base: Path, name: str) -> Iterator[tuple[str, tuple[Path, Mapping[str, Path]]]]:
    """Id, picture and tracks of every artwork."""
    for item in settings.items:
        yield item.artwork.as_posix(), (base / item.artwork.expanduser(), item.tracks)
    if settings.collection is None:
        return
    collection = settings.collection
    root = base / collection.artworks.expanduser()
    for artwork in _artworks_of(collection, root, base, name):
        tracks = {model: base / folder.expanduser() / artwork for model, folder in collection.tracks.items()}
        yield artwork, (root / artwork, {model: _with_sound_suffix(track) for model, track in tracks.items()})


def _artworks_of(collection: CollectionSettings, root: Path, base: Path, name: str) -> list[str]:
    """Those of the pairs, each once; without pairs all pictures of the folder."""
    try:
        if collection.pairs is None:
            return [path.relative_to(root).as_posix() for path in list_paintings(root)]
        with (base / collection.pairs.expanduser()).open(encoding="utf-8-sig", newline="") as file:
            artworks = list(dict.fromkeys(row["artwork"] for row in csv.DictReader(file)))
    except FileNotFoundError as error:
        raise ConfigError([f"{name}: collection: {error.filename or error}: nothing is there"]) from error
    except OSError as error:
        raise ConfigError([f"{name}: collection: {error.filename}: cannot be read ({error.strerror})"]) from error
    except KeyError as error:
        raise ConfigError([f"{name}: collection.pairs: has no column 'artwork'"]) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise ConfigError([f"{name}: collection.pairs: not CSV in UTF-8 ({error})"]) from error
    if not artworks:
        raise ConfigError([f"{name}: collection.pairs: has no lines with an 'artwork'"])
    if not all(artworks):
        raise ConfigError([f"{name}: collection.pairs: a line does not name its artwork"])
    return artworks


def _is_text(name: str) -> bool:
    """Say whether the answers can keep a name: files from old disks may be called what is no Unicode."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _with_sound_suffix(track: Path) -> Path:
    """The sound file of that name, whatever its format; a name that leads nowhere if there is none."""
    candidates = [track.with_suffix(suffix) for suffix in TRACK_SUFFIXES]
    return next((path for path in candidates if path.is_file()), candidates[0])
