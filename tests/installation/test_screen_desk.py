"""What the ui process is told, and what a new one is told again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from installation import cues, messages
from installation.labels import Work
from installation.screen_desk import ScreenDesk

LABEL = messages.WallLabel("The Wave", "Hokusai")
WORK = Work("wave", Path("wave.jpg"), LABEL)
CLIP = messages.ClipInfo("one", "wave", Path("one.flac"), 20.0, 48_000)
OFFER = messages.TakeHome("one", "http://kiosk/token", 3600.0)
SHOWN = messages.ShowWork("wave", Path("wave.jpg"), LABEL, 4.0, 10.0)


def offered(progress: messages.ComposeProgress) -> bool:
    raise AssertionError("nothing is composed")


def test_everything_is_said_once() -> None:
    said: list[messages.ToUi] = []
    desk = ScreenDesk(said.append, offered)
    desk.enter(cues.Scene.ATTRACT)
    desk.turn_to(WORK, 4.0, 10.0)
    desk.cue(CLIP)
    desk.offer(OFFER)
    assert said == [messages.SceneChanged("attract"), SHOWN, messages.CueClip(CLIP), OFFER]
    assert desk.shown == SHOWN


def test_another_label_is_said_of_the_work_that_hangs_and_of_no_other() -> None:
    said: list[messages.ToUi] = []
    desk = ScreenDesk(said.append, offered)
    labelled = replace(WORK, path=Path("renamed.jpg"), label=messages.WallLabel("The Great Wave", "Hokusai"))
    desk.correct(labelled)
    desk.turn_to(WORK, 4.0, 10.0)
    said.clear()
    desk.correct(WORK)
    desk.correct(replace(labelled, artwork_id="boat"))
    assert said == []
    desk.correct(labelled)
    assert said == [replace(SHOWN, picture_path=labelled.path, label=labelled.label)]
    assert desk.shown == said[0], "and to a new ui process"


def test_a_new_ui_process_shows_at_once_what_the_old_one_did() -> None:
    said: list[messages.ToUi] = []
    desk = ScreenDesk(said.append, offered)
    desk.enter(cues.Scene.LISTENING)
    desk.turn_to(WORK, 4.0, 10.0)
    desk.offer(OFFER)
    said.clear()
    desk.ui_came_again([CLIP], now_s=99.0)
    assert said == [
        messages.SceneChanged("listening"),
        replace(SHOWN, crossfade_s=0.0, start_at_s=99.0),
        messages.CueClip(CLIP),
        OFFER,
    ]


def test_a_ui_process_that_dies_before_anything_was_shown_is_told_of_a_closed_room() -> None:
    said: list[messages.ToUi] = []
    ScreenDesk(said.append, offered).ui_came_again([], now_s=1.0)
    assert said == [messages.SceneChanged("closed")]


def test_a_ui_that_does_not_listen_is_told_the_newest_progress_when_it_does() -> None:
    said: list[object] = []
    has_room = False

    def offer(progress: messages.ComposeProgress) -> bool:
        if has_room:
            said.append(progress)
        return has_room

    desk = ScreenDesk(said.append, offer)
    for step in range(1, 1001):
        desk.tell_progress(messages.ComposeProgress("job-1", step, 1000))
    desk.look_after()
    assert said == [], "nobody waits for it"
    has_room = True
    desk.look_after()
    desk.look_after()
    assert said == [messages.ComposeProgress("job-1", 1000, 1000)]
    has_room = False
    desk.tell_progress(messages.ComposeProgress("job-2", 1, 4))
    desk.enter(cues.Scene.COMPOSING)
    has_room = True
    desk.look_after()
    assert said[1:] == [messages.SceneChanged("composing")], "a visitor's music begins with nothing done"
