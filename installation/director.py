"""The director: the loop in the middle, which holds the show and every child together.

It is light (no torch, no Qt, no numpy) and never waits for a child. What happened goes to the show as events;
what the show wants done goes to the children as messages.
"""

from __future__ import annotations

import logging
import os
import random
import time
from collections import ChainMap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from installation import cues, messages, show
from installation.admin import Door, PinFile
from installation.config import ConfigError, KioskConfig
from installation.interruption import Interruption
from installation.jobs import JobDesk, Order, Outcome
from installation.labels import Work
from installation.library import Library
from installation.places import corners_path, library_dir, pin_path, summary_path
from installation.playlist import Playlist
from installation.reload import as_far_as_possible
from installation.screen_desk import ScreenDesk
from installation.sound_desk import SoundDesk
from installation.staff import StaffDesk
from installation.status import Watch, prometheus_text
from installation.summary import Tally, print_summary, summarise, write_summary
from installation.supervisor import ChildPlan, Lost, Replaced, Said, Supervisor, memory_mb
from installation.take_home import TakeHomeDesk
from installation.timers import Timers
from installation.understudy import Understudy
from installation.upkeep import Upkeep
from installation.visitors import Visitors
from installation.volume import VolumeKnob
from installation.works import BUNDLED_GALLERY, Gallery

LEAVE_WITHIN_S = 1.0
TICK_S = 0.2
NUM_CUED_AGAIN = 8
"""Clips whose notes a new ui process is told: those that may be heard."""
NEWS_EVERY_S = 1.0
TRIM_EVERY_S = 60.0
MEASURE_EVERY_S = 5.0
STAFF_EVERY_S = 1.0
METRICS_EVERY_S = 15.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the command line says beside the configuration.

    Attributes:
        started_at_s: When the program started, monotonic.
        run_for_s: Leave after so long; None stays.
        record_path: A WAV file of what the speakers are given, or None.
        composer: What composes, as "package.module:function"; it keeps the contract of `messages`.
        read_config: Reads the configuration anew, when SIGHUP asks for it; raises ConfigError.
    """

    started_at_s: float
    run_for_s: float | None = None
    record_path: Path | None = None
    composer: str = "installation.composer:main"
    read_config: Callable[[], KioskConfig] | None = None


class Director:
    """The loop in the middle. Everything in it runs on one thread."""

    def __init__(
        self,
        config: KioskConfig,
        options: RunOptions,
        plan: Callable[[KioskConfig], Sequence[ChildPlan]],
        supervise: Callable[[Sequence[ChildPlan], float], Supervisor] = Supervisor,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start the children first, then look at the gallery and the library while they wake up.

        Args:
            config: The curator's.
            options: The technician's.
            plan: Which children a configuration asks for.
            supervise: Starts them.
            clock: Tells the seconds.
        """
        self._clock = clock
        self._config = self._began_with = config
        self._options = options
        self._plan = plan
        self._tally = Tally(options.started_at_s)
        plans = plan(config)
        self._supervisor = supervise(plans, clock())
        self._understudy = Understudy(self._supervisor, plans)
        self._random = random.Random(config.sampling.seed)
        self._gallery = Gallery(config.gallery.folder or BUNDLED_GALLERY)
        self._gallery.watch(config.gallery.scan_every_s)
        self._visitors = Visitors(
            partial(self._supervisor.send, "camera"),
            partial(self._supervisor.offer, "ui"),
            corners_path(),
            lambda: self._show.works_in_use(),
            config.camera.keep_artworks,
        )
        self._visitors.know(self._gallery.works)
        # A work that has left the gallery may still be heard.
        self._seen_works: dict[str, Work] = dict(self._gallery.works)
        self._works: Mapping[str, Work] = ChainMap(self._visitors.works, self._seen_works)
        self._playlist = Playlist(self._gallery.works, self._random if config.gallery.order == "shuffled" else None)
        self._library = Library(
            config.library.folder or library_dir(), config.library.max_bytes, config.library.max_age_s
        )
        self._jobs = JobDesk(
            self._library,
            partial(self._supervisor.send, "composer"),
            config.composer.patience_s,
            config.sampling.prompt,
            is_replaying=config.library.replay == "at once",
        )
        self._take_home = TakeHomeDesk(
            partial(self._supervisor.send, "web"), config.web.valid_for_s, config.web.address
        )
        self._show = show.Show(config.show.seconds_per_work, self._playlist.next, config.show.linger_s)
        self._sound = SoundDesk(partial(self._supervisor.send, "audio"), self._tally, self._show.clips_in_use)
        self._screen = ScreenDesk(partial(self._supervisor.send, "ui"), partial(self._supervisor.offer, "ui"))
        self._is_leaving = False
        self._knob = VolumeKnob(config.audio.volume, partial(self._supervisor.send, "audio"), config.audio.gain_db)
        self._watch = Watch(self._tally, self._supervisor, self._library)
        self._upkeep = Upkeep(config.hours, self._supervisor, self._watch, self._knob)
        self._staff = StaffDesk(
            Door(PinFile(pin_path())), corners_path(), self._supervisor, self._knob, self._tell_show
        )

    def run(self, interruption: Interruption) -> None:
        """Stay until it is time to leave, then leave cleanly."""
        _log.info("%d works, model %s; Ctrl+C ends the show", len(self._gallery.works), self._config.model)
        timers = Timers(
            {
                "gallery": NEWS_EVERY_S,
                "trim": TRIM_EVERY_S,
                "measure": MEASURE_EVERY_S,
                "staff": STAFF_EVERY_S,
                "metrics": METRICS_EVERY_S,
            },
            self._clock(),
        )
        try:
            self._knob.send()
            self._keep_up(self._clock())
            while not (interruption.has_come or self._is_leaving or self._is_over()):
                for news in self._supervisor.wait(TICK_S):
                    self._take(news)
                self._look_around(timers, self._clock())
                if interruption.take_hangup():
                    self._read_config()
        finally:
            memory = {"director": memory_mb(os.getpid(), at_peak=True), **self._supervisor.measure_memory()}
            ended_at_s = self._clock()
            self._upkeep.close()
            self._gallery.close()
            self._supervisor.close(LEAVE_WITHIN_S)
        restarts = {name: self._supervisor.num_deaths(name) for name in self._supervisor.names}
        summary = summarise(self._tally, memory, restarts, ended_at_s)
        if self._options.run_for_s is not None:
            print_summary(summary)
        try:
            write_summary(summary, summary_path())
        except OSError as error:
            _log.warning("no summary written: %s", error)
        _log.info("left after %.1f s", ended_at_s - self._options.started_at_s)

    def _is_over(self) -> bool:
        run_for_s = self._options.run_for_s
        return run_for_s is not None and self._clock() - self._options.started_at_s >= run_for_s

    def _look_around(self, timers: Timers, now_s: float) -> None:
        """What is done now and then, whether or not something happened."""
        if timers.is_due("gallery", now_s) and self._gallery.take_news():
            self._rehang()
        if timers.is_due("trim", now_s):
            self._library.trim(in_use={*self._sound.clips, *self._take_home.promised()})
        if timers.is_due("measure", now_s):
            self._supervisor.measure_memory()
        if timers.is_due("staff", now_s) and self._staff.is_open:
            self._show_staff()
        if self._config.web.metrics and "web" in self._supervisor.names and timers.is_due("metrics", now_s):
            self._supervisor.send("web", messages.ShowMetrics(prometheus_text(self._status())))
        self._keep_up(now_s)
        self._understudy.look_around(self._jobs.is_composer_busy, now_s)
        self._settle(self._jobs.look_after(now_s))
        self._screen.look_after()
        self._tell_show(cues.Ticked())

    def _keep_up(self, now_s: float) -> None:
        """Open, close, and whatever else is done by itself."""
        for event in self._upkeep.look_around(self._show.scene, now_s, _now()):
            self._tell_show(event)

    def _show_staff(self) -> None:
        self._staff.show(self._status())

    def _status(self) -> messages.Status:
        return self._watch.status(self._show.scene.value, self._clock(), _now())

    def _read_config(self) -> None:
        """Take a configuration that has no mistakes.

        What concerns show, hours and volume counts now; what concerns a part, when it starts again; what `reload`
        names, not before the kiosk itself does.
        """
        if self._options.read_config is None:
            return
        try:
            config = self._options.read_config()
        except ConfigError as error:
            for mistake in error.mistakes:
                _log.error("the configuration is not taken: %s", mistake)
            return
        config, waiting = as_far_as_possible(config, self._began_with)
        if waiting:
            _log.warning("not before the kiosk's next start: %s", ", ".join(waiting))
        self._config = config
        self._show.seconds_per_work, self._show.linger_s = config.show.seconds_per_work, config.show.linger_s
        plans = self._plan(config)
        self._understudy.wish(plans)
        self._supervisor.change_plans(plans)
        self._knob.want(config.audio.volume)
        self._knob.tune(config.audio.gain_db)
        self._upkeep.keep(config.hours)
        _log.info("the configuration is taken; what concerns a part itself counts from its next start")

    def _rehang(self) -> None:
        """Go on with the works that are there, and with those that are gone for as long as they are in use."""
        in_use = self._show.works_in_use() | {clip.artwork_id for clip in self._sound.clips.values()}
        for name in self._seen_works.keys() - in_use:
            del self._seen_works[name]
        self._seen_works.update(self._gallery.works)
        self._playlist.replace(self._gallery.works)
        self._visitors.know(self._gallery.works)
        if self._screen.shown is not None and self._screen.shown.artwork_id in self._works:
            self._screen.correct(self._works[self._screen.shown.artwork_id])
        _log.info("the gallery has changed: %d works", len(self._gallery.works))

    # ------------------------------------------------------------ what happened

    def _take(self, news: Said | Lost | Replaced) -> None:
        if isinstance(news, Said):
            self._upkeep.hear(news.message, self._clock())
        match news:
            case Said("audio", message):
                self._hear_audio(message)
            case Said("composer", message):
                self._hear_composer(message)
            case Said("ui", message):
                self._hear_ui(message)
            case Said("camera", messages.MarkersFound() as found):
                self._staff.take_markers(found)
            case Said("camera", message):
                self._supervisor.note_work("camera")
                self._tell_show(self._visitors.take(message, self._clock()))
            case Said("web", message):
                self._hear_web(message)
            case Lost("audio"):
                self._sound.audio_went(self._clock())
            case Lost("ui"):
                self._tally.close_ui_life()
                self._staff.leave()
            case Lost("web"):
                self._take_home.web_went()
            case Lost("composer"):
                self._understudy.composer_went(self._clock())
                self._settle(self._jobs.composer_went(self._clock()))
            case Lost("camera"):
                self._tell_show(self._visitors.camera_went(self._clock()))
            case Replaced("composer"):
                self._jobs.prompt = self._config.sampling.prompt  # as it was started with
            case Replaced("audio"):
                self._knob.send()
                self._tell_show(self._sound.audio_came_again())
            case Replaced("ui"):
                self._screen.ui_came_again(list(self._sound.clips.values())[-NUM_CUED_AGAIN:], self._clock())
                self._visitors.tell_ui_again()

    def _hear_audio(self, message: messages.FromAudio) -> None:
        match message:
            case messages.AudioReady():
                self._jobs.sample_rate = self._config.audio.sample_rate or message.sample_rate
                _log.info("sound: %s, %d Hz", message.device, message.sample_rate)
            case messages.ClipStarted(clip_id, heard_at_s):
                self._tell_show(self._sound.clip_started(clip_id, heard_at_s))
                self._offer(clip_id)
            case messages.ClipFailed(clip_id):
                self._library.discard(clip_id)  # or it would be handed out again and again
                self._tell_show(cues.ClipFailed(clip_id))
            case messages.AudioHeartbeat():
                self._supervisor.note_work("audio")
                self._sound.beat(message, self._clock())

    def _hear_composer(self, message: messages.FromComposer) -> None:
        self._supervisor.note_work("composer")
        match message:
            case messages.ComposerReady():
                _log.info("composer: %s loaded in %.1f s", message.model, message.load_s)
                self._understudy.composer_came(message.model, self._clock())
                self._jobs.composer_came(message.recipe)
                self._settle(self._jobs.look_after(self._clock()))
            case messages.ComposeProgress():
                self._screen.tell_progress(message)
            case messages.ClipReady():
                self._tally.count_clip(message)
                self._understudy.clip_made()
                self._settle(self._jobs.take(message))
            case messages.ComposeFailed():
                if not message.is_lost_piece:
                    _log.warning("no music: %s", message.reason)
                job = self._show.job
                if message.is_unreadable and job is not None and job.job_id == message.job_id:
                    self._gallery.reject(job.artwork_id)
                    self._playlist.replace(self._gallery.works)
                self._settle(self._jobs.take(message))

    def _hear_ui(self, message: messages.FromUi) -> None:
        match message:
            case messages.UiReady():
                self._supervisor.note_work("ui")
                _log.info("screen: %d x %d, %s", message.width, message.height, message.platform)
            case messages.UiHeartbeat():
                self._supervisor.note_work("ui")
                self._tally.count_frames(message)
            case messages.QuitRequested():
                self._is_leaving = True
            case messages.AnotherPiece():
                self._tell_show(cues.AnotherWanted())
            case messages.OwnText(text):
                self._tell_show(cues.AnotherWanted(text))
            case messages.SetVolumeWanted(volume):
                visitor = self._config.visitor
                self._knob.want(min(visitor.loudest, max(visitor.quietest, volume)))
            case _:
                if self._staff.hear(message, self._clock()):
                    self._show_staff()

    def _hear_web(self, message: messages.FromWeb) -> None:
        self._supervisor.note_work("web")
        if isinstance(message, messages.WebReady):
            _log.info("web: port %d", message.port)
            self._take_home.web_came(message.port, self._clock())

    def _offer(self, clip_id: str) -> None:
        """The clip that is heard can be taken home, if there is a web process."""
        clip = self._sound.clips.get(clip_id)
        if clip is None or clip.artwork_id not in self._works:
            return
        offer = self._take_home.offer(clip, self._works[clip.artwork_id].label, self._clock())
        if offer is not None:
            self._screen.offer(offer)

    def _settle(self, outcome: Outcome | None) -> None:
        """Tell the show how a job ended; while one is in work, work is expected of the composer."""
        self._supervisor.allow_idling("composer", not self._jobs.is_composer_busy)
        if outcome is not None:
            if outcome.clip is not None:
                self._sound.remember(outcome.clip)
                self._tally.num_from_library += outcome.is_from_library
            self._tell_show(outcome.event)

    # ------------------------------------------------------------ what is to be done

    def _tell_show(self, event: cues.Event | None) -> None:
        if event is not None:
            for command in self._show.handle(event, self._clock()):
                self._obey(command)

    def _obey(self, command: cues.Command) -> None:
        match command:
            case cues.Compose():
                asked = self._works[command.artwork_id]
                order = Order.of(command, asked.path, self._random.getrandbits(32), asked.label)
                self._settle(self._jobs.submit(order, self._clock()))
            case cues.Cancel(job_id):
                self._jobs.cancel(job_id)
            case cues.Play():
                self._screen.cue(self._sound.play(command, self._config.show.crossfade_s))
            case cues.Append():
                self._screen.cue(self._sound.append(command))
            case cues.ShowWork(artwork_id, start_at_s):
                self._turn_to(self._works[artwork_id], start_at_s)
            case cues.EnterScene(scene):
                shown = self._screen.shown
                _log.info("scene: %s%s", scene, f", {shown.artwork_id} ({shown.label.title})" if shown else "")
                self._screen.enter(scene)
            case cues.Sound() | cues.Hush():
                self._knob.hush(isinstance(command, cues.Hush))
                self._sound.hush(isinstance(command, cues.Hush), self._clock())

    def _turn_to(self, work: Work, start_at_s: float) -> None:
        self._screen.turn_to(work, self._config.show.crossfade_s, start_at_s)
        self._tally.note_work(work.artwork_id, start_at_s)
        _log.info("showing %s", work.label.title)


def _now() -> datetime:
    return datetime.now(UTC).astimezone()
