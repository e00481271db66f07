"""Opening of footage on a thread of its own: counting a movie's pictures can take seconds."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from PySide6.QtCore import QObject, Signal

from matteline.colour.config import Config, open_config
from matteline.contract.errors import MattelineError
from matteline.window.background import report_exception
from matteline.window.viewer.footage import open_footages


class FootageOpener(QObject):
    """Opens footage and the OCIO config, one after another.

    Args:
        ocio: Path of the OCIO config; None for the built-in one.
    """

    # A `Footage`, and the purpose that it was opened for.
    opened = Signal(object, str)

    # A `MattelineError`, and the path that could not be opened.
    failed = Signal(object, str)

    # Names of the config's views, as `display/view`.
    views_known = Signal(list)

    # Names of the config's colour spaces.
    spaces_known = Signal(list)

    def __init__(self, ocio: str | None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._ocio = ocio
        self._lock = threading.Lock()
        self._config: Config | None = None
        # One thread, so that what is opened last is on top.
        self._pool = ThreadPoolExecutor(1, "opening")

    def config(self) -> Config:
        """Return the OCIO config, read when it is first needed. Any thread may ask. Raises `ColourError`."""
        # Read once, whichever thread asks first.
        with self._lock:
            if self._config is None:
                self._config = open_config(self._ocio)
            return self._config

    def open(self, path: str, purpose: str = "") -> None:
        """Open a plate or a folder of results; `opened` or `failed` tells how that ended."""

        def work() -> None:
            # The first shot of a folder last, so that it is on top.
            for footage in reversed(open_footages(path, self.config())):
                self.opened.emit(footage, purpose)

        self._submit(work, path)

    def list_views(self) -> None:
        """Read the views and colour spaces of the config."""

        def work() -> None:
            config = self.config()
            self.views_known.emit(config.views())
            self.spaces_known.emit(config.names())

        self._submit(work, "")

    def close(self) -> None:
        """End the thread. Returns when what is being opened is open."""
        self._pool.shutdown(cancel_futures=True)

    def _submit(self, work: Callable[[], None], path: str) -> None:
        def guarded() -> None:
            try:
                work()
            except MattelineError as error:
                self.failed.emit(error, path)

        self._pool.submit(guarded).add_done_callback(report_exception)
