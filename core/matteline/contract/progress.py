"""Progress of one request, from the worker's messages: the same figures and words in every host."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Optional

from matteline.contract.messages import duration, progress_text

_ENDINGS = ("finished", "failed", "cancelled")


@dataclass(frozen=True)
class RenderProgress:
    """The progress of a render.

    Attributes:
        words: For people, such as `Rendered 12 of 40 frames, 30 s left`.
        done: Frames that are complete.
        total: Frames that will be written; 0 while that is not known.
        ended: `finished`, `failed` or `cancelled`; empty while it runs.
        first_done: Value of `done` at the first frame that was written.
        first_at: Time of that frame by `time.monotonic`, in seconds; 0 before.
    """

    words: str = "Waiting"
    done: int = 0
    total: int = 0
    ended: str = ""
    first_done: int = 0
    first_at: float = 0.0

    @property
    def fraction(self) -> Optional[float]:
        """Part that is done, 0..1; None while the length is not known."""
        return self.done / self.total if self.total else None

    @property
    def frames_per_second(self) -> float:
        """Mean speed since the first frame; 0 before the second one."""
        seconds = time.monotonic() - self.first_at if self.first_at else 0.0
        return (self.done - self.first_done) / seconds if seconds > 0 else 0.0

    def after(self, message: Mapping[str, Any]) -> RenderProgress:
        """Return the progress after a message of the worker (docs/protocol.md)."""
        event = message.get("event")
        words = progress_text(message) or self.words
        if event in _ENDINGS:
            return replace(self, words=words, ended=str(event))
        if event == "started":
            return replace(self, words=words, total=int(message["frames"]))
        if event != "frame":
            return replace(self, words=words)
        done, total = int(message["done"]), int(message["total"])
        now = replace(self, words=words, done=done, total=total)
        # Timed from the first frame, because loading and preroll before it are slower or faster than frames.
        if not self.first_at:
            return replace(now, first_done=done, first_at=time.monotonic())
        speed = now.frames_per_second
        if speed <= 0 or done >= total:
            return now
        return replace(now, words=f"{words}, {duration((total - done) / speed)} left")
