"""Start of the window."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from PySide6.QtCore import QSettings, QSocketNotifier, QTimer
from PySide6.QtWidgets import QApplication

from matteline import __version__
from matteline.window.main import MainWindow, WindowConfig
from matteline.window.preferences import Preferences
from matteline.window.theme import apply_theme

# A desktop that logs out kills what has not ended after a few seconds.
TERMINATED_AFTER_SECONDS = 1.8


def run(
    paths: Sequence[str],
    config: WindowConfig,
    *,
    settings_file: str = "",
    when_shown: Callable[[MainWindow], object] | None = None,
) -> int:
    """Open the window and stay until it is closed, or the process is asked to terminate.

    Args:
        paths: Plates and folders of results to open; without any the shots of the last session are opened.
        config: Paths and commands of this machine.
        settings_file: INI file for the user's settings; empty for the place that the system has for them.
        when_shown: Called once the window has been painted, to close it again or to drive it in a test.

    Returns:
        The exit code.
    """
    app = QApplication(["matteline"])
    app.setApplicationName("Matteline")
    app.setApplicationVersion(__version__)
    # Wayland finds the icon and the name of the window by it.
    app.setDesktopFileName("matteline")
    settings = (
        QSettings(settings_file, QSettings.Format.IniFormat)
        if settings_file
        else QSettings("Matteline", "Matteline")
    )
    preferences = Preferences(settings)
    apply_theme(app, preferences.theme)
    # Of the system; it does nothing where the user has chosen a theme.
    app.styleHints().colorSchemeChanged.connect(lambda: apply_theme(app, preferences.theme))
    window = MainWindow(preferences, config)
    with _ended_by_signals(app):
        try:
            window.show()
            # After it is shown, so that something can be seen while a long movie is opened.
            if paths:
                window.open(paths)
            else:
                window.restore_session()
            if when_shown is not None:
                # After the events of showing and painting, which are in the queue already.
                QTimer.singleShot(0, window, lambda: when_shown(window))
            code = app.exec()
        finally:
            window.close_all()
    return code


@contextmanager
def _ended_by_signals(app: QApplication) -> Iterator[None]:
    """Leave the event loop when the process is interrupted or asked to terminate."""
    if sys.platform == "win32":  # there Qt watches no such sockets, and no such signals come
        yield
        return
    # Qt's loop runs no Python while nothing happens. A byte on a socket is something that happens.
    reader, writer = socket.socketpair()
    # `set_wakeup_fd` takes no descriptor on which a signal could have to wait.
    for end in (reader, writer):
        end.setblocking(False)
    notifier = QSocketNotifier(reader.fileno(), QSocketNotifier.Type.Read)
    notifier.activated.connect(lambda: reader.recv(64))

    def leave(number: int, _frame: FrameType | None) -> None:
        # As shells count the exit of a process that a signal has ended.
        code = 128 + number
        # A thread that reads from a disk which does not answer must not hold a logout up.
        deadline = threading.Timer(TERMINATED_AFTER_SECONDS, os._exit, [code])
        deadline.daemon = True
        deadline.start()
        for window in app.topLevelWidgets():
            if isinstance(window, MainWindow):
                window.close_all(at_once=True)
        app.exit(code)

    names = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP]
    # What is ignored stays so: a window started by nohup outlives its terminal.
    before = {
        number: signal.signal(number, leave) for number in names if signal.getsignal(number) != signal.SIG_IGN
    }
    # A buffer that is full wakes the loop as well.
    woken_before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    try:
        yield
    finally:
        # Before the sockets are closed, or a signal would write to whatever gets their numbers next.
        signal.set_wakeup_fd(woken_before)
        for number, handler in before.items():
            signal.signal(number, handler)
        notifier.setEnabled(False)
        reader.close()
        writer.close()
