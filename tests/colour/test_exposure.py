"""Exposure and grain, measured once for a shot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from PIL import Image

from matteline.colour.config import Config
from matteline.colour.exposure import MOST_STOPS, measure_denoise, measure_exposure
from matteline.colour.space import PlateSpace

from .curves import decode, encode

SpaceOf = Callable[[str], PlateSpace]

RANDOM = np.random.default_rng(11)


def scene() -> np.ndarray:
    """A well exposed frame in linear light: large surfaces from a deep shadow to a light wall."""
    surfaces = RANDOM.uniform(0.02, 0.75, (12, 16, 3)).astype(np.float32)
    return surfaces.repeat(20, axis=0).repeat(20, axis=1)


def darkened(stops: float) -> list[np.ndarray]:
    return [scene() * np.float32(2.0**-stops) for _ in range(3)]


def video(light: np.ndarray) -> np.ndarray:
    return np.rint(encode(torch.from_numpy(light)).clamp(0, 1).numpy() * 65535).astype(np.uint16)


@pytest.mark.parametrize("stops", [-0.5, 0.0, 0.7])
def test_footage_of_usual_brightness_is_left_alone(space_of: SpaceOf, stops: float) -> None:
    assert measure_exposure(darkened(stops), space_of("lin_rec709")) == 0


@pytest.mark.parametrize("stops", [2.0, 3.0, 4.0, 5.0])
def test_a_dark_shot_is_lifted_by_about_what_it_lacks(space_of: SpaceOf, stops: float) -> None:
    assert measure_exposure(darkened(stops), space_of("lin_rec709")) == pytest.approx(stops, abs=0.5)


def test_the_same_light_is_lifted_alike_in_every_space(space_of: SpaceOf, studio: Config) -> None:
    light = darkened(3)
    in_log = [
        studio.convert(each.reshape(-1, 3), "lin_rec709", "S-Log3 S-Gamut3").reshape(each.shape)
        for each in light
    ]
    in_linear = measure_exposure(light, space_of("lin_rec709"))
    assert measure_exposure(in_log, space_of("S-Log3 S-Gamut3")) == pytest.approx(in_linear, abs=0.02)
    assert measure_exposure(map(video, light), space_of("sRGB")) == pytest.approx(in_linear, abs=0.02)


def test_a_fade_to_black_does_not_lift_the_shot(space_of: SpaceOf) -> None:
    fade = [scene() * np.float32(gain) for gain in (1, 0.9, 0.1, 0.001, 0)]
    assert measure_exposure(fade, space_of("lin_rec709")) == 0


def test_blackness_is_lifted_no_further_than_the_bound(space_of: SpaceOf) -> None:
    assert measure_exposure([np.zeros((8, 8, 3), np.float16)], space_of("ACEScg")) == MOST_STOPS


def test_a_shot_of_no_frames_is_left_alone(space_of: SpaceOf) -> None:
    assert measure_exposure([], space_of("ACEScg")) == 0


def grainy(amount: float) -> list[np.ndarray]:
    grain = RANDOM.normal(0, amount, (3, 240, 320, 3)).astype(np.float32)
    return [np.maximum(each + noise, 0) for each, noise in zip(darkened(3), grain, strict=True)]


def test_grain_is_taken_out_the_more_there_is_of_it(space_of: SpaceOf) -> None:
    space = space_of("lin_rec709")
    clean, some, much = (measure_denoise(grainy(amount), space, 3.0) for amount in (0.0, 0.0025, 0.008))
    assert clean == 0
    assert 0 < some < 1
    assert much == 1


def test_a_plate_that_is_not_lifted_is_not_filtered(space_of: SpaceOf) -> None:
    assert measure_denoise(grainy(0.05), space_of("lin_rec709"), 0.0) == 0


@pytest.mark.slow
@pytest.mark.footage
def test_real_clips_of_usual_brightness_are_left_alone(footage: Path, space_of: SpaceOf) -> None:
    clips = sorted((footage / "clips").iterdir())
    assert clips
    lifted = {clip.name: measure_exposure(frames_of(clip), space_of("Rec.709")) for clip in clips}
    assert not any(lifted.values()), lifted


@pytest.mark.footage
def test_real_photos_darkened_are_lifted_back(footage: Path, space_of: SpaceOf) -> None:
    photos = sorted((footage / "people" / "ccp_photos").iterdir())[::20]
    missed = []
    for photo in photos:
        light = decode(torch.from_numpy(np.asarray(Image.open(photo).convert("RGB"), np.float32) / 255))
        missed.append(measure_exposure([video(light.numpy() / 8)], space_of("sRGB")) - 3)
    assert np.abs(missed).max() < 1.5
    assert np.abs(missed).mean() < 0.6


def frames_of(clip: Path) -> list[np.ndarray]:
    """A spread of pictures from the first two seconds."""
    with av.open(str(clip)) as container:
        pictures = (picture for picture in container.decode(video=0))
        return [picture.to_ndarray(format="rgb24") for _, picture in zip(range(48), pictures, strict=False)][
            ::16
        ]
