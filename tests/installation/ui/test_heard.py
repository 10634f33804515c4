"""Following the music through joints, loops, crossfades and restarts."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.messages import ClipInfo, HeardClip, SoundingNote
from installation.ui.fade import Fade
from installation.ui.heard import MAX_CUED_CLIPS, Follower
from tests.installation.ui.scripted_tap import make_clip


def play(follower: Follower, script: Iterable[tuple[float, list[HeardClip]]]) -> None:
    for now_s, heard in script:
        follower.update(heard, now_s)


def alone(clip_id: str, start_s: float, stop_s: float, began_at_s: float) -> list[tuple[float, list[HeardClip]]]:
    num_frames = round((stop_s - start_s) * 30)
    times = [start_s + i / 30 for i in range(num_frames)]
    return [(t, [HeardClip(clip_id, t - began_at_s, 1.0)]) for t in times]


def test_notes_flow_through_a_joint_without_a_jump() -> None:
    follower = Follower()
    follower.cue(make_clip("a", "work", 1, 10.0))
    follower.cue(make_clip("b", "work", 2, 10.0, continues="a"))
    play(follower, alone("a", 0.0, 9.99, 0.0))
    (strand,) = follower.strands
    before = strand.position_s
    ahead = [until for until, _, _ in strand.notes(5.0, 6.0, 10.0) if until > 0.2]
    assert ahead, "the notes of the next clip are in sight before it sounds"
    play(follower, alone("b", 10.0, 12.0, 10.0))
    assert follower.strands == [strand]
    assert strand.clip.clip_id == "b"
    assert strand.position_s == pytest.approx(before + 2.0, abs=0.05)
    assert any(until < -2.0 for until, _, _ in strand.notes(5.0, 6.0, 12.0)), "what has sounded is still in sight"


def test_a_loop_goes_on_along_the_same_line() -> None:
    follower = Follower()
    follower.cue(make_clip("a", "work", 1, 5.0))
    play(follower, alone("a", 0.0, 5.0, 0.0))
    play(follower, alone("a", 5.0, 7.0, 5.0))
    (strand,) = follower.strands
    assert strand.position_s == pytest.approx(7.0, abs=0.1)
    assert strand.clip_position_s == pytest.approx(2.0, abs=0.1)


def test_two_works_in_a_crossfade_are_two_strands_and_then_one() -> None:
    follower = Follower()
    follower.cue(make_clip("a", "one", 1, 30.0))
    follower.cue(make_clip("b", "two", 2, 30.0))
    play(follower, alone("a", 0.0, 2.0, 0.0))
    follower.update([HeardClip("a", 2.0, 0.8), HeardClip("b", 0.0, 0.6)], 2.0)
    assert {s.artwork_id: s.gain for s in follower.strands} == {"one": 0.8, "two": 0.6}
    assert follower.gain_of("two") == 0.6
    play(follower, alone("b", 2.1, 4.0, 2.0))
    assert [s.artwork_id for s in follower.strands] == ["two"]


def test_a_clip_without_a_cue_has_no_notes_until_they_are_told() -> None:
    follower = Follower()
    play(follower, alone("a", 0.0, 1.0, -20.0))
    assert follower.gain_without_notes() == 1.0
    follower.cue(make_clip("a", "work", 1, 30.0))
    play(follower, alone("a", 1.0, 2.0, -20.0))
    (strand,) = follower.strands
    assert strand.artwork_id == "work"
    assert follower.gain_without_notes() == 0.0
    assert strand.clip_position_s == pytest.approx(22.0, abs=0.1)


def test_silence_lets_the_strands_go_and_a_moment_without_an_answer_does_not() -> None:
    follower = Follower()
    follower.cue(make_clip("a", "work", 1, 30.0))
    play(follower, alone("a", 0.0, 1.0, 0.0))
    follower.update([], 1.03)
    assert len(follower.strands) == 1
    follower.update([HeardClip("a", 1.06, 1.0)], 1.06)
    assert follower.strands[0].gain == 1.0
    play(follower, [(1.1 + i / 30, []) for i in range(30)])
    assert follower.strands == []


def test_months_of_cues_do_not_pile_up() -> None:
    follower = Follower()
    for index in range(3 * MAX_CUED_CLIPS):
        follower.cue(make_clip(f"c{index}", "work", index, 5.0, continues=f"c{index - 1}" if index else None))
        follower.update([HeardClip(f"c{index}", 1.0, 1.0)], float(index))
    assert len(follower._cued) == MAX_CUED_CLIPS
    assert all(len(strand.segments) <= 5 for strand in follower.strands)


@given(st.lists(st.tuples(st.sampled_from("abcx"), st.floats(0, 12), st.floats(0, 1)), max_size=3).map(tuple))
def test_nothing_heard_in_any_order_upsets_it(heard: tuple[tuple[str, float, float], ...]) -> None:
    follower = Follower()
    note = SoundingNote(0.0, 1.0, 60, 80, 0)
    for clip_id, continues in (("a", None), ("b", "a"), ("c", "b")):
        clip = make_clip(clip_id, "work", 1, 10.0, continues)
        follower.cue(ClipInfo(clip_id, "work", clip.audio_path, 10.0, 48_000, (note,), continues))
    for turn in range(6):
        follower.update([HeardClip(*item) for item in heard[turn % 2 :]], turn / 10)
        for strand in follower.strands:
            list(strand.notes(10.0, 10.0, turn / 10))
            assert strand.high > strand.low


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=40), st.floats(0, 10))
def test_a_fade_never_goes_back_and_always_ends(gains: list[tuple[float, float]], length_s: float) -> None:
    fade, now_s, last = Fade(0.0, length_s), 0.0, 0.0
    for outgoing, incoming in gains:
        now_s += 0.1
        fade.advance(now_s, 0.1, outgoing, incoming)
        assert last <= fade.progress <= 1.0
        last = fade.progress
    for _ in range(200):
        now_s += 0.1
        fade.advance(now_s, 0.1, 0.0, 1.0)
    assert fade.progress == 1.0


def test_a_fade_goes_with_the_sound_and_not_with_the_clock() -> None:
    fade = Fade(0.0, 4.0)
    for frame in range(90):
        fade.advance(frame / 30, 1 / 30, 0.7071, 0.7071)
    assert fade.progress == pytest.approx(0.5, abs=0.01)


def test_a_fade_waits_for_its_beginning() -> None:
    fade = Fade(5.0, 4.0)
    fade.advance(4.0, 1.0, 1.0, 0.0)
    assert fade.opacity == 0.0
