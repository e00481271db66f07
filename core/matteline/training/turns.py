"""What the steps of a stage do: matting, sometimes through the refiner, and segmentation in turn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from matteline.training.lessons import MATTES, SEGMENTS, STILLS, Shape
from matteline.training.presets import Stage

# Measured on a processor, beside a frame that is learned from.
_COST_OF_FEATURES: Final = 0.6
_COST_OF_ROLLED: Final = 0.3


@dataclass(frozen=True)
class Turn:
    """What one step does.

    Attributes:
        shape: Of its lesson.
        rolled: How many of the lesson's first frames only fill the recurrent state.
        ratio: Reduced size over the lesson's size.
        detail: Weight of alpha and foreground.
        features_only: Only the encoder learns, from a teacher's features.
    """

    shape: Shape
    rolled: int
    ratio: float
    detail: float = 1.0
    features_only: bool = False


def turn_at(stage: Stage, step: int, rng: np.random.Generator) -> Turn:
    """Return what a step of a stage does.

    Args:
        stage: Where the run stands.
        step: Counted from 0.
        rng: Decides sizes and lengths; alike in all processes of a team.
    """
    height, width = stage.sizes[rng.integers(len(stage.sizes))]
    frames, most_rolled = stage.spans[rng.integers(len(stage.spans))]
    kind = STILLS if stage.stills else MATTES
    if stage.segments:
        step, odd = divmod(step, 2)
        if odd:
            long = frames if step % 2 else 1
            clips = stage.clips * (frames // long)
            return Turn(Shape(clips, long, height, width, SEGMENTS), 0, 1.0)
    if rng.random() < stage.features_only:
        clips = stage.clips_of(_COST_OF_FEATURES, height, width)
        return Turn(Shape(clips, 1, height, width, kind, stage.boldness), 0, 1.0, features_only=True)
    if stage.refined_every and step % stage.refined_every == 0:
        scale = stage.refined_scale
        large = round(height * scale), round(width * scale)
        shape = Shape(stage.refined_clips, stage.refined_frames, *large, kind, stage.boldness)
        return Turn(shape, 0, 1 / scale, stage.detail)
    rolled = int(rng.integers(most_rolled + 1))
    clips = stage.clips_of(frames + _COST_OF_ROLLED * rolled, height, width)
    shape = Shape(clips, rolled + frames, height, width, kind, stage.boldness)
    return Turn(shape, rolled, 1.0, stage.detail)
