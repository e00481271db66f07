"""Progress bars: what they showed, whether they are still up, and a Cancel that is pressed by script."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from tests.nuke.fake.host import FakeNuke


class Bars:
    """All bars of a session; `cancel_when` decides by the percentage and message of each when asked."""

    def __init__(self, host: FakeNuke) -> None:
        self.host = host
        self.shown = 0
        self.messages: list[str] = []
        self.percentages: list[int] = []
        self.open = 0
        self.cancel_when: Callable[[int, str], bool] = lambda percentage, message: False

    def task_class(self) -> type:
        """`nuke.ProgressTask` of this session."""
        return type("ProgressTask", (_Task,), {"_bars": self})


class _Task:
    """Closed when the object dies."""

    _bars: ClassVar[Bars]

    def __init__(self, name: str) -> None:
        self._percentage, self._message, self._up = 0, str(name), False
        if not self._bars.host.gui:
            raise self._bars.host.offence("a progress bar in a terminal")
        self._up = True
        self._bars.shown += 1
        self._bars.open += 1

    def setMessage(self, message: str) -> None:
        if not isinstance(message, str):
            raise TypeError(f"{message!r} is no message")
        self._message = message
        self._bars.messages.append(message)

    def setProgress(self, percentage: int) -> None:
        if type(percentage) is not int or not 0 <= percentage <= 100:
            raise self._bars.host.offence(f"progress {percentage!r}: not a whole number from 0 to 100")
        self._percentage = percentage
        self._bars.percentages.append(percentage)

    def isCancelled(self) -> bool:
        return self._bars.cancel_when(self._percentage, self._message)

    def __del__(self) -> None:
        if self._up:
            self._bars.open -= 1
