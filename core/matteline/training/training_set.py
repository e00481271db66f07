"""The training set of a distillation: pictures that a teacher mattes, drawn people, and backgrounds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import torch

from matteline.training.backgrounds import Backgrounds
from matteline.training.batches import BatchSource
from matteline.training.distillation import DistillationBatches
from matteline.training.drawn import drawn_people, drawn_places
from matteline.training.folders import segmentation_pairs
from matteline.training.masked import masked_examples
from matteline.training.pack import Examples, Pack, Packs
from matteline.training.pictures import pictures_and_movies_in, pictures_in, read_picture, resize
from matteline.training.splits import HOLD_OUT, split, validation_half
from matteline.training.teacher import Teacher, teacher_examples

_PEOPLE_A_PLACE: Final = 4  # drawn people for each drawn place without people


@dataclass(frozen=True)
class DistillationData:
    """Data of a distillation.

    Attributes:
        pictures: Folders of pictures with people, each with their own true aspect.
        stretched: Folders of pictures that were stretched to another aspect from an unknown one.
        masked: Folder of pictures with masks made by hand, laid out as `folders.segmentation` says; None for
            none.
        backgrounds: Folders of pictures without people.
        drawn: Number of drawn people to add.
        hold_out: One of so many pictures of a folder is held out; 0 holds out none.
        side: Side in pixels of the squares that examples are kept as.
        agreement: Least agreement of the teacher with itself on pictures to learn from; 0 takes all.
    """

    pictures: tuple[Path, ...] = ()
    stretched: tuple[Path, ...] = ()
    masked: Path | None = None
    backgrounds: tuple[Path, ...] = ()
    drawn: int = 0
    hold_out: int = HOLD_OUT
    side: int = 320
    agreement: float = 0.0


@dataclass(frozen=True)
class TrainingSet:
    """Everything that a run learns from.

    Attributes:
        batches: Source of training batches.
        held_out: Examples that are in no batch; None where there are none.
        described: The set in words.
        teacher: The network that is learned from; None without one.
    """

    batches: BatchSource
    held_out: Packs | None
    described: str
    teacher: Teacher | None = None


Preparing = Callable[[str, int, int], None]
"""Called with what is prepared, the number done, and the number of all."""


def prepare_distillation(
    data: DistillationData, teacher: Teacher | None, cache: Path, progress: Preparing
) -> TrainingSet:
    """Let the teacher matte all pictures that the cache does not hold yet, and make a training set of them.

    Args:
        data: Folders and numbers of pictures.
        teacher: The network that mattes the pictures; None where there are none.
        cache: Folder for the teacher's mattes and for drawings.
        progress: Called while examples are made.

    Raises:
        JobError: A folder is missing or holds no pictures.
        ReadError: A picture cannot be read.
        WriteError: The cache cannot be written.
    """
    learned, held_out = _matted(data, teacher, cache, progress) if teacher else ([], [])
    described = [f"{sum(map(len, learned))} pictures"] if learned else []
    if data.masked is not None:
        learn, hold = _masked(data, data.masked, cache, progress)
        learned.append(learn)
        held_out.append(hold)
        described.append(f"{len(learn)} masked pictures")
    empty: list[Examples] = list(learned)
    if data.drawn:
        drawing, side = partial(progress, "drawings"), data.side
        learned.append(drawn_people(data.drawn, cache, side=side, progress=drawing))
        empty.append(drawn_places(data.drawn // _PEOPLE_A_PLACE, cache, side=side, progress=drawing))
        described.append(f"{data.drawn} drawings")
    held = Packs(held_out)
    files = [file for folder in data.backgrounds for file in pictures_in(folder)]
    squares = [resize(read_picture(file, 2 * data.side), (data.side, data.side)) for file in files]
    pictures = [torch.from_numpy(square).permute(2, 0, 1).contiguous() for square in squares]
    backgrounds = Backgrounds(pictures, Packs(empty))
    # Every example counts the same, drawn or not.
    batches = DistillationBatches(Packs(learned), backgrounds if len(backgrounds) else None)
    return TrainingSet(batches, held if len(held) else None, ", ".join(described), teacher)


def _matted(
    data: DistillationData, teacher: Teacher, cache: Path, progress: Preparing
) -> tuple[list[Examples], list[Examples]]:
    """Return the examples to learn from and those held out, by folder."""

    def matte(files: Sequence[Path], agreement: float, *, stretched: bool) -> Examples:
        return teacher_examples(
            files,
            teacher,
            cache,
            side=data.side,
            stretched=stretched,
            agreement=agreement,
            progress=partial(progress, "pictures"),
        )

    folders = [(folder, False) for folder in data.pictures]
    folders += [(folder, True) for folder in data.stretched]
    learned, held_out = [], []
    for folder, stretched in folders:
        learn, hold = split(pictures_and_movies_in(folder), data.hold_out)
        learned.append(matte(learn, data.agreement, stretched=stretched))
        # Held out are all pictures, whether the teacher agrees with itself on them or not.
        held_out.append(matte(validation_half(hold), 0.0, stretched=stretched))
    return learned, held_out


def _masked(data: DistillationData, folder: Path, cache: Path, progress: Preparing) -> tuple[Pack, Pack]:
    """Return the masked pictures to learn from, and those that choose the model."""
    pairs = {pair.picture.path: pair for pair in segmentation_pairs(folder)}
    learn, hold = split(list(pairs), data.hold_out)
    pack = partial(
        masked_examples, cache=cache, side=data.side, progress=partial(progress, "masked pictures")
    )
    return pack([pairs[path] for path in learn]), pack([pairs[path] for path in validation_half(hold)])
