"""Conditioning: exposure, denoising and view of the network's picture, one of each for all frames of a shot."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np

from matteline.colour.space import PlateSpace
from matteline.contract.errors import ReadError
from matteline.contract.settings import MatteSettings
from matteline.media.plate import Plate, file_identity

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
    # Before anything is measured, so that a mistyped view is told without decoding a frame.
    if settings.network_view != "none":
        space.config.parse_view(settings.network_view)
    if "auto" not in (settings.exposure, settings.denoise):
        return settings
    sampled = _Sampled.of(plate, space)
    if settings.exposure == "auto":
        settings = replace(settings, exposure=_measured_exposure(sampled))
    # After exposure: grain is measured in the lifted picture, and a picture that is not lifted is not filtered.
    if settings.denoise == "auto":
        stops = float(settings.exposure)
        settings = replace(settings, denoise=_measured_denoise(sampled, stops) if stops > 0 else 0.0)
    return settings


@dataclass(frozen=True)
class _Sampled:
    """Frames spread over a plate. Equal where measuring them gives the same: while their files stay as they are."""

    path: str
    files: tuple[tuple[str | int, ...], ...]
    space_name: str
    config: str
    plate: Plate = field(compare=False)
    space: PlateSpace = field(compare=False)

    @classmethod
    def of(cls, plate: Plate, space: PlateSpace) -> _Sampled:
        files = dict.fromkeys(plate.file(number) for number in plate.sample(SAMPLES))
        config = space.config.source
        named = (*files, config)
        identities = tuple(file_identity(each) for each in named if os.path.exists(each))
        return cls(plate.info.path, identities, space.name, config, plate, space)


# A panel plans its shot anew at every change of a setting, and frames of long movies take seconds to decode.
@lru_cache(maxsize=8)
def _measured_exposure(sampled: _Sampled) -> float:
    from matteline.colour.exposure import measure_exposure  # loads torch, so not before it is needed

    return measure_exposure(_samples(sampled.plate), sampled.space)


@lru_cache(maxsize=8)
def _measured_denoise(sampled: _Sampled, stops: float) -> float:
    from matteline.colour.exposure import measure_denoise

    return measure_denoise(_samples(sampled.plate), sampled.space, stops)


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
