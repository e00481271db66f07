"""Lessons of RVM's joint training: people cut out exactly before other backgrounds, and people segmented."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from matteline.contract.errors import JobError
from matteline.training.footage import (
    MattingFootage,
    PlainFootage,
    SegmentedFootage,
    Source,
    UInt8Array,
)
from matteline.training.lessons import SEGMENTS, STILLS, Lesson, Shape
from matteline.training.looks import filmed, relit
from matteline.training.motion import random_views
from matteline.training.presets import Stage

S = TypeVar("S")

_SPARE: Final = 1.5  # pixels read for each pixel of a lesson's longer side, so that views may zoom in
_SHADOWS: Final = 0.25
_STILL_CAMERA: Final = 0.3


@dataclass(frozen=True)
class JointLessons:
    """Lessons from published data.

    Args:
        clips: Clips with true mattes; None where there are none.
        stills: Pictures with true mattes; None where there are none.
        backgrounds: Clips and pictures without people.
        segments: Pictures whose people are marked; None where there are none.
    """

    clips: Source[MattingFootage] | None
    stills: Source[MattingFootage] | None
    backgrounds: Source[PlainFootage]
    segments: Source[SegmentedFootage] | None

    def check(self, stages: Sequence[Stage]) -> None:
        """See that every stage will have its data, before the first one begins.

        Raises:
            JobError: One will not.
        """
        _wanted(self.clips or self.stills, "people with true mattes", "matting_clips")
        if any(stage.segments for stage in stages):
            _wanted(self.segments, "pictures with segmented people", "segmentation")

    def lesson(self, shape: Shape, rng: np.random.Generator) -> Lesson:
        """A lesson that depends on nothing but its shape and the state of `rng`.

        Raises:
            JobError: Its kind of data was not given; or files do not belong together.
            ReadError: A file cannot be read.
        """
        if shape.kind == SEGMENTS:
            source = _wanted(self.segments, "pictures with segmented people", "segmentation")
            return _stacked([_segmented(source, shape, rng) for _ in range(shape.clips)])
        people = (self.stills or self.clips) if shape.kind == STILLS else (self.clips or self.stills)
        cut = _wanted(people, "people with true mattes", "matting_clips")
        return _stacked([_composed(cut, self.backgrounds, shape, rng) for _ in range(shape.clips)])


def _composed(
    people: Source[MattingFootage],
    backgrounds: Source[PlainFootage],
    shape: Shape,
    rng: np.random.Generator,
) -> Lesson:
    cut = people.load(int(rng.integers(len(people))), shape.frames, rng, _longest(shape))
    scene = backgrounds.load(int(rng.integers(len(backgrounds))), shape.frames, rng, _longest(shape))
    moved = _moved(_planes(cut.fgr, cut.pha), shape, rng)
    fgr, pha = moved[:, :, :3], moved[:, :, 3:]
    behind = _shaded(relit(_moved(_planes(scene.pictures), shape, rng), rng), pha, rng)
    fgr = relit(fgr, rng)
    pictures = filmed(pha * fgr + (1 - pha) * behind, rng)
    return Lesson(pictures, pha, fgr, (pha > 0.5).float())


def _segmented(source: Source[SegmentedFootage], shape: Shape, rng: np.random.Generator) -> Lesson:
    marked = source.load(int(rng.integers(len(source))), shape.frames, rng, _longest(shape))
    moved = _moved(_planes(marked.pictures, marked.masks), shape, rng)
    return Lesson(filmed(relit(moved[:, :, :3], rng), rng), None, None, moved[:, :, 3:])


def _planes(pictures: UInt8Array, mask: UInt8Array | None = None) -> Tensor:
    """(T, C, H, W) uint8 of pictures (T, H, W, 3) and what belongs to them (T, H, W)."""
    planes = torch.from_numpy(pictures).permute(0, 3, 1, 2)
    return planes if mask is None else torch.cat([planes, torch.from_numpy(mask)[:, None]], 1)


def _moved(planes: Tensor, shape: Shape, rng: np.random.Generator) -> Tensor:
    """A clip (1, T, C, height, width), 0..1, of frames that are there, seen by a moving camera."""
    frames = _timed(planes, shape.frames, rng)
    aspect = torch.tensor([planes.shape[-1] / planes.shape[-2]])
    speed = 0.0 if len(planes) > 1 and rng.random() < _STILL_CAMERA else 1.0
    views = random_views(aspect, shape.frames, shape.height, shape.width, rng, speed=speed)
    return views.of_frames(frames, shape.height, shape.width) / 255


def _timed(planes: Tensor, frames: int, rng: np.random.Generator) -> Tensor:
    """Exactly so many frames: to and fro where there are fewer, some clips backwards, some slowed down."""
    there = len(planes)
    order = np.arange(frames)
    if there > 1 and rng.random() < 0.2:
        order = order // 2
    order = order % max(1, 2 * there - 2)
    order = np.where(order < there, order, 2 * there - 2 - order)
    if rng.random() < 0.5:
        order = order[::-1]
    return planes[torch.from_numpy(order.copy())]


def _shaded(behind: Tensor, pha: Tensor, rng: np.random.Generator) -> Tensor:
    """Some backgrounds (1, T, 3, H, W) with a soft shadow of the people before them."""
    if rng.random() >= _SHADOWS:
        return behind
    height, width = pha.shape[-2:]
    small = functional.interpolate(pha[0], (max(4, height // 16), max(4, width // 16)), mode="area")
    soft = functional.interpolate(small, (height, width), mode="bilinear", align_corners=False)
    shift = int(rng.integers(-width // 6, width // 6 + 1)), int(rng.integers(0, height // 6 + 1))
    shadow = torch.roll(soft, (shift[1], shift[0]), (-2, -1))[None]
    return behind * (1 - float(rng.uniform(0.15, 0.6)) * shadow)


def _longest(shape: Shape) -> int:
    return round(_SPARE * max(shape.height, shape.width))


def _stacked(lessons: list[Lesson]) -> Lesson:
    mattes, colours = [each.pha for each in lessons], [each.fgr for each in lessons]
    return Lesson(
        torch.cat([each.pictures for each in lessons]),
        torch.cat([each for each in mattes if each is not None]) if mattes[0] is not None else None,
        torch.cat([each for each in colours if each is not None]) if colours[0] is not None else None,
        torch.cat([each.seg for each in lessons]),
    )


def _wanted(source: S | None, what: str, field: str) -> S:
    if source is None:
        raise JobError(
            f"This training needs {what}, and none were given.",
            field=field,
            hint=f"Name their folder with --{field.replace('_', '-')}.",
        )
    return source
