"""The key colour: the hue of a screen whose spill is to be removed, by the artist's word for it. No torch here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import numpy as np

from matteline.contract.errors import JobError
from matteline.pictures.srgb import srgb_decode

_HEX: Final = re.compile("#[0-9a-fA-F]{6}")
_WORDS: Final = {"green": (0.0, 1.0, 0.0), "blue": (0.0, 0.0, 1.0)}
# Relative to the brightest channel: below it a colour is so nearly grey that its hue is chance.
_LEAST_CHROMA: Final = 0.05

_HINT: Final = "Choose green, blue, the screen's colour as #RRGGBB in sRGB, or 'none'."

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class KeyColour:
    """The hue of a screen in linear Rec.709.

    Attributes:
        axis: The product of a colour with this is its spill. The sum is 0, so greys have none.
        spill: The colour to subtract for each unit of that: pure green for a green screen. The sum is 1.
    """

    axis: Triple
    spill: Triple


def parse_key_colour(word: str) -> KeyColour | None:
    """Read `green`, `blue` or `#RRGGBB` (sRGB-encoded); None for `none`.

    A green screen measures G - (R + B) / 2 and takes it from G; any other is that, turned to its own hue.

    Raises:
        JobError: It is no colour, or has no hue.
    """
    word = word.strip().lower()
    if word == "none":
        return None
    if word not in _WORDS and not _HEX.fullmatch(word):
        raise JobError(f"The screen colour cannot be '{word}'.", field="despill", hint=_HINT)
    if word in _WORDS:
        colour = np.array(_WORDS[word])
    else:
        codes = np.array([int(word[place : place + 2], 16) for place in (1, 3, 5)]) / 255
        colour = np.array(_triple(srgb_decode(codes)))
    chroma = colour - colour.mean()
    if np.abs(chroma).max() <= _LEAST_CHROMA * colour.max():
        raise JobError(f"The screen colour {word} has no hue.", field="despill", hint=_HINT)
    hue = chroma / np.linalg.norm(chroma)
    # For green, hue is (-1, 2, -1) / sqrt(6): the axis becomes (-1/2, 1, -1/2), the spill (0, 1, 0).
    axis, spill = np.sqrt(3 / 2) * hue, 1 / 3 + np.sqrt(2 / 3) * hue
    return KeyColour(_triple(axis), _triple(spill))


def _triple(values: np.ndarray) -> Triple:
    # Rounded, so that green's zeros are zeros.
    red, green, blue = (float(each) for each in np.round(values, 12))
    return red, green, blue
