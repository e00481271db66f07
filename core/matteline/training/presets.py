"""Training schedules by name: the four stages of the paper, and one for processors."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

from matteline.contract.errors import JobError

Size = tuple[int, int]
"""Height and width in pixels."""

Span = tuple[int, int]
"""Frames of a clip that are learned from, and at most how many before them only fill the recurrent state."""


@dataclass(frozen=True)
class Rates:
    """Learning rates of the parts of a network; `context` is LR-ASPP."""

    encoder: float
    context: float
    decoder: float
    refiner: float


@dataclass(frozen=True)
class Stage:
    """A part of a training.

    Attributes:
        name: Name in progress lines and in `progress.csv`.
        share: Share of the run, 0 to 1; all stages together take 1.
        rates: Learning rates, before warm-up and decay.
        clips: Clips in one step.
        spans: Pairs of frames learned from and, at most, frames before them that only fill the recurrent
            state; each step takes one pair.
        sizes: Sizes of the reduced picture; each step takes one of them.
        budget: Pixels in one step, over all clips and frames: larger or longer clips make fewer of them. None
            takes `clips` at every size.
        refined_every: Every so many steps a larger picture is learned from through the refiner; 0 for never.
        refined_clips: Clips in such a step.
        refined_frames: Frames of each clip in such a step.
        refined_scale: Full size over reduced size in such a step.
        stills: Take mattes from moved pictures rather than from clips.
        augmentation: Strength of augmentation, 0 to 1; see `batches.BatchShape`.
        matte_weight: Weight of alpha and foreground beside segmentation. Their losses are mostly edges, whose
            gradients never vanish: a network finds people faster with less of them.
        features_only: Share of steps in which only the encoder learns a teacher's features; they cost half.
        segments: Segment people in every other step: clips and single pictures in turn.
    """

    name: str
    share: float
    rates: Rates
    clips: int
    spans: tuple[Span, ...]
    sizes: tuple[Size, ...]
    budget: int | None = None
    refined_every: int = 0
    refined_clips: int = 0
    refined_frames: int = 1
    refined_scale: float = 2.0
    augmentation: float = 1.0
    matte_weight: float = 1.0
    stills: bool = False
    features_only: float = 0.0
    segments: bool = False

    def fitted(self, pixels: float) -> Stage:
        """Return the stage with pictures and clips so small that a step holds at most `pixels`.

        Args:
            pixels: Frames times height times width that the device's memory takes at once.
        """
        sizes = tuple(_within(size, pixels / self.clips) for size in self.sizes)
        largest = max(height * width for height, width in sizes)
        most = max(1, int(pixels / (self.clips * largest)))
        spans = tuple((min(frames, most), lead_in) for frames, lead_in in self.spans)
        area = largest * self.refined_scale**2
        refined = max(1, min(self.refined_frames, int(pixels / (max(1, self.refined_clips) * area))))
        # A budget must not undo what was fitted.
        budget = self.budget and min(self.budget, int(pixels))
        return replace(self, sizes=sizes, spans=spans, budget=budget, refined_frames=refined)

    def clips_of(self, frames: float, height: int, width: int) -> int:
        """Return how many clips a step takes.

        Args:
            frames: Frames of each clip; one without gradients counts for less.
            height: Of the reduced picture, in pixels.
            width: Of the reduced picture, in pixels.
        """
        if self.budget is None:
            return self.clips
        return max(1, round(self.budget / (frames * height * width)))


@dataclass(frozen=True)
class Preset:
    """A whole training.

    Attributes:
        name: Name that a user types.
        summary: Purpose in a few words.
        width: Width of the network where the user gives none.
        stages: Stages in their order.
        refiner: Guided filter of the network, one of `architecture.REFINERS`.
        warm_up: Share of the run in which the rates rise from 0.
        steady: Share of the run after which the rates begin to fall. A run whose rates have not fallen yet
            can be made longer or shorter by resuming it with another length.
        last_rate: Factor of the rates at the end, reached by half a cosine; 1 keeps them.
        weight_decay: Weight decay of AdamW, on the weights of convolutions.
        averaging: Decay of the average of the weights that is the result.
        norm_momentum: Momentum of batch normalisation; None for the network's own.
        max_gradient: Norm that longer gradients are clipped to.
        longer_side: Longer side in pixels of the reduced picture that the trained network is to be shown.
        kept_side: Side in pixels of the squares that a teacher's examples are kept as.
        packed: Learn from packed examples of single pictures rather than from clips and pictures as they lie
            on disk, which take long to read at every step.
        agreement: Least agreement of a teacher with itself on pictures to learn from, as intersection over
            union; 0 takes all. See `agreement`.
    """

    name: str
    summary: str
    width: float
    stages: tuple[Stage, ...]
    refiner: str = "deep_guided_filter"
    warm_up: float = 0.0
    steady: float = 0.0
    last_rate: float = 1.0
    weight_decay: float = 0.0
    averaging: float = 0.999
    norm_momentum: float | None = None
    max_gradient: float = 5.0
    longer_side: int = 512
    kept_side: int = 320
    packed: bool = False
    agreement: float = 0.0


# Square pictures and wide and tall ones, from 192 to 384 pixels. The official network itself agrees with its
# own mattes of photos by an IoU of only 0.85 when it is shown 256 pixels, and by 0.89 at 384.
_MIXED: Final = (
    (192, 192), (160, 224), (224, 160), (256, 256), (256, 256), (208, 320), (320, 208), (320, 320),
    (256, 384), (384, 288),
)  # fmt: skip

# 2e-3 was too high for mattes from random weights; for features 3e-3 is not.
_BEGINNING: Final = Rates(3e-3, 3e-3, 1.5e-3, 3e-3)
_STEADY: Final = Rates(6e-4, 8e-4, 8e-4, 8e-4)
# About 0.8 s of one core's time, in half a gigabyte.
_BUDGET: Final = 4 * 256 * 256

_SMALL_STAGES: Final = (
    # Before there is a decoder worth the time that it takes, which is half of a step.
    Stage(
        "features", 0.2, _BEGINNING, clips=8, spans=((1, 0),), sizes=((160, 160), (192, 192)), budget=_BUDGET,
        augmentation=0.5, matte_weight=0.2, features_only=1.0,
    ),
    Stage(
        "mixed", 0.8, _STEADY, clips=4, spans=((1, 0), (1, 0), (3, 0), (2, 6)), sizes=_MIXED, budget=_BUDGET,
        augmentation=0.5, features_only=0.5,
    ),
)  # fmt: skip

# No learned refiner: at the sizes that a processor can afford it learns to print texture into solid bodies.
SMALL_CPU: Final = Preset(
    name="small-cpu",
    summary="a network for processors, 3/4 as wide, with a teacher",
    width=0.75,
    refiner="fast_guided_filter",
    stages=_SMALL_STAGES,
    warm_up=0.03,
    steady=0.85,
    last_rate=0.01,
    weight_decay=0.02,
    averaging=0.999,
    # Half of the usual: statistics of steps of four pictures vary much.
    norm_momentum=0.05,
    max_gradient=2.0,
    # A fifth more than the pictures that most steps show; people in photos are small.
    longer_side=320,
    kept_side=384,
    packed=True,
    agreement=0.5,
)

# The paper's learning rates assume an encoder that was trained on ImageNet.
_FIRST = Rates(1e-4, 2e-4, 2e-4, 0.0)
_LONG = Rates(5e-5, 1e-4, 1e-4, 0.0)
_FINE = Rates(1e-5, 1e-5, 1e-5, 2e-4)
_STILL = Rates(1e-5, 1e-5, 5e-5, 2e-4)
_SIDES = range(256, 513, 64)
_RANDOM = tuple((height, width) for height in _SIDES for width in _SIDES)

# Shares of the run after the hours that the paper's stages took: 18, 2, 8 and 14.
_STAGES: Final = (
    Stage("1: clips", 0.43, _FIRST, clips=1, spans=((15, 0),), sizes=_RANDOM, segments=True),
    Stage("2: long clips", 0.05, _LONG, clips=1, spans=((50, 0),), sizes=_RANDOM, segments=True),
    Stage(
        "3: high resolution", 0.19, _FINE, clips=1, spans=((40, 0),), sizes=_RANDOM, segments=True,
        refined_every=4, refined_clips=1, refined_frames=6, refined_scale=4.0,
    ),
    Stage(
        "4: pictures", 0.33, _STILL, clips=1, spans=((40, 0),), sizes=_RANDOM, segments=True, stills=True,
        refined_every=4, refined_clips=1, refined_frames=6, refined_scale=4.0,
    ),
)  # fmt: skip

_RVM: Final = Preset("rvm", "the four stages of the paper, one after another", 1.0, _STAGES)


def _alone(preset: Preset, whose: str) -> tuple[Preset, ...]:
    """Return the stages of a preset as presets of their own."""
    return tuple(
        replace(
            preset,
            name=f"{preset.name}-{number}",
            summary=f"stage {stage.name} of {whose} alone, begun from --begin",
            stages=(replace(stage, share=1.0),),
        )
        for number, stage in enumerate(preset.stages, 1)
    )


PRESETS: Final = {
    each.name: each for each in (SMALL_CPU, *_alone(SMALL_CPU, "small-cpu"), _RVM, *_alone(_RVM, "the paper"))
}


def preset_named(name: str) -> Preset:
    """Return the preset of a name.

    Raises:
        JobError: There is none.
    """
    if name not in PRESETS:
        hint = f"Choose from: {', '.join(PRESETS)}."
        raise JobError(
            f"There is no training preset '{name}'.", field="preset", hint=hint, settings=("preset",)
        )
    return PRESETS[name]


def _within(size: Size, pixels: float) -> Size:
    """Return a size of the same aspect with at most `pixels` pixels, in steps of 16."""
    height, width = size
    scale = min(1.0, math.sqrt(pixels / (height * width)))
    if scale == 1:
        return size
    # Encoders halve a picture four times.
    return max(32, int(height * scale) // 16 * 16), max(32, int(width * scale) // 16 * 16)
