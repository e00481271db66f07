"""Training schedules by name: the four stages of the paper, and one for processors."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

from matteline.contract.errors import JobError

Size = tuple[int, int]
"""Height and width in pixels."""


@dataclass(frozen=True)
class Rates:
    """Learning rates of the parts of a network."""

    encoder: float
    context: float
    decoder: float
    refiner: float


@dataclass(frozen=True)
class Stage:
    """A part of a training.

    Attributes:
        name: What to call it.
        share: How much of the run it takes; all stages together take 1.
        rates: Learning rates, before warm-up and decay.
        clips: In one step.
        frames: Of each clip.
        sizes: What the network looks at; each step takes one of them.
        rolled: At most how many frames roll the recurrent state before those that are learned from.
        refined_every: Every so many steps a larger picture is learned from through the refiner; 0 for never.
        refined_clips: In such a step.
        refined_frames: Of each clip in such a step.
        refined_scale: How many times larger the picture is then.
        stills: Whether mattes are learned from moved pictures rather than from clips.
        boldness: How hard the lessons are, 0 to 1; see `lessons.Shape`.
        detail: Weight of alpha and foreground beside segmentation. Their losses are mostly edges, whose
            gradients never fall silent: where people are at all is learned faster with less of them.
        glances: Whether only the encoder learns, where there is a teacher: to think as that one does.
        segments: Whether every other step segments people instead: clips and single pictures in turn.
    """

    name: str
    share: float
    rates: Rates
    clips: int
    frames: int
    sizes: tuple[Size, ...]
    rolled: int = 0
    refined_every: int = 0
    refined_clips: int = 0
    refined_frames: int = 1
    refined_scale: float = 2.0
    boldness: float = 1.0
    detail: float = 1.0
    stills: bool = False
    glances: bool = False
    segments: bool = False

    def fitted(self, pixels: float) -> Stage:
        """The same with pictures and clips so small that a step holds so many pixels at most.

        Args:
            pixels: Frames times height times width that the device's memory takes at once.
        """
        sizes = tuple(_within(size, pixels / self.clips) for size in self.sizes)
        largest = max(height * width for height, width in sizes)
        frames = max(1, min(self.frames, int(pixels / (self.clips * largest))))
        area = largest * self.refined_scale**2
        refined = max(1, min(self.refined_frames, int(pixels / (max(1, self.refined_clips) * area))))
        return replace(self, sizes=sizes, frames=frames, refined_frames=refined)


@dataclass(frozen=True)
class Preset:
    """A whole training.

    Attributes:
        name: What a user types.
        summary: What it is for.
        width: Of the network where the user names none.
        stages: One after another.
        warm_up: The share of the run in which the rates rise from 0.
        last_rate: What the rates have fallen to at the end, by half a cosine; 1 keeps them.
        weight_decay: Of AdamW, on the weights of convolutions.
        averaging: Decay of the average of the weights that is kept as the result.
        norm_momentum: Of batch normalisation; None as the network has it.
        max_gradient: Longer gradients are shortened to this norm.
        longer_side: Of the reduced picture that the trained network wants.
        kept_side: Of the squares that a teacher's examples are kept as, in pixels.
        agreement: How far a teacher must agree with itself on a picture that is learned from, as
            intersection over union; 0 for anyhow. See `agreement`.
    """

    name: str
    summary: str
    width: float
    stages: tuple[Stage, ...]
    warm_up: float = 0.0
    last_rate: float = 1.0
    weight_decay: float = 0.0
    averaging: float = 0.999
    norm_momentum: float | None = None
    max_gradient: float = 5.0
    longer_side: int = 512
    kept_side: int = 320
    agreement: float = 0.0


def _around(side: int) -> tuple[Size, ...]:
    """A square, and wide and tall pictures of about as many pixels, in steps of 16."""
    long, short = round(side * 1.28 / 16) * 16, round(side * 0.78 / 16) * 16
    return (side, side), (short, long), (long, short), (short, long)


_LOOKING = Rates(3e-3, 3e-3, 3e-3, 3e-3)
_MATTING = Rates(1.5e-3, 2e-3, 3e-3, 3e-3)
_REMEMBERING = Rates(1.2e-3, 1.5e-3, 2e-3, 3e-3)

SMALL_CPU: Final = Preset(
    name="small-cpu",
    summary="a network for processors, 3/4 as wide, from nothing, in two hours on two cores",
    width=0.75,
    stages=(
        Stage(
            "glances", 0.25, _LOOKING, clips=8, frames=1, sizes=((160, 160),),
            boldness=0.5, detail=0.2, glances=True,
        ),
        Stage(
            "small clips", 0.25, _MATTING, clips=8, frames=1, sizes=_around(160),
            rolled=2, boldness=0.3, detail=0.3,
        ),
        Stage(
            "clips", 0.22, _REMEMBERING, clips=4, frames=1, sizes=_around(224),
            rolled=4, refined_every=6, refined_clips=3, refined_scale=1.5, boldness=0.3, detail=0.6,
        ),
        Stage(
            "edges", 0.28, _REMEMBERING, clips=3, frames=2, sizes=_around(256),
            rolled=4, refined_every=4, refined_clips=2, refined_scale=1.5, boldness=0.3,
        ),
    ),
    warm_up=0.02,
    last_rate=0.01,
    weight_decay=0.02,
    averaging=0.998,
    norm_momentum=0.05,
    max_gradient=2.0,
    longer_side=256,
    agreement=0.6,
)  # fmt: skip

# The paper's learning rates assume an encoder that was trained on ImageNet.
_FIRST = Rates(1e-4, 2e-4, 2e-4, 0.0)
_LONG = Rates(5e-5, 1e-4, 1e-4, 0.0)
_FINE = Rates(1e-5, 1e-5, 1e-5, 2e-4)
_STILL = Rates(1e-5, 1e-5, 5e-5, 2e-4)
_SIDES = range(256, 513, 64)
_RANDOM = tuple((height, width) for height in _SIDES for width in _SIDES)

# Shares of the run after the hours that the paper's stages took: 18, 2, 8 and 14.
_STAGES: Final = (
    Stage("1: clips", 0.43, _FIRST, clips=1, frames=15, sizes=_RANDOM, segments=True),
    Stage("2: long clips", 0.05, _LONG, clips=1, frames=50, sizes=_RANDOM, segments=True),
    Stage(
        "3: high resolution", 0.19, _FINE, clips=1, frames=40, sizes=_RANDOM, segments=True,
        refined_every=4, refined_clips=1, refined_frames=6, refined_scale=4.0,
    ),
    Stage(
        "4: pictures", 0.33, _STILL, clips=1, frames=40, sizes=_RANDOM, segments=True, stills=True,
        refined_every=4, refined_clips=1, refined_frames=6, refined_scale=4.0,
    ),
)  # fmt: skip

_RVM: Final = Preset("rvm", "the four stages of the paper, one after another", 1.0, _STAGES)

_SINGLE: Final = tuple(
    replace(
        _RVM,
        name=f"rvm-{number}",
        summary=f"stage {stage.name} of the paper alone, begun from --begin",
        stages=(replace(stage, share=1.0),),
    )
    for number, stage in enumerate(_STAGES, 1)
)

PRESETS: Final = {each.name: each for each in (SMALL_CPU, _RVM, *_SINGLE)}


def preset_named(name: str) -> Preset:
    """The preset of this name.

    Raises:
        JobError: There is none.
    """
    if name not in PRESETS:
        hint = f"Choose from: {', '.join(PRESETS)}."
        raise JobError(f"There is no training preset '{name}'.", field="preset", hint=hint)
    return PRESETS[name]


def _within(size: Size, pixels: float) -> Size:
    """A size of the same aspect with so many pixels at most, in steps of 16."""
    height, width = size
    scale = min(1.0, math.sqrt(pixels / (height * width)))
    if scale == 1:
        return size
    return max(32, int(height * scale) // 16 * 16), max(32, int(width * scale) // 16 * 16)
