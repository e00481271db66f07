"""The plate's colour for people to look at: a Rec.709 picture, as it goes into movies."""

from __future__ import annotations

import numpy as np
import torch

from matteline.colour.pixel_codec import colour_tensor, make_pixel_codec, unit_floats
from matteline.colour.space import PlateSpace
from matteline.colour.tone import ShoulderToneMap, SrgbToneMap


class Rec709Transform:
    """Makes Rec.709 pictures of pixels of one colour space. Safe to use from several threads at once.

    Rec.709 and sRGB pass as they are. Other display-referred spaces go by way of light into the sRGB curve
    and are clipped. Scene-linear, log and HDR have the shoulder near white that the network's picture has.
    Nothing is exposed: people see the plate as it was shot.

    Args:
        space: The space of the pixels.
    """

    def __init__(self, space: PlateSpace) -> None:
        self._is_picture = space.is_picture
        cpu = torch.device("cpu")
        self._codec = make_pixel_codec(space.codec, cpu)
        # A display's own curve ended at white, so it has no highlights to roll off.
        self._tone_map = SrgbToneMap() if space.encoding == "display" else ShoulderToneMap(cpu)

    def apply(self, pixels: np.ndarray) -> np.ndarray:
        """Return the picture of some pixels.

        Args:
            pixels: (H, W, 3 or 4) uint8, uint16, float16 or float32 in the space; integers are full-scale. A
                fourth channel is left out.

        Returns:
            (H, W, 3) float32, 0..1.

        Raises:
            ColourError: The config cannot do its part.
        """
        values = colour_tensor(pixels)
        if not self._is_picture:
            linear = self._codec.to_linear(values.reshape(-1, 3))
            values = self._tone_map.encode(linear).T.reshape(values.shape)
        # Floats that pass as they are may hold values that are no numbers.
        return torch.nan_to_num(unit_floats(values)).clamp(0, 1).contiguous().numpy()
