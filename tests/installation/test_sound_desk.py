"""What the audio process is asked for, and where a new one goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from installation import cues, messages
from installation.sound_desk import MAX_CLIPS, RESUME_FADE_S, SoundDesk
from installation.summary import Tally

LENGTH_S = 20.0


class Line:
    """The way to the audio process."""

    def __init__(self) -> None:
        self.said: list[messages.ToAudio] = []

    def send(self, message: messages.ToAudio) -> None:
        self.said.append(message)


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def tally() -> Tally:
    return Tally(started_at_s=0.0)


@pytest.fixture
def in_use() -> set[str]:
    return set()


@pytest.fixture
def desk(line: Line, tally: Tally, in_use: set[str]) -> SoundDesk:
    desk = SoundDesk(line.send, tally, lambda: in_use)
    desk.remember(made("one"))
    return desk


def made(clip_id: str) -> messages.ClipInfo:
    return messages.ClipInfo(clip_id, "wave", Path(f"{clip_id}.flac"), LENGTH_S, 48_000)


def wanted(clip_id: str) -> cues.Clip:
    return cues.Clip(clip_id, "wave", LENGTH_S)


def beat(clip_id: str, position_s: float) -> messages.AudioHeartbeat:
    return messages.AudioHeartbeat(48_000, 0, 0.0, 0.0, 0.0, 1, clip_id, position_s, 10.0)


def test_a_clip_is_played_with_the_shows_fade_and_one_in_its_middle_at_once(desk: SoundDesk, line: Line) -> None:
    assert desk.play(cues.Play(wanted("one"), is_at_end=True), 4.0) == made("one")
    desk.play(cues.Play(wanted("one"), start_s=7.0), 4.0)
    assert desk.append(cues.Append(wanted("one"))) == made("one")
    assert line.said == [
        messages.PlayClip(made("one"), 4.0, 0.0, True),
        messages.PlayClip(made("one"), RESUME_FADE_S, 7.0),
        messages.AppendClip(made("one")),
    ]


def test_a_clip_that_was_resumed_in_its_middle_began_before(desk: SoundDesk) -> None:
    desk.play(cues.Play(wanted("one"), start_s=7.0), 4.0)
    assert desk.clip_started("one", 100.0) == cues.ClipStarted("one", 93.0)
    assert desk.clip_started("one", 120.0) == cues.ClipStarted("one", 120.0)


def test_a_clip_that_is_asked_for_anew_begins_when_it_is_heard(desk: SoundDesk) -> None:
    desk.play(cues.Play(wanted("one"), start_s=7.0), 4.0)  # and overtaken by another wish before it was heard
    desk.play(cues.Play(wanted("one")), 4.0)
    assert desk.clip_started("one", 100.0) == cues.ClipStarted("one", 100.0)


@pytest.mark.parametrize(
    ("clip_id", "lost_at_s", "position_s"),
    [("one", 52.0, 17.0), ("one", 57.0, 2.0), (messages.BED_CLIP_ID, 57.0, 22.0)],
    ids=["within the clip", "a loop further", "of a clip that is not known"],
)
def test_a_new_audio_process_goes_on_where_the_old_one_was(
    desk: SoundDesk, clip_id: str, lost_at_s: float, position_s: float
) -> None:
    desk.beat(beat(clip_id, 15.0), now_s=50.0)
    desk.audio_went(lost_at_s)
    assert desk.audio_came_again() == cues.AudioRestarted(clip_id, position_s)


def test_an_audio_process_that_died_before_it_was_heard_has_no_place_to_go_on_at(desk: SoundDesk) -> None:
    desk.audio_went(1.0)
    assert desk.audio_came_again() == cues.AudioRestarted("", 0.0)


def test_the_silence_between_two_audio_processes_is_counted_once(desk: SoundDesk, tally: Tally) -> None:
    desk.hush(False, 1.0)
    desk.clip_started(messages.BED_CLIP_ID, 2.0)
    desk.audio_went(10.0)
    desk.clip_started("one", 10.5)
    desk.clip_started("one", 30.0)
    assert tally.gap_s == 0.5
    assert (tally.first_sound_s, tally.first_piece_s) == (2.0, 10.5)


def test_silence_lasts_however_many_audio_processes_die_in_it(desk: SoundDesk, tally: Tally) -> None:
    desk.hush(False, 1.0)
    for lost_at_s in (10.0, 20.0, 30.0):
        desk.audio_went(lost_at_s)
    desk.clip_started("one", 31.0)
    assert tally.gap_s == 21.0


def test_silence_while_the_room_is_closed_is_wanted(desk: SoundDesk, tally: Tally) -> None:
    desk.audio_went(10.0)
    desk.clip_started("one", 10.5)
    assert tally.gap_s == 0.0, "it was started afresh"
    desk.audio_went(20.0)
    desk.hush(False, 25.0)
    desk.clip_started("one", 26.0)
    assert tally.gap_s == 1.0, "since the room is open"
    desk.audio_went(30.0)
    desk.hush(True, 32.0)
    desk.hush(False, 50.0)
    desk.clip_started("one", 51.0)
    assert tally.gap_s == 4.0, "until it closed, and since it opened again"


def test_the_newest_clips_are_remembered(desk: SoundDesk) -> None:
    for number in range(MAX_CLIPS - 1):
        desk.remember(made(f"clip-{number}"))
    desk.remember(made("one"))  # once more: it is the newest now
    desk.remember(made("last"))
    assert len(desk.clips) == MAX_CLIPS
    assert list(desk.clips)[-2:] == ["one", "last"]
    assert "clip-0" not in desk.clips


def test_clips_that_the_show_has_in_use_are_not_forgotten(desk: SoundDesk, in_use: set[str]) -> None:
    in_use |= {"one", "clip-3"}
    for number in range(3 * MAX_CLIPS):
        desk.remember(made(f"clip-{number}"))
    assert len(desk.clips) == MAX_CLIPS + 2
    assert desk.append(cues.Append(wanted("one"))) == made("one")
    in_use.clear()
    desk.remember(made("last"))
    assert len(desk.clips) == MAX_CLIPS
    assert "one" not in desk.clips
