"""The list of renders, for Nuke 16 and later. Qt is loaded when it is opened; nothing else needs it."""

from __future__ import annotations

from typing import Any

from .contract.errors import MattelineError
from .report import report_errors
from .running_render import RunningRender
from .session import session

REFRESH_MILLISECONDS = 300

# The window and its follower. Python closes a window that no object holds, and Qt holds no follower.
_open: list[tuple[Any, ProgressFollower]] = []


@report_errors
def open_panel() -> Any:
    """Open the list of renders, or bring it to the front; return its window.

    Raises:
        MattelineError: This Nuke has no PySide6.
    """
    if not _open:
        _open.append(_make())
    window, _follower = _open[0]
    window.show()
    window.raise_()
    return window


class ProgressFollower:
    """Keeps a `ProgressList` in step with the session. Call `refresh` a few times a second.

    Args:
        rows: The list; its keys are the renders.
    """

    def __init__(self, rows: Any) -> None:
        self._rows = rows
        self._running: list[RunningRender] = []

    def refresh(self) -> None:
        """Add, update and end rows."""
        now = list(session.renders)
        for each in now:
            if each not in self._running:
                self._rows.add(each, each.node_ref.name)
            # Before the first frame the bar moves to and fro.
            self._rows.update_progress(each, each.words, each.fraction if each.fraction > 0 else None)
        for each in self._running:
            if each not in now:
                self._rows.finish(each, each.words, failed=not each.ended)
        self._running = now


def _make() -> tuple[Any, ProgressFollower]:
    try:
        from PySide6.QtCore import QTimer
        from PySide6.QtWidgets import QScrollArea
    except ImportError:
        raise MattelineError(
            "The list of renders needs PySide6, which Nuke has from version 16 on.",
            hint="Every node shows its own progress and has a Cancel button.",
        ) from None
    from .progress_list import ProgressList

    # A window of its own, which needs nothing of Nuke's panels.
    rows, window = ProgressList(), QScrollArea()
    rows.cancel_requested.connect(lambda render: render.cancel())
    follower, timer = ProgressFollower(rows), QTimer(window)
    timer.timeout.connect(follower.refresh)
    # The timer is the window's child, and ends with it.
    timer.start(REFRESH_MILLISECONDS)
    window.setWindowTitle("Matteline Renders")
    window.setWidgetResizable(True)
    window.setWidget(rows)
    window.resize(420, 240)
    follower.refresh()
    return window, follower
