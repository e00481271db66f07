"""Opening footage away from the window's thread: counting a movie's pictures can take seconds."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from PySide6.QtCore import QObject, Signal

from matteline.colour.config import Config, open_config
from matteline.contract.errors import MattelineError
from matteline.window.background import surface
from matteline.window.viewer.footage import open_footages


class Opener(QObject):
    """Opens footages and the OCIO config, one after another, on a thread of its own.

    Args:
        ocio: The OCIO config's path; None for the built-in one.
    """

    opened = Signal(object, str)
    """A `Footage`, and the purpose it was asked for."""

    failed = Signal(object, str)
    """A `MattelineError`, and the path."""

    views_known = Signal(list)
    """The views of the config."""

    spaces_known = Signal(list)
    """Its colour spaces."""

    def __init__(self, ocio: str | None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._ocio = ocio
        self._lock = threading.Lock()
        self._opened: Config | None = None
        self._pool = ThreadPoolExecutor(1, "opening")

    def config(self) -> Config:
        """The OCIO config, read when it is first needed. Raises `ColourError`."""
        with self._lock:
            if self._opened is None:
                self._opened = open_config(self._ocio)
            return self._opened

    def open(self, path: str, purpose: str = "") -> None:
        """Open a plate or a folder of results; the signals say what came of it."""
        self._do(lambda: self._open(path, purpose), path)

    def list_views(self) -> None:
        """Find the views and colour spaces of the config."""
        self._do(self._list, "")

    def close(self) -> None:
        """End the thread. Returns when what it opens is open."""
        self._pool.shutdown(cancel_futures=True)

    def _open(self, path: str, purpose: str) -> None:
        # The first shot of a folder last, so that it is on top.
        for footage in reversed(open_footages(path, self.config())):
            self.opened.emit(footage, purpose)

    def _list(self) -> None:
        config = self.config()
        self.views_known.emit(config.views())
        self.spaces_known.emit(config.names())

    def _do(self, work: Callable[[], None], path: str) -> None:
        def guarded() -> None:
            try:
                work()
            except MattelineError as error:
                self.failed.emit(error, path)

        self._pool.submit(guarded).add_done_callback(surface)
