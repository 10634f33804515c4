"""What of a changed configuration a kiosk takes while it runs, and what waits for its next start."""

from __future__ import annotations

from operator import attrgetter

from installation.config import KioskConfig

AT_NEXT_START = (
    "gallery.folder",
    "gallery.order",
    "gallery.scan_every_s",
    "camera.keep_artworks",
    "composer.patience_s",
    "library.folder",
    "library.max_gb",
    "library.max_days",
    "library.replay",
    "sampling.seed",
    "web.enabled",
    "web.address",
    "web.valid_for_s",
    "study",
)
"""What the director and several parts agree upon when the kiosk starts."""


def as_far_as_possible(config: KioskConfig, began_with: KioskConfig) -> tuple[KioskConfig, tuple[str, ...]]:
    """What a running kiosk can take of a configuration.

    Args:
        config: As it is wished for.
        began_with: As it was when the kiosk was started.

    Returns: The wish, with what waits for the next start as it was; and the keys that wait.
    """
    waiting = [key for key in AT_NEXT_START if attrgetter(key)(config) != attrgetter(key)(began_with)]
    # Another camera comes with its process; but the process does not come, or go, by itself.
    if (config.camera.source is None) != (began_with.camera.source is None):
        waiting.append("camera.source")
    for key in waiting:
        config = _with(config, key, attrgetter(key)(began_with))
    return config, tuple(waiting)


def _with(config: KioskConfig, key: str, value: object) -> KioskConfig:
    name, _, option = key.partition(".")
    section = getattr(config, name).model_copy(update={option: value}) if option else value
    return config.model_copy(update={name: section})
