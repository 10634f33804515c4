"""Known truths of the mix. The rate is low so that seconds are cheap; the mixer only counts samples."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from installation.audio import MAX_VOICES
from installation.audio.limiter import CEILING_DB, Limiter
from installation.audio.mixer import FOLD_S, LOOP_JOINT_S, MAX_LOOPS, Mixer, Refused, Started
from tests.installation.audio.sounds import clip, longest_zeros, noise, power_db, tone

RATE = 4000
CEILING = 10 ** (CEILING_DB / 20) * 1.001
BED = clip("bed", noise(5.0, seed=99, rate=RATE))


def mixer(**options: float) -> Mixer:
    return Mixer(RATE, **options)


def seconds(length_s: float) -> int:
    return round(length_s * RATE)


def render(sound: Mixer, length_s: float, block: int = 256) -> np.ndarray:
    left, blocks = seconds(length_s), []
    while left:
        blocks.append(sound.render(min(block, left)))
        left -= len(blocks[-1])
    return np.concatenate(blocks)


def started(sound: Mixer) -> list[tuple[str, int]]:
    return [(event.clip_id, event.at_frame) for event in sound.take_events() if isinstance(event, Started)]


def playing(first: np.ndarray, **options: float) -> Mixer:
    """A mixer that plays a clip from its first sample on, without a fade worth the name."""
    sound = mixer(**options)
    sound.play(clip("first", first), 0.0)
    return sound


def test_a_clip_alone_is_given_bit_for_bit() -> None:
    samples = tone(3.0, 100, rate=RATE)
    out = render(playing(samples), 1.0, block=111)
    np.testing.assert_array_equal(out[seconds(0.01) :], samples[seconds(0.01) : seconds(1.0)])


def test_sixteen_bits_stay_exact() -> None:
    numbers = (noise(1.0, 5, rate=RATE) * 32767).astype(np.int16)
    out = render(playing(numbers), 0.5)
    np.testing.assert_array_equal(out[seconds(0.01) :] * 32768, numbers[seconds(0.01) : seconds(0.5)])


@pytest.mark.parametrize("crossfade_s", [0.5, 4.0])
@pytest.mark.parametrize("kind", ["tones", "noises"])
def test_unrelated_music_keeps_its_power_through_a_fade(kind: str, crossfade_s: float) -> None:
    if kind == "tones":
        first, second = tone(9.0, 220, rate=RATE), tone(9.0, 347, rate=RATE)
    else:
        first, second = noise(9.0, 1, rate=RATE), noise(9.0, 2, rate=RATE)
    sound = playing(first)
    render(sound, 1.0)
    sound.play(clip("second", second), crossfade_s)
    out = render(sound, crossfade_s + 0.5)
    for part in np.array_split(out, round(len(out) / seconds(0.1))):
        assert power_db(part) == pytest.approx(power_db(first), abs=1.0)
    # And behind the fade there is only the second.
    end = seconds(crossfade_s + 0.5)
    np.testing.assert_array_equal(out[seconds(crossfade_s) :], second[seconds(crossfade_s) : end])


def test_a_tone_stays_a_pure_tone_through_a_fade_into_itself() -> None:
    """The piece goes on in phase: neither a swell nor a dip, no click."""
    samples = tone(10.0, 100, rate=RATE)
    sound = playing(samples)
    render(sound, 2.0)
    sound.play(clip("same", samples), 1.0, start_s=2.0)
    out = render(sound, 2.0)
    np.testing.assert_allclose(np.abs(out).max(), 0.2, rtol=0.13)
    spectrum = np.abs(np.fft.rfft(out[:, 0] * np.hanning(len(out))))
    assert spectrum[np.argmax(spectrum) + 20 :].max() < 1e-3 * spectrum.max()


def test_appended_clip_begins_at_the_exact_end() -> None:
    first, second, third = (noise(2.0, seed, rate=RATE) for seed in (1, 2, 3))
    sound = playing(first)
    sound.append(clip("second", second), "first")
    sound.append(clip("third", third), "second")
    assert sound.state().remaining == seconds(6.0)
    out = render(sound, 5.2, block=97)
    whole = np.concatenate([first, second, third])
    np.testing.assert_array_equal(out[seconds(0.01) :], whole[seconds(0.01) : seconds(5.2)])
    assert started(sound) == [("first", 0), ("second", seconds(2)), ("third", seconds(4))]


def test_append_is_in_time_until_the_loop_begins_and_a_crossfade_afterwards() -> None:
    first, second = noise(5.0, 1, rate=RATE), noise(9.0, 2, rate=RATE)
    for moment_s, is_in_time in ((5.0 - LOOP_JOINT_S, True), (5.0 - LOOP_JOINT_S + 0.05, False)):
        sound = playing(first, crossfade_s=2.0)
        render(sound, moment_s)
        sound.append(clip("second", second), "first")
        begun = seconds(5.0) if is_in_time else seconds(moment_s)
        out = render(sound, 5.0)
        assert started(sound) == [("first", 0), ("second", begun)]
        assert longest_zeros(out) == 0
        assert sound.state().tier == 1


def test_loops_without_a_click_or_a_dip_for_ever() -> None:
    """A tone that does not fit its clip: the joint must neither jump nor fade."""
    samples = tone(3.0 + 1 / 700, 100, rate=RATE)
    out = render(playing(samples), 14.0)
    steps = np.abs(np.diff(out[seconds(0.1) :, 0]))
    assert steps.max() < 1.15 * np.abs(np.diff(samples[:, 0])).max()
    levels = [power_db(part) for part in np.array_split(out[seconds(0.1) :], 60)]
    assert max(levels) - min(levels) < 1.0


def test_loop_is_counted_and_the_bed_takes_over_when_nothing_else_comes() -> None:
    sound = mixer(crossfade_s=1.0)
    sound.play(clip("first", noise(3.0, 1, rate=RATE)), 0.0)
    sound.set_bed(BED)
    render(sound, 1.9)
    assert sound.state().tier == 1
    render(sound, 0.2)
    assert sound.state().tier == 2
    assert sound.state().remaining == 0
    render(sound, (MAX_LOOPS + 1) * 3.0)
    state = sound.state()
    assert (state.tier, state.clip_id) == (3, "bed")
    assert state.tier_frames[0] == seconds(2.0)
    assert sum(state.tier_frames) == state.frame
    sound.append(clip("late", noise(3.0, 2, rate=RATE)), "first")
    render(sound, 1.1)
    assert (sound.state().tier, sound.state().clip_id) == (1, "late")


@pytest.mark.parametrize("fade_s", [0.5, 1.0, 2.0])
def test_armed_clip_has_arrived_when_the_piece_ends(fade_s: float) -> None:
    first, second, following = noise(3.0, 1, rate=RATE), noise(2.0, 2, rate=RATE), noise(6.0, 3, rate=RATE)
    sound = playing(first)
    sound.play(clip("following", following), fade_s, is_at_end=True)
    sound.append(clip("second", second), "first")  # moves the end
    out = render(sound, 6.0, block=100)
    begun = seconds(5.0 - fade_s)
    assert started(sound) == [("first", 0), ("second", seconds(3)), ("following", begun)]
    whole = np.concatenate([first, second])
    np.testing.assert_array_equal(out[seconds(0.01) : begun], whole[seconds(0.01) : begun])
    np.testing.assert_array_equal(out[seconds(5) :], following[seconds(fade_s) : seconds(fade_s + 1)])
    # Not looped on the way out.
    progress = np.arange(seconds(fade_s)) / seconds(fade_s) * np.pi / 2
    expected = whole[begun:] * np.cos(progress)[:, None] + following[: len(progress)] * np.sin(progress)[:, None]
    np.testing.assert_allclose(out[begun : seconds(5)], expected, atol=0.01)


@pytest.mark.parametrize(("left_s", "is_shortened"), [(1.0, True), (0.6, True), (0.4, False)])
def test_a_fade_armed_late_is_as_short_as_what_is_left(left_s: float, is_shortened: bool) -> None:
    sound = playing(noise(4.0, 1, rate=RATE), crossfade_s=0.3)
    render(sound, 4.0 - left_s)
    sound.play(clip("following", noise(9.0, 2, rate=RATE)), 2.0, is_at_end=True)
    render(sound, left_s + 0.01)
    assert (len(sound.state().voices) == 1) == is_shortened
    assert sound.state().clip_id == "following"


def test_a_later_play_replaces_the_armed_one() -> None:
    sound = playing(noise(4.0, 1, rate=RATE))
    sound.play(clip("armed", noise(3.0, 2, rate=RATE)), 1.0, is_at_end=True)
    sound.play(clip("now", noise(9.0, 3, rate=RATE)), 0.5)
    render(sound, 6.0)
    assert [name for name, _ in started(sound)] == ["first", "now"]


def test_append_to_what_was_left_is_refused() -> None:
    sound = playing(noise(4.0, 1, rate=RATE))
    sound.play(clip("next", noise(4.0, 2, rate=RATE)), 1.0)
    render(sound, 0.5)
    sound.append(clip("more of first", noise(4.0, 3, rate=RATE)), "first")
    (refused,) = [event for event in sound.take_events() if isinstance(event, Refused)]
    assert refused.clip_id == "more of first"
    render(sound, 1.0)
    assert sound.state().clip_id == "next"


@pytest.mark.parametrize(("crossfade_s", "pause_s"), [(1.0, 0.3), (4.0, 0.7), (4.0, 0.15), (4.0, 0.02)])
def test_whoever_skips_quickly_hears_the_newest_at_once_and_the_power_stays(crossfade_s: float, pause_s: float) -> None:
    sound = playing(noise(9.0, 0, rate=RATE))
    parts, asked = [render(sound, 0.5)], [("first", 0)]
    for number in range(1, 9):
        asked.append((str(number), sound.state().frame))
        sound.play(clip(str(number), noise(9.0, number, rate=RATE)), crossfade_s)
        parts.append(render(sound, pause_s))
        if pause_s > FOLD_S:
            assert len(sound.state().voices) <= MAX_VOICES
    assert started(sound) == asked
    parts.append(render(sound, FOLD_S))
    assert len(sound.state().voices) <= MAX_VOICES
    parts.append(render(sound, crossfade_s))
    assert [voice.clip_id for voice in sound.state().voices] == ["8"]
    for part in np.array_split(np.concatenate(parts)[seconds(0.1) :], 40):
        assert power_db(part) == pytest.approx(-20, abs=1.0)


def test_of_many_asked_for_at_the_same_moment_only_the_last_sounds() -> None:
    samples = noise(9.0, 0, rate=RATE)
    sound = playing(samples)
    render(sound, 0.5)
    for number in range(20):
        sound.play(clip(str(number), noise(9.0, number, rate=RATE)), 1.0)
    assert [voice.clip_id for voice in sound.state().voices] == ["first", "19"]


def test_what_made_way_for_others_does_not_come_back_with_its_next_clip() -> None:
    sound = playing(noise(9.0, 0, rate=RATE))
    for number in range(6):
        render(sound, 0.3)
        sound.play(clip(str(number), noise(9.0, number, rate=RATE)), 4.0)
    render(sound, 0.3)
    gone, *_ = {"0", "1", "2", "3"} - {voice.clip_id for voice in sound.state().voices}
    sound.append(clip("more of it", noise(9.0, 9, rate=RATE)), gone)
    assert [event.clip_id for event in sound.take_events() if isinstance(event, Refused)] == ["more of it"]
    assert sound.state().clip_id == "5"


def test_sum_of_two_full_clips_stays_below_the_ceiling() -> None:
    samples = tone(5.0, 100, level=10 ** (-1 / 20), rate=RATE)
    sound = playing(samples)
    render(sound, 1.0)
    sound.play(clip("second", samples), 1.0, start_s=0.003)
    assert np.abs(Limiter(RATE).process(render(sound, 2.0))).max() <= CEILING


def test_volume_glides_and_silence_asked_for_is_not_counted() -> None:
    sound = playing(np.full((seconds(3), 2), 0.5, np.float32))
    render(sound, 0.5)
    sound.set_volume(0.0)
    out = render(sound, 1.0)
    assert np.abs(np.diff(out[:, 0])).max() < 0.5 / seconds(0.1)
    assert power_db(out[-10:]) < -65
    assert not render(sound, 0.3)[seconds(0.2) :].any()
    assert sound.state().silent_frames == 0


def test_gain_is_on_top_of_the_volume() -> None:
    sound = playing(np.full((seconds(9), 2), 0.1, np.float32), gain_db=6.0, volume=0.5)
    assert render(sound, 0.5)[-1, 0] == pytest.approx(0.1 * 0.5 * 1.995, rel=1e-3)
    sound.set_volume(1.0, gain_db=-12.0)
    assert render(sound, 2.0)[-1, 0] == pytest.approx(0.1 * 0.251, rel=1e-2)


def test_silence_in_the_music_is_counted() -> None:
    samples = tone(4.0, 100, rate=RATE)
    samples[seconds(1) : seconds(2)] = 0
    sound = playing(samples)
    render(sound, 2.2, block=seconds(0.1))
    assert sound.state().silent_frames == seconds(1.0)


command = st.one_of(
    st.tuples(st.just("play"), st.integers(0, 4), st.floats(0, 3), st.booleans()),
    st.tuples(st.just("append"), st.integers(0, 4), st.one_of(st.none(), st.integers(0, 9)), st.none()),
    st.tuples(st.just("volume"), st.floats(0.2, 1), st.none(), st.none()),
    st.tuples(st.just("render"), st.integers(1, 3000), st.none(), st.none()),
)
SOUNDS = [noise(length_s, seed, level=0.3, rate=RATE) for seed, length_s in enumerate((0.3, 0.7, 1.9, 3.1, 0.11))]


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(command, max_size=25))
def test_whatever_is_asked_it_never_falls_silent_nor_clips(commands: list[tuple[Any, ...]]) -> None:
    sound = mixer(crossfade_s=0.5)
    sound.set_bed(BED, fade_s=0.1)
    parts, names = [render(sound, 0.2)], ["bed"]
    for what, first, second, third in commands:
        if what == "play":
            names.append(f"clip {len(names)}")
            sound.play(clip(names[-1], SOUNDS[first]), second, is_at_end=third)
        elif what == "append":
            names.append(f"clip {len(names)}")
            continues = None if second is None else names[max(0, len(names) - 2 - second)]
            sound.append(clip(names[-1], SOUNDS[first]), continues)
        elif what == "volume":
            sound.set_volume(first)
        else:
            parts.append(sound.render(first))
    parts.append(render(sound, 1.0))
    out = np.concatenate(parts)
    assert np.isfinite(out).all()
    assert np.abs(Limiter(RATE).process(out)).max() <= CEILING
    assert longest_zeros(out) <= 1
    for part in np.array_split(out[seconds(0.1) :], max(1, len(out) // seconds(0.1))):
        assert power_db(part) > -20 - 14 - 6  # the quieter of the sounds, at the lowest volume, in an unlucky stretch
    state = sound.state()
    assert state.frame == len(out) == sum(state.tier_frames)
    assert state.silent_frames == 0


TONES = [tone(length_s, 50, level=0.3, rate=RATE) for length_s in (0.303, 0.707, 1.917, 3.149)]


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 2), st.booleans(), st.integers(1, 6000)), max_size=12))
def test_whatever_is_asked_there_is_no_click(plays: list[tuple[int, float, bool, int]]) -> None:
    """No clip's end fits its beginning; a jump would be up to 0.6, the tone itself moves by 0.024."""
    sound = mixer(crossfade_s=0.5)
    sound.set_bed(clip("bed", TONES[2]), fade_s=0.1)
    parts = [render(sound, 0.2)]
    for number, (which, crossfade_s, is_at_end, num_frames) in enumerate(plays):
        sound.play(clip(str(number), TONES[which]), crossfade_s, is_at_end=is_at_end)
        parts.append(sound.render(num_frames))
    parts.append(render(sound, 4.0))
    assert np.abs(np.diff(np.concatenate(parts), axis=0)).max() < 0.12
