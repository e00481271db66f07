"""Lessons from packed examples, as a teacher or a drawing left them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from matteline.training.backgrounds import Backgrounds
from matteline.training.lessons import Lesson, Shape
from matteline.training.looks import filmed, motion_blurred, relit
from matteline.training.motion import Views, random_views
from matteline.training.pack import Batch, Examples

# Shares of clips; the first and the last are multiplied by the lesson's boldness.
_PASTED: Final = 0.5  # people cut out and put before something else
_BEFORE_PEOPLE: Final = 0.4  # of those, before another picture of people: groups, and people half hidden
_MOVING: Final = 0.3  # of those, blurred by their own motion
_EMPTY: Final = 0.07  # nobody at all
_CAMERA_BLURRED: Final = 0.15  # everything blurred by the camera's motion
_LONGEST_BLUR: Final = 0.06  # of the picture's longer side


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
        backgrounds: Places without people; None where there are none.
    """

    def __init__(self, examples: Examples, backgrounds: Backgrounds | None) -> None:
        self._examples = examples
        self._backgrounds = backgrounds

    def lesson(self, shape: Shape, rng: np.random.Generator) -> Lesson:
        """As `Lessons.lesson`; segments come with their mattes."""
        scene = self._people(*self._chosen(shape, shape.clips, rng), shape, rng)
        pasted = [number for number in range(shape.clips) if rng.random() < _PASTED * shape.boldness]
        if pasted:
            scene.put(pasted, self._before(scene.some(pasted), shape, rng))
        empty = [number for number in range(shape.clips) if rng.random() < _EMPTY]
        if empty and self._backgrounds is not None:
            scene.put(empty, self._empty(self._backgrounds, shape, len(empty), rng))
        if rng.random() < _CAMERA_BLURRED * shape.boldness:
            scene = _smeared(scene, shape, rng)
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
        """People cut out before other people or, where there are backgrounds, before those more often."""
        count = len(people.pictures)
        if rng.random() < _MOVING:
            people = _smeared(people, shape, rng)
        scenes = self._people(*self._chosen(shape, count, rng), shape, rng)
        if self._backgrounds is not None:
            alone = [number for number in range(count) if rng.random() >= _BEFORE_PEOPLE]
            if alone:
                scenes.put(alone, self._empty(self._backgrounds, shape, len(alone), rng))
        return _over(people, scenes)

    def _empty(self, backgrounds: Backgrounds, shape: Shape, count: int, rng: np.random.Generator) -> _Scene:
        chosen = backgrounds.take(count, rng)
        views = random_views(torch.zeros(count), shape.frames, shape.height, shape.width, rng)
        pictures = relit(views.sampled(chosen, shape.height, shape.width) / 255, rng)
        nothing = torch.zeros_like(pictures[:, :, :1])
        return _Scene(pictures, nothing, torch.zeros_like(pictures), nothing)


def _seen(batch: Batch, views: Views, shape: Shape) -> _Scene:
    clips = views.sampled(batch.planes, shape.height, shape.width) / 255
    return _Scene(clips[:, :, :3], clips[:, :, 6:7], clips[:, :, 3:6], clips[:, :, 7:])


def _lit(scene: _Scene, rng: np.random.Generator, *, strength: float) -> _Scene:
    """Picture and foreground in the same new light."""
    frames = scene.pictures.shape[1]
    both = relit(torch.cat([scene.pictures, scene.fgr], 1), rng, strength=strength)
    return _Scene(both[:, :frames], scene.pha, both[:, frames:], scene.seg)


def _smeared(scene: _Scene, shape: Shape, rng: np.random.Generator) -> _Scene:
    """Blurred by motion, its matte and foreground with it."""
    length = float(rng.uniform(2, _LONGEST_BLUR * max(shape.height, shape.width)))
    angle = float(rng.uniform(0, 2 * math.pi))
    direction = length * math.sin(angle), length * math.cos(angle)
    cover = motion_blurred(scene.pha, direction)
    light = motion_blurred(scene.pha * scene.fgr, direction)
    return _Scene(
        motion_blurred(scene.pictures, direction),
        cover,
        light / cover.clamp(min=1e-3),
        motion_blurred(scene.seg, direction),
    )


def _over(people: _Scene, scenes: _Scene) -> _Scene:
    """People before scenes that may hold people themselves."""
    cover = people.pha
    pictures = cover * people.fgr + (1 - cover) * scenes.pictures
    pha = cover + (1 - cover) * scenes.pha
    light = cover * people.fgr + (1 - cover) * scenes.pha * scenes.fgr
    seg = torch.maximum(people.seg, (1 - cover) * scenes.seg)
    return _Scene(pictures, pha, light / pha.clamp(min=1e-3), seg)
