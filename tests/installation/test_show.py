"""What the show promises, in every order of events up to a depth, and in long random days."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.cues import (
    AnotherWanted,
    Append,
    ArtworkFound,
    AudioRestarted,
    CameraLost,
    Cancel,
    Clip,
    ClipComposed,
    ClipFailed,
    ClipStarted,
    Closed,
    Command,
    Compose,
    EnterScene,
    Event,
    Hush,
    JobFailed,
    Opened,
    Play,
    Scene,
    ShowWork,
    Skipped,
    Sound,
    Ticked,
    VisitorCame,
    VisitorLeft,
)
from installation.show import TABLE, Show

SECONDS_PER_WORK = 30.0
LINGER_S = 15.0
CLIP_S = 10.0


class Room:
    """A show with everything around it that answers: composer, loudspeaker, clock. Checks every promise."""

    def __init__(self, works: int = 3) -> None:
        self.works = [f"work-{number}" for number in range(works)]
        self._next_work = 0
        self.show = Show(SECONDS_PER_WORK, self._draw, LINGER_S)
        self.now_s = 100.0
        self.job: Compose | None = None
        self.old_jobs: list[Compose] = []
        self.num_clips = 0
        self.sounding: Clip | None = None
        self.cued: list[Clip] = []
        self.is_hushed = True
        self.scene = Scene.CLOSED
        self.shown: list[str] = []
        self.composed: list[Clip] = []

    def __deepcopy__(self, memo: dict[int, object]) -> "Room":
        twin = Room.__new__(Room)
        memo[id(self)] = twin
        for name, value in vars(self).items():
            setattr(twin, name, copy.deepcopy(value, memo) if name != "show" else None)
        twin.show = copy.copy(self.show)
        twin.show._music = copy.deepcopy(self.show._music)
        twin.show._visitor = copy.copy(self.show._visitor)
        twin.show._next_artwork = twin._draw
        return twin

    def _draw(self) -> str | None:
        if not self.works:
            return None
        self._next_work += 1
        return self.works[self._next_work % len(self.works)]

    def tell(self, event: Event, after_s: float = 0.0) -> tuple[Command, ...]:
        self.now_s += after_s
        commands = self.show.handle(event, self.now_s)
        for command in commands:
            self._obey(command, event)
        self._check()
        return commands

    def _obey(self, command: Command, event: Event) -> None:
        match command:
            case Compose():
                assert self.job is None, "two jobs at once"
                assert self.scene is not Scene.CLOSED
                self.job = command
            case Cancel(job_id):
                assert self.job is not None
                assert self.job.job_id == job_id
                self.old_jobs.append(self.job)
                self.job = None
            case Play(clip, is_at_end):
                assert clip in self.composed
                self.cued = [*(self.cued if is_at_end else []), clip]
            case Append(clip):
                assert clip in self.composed
                self.cued.append(clip)
            case ShowWork(artwork_id):
                assert not self.shown or self.shown[-1] != artwork_id
                self.shown.append(artwork_id)
            case EnterScene(scene):
                assert scene is not self.scene
                self.scene = scene
            case Hush():
                assert isinstance(event, Closed)
                self.is_hushed = True
            case Sound():
                assert isinstance(event, Opened)
                self.is_hushed = False

    def _check(self) -> None:
        assert self.scene is self.show.scene
        assert self.is_hushed == (self.scene is Scene.CLOSED)
        assert self.job == self.show.job
        if self.scene is Scene.CLOSED:
            assert self.job is None
        elif self.works:
            is_at_work = self.job is not None
            has_music_ahead = self.show._music.armed is not None or self.show._music.end_s() > self.now_s
            tries_again = self.show._retry_at_s > self.now_s
            assert is_at_work or has_music_ahead or tries_again, "nothing will ever happen again"

    def finish_job(self) -> tuple[Command, ...]:
        assert self.job is not None
        job, self.job = self.job, None
        self.num_clips += 1
        clip = Clip(f"clip-{self.num_clips}", job.artwork_id, CLIP_S)
        self.composed.append(clip)
        return self.tell(ClipComposed(job.job_id, clip))

    def fail_job(self, is_lost_piece: bool = False) -> tuple[Command, ...]:
        assert self.job is not None
        job, self.job = self.job, None
        return self.tell(JobFailed(job.job_id, is_lost_piece))

    def hear_next(self) -> tuple[Command, ...]:
        """The loudspeaker comes to the next clip it was given."""
        self.sounding = self.cued.pop(0)
        return self.tell(ClipStarted(self.sounding.clip_id, self.now_s))


def moves(room: Room) -> list[str]:
    """Everything that can happen next, by name."""
    names = [
        "opened",
        "closed",
        "ticked",
        "came",
        "left",
        "lost",
        "found-a",
        "found-b",
        "another",
        "late",
        "unknown",
        "restart",
        "later",
    ]
    names += ["skip"]
    if room.job is not None:
        names += ["finish", "fail", "lose"]
    if room.cued:
        names += ["hear", "unplayable"]
    return names


def make(room: Room, name: str) -> None:
    match name:
        case "opened":
            room.tell(Opened())
        case "closed":
            room.tell(Closed())
        case "ticked":
            room.tell(Ticked(), after_s=1.0)
        case "skip":
            room.tell(Skipped())
        case "later":
            room.tell(Ticked(), after_s=60.0)
        case "came":
            room.tell(VisitorCame())
        case "left":
            room.tell(VisitorLeft())
        case "lost":
            room.tell(CameraLost())
        case "found-a":
            room.tell(ArtworkFound("visitors-a"))
        case "found-b":
            room.tell(ArtworkFound("visitors-b"))
        case "another":
            room.tell(AnotherWanted("a waltz"))
        case "late":
            for job in room.old_jobs:
                stray = Clip("stray", job.artwork_id, CLIP_S)
                assert not any(
                    isinstance(command, Play | Append) for command in room.tell(ClipComposed(job.job_id, stray))
                )
        case "unknown":
            room.tell(JobFailed("never heard of"))
            room.tell(ClipStarted("never heard of", room.now_s))
            room.tell(ClipFailed("never heard of"))
        case "restart":
            room.tell(AudioRestarted(room.sounding.clip_id if room.sounding else "bed", 3.0))
        case "finish":
            room.finish_job()
        case "fail":
            room.fail_job()
        case "lose":
            room.fail_job(is_lost_piece=True)
        case "hear":
            room.hear_next()
        case "unplayable":
            room.tell(ClipFailed(room.cued.pop().clip_id))


def test_every_order_of_five_events_keeps_the_promises() -> None:
    level = [Room()]
    num_orders = 0
    for _depth in range(5):
        next_level: dict[object, Room] = {}
        for room in level:
            for name in moves(room):
                twin = copy.deepcopy(room)
                make(twin, name)
                num_orders += 1
                next_level.setdefault(_fingerprint(twin), twin)
        level = list(next_level.values())
    assert num_orders > 2000


def _fingerprint(room: Room) -> object:
    """Rooms that look alike from now on; without it the orders would be too many."""
    show = room.show
    return (
        show.scene,
        show.shown,
        repr(show.job),
        repr(show._music),
        repr(show._visitor),
        (show._is_asked, show._visitors_text),
        show._upcoming,
        show._num_failures,
        show._retry_at_s - room.now_s,
        tuple(room.cued),
        room.sounding,
    )


@given(st.lists(st.integers(min_value=0, max_value=10_000), max_size=150))
def test_long_days_keep_the_promises(choices: list[int]) -> None:
    room = Room()
    room.tell(Opened())
    for choice in choices:
        names = moves(room)
        make(room, names[choice % len(names)])
    room.tell(Opened())
    room.tell(Ticked(), after_s=120.0)
    assert room.job is not None, "however the day went, there is something to compose"
    assert any(isinstance(command, Play | Append) for command in room.finish_job()), "and it will be heard"


@given(st.integers(min_value=0, max_value=3))
def test_a_gallery_without_works_stays_calm(num_ticks: int) -> None:
    room = Room(works=0)
    room.tell(Opened())
    for _ in range(num_ticks):
        assert room.tell(Ticked(), after_s=60) == ()


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


def listening(room: Room, artwork_id: str) -> None:
    """Somebody comes, holds a work up, and its music is heard."""
    room.tell(VisitorCame())
    room.tell(ArtworkFound(artwork_id))
    room.finish_job()
    room.hear_next()
    assert room.show.scene is Scene.LISTENING


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
    room = Room()
    room.tell(Opened())
    room.finish_job()
    room.hear_next()
    while room.job is not None:
        room.finish_job()
    armed = room.show._music.armed
    assert armed is not None
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
    room = Room()
    room.tell(Opened())
    room.finish_job()
    room.hear_next()
    while room.job is not None:
        room.finish_job()
    armed = room.show._music.armed
    assert armed is not None
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


def test_skipping_takes_leave_of_a_visitor() -> None:
    room = Room()
    room.tell(Opened())
    room.tell(ArtworkFound("a"))
    room.tell(Skipped())
    assert room.scene is Scene.ATTRACT
    assert room.job is not None
    assert room.job.artwork_id != "a"


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


def test_nobody_asks_for_another_piece_while_one_is_on_its_way() -> None:
    room = Room()
    room.tell(Opened())
    room.tell(VisitorCame())
    assert room.tell(AnotherWanted()) == ()
    room.tell(ArtworkFound("visitors"))
    assert room.tell(AnotherWanted()) == ()
    room.tell(Closed())
    assert room.tell(AnotherWanted()) == ()
