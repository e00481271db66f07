"""Progress bars: what they showed, whether they are still up, and a Cancel that is pressed by script."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.nuke.fake.host import FakeNuke


class Bars:
    """All bars of a session; `cancel_when` decides by the percentage and message of each when asked."""

    def __init__(self, host: FakeNuke) -> None:
        self._host = host
        self.shown = 0
        self.messages: list[str] = []
        self.percentages: list[int] = []
        self.open = 0
        self.cancel_when: Callable[[int, str], bool] = lambda percentage, message: False

    def task_class(self) -> type:
        """`nuke.ProgressTask`: closed when the object dies."""
        bars, host = self, self._host

        class ProgressTask:
            def __init__(self, name: str) -> None:
                self._percentage, self._message, self._up = 0, str(name), False
                if not host.gui:
                    raise host.offence("a progress bar in a terminal")
                self._up = True
                bars.shown += 1
                bars.open += 1

            def setMessage(self, message: str) -> None:
                if not isinstance(message, str):
                    raise TypeError(f"{message!r} is no message")
                self._message = message
                bars.messages.append(message)

            def setProgress(self, percentage: int) -> None:
                if type(percentage) is not int or not 0 <= percentage <= 100:
                    raise host.offence(f"progress {percentage!r}: not a whole number from 0 to 100")
                self._percentage = percentage
                bars.percentages.append(percentage)

            def isCancelled(self) -> bool:
                return bars.cancel_when(self._percentage, self._message)

            def __del__(self) -> None:
                if self._up:
                    bars.open -= 1

        return ProgressTask
