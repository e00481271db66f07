"""The line at the foot of the window: errors, and notices of what was done."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy

from matteline.contract.errors import MattelineError
from matteline.window.controls import set_role, wrapped_tip
from matteline.window.error_text import error_text

NOTICE_MILLISECONDS = 8000


class StatusLine(QLabel):
    """One sentence, cut where the window ends; its tooltip is the whole of it with its hint."""

    def __init__(self) -> None:
        super().__init__()
        self._words = ""
        # Errors stay until something else is said; notices do not.
        self._expiry = QTimer(self, singleShot=True, interval=NOTICE_MILLISECONDS)
        self._expiry.timeout.connect(self.clear)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setContentsMargins(8, 2, 8, 4)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)

    @property
    def words(self) -> str:
        """The whole first line of what is said."""
        return self._words

    def show_error(self, error: MattelineError) -> None:
        """Show an error and its hint."""
        self._show(error_text(error), "wrong")

    def notice(self, words: str) -> None:
        """Show for a while what was done."""
        self._show(words, "faint")
        self._expiry.start()

    def clear(self) -> None:
        """Show nothing."""
        self._words = ""
        self.setToolTip("")
        super().clear()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Cut the sentence where the window ends."""
        super().resizeEvent(event)
        self._elide()

    def _show(self, words: str, role: str) -> None:
        self._expiry.stop()
        # The line has room for one; the tooltip has them all.
        self._words = words.partition("\n")[0]
        self.setToolTip(wrapped_tip(words))
        set_role(self, role)
        self._elide()

    def _elide(self) -> None:
        # Less the margins.
        room = self.width() - 20
        self.setText(self.fontMetrics().elidedText(self._words, Qt.TextElideMode.ElideRight, room))
