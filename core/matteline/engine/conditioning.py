"""Conditioning: exposure, denoising and view of the network's picture, one of each for all frames of a shot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace

import numpy as np

from matteline.colour.space import PlateSpace
from matteline.contract.errors import ReadError
from matteline.contract.settings import MatteSettings
from matteline.media.plate import Plate

SAMPLES = 6
"""Frames that are measured."""


@dataclass(frozen=True)
class Conditioning:
    """The conversion of a plate into the network's picture: the same in every frame, since change would flicker.

    Attributes:
        exposure_stops: Stops by which the picture is brightened, in linear light.
        denoise: Share of the grain that is removed, 0 to 1.
        view: `display/view` of the OCIO config; None for the plain sRGB curve.
    """

    exposure_stops: float
    denoise: float
    view: str | None

    @classmethod
    def of(cls, settings: MatteSettings) -> Conditioning:
        """Take it from settings in which `auto` has been resolved."""
        view = None if settings.network_view == "none" else settings.network_view
        return cls(float(settings.exposure), float(settings.denoise), view)


def measure_conditioning(plate: Plate, space: PlateSpace, settings: MatteSettings) -> MatteSettings:
    """Return the settings with measured exposure and denoising in place of `auto`.

    Raises:
        ColourError: The OCIO config has no such view.
    """
    if settings.network_view != "none":
        space.config.parse_view(settings.network_view)
    if settings.exposure == "auto":
        from matteline.colour.exposure import measure_exposure  # loads torch, so not before it is needed

        settings = replace(settings, exposure=measure_exposure(_samples(plate), space))
    if settings.denoise == "auto":
        settings = replace(settings, denoise=_measured_denoise(plate, space, float(settings.exposure)))
    return settings


def _measured_denoise(plate: Plate, space: PlateSpace, stops: float) -> float:
    if stops <= 0:
        return 0.0
    from matteline.colour.exposure import measure_denoise

    return measure_denoise(_samples(plate), space, stops)


def _samples(plate: Plate) -> Iterator[np.ndarray]:
    """Yield the pixels of frames spread over the whole plate, so that every range of it is conditioned alike."""
    numbers = plate.sample(SAMPLES)
    if not plate.random_access:
        # One pass: each reading of a movie begins at the keyframe before.
        with suppress(ReadError), closing(plate.read(numbers)) as frames:  # type: ignore[type-var]
            for frame in frames:
                yield frame.pixels
        return
    for number in numbers:
        try:
            yield plate.frame(number).pixels
        except ReadError:
            # The render names the frame, or fills it, when it gets there; here it would only tell a brightness.
            continue
