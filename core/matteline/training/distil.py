"""Distillation: a network learns from another one's mattes of pictures that nobody has matted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from matteline.training.drawn import drawn_examples
from matteline.training.lessons import Lessons
from matteline.training.pack import Examples, Packs
from matteline.training.packed import PackedLessons
from matteline.training.splits import HOLD_OUT, split
from matteline.training.stills import footage_in, pictures_in, read_picture, resized
from matteline.training.teacher import Teacher, taught

SIDE = 320
"""Of the squares that examples are kept as, in pixels."""


@dataclass(frozen=True)
class Materials:
    """What a network is distilled on.

    Attributes:
        pictures: Folders of pictures with people, each with their own true aspect.
        stretched: Folders of pictures that were stretched to another aspect, nobody knows from which.
        backgrounds: Folders of pictures without people.
        drawn: How many drawn people to add.
        hold_out: Of how many pictures of a folder one is held out; 0 for none.
    """

    pictures: tuple[Path, ...] = ()
    stretched: tuple[Path, ...] = ()
    backgrounds: tuple[Path, ...] = ()
    drawn: int = 0
    hold_out: int = HOLD_OUT


@dataclass(frozen=True)
class Syllabus:
    """Lessons, and examples that no lesson shows."""

    lessons: Lessons
    held_out: Packs | None
    described: str


Progress = Callable[[str, int, int], None]
"""Told what is prepared, how many are done, of how many."""


def prepare(materials: Materials, teacher: Teacher | None, cache: Path, progress: Progress) -> Syllabus:
    """Let the teacher look at all pictures, as far as the cache does not know, and make lessons of them.

    Args:
        materials: What there is.
        teacher: Who looks at the pictures; None where there are none.
        cache: For what the teacher says, so that it is asked once.
        progress: Told while examples are made.

    Raises:
        JobError: A folder is missing or holds no pictures.
        ReadError: A picture cannot be read.
        WriteError: The cache cannot be written.
    """
    found = [(split(footage_in(folder), materials.hold_out), False) for folder in materials.pictures]
    found += [(split(footage_in(folder), materials.hold_out), True) for folder in materials.stretched]
    scenes = _backgrounds(materials.backgrounds)
    learned: list[Examples] = []
    held_out: list[Examples] = []
    for (learn, kept), stretched in found:
        if teacher is not None:
            learned.append(_look(learn, teacher, cache, stretched, progress))
            held_out.append(_look(kept, teacher, cache, stretched, progress))
    described = [f"{sum(map(len, learned))} pictures"] if learned else []
    if materials.drawn:
        learned.append(_draw(materials.drawn, teacher, cache, progress))
        described.append(f"{materials.drawn} drawings")
    held = Packs(held_out)
    return Syllabus(PackedLessons(Packs(learned), scenes), held if len(held) else None, ", ".join(described))


def _look(
    files: Sequence[Path], teacher: Teacher, cache: Path, stretched: bool, progress: Progress
) -> Examples:
    def told(done: int, of: int) -> None:
        progress("pictures", done, of)

    return taught(files, teacher, cache, side=SIDE, stretched=stretched, progress=told)


def _draw(count: int, teacher: Teacher | None, cache: Path, progress: Progress) -> Examples:
    def told(done: int, of: int) -> None:
        progress("drawings", done, of)

    return drawn_examples(count, cache, side=SIDE, progress=told, teacher=teacher)


def _backgrounds(folders: Sequence[Path]) -> list[Tensor]:
    files = [file for folder in folders for file in pictures_in(folder)]
    squares = [resized(read_picture(file, 2 * SIDE), (SIDE, SIDE)) for file in files]
    return [torch.from_numpy(square).permute(2, 0, 1).contiguous() for square in squares]
