"""Distillation: a network learns from another one's mattes of pictures that nobody has matted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from matteline.training.backgrounds import Backgrounds
from matteline.training.drawn import drawn_people, drawn_places
from matteline.training.lessons import Lessons
from matteline.training.pack import Examples, Packs
from matteline.training.packed import PackedLessons
from matteline.training.splits import HOLD_OUT, split, watched
from matteline.training.stills import footage_in, pictures_in, read_picture, resized
from matteline.training.teacher import Teacher, taught

_PEOPLE_A_PLACE: Final = 4  # drawn people for each drawn place without people


@dataclass(frozen=True)
class Materials:
    """What a network is distilled on.

    Attributes:
        pictures: Folders of pictures with people, each with their own true aspect.
        stretched: Folders of pictures that were stretched to another aspect, nobody knows from which.
        backgrounds: Folders of pictures without people.
        drawn: How many drawn people to add.
        hold_out: Of how many pictures of a folder one is held out; 0 for none.
        side: Of the squares that examples are kept as, in pixels.
        agreement: How far the teacher must agree with itself on what is learned from; 0 for anyhow.
    """

    pictures: tuple[Path, ...] = ()
    stretched: tuple[Path, ...] = ()
    backgrounds: tuple[Path, ...] = ()
    drawn: int = 0
    hold_out: int = HOLD_OUT
    side: int = 320
    agreement: float = 0.0


@dataclass(frozen=True)
class Syllabus:
    """Lessons, examples that no lesson shows, and who teaches, if anyone does."""

    lessons: Lessons
    held_out: Packs | None
    described: str
    teacher: Teacher | None = None


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
    learned, held_out = _looked_at(materials, teacher, cache, progress) if teacher else ([], [])
    described = [f"{sum(map(len, learned))} pictures"] if learned else []
    empty: list[Examples] = list(learned)
    if materials.drawn:
        told, side = partial(progress, "drawings"), materials.side
        learned.append(drawn_people(materials.drawn, cache, side=side, progress=told))
        empty.append(drawn_places(materials.drawn // _PEOPLE_A_PLACE, cache, side=side, progress=told))
        described.append(f"{materials.drawn} drawings")
    held = Packs(held_out)
    pictures = _pictures(materials.backgrounds, materials.side)
    backgrounds = Backgrounds(pictures, Packs(empty))
    lessons = PackedLessons(Packs(learned), backgrounds if len(backgrounds) else None)
    return Syllabus(lessons, held if len(held) else None, ", ".join(described), teacher)


def _looked_at(
    materials: Materials, teacher: Teacher, cache: Path, progress: Progress
) -> tuple[list[Examples], list[Examples]]:
    """What is learned from, and what is held out, by folder."""

    def look(files: Sequence[Path], agreed: float, *, stretched: bool) -> Examples:
        return taught(
            files,
            teacher,
            cache,
            side=materials.side,
            stretched=stretched,
            agreed=agreed,
            progress=partial(progress, "pictures"),
        )

    folders = [(folder, False) for folder in materials.pictures]
    folders += [(folder, True) for folder in materials.stretched]
    learned, held_out = [], []
    for folder, stretched in folders:
        learn, hold = split(footage_in(folder), materials.hold_out)
        learned.append(look(learn, materials.agreement, stretched=stretched))
        held_out.append(look(watched(hold), 0.0, stretched=stretched))
    return learned, held_out


def _pictures(folders: Sequence[Path], side: int) -> list[Tensor]:
    files = [file for folder in folders for file in pictures_in(folder)]
    squares = [resized(read_picture(file, 2 * side), (side, side)) for file in files]
    return [torch.from_numpy(square).permute(2, 0, 1).contiguous() for square in squares]
