"""The true colour of soft edges: the network's prediction weighed against the plate itself."""

from __future__ import annotations

from typing import Final

from torch import Tensor

PREDICTION_ERROR: Final = 0.01
"""Typical error of the network's foreground, in its sRGB-encoded picture: measured on composites of portraits
whose foreground is known."""

BACKGROUND_ERROR: Final = 0.1
"""How far the background behind an edge may differ from its guess, relative to it, beyond its variance."""

_FLOOR: Final = 0.05
_UNKNOWN: Final = 0.25


def weigh(
    plate: Tensor,
    alpha: Tensor,
    predicted: Tensor,
    doubt: Tensor,
    background: tuple[Tensor, Tensor] | None,
) -> Tensor:
    """The most likely foreground of pixels that are a mixture of foreground and background.

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
    behind, variance = (plate, plate.new_tensor(_UNKNOWN**2)) if background is None else _room(background)
    cleaned = (plate - empty * behind) / alpha
    # F lies between black and what the plate would need if nothing were behind it.
    cleaned = cleaned.clamp(plate.minimum(predicted), (plate / alpha).maximum(predicted))
    by_plate = (alpha * doubt).square()
    trust = by_plate / (by_plate + empty.square() * variance).clamp(min=1e-20)
    return predicted + trust * (cleaned - predicted)


def _room(background: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    colour, variance = background
    return colour, variance + (BACKGROUND_ERROR * colour).square() + _FLOOR**2
