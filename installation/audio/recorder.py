"""What the speakers were given, streamed to a WAV file that is valid at any moment."""

from __future__ import annotations

import io
import logging
import struct
import threading
from pathlib import Path

import numpy as np
import numpy.typing as npt

from installation.audio import CHANNELS
from installation.audio.ring import Ring

_log = logging.getLogger(__name__)

FRAME_BYTES = CHANNELS * 4
HEADER_BYTES = 92
BUFFER_S = 5.0
"""How long the disk may be busy before samples are lost from the recording (never from the room)."""

HEADER_EVERY_S = 0.5
_FORMAT_FLOAT = 3
_MAX_32_BIT = 0xFFFFFFFF


def wav_header(sample_rate: int, num_frames: int) -> bytes:
    """The header of a stereo float32 WAV file; beyond 4 GB it turns into RF64, in the same place.

    Source: EBU Tech 3306: a `JUNK` chunk keeps the room for `ds64`.
    """
    data_bytes = num_frames * FRAME_BYTES
    riff_bytes = HEADER_BYTES - 8 + data_bytes
    is_large = riff_bytes > _MAX_32_BIT
    sizes = struct.pack("<QQQI", riff_bytes, data_bytes, num_frames, 0) if is_large else bytes(28)
    return b"".join(
        (
            struct.pack("<4sI4s", b"RF64" if is_large else b"RIFF", min(riff_bytes, _MAX_32_BIT), b"WAVE"),
            struct.pack("<4sI", b"ds64" if is_large else b"JUNK", 28) + sizes,
            struct.pack(
                "<4sIHHIIHH", b"fmt ", 16, _FORMAT_FLOAT, CHANNELS, sample_rate, sample_rate * FRAME_BYTES, 8, 32
            ),
            struct.pack("<4sII", b"fact", 4, min(num_frames, _MAX_32_BIT)),
            struct.pack("<4sI", b"data", min(data_bytes, _MAX_32_BIT)),
        )
    )


class Recorder:
    """Drains a ring that the device's callback writes, into a file.

    Threads: `ring` is written by the device's thread; a thread of the recorder's own reads it and
    writes the file; everything else belongs to the player's main thread.
    """

    def __init__(self, path: Path, sample_rate: int, *, gap_s: float | None = None) -> None:
        """Open the file.

        Args:
            path: Overwritten, unless this goes on with a recording.
            sample_rate: In Hz.
            gap_s: None begins a new file. Else go on with the one that is there (its process was
                killed) after so much silence: nothing was given to the speakers meanwhile.

        Raises: OSError if the file cannot be written.
        """
        self.ring = Ring.in_process(round(BUFFER_S * sample_rate))
        self._rate = sample_rate
        self._num_frames = 0
        self._stopped = threading.Event()
        goes_on = gap_s is not None and path.exists() and path.stat().st_size >= HEADER_BYTES
        self._file = path.open("r+b" if goes_on else "w+b", buffering=0)
        if goes_on:
            self._num_frames = (self._file.seek(0, io.SEEK_END) - HEADER_BYTES) // FRAME_BYTES
            self._append(np.zeros((round((gap_s or 0.0) * sample_rate), CHANNELS), np.float32))
        self._write_header()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Write what is left and close the file; the ring must not be written any more."""
        self._stopped.set()
        self._thread.join(2.0)
        self._file.close()

    def _run(self) -> None:
        block = np.empty((self._rate, CHANNELS), np.float32)
        try:
            while True:
                is_last = self._stopped.wait(HEADER_EVERY_S)
                while num_frames := self.ring.read_into(block):
                    self._append(block[:num_frames])
                self._write_header()
                if is_last:
                    return
        except OSError as error:
            _log.error("the recording ends here: %s", error)

    def _append(self, frames: npt.NDArray[np.float32]) -> None:
        self._file.seek(HEADER_BYTES + self._num_frames * FRAME_BYTES)
        data = frames.astype("<f4", copy=False).tobytes()
        while data:
            data = data[self._file.write(data) :]
        self._num_frames += len(frames)

    def _write_header(self) -> None:
        self._file.seek(0)
        self._file.write(wav_header(self._rate, self._num_frames))
