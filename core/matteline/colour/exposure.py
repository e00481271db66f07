"""One exposure for a whole shot, so that dark plates reach the network bright and nothing flickers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
import torch
from torch import Tensor

from matteline.colour.levels import LUMA_709
from matteline.colour.pixels import pixels_of, tensor_of
from matteline.colour.space import PlateSpace

MOST_STOPS: Final = 6.0
"""A plate darker than this holds more noise than picture."""

_BRIGHT: Final = 0.99
_USUAL_STOPS: Final = -0.6
"""Where the brightest hundredth of well exposed footage begins, in stops from white: 162 clips and photos have
their median at -0.2, and people without a bright surrounding lie lower."""

_DARK_STOPS: Final = -1.95
"""Below this no well exposed skin is in the picture; dark clothes on a dark set still have a face at -1.9."""

_STRIDE: Final = 4
_CPU: Final = torch.device("cpu")


def measure_exposure(samples: Iterable[np.ndarray], space: PlateSpace) -> float:
    """How many stops to lift a shot's picture for the network.

    Args:
        samples: A spread of the shot's frames as decoded, (H, W, 3 or 4) in the plate's space.
        space: The plate's space.

    Returns:
        One number for the shot, from 0 to `MOST_STOPS`, in hundredths; 0 for footage of usual brightness. Frames
        far darker than the shot, as in a fade, do not count.
    """
    pixels = pixels_of(space.codec, _CPU)
    levels = [_bright_level(pixels.to_linear(_thinned(sample))) for sample in samples]
    level = float(np.quantile(levels, 0.75)) if levels else 0.0
    if level >= _DARK_STOPS:
        return 0.0
    return round(min(_USUAL_STOPS - level, MOST_STOPS), 2)


def _thinned(sample: np.ndarray) -> Tensor:
    return tensor_of(sample)[::_STRIDE, ::_STRIDE].reshape(-1, 3)


def _bright_level(linear: Tensor) -> float:
    """Where the brightest hundredth of a frame (3, N) begins, in stops from white."""
    luminance = (torch.tensor(LUMA_709) @ linear).numpy()
    return float(np.log2(max(np.quantile(luminance, _BRIGHT), 2.0**-16)))
