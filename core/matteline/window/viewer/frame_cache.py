"""Frames in memory, and the few threads that read them: the only file of the viewer with reading threads.

The viewer requests frames, the most urgent first; that replaces all earlier requests, so that a scrub through
a hundred frames reads the one it stops at. Only the threads ever wait.
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
from matteline.window.viewer.clip import ViewerClip, size_of
from matteline.window.viewer.reduction import reduced

THREADS = 3
# Part of the memory that is filled by requests; the rest keeps frames of before.
_SHARE_AHEAD = 0.8
# Requests that are read whatever memory they take: those of one picture with two sides.
_LEAST_REQUESTS = 4


@dataclass(frozen=True)
class FrameRequest:
    """A frame of a clip, its sides divided by `reduction`."""

    clip: ViewerClip
    number: int
    reduction: int


@dataclass(frozen=True)
class CachedFrame:
    """A frame in memory: (H, W, C) in the clip's own values, and its timecode."""

    pixels: Pixels
    reduction: int
    timecode: str | None


class FrameCache(QObject):
    """A cache of frames, bounded in bytes, that reads the frames that are requested.

    Signals are sent from the reading threads, so Qt queues them for the receiver's own.

    Args:
        budget_bytes: Bytes that the pixels in memory may take together.
    """

    # A `FrameRequest` that is in memory now, or has failed.
    arrived = Signal(object)

    def __init__(self, budget_bytes: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._budget = budget_bytes
        self._frames: OrderedDict[FrameRequest, CachedFrame] = OrderedDict()
        self._errors: dict[FrameRequest, MattelineError] = {}
        self._bytes = 0
        self._requests: Sequence[FrameRequest] = ()
        self._reading: set[FrameRequest] = set()
        self._closed = False
        # Guards all of the above; notified when a request may be read.
        self._changed = threading.Condition()
        self._threads = [threading.Thread(target=self._work, name="viewer reading") for _ in range(THREADS)]
        for thread in self._threads:
            thread.start()

    @property
    def bytes(self) -> int:
        """Bytes that the pixels in memory take now."""
        return self._bytes

    @property
    def budget_bytes(self) -> int:
        """Bytes that they may take."""
        return self._budget

    @budget_bytes.setter
    def budget_bytes(self, budget: int) -> None:
        with self._changed:
            self._budget = budget
            self._make_room(0)

    def request(self, requests: Sequence[FrameRequest], *, retry: bool = False) -> None:
        """Read these frames, in this order, and none of those requested before.

        Args:
            requests: The frames, the most urgent first.
            retry: Read those again that have failed.
        """
        with self._changed:
            self._requests = _affordable(requests, self._budget)
            if retry:
                for each in requests:
                    self._errors.pop(each, None)
            self._changed.notify_all()

    def get(self, request: FrameRequest) -> CachedFrame | None:
        """Return a frame in memory; None while it is not."""
        with self._changed:
            found = self._frames.get(request)
            if found is not None:
                self._frames.move_to_end(request)
            return found

    def error(self, request: FrameRequest) -> MattelineError | None:
        """Return the error of a frame that could not be read."""
        with self._changed:
            return self._errors.get(request)

    def numbers(self, clip: ViewerClip, reduction: int) -> set[int]:
        """Return the numbers of a clip's frames that are in memory."""
        with self._changed:
            return {each.number for each in self._frames if each.clip is clip and each.reduction == reduction}

    def forget(self, clip: ViewerClip, number: int | None = None) -> None:
        """Drop a frame of a clip, or all of them, because the file has changed."""
        with self._changed:
            for request in [each for each in (*self._frames, *self._errors) if each.clip is clip]:
                if number in (None, request.number):
                    self._errors.pop(request, None)
                    self._drop(request)

    def close(self) -> None:
        """End the threads. Returns when the frames that they read are read."""
        with self._changed:
            self._closed = True
            self._requests = ()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while (request := self._next()) is not None:
            result: CachedFrame | MattelineError
            try:
                frame = request.clip.frame(request.number)
                pixels = np.ascontiguousarray(reduced(frame.pixels, request.reduction))
                result = CachedFrame(pixels, request.reduction, frame.header.timecode)
            except MattelineError as error:
                result = error
            self._finish(request, result)

    def _next(self) -> FrameRequest | None:
        """Wait for a request to read; None once the cache is closed."""
        with self._changed:
            while not self._closed:
                request = next((each for each in self._requests if self._may_read(each)), None)
                if request is not None:
                    self._reading.add(request)
                    return request
                self._changed.wait()
            return None

    def _may_read(self, request: FrameRequest) -> bool:
        if request in self._frames or request in self._errors or request in self._reading:
            return False
        # One thread decodes a movie; a second one would only wait for it.
        return not (request.clip.in_order and any(each.clip is request.clip for each in self._reading))

    def _finish(self, request: FrameRequest, result: CachedFrame | MattelineError) -> None:
        with self._changed:
            self._reading.discard(request)
            if isinstance(result, MattelineError):
                self._errors[request] = result
            else:
                self._make_room(result.pixels.nbytes)
                self._frames[request] = result
                self._bytes += result.pixels.nbytes
            closed = self._closed
            # All of them, since those that wait for a movie may read on from it now.
            self._changed.notify_all()
        # Outside the lock, because a receiver may ask for frames at once.
        if not closed:
            self.arrived.emit(request)

    def _make_room(self, wanted: int) -> None:
        """Drop the frames that were used longest ago, requested ones last of all."""
        needed = set(self._requests)
        # Sorting is stable, so that in both groups the frame that was used longest ago comes first.
        for request in sorted(self._frames, key=lambda each: each in needed):
            if self._bytes + wanted <= self._budget:
                return
            self._drop(request)

    def _drop(self, request: FrameRequest) -> None:
        frame = self._frames.pop(request, None)
        if frame is not None:
            self._bytes -= frame.pixels.nbytes


def _affordable(requests: Sequence[FrameRequest], budget: int) -> Sequence[FrameRequest]:
    """Return as many of the first requests as fit into memory together, or reading would never end."""
    room = _SHARE_AHEAD * budget
    for count, request in enumerate(requests):
        room -= bytes_of(request)
        if room < 0 and count >= _LEAST_REQUESTS:
            return requests[:count]
    return requests


def bytes_of(request: FrameRequest) -> int:
    """Estimate the memory of a frame, in bytes."""
    width, height = size_of(request.clip)
    depth = {"uint8": 1, "float": 4}.get(request.clip.info.pixel_type, 2)
    # Four channels, although most files have three: rather too much memory than too little.
    return 4 * depth * (width // request.reduction) * (height // request.reduction)
