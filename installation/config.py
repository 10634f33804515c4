"""The kiosk's configuration: frozen and checked, see `art2mus.strict_yaml`.

The options are explained where a person meets them, in `configs/kiosk.yaml`; here stands only what is allowed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from art2mus import strict_yaml
from art2mus.strict_yaml import ConfigError, Section

__all__ = ["ConfigError", "KioskConfig", "load_config"]

Folder = Annotated[Path, Field(strict=False)]


class SamplingConfig(Section):
    """How the model is asked; None leaves it to the model."""

    prompt: str = ""
    negative_prompt: str | None = None
    guidance_scale: Annotated[float, Field(ge=0.0, le=30.0)] | None = None
    num_inference_steps: Annotated[int, Field(ge=1, le=1000)] | None = None
    seed: Annotated[int, Field(ge=0, lt=2**32)] | None = None


class GalleryConfig(Section):
    """Which works there are."""

    folder: Folder | None = None
    order: Literal["shuffled", "by name"] = "shuffled"
    scan_every_s: Annotated[float, Field(ge=0.5, le=3600)] = 4.0


class ShowConfig(Section):
    """How long and how gently."""

    seconds_per_work: Annotated[float, Field(ge=5, le=3600)] = 48.0
    crossfade_s: Annotated[float, Field(ge=0.1, le=20)] = 4.0


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
    max_fps: Annotated[int, Field(ge=5, le=120)] = 30


class ComposerConfig(Section):
    """How much of the machine composing may take."""

    num_threads: Annotated[int, Field(ge=1, le=256)] | None = None
    niceness: Annotated[int, Field(ge=0, le=19)] = 10
    patience_s: Annotated[float, Field(ge=1, le=600)] = 30.0


class LibraryConfig(Section):
    """The finished clips on disk."""

    folder: Folder | None = None
    max_gb: Annotated[float, Field(ge=0.05, le=10_000)] = 2.0


class KioskConfig(Section):
    """Everything `configs/kiosk.yaml` may say."""

    model: str = "mini"
    sampling: SamplingConfig = SamplingConfig()
    gallery: GalleryConfig = GalleryConfig()
    show: ShowConfig = ShowConfig()
    audio: AudioConfig = AudioConfig()
    screen: ScreenConfig = ScreenConfig()
    composer: ComposerConfig = ComposerConfig()
    library: LibraryConfig = LibraryConfig()


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
    """The values of a file with its relative folders made absolute."""
    seen = dict(values)
    for key, value in values.items():
        if isinstance(value, dict):
            seen[key] = _seen_from(base, value)
        elif key == "folder" and isinstance(value, str):
            seen[key] = str(base / Path(value).expanduser())
        elif key == "model" and isinstance(value, str):
            seen[key] = _from(base, value)
    return seen
