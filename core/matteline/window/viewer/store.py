"""Frames in memory, and the few threads that read them. The only file of the viewer with reading threads.

Whoever shows frames says what is wanted, the most urgent first; that replaces all that was wanted before, so
that a scrub through a hundred frames reads the one it stops at. Nothing here waits but the threads.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QObject, Signal

from matteline.contract.errors import MattelineError
from matteline.media.frame import Pixels
from matteline.window.viewer.clip import Clip, size_of
from matteline.window.viewer.reduce import reduced

THREADS = 3
_SHARE_AHEAD = 0.8
_AT_LEAST = 4
"""Wishes that are read whatever they take: what one picture of two sides is made of."""


@dataclass(frozen=True)
class Wish:
    """A frame of a clip, its sides divided by `reduction`."""

    clip: Clip
    number: int
    reduction: int


@dataclass(frozen=True)
class Held:
    """A frame in memory: (H, W, C) in the clip's own values, and its timecode."""

    pixels: Pixels
    reduction: int
    timecode: str | None


class FrameStore(QObject):
    """A cache of frames, bounded in bytes, that fills itself by what is wanted.

    Signals are sent from the reading threads, so Qt queues them for the receiver's own.

    Args:
        budget_bytes: What the pixels in memory may take together.
    """

    landed = Signal(object)
    """A `Wish` is in memory, or has failed."""

    def __init__(self, budget_bytes: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._budget = budget_bytes
        self._held: OrderedDict[Wish, Held] = OrderedDict()
        self._failed: dict[Wish, MattelineError] = {}
        self._bytes = 0
        self._wishes: Sequence[Wish] = ()
        self._reading: set[Wish] = set()
        self._closed = False
        self._changed = threading.Condition()
        self._threads = [threading.Thread(target=self._work, name="viewer reading") for _ in range(THREADS)]
        for thread in self._threads:
            thread.start()

    @property
    def bytes(self) -> int:
        """What is held now."""
        return self._bytes

    @property
    def budget_bytes(self) -> int:
        """What may be held."""
        return self._budget

    @budget_bytes.setter
    def budget_bytes(self, budget: int) -> None:
        with self._changed:
            self._budget = budget
            self._make_room(0)

    def want(self, wishes: Sequence[Wish], *, retry: bool = False) -> None:
        """Read these, in this order, and nothing else any more; `retry` those that failed before."""
        with self._changed:
            self._wishes = _affordable(wishes, self._budget)
            if retry:
                for wish in wishes:
                    self._failed.pop(wish, None)
            self._changed.notify_all()

    def held(self, wish: Wish) -> Held | None:
        """A frame in memory; None while it is not."""
        with self._changed:
            found = self._held.get(wish)
            if found is not None:
                self._held.move_to_end(wish)
            return found

    def failure(self, wish: Wish) -> MattelineError | None:
        """Why a frame could not be read."""
        with self._changed:
            return self._failed.get(wish)

    def numbers(self, clip: Clip, reduction: int) -> set[int]:
        """The frames of a clip that are in memory."""
        with self._changed:
            return {each.number for each in self._held if each.clip is clip and each.reduction == reduction}

    def forget(self, clip: Clip, number: int | None = None) -> None:
        """Drop a frame of a clip, or all of them, because the file has changed."""
        with self._changed:
            for wish in [each for each in (*self._held, *self._failed) if each.clip is clip]:
                if number in (None, wish.number):
                    self._failed.pop(wish, None)
                    self._drop(wish)

    def close(self) -> None:
        """End the threads. Returns when what they read is read."""
        with self._changed:
            self._closed = True
            self._wishes = ()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while (wish := self._next()) is not None:
            try:
                held = _read(wish)
            except MattelineError as error:
                self._finish(wish, error)
            else:
                self._finish(wish, held)

    def _next(self) -> Wish | None:
        with self._changed:
            while not self._closed:
                wish = next((each for each in self._wishes if self._is_open(each)), None)
                if wish is not None:
                    self._reading.add(wish)
                    return wish
                self._changed.wait()
            return None

    def _is_open(self, wish: Wish) -> bool:
        if wish in self._held or wish in self._failed or wish in self._reading:
            return False
        # One thread decodes a movie; a second one would only wait for it.
        return not (wish.clip.in_order and any(each.clip is wish.clip for each in self._reading))

    def _finish(self, wish: Wish, result: Held | MattelineError) -> None:
        with self._changed:
            self._reading.discard(wish)
            if isinstance(result, MattelineError):
                self._failed[wish] = result
            else:
                self._make_room(result.pixels.nbytes)
                self._held[wish] = result
                self._bytes += result.pixels.nbytes
            closed = self._closed
            self._changed.notify_all()
        if not closed:
            self.landed.emit(wish)

    def _make_room(self, wanted: int) -> None:
        """Drop what was used longest ago, what is wanted last of all."""
        needed = set(self._wishes)
        for wish in sorted(self._held, key=lambda each: each in needed):
            if self._bytes + wanted <= self._budget:
                return
            self._drop(wish)

    def _drop(self, wish: Wish) -> None:
        held = self._held.pop(wish, None)
        if held is not None:
            self._bytes -= held.pixels.nbytes


def _read(wish: Wish) -> Held:
    frame = wish.clip.frame(wish.number)
    pixels = np.ascontiguousarray(reduced(frame.pixels, wish.reduction))
    return Held(pixels, wish.reduction, frame.header.timecode)


def _affordable(wishes: Sequence[Wish], budget: int) -> Sequence[Wish]:
    """As many of the first wishes as fit into memory together, or reading would never end."""
    room = _SHARE_AHEAD * budget
    for count, wish in enumerate(wishes):
        room -= bytes_of(wish)
        if room < 0 and count >= _AT_LEAST:
            return wishes[:count]
    return wishes


def bytes_of(wish: Wish) -> int:
    """About what a frame takes in memory."""
    width, height = size_of(wish.clip)
    depth = {"uint8": 1, "float": 4}.get(wish.clip.info.pixel_type, 2)
    return 4 * depth * (width // wish.reduction) * (height // wish.reduction)
