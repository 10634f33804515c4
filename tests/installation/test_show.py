"""The show when nobody is there: works follow each other, and nothing that fails stops them."""

from installation.cues import (
    Append,
    ArtworkFound,
    AudioRestarted,
    Cancel,
    Clip,
    ClipComposed,
    ClipStarted,
    Closed,
    Compose,
    EnterScene,
    Hush,
    Opened,
    Play,
    Scene,
    ShowWork,
    Skipped,
    Sound,
    Ticked,
)
from installation.show import TABLE
from tests.installation.show_room import CLIP_S, SECONDS_PER_WORK, Room, with_music_armed


def test_a_work_goes_on_for_its_time_and_then_the_next_one_comes() -> None:
    room = Room()
    commands = room.tell(Opened())
    first = room.show.shown
    assert commands == (
        Sound(),
        ShowWork(str(first), 100.0),
        EnterScene(Scene.ATTRACT),
        Compose("job-1", str(first), is_awaited=True),
    )
    assert room.finish_job() == (Play(Clip("clip-1", str(first), CLIP_S), is_at_end=False),)
    assert room.hear_next() == (Compose("job-2", str(first), continues="clip-1"),)
    assert room.finish_job()[0] == Append(Clip("clip-2", str(first), CLIP_S))
    commands = room.finish_job()
    assert commands[0] == Append(Clip("clip-3", str(first), CLIP_S))
    second = room.show.job
    assert second is not None
    assert second.artwork_id != first
    assert second.continues is None
    assert room.finish_job() == (Play(Clip("clip-4", second.artwork_id, CLIP_S), is_at_end=True),)
    room.now_s += 3 * CLIP_S
    assert room.hear_next() == ()  # clip 2
    assert room.show.shown == first
    room.tell(ClipStarted("clip-4", room.now_s))
    assert room.show.shown == second.artwork_id


def test_music_that_comes_late_is_played_at_once() -> None:
    room = Room()
    room.tell(Opened())
    room.finish_job()
    room.hear_next()
    room.now_s += 90.0  # the clip loops, the work's time is long over
    room.tell(Ticked())
    first = room.show.shown
    command = room.finish_job()[0]
    assert isinstance(command, Append)
    assert room.job is not None
    assert room.job.artwork_id != first
    command = room.finish_job()[0]
    assert isinstance(command, Play)
    assert not command.is_at_end


def test_a_work_no_music_can_be_made_for_does_not_stop_the_show_again_and_again() -> None:
    room = Room()
    room.tell(Opened())
    room.tell(ArtworkFound("bad"))
    for _ in range(3):
        room.fail_job()
        room.tell(Ticked(), after_s=10.0)
    assert room.show.scene is Scene.FAILSAFE
    room.finish_job()
    room.tell(Ticked())
    assert room.show.scene is Scene.LOOKING


def test_a_gallery_clip_that_still_comes_to_sound_is_adopted() -> None:
    """It was armed when the visitor came; the audio process plays it before the visitor's music is ready."""
    room, armed = with_music_armed()
    room.tell(ArtworkFound("visitors"))
    room.tell(ClipStarted(armed.clip_id, room.now_s))
    assert room.show._music.chain == [armed]
    assert room.show.shown == "visitors"


def test_a_clip_that_never_comes_to_sound_is_given_up() -> None:
    room = Room()
    room.tell(Opened())
    room.finish_job()
    assert room.tell(Ticked(), after_s=19.0) == ()
    assert isinstance(room.tell(Ticked(), after_s=2.0)[0], Compose)


def test_results_of_a_cancelled_job_come_to_nothing() -> None:
    room = Room()
    room.tell(Opened())
    stray = ClipComposed("job-1", Clip("stray", "work-1", CLIP_S))
    room.tell(ArtworkFound("visitors"))
    assert room.tell(stray) == ()


def test_of_works_without_a_picture_the_next_is_drawn_at_once() -> None:
    room = Room()
    room.tell(Opened())
    first = room.show.shown
    (again,) = room.fail_job(is_unreadable=True)
    assert isinstance(again, Compose)
    assert again.artwork_id != first
    room.fail_job(is_unreadable=True)
    room.fail_job(is_unreadable=True)
    assert room.works == []
    assert room.job is None


def test_a_lost_piece_begins_anew_without_a_pause() -> None:
    room = Room()
    room.tell(Opened())
    room.finish_job()
    room.hear_next()
    first = room.show.shown
    assert room.fail_job(is_lost_piece=True) == (Compose("job-3", str(first)),)


def test_failures_lead_to_failsafe_where_the_pictures_go_on_and_music_leads_out() -> None:
    room = Room()
    room.tell(Opened())
    for _ in range(3):
        room.fail_job()
        room.tell(Ticked(), after_s=10.0)
    assert room.show.scene is Scene.FAILSAFE
    before = len(room.shown)
    room.tell(Ticked(), after_s=SECONDS_PER_WORK)
    assert len(room.shown) == before + 1
    room.finish_job()
    assert room.show.scene is Scene.ATTRACT


def test_pauses_between_failures_grow_and_end_at_half_a_minute() -> None:
    room = Room()
    room.tell(Opened())
    pauses = []
    for _ in range(12):
        room.fail_job()
        pauses.append(room.show._retry_at_s - room.now_s)
        room.tell(Ticked(), after_s=pauses[-1])
    assert pauses[:4] == [0.5, 1.0, 2.0, 4.0]
    assert pauses[-1] == 30.0


def test_a_new_audio_process_is_asked_for_all_that_was_to_come() -> None:
    room, armed = with_music_armed()
    room.now_s += 12.0
    commands = room.tell(AudioRestarted("clip-2", 2.0))
    work = str(room.show.shown)
    assert commands == (
        Play(Clip("clip-2", work, CLIP_S), start_s=2.0),
        Append(Clip("clip-3", work, CLIP_S)),
        Play(armed, is_at_end=True),
    )


def test_a_work_that_is_skipped_makes_way_as_soon_as_there_is_music_for_another() -> None:
    room = Room()
    room.tell(Opened())
    room.finish_job()
    room.hear_next()
    first = room.shown[-1]
    commands = room.tell(Skipped())
    assert [type(command) for command in commands] == [Cancel, Compose]
    assert room.job is not None
    assert room.job.artwork_id != first
    (play,) = [command for command in room.finish_job() if isinstance(command, Play)]
    assert not play.is_at_end
    room.hear_next()
    assert room.shown[-1] != first


def test_skipping_does_not_wait_for_music_that_is_there_already() -> None:
    room = Room()
    room.tell(Opened())
    room.finish_job()
    room.hear_next()
    while room.show._music.armed is None:
        room.finish_job()
    armed = room.show._music.armed
    assert room.tell(Skipped())[0] == Play(armed)


def test_closing_time() -> None:
    room = Room()
    room.tell(Opened())
    assert room.tell(Closed()) == (Cancel("job-1"), Hush(), EnterScene(Scene.CLOSED))
    assert room.tell(Ticked(), after_s=3600) == ()
    assert room.tell(Opened())[0] == Sound()


def test_every_scene_can_be_left_and_closed() -> None:
    for scene in Scene:
        assert any(there is scene and transition.scene is not scene for (there, _), transition in TABLE.items())
    assert all((scene, Closed) in TABLE for scene in Scene if scene is not Scene.CLOSED)
