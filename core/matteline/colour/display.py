"""The plate's colour for people to look at: a Rec.709 picture, as it goes into movies."""

from __future__ import annotations

import numpy as np
import torch

from matteline.colour.pixels import pixels_of, tensor_of, unit
from matteline.colour.space import PlateSpace
from matteline.colour.tone import Shoulder, encode


class Display:
    """Shows pixels of one colour space. Safe to use from several threads at once.

    Rec.709 and sRGB pass as they are. Other display-referred spaces go by way of light into the sRGB curve
    and are clipped. Scene-linear, log and HDR have the shoulder near white that the network's picture has.
    Nothing is exposed: people see the plate as it was shot.

    Args:
        space: The space of the pixels.
    """

    def __init__(self, space: PlateSpace) -> None:
        self._as_it_is = space.shown
        cpu = torch.device("cpu")
        self._pixels = pixels_of(space.codec, cpu)
        self._show = encode if space.encoding == "display" else Shoulder(cpu).show

    def show(self, pixels: np.ndarray) -> np.ndarray:
        """The picture of some pixels.

        Args:
            pixels: (H, W, 3 or 4) uint8, uint16, float16 or float32 in the space; integers are full-scale. A
                fourth channel is left out.

        Returns:
            (H, W, 3) float32, 0..1.

        Raises:
            ColourError: The config cannot do its part.
        """
        values = tensor_of(pixels)
        if not self._as_it_is:
            linear = self._pixels.to_linear(values.reshape(-1, 3))
            values = self._show(linear).T.reshape(values.shape)
        return torch.nan_to_num(unit(values)).clamp(0, 1).contiguous().numpy()
