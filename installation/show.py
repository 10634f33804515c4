"""The show: which scene the room is in, what is heard next, and what is asked of the composer.

Events go in, commands come out, time is an argument; nothing here waits, plays or draws. `TABLE` at the
end of the file holds every transition. An event without a row for the scene is ignored, and so is
whatever is said about a job that is not the one in work: the result of a cancelled job comes to nothing.

What the show promises, whatever happens: at most one job is in work; while it is open there is always a
job in work, music ahead, or a time at which it tries again; it asks for silence only when it closes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from installation.cues import (
    AnotherWanted,
    Append,
    ArtworkFound,
    AudioRestarted,
    CameraLost,
    Cancel,
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
from installation.music import Music

MAX_FAILURES = 3
"""So many failed jobs in a row, and the show goes over to FAILSAFE."""

_LONGEST_PAUSE_S = 30.0
_LISTENING_AHEAD_S = 30.0


@dataclass(frozen=True, slots=True)
class _GotStuck:
    """Raised by the show itself: one job after the other fails."""


@dataclass(frozen=True, slots=True)
class _SoundsAlready:
    """Raised by the show itself: the work the camera has found is the one that is heard."""

    artwork_id: str


@dataclass(frozen=True, slots=True)
class _WasLeft:
    """Raised by the show itself: the visitor has been gone for a while."""


@dataclass(frozen=True, slots=True)
class _WasUnreadable:
    """Raised by the show itself: there is no picture in the file of the visitor's work."""


_Own = _GotStuck | _SoundsAlready | _WasLeft | _WasUnreadable


@dataclass(slots=True)
class _Visitor:
    """Who is there, whatever the scene: it is remembered while the room is closed or stuck."""

    is_here: bool = False
    left_at_s: float = 0.0
    seen: str | None = None  # the work last held up, until the visitor leaves
    work: str | None = None  # the one that is answered

    def notice(self, event: Event, now_s: float) -> None:
        match event:
            case VisitorCame():
                self.is_here = True
            case ArtworkFound(artwork_id):
                self.is_here, self.seen = True, artwork_id
            case VisitorLeft() | CameraLost() if self.is_here:
                self.is_here, self.seen, self.left_at_s = False, None, now_s


class Show:
    """The state of the show. One thread calls `handle`; everything else follows from the table."""

    def __init__(self, seconds_per_work: float, next_artwork: Callable[[], str | None], linger_s: float = 20.0) -> None:
        """Begin closed.

        Args:
            seconds_per_work: How long a work of the gallery stays, about.
            next_artwork: Draws the next work of the gallery; None when there is none.
            linger_s: So long the room stays with a visitor's work when the visitor has gone.
        """
        self.scene = Scene.CLOSED
        self.shown: str | None = None
        self.job: Compose | None = None
        self.seconds_per_work = seconds_per_work
        self._next_artwork = next_artwork
        self.linger_s = linger_s
        self._music = Music()
        self._visitor = _Visitor()
        self._upcoming: str | None = None
        self._is_asked = False  # for another piece for the work that is shown
        self._visitors_text: str | None = None
        self._shown_since_s = 0.0
        self._listening_since_s = 0.0
        self._num_jobs = 0
        self._num_failures = 0
        self._retry_at_s = 0.0
        self._raised: deque[Event | _Own] = deque()
        self._commands: list[Command] = []

    def handle(self, event: Event, now_s: float) -> tuple[Command, ...]:
        """Take in what happened; returns what is to be done about it, in order."""
        self._commands = []
        self._visitor.notice(event, now_s)
        self._raised.append(event)
        while self._raised:
            self._follow(self._seen_closely(self._raised.popleft()), now_s)
        if self.scene is not Scene.CLOSED:
            self._plan(now_s)
        return tuple(self._commands)

    def _seen_closely(self, event: Event | _Own) -> Event | _Own:
        """A work that is found while its music is heard needs no other."""
        chain = self._music.chain
        if isinstance(event, ArtworkFound) and chain and chain[0].artwork_id == event.artwork_id:
            return _SoundsAlready(event.artwork_id)
        return event

    def _follow(self, event: Event | _Own, now_s: float) -> None:
        transition = TABLE.get((self.scene, type(event)))
        if transition is None or self._is_stale(event):
            return
        before, self.scene = self.scene, transition.scene
        transition.action(self, event, now_s)
        if self.scene is not before:
            self._do(EnterScene(self.scene))

    def _is_stale(self, event: Event | _Own) -> bool:
        """Said about a job nobody waits for, or about the work the visitor is already being answered for."""
        if isinstance(event, ClipComposed | JobFailed):
            return self.job is None or event.job_id != self.job.job_id
        return isinstance(event, ArtworkFound | _SoundsAlready) and event.artwork_id == self._visitor.work

    def works_in_use(self) -> set[str]:
        """Every work that is shown, heard, in work or to come."""
        job = self.job.artwork_id if self.job is not None else None
        works = [
            self.shown,
            self._upcoming,
            self._visitor.work,
            self._visitor.seen,
            job,
            *(clip.artwork_id for clip in self._music.clips()),
        ]
        return {work for work in works if work is not None}

    def clips_in_use(self) -> set[str]:
        """Every clip that is heard, to come, or may still come to sound."""
        return {clip.clip_id for clip in self._music.clips()}

    # ------------------------------------------------------------ what the transitions do

    def _nothing(self, _event: Event, _now_s: float) -> None:
        pass

    def _open(self, _event: Event, now_s: float) -> None:
        self._do(Sound())
        self._upcoming = self._upcoming or self._next_artwork()
        if self._upcoming is not None:
            self._turn_to(self._upcoming, now_s)

    def _close(self, _event: Event, _now_s: float) -> None:
        self._drop_job()
        self._visitor.work = None
        self._do(Hush())

    def _look_up(self, _event: Ticked, _now_s: float) -> None:
        """Somebody was there before the show was ready for visitors."""
        if self._visitor.is_here:
            self._raised.append(VisitorCame())
            if self._visitor.seen is not None:
                self._raised.append(ArtworkFound(self._visitor.seen))

    def _seek(self, event: ArtworkFound, now_s: float) -> None:
        """A visitor's work: everything else can wait."""
        self._drop_job()
        self._visitor.work = event.artwork_id
        self._num_failures, self._retry_at_s = 0, now_s
        self._music.disarm()
        self._turn_to(event.artwork_id, now_s)

    def _ask_again(self, event: AnotherWanted, now_s: float) -> None:
        """Another piece for the work that is shown: everything else can wait."""
        self._drop_job()
        self._is_asked, self._visitors_text = self.shown is not None, event.text
        self._num_failures, self._retry_at_s = 0, now_s
        self._music.disarm()

    def _stay_with(self, event: _SoundsAlready, now_s: float) -> None:
        """What is heard goes on for as long as the visitor stays."""
        if self.job is not None and self.job.artwork_id != event.artwork_id:
            self._drop_job()
        self._visitor.work, self._listening_since_s = event.artwork_id, now_s
        self._music.disarm()
        self._turn_to(event.artwork_id, now_s)

    def _wait_for_visitor(self, _event: Ticked, now_s: float) -> None:
        gone_since_s = max(self._visitor.left_at_s, self._listening_since_s)
        if not self._visitor.is_here and now_s - gone_since_s >= self.linger_s:
            self._raised.append(_WasLeft())

    def _say_goodbye(self, _event: _WasLeft | _WasUnreadable, now_s: float) -> None:
        self._drop_job()
        self._visitor.work = self._visitor.seen = None
        if self._music.armed is None and self._music.chain:
            self._turn_to(self._music.chain[0].artwork_id, now_s)

    def _skip(self, _event: Event, now_s: float) -> None:
        """The music that was armed comes now; else what was planned makes way for another work."""
        self._visitor.work = self._visitor.seen = None
        music = self._music
        if music.armed is not None:
            music.arm(music.armed, now_s)
            self._do(Play(music.armed))
        else:
            self._drop_job()
            music.chain.clear()

    def _give_up(self, _event: _GotStuck, _now_s: float) -> None:
        self._visitor.work = self._visitor.seen = None
        self._is_asked = False

    def _take(self, event: ClipComposed, now_s: float) -> None:
        """Put a finished clip where it belongs."""
        music, clip, job = self._music, event.clip, self._end_job()
        self._num_failures = 0
        if music.chain and job.continues == music.chain[-1].clip_id:
            music.chain.append(clip)
            self._do(Append(clip))
            return
        self._upcoming = None
        begins_at_s = now_s if self._is_asked else max(now_s, music.end_s())
        self._is_asked = False
        music.arm(clip, begins_at_s)
        self._do(Play(clip, is_at_end=begins_at_s > now_s))

    def _answer(self, event: ClipComposed, now_s: float) -> None:
        """The visitor's music: now."""
        self._end_job()
        self._num_failures, self._is_asked, self._listening_since_s = 0, False, now_s
        self._music.arm(event.clip, now_s)
        self._do(Play(event.clip))

    def _try_again(self, event: JobFailed, now_s: float) -> None:
        job = self._end_job()
        is_drawn = job.continues is None and job.artwork_id == self._upcoming
        if job.continues is not None:
            self._music.can_continue = False
        else:
            self._upcoming = None
        if event.is_unreadable:
            self._is_asked = False
            if job.artwork_id == self._visitor.work:
                self._raised.append(_WasUnreadable())
        if not (event.is_lost_piece or (event.is_unreadable and is_drawn)):  # only of those is there always another
            self._pause(now_s)

    def _hear(self, event: ClipStarted, _now_s: float) -> None:
        music = self._music
        if music.begin(event.clip_id):
            music.work_since_s = event.begun_at_s
        elif not music.drop_before(event.clip_id):
            return
        music.begun_at_s = event.begun_at_s
        if self.scene is not Scene.COMPOSING:
            self._turn_to(music.chain[0].artwork_id, event.begun_at_s)

    def _do_without(self, event: ClipFailed, now_s: float) -> None:
        music = self._music
        ids = [clip.clip_id for clip in music.chain]
        if music.armed is not None and event.clip_id == music.armed.clip_id:
            music.armed = None
        elif event.clip_id in ids:
            del music.chain[ids.index(event.clip_id) :]
            music.can_continue = False
        else:
            return
        self._pause(now_s)

    def _resume(self, event: AudioRestarted, now_s: float) -> None:
        """Ask a new audio process for all that the old one was asked for."""
        music = self._music
        start_s = event.position_s if music.drop_before(event.clip_id) else 0.0
        for index, clip in enumerate(music.chain):
            self._do(Append(clip) if index else Play(clip, start_s=start_s))
        if music.chain:
            music.begun_at_s = now_s - start_s
        if music.armed is not None:
            music.arm(music.armed, max(now_s, music.end_s()))
            self._do(Play(music.armed, is_at_end=music.end_s() > now_s))

    def _leaf(self, _event: Ticked, now_s: float) -> None:
        """No music can be made: at least the pictures go by."""
        if now_s - self._shown_since_s >= self.seconds_per_work:
            artwork_id = self._next_artwork()
            if artwork_id is not None:
                self._turn_to(artwork_id, now_s)

    # ------------------------------------------------------------ what is composed next

    def _plan(self, now_s: float) -> None:
        music = self._music
        if music.armed is not None and now_s > music.armed_until_s:
            music.armed = None
        if self.job is not None or music.armed is not None or now_s < self._retry_at_s:
            return
        artwork_id, continues = self._wanted(now_s)
        if artwork_id is None:
            return
        self._num_jobs += 1
        text = self._visitors_text if continues is None and artwork_id == self.shown else None
        is_awaited = not self._is_asked and (self.scene is Scene.COMPOSING or not music.chain)
        self.job = Compose(f"job-{self._num_jobs}", artwork_id, continues, text, is_awaited)
        self._do(self.job)

    def _wanted(self, now_s: float) -> tuple[str | None, str | None]:
        """The work to compose for, and the clip to go on from."""
        music = self._music
        heard_until_s = max(music.end_s(), now_s)
        last = music.chain[-1] if music.chain else None
        continues = last.clip_id if last is not None and music.can_continue else None
        if self.scene is Scene.COMPOSING:
            return self._visitor.work, None
        if self._is_asked:
            return self.shown, None
        if self.scene is Scene.LISTENING:
            if last is None or last.artwork_id != self._visitor.work:
                return self._visitor.work, None
            is_due = heard_until_s - now_s < _LISTENING_AHEAD_S
            return (self._visitor.work if is_due else None), continues
        if last is not None:
            heard_s = heard_until_s - music.work_since_s
            if continues is not None and heard_s + last.length_s / 2 < self.seconds_per_work:
                return last.artwork_id, continues
            if continues is None and heard_s < self.seconds_per_work / 2:
                return last.artwork_id, None
        self._upcoming = self._upcoming or self._next_artwork()
        return self._upcoming, None

    # ------------------------------------------------------------ small things

    def _do(self, command: Command) -> None:
        self._commands.append(command)

    def _turn_to(self, artwork_id: str, at_s: float) -> None:
        if artwork_id != self.shown:
            self.shown, self._shown_since_s = artwork_id, at_s
            self._is_asked, self._visitors_text = False, None
            self._do(ShowWork(artwork_id, at_s))

    def _end_job(self) -> Compose:
        job, self.job = self.job, None
        assert job is not None, "_is_stale lets no result through without its job"
        return job

    def _drop_job(self) -> None:
        if self.job is not None:
            self._do(Cancel(self.job.job_id))
            self.job = None

    def _pause(self, now_s: float) -> None:
        self._retry_at_s = now_s + min(_LONGEST_PAUSE_S, 0.5 * 2.0**self._num_failures)
        self._num_failures = min(self._num_failures + 1, 16)
        if self._num_failures >= MAX_FAILURES:
            self._raised.append(_GotStuck())


# ---------------------------------------------------------------- the table


class Transition(NamedTuple):
    """Where an event leads, and what is done on the way."""

    scene: Scene
    action: Callable[[Show, Any, float], None]


def _table() -> dict[tuple[Scene, type], Transition]:
    open_scenes = (Scene.ATTRACT, Scene.LOOKING, Scene.COMPOSING, Scene.LISTENING, Scene.FAILSAFE)
    stay = None
    rows: list[tuple[Iterable[Scene], type, Scene | None, Callable[[Show, Any, float], None]]] = [
        # in                                   on               go to            and
        ([Scene.CLOSED],                       Opened,          Scene.ATTRACT,   Show._open),
        (open_scenes,                          Closed,          Scene.CLOSED,    Show._close),
        ([Scene.ATTRACT],                      Ticked,          stay,            Show._look_up),
        ([Scene.ATTRACT],                      VisitorCame,     Scene.LOOKING,   Show._nothing),
        ([Scene.LOOKING],                      VisitorLeft,     Scene.ATTRACT,   Show._nothing),
        ([Scene.ATTRACT, Scene.LOOKING],       Skipped,         stay,            Show._skip),
        ([Scene.COMPOSING, Scene.LISTENING],   Skipped,         Scene.ATTRACT,   Show._skip),
        ([Scene.LOOKING],                      CameraLost,      Scene.ATTRACT,   Show._nothing),
        (open_scenes,                          ArtworkFound,    Scene.COMPOSING, Show._seek),
        (open_scenes,                          _SoundsAlready,  Scene.LISTENING, Show._stay_with),
        ([Scene.LISTENING],                    Ticked,          stay,            Show._wait_for_visitor),
        ([Scene.LISTENING],                    _WasLeft,        Scene.ATTRACT,   Show._say_goodbye),
        ([Scene.COMPOSING, Scene.LISTENING],   _WasUnreadable,  Scene.ATTRACT,   Show._say_goodbye),
        ([Scene.ATTRACT],                      AnotherWanted,   stay,            Show._ask_again),
        ([Scene.LISTENING],                    AnotherWanted,   Scene.COMPOSING, Show._ask_again),
        ([Scene.ATTRACT, Scene.LOOKING],       ClipComposed,    stay,            Show._take),
        ([Scene.COMPOSING],                    ClipComposed,    Scene.LISTENING, Show._answer),
        ([Scene.LISTENING],                    ClipComposed,    stay,            Show._take),
        ([Scene.FAILSAFE],                     ClipComposed,    Scene.ATTRACT,   Show._take),
        (open_scenes,                          JobFailed,       stay,            Show._try_again),
        (open_scenes,                          ClipFailed,      stay,            Show._do_without),
        (open_scenes,                          _GotStuck,       Scene.FAILSAFE,  Show._give_up),
        ([Scene.FAILSAFE],                     Ticked,          stay,            Show._leaf),
        (list(Scene),                          ClipStarted,     stay,            Show._hear),
        (list(Scene),                          AudioRestarted,  stay,            Show._resume),
    ]  # fmt: skip
    return {
        (scene, event): Transition(scene if target is None else target, action)
        for scenes, event, target, action in rows
        for scene in scenes
    }


TABLE = _table()
"""Every transition: (scene, event) -> where to, and what is done on the way."""
