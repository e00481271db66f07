"""Batches from packed examples: people as a teacher matted them, or drawn ones."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from matteline.training.backgrounds import Backgrounds
from matteline.training.batches import BatchShape, TrainingBatch
from matteline.training.motion import random_views
from matteline.training.pack import Examples
from matteline.training.photometric import degrade, motion_blur, relight

# Shares of clips; the first and the last are multiplied by the strength of augmentation.
_PASTED: Final = 0.5  # people cut out and put before something else
_BEFORE_PEOPLE: Final = 0.4  # of those, before another picture of people: groups, and people half hidden
_MOVING: Final = 0.3  # of those, blurred by their own motion
_EMPTY: Final = 0.07  # nobody at all
_CAMERA_BLURRED: Final = 0.15  # everything blurred by the camera's motion
_LONGEST_BLUR: Final = 0.06  # of the picture's longer side


@dataclass(frozen=True)
class _Clips:
    """Tensors as of `TrainingBatch`, all of them known."""

    pictures: Tensor
    pha: Tensor
    fgr: Tensor
    seg: Tensor

    def take(self, numbers: list[int]) -> _Clips:
        return _Clips(self.pictures[numbers], self.pha[numbers], self.fgr[numbers], self.seg[numbers])

    def replace(self, numbers: list[int], others: _Clips) -> None:
        """Replace some clips, in place."""
        self.pictures[numbers], self.pha[numbers] = others.pictures, others.pha
        self.fgr[numbers], self.seg[numbers] = others.fgr, others.seg


class DistillationBatches:
    """Batches from packed examples, moved, relit, and pasted before other backgrounds.

    Args:
        examples: Examples to learn from.
        backgrounds: Places without people; None where there are none.
    """

    def __init__(self, examples: Examples, backgrounds: Backgrounds | None) -> None:
        self._examples = examples
        self._backgrounds = backgrounds

    def batch(self, shape: BatchShape, rng: np.random.Generator) -> TrainingBatch:
        """Return a batch; see `BatchSource.batch`. Segmentation comes with the mattes, whatever the kind."""
        clips = self._people(shape, shape.clips, rng)
        pasted = [number for number in range(shape.clips) if rng.random() < _PASTED * shape.augmentation]
        if pasted:
            clips.replace(pasted, self._pasted(clips.take(pasted), shape, rng))
        empty = [number for number in range(shape.clips) if rng.random() < _EMPTY]
        if empty and self._backgrounds is not None:
            clips.replace(empty, _places(self._backgrounds, shape, len(empty), rng))
        if rng.random() < _CAMERA_BLURRED * shape.augmentation:
            clips = _blurred(clips, shape, rng)
        # Last, as a camera and its files come after all that is before the lens.
        pictures = degrade(clips.pictures, rng, strength=shape.augmentation)
        return TrainingBatch(pictures, clips.pha.clamp(0, 1), clips.fgr, clips.seg.clamp(0, 1))

    def _people(self, shape: BatchShape, count: int, rng: np.random.Generator) -> _Clips:
        """Return random examples as moving clips in a new light."""
        batch = self._examples.take(rng.integers(len(self._examples), size=count).tolist())
        views = random_views(
            batch.aspect, shape.frames, shape.height, shape.width, rng, augmentation=shape.augmentation
        )
        clips = views.sampled(batch.planes, shape.height, shape.width) / 255
        # Picture and foreground side by side in time, so that they get the same light.
        both = torch.cat([clips[:, :, :3], clips[:, :, 3:6]], 1)
        both = relight(both, rng, strength=0.3 + 0.7 * shape.augmentation)
        pictures, fgr = both[:, : shape.frames], both[:, shape.frames :]
        return _Clips(pictures, clips[:, :, 6:7], fgr, clips[:, :, 7:])

    def _pasted(self, people: _Clips, shape: BatchShape, rng: np.random.Generator) -> _Clips:
        """Return people before other people or, where there are backgrounds, before those more often."""
        count = len(people.pictures)
        if rng.random() < _MOVING:
            people = _blurred(people, shape, rng)
        behind = self._people(shape, count, rng)
        if self._backgrounds is not None:
            alone = [number for number in range(count) if rng.random() >= _BEFORE_PEOPLE]
            if alone:
                behind.replace(alone, _places(self._backgrounds, shape, len(alone), rng))
        cover = people.pha
        pictures = cover * people.fgr + (1 - cover) * behind.pictures
        pha = cover + (1 - cover) * behind.pha
        # Straight colour of both layers together; where neither covers, any colour is right.
        light = cover * people.fgr + (1 - cover) * behind.pha * behind.fgr
        seg = torch.maximum(people.seg, (1 - cover) * behind.seg)
        return _Clips(pictures, pha, light / pha.clamp(min=1e-3), seg)


def _places(backgrounds: Backgrounds, shape: BatchShape, count: int, rng: np.random.Generator) -> _Clips:
    """Return backgrounds as moving clips that show nobody."""
    chosen = backgrounds.take(count, rng)
    views = random_views(torch.zeros(count), shape.frames, shape.height, shape.width, rng)
    pictures = relight(views.sampled(chosen, shape.height, shape.width) / 255, rng)
    nobody = torch.zeros_like(pictures[:, :, :1])
    return _Clips(pictures, nobody, torch.zeros_like(pictures), nobody)


def _blurred(clips: _Clips, shape: BatchShape, rng: np.random.Generator) -> _Clips:
    """Return clips blurred by motion, with their mattes and foregrounds."""
    # From hardly visible to a smear of a sixteenth of the picture.
    length = float(rng.uniform(2, _LONGEST_BLUR * max(shape.height, shape.width)))
    angle = float(rng.uniform(0, 2 * math.pi))
    direction = length * math.sin(angle), length * math.cos(angle)
    cover = motion_blur(clips.pha, direction)
    light = motion_blur(clips.pha * clips.fgr, direction)
    return _Clips(
        motion_blur(clips.pictures, direction),
        cover,
        light / cover.clamp(min=1e-3),
        motion_blur(clips.seg, direction),
    )
