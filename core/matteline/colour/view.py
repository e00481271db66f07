"""The network's picture through a view of the OCIO config, where an artist asks for one."""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from matteline.colour.config import Config, Values
from matteline.colour.primaries import ACES_AP1, Matrix, rec709_matrix
from matteline.colour.reference_space import find_reference_space

THERE: Final = 65
BACK: Final = 33
"""Points along each edge of the cube to the picture, and of the one back."""

# Light below the toe is sampled about evenly, above it by its logarithm, up to seven stops above white.
_TOE: Final = 2.0**-7
_TOP: Final = 128.0
_SPAN: Final = float(np.log2((_TOP + _TOE) / _TOE))


class ViewToneMap:
    """A `ToneMap` that is a display and view of the config.

    ACES 2 takes seconds a frame, so the view is sampled once into two cubes: from the logarithm of
    linear AP1 to the picture, and back.

    Args:
        config: The config that holds the view.
        words: `display/view`, or `/view` on the default display.
        device: Where pictures are made.

    Raises:
        ColourError: The config has no such view, or cannot invert it.
    """

    def __init__(self, config: Config, words: str, device: torch.device) -> None:
        display, view = config.parse_view(words)
        to_picture = _sample_view(config, display, view)
        to_light = _sample_inverse(config, display, view)
        self._to_picture = torch.from_numpy(to_picture).to(device)
        self._to_light = torch.from_numpy(to_light).to(device)
        self._from_ap1 = torch.tensor(rec709_matrix(ACES_AP1), dtype=torch.float32, device=device)
        self._to_ap1 = torch.linalg.inv(self._from_ap1)

    def encode(self, linear: Tensor) -> Tensor:
        """See `ToneMap`."""
        # The toe keeps the logarithm finite at black, where steps of light no longer matter.
        logarithm = (self._to_ap1 @ linear).clamp_(0, _TOP).add_(_TOE).div_(_TOE).log2_().div_(_SPAN)
        return _look_up(self._to_picture, logarithm)

    def decode(self, picture: Tensor) -> Tensor:
        """See `ToneMap`."""
        logarithm = _look_up(self._to_light, picture.clamp(0, 1))
        light = (logarithm * _SPAN).exp2().sub_(1).mul_(_TOE)
        return self._from_ap1 @ light


def _look_up(cube: Tensor, place: Tensor) -> Tensor:
    """Read values (3, N) of a cube (1, 3, blue, green, red) at places (3, N) in 0..1."""
    spots = (place * 2 - 1).T[None, None, None]
    return grid_sample(cube, spots, padding_mode="border", align_corners=True).view(3, -1)


def _sample_view(config: Config, display: str, view: str) -> Values:
    """Return the cube of pictures at every step of the logarithm of linear AP1."""
    reference = find_reference_space(config)
    lights = _grid(_TOE * np.exp2(np.linspace(0, _SPAN, THERE)) - _TOE)
    to_reference = rec709_matrix(ACES_AP1).T @ np.linalg.inv(reference.matrix).T
    made = config.through_view(
        (lights @ to_reference).astype(np.float32), reference.name, display, view, inverse=False
    )
    return _as_cube(made.clip(0, 1))


def _sample_inverse(config: Config, display: str, view: str) -> Values:
    """Return the cube of the logarithm of linear AP1, 0..1, at every step of the picture."""
    reference = find_reference_space(config)
    pictures = _grid(np.linspace(0, 1, BACK))
    made = config.through_view(pictures, reference.name, display, view, inverse=True)
    lights = reference.to_rec709(made) @ np.linalg.inv(rec709_matrix(ACES_AP1)).T
    return _as_cube(np.log2((lights.clip(0, _TOP) + _TOE) / _TOE) / _SPAN)


def _grid(steps: Matrix) -> Values:
    """Return every combination of steps (n ** 3, 3), red innermost."""
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
    return np.stack([red, green, blue], axis=-1).reshape(-1, 3).astype(np.float32)


def _as_cube(values: Values | Matrix) -> Values:
    edge = round(len(values) ** (1 / 3))
    # As `grid_sample` reads volumes: batch, channel, then depth, height and width.
    shaped = values.reshape(edge, edge, edge, 3).transpose(3, 0, 1, 2)[None]
    return np.ascontiguousarray(shaped, np.float32)
