"""What the steps of a stage do: matting, sometimes through the refiner, and segmentation in turn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matteline.training.lessons import MATTES, SEGMENTS, STILLS, Shape
from matteline.training.presets import Stage


@dataclass(frozen=True)
class Turn:
    """What one step does.

    Attributes:
        shape: Of its lesson.
        rolled: How many of the lesson's first frames only roll the recurrent state.
        ratio: Of the reduced picture to the lesson's.
        detail: Weight of alpha and foreground.
        glance: Whether only the encoder learns.
    """

    shape: Shape
    rolled: int
    ratio: float
    detail: float = 1.0
    glance: bool = False


def turn_at(stage: Stage, step: int, rng: np.random.Generator) -> Turn:
    """What a step of a stage does: matting, every so often through the refiner, and segmentation in turn."""
    height, width = stage.sizes[rng.integers(len(stage.sizes))]
    kind = STILLS if stage.stills else MATTES
    if stage.segments:
        step, odd = divmod(step, 2)
        if odd:
            frames = stage.frames if step % 2 else 1
            clips = stage.clips * (stage.frames // frames)
            return Turn(Shape(clips, frames, height, width, SEGMENTS), 0, 1.0)
    if stage.refined_every and step % stage.refined_every == 0:
        scale = stage.refined_scale
        large = round(height * scale), round(width * scale)
        shape = Shape(stage.refined_clips, stage.refined_frames, *large, kind, stage.boldness)
        return Turn(shape, 0, 1 / scale, stage.detail)
    rolled = int(rng.integers(stage.rolled + 1)) if stage.rolled else 0
    shape = Shape(stage.clips, rolled + stage.frames, height, width, kind, stage.boldness)
    return Turn(shape, rolled, 1.0, stage.detail, stage.glances)
