"""The line at the foot of the window: what went wrong, or what was done."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy

from matteline.contract.errors import MattelineError
from matteline.contract.messages import sentence
from matteline.window.controls import give_role, wrapped

NOTICE_MILLISECONDS = 8000


class ErrorLine(QLabel):
    """One sentence, and on pointing at it the whole of it with its hint."""

    def __init__(self) -> None:
        super().__init__()
        self._words = ""
        self._gone = QTimer(self, singleShot=True, interval=NOTICE_MILLISECONDS)
        self._gone.timeout.connect(self.clear)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setContentsMargins(8, 2, 8, 4)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)

    @property
    def words(self) -> str:
        """All of what is shown."""
        return self._words

    def show_error(self, error: MattelineError) -> None:
        """Say what went wrong, and what to do."""
        self._say(sentence(error), "wrong")

    def notice(self, words: str) -> None:
        """Say what was done."""
        self._say(words, "faint")
        self._gone.start()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Cut the sentence where the window ends."""
        super().resizeEvent(event)
        self._elide()

    def _say(self, words: str, role: str) -> None:
        self._gone.stop()
        self._words = words.partition("\n")[0]
        self.setToolTip(wrapped(words))
        give_role(self, role)
        self._elide()

    def clear(self) -> None:
        """Nothing to say."""
        self._words = ""
        self.setToolTip("")
        super().clear()

    def _elide(self) -> None:
        room = self.width() - 20
        self.setText(self.fontMetrics().elidedText(self._words, Qt.TextElideMode.ElideRight, room))
