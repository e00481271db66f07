"""Lessons: what one training step shows the network, and what it should have said."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from matteline.training.looks import filmed, relit
from matteline.training.motion import Views, random_views
from matteline.training.pack import Batch, Examples

_PASTED = 0.4  # how many of a batch are cut out and put before something else
_BEFORE_PEOPLE = 0.4  # of those, how many before another picture of people
_ENOUGH = 1.1  # pixels of the stored picture for each of the view's longer side
_EMPTY = 0.03  # how many show no one at all


@dataclass(frozen=True)
class Lesson:
    """Clips and the truth about them, float32.

    Attributes:
        pictures: (B, T, 3, H, W), sRGB-encoded, 0..1.
        pha: (B, T, 1, H, W), alpha, 0..1.
        fgr: (B, T, 3, H, W), straight, 0..1; counts where `pha` is above 0.
        seg: (B, T, 1, H, W), how likely a pixel is of a person.
    """

    pictures: Tensor
    pha: Tensor
    fgr: Tensor
    seg: Tensor

    def to(self, device: torch.device) -> Lesson:
        """The same on another device."""
        return Lesson(**{each.name: getattr(self, each.name).to(device) for each in fields(self)})


@dataclass(frozen=True)
class Shape:
    """How large a lesson is: clips, frames of each, and their size in pixels."""

    clips: int
    frames: int
    height: int
    width: int


class PackedLessons:
    """Lessons from packed examples, moved, relit, and pasted before other backgrounds.

    Args:
        pack: The examples.
        backgrounds: Pictures without people, (3, side, side) uint8 each; may be none.
    """

    def __init__(self, pack: Examples, backgrounds: list[Tensor]) -> None:
        self._pack = pack
        self._backgrounds = backgrounds

    def lesson(self, shape: Shape, rng: np.random.Generator) -> Lesson:
        """A lesson that depends on nothing but its shape and the state of `rng`."""
        lesson = self._people(shape, shape.clips, rng)
        pasted = [number for number in range(shape.clips) if rng.random() < _PASTED]
        if pasted:
            lesson = _joined(lesson, pasted, self._before(_some(lesson, pasted), shape, rng))
        return Lesson(filmed(lesson.pictures, rng), lesson.pha, lesson.fgr, lesson.seg)

    def _people(self, shape: Shape, count: int, rng: np.random.Generator) -> Lesson:
        batch = self._pack.take(rng.integers(len(self._pack), size=count).tolist())
        views = random_views(batch.aspect, shape.frames, shape.height, shape.width, rng)
        return _lit(_seen(batch, views, shape), rng)

    def _before(self, people: Lesson, shape: Shape, rng: np.random.Generator) -> Lesson:
        count = people.pictures.shape[0]
        scenes = self._people(shape, count, rng)
        if self._backgrounds:
            empty = torch.from_numpy(rng.random(count) >= _BEFORE_PEOPLE).view(-1, 1, 1, 1, 1)
            plain = self._empty_scenes(shape, count, rng)
            zero = torch.zeros_like(scenes.pha)
            scenes = Lesson(
                torch.where(empty, plain, scenes.pictures),
                torch.where(empty, zero, scenes.pha),
                scenes.fgr,
                torch.where(empty, zero, scenes.seg),
            )
        there = torch.from_numpy(rng.random(count) >= _EMPTY / _PASTED).float().view(-1, 1, 1, 1, 1)
        return _over(people, scenes, there)

    def _empty_scenes(self, shape: Shape, count: int, rng: np.random.Generator) -> Tensor:
        chosen = [self._backgrounds[number] for number in rng.integers(len(self._backgrounds), size=count)]
        views = random_views(torch.zeros(count), shape.frames, shape.height, shape.width, rng)
        return relit(views.sampled(torch.stack(chosen), shape.height, shape.width) / 255, rng)


def _seen(batch: Batch, views: Views, shape: Shape) -> Lesson:
    # Every other pixel serves a small view as well, at a quarter of the cost.
    fine = batch.planes.shape[-1] // 2 < _ENOUGH * max(shape.height, shape.width)
    planes = batch.planes if fine else batch.planes[..., ::2, ::2]
    clips = views.sampled(planes, shape.height, shape.width) / 255
    pictures, fgr, pha, seg = clips.split([3, 3, 1, 1], 2)
    return Lesson(pictures, pha, fgr, seg)


def _lit(lesson: Lesson, rng: np.random.Generator) -> Lesson:
    """Picture and foreground in the same new light."""
    frames = lesson.pictures.shape[1]
    both = relit(torch.cat([lesson.pictures, lesson.fgr], 1), rng)
    return Lesson(both[:, :frames], lesson.pha, both[:, frames:], lesson.seg)


def _over(people: Lesson, scenes: Lesson, there: Tensor) -> Lesson:
    """People before scenes that may hold people themselves; `there` is 0 where they are left out."""
    cover = people.pha * there
    pictures = cover * people.fgr + (1 - cover) * scenes.pictures
    pha = cover + (1 - cover) * scenes.pha
    light = cover * people.fgr + (1 - cover) * scenes.pha * scenes.fgr
    seg = torch.maximum(people.seg * there, (1 - cover) * scenes.seg)
    return Lesson(pictures, pha, light / pha.clamp(min=1e-3), seg)


def _some(lesson: Lesson, numbers: list[int]) -> Lesson:
    return Lesson(**{each.name: getattr(lesson, each.name)[numbers] for each in fields(lesson)})


def _joined(lesson: Lesson, numbers: list[int], others: Lesson) -> Lesson:
    made = {}
    for each in fields(lesson):
        planes = getattr(lesson, each.name).clone()
        planes[numbers] = getattr(others, each.name)
        made[each.name] = planes
    return Lesson(**made)
