"""Time of a training step on a processor: its parts, with torch's gradients of depthwise convolutions and with ours.

::

    python tests/benchmarks/training.py [SIDE] [CLIPS]

All take turns, so that whatever else the machine does slows all. One thread, bfloat16. A step is a network's forward
pass over CLIPS pictures of SIDE pixels, with the features of a teacher of the full width as targets, and all
gradients; a step of features alone ends at the context.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from statistics import median

import torch

from matteline.matting.rvm.network import MattingNetwork
from matteline.training.batches import TrainingBatch
from matteline.training.depthwise import patch_depthwise
from matteline.training.objective import losses_of
from matteline.training.presets import SMALL_CPU
from matteline.training.student import NO_STATE, Student
from matteline.training.teacher_features import Features, TeacherFeatures

ROUNDS = 15


def step(student: Student, batch: TrainingBatch, features: Features, *, features_only: bool) -> None:
    """Run one forward and backward pass."""
    with torch.autocast("cpu", torch.bfloat16):
        prediction = student(batch.pictures, NO_STATE, 1.0, features, features_only=features_only)
    losses_of(prediction, batch, 1.0)["loss"].backward()


def main(arguments: list[str]) -> None:
    """Print medians of the CPU time of each part."""
    side, clips = (int(arguments[0]) if arguments else 160), (int(arguments[1]) if arguments[1:] else 8)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    teacher = TeacherFeatures(MattingNetwork(), torch.device("cpu"), torch.bfloat16)
    ours, theirs = (Student(MattingNetwork(width=SMALL_CPU.width), teacher.channels) for _ in range(2))
    patch_depthwise(ours.network)
    for student in (ours, theirs):
        student.train().to(memory_format=torch.channels_last)
    size = (clips, 1, 1, side, side)
    picture = torch.rand(clips, 1, 3, side, side)
    batch = TrainingBatch(picture, torch.rand(size), picture, torch.rand(size))
    features = teacher.of(picture.flatten(0, 1))
    works: dict[str, Callable[[], object]] = {
        "features of a teacher": lambda: teacher.of(picture.flatten(0, 1)),
        "a step of features alone": lambda: step(ours, batch, features, features_only=True),
        "a step": lambda: step(ours, batch, features, features_only=False),
        "a step with torch's gradients": lambda: step(theirs, batch, features, features_only=False),
    }
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            started = time.process_time()
            work()
            taken[name].append(time.process_time() - started)
    for name, seconds in taken.items():
        print(f"{clips} pictures of {side} pixels, {name}: {1000 * median(seconds):.0f} ms")


if __name__ == "__main__":
    main(sys.argv[1:])
