"""How a shot is shown to the network: exposure, denoising and view, one of each for all its frames."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from matteline.colour.space import PlateSpace
from matteline.contract.errors import ReadError
from matteline.contract.frames import FrameSet
from matteline.contract.settings import MatteSettings
from matteline.media.plate import Plate

SAMPLES = 6
"""Frames looked at. Of the whole plate, so that every range of it is shown to the network alike."""


@dataclass(frozen=True)
class Conditioning:
    """How a shot is shown to the network: the same in every frame, since change would flicker.

    Attributes:
        exposure_stops: What the picture is lifted by, in linear light.
        denoise: How much grain is taken out of it, 0 to 1.
        view: `display/view` of the OCIO config to show it through; None for the plain sRGB curve.
    """

    exposure_stops: float
    denoise: float
    view: str | None


def choose_conditioning(plate: Plate, space: PlateSpace, settings: MatteSettings) -> Conditioning:
    """What the artist said, or what a spread of the plate's frames asks for.

    Raises:
        ColourError: The config has no such view.
    """
    view = None if settings.network_view == "none" else settings.network_view
    if view is not None:
        space.config.parse_view(view)
    stops = _exposure(plate, space, settings.exposure)
    return Conditioning(stops, _denoise(plate, space, settings.denoise, stops), view)


def _exposure(plate: Plate, space: PlateSpace, wanted: float | str) -> float:
    if wanted != "auto":
        return float(wanted)
    from matteline.colour.exposure import measure_exposure  # loads torch, so not before it is needed

    return measure_exposure(_samples(plate), space)


def _denoise(plate: Plate, space: PlateSpace, wanted: float | str, stops: float) -> float:
    if wanted != "auto":
        return float(wanted)
    if stops <= 0:
        return 0.0
    from matteline.colour.exposure import measure_denoise

    return measure_denoise(_samples(plate), space, stops)


def spread(frames: FrameSet, count: int) -> list[int]:
    """At most `count` of the frames, evenly spread, the first and last among them."""
    numbers = list(frames)
    places = np.linspace(0, len(numbers) - 1, min(count, len(numbers)))
    return [numbers[round(place)] for place in places]


def _samples(plate: Plate) -> Iterator[np.ndarray]:
    for number in spread(plate.info.frames, SAMPLES):
        try:
            yield plate.frame(number).pixels
        except ReadError:
            # The render names it, or fills it, when it gets there; it only says nothing about brightness.
            continue
