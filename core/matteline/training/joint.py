"""Batches of the paper's joint training: true mattes before other backgrounds, and segmentation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from matteline.contract.errors import JobError
from matteline.training.batches import SEGMENTS, STILLS, BatchShape, TrainingBatch
from matteline.training.footage import MattingFootage, PlainFootage, SegmentedFootage, Source, UInt8Array
from matteline.training.motion import random_views
from matteline.training.photometric import degrade, relight
from matteline.training.presets import Stage

S = TypeVar("S")

_SPARE: Final = 1.5  # pixels read for each pixel of a batch's longer side, so that views may zoom in
_SHADOWS: Final = 0.25  # share of backgrounds with a shadow of the people before them
_STILL_CAMERA: Final = 0.3  # share of clips of several frames to which no camera movement is added


@dataclass(frozen=True)
class JointBatches:
    """Batches from published data sets.

    Args:
        clips: Clips with true mattes; None where there are none.
        stills: Pictures with true mattes; None where there are none.
        backgrounds: Clips and pictures without people.
        segments: Pictures with masks of their people; None where there are none.
    """

    clips: Source[MattingFootage] | None
    stills: Source[MattingFootage] | None
    backgrounds: Source[PlainFootage]
    segments: Source[SegmentedFootage] | None

    def check(self, stages: Sequence[Stage]) -> None:
        """Check that every stage has its data, before the first one begins.

        Raises:
            JobError: A stage has none.
        """
        _required(self.clips or self.stills, "people with true mattes", "matting_clips")
        if any(stage.segments for stage in stages):
            _required(self.segments, "pictures with segmented people", "segmentation")

    def batch(self, shape: BatchShape, rng: np.random.Generator) -> TrainingBatch:
        """Return a batch that depends on nothing but its shape and the state of `rng`.

        Raises:
            JobError: Data of its kind were not given, or files do not belong together.
            ReadError: A file cannot be read.
        """
        if shape.kind == SEGMENTS:
            source = _required(self.segments, "pictures with segmented people", "segmentation")
            parts = [_segmented(source, shape, rng) for _ in range(shape.clips)]
        else:
            people = (self.stills or self.clips) if shape.kind == STILLS else (self.clips or self.stills)
            matted = _required(people, "people with true mattes", "matting_clips")
            parts = [_composed(matted, self.backgrounds, shape, rng) for _ in range(shape.clips)]
        mattes, colours = [each.pha for each in parts], [each.fgr for each in parts]
        return TrainingBatch(
            torch.cat([each.pictures for each in parts]),
            torch.cat([each for each in mattes if each is not None]) if mattes[0] is not None else None,
            torch.cat([each for each in colours if each is not None]) if colours[0] is not None else None,
            torch.cat([each.seg for each in parts]),
        )


def _composed(
    people: Source[MattingFootage],
    backgrounds: Source[PlainFootage],
    shape: BatchShape,
    rng: np.random.Generator,
) -> TrainingBatch:
    """Return one clip of people before a random background."""
    longest = round(_SPARE * max(shape.height, shape.width))
    matted = people.load(int(rng.integers(len(people))), shape.frames, rng, longest)
    place = backgrounds.load(int(rng.integers(len(backgrounds))), shape.frames, rng, longest)
    moved = _moved(_planes(matted.fgr, matted.pha), shape, rng)
    fgr, pha = moved[:, :, :3], moved[:, :, 3:]
    behind = relight(_moved(_planes(place.pictures), shape, rng), rng)
    if rng.random() < _SHADOWS:
        # A soft copy of the matte, thrown to a side and down, darkens what is behind.
        height, width = shape.height, shape.width
        small = functional.interpolate(pha[0], (max(4, height // 16), max(4, width // 16)), mode="area")
        soft = functional.interpolate(small, (height, width), mode="bilinear", align_corners=False)
        shift = int(rng.integers(-width // 6, width // 6 + 1)), int(rng.integers(0, height // 6 + 1))
        shadow = torch.roll(soft, (shift[1], shift[0]), (-2, -1))[None]
        behind = behind * (1 - float(rng.uniform(0.15, 0.6)) * shadow)
    fgr = relight(fgr, rng)
    # After the composite, since a camera records people and place alike.
    pictures = degrade(pha * fgr + (1 - pha) * behind, rng)
    return TrainingBatch(pictures, pha, fgr, (pha > 0.5).float())


def _segmented(
    source: Source[SegmentedFootage], shape: BatchShape, rng: np.random.Generator
) -> TrainingBatch:
    """Return one clip of segmented people."""
    longest = round(_SPARE * max(shape.height, shape.width))
    footage = source.load(int(rng.integers(len(source))), shape.frames, rng, longest)
    moved = _moved(_planes(footage.pictures, footage.masks), shape, rng)
    return TrainingBatch(degrade(relight(moved[:, :, :3], rng), rng), None, None, moved[:, :, 3:])


def _planes(pictures: UInt8Array, mask: UInt8Array | None = None) -> Tensor:
    """(T, C, H, W) uint8 of pictures (T, H, W, 3) and their mask (T, H, W)."""
    planes = torch.from_numpy(pictures).permute(0, 3, 1, 2)
    return planes if mask is None else torch.cat([planes, torch.from_numpy(mask)[:, None]], 1)


def _moved(planes: Tensor, shape: BatchShape, rng: np.random.Generator) -> Tensor:
    """Return a clip (1, T, C, height, width), 0..1, of the frames (T', C, H, W), seen by a moving camera."""
    there = len(planes)
    order = np.arange(shape.frames)
    if there > 1 and rng.random() < 0.2:
        order = order // 2  # slowed down
    # To and fro where there are too few frames.
    order = order % max(1, 2 * there - 2)
    order = np.where(order < there, order, 2 * there - 2 - order)
    if rng.random() < 0.5:
        order = order[::-1]
    aspect = torch.tensor([planes.shape[-1] / planes.shape[-2]])
    speed = 0.0 if there > 1 and rng.random() < _STILL_CAMERA else 1.0
    views = random_views(aspect, shape.frames, shape.height, shape.width, rng, speed=speed)
    # A copy, because torch takes no array of negative strides, as one turned round has.
    return views.of_frames(planes[torch.from_numpy(order.copy())], shape.height, shape.width) / 255


def _required(source: S | None, what: str, field: str) -> S:
    """Return a source that must be there."""
    if source is None:
        raise JobError(
            f"This training needs {what}, and none were given.",
            field=field,
            hint="Name their folder.",
            settings=(field,),
        )
    return source
