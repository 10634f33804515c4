"""The director through what goes wrong around it: its show, desks and gallery are real, its children are played."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from installation import cues, messages
from installation.config import HoursConfig, KioskConfig, load_config
from installation.director import Director, RunOptions
from installation.schedule import WEEKDAYS
from installation.settings import ComposerSettings
from installation.sound_desk import MAX_CLIPS
from installation.supervisor import ChildPlan, Lost, Replaced
from installation.visitors import MAX_WORKS
from installation.works import BUNDLED_GALLERY
from tests.week import Children

PICTURES = sorted(BUNDLED_GALLERY.glob("*.jpg"))

Story = Iterator[None]


class Heard(Children):
    """The children, and all that was said to them."""

    def __init__(self, folder: Path) -> None:
        self.said: list[tuple[str, Any]] = []
        self.is_audio_deaf = self.is_ui_full = False
        self.plans: Sequence[ChildPlan] = ()
        super().__init__(folder)

    def send(self, name: str, message: Any) -> bool:
        self.said.append((name, message))
        return True if name == "audio" and self.is_audio_deaf else super().send(name, message)

    def offer(self, name: str, message: Any) -> bool:
        return False if name == "ui" and self.is_ui_full else self.send(name, message)

    def change_plans(self, plans: Sequence[ChildPlan]) -> None:
        self.plans = plans

    def compose_slowly(self, progress: messages.ComposeProgress) -> None:
        """Let the composer say how far it is."""
        self._say("composer", progress)

    def replace(self, name: str) -> None:
        """Let one of them die and be started again."""
        self._news.extend([Lost(name), Replaced(name)])

    def told(self, name: str, kind: type[Any]) -> list[Any]:
        """What was said of this kind to one of them."""
        return [message for child, message in self.said if child == name and isinstance(message, kind)]


class Kiosk:
    """A director in a room of three works, whose gallery is looked at when the test says so."""

    def __init__(self, folder: Path) -> None:
        self.gallery, library = folder / "gallery", folder / "library"
        self.gallery.mkdir()
        for picture, name in zip(PICTURES, "abc", strict=False):
            shutil.copy(picture, self.gallery / f"{name}.jpg")
        self.children = Heard(library)
        self._file = [
            f"gallery.folder={self.gallery}",
            f"library.folder={library}",
            "gallery.order=by name",
            "gallery.scan_every_s=3600",
            "sampling.seed=1",
        ]
        self._is_hung_up = False
        self.director = Director(
            load_config(None, self._file),
            RunOptions(0.0, read_config=lambda: load_config(None, self._file)),
            lambda config: [ChildPlan("composer", "nobody", (_composer_settings(config),), 1.0, 1.0)],
            lambda *_: self.children,
            lambda: self.children.now_s,
        )

    def live(self, story: Story) -> None:
        """Run for as long as the story goes on; each of its steps takes a second."""
        self.director.run(_Narrator(story, self))  # type: ignore[arg-type]

    def reload(self, *more: str) -> Story:
        """Read a configuration that says more; that of before is forgotten."""
        self._file = [*self._file[:5], *more]
        self._is_hung_up = True
        yield from seconds(2)

    def take_hangup(self) -> bool:
        was_hung_up, self._is_hung_up = self._is_hung_up, False
        return was_hung_up

    def look_at_the_gallery(self) -> None:
        """As its thread does."""
        self.director._gallery.scan()

    def shown(self) -> messages.ShowWork:
        """What the ui was last told to show."""
        last = self.children.told("ui", messages.ShowWork)[-1]
        assert isinstance(last, messages.ShowWork)
        return last


class _Narrator:
    """In the place of the interruption: comes when the story is over."""

    def __init__(self, story: Story, kiosk: Kiosk) -> None:
        self._story = story
        self.take_hangup = kiosk.take_hangup

    @property
    def has_come(self) -> bool:
        return next(self._story, self) is self


def _composer_settings(config: KioskConfig) -> ComposerSettings:
    assert config.library.folder is not None
    return ComposerSettings(config.model, config.library.folder, prompt=config.sampling.prompt)


@pytest.fixture
def kiosk(tmp_path: Path) -> Kiosk:
    return Kiosk(tmp_path)


def until(is_so: Callable[[], object], within_s: int = 300) -> Story:
    """Let time pass until something is so."""
    for _ in range(within_s):
        if is_so():
            return
        yield
    raise AssertionError(f"not within {within_s} s")


def seconds(number: int) -> Story:
    yield from [None] * number


def test_a_work_that_is_renamed_and_relabelled_is_composed_from_its_new_file_and_told_to_the_ui(kiosk: Kiosk) -> None:
    """Everything is told at once, of the work that hangs too, and the camera is taught again."""

    def story() -> Story:
        yield from until(lambda: kiosk.children.told("ui", messages.ShowWork))
        before = kiosk.shown()
        new_path = before.picture_path.with_name("renamed.jpg")
        before.picture_path.rename(new_path)
        (kiosk.gallery / "metadata.csv").write_text("file,title\nrenamed.jpg,The Boat\n")
        kiosk.look_at_the_gallery()
        yield from until(lambda: kiosk.shown() != before)
        assert (kiosk.shown().picture_path, kiosk.shown().label.title) == (new_path, "The Boat")
        assert kiosk.shown().artwork_id == before.artwork_id
        works = kiosk.children.told("camera", messages.KnowWorks)[-1].works
        assert (before.artwork_id, new_path) in works
        kiosk.children.said.clear()
        yield from until(
            lambda: (
                before.artwork_id
                in [
                    job.artwork_id for job in kiosk.children.told("composer", messages.Compose) if job.continues is None
                ]
            )
        )
        jobs = kiosk.children.told("composer", messages.Compose)
        assert all(job.picture_path.exists() for job in jobs)

    kiosk.live(story())


def test_an_audio_process_that_never_begins_is_asked_again_for_what_was_heard_last(kiosk: Kiosk) -> None:
    """However many clips were made meanwhile, none of which it came to."""
    children = kiosk.children

    def story() -> Story:
        yield from until(lambda: children.told("audio", messages.PlayClip))
        yield from seconds(5)
        children.is_audio_deaf = True
        heard = children.told("audio", messages.PlayClip)[-1]
        num_clips = children.num_clips
        yield from until(lambda: children.num_clips > num_clips + 2 * MAX_CLIPS, within_s=10_000)
        children.said.clear()
        children.replace("audio")
        yield from until(lambda: heard.clip in [play.clip for play in children.told("audio", messages.PlayClip)])
        children.is_audio_deaf = False
        yield from until(lambda: len(children.told("ui", messages.ShowWork)) >= 2)

    kiosk.live(story())


def test_a_visitors_work_is_there_for_as_long_as_its_music_is_heard(kiosk: Kiosk, tmp_path: Path) -> None:
    """While others are held up, outside the opening hours too."""
    children, director = kiosk.children, kiosk.director

    def hold_up(number: int) -> str:
        picture = tmp_path / f"visitor-{number}.jpg"
        shutil.copy(PICTURES[number % len(PICTURES)], picture)
        children.hold_up(picture.stem, picture)
        return picture.stem

    def story() -> Story:
        yield from until(lambda: children.told("audio", messages.PlayClip))
        first = hold_up(0)
        yield from until(lambda: children.told("audio", messages.PlayClip)[-1].clip.artwork_id == first)
        yield from seconds(5)
        director._tell_show(cues.Closed())
        director._upkeep.keep(HoursConfig(**dict.fromkeys(WEEKDAYS, "closed")))
        for number in range(1, 3 * MAX_WORKS):
            hold_up(number)
        children.leave()
        yield
        director._upkeep.keep(HoursConfig())
        children.said.clear()
        children.replace("audio")
        yield from until(lambda: children.told("audio", messages.PlayClip))
        assert children.told("audio", messages.PlayClip)[0].clip.artwork_id == first
        yield from until(lambda: len(children.told("ui", messages.ShowWork)) >= 3)

    kiosk.live(story())


def test_a_ui_that_hangs_is_not_waited_for_and_told_the_last_progress_later(kiosk: Kiosk) -> None:
    children = kiosk.children
    last = messages.ComposeProgress("job-1", 40, 40)

    def story() -> Story:
        yield from seconds(5)
        children.is_ui_full = True
        for step in range(1, 41):
            children.compose_slowly(messages.ComposeProgress("job-1", step, 40))
        yield from seconds(5)
        assert children.told("ui", messages.ComposeProgress) == []
        children.is_ui_full = False
        yield from seconds(2)
        assert children.told("ui", messages.ComposeProgress) == [last]

    kiosk.live(story())


def test_silence_counts_while_the_room_is_open(kiosk: Kiosk) -> None:
    tally = kiosk.director._tally

    def story() -> Story:
        yield from until(lambda: kiosk.children.told("audio", messages.PlayClip))
        yield from seconds(5)
        kiosk.children.replace("audio")
        yield from until(lambda: tally.gap_s)

    kiosk.live(story())


def test_a_reload_counts_at_once_for_how_long_the_room_stays_with_a_visitor(kiosk: Kiosk) -> None:
    def is_in(scene: cues.Scene) -> bool:
        return kiosk.children.told("ui", messages.SceneChanged)[-1].scene == scene

    def story() -> Story:
        yield from until(lambda: kiosk.children.told("audio", messages.PlayClip))
        yield from kiosk.reload("show.linger_s=3600")
        kiosk.children.hold_up(list(kiosk.director._gallery.works)[1], None)
        yield from until(lambda: is_in(cues.Scene.LISTENING))
        kiosk.children.leave()
        yield from seconds(60)
        assert is_in(cues.Scene.LISTENING)
        yield from kiosk.reload("show.linger_s=5")
        yield from until(lambda: is_in(cues.Scene.ATTRACT), within_s=10)

    kiosk.live(story())


def test_a_reload_names_what_waits_for_the_next_start_and_no_part_takes_it_before(
    kiosk: Kiosk, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def warnings() -> list[str]:
        return [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]

    def story() -> Story:
        yield from kiosk.reload(f"library.folder={tmp_path / 'other'}", "camera.source=0", "sampling.prompt=slow")
        assert warnings() == ["not before the kiosk's next start: library.folder, camera.source"]
        (plan,) = kiosk.children.plans
        assert plan.arguments == (ComposerSettings("mini", tmp_path / "library", prompt="slow"),)
        yield from kiosk.reload("sampling.prompt=slow")
        assert len(warnings()) == 1, "all is as it was at the start"

    with caplog.at_level("WARNING", logger="installation"):
        kiosk.live(story())


def test_the_library_is_asked_for_other_words_once_the_composer_was_started_with_them(kiosk: Kiosk) -> None:
    jobs = kiosk.director._jobs

    def story() -> Story:
        yield from kiosk.reload("sampling.prompt=slow strings")
        assert jobs.prompt == ""
        kiosk.children.replace("composer")
        yield from seconds(2)
        assert jobs.prompt == "slow strings"

    kiosk.live(story())
