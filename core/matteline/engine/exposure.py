"""The one exposure of a shot: what the artist said, or what a spread of the plate's frames asks for."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from matteline.colour.space import PlateSpace
from matteline.contract.errors import ReadError
from matteline.contract.frames import FrameSet
from matteline.media.plate import Plate

SAMPLES = 6
"""Frames looked at. Of the whole plate, so that every range of it is shown to the network alike."""


def exposure_of(plate: Plate, space: PlateSpace, wanted: float | str) -> float:
    """Stops to lift the network's picture by, for the whole shot."""
    if wanted != "auto":
        return float(wanted)
    from matteline.colour.exposure import measure_exposure  # loads torch, so not before it is needed

    return measure_exposure(_samples(plate), space)


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
