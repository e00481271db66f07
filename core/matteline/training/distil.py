"""Distillation: a network learns from another one's mattes of pictures that nobody has matted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from matteline.training.drawn import drawn_examples
from matteline.training.packed import PackedLessons
from matteline.training.pack import Packs
from matteline.training.splits import HOLD_OUT, split
from matteline.training.stills import pictures_in, read_picture, resized
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

    lessons: PackedLessons
    held_out: Packs | None
    described: str


Progress = Callable[[str, int, int], None]
"""Told what is prepared, how many are done, of how many."""


def prepare(materials: Materials, teacher: Teacher, cache: Path, progress: Progress) -> Syllabus:
    """Let the teacher look at all pictures, as far as the cache does not know, and make lessons of them.

    Raises:
        JobError: A folder is missing or holds no pictures.
        ReadError: A picture cannot be read.
        WriteError: The cache cannot be written.
    """
    folders = [(each, False) for each in materials.pictures] + [(each, True) for each in materials.stretched]
    found = [(split(pictures_in(folder), materials.hold_out), stretched) for folder, stretched in folders]
    scenes = _backgrounds(materials.backgrounds)

    def look(files: Sequence[Path], stretched: bool) -> Packs:
        return Packs(
            [
                taught(
                    files,
                    teacher,
                    cache,
                    side=SIDE,
                    stretched=stretched,
                    progress=lambda done, of: progress("pictures", done, of),
                )
            ]
        )

    learned = [look(learn, stretched) for (learn, _), stretched in found]
    held = [look(held, stretched) for (_, held), stretched in found if held]
    if materials.drawn:
        drawn = drawn_examples(
            materials.drawn, cache, side=SIDE, progress=lambda done, of: progress("drawings", done, of)
        )
        learned.append(Packs([drawn]))
    described = f"{sum(map(len, learned)) - materials.drawn} pictures, {materials.drawn} drawings"
    return Syllabus(PackedLessons(Packs(learned), scenes), Packs(held) if held else None, described)


def _backgrounds(folders: Sequence[Path]) -> list[Tensor]:
    files = [file for folder in folders for file in pictures_in(folder)]
    squares = [resized(read_picture(file, 2 * SIDE), (SIDE, SIDE)) for file in files]
    return [torch.from_numpy(square).permute(2, 0, 1).contiguous() for square in squares]
