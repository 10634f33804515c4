"""The feed, and how devices come and go; the devices here are tiny but real threads."""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from installation.audio import BLOCK_FRAMES
from installation.audio.devices import NoSoundError
from installation.audio.output import RISE_S, Device, Feed, Output, SilentDevice
from installation.audio.ring import Ring
from tests.installation.audio.sounds import RATE, tone

pytestmark = pytest.mark.alone


def test_feed_pads_and_counts_and_passes_everything_on() -> None:
    ring, recording = Ring.in_process(4096), Ring.in_process(8192)
    feed = Feed(ring, RATE, recording)
    samples = tone(1500 / RATE)
    ring.write(samples)
    feed.take("device")
    out = np.full((BLOCK_FRAMES, 2), np.nan, np.float32)
    feed.fill("device", out, 10.0, 0.2)
    rise = np.linspace(0, 1, round(RISE_S * RATE), dtype=np.float32)[:1500, None]
    np.testing.assert_array_equal(out, (samples * rise)[:BLOCK_FRAMES])
    assert feed.clock == (0, 10.2, 10.0)
    feed.fill("device", out, 10.1, 0.2)
    np.testing.assert_array_equal(out[: 1500 - BLOCK_FRAMES], (samples * rise)[BLOCK_FRAMES:])
    assert not out[1500 - BLOCK_FRAMES :].any()
    assert (feed.num_played, feed.num_underruns, feed.padded_frames) == (2048, 1, 2048 - 1500)
    given = recording.past(2048, 2048)
    np.testing.assert_array_equal(given[:1500], samples * rise)
    assert not given[1500:].any()


def test_samples_are_for_the_device_that_took_the_feed_last() -> None:
    ring = Ring.in_process(8192)
    ring.write(tone(8192 / RATE))
    feed = Feed(ring, RATE)
    feed.take("lost")
    feed.take("present")
    out = np.full((BLOCK_FRAMES, 2), np.nan, np.float32)
    feed.fill("lost", out, 10.0, 0.2)
    assert not out.any()
    assert (feed.num_played, ring.num_read, feed.clock) == (0, 0, None)
    feed.fill("present", out, 10.0, 0.2)
    assert out.any()
    assert (feed.num_played, ring.num_read) == (BLOCK_FRAMES, BLOCK_FRAMES)


def test_missing_portaudio_names_the_package() -> None:
    """On a machine without the library, as far as Python can see."""
    program = """
import ctypes.util
ctypes.util.find_library = lambda name: None
from installation.audio.devices import NoSoundError, choose
try:
    choose([])
except NoSoundError as error:
    print(error)
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert "install the package libportaudio2" in said.stdout
    assert said.stdout.count("\n") == 1


def heard_until_released(feed: Feed) -> np.ndarray:
    blocks = []
    while not feed.is_released.is_set():
        blocks.append(np.empty((BLOCK_FRAMES, 2), np.float32))
        feed.fill("device", blocks[-1], 0.0, 0.0)
    return np.concatenate(blocks)[:, 0]


def test_release_fades_to_silence_and_a_rise_brings_the_sound_back() -> None:
    ring = Ring.in_process(1 << 16)
    ring.write(np.ones((1 << 16, 2), np.float32))
    feed = Feed(ring, RATE)
    feed.take("device")
    feed.release()
    out = heard_until_released(feed)
    assert (out[0], out[-1]) == (1.0, 0.0)
    assert np.diff(out).max() <= 0
    assert np.abs(np.diff(out)).max() < 1e-3
    assert len(out) / RATE < 0.15
    feed.take("device")
    assert not feed.is_released.is_set()
    block = np.empty((round(RISE_S * RATE) + 10, 2), np.float32)
    feed.fill("device", block, 0.0, 0.0)
    assert (block[0, 0], block[-1, 0]) == (0.0, 1.0)
    assert np.abs(np.diff(block[:, 0])).max() < 1e-3
    feed.fill("device", block, 0.0, 0.0)
    assert np.all(block[:100] == 1.0)


class Loudspeaker(SilentDevice):
    """A device that can be unplugged."""

    name = "loudspeaker"
    latency_s = 0.1

    def __init__(self, feed: Feed) -> None:
        super().__init__(feed, RATE)
        self._unplugged = threading.Event()

    @property
    def is_lost(self) -> bool:
        return self._unplugged.is_set()

    def unplug(self) -> None:
        self.stop()
        self._unplugged.set()


@pytest.fixture
def feed() -> Feed:
    return Feed(Ring.in_process(1024), RATE)


def test_lost_loudspeakers_are_replaced_at_once_and_reopened(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Output, "PAUSE_S", 0.05)
    announced: queue.SimpleQueue[tuple[Device, str]] = queue.SimpleQueue()
    is_plugged = threading.Event()
    is_plugged.set()
    attempts = []

    def open_speakers() -> Device:
        attempts.append(is_plugged.is_set())
        if not is_plugged.is_set():
            raise NoSoundError("not plugged in")
        return Loudspeaker(feed)

    output = Output(open_speakers, feed, RATE, lambda device, reason: announced.put((device, reason)))
    output.start()
    first, reason = announced.get(timeout=5)
    assert isinstance(first, Loudspeaker)
    assert reason == ""
    is_plugged.clear()
    first.unplug()
    silent, reason = announced.get(timeout=5)
    assert isinstance(silent, SilentDevice)
    assert "loudspeaker is gone" in reason
    num_played = feed.num_played
    while attempts.count(False) < 2:
        assert feed.is_released.wait(0.01) is False
    assert feed.num_played > num_played  # time went on
    is_plugged.set()
    again, _ = announced.get(timeout=5)
    assert isinstance(again, Loudspeaker)
    output.stop()


def test_dearer_loudspeakers_take_over_when_they_come(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Output, "PAUSE_S", 0.05)
    monkeypatch.setattr(Output, "WISH_EVERY_S", 0.05)
    announced: queue.SimpleQueue[tuple[Device, str]] = queue.SimpleQueue()
    has_come = threading.Event()

    def open_speakers() -> Device:
        speakers = Loudspeaker(feed)
        speakers.rank = 0 if has_come.is_set() else 1
        return speakers

    output = Output(
        open_speakers, feed, RATE, lambda device, reason: announced.put((device, reason)), lambda _: has_come.is_set()
    )
    output.start()
    assert announced.get(timeout=5)[0].rank == 1
    has_come.set()
    between, reason = announced.get(timeout=5)
    assert isinstance(between, SilentDevice)
    assert "dearer" in reason
    dearer, _ = announced.get(timeout=5)
    assert (type(dearer), dearer.rank) == (Loudspeaker, 0)
    assert not feed.is_released.is_set()
    output.stop()


def test_loudspeakers_that_hang_are_given_up(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Output, "STALL_S", 0.3)
    announced: queue.SimpleQueue[tuple[Device, str]] = queue.SimpleQueue()
    output = Output(lambda: Loudspeaker(feed), feed, RATE, lambda device, reason: announced.put((device, reason)))
    output.start()
    speakers, _ = announced.get(timeout=5)
    speakers.stop()  # asks for nothing any more and says nothing
    assert isinstance(announced.get(timeout=5)[0], SilentDevice)
    output.stop()


def test_a_sound_server_that_hangs_keeps_nobody_waiting_and_is_noticed(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Output, "PAUSE_S", 0.02)
    monkeypatch.setattr(Output, "STUCK_S", 0.3)
    announced: queue.SimpleQueue[tuple[Device, str]] = queue.SimpleQueue()
    server_answers = threading.Event()

    class Hanging(Loudspeaker):
        def start(self) -> None:
            if not attempts:
                attempts.append(self)
                raise NoSoundError("not yet")
            server_answers.wait()
            super().start()

    attempts: list[Device] = []
    output = Output(lambda: Hanging(feed), feed, RATE, lambda device, reason: announced.put((device, reason)))
    output.start()
    assert announced.get(timeout=5)[1] == "not yet"
    while feed.num_played < 10 * BLOCK_FRAMES or output.is_alive():
        feed.is_released.wait(0.01)
    server_answers.set()
    speakers, _ = announced.get(timeout=5)
    assert isinstance(speakers, Hanging)
    assert output.is_alive()
    output.stop()


def test_loudspeakers_that_ask_and_still_do_not_start_leave_the_silent_device_at_work(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Output, "PAUSE_S", 0.02)
    has_failed = threading.Semaphore(0)

    class Failing(Loudspeaker):
        def start(self) -> None:
            feed.take(self)
            has_failed.release()
            raise NoSoundError("wait timed out")

    output = Output(lambda: Failing(feed), feed, RATE, lambda _device, _reason: None)
    output.start()
    for _ in range(3):
        assert has_failed.acquire(timeout=5)
    num_played = feed.num_played
    deadline_s = time.monotonic() + 5
    while feed.num_played < num_played + 10 * BLOCK_FRAMES and time.monotonic() < deadline_s:
        feed.is_released.wait(0.01)
    output.stop()
    assert feed.num_played >= num_played + 10 * BLOCK_FRAMES


def test_without_loudspeakers_it_is_silent_and_says_why_once(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Output, "PAUSE_S", 0.02)
    announced: queue.SimpleQueue[tuple[Device, str]] = queue.SimpleQueue()
    enough = threading.Semaphore(0)

    def open_speakers() -> Device:
        enough.release()
        raise NoSoundError("install something")

    output = Output(open_speakers, feed, RATE, lambda device, reason: announced.put((device, reason)))
    output.start()
    for _ in range(3):
        assert enough.acquire(timeout=5)
    output.stop()
    assert announced.get(timeout=1)[1] == "install something"
    assert announced.empty()
