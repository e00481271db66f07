"""Plans of single steps: matting, features alone, through the refiner, and segmentation, as a stage mixes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from matteline.training.batches import MATTES, SEGMENTS, STILLS, BatchShape
from matteline.training.presets import Stage

# Time on a processor beside a frame that is learned from.
_COST_OF_FEATURES: Final = 0.6
_COST_OF_LEAD_IN: Final = 0.3


@dataclass(frozen=True)
class StepPlan:
    """The work of one step.

    Attributes:
        shape: Size and kind of its batch.
        lead_in: Number of the batch's first frames that only fill the recurrent state.
        ratio: Reduced size over the batch's size.
        matte_weight: Weight of the losses of alpha and foreground.
        features_only: Only the encoder learns, from a teacher's features.
    """

    shape: BatchShape
    lead_in: int
    ratio: float
    matte_weight: float = 1.0
    features_only: bool = False


def plan_step(stage: Stage, step: int, rng: np.random.Generator) -> StepPlan:
    """Return the plan of a step.

    Args:
        stage: Stage of the run.
        step: Counted from 0.
        rng: Decides sizes and lengths; alike in all processes of a run.
    """
    height, width = stage.sizes[rng.integers(len(stage.sizes))]
    frames, most_lead_in = stage.spans[rng.integers(len(stage.spans))]
    kind, strength = STILLS if stage.stills else MATTES, stage.augmentation
    if stage.segments:
        step, odd = divmod(step, 2)
        if odd:
            # Clips and as many single pictures in turn (Lin et al. 2022).
            long = frames if step % 2 else 1
            clips = stage.clips * (frames // long)
            return StepPlan(BatchShape(clips, long, height, width, SEGMENTS), 0, 1.0)
    if rng.random() < stage.features_only:
        clips = stage.clips_of(_COST_OF_FEATURES, height, width)
        return StepPlan(BatchShape(clips, 1, height, width, kind, strength), 0, 1.0, features_only=True)
    if stage.refined_every and step % stage.refined_every == 0:
        scale = stage.refined_scale
        large = round(height * scale), round(width * scale)
        shape = BatchShape(stage.refined_clips, stage.refined_frames, *large, kind, strength)
        return StepPlan(shape, 0, 1 / scale, stage.matte_weight)
    lead_in = int(rng.integers(most_lead_in + 1))
    clips = stage.clips_of(frames + _COST_OF_LEAD_IN * lead_in, height, width)
    shape = BatchShape(clips, lead_in + frames, height, width, kind, strength)
    return StepPlan(shape, lead_in, 1.0, stage.matte_weight)
