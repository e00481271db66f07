"""The true colour of soft edges: the network's prediction weighed against the plate itself."""

from __future__ import annotations

from typing import Final

from torch import Tensor

from matteline.colour.tone import ToneMap

# Error of the network's foreground, in its sRGB-encoded picture: the first where alpha nears 1, rising
# evenly to the second where it nears 0. Medians over composites of portraits whose foreground is known.
_ERROR_SOLID: Final = 0.005
_ERROR_FAINT: Final = 0.2

# The same upwards, where a larger one would reach the end of the roll-off and stand for any light.
_ERROR_BRIGHT: Final = 0.01

# How far the background behind an edge may differ from its guess, relative to it, beyond its variance.
_ERROR_BEHIND: Final = 0.1

# Share of the multi-level estimate in the foreground; the rest is the weighed prediction. Alone each fails
# where the other holds: the estimate where colours of person and room are alike, the prediction at rims.
_ESTIMATED_SHARE: Final = 2 / 3

# Error of the multi-level estimate, relative to the difference between foreground and background: of a sky
# a hundred times brighter than the person too much would be left.
_ERROR_ESTIMATED: Final = 0.03

# Deviations of a background that is guessed to be black, and of one of which nothing is known.
_FLOOR: Final = 0.05
_UNKNOWN: Final = 1.0


def decode_prediction(seen: Tensor, alpha: Tensor, tone_map: ToneMap) -> tuple[Tensor, Tensor]:
    """Return the light of the network's foreground, and how far to believe it.

    Args:
        seen: The foreground as predicted, (3, N), sRGB-encoded, 0..1.
        alpha: (N,).
        tone_map: How the network's picture was made.

    Returns:
        Linear Rec.709 (3, N), and its standard deviation (3, N): little in shadows, much where the picture
        rolls highlights off.
    """
    light = tone_map.decode(seen)
    error = _ERROR_SOLID + _ERROR_FAINT * (1 - alpha)
    lower = tone_map.decode((seen - error).clamp(min=0))
    higher = tone_map.decode((seen + _ERROR_BRIGHT).clamp(max=1))
    return light, (light - lower).maximum(higher - light)


def weigh_prediction(
    plate: Tensor,
    alpha: Tensor,
    predicted: Tensor,
    doubt: Tensor,
    background: tuple[Tensor, Tensor] | None,
) -> Tensor:
    """Return the most likely foreground of pixels that are a mixture of foreground and background.

    The plate is P = a F + (1 - a) B. The network predicts F, well where its picture is not rolled off and not
    at all in bright highlights; B is guessed from around. Each is believed by the inverse of its variance,
    which is one step of Bayesian matting (Chuang et al., 2001). So edges in range keep the predicted colour,
    bright edges keep the plate's energy, and towards alpha 1 the result runs into the plate without a seam.

    Args:
        plate: P, (3, N), linear Rec.709, or the network's picture where that is the plate.
        alpha: (N,), above 0, where 1 means wholly foreground.
        predicted: F as predicted, (3, N), in the same terms as P.
        doubt: Standard deviation of the prediction, (3, N).
        background: B as guessed and its variance, each (3, N); None where nothing is known of it.

    Returns:
        F, (3, N), in the same terms.
    """
    empty = 1 - alpha
    behind, variance = (
        (plate, plate.new_tensor(_UNKNOWN**2)) if background is None else _with_doubt(background)
    )
    cleaned = (plate - empty * behind) / alpha
    # F lies between black and what the plate would need if nothing were behind it.
    cleaned = cleaned.clamp(plate.minimum(predicted), (plate / alpha).maximum(predicted))
    # The clamp is for two variances of 0, where both say the same.
    by_plate = (alpha * doubt).square()
    trust = by_plate / (by_plate + empty.square() * variance).clamp(min=1e-20)
    return predicted + trust * (cleaned - predicted)


def clamp_to_mixture(estimated: Tensor, plate: Tensor, alpha: Tensor) -> Tensor:
    """Clamp an estimate of F between black and what the plate would need if nothing were behind it.

    Args:
        estimated: (3, N), as `multilevel.estimate_foreground` returns it.
        plate: P, (3, N), in the same terms.
        alpha: (N,), above 0.
    """
    return estimated.clamp(plate.clamp(max=0), (plate / alpha).maximum(plate))


def estimated_share(predicted: Tensor, doubt: Tensor, background: tuple[Tensor, Tensor]) -> Tensor:
    """Return the share (3, N) of the multi-level estimate in the foreground; the rest is `weigh_prediction`'s.

    Args:
        predicted: F as predicted, (3, N), linear Rec.709.
        doubt: Its standard deviation, (3, N).
        background: B as guessed and its variance, each (3, N).
    """
    error = _ERROR_ESTIMATED * (background[0] - predicted)
    return _ESTIMATED_SHARE * doubt.square() / (doubt.square() + error.square()).clamp(min=1e-20)


def _with_doubt(background: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    colour, variance = background
    return colour, variance + (_ERROR_BEHIND * colour).square() + _FLOOR**2
