"""The camera process: pictures taken, the painting found in them, and when a visitor has shown it.

The only place of OpenCV. No picture of the camera is ever written to disk.

    devices  video devices as the system lists them (standard library only)
    source   what the configuration names, opened
    reader   drains the source on a thread of its own, keeps the newest picture, knows when there is none
    view     the newest picture in shared memory, for the eye
    find     where the painting is (find_frames, find_edges, find_track: by what)
    evidence whether there is a picture in a place
    rectify  the artwork, cut out of the picture
    match    works known by sight
    trigger  whether it is held still
    artworks the artworks as files, in memory
    markers  printed ones, by which the staff says where the painting hangs
    watcher  the process itself
    probe    one look through a camera, for `--check`

Only numbers stand in this file, so that the director can import them without numpy, and what OpenCV reads from the
environment once, when it is loaded.
"""

import os

# Its complaints about a lost camera are said better by us, and a device that gives nothing must not block for ten
# seconds.
os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "2")

VIEW_SLOTS = 3
"""Pictures in the view: one that is written, the newest, and one that may still be read."""

VIEW_HEADER_BYTES = 256

VIEW_PIXELS = 1280 * 720
"""Larger pictures are made smaller for the view."""

VIEW_BYTES = VIEW_HEADER_BYTES + VIEW_SLOTS * VIEW_PIXELS * 3
"""Size of the shared memory block of `view`; the director makes it (zeroed) and unlinks it."""
