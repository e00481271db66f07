"""Clips of a drawn person whose matte is known exactly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from matteline.drawing.arrays import Floats
from matteline.drawing.body import draw_body
from matteline.drawing.camera import Camera
from matteline.drawing.figure import Figure, Pose
from matteline.drawing.hair import draw_hair, draw_hair_behind
from matteline.drawing.head import draw_head
from matteline.drawing.layers import Layers
from matteline.drawing.light import Lighting
from matteline.drawing.scene import Room
from matteline.drawing.stage import Stage

_FRAMES_PER_SECOND = 24


@dataclass(frozen=True)
class Drawing:
    """One frame and the truth about it. Colours are sRGB-encoded, as the network sees them.

    `plate` equals `alpha * fgr + (1 - alpha) * background` in float32, computed on the encoded values: no
    light is added up in linear, so that the truth holds in the space the network works in. `draw_people` lays
    the noise and softness of a camera over the plate alone, unless told not to; all else stays exact.

    Attributes:
        number: Of the frame, from 0.
        plate: (H, W, 3) float32, 0..1.
        alpha: (H, W) float32, 0..1.
        fgr: (H, W, 3) float32, 0..1, straight; 0 where alpha is 0.
        background: (H, W, 3) float32, 0..1.
    """

    number: int
    plate: Floats
    alpha: Floats
    fgr: Floats
    background: Floats


def draw_clip(width: int, height: int, frames: int, *, seed: int = 12) -> Iterator[Drawing]:
    """Draw a person who talks and looks about in a room, at 24 frames per second.

    A frame depends on size, seed and its number alone, not on how many are drawn.

    Args:
        width: Of the picture, in pixels.
        height: Of the picture, in pixels.
        frames: How many to draw.
        seed: Chooses person, movement and room.
    """
    room = Room(width, height, seed)
    figure = Figure.random(seed)
    for number in range(frames):
        seconds = number / _FRAMES_PER_SECOND
        fgr, alpha = draw_figure(width, height, figure, Pose.at(seconds, seed))
        yield _composed(number, fgr, alpha, room.seen(seconds))


def draw_figure(
    width: int, height: int, figure: Figure, pose: Pose, lighting: Lighting | None = None
) -> tuple[Floats, Floats]:
    """Draw a person from the chest up: straight colour (H, W, 3) and alpha (H, W)."""
    camera = Camera(width, height, scale=0.46 * min(height, width), x=width / 2, y=0.42 * height)
    stage = Stage(figure, pose, lighting or Lighting(), camera)
    layers = Layers(width, height)
    for draw in (draw_hair_behind, draw_body, draw_head, draw_hair):
        draw(layers, stage)
    layers.soften()
    return layers.straight()


def _composed(number: int, fgr: Floats, alpha: Floats, background: Floats) -> Drawing:
    cover = alpha[..., None]
    plate = cover * fgr + (1 - cover) * background
    return Drawing(number, np.clip(plate, 0, 1), alpha, fgr, background)
