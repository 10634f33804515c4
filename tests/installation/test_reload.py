"""What of a changed configuration a kiosk takes while it runs."""

from __future__ import annotations

import pytest

from installation.config import load_config
from installation.reload import AT_NEXT_START, as_far_as_possible

ANOTHER = {
    "gallery.folder": "/pictures",
    "gallery.order": "by name",
    "gallery.scan_every_s": "60",
    "camera.keep_artworks": "true",
    "composer.patience_s": "5",
    "library.folder": "/clips",
    "library.max_gb": "1",
    "library.max_days": "7",
    "library.replay": "when the composer is down",
    "sampling.seed": "7",
    "web.enabled": "true",
    "web.address": "kiosk.local",
    "web.valid_for_s": "600",
    "study": "study.yaml",
}


@pytest.mark.parametrize("key", AT_NEXT_START)
def test_what_the_parts_agree_upon_waits(key: str) -> None:
    began_with = load_config(None)
    config = load_config(None, [f"{key}={ANOTHER[key]}", "show.linger_s=5"])
    taken, waiting = as_far_as_possible(config, began_with)
    assert waiting == (key,)
    assert taken == load_config(None, ["show.linger_s=5"])


@pytest.mark.parametrize(
    ("before", "after", "waiting"),
    [([], ["0"], ("camera.source",)), (["0"], [], ("camera.source",)), (["0"], ["1"], ()), ([], [], ())],
    ids=["comes", "goes", "is another", "is not there"],
)
def test_a_camera_waits_that_comes_or_goes(before: list[str], after: list[str], waiting: tuple[str, ...]) -> None:
    began_with, wish = (load_config(None, [f"camera.source={source}" for source in one]) for one in (before, after))
    taken, keys = as_far_as_possible(wish, began_with)
    assert keys == waiting
    assert taken == (began_with if waiting else wish)
