"""Guided filters: bring what was found at the reduced size to full size along the picture's own edges.

He, Sun, Tang (2013) for the filter, Wu et al. (2018) for the learned one.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

REGULARISATION = 1e-5  # keeps A finite where the picture is flat; the fast filter's one constant


class DeepGuidedFilter(nn.Module):
    """The filter whose slope A is found by a small learned network."""

    def __init__(self, hidden: int = 16) -> None:
        super().__init__()
        self.box_filter = nn.Conv2d(4, 4, 3, padding=1, bias=False, groups=4)
        self.conv = nn.Sequential(
            nn.Conv2d(4 * 2 + hidden, hidden, 1, bias=False),
            nn.BatchNorm2d(hidden),
            nn.ReLU(),
            nn.Conv2d(hidden, hidden, 1, bias=False),
            nn.BatchNorm2d(hidden),
            nn.ReLU(),
            nn.Conv2d(hidden, 4, 1),
        )
        # Training begins with the average that the fast filter takes; checkpoints bring weights of their own.
        nn.init.constant_(self.box_filter.weight, 1 / 9)

    def coefficients(self, small: Tensor, coarse: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """A and b, (N, 4, h, w) each: `A * guide + b` is the refined matte.

        Args:
            small: Reduced picture, (N, 3, h, w).
            coarse: Foreground residual and alpha at the reduced size, (N, 4, h, w).
            hidden: The decoder's output, (N, 16, h, w).
        """
        mean_x, mean_y, covariance, variance = _moments(self.box_filter, guide(small), coarse)
        slope = self.conv(torch.cat([covariance, variance, hidden], 1))
        return slope, mean_y - slope * mean_x

    def forward(self, picture: Tensor, small: Tensor, coarse: Tensor, hidden: Tensor) -> Tensor:
        """Residual and alpha at full size, (N, 4, H, W)."""
        return _apply(picture, *self.coefficients(small, coarse, hidden))


class FastGuidedFilter(nn.Module):
    """The filter whose slope A is covariance over variance; nothing in it is learned."""

    def coefficients(self, small: Tensor, coarse: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """A and b, (N, 4, h, w) each; the arguments are those of `DeepGuidedFilter.coefficients`."""
        mean_x, mean_y, covariance, variance = _moments(_mean_3x3, guide(small), coarse)
        slope = covariance / (variance + REGULARISATION)
        return slope, mean_y - slope * mean_x

    def forward(self, picture: Tensor, small: Tensor, coarse: Tensor, hidden: Tensor) -> Tensor:
        """Residual and alpha at full size, (N, 4, H, W)."""
        return _apply(picture, *self.coefficients(small, coarse, hidden))


def guide(picture: Tensor) -> Tensor:
    """The picture the filter follows, (N, 4, h, w): R, G, B for the residual and their mean for alpha."""
    return torch.cat([picture, picture.mean(1, keepdim=True)], 1)


def _moments(mean: Callable[[Tensor], Tensor], x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    mean_x, mean_y = mean(x), mean(y)
    covariance = mean(x * y) - mean_x * mean_y
    variance = mean(x * x) - mean_x * mean_x
    return mean_x, mean_y, covariance, variance


def _mean_3x3(x: Tensor) -> Tensor:
    # Divided by 9 at the borders too, as in the learned filter: what lies outside counts as 0.
    return functional.avg_pool2d(x, 3, stride=1, padding=1)


def _apply(picture: Tensor, slope: Tensor, offset: Tensor) -> Tensor:
    size = picture.shape[-2:]
    slope = functional.interpolate(slope, size, mode="bilinear", align_corners=False)
    offset = functional.interpolate(offset, size, mode="bilinear", align_corners=False)
    return slope * guide(picture) + offset
