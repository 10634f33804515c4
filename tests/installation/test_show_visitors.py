"""What the show does for visitors: who holds a work up is answered before the gallery."""

import pytest

from installation.cues import (
    AnotherWanted,
    ArtworkFound,
    CameraLost,
    Cancel,
    Clip,
    Closed,
    Compose,
    EnterScene,
    Opened,
    Play,
    Scene,
    ShowWork,
    Skipped,
    Ticked,
    VisitorCame,
    VisitorLeft,
)
from tests.installation.show_room import CLIP_S, LINGER_S, Room, listening


def test_a_visitor_is_answered_before_the_gallery() -> None:
    room = Room()
    room.tell(Opened())
    room.finish_job()
    room.hear_next()
    room.tell(VisitorCame())
    commands = room.tell(ArtworkFound("visitors"))
    assert commands == (
        Cancel("job-2"),
        ShowWork("visitors", room.now_s),
        EnterScene(Scene.COMPOSING),
        Compose("job-3", "visitors", is_awaited=True),
    )
    clip = Clip("clip-2", "visitors", CLIP_S)
    assert room.finish_job()[:2] == (Play(clip), EnterScene(Scene.LISTENING))
    room.hear_next()
    assert room.tell(ArtworkFound("visitors")) == ()
    while room.job is not None:
        room.finish_job()
    assert room.show._music.end_s() - room.now_s == pytest.approx(3 * CLIP_S)
    room.tell(VisitorLeft())
    assert room.show.scene is Scene.LISTENING
    room.tell(Ticked(), after_s=LINGER_S)
    assert room.show.scene is Scene.ATTRACT
    assert room.show.shown == "visitors", "the piece is heard to its end"


def test_the_newest_work_wins() -> None:
    room = Room()
    room.tell(Opened())
    room.tell(ArtworkFound("first"))
    commands = room.tell(ArtworkFound("second"))
    assert commands == (Cancel("job-2"), ShowWork("second", room.now_s), Compose("job-3", "second", is_awaited=True))
    room.finish_job()
    room.hear_next()
    assert room.show.shown == "second"


def test_a_work_that_is_heard_does_not_start_anew_when_it_is_held_up() -> None:
    room = Room()
    room.tell(Opened())
    room.finish_job()
    room.hear_next()
    work = str(room.show.shown)
    room.tell(VisitorCame())
    assert room.tell(ArtworkFound(work)) == (EnterScene(Scene.LISTENING),)
    assert room.job == Compose("job-2", work, continues="clip-1")


def test_the_same_work_again_after_another_goes_on_where_it_is_still_heard() -> None:
    room = Room()
    room.tell(Opened())
    listening(room, "first")
    room.tell(ArtworkFound("second"))
    assert room.show.scene is Scene.COMPOSING
    commands = room.tell(ArtworkFound("first"))
    assert isinstance(commands[0], Cancel)
    assert room.show.scene is Scene.LISTENING
    assert room.show.shown == "first"


def test_a_visitor_who_lowers_the_camera_is_answered_all_the_same() -> None:
    room = Room()
    room.tell(Opened())
    room.tell(VisitorCame())
    room.tell(ArtworkFound("visitors"))
    room.tell(VisitorLeft())
    room.tell(Ticked(), after_s=3 * LINGER_S)
    assert room.show.scene is Scene.COMPOSING
    room.finish_job()
    assert room.show.scene is Scene.LISTENING
    room.tell(Ticked(), after_s=LINGER_S - 1)
    assert room.show.scene is Scene.LISTENING
    room.tell(Ticked(), after_s=1.0)
    assert room.show.scene is Scene.ATTRACT


def test_a_visitor_who_comes_back_in_time_has_not_left() -> None:
    room = Room()
    room.tell(Opened())
    listening(room, "visitors")
    room.tell(VisitorLeft())
    room.tell(VisitorCame(), after_s=LINGER_S - 1)
    assert room.tell(ArtworkFound("visitors")) == ()
    room.tell(Ticked(), after_s=LINGER_S)
    assert room.show.scene is Scene.LISTENING


def test_without_a_camera_the_gallery_goes_on() -> None:
    room = Room()
    room.tell(Opened())
    room.tell(VisitorCame())
    assert room.tell(CameraLost()) == (EnterScene(Scene.ATTRACT),)
    listening(room, "visitors")
    room.tell(CameraLost())
    room.tell(Ticked(), after_s=LINGER_S)
    assert room.show.scene is Scene.ATTRACT


def test_a_work_on_the_easel_at_opening_time_is_answered() -> None:
    room = Room()
    room.tell(VisitorCame())
    room.tell(ArtworkFound("on the easel"))
    assert room.show.scene is Scene.CLOSED
    room.tell(Opened())
    room.tell(Ticked())
    assert room.show.scene is Scene.COMPOSING
    assert room.show.shown == "on the easel"


def test_skipping_takes_leave_of_a_visitor() -> None:
    room = Room()
    room.tell(Opened())
    room.tell(ArtworkFound("a"))
    room.tell(Skipped())
    assert room.scene is Scene.ATTRACT
    assert room.job is not None
    assert room.job.artwork_id != "a"


def test_another_piece_for_a_work_of_the_gallery_comes_at_once_and_then_takes_its_time() -> None:
    room = Room()
    room.tell(Opened())
    room.finish_job()
    room.hear_next()
    shown = str(room.show.shown)
    assert room.tell(AnotherWanted("a slow waltz")) == (
        Cancel("job-2"),
        Compose("job-3", shown, text="a slow waltz"),
    )
    assert room.finish_job()[0] == Play(Clip("clip-2", shown, CLIP_S), is_at_end=False)
    assert room.hear_next() == (Compose("job-4", shown, continues="clip-2"),), "the piece has its words from before"
    jobs = []
    while room.job is not None and len(jobs) < 9:
        jobs.append(room.job)
        room.finish_job()
    assert [job.artwork_id == shown for job in jobs] == [True, True, False], "the next work, after the usual time"
    assert {job.text for job in jobs} == {None}, "words are for one piece"


def test_another_piece_for_a_visitors_work_is_answered_like_the_first() -> None:
    room = Room()
    room.tell(Opened())
    listening(room, "visitors")
    while room.job is not None:
        room.finish_job()
    commands = room.tell(AnotherWanted())
    assert commands == (EnterScene(Scene.COMPOSING), Compose(room.show.job.job_id if room.show.job else "", "visitors"))
    commands = room.finish_job()
    assert isinstance(commands[0], Play)
    assert not commands[0].is_at_end
    assert room.show.scene is Scene.LISTENING


def test_a_visitors_work_without_a_picture_leads_back_to_the_gallery() -> None:
    room = Room()
    room.tell(Opened())
    room.finish_job()
    room.hear_next()
    heard = str(room.show.shown)
    room.tell(VisitorCame())
    room.tell(ArtworkFound("visitors"))
    assert room.fail_job(is_unreadable=True) == (ShowWork(heard, room.now_s), EnterScene(Scene.ATTRACT))
    room.tell(Ticked(), after_s=1.0)
    assert room.show.scene is Scene.LOOKING, "somebody is still there, but what they hold up is not asked for again"
    assert room.job is not None
    assert room.job.artwork_id == heard


def test_the_upcoming_work_that_a_visitor_holds_up_leads_back_as_well() -> None:
    room = Room()
    room.tell(Opened())
    upcoming = str(room.show.shown)
    room.tell(ArtworkFound(upcoming))
    room.fail_job(is_unreadable=True)
    assert room.show.scene is Scene.ATTRACT
    room.tell(Ticked(), after_s=1.0)
    assert room.job is not None
    assert room.job.artwork_id != upcoming


def test_another_piece_for_a_work_without_a_picture_is_not_asked_for_again() -> None:
    room = Room()
    room.tell(Opened())
    room.finish_job()
    room.hear_next()
    room.tell(AnotherWanted("a slow waltz"))
    assert room.fail_job(is_unreadable=True) == ()
    room.tell(Ticked(), after_s=1.0)
    assert room.job is not None
    assert room.job.continues == "clip-1", "the piece that is heard goes on"


def test_a_piece_that_is_lost_and_cannot_begin_anew_lets_the_gallery_go_on() -> None:
    room = Room()
    room.tell(Opened())
    listening(room, "visitors")
    room.fail_job(is_lost_piece=True)
    room.tell(Ticked(), after_s=CLIP_S)
    room.fail_job(is_unreadable=True)
    assert room.show.scene is Scene.ATTRACT
    for _ in range(100):
        room.tell(Ticked(), after_s=1.0)
        if room.job is not None and room.job.artwork_id in room.works:
            return
        if room.job is not None:
            room.fail_job(is_unreadable=True)
    raise AssertionError("the gallery does not go on")


def test_nobody_asks_for_another_piece_while_one_is_on_its_way() -> None:
    room = Room()
    room.tell(Opened())
    room.tell(VisitorCame())
    assert room.tell(AnotherWanted()) == ()
    room.tell(ArtworkFound("visitors"))
    assert room.tell(AnotherWanted()) == ()
    room.tell(Closed())
    assert room.tell(AnotherWanted()) == ()
