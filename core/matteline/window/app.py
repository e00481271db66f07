"""Start of the window."""

from __future__ import annotations

import signal
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from PySide6.QtCore import QSettings, QSocketNotifier, QTimer
from PySide6.QtWidgets import QApplication

from matteline import __version__
from matteline.window.main import MainWindow, WindowConfig
from matteline.window.preferences import Preferences
from matteline.window.theme import apply_theme


def run(
    paths: Sequence[str],
    config: WindowConfig,
    *,
    settings_file: str = "",
    when_shown: Callable[[MainWindow], object] | None = None,
) -> int:
    """Open the window and stay until it is closed.

    Args:
        paths: Plates and folders of results to open.
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
    window.show()
    # After it is shown, so that something can be seen while a long movie is opened.
    window.open(paths)
    if when_shown is not None:
        # After the events of showing and painting, which are in the queue already.
        QTimer.singleShot(0, window, lambda: when_shown(window))
    with _closing_at_signals(app, window):
        return app.exec()


@contextmanager
def _closing_at_signals(app: QApplication, window: MainWindow) -> Iterator[None]:
    """Close the window at `kill`, Ctrl-C and a closed terminal.

    Python sees a signal only when it runs, and Qt's loop may wait for long: so the signal's number comes through a
    socket that Qt waits for, too.
    """
    if sys.platform == "win32":  # there Qt watches no such sockets, and no such signals come
        yield
        return
    ours, pythons = socket.socketpair()
    pythons.setblocking(False)

    def end() -> None:
        numbers = ours.recv(64)
        window.close_all()
        app.exit(128 + numbers[0])

    notifier = QSocketNotifier(ours.fileno(), QSocketNotifier.Type.Read)
    notifier.activated.connect(end)
    names = [
        each
        for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        if signal.getsignal(each) != signal.SIG_IGN
    ]
    before = {number: signal.signal(number, lambda *_: None) for number in names}
    old = signal.set_wakeup_fd(pythons.fileno())
    try:
        yield
    finally:
        signal.set_wakeup_fd(old)
        for number, handler in before.items():
            signal.signal(number, handler)
        notifier.setEnabled(False)
        ours.close()
        pythons.close()
