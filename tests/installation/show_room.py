"""A show, and a room around it that answers and checks every promise the show makes."""

import copy

from installation.cues import (
    Append,
    ArtworkFound,
    Cancel,
    Clip,
    ClipComposed,
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
    Sound,
    VisitorCame,
)
from installation.show import Show

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

    def fail_job(self, is_lost_piece: bool = False, is_unreadable: bool = False) -> tuple[Command, ...]:
        """A work that is unreadable is not drawn again."""
        assert self.job is not None
        job, self.job = self.job, None
        if is_unreadable and job.artwork_id in self.works:
            self.works.remove(job.artwork_id)
        commands = self.tell(JobFailed(job.job_id, is_lost_piece, is_unreadable))
        again = [new for new in commands if isinstance(new, Compose) and new.artwork_id == job.artwork_id]
        assert not is_unreadable or all(new.continues for new in again), "asked again at once for what is not there"
        return commands

    def hear_next(self) -> tuple[Command, ...]:
        """The loudspeaker comes to the next clip it was given."""
        self.sounding = self.cued.pop(0)
        return self.tell(ClipStarted(self.sounding.clip_id, self.now_s))


def listening(room: Room, artwork_id: str) -> None:
    """Somebody comes, holds a work up, and its music is heard."""
    room.tell(VisitorCame())
    room.tell(ArtworkFound(artwork_id))
    room.finish_job()
    room.hear_next()
    assert room.show.scene is Scene.LISTENING


def with_music_armed() -> tuple[Room, Clip]:
    """A work of the gallery is heard, and all the music to come is there; the last of it begins the next work."""
    room = Room()
    room.tell(Opened())
    room.finish_job()
    room.hear_next()
    while room.job is not None:
        room.finish_job()
    armed = room.show._music.armed
    assert armed is not None
    return room, armed
