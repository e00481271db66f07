"""Taking the light of a coloured screen out of the foreground."""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from torch import Tensor

from matteline.colour.key_colour import KeyColour
from matteline.colour.pixel_codec import make_pixel_codec
from matteline.colour.space import PlateSpace

# Spill below a step of half precision, relative to the pixel's brightest channel, is rounding, not spill.
_VISIBLE: Final = 2.0**-11

# Pixels at once, so that copies in linear light take some megabytes and not several frames.
_AT_ONCE: Final = 1 << 20


class Despill:
    """Limits the screen's hue in every pixel of the foreground, in linear light.

    Spill is light added to the person, so it is subtracted, and its luminance goes with it: a green screen
    takes the green of a pixel down to the mean of its red and blue. Greys, and hues a quarter of the colour
    wheel or more away from the screen, have no spill and keep their values bit for bit. Safe to use from
    several threads at once.

    Args:
        key_colour: The hue to limit.
        space: The plate's space.
        device: Where to compute.
    """

    def __init__(self, key_colour: KeyColour, space: PlateSpace, device: torch.device) -> None:
        self._codec = make_pixel_codec(space.codec, device)
        self._axis = torch.tensor(key_colour.axis, dtype=torch.float32, device=device)[:, None]
        self._spill = torch.tensor(key_colour.spill, dtype=torch.float32, device=device)[:, None]
        self._device = device

    def remove(self, fgr: np.ndarray) -> None:
        """Take the spill out of a foreground, in place.

        Args:
            fgr: (H, W, 3) float16 or float32, straight, in the plate's space, integers as 0..1; contiguous,
                writable.

        Raises:
            ColourError: The config cannot convert the plate's space.
        """
        flat = torch.from_numpy(fgr).view(-1, 3)
        for start in range(0, len(flat), _AT_ONCE):
            self._limit(flat[start : start + _AT_ONCE])

    def _limit(self, part: Tensor) -> None:
        # In linear light, where spill adds up; most pixels have none and are not written.
        linear = self._codec.to_linear(part.to(self._device))
        amount = (self._axis * linear).sum(0)
        spilled = torch.nonzero(amount > _VISIBLE * linear.abs().amax(0)).squeeze(1)
        if spilled.numel():
            own = linear[:, spilled]
            # Nothing falls below black that was not there before.
            clean = (own - amount[spilled] * self._spill).maximum(own.clamp(max=0))
            part[spilled.to(part.device)] = self._codec.from_linear(clean).to(part)
