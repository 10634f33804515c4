"""The kiosk's configuration: frozen and checked, see `art2mus.strict_yaml`.

The options are explained where a person meets them, in `configs/kiosk.yaml`; here stands only what is allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator

from art2mus import strict_yaml
from art2mus.choices import LANGUAGES, Language
from art2mus.strict_yaml import ConfigError, Section
from installation.schedule import ALL_DAY, WEEKDAYS, Schedule, read_date, read_hours, read_zone

__all__ = ["ConfigError", "KioskConfig", "load_config"]

Folder = Annotated[Path, Field(strict=False)]
File = Annotated[Path, Field(strict=False)]


def _number_as_text(value: object) -> object:
    """The number of a device, as the names of other sources are written."""
    return str(value) if type(value) is int else value


def _checked(read: Callable[[str], object]) -> AfterValidator:
    """A text that can be read, kept as the text it is."""

    def check(text: str) -> str:
        read(text)
        return text

    return AfterValidator(check)


Corner = Literal["top left", "top right", "bottom left", "bottom right"]
Hours = Annotated[str, _checked(read_hours)]
Date = Annotated[str, _checked(read_date)]


class SamplingConfig(Section):
    """How the model is asked; None leaves it to the model."""

    prompt: str = ""
    negative_prompt: str | None = None
    guidance_scale: Annotated[float, Field(ge=0.0, le=30.0)] | None = None
    num_inference_steps: Annotated[int, Field(ge=1, le=1000)] | None = None
    seed: Annotated[int, Field(ge=0, lt=2**32)] | None = None
    candidates: Annotated[int, Field(ge=1, le=64)] = 1


class GalleryConfig(Section):
    """Which works there are."""

    folder: Folder | None = None
    order: Literal["shuffled", "by name"] = "shuffled"
    scan_every_s: Annotated[float, Field(ge=0.5, le=3600)] = 4.0


class ShowConfig(Section):
    """How long and how gently."""

    seconds_per_work: Annotated[float, Field(ge=5, le=3600)] = 48.0
    crossfade_s: Annotated[float, Field(ge=0.1, le=20)] = 4.0
    linger_s: Annotated[float, Field(ge=0, le=3600)] = 20.0


class CameraConfig(Section):
    """What sees the visitors' works, if anything does."""

    source: Annotated[str, Field(min_length=1), BeforeValidator(_number_as_text)] | None = None
    width: Annotated[int, Field(ge=160, le=1920)] = 1280
    height: Annotated[int, Field(ge=120, le=1920)] = 720
    rotate: Literal[0, 90, 180, 270] = 0
    mirror: bool = False
    exposure: float | None = None
    may_repeat: bool = False
    stalled_after_s: Annotated[float, Field(ge=0.2, le=60)] = 1.75
    hold_s: Annotated[float, Field(ge=0.2, le=10)] = 1.0
    gone_after_s: Annotated[float, Field(ge=0.5, le=600)] = 5.0
    white_balance: bool = False
    keep_artworks: bool = False


class AudioConfig(Section):
    """The sound."""

    device: str | list[str] | None = None
    sample_rate: Annotated[int, Field(ge=8000, le=192_000)] | None = None
    latency_s: Annotated[float, Field(ge=0.2, le=3)] = 0.2
    volume: Annotated[float, Field(ge=0, le=1)] = 1.0
    gain_db: Annotated[float, Field(ge=-40, le=12)] = 0.0
    loudness_lufs: Annotated[float, Field(ge=-40, le=-14)] = -23.0

    @property
    def devices(self) -> tuple[str, ...]:
        """The loudspeakers that are wished for, the dearest first; empty is the system's own."""
        if self.device is None:
            return ()
        return (self.device,) if isinstance(self.device, str) else tuple(self.device)


class ScreenConfig(Section):
    """The picture."""

    windowed: bool = False
    kiosk: bool = False
    max_fps: Annotated[int, Field(ge=5, le=120)] = 30
    language: Language = "en"
    large_text: bool = False
    reduced_motion: bool = False
    closed_note: str = ""


class VisitorConfig(Section):
    """What a visitor may do on the screen."""

    languages: Annotated[tuple[Language, ...], Field(strict=False)] = LANGUAGES
    another_piece: bool = False
    own_text: bool = False
    refused_words: File | None = None
    volume: bool = False
    quietest: Annotated[float, Field(ge=0, le=1)] = 0.3
    loudest: Annotated[float, Field(ge=0, le=1)] = 1.0

    @field_validator("loudest")
    @classmethod
    def _not_below_quietest(cls, loudest: float, info: ValidationInfo) -> float:
        if loudest < info.data.get("quietest", 0.0):
            raise ValueError("must not be below quietest")
        return loudest


class ComposerConfig(Section):
    """How much of the machine composing may take."""

    num_threads: Annotated[int, Field(ge=1, le=256)] | None = None
    niceness: Annotated[int, Field(ge=0, le=19)] = 10
    patience_s: Annotated[float, Field(ge=1, le=600)] = 30.0
    device: Annotated[str, Field(pattern=r"^(cpu|cuda(:\d+)?)$")] | None = None


class LibraryConfig(Section):
    """The finished clips on disk."""

    folder: Folder | None = None
    max_gb: Annotated[float, Field(ge=0.05, le=10_000)] = 2.0
    max_days: Annotated[float, Field(ge=0.01, le=36_500)] | None = None
    replay: Literal["at once", "when the composer is down"] = "at once"

    @property
    def max_bytes(self) -> int:
        """`max_gb` in bytes."""
        return round(self.max_gb * 1e9)

    @property
    def max_age_s(self) -> float | None:
        """`max_days` in seconds."""
        return None if self.max_days is None else self.max_days * 86_400


class WebConfig(Section):
    """The small web server from which visitors take music home."""

    enabled: bool = False
    port: Annotated[int, Field(ge=1, le=65_535)] = 8080
    address: str | None = None
    valid_for_s: Annotated[float, Field(ge=60, le=14_400)] = 3600.0
    metrics: bool = False


class HoursConfig(Section):
    """When the room is open."""

    monday: Hours = ALL_DAY
    tuesday: Hours = ALL_DAY
    wednesday: Hours = ALL_DAY
    thursday: Hours = ALL_DAY
    friday: Hours = ALL_DAY
    saturday: Hours = ALL_DAY
    sunday: Hours = ALL_DAY
    exceptions: dict[Date, Hours] = Field(default_factory=dict)
    night: Hours | None = None
    night_gain_db: Annotated[float, Field(ge=-40, le=0)] = -9.0
    time_zone: Annotated[str, _checked(read_zone)] | None = None
    restart_every_h: Annotated[float, Field(ge=1, le=1000)] = 24.0

    def schedule(self) -> Schedule:
        """These hours, to be asked."""
        week = [getattr(self, day) for day in WEEKDAYS]
        return Schedule(week, self.exceptions, self.night, self.night_gain_db, self.time_zone)


class AdminConfig(Section):
    """The door to the admin screen."""

    corner: Corner = "top left"
    leave_after_s: Annotated[float, Field(ge=10, le=3600)] = 180.0


class KioskConfig(Section):
    """Everything `configs/kiosk.yaml` may say."""

    model: str = "mini"
    sampling: SamplingConfig = SamplingConfig()
    gallery: GalleryConfig = GalleryConfig()
    show: ShowConfig = ShowConfig()
    camera: CameraConfig = CameraConfig()
    audio: AudioConfig = AudioConfig()
    screen: ScreenConfig = ScreenConfig()
    visitor: VisitorConfig = VisitorConfig()
    composer: ComposerConfig = ComposerConfig()
    library: LibraryConfig = LibraryConfig()
    web: WebConfig = WebConfig()
    hours: HoursConfig = HoursConfig()
    admin: AdminConfig = AdminConfig()
    study: Annotated[Path, Field(strict=False)] | None = None


def load_config(path: Path | None, overrides: Sequence[str] = ()) -> KioskConfig:
    """Read a configuration file and lay `KEY=VALUE` overrides over it.

    Args:
        path: A YAML file; None means nothing but defaults. Relative folders in it are taken from where it lies.
        overrides: As given to `--set`, for example `show.seconds_per_work=20`.

    Raises: ConfigError with all mistakes of the file and the overrides.
    """
    return strict_yaml.load(path, KioskConfig, overrides, _seen_from)


def _from(base: Path, name: str) -> str:
    """A folder seen from `base`; a bare name, such as a model's, stays a name."""
    return str(base / Path(name).expanduser()) if "/" in name or name.startswith((".", "~")) else name


def _seen_from(base: Path, values: dict[str, Any]) -> dict[str, Any]:
    """The values of a file with its relative paths made absolute."""
    seen = dict(values)
    for key, value in values.items():
        if isinstance(value, dict):
            seen[key] = _seen_from(base, value)
        elif key in ("folder", "refused_words", "study") and isinstance(value, str):
            seen[key] = str(base / Path(value).expanduser())
        elif key == "source" and isinstance(value, str):
            seen[key] = value if "://" in value or value.isdecimal() else str(base / Path(value).expanduser())
        elif key == "model" and isinstance(value, str):
            seen[key] = _from(base, value)
    return seen
