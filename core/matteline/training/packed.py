"""Lessons from packed examples, as a teacher or a drawing left them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from matteline.training.lessons import Lesson, Shape
from matteline.training.looks import filmed, relit
from matteline.training.motion import Views, random_views
from matteline.training.pack import Batch, Examples

_PASTED: Final = 0.3  # how many of a batch are cut out and put before something else
_BEFORE_PEOPLE: Final = 0.4  # of those, how many before another picture of people
_EMPTY: Final = 0.03  # how many show no one at all


@dataclass(frozen=True)
class _Scene:
    """As `Lesson`, with everything known."""

    pictures: Tensor
    pha: Tensor
    fgr: Tensor
    seg: Tensor

    def some(self, numbers: list[int]) -> _Scene:
        return _Scene(self.pictures[numbers], self.pha[numbers], self.fgr[numbers], self.seg[numbers])

    def put(self, numbers: list[int], others: _Scene) -> None:
        """Replace some clips, in place."""
        self.pictures[numbers], self.pha[numbers] = others.pictures, others.pha
        self.fgr[numbers], self.seg[numbers] = others.fgr, others.seg


class PackedLessons:
    """Lessons from packed examples, moved, relit, and pasted before other backgrounds.

    Args:
        examples: What is learned from.
        backgrounds: Pictures without people, (3, side, side) uint8 each; may be none.
    """

    def __init__(self, examples: Examples, backgrounds: list[Tensor]) -> None:
        self._examples = examples
        self._backgrounds = backgrounds

    def lesson(self, shape: Shape, rng: np.random.Generator) -> Lesson:
        """As `Lessons.lesson`; segments come with their mattes."""
        scene = self._people(*self._chosen(shape, shape.clips, rng), shape, rng)
        pasted = [number for number in range(shape.clips) if rng.random() < _PASTED * shape.boldness]
        if pasted:
            scene.put(pasted, self._before(scene.some(pasted), shape, rng))
        pictures = filmed(scene.pictures, rng, strength=shape.boldness)
        pha, seg = scene.pha.clamp(0, 1), scene.seg.clamp(0, 1)
        return Lesson(pictures, pha, scene.fgr, seg)

    def _chosen(self, shape: Shape, count: int, rng: np.random.Generator) -> tuple[Batch, Views]:
        batch = self._examples.take(rng.integers(len(self._examples), size=count).tolist())
        views = random_views(
            batch.aspect, shape.frames, shape.height, shape.width, rng, boldness=shape.boldness
        )
        return batch, views

    def _people(self, batch: Batch, views: Views, shape: Shape, rng: np.random.Generator) -> _Scene:
        return _lit(_seen(batch, views, shape), rng, strength=0.3 + 0.7 * shape.boldness)

    def _before(self, people: _Scene, shape: Shape, rng: np.random.Generator) -> _Scene:
        count = len(people.pictures)
        scenes = self._people(*self._chosen(shape, count, rng), shape, rng)
        if self._backgrounds:
            empty = torch.from_numpy(rng.random(count) >= _BEFORE_PEOPLE).view(-1, 1, 1, 1, 1)
            plain = self._empty_scenes(shape, count, rng)
            zero = torch.zeros_like(scenes.pha)
            scenes = _Scene(
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


def _seen(batch: Batch, views: Views, shape: Shape) -> _Scene:
    clips = views.sampled(batch.planes, shape.height, shape.width) / 255
    return _Scene(clips[:, :, :3], clips[:, :, 6:7], clips[:, :, 3:6], clips[:, :, 7:])


def _lit(scene: _Scene, rng: np.random.Generator, *, strength: float) -> _Scene:
    """Picture and foreground in the same new light."""
    frames = scene.pictures.shape[1]
    both = relit(torch.cat([scene.pictures, scene.fgr], 1), rng, strength=strength)
    return _Scene(both[:, :frames], scene.pha, both[:, frames:], scene.seg)


def _over(people: _Scene, scenes: _Scene, there: Tensor) -> _Scene:
    """People before scenes that may hold people themselves; `there` is 0 where they are left out."""
    cover = people.pha * there
    pictures = cover * people.fgr + (1 - cover) * scenes.pictures
    pha = cover + (1 - cover) * scenes.pha
    light = cover * people.fgr + (1 - cover) * scenes.pha * scenes.fgr
    seg = torch.maximum(people.seg * there, (1 - cover) * scenes.seg)
    return _Scene(pictures, pha, light / pha.clamp(min=1e-3), seg)
