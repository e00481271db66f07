"""Connected regions of small pictures."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def find_regions(labels: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Number the regions of cells (H, W) that touch by their sides and have the same label.

    Args:
        labels: Label of each cell; below 0 for cells of no region.

    Returns:
        (H, W) int64, 0 for cells of no region and else 1 to R in reading order; and (R,) sizes in cells.
    """
    index = np.arange(labels.size).reshape(labels.shape)
    inside = labels >= 0
    across, down = (labels[:, 1:] == labels[:, :-1]) & inside[:, 1:], (labels[1:] == labels[:-1]) & inside[1:]
    one = np.concatenate([index[:, :-1][across], index[:-1][down]])
    other = np.concatenate([index[:, 1:][across], index[1:][down]])
    roots = np.arange(labels.size)
    while True:
        low, high = np.minimum(roots[one], roots[other]), np.maximum(roots[one], roots[other])
        apart = low != high
        if not apart.any():
            break
        # `at`, because a root may meet several others in one round. The least cell wins, which gives reading order.
        np.minimum.at(roots, high[apart], low[apart])
        while not np.array_equal(roots, further := roots[roots]):
            roots = further
    regions = np.zeros(labels.size, np.int64)
    _, numbered, sizes = np.unique(roots[inside.ravel()], return_inverse=True, return_counts=True)
    regions[inside.ravel()] = numbered + 1
    return regions.reshape(labels.shape), sizes
