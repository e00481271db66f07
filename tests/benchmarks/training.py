"""How long a training step takes on a processor, with torch's gradients of depthwise convolutions and ours.

::

    python tests/benchmarks/training.py [SIDE] [CLIPS]

Both take turns, so that whatever else the machine does slows both. One thread, bfloat16.
"""

from __future__ import annotations

import sys
import time
from statistics import median

import torch

from matteline.matting.rvm.network import MattingNetwork
from matteline.training.depthwise import quicken
from matteline.training.forward import Pupil
from matteline.training.lessons import Lesson
from matteline.training.objective import losses_of
from matteline.training.presets import SMALL_CPU

ROUNDS = 15


def step(pupil: Pupil, lesson: Lesson) -> float:
    """Seconds of one forward and backward pass."""
    started = time.perf_counter()
    with torch.autocast("cpu", torch.bfloat16):
        answer = pupil(lesson.pictures)
    losses_of(answer, lesson, 1.0)["loss"].backward()
    return time.perf_counter() - started


def main(words: list[str]) -> None:
    """Print medians of the seconds of a step."""
    side, clips = (int(words[0]) if words else 96), (int(words[1]) if words[1:] else 16)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    pupils = {name: Pupil(MattingNetwork(width=SMALL_CPU.width)) for name in ("torch's", "ours")}
    quicken(pupils["ours"].network)
    for pupil in pupils.values():
        pupil.train().to(memory_format=torch.channels_last)
    size = (clips, 1, 1, side, side)
    picture = torch.rand(clips, 1, 3, side, side)
    lesson = Lesson(picture, torch.rand(size), picture, torch.rand(size))
    taken: dict[str, list[float]] = {name: [] for name in pupils}
    for _ in range(ROUNDS):
        for name, pupil in pupils.items():
            taken[name].append(step(pupil, lesson))
    for name, seconds in taken.items():
        print(f"{clips} pictures of {side} pixels, {name} gradients: {1000 * median(seconds):.0f} ms")


if __name__ == "__main__":
    main(sys.argv[1:])
