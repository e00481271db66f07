"""Arrays of any kind as the pictures that the network takes."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from matteline.contract.errors import JobError


def as_picture(array: np.ndarray | Tensor) -> Tensor:
    """A float32 picture (3, H, W) of an array (H, W, 3), integers divided by their maximum; tensors as is."""
    if isinstance(array, Tensor):
        return array.to(torch.float32)
    if array.ndim != 3 or array.shape[2] != 3:
        raise JobError(f"An array of shape {array.shape} is not a picture of shape (H, W, 3).", field="plate")
    scale = np.iinfo(array.dtype).max if np.issubdtype(array.dtype, np.integer) else 1
    planes = np.ascontiguousarray(array.transpose(2, 0, 1), dtype=np.float32)
    return torch.from_numpy(planes / np.float32(scale))
