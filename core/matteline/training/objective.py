"""What one step makes small: the losses of an answer to a lesson, weighted."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from matteline.training.forward import Answer
from matteline.training.lessons import Lesson
from matteline.training.losses import alpha_loss, foreground_loss, segmentation_loss

_WEIGHTS: Final = {"helper": 0.5, "coarse": 0.5, "hints": 2.0}


def losses_of(answer: Answer, lesson: Lesson, ratio: float, detail: float = 1.0) -> dict[str, Tensor]:
    """What was wrong with an answer, by name; `loss` is the weighted sum that is learned from."""
    small_seg = _reduced(lesson.seg, ratio)
    losses = _matting_losses(answer, lesson, ratio)
    if answer.seg is not None:
        losses["seg"] = segmentation_loss(answer.seg, small_seg)
    height, width = answer.context.shape[-2:]
    coarse = functional.adaptive_avg_pool2d(small_seg.flatten(0, 1), (height, width))
    losses["helper"] = segmentation_loss(answer.context.flatten(0, 1), coarse)
    if answer.unlike is not None:
        losses["hints"] = answer.unlike
    weights = {**_WEIGHTS, "alpha": detail, "fgr": detail}
    weighted = [weights.get(name, 1.0) * loss for name, loss in losses.items()]
    return {"loss": torch.stack(weighted).sum(), **losses}


def _matting_losses(answer: Answer, lesson: Lesson, ratio: float) -> dict[str, Tensor]:
    if lesson.pha is None or lesson.fgr is None or answer.alpha is None or answer.fgr is None:
        return {}
    losses = {
        "alpha": alpha_loss(answer.alpha, lesson.pha),
        "fgr": foreground_loss(answer.fgr, lesson.fgr, lesson.pha),
    }
    if answer.coarse_alpha is not None:
        losses["coarse"] = alpha_loss(answer.coarse_alpha, _reduced(lesson.pha, ratio))
    return losses


def _reduced(planes: Tensor, ratio: float) -> Tensor:
    if ratio == 1:
        return planes
    small = functional.interpolate(
        planes.flatten(0, 1),
        scale_factor=ratio,
        mode="bilinear",
        align_corners=False,
        recompute_scale_factor=False,
    )
    return small.view(*planes.shape[:3], *small.shape[-2:])
