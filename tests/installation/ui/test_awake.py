"""The screen stays lit: a real X server is asked, and a desktop that is not there."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import time

import pytest

from installation.ui.awake import ask_desktop, keep_awake, suspend_x11_blanking
from tests import screen

MISSING = screen.missing() or ("" if ctypes.util.find_library("Xss") else "no libXss: install libxss1")


SCREEN_SAVER_ON = 1


class SaverInfo(ctypes.Structure):
    """XScreenSaverInfo of the Xss library."""

    _fields_ = (
        ("window", ctypes.c_ulong),
        ("state", ctypes.c_int),
        ("kind", ctypes.c_int),
        ("til_ms", ctypes.c_ulong),
        ("idle_ms", ctypes.c_ulong),
        ("mask", ctypes.c_ulong),
    )


class Server:
    """Somebody's connection to the X server, on which the screen is blank after a second."""

    def __init__(self) -> None:
        self.x11, self.xss = ctypes.CDLL("libX11.so.6"), ctypes.CDLL("libXss.so.1")
        self.x11.XOpenDisplay.restype, self.x11.XDefaultRootWindow.restype = ctypes.c_void_p, ctypes.c_ulong
        self.display = ctypes.c_void_p(self.x11.XOpenDisplay(None))
        self.root = ctypes.c_ulong(self.x11.XDefaultRootWindow(self.display))
        self.x11.XSetScreenSaver(self.display, 1, 1, 1, 1)

    def is_blank_after_a_while(self) -> bool:
        """Wait until nobody has touched anything for two seconds."""
        self.x11.XResetScreenSaver(self.display)
        info, deadline_s = SaverInfo(), time.monotonic() + 30.0
        while info.idle_ms < 2000:
            assert time.monotonic() < deadline_s
            assert self.xss.XScreenSaverQueryInfo(self.display, self.root, ctypes.byref(info))
            os.sched_yield()
        return info.state == SCREEN_SAVER_ON


@pytest.mark.skipif(MISSING != "", reason=MISSING)
def test_the_x_server_does_not_blank_the_screen_while_we_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with screen.virtual_screen(640, 480) as environment:
        monkeypatch.setenv("DISPLAY", environment["DISPLAY"])
        server = Server()
        assert server.is_blank_after_a_while()
        assert suspend_x11_blanking()
        assert not server.is_blank_after_a_while()
        server.x11.XCloseDisplay(server.display)


def test_where_nobody_can_be_asked_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":nowhere")
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    assert not suspend_x11_blanking()
    assert not ask_desktop()
    keep_awake("xcb")
    keep_awake("offscreen")
