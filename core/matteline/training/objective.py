"""The training objective: weighted losses of a prediction."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from matteline.training.batches import TrainingBatch
from matteline.training.losses import alpha_loss, foreground_loss, segmentation_loss
from matteline.training.student import Prediction

_WEIGHTS: Final = {"context": 0.5, "coarse": 0.5, "features": 2.0}  # of helpers beside alpha, fgr and seg


def losses_of(
    prediction: Prediction, batch: TrainingBatch, ratio: float, matte_weight: float = 1.0
) -> dict[str, Tensor]:
    """Return the losses of a prediction by name; `loss` is their weighted sum, which training minimises.

    Args:
        prediction: Outputs for the batch's pictures.
        batch: The truth about them.
        ratio: Reduced size over the batch's size.
        matte_weight: Weight of alpha and foreground.
    """
    losses: dict[str, Tensor] = {}
    if prediction.alpha is not None and batch.pha is not None:
        losses["alpha"] = alpha_loss(prediction.alpha, batch.pha)
        if prediction.fgr is not None and batch.fgr is not None:
            losses["fgr"] = foreground_loss(prediction.fgr, batch.fgr, batch.pha)
        if prediction.coarse_alpha is not None:
            losses["coarse"] = alpha_loss(prediction.coarse_alpha, _reduced(batch.pha, ratio))
    small_seg = _reduced(batch.seg, ratio)
    if prediction.seg is not None:
        losses["seg"] = segmentation_loss(prediction.seg, small_seg)
    context = prediction.context.flatten(0, 1)
    # The share of people in the sixteen by sixteen pixels of each place of the context.
    found = functional.adaptive_avg_pool2d(small_seg.flatten(0, 1), (context.shape[-2], context.shape[-1]))
    losses["context"] = segmentation_loss(context, found)
    if prediction.feature_error is not None:
        losses["features"] = prediction.feature_error
    weights = {**_WEIGHTS, "alpha": matte_weight, "fgr": matte_weight}
    weighted = [weights.get(name, 1.0) * loss for name, loss in losses.items()]
    return {"loss": torch.stack(weighted).sum(), **losses}


def _reduced(planes: Tensor, ratio: float) -> Tensor:
    """Planes (B, T, C, H, W) at the reduced size, by the sampling grid that the network itself uses."""
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
