"""The clock of the viewer: the frame that is due, in real time, between the in and the out mark."""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, Signal

from matteline.contract.frames import FrameRange

# A quarter of a frame at 50 frames per second, so that no frame is late by much.
TICK_MILLISECONDS = 5
# Times real time.
FASTEST = 8


class Player(QObject):
    """Plays, steps and jumps. It knows frame numbers only; others show the frames."""

    # The number of another frame that is due.
    moved = Signal(int)

    # Playing has begun or stopped, or the range is another one.
    state_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._whole = FrameRange(1, 1)
        self._range = self._whole
        self._frame = 1
        self._rate = 24.0
        self._speed = 0
        self._began = 1
        self._clock = QElapsedTimer()
        self._timer = QTimer(self)
        # The others of Qt may be late by a twentieth of their interval, or by a second.
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MILLISECONDS)
        self._timer.timeout.connect(self._tick)

    @property
    def frame(self) -> int:
        """The frame that is due."""
        return self._frame

    @property
    def whole(self) -> FrameRange:
        """All frames of the shot."""
        return self._whole

    @property
    def range(self) -> FrameRange:
        """The frames that are played, from the in to the out mark."""
        return self._range

    @property
    def speed(self) -> int:
        """Times real time, negative backwards; 0 while it stands."""
        return self._speed

    @property
    def rate(self) -> float:
        """Frames per second."""
        return self._rate

    def load(self, frames: FrameRange, rate: float) -> None:
        """Play these frames from now on; the frame that is due stays if it is among them.

        Args:
            frames: All frames of the shot.
            rate: Frames per second.
        """
        self.stop()
        marked = self._range != self._whole and self._range.first in frames and self._range.last in frames
        self._whole, self._rate = frames, rate
        self._range = self._range if marked else frames
        self.seek(self._frame if self._frame in frames else frames.first)
        self.state_changed.emit()

    def seek(self, frame: int) -> None:
        """Go to a frame, or the nearest there is; playing goes on from there."""
        self._frame = min(max(frame, self._whole.first), self._whole.last)
        self._restart()
        self.moved.emit(self._frame)

    def step(self, frames: int) -> None:
        """Stop, and go some frames on or back."""
        self.stop()
        self.seek(self._frame + frames)

    def play(self, direction: int) -> None:
        """Play forwards (1) or backwards (-1); twice as fast where it plays in this direction already."""
        same = self._speed * direction > 0
        self._speed = direction * min(2 * abs(self._speed), FASTEST) if same else direction
        self._restart()
        self._timer.start()
        self.state_changed.emit()

    def stop(self) -> None:
        """Stand still."""
        self._timer.stop()
        if self._speed:
            self._speed = 0
            self.state_changed.emit()

    def toggle(self) -> None:
        """Play, or stop."""
        self.stop() if self._speed else self.play(1)

    def mark(self, *, first: int | None = None, last: int | None = None) -> None:
        """Set the in or the out mark; a mark beyond the other one moves that to its end of the shot."""
        low = self._range.first if first is None else first
        high = self._range.last if last is None else last
        if low > high:
            low, high = (low, self._whole.last) if first is not None else (self._whole.first, high)
        self._range = FrameRange(max(low, self._whole.first), min(high, self._whole.last))
        self.state_changed.emit()

    def clear_marks(self) -> None:
        """Play all frames again."""
        self._range = self._whole
        self.state_changed.emit()

    def ahead(self, count: int) -> list[int]:
        """Return the frames that are due next, in order."""
        step = -1 if self._speed < 0 else 1
        low, high = self._range.first, self._range.last
        # Outside the marks it goes on through the whole shot.
        if self._frame not in self._range:
            low, high = self._whole.first, self._whole.last
        length = high - low + 1
        return [
            low + (self._frame - low + step * each) % length for each in range(1, min(count, length - 1) + 1)
        ]

    def _restart(self) -> None:
        self._began = self._frame
        self._clock.restart()

    def _tick(self) -> None:
        # By the clock and not by counting ticks, so that no delay adds up.
        passed = int(self._clock.elapsed() * self._rate * self._speed / 1000)
        # Around from the out mark to the in mark.
        low, length = self._range.first, len(self._range)
        due = low + (self._began + passed - low) % length
        if due != self._frame:
            self._frame = due
            self.moved.emit(due)
