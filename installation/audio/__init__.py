"""The audio process: what is heard, and the promise that it never stops.

Everything here runs in a process of its own (numpy, soundfile, sounddevice and nothing heavier),
because a callback that shares its interpreter with Qt or torch loses samples.

    clips    a file becomes samples at the device's rate
    seam     where a clip goes round without being noticed
    beats    the steady beat of a clip, and how two are brought together
    voice    one clip sounding: its successors, its seamless loop
    fade     gains of a crossfade
    mixer    tiers, crossfades, volume; time is counted in samples
    limiter  no peak above the ceiling, between the samples neither
    ahead    what is mixed before it is asked for, and mixed anew when something is urgent
    ring     mixer thread -> device callback
    tap      what is heard now, in shared memory, for the eye
    devices  which loudspeakers there are, asked in a process of its own
    output   loudspeakers by PortAudio, or a silent device in real time
    recorder what the speakers were given, as a WAV file
    player   the process itself

Only numbers stand in this file, so that the director can import them without numpy.
"""

CHANNELS = 2
"""Everything is stereo, interleaved."""

BLOCK_FRAMES = 1024
"""What is mixed at a time, and what a device asks for."""

RING_FRAMES = 1 << 19
"""Audio frames in the ring: 2.7 s at 192 kHz, the highest rate. A third of a second lies ahead, the rest is the ui's
past: what a device with a long latency has taken and not sounded yet must still be there."""

HISTORY_ENTRIES = RING_FRAMES // BLOCK_FRAMES
"""How many blocks back the tap remembers what was mixed: as far as the ring."""

MAX_VOICES = 3
"""Clips that may sound at once: the one that arrives and two that fade away."""

NICENESS = -10
"""Where the system allows it, sound comes before everything else, from the moment its process is started."""

HEADER_BYTES = 256
HISTORY_BYTES = HISTORY_ENTRIES * (16 + MAX_VOICES * 80)
TAP_BYTES = HEADER_BYTES + HISTORY_BYTES + RING_FRAMES * CHANNELS * 4
"""Size of the shared memory block of `tap`; the director makes it (zeroed) and unlinks it."""
