"""The tabs of the window's side."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QTabBar

MORE_PIXELS = 4


class Tabs(QTabBar):
    """Tabs with room for their words: the style moves those that are not chosen down, and cuts a `g` off."""

    def tabSizeHint(self, index: int) -> QSize:
        """See Qt."""
        return super().tabSizeHint(index) + QSize(0, MORE_PIXELS)
