"""How long a training step takes on a processor: its parts, and with torch's gradients and with ours.

::

    python tests/benchmarks/training.py [SIDE] [CLIPS]

All take turns, so that whatever else the machine does slows all. One thread, bfloat16. A step is a network's
answer to SIDE pixels, with what a teacher of the full width thinks, and all gradients; a glance ends at the
context; torch's step has the library's gradients of depthwise convolutions instead of ours.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from statistics import median

import torch

from matteline.matting.rvm.network import MattingNetwork
from matteline.training.depthwise import quicken
from matteline.training.forward import NO_STATE, Pupil
from matteline.training.hints import Hints, Thinker
from matteline.training.lessons import Lesson
from matteline.training.objective import losses_of
from matteline.training.presets import SMALL_CPU

ROUNDS = 15


def timed(work: Callable[[], object]) -> float:
    """Seconds that some work takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def step(pupil: Pupil, lesson: Lesson, hints: Hints, *, glance: bool) -> None:
    """One forward and backward pass."""
    with torch.autocast("cpu", torch.bfloat16):
        answer = pupil(lesson.pictures, NO_STATE, 1.0, hints, glance=glance)
    losses_of(answer, lesson, 1.0)["loss"].backward()


def main(words: list[str]) -> None:
    """Print medians of the seconds of a step."""
    side, clips = (int(words[0]) if words else 160), (int(words[1]) if words[1:] else 8)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    thinker = Thinker(MattingNetwork(), torch.device("cpu"), torch.bfloat16)
    ours, theirs = (Pupil(MattingNetwork(width=SMALL_CPU.width), thinker.channels) for _ in range(2))
    quicken(ours.network)
    for pupil in (ours, theirs):
        pupil.train().to(memory_format=torch.channels_last)
    size = (clips, 1, 1, side, side)
    picture = torch.rand(clips, 1, 3, side, side)
    lesson = Lesson(picture, torch.rand(size), picture, torch.rand(size))
    hints = thinker.hints(picture.flatten(0, 1))
    works: dict[str, Callable[[], object]] = {
        "a teacher's thoughts": lambda: thinker.hints(picture.flatten(0, 1)),
        "a glance": lambda: step(ours, lesson, hints, glance=True),
        "a step": lambda: step(ours, lesson, hints, glance=False),
        "torch's step": lambda: step(theirs, lesson, hints, glance=False),
    }
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            taken[name].append(timed(work))
    for name, seconds in taken.items():
        print(f"{clips} pictures of {side} pixels, {name}: {1000 * median(seconds):.0f} ms")


if __name__ == "__main__":
    main(sys.argv[1:])
