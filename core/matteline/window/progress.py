"""How far a render is, from what the worker says of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from matteline.contract.messages import counted

_ENDED = ("finished", "failed", "cancelled")


@dataclass(frozen=True)
class Progress:
    """How far a render is.

    Attributes:
        words: For people.
        done: Frames that are complete.
        total: Frames that will be written; 0 while that is not known.
        since: When the first frame was begun, by `time.monotonic`; 0 before.
        ended: `finished`, `failed` or `cancelled`; empty while it runs.
    """

    words: str = "Waiting"
    done: int = 0
    total: int = 0
    since: float = 0.0
    ended: str = ""

    @property
    def fraction(self) -> float | None:
        """0..1; None while the length is not known."""
        return self.done / self.total if self.total else None

    @property
    def frames_per_second(self) -> float:
        """How fast frames come; 0 before the second one."""
        passed = time.monotonic() - self.since if self.since else 0.0
        return self.done / passed if self.done and passed > 0 else 0.0


def advanced(progress: Progress, message: Mapping[str, Any]) -> Progress:
    """The progress after a message of the worker."""
    event = message.get("event")
    if event in _ENDED:
        return replace(progress, ended=str(event), words=_ending(message, progress))
    if event == "started":
        return replace(progress, total=int(message["frames"]), since=time.monotonic(), words="Rendering")
    if event == "frame":
        now = replace(progress, done=int(message["done"]), total=int(message["total"]))
        return replace(now, words=_under_way(now))
    words = _meanwhile(message)
    return replace(progress, words=words) if words else progress


def _meanwhile(message: Mapping[str, Any]) -> str:
    event = message.get("event")
    if event == "plan":
        return "Planned"
    if event == "loading":
        return f"Loading {message.get('model')}"
    if event == "preroll":
        return f"Preroll, frame {message['done']} of {message['total']}"
    if event == "assembling":
        return f"Making the movie {message['name']}, frame {message['done']} of {message['total']}"
    return ""


def _under_way(progress: Progress) -> str:
    words = f"{progress.done} of {progress.total} frames"
    speed = progress.frames_per_second
    if speed <= 0 or progress.done >= progress.total:
        return words
    return f"{words}, {duration((progress.total - progress.done) / speed)} left"


def _ending(message: Mapping[str, Any], progress: Progress) -> str:
    event = message.get("event")
    if event == "finished":
        return f"{counted(int(message['frames']), 'frame')} in {duration(float(message.get('seconds', 0)))}"
    if event == "failed":
        return str(message.get("message", "Failed."))
    return f"Cancelled. Complete frames: {progress.done}, which are kept"


def duration(seconds: float) -> str:
    """A length of time: `12 s`, `3 min 05 s`, `2 h 10 min`."""
    whole = max(round(seconds), 0)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
