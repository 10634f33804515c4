"""What the camera says, what it means for the show, and what camera and ui are told."""

import json
import logging
from dataclasses import replace
from pathlib import Path

import pytest

from installation import cues, messages
from installation.labels import UNKNOWN, Work
from installation.visitors import MAX_KNOWN, MAX_WORKS, Visitors

READY = messages.CameraReady("0", 1280, 720)
CORNERS = ((0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9))


class Told:
    """Visitors, and everything they tell others."""

    def __init__(self, folder: Path, keeps_artworks: bool = False) -> None:
        self.camera: list[object] = []
        self.ui: list[object] = []
        self.corners_path = folder / "corners.json"
        self.in_use: set[str] = set()
        self.visitors = Visitors(
            self.camera.append, self.ui.append, self.corners_path, lambda: self.in_use, keeps_artworks
        )


@pytest.fixture
def told(tmp_path: Path) -> Told:
    return Told(tmp_path)


def gallery(number: int) -> dict[str, Work]:
    return {
        f"work-{index}": Work(f"work-{index}", Path(f"{index}.jpg"), messages.WallLabel(f"Work {index}"))
        for index in range(number)
    }


def picture(folder: Path, number: int) -> messages.ArtworkSeen:
    path = folder / f"visitor-{number}.png"
    path.touch()
    return messages.ArtworkSeen(f"visitor-{number}", path)


def test_the_camera_learns_the_gallery_when_it_is_ready_and_when_the_gallery_changes(told: Told) -> None:
    told.visitors.know(gallery(2))
    assert told.camera == [], "it does not read yet"
    told.visitors.take(READY, 0.0)
    works = tuple((work.artwork_id, work.path) for work in gallery(2).values())
    assert told.camera == [messages.KnowWorks(works), messages.FixCorners(None)]
    told.visitors.take(READY, 0.0)
    assert len(told.camera) == 2, "it knows them already"
    told.visitors.know(gallery(3))
    assert len(told.camera) == 3
    relabelled = {name: replace(work, label=messages.WallLabel("?")) for name, work in gallery(3).items()}
    told.visitors.know(relabelled)
    assert len(told.camera) == 3, "no picture is another"
    told.visitors.know({name: replace(work, path=Path("?.jpg")) for name, work in relabelled.items()})
    assert len(told.camera) == 4


def test_a_new_camera_process_learns_again_also_what_visitors_brought(told: Told, tmp_path: Path) -> None:
    told.visitors.know(gallery(1))
    told.visitors.take(READY, 0.0)
    told.visitors.take(picture(tmp_path, 1), 0.0)
    told.camera.clear()
    assert told.visitors.camera_went(0.0) == cues.CameraLost()
    assert told.visitors.camera_went(0.0) is None, "it was lost already"
    told.visitors.take(READY, 0.0)
    known = told.camera[0]
    assert isinstance(known, messages.KnowWorks)
    assert [artwork_id for artwork_id, _ in known.works] == ["visitor-1", "work-0"]


def test_corners_that_the_staff_fixed_are_told(told: Told) -> None:
    told.corners_path.write_text(json.dumps(CORNERS))
    told.visitors.take(READY, 0.0)
    assert told.camera[-1] == messages.FixCorners(CORNERS)


def test_a_gallery_too_large_is_known_in_part(told: Told) -> None:
    told.visitors.know(gallery(MAX_KNOWN + 5))
    told.visitors.take(READY, 0.0)
    known = told.camera[0]
    assert isinstance(known, messages.KnowWorks)
    assert len(known.works) == MAX_KNOWN


def test_what_happens_before_the_camera_is_told_to_the_show(told: Told, tmp_path: Path) -> None:
    told.visitors.know(gallery(1))
    assert told.visitors.take(messages.VisitorCame(), 0.0) == cues.VisitorCame()
    assert told.visitors.take(messages.VisitorLeft(), 0.0) == cues.VisitorLeft()
    assert told.visitors.take(messages.ArtworkSeen("work-0", None), 0.0) == cues.ArtworkFound("work-0")
    assert told.visitors.take(messages.ArtworkSeen("work-9", None), 0.0) is None, "it has left the gallery"
    assert told.visitors.take(picture(tmp_path, 1), 0.0) == cues.ArtworkFound("visitor-1")
    assert told.visitors.works["visitor-1"].label.title == UNKNOWN
    assert told.visitors.take(messages.CameraLost("0", "it hangs"), 0.0) == cues.CameraLost()


def test_the_ui_is_shown_how_the_camera_is_and_a_new_one_again(told: Told) -> None:
    view = messages.CameraView(CORNERS, messages.Hint.HOLD_STILL, 0.5)
    told.visitors.take(READY, 0.0)
    told.visitors.take(view, 0.0)
    assert told.ui == [READY, view]
    told.visitors.tell_ui_again()
    assert told.ui == [READY, view, READY, view]
    lost = messages.CameraLost("0", "it hangs")
    told.visitors.take(lost, 0.0)
    told.ui.clear()
    told.visitors.tell_ui_again()
    assert told.ui == [lost]


def test_how_long_there_was_no_camera_is_logged(told: Told, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="installation")
    told.visitors.take(READY, 10.0)
    told.visitors.take(messages.CameraLost("0", "it hangs"), 100.0)
    told.visitors.take(READY, 107.5)
    assert [record.message for record in caplog.records if record.levelname == "INFO"] == [
        "camera: 0, 1280 x 720",
        "camera: 0, 1280 x 720, after 7.5 s without",
    ]


@pytest.mark.parametrize("keeps_artworks", [False, True])
def test_of_many_visitors_works_the_oldest_are_forgotten(tmp_path: Path, keeps_artworks: bool) -> None:
    visitors = Told(tmp_path, keeps_artworks).visitors
    for number in range(MAX_WORKS):
        visitors.take(picture(tmp_path, number), 0.0)
    visitors.take(picture(tmp_path, 0), 0.0)  # seen again
    visitors.take(picture(tmp_path, MAX_WORKS), 0.0)
    assert len(visitors.works) == MAX_WORKS
    assert "visitor-1" not in visitors.works
    assert (tmp_path / "visitor-1.png").exists() == keeps_artworks
    assert (tmp_path / "visitor-0.png").exists()


def test_a_visitors_work_that_the_show_has_in_use_is_not_forgotten(told: Told, tmp_path: Path) -> None:
    told.in_use.add("visitor-0")
    for number in range(2 * MAX_WORKS):
        told.visitors.take(picture(tmp_path, number), 0.0)
    assert set(told.visitors.works) == {"visitor-0", *(f"visitor-{MAX_WORKS + number}" for number in range(MAX_WORKS))}
    assert (tmp_path / "visitor-0.png").exists()
