"""Keeps the screen lit: asks the desktop, and the X server, not to dim or blank it while this process lives.

Nothing has to be given back: both forget the wish with the connection it came over. A display server such as `cage`,
which never blanks, need not be asked.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os

from PyQt6.QtDBus import QDBusConnection, QDBusMessage

_NAME = "org.freedesktop.ScreenSaver"


def keep_awake(platform: str) -> None:
    """Ask everybody who might darken the screen; nobody is waited for.

    Args:
        platform: Qt's name of it.
    """
    if platform in ("xcb", "wayland"):
        ask_desktop()
    if platform == "xcb":
        suspend_x11_blanking()


def ask_desktop() -> bool:
    """Ask a desktop (GNOME, KDE, Xfce...), if one runs. Whether the wish could be sent.

    Source: the Idle Inhibition Service of freedesktop.org, `org.freedesktop.ScreenSaver.Inhibit`.
    """
    if "DBUS_SESSION_BUS_ADDRESS" not in os.environ:
        return False  # the library would start a bus, which takes its time
    wish = QDBusMessage.createMethodCall(_NAME, "/org/freedesktop/ScreenSaver", _NAME, "Inhibit")
    wish.setArguments(["Art2Mus", "an exhibition"])
    wish.setAutoStartService(False)
    return QDBusConnection.sessionBus().send(wish)


def suspend_x11_blanking() -> bool:
    """Stop the X server's screen saver and power saving. Whether that could be done.

    Source: XScreenSaverSuspend in the Xss library, from version 1.1 of the MIT-SCREEN-SAVER extension.
    """
    names = [ctypes.util.find_library(name) for name in ("X11", "Xss")]
    if None in names:
        return False
    x11, xss = map(ctypes.CDLL, names)
    x11.XOpenDisplay.restype = ctypes.c_void_p
    display = x11.XOpenDisplay(None)  # a connection of its own, which is never closed
    if not display:
        return False
    connection, number = ctypes.c_void_p(display), ctypes.c_int()
    if not xss.XScreenSaverQueryExtension(connection, ctypes.byref(number), ctypes.byref(number)):
        return False
    xss.XScreenSaverSuspend(connection, True)
    x11.XSync(connection, False)
    return True
