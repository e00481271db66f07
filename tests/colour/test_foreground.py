"""The foreground in the plate's space: the plate where it is solid, the right colour where it is soft."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from torch import Tensor

from matteline.colour.config import Config
from matteline.colour.levels import OPAQUE_ALPHA
from matteline.colour.picture import PictureTransform
from matteline.colour.pixel_codec import make_pixel_codec
from matteline.colour.space import PlateSpace

from .conftest import CAMERA_LOGS, CPU
from .curves import encode, roll_off

SpaceOf = Callable[[str], PlateSpace]

SPACES = ["lin_rec709", "ACEScg", "ACES2065-1", "sRGB", "sRGB Encoded P3-D65", "Rec.2100-PQ - Display",
          "Rec.2100-HLG - Display", *CAMERA_LOGS]  # fmt: skip

LEAST = float(np.float32(-0.1))
scenes = arrays.arrays(np.float32, (6, 8, 3), elements=st.floats(LEAST, 60, width=32))
"""Scene-linear light from a little below black to far above white."""

mattes = arrays.arrays(np.float32, (6, 8), elements=st.floats(0, 1, width=32))

few = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def restored(space: PlateSpace, plate: np.ndarray, alpha: np.ndarray, fgr: Tensor) -> np.ndarray:
    cover = torch.from_numpy(np.asarray(alpha, np.float32))
    return PictureTransform(space).restore(plate=plate, alpha=cover, fgr=fgr)


def recorded(space: PlateSpace, light: np.ndarray) -> np.ndarray:
    """Linear Rec.709 (H, W, 3) as a half plate of the space."""
    planes = torch.from_numpy(light.reshape(-1, 3).T.copy())
    codes = make_pixel_codec(space.codec, CPU).from_linear(planes)
    return codes.numpy().reshape(light.shape).astype(np.float16)


def light_of(space: PlateSpace, plate: np.ndarray) -> np.ndarray:
    """Linear Rec.709 (H, W, 3) of a plate."""
    planes = make_pixel_codec(space.codec, CPU).to_linear(torch.from_numpy(plate.reshape(-1, 3)))
    return planes.T.numpy().reshape(plate.shape)


@pytest.mark.slow
@pytest.mark.parametrize("name", SPACES)
@few
@given(light=scenes, alpha=mattes, stops=st.sampled_from([0.0, 2.5]))
def test_where_alpha_is_one_the_plate_comes_back_bit_for_bit(
    space_of: SpaceOf, name: str, light: np.ndarray, alpha: np.ndarray, stops: float
) -> None:
    plate = recorded(space_of(name), light)
    alpha[::2] = 1
    transform = PictureTransform(space_of(name), exposure_stops=stops)
    picture = transform.to_network(plate, CPU)
    made = transform.restore(plate=plate, alpha=torch.from_numpy(alpha), fgr=picture)
    assert made.dtype == np.float16
    assert np.array_equal(made[alpha == 1].view(np.uint16), plate[alpha == 1].view(np.uint16))
    assert np.isfinite(made).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", SPACES)
@few
@given(light=scenes, cover=st.floats(0.05, 0.99))
def test_a_soft_plate_of_nothing_but_foreground_comes_back(
    space_of: SpaceOf, name: str, light: np.ndarray, cover: float
) -> None:
    """The network predicts its own picture: then the plate is the foreground, highlights and shadows too."""
    space = space_of(name)
    plate = recorded(space, light)
    exact = light_of(space, plate)
    picture = PictureTransform(space).to_network(plate, CPU)
    made = light_of(space, restored(space, plate, np.full(light.shape[:2], cover), picture))
    # A space whose primaries are not Rec.709 mixes what is left of rounding into its darker channels.
    room = 0.03 * np.abs(exact).max(axis=2, keepdims=True) + 2e-3
    dim = (exact < 4).all(axis=2)
    assert (np.abs(made - exact)[dim] <= room[dim]).all()
    assert (made[exact > 4] > 3).all()


PRECISIONS = [("uint8", "float32"), ("uint16", "float32"), ("float16", "float16"), ("float32", "float32")]


@pytest.mark.parametrize(("dtype", "out"), PRECISIONS)
def test_the_result_has_the_precision_of_the_plate(space_of: SpaceOf, dtype: str, out: str) -> None:
    values = np.random.default_rng(1).uniform(0, 1, (4, 6, 4))
    plate = (values * np.iinfo(dtype).max if dtype.startswith("u") else values).astype(dtype)
    for name in ("sRGB", "ACEScg"):
        made = restored(space_of(name), plate, np.ones((4, 6)), torch.zeros(3, 4, 6))
        assert made.dtype == np.dtype(out)
        assert made.shape == (4, 6, 3)
        if dtype.startswith("u"):
            made = np.rint(made.astype(np.float64) * np.iinfo(dtype).max).astype(dtype)
        assert np.array_equal(made, plate[..., :3])


def test_alpha_that_every_file_rounds_to_one_is_one(space_of: SpaceOf) -> None:
    plate = np.full((1, 2, 3), 0.5, np.float32)
    made = restored(space_of("ACEScg"), plate, np.array([[OPAQUE_ALPHA, 254.6 / 255]]), torch.zeros(3, 1, 2))
    assert np.array_equal(made, plate)


def test_outside_is_black_whatever_the_plate_holds_there(space_of: SpaceOf) -> None:
    plate = np.array([[[np.nan] * 3, [np.inf] * 3, [-1.0] * 3, [60.0] * 3]], np.float32)
    for name in ("ACEScg", "sRGB", "ARRI LogC4"):
        made = restored(space_of(name), plate, np.zeros((1, 4)), torch.ones(3, 1, 4))
        assert not made.any()


def test_broken_pixels_make_no_broken_edges(space_of: SpaceOf) -> None:
    plate = np.array([[[np.nan] * 3, [np.inf] * 3, [-np.inf] * 3, [0.5] * 3]], np.float16)
    for name in ("ACEScg", "sRGB", "ARRI LogC4", "Rec.2100-HLG - Display"):
        for alpha in (1e-6, 0.5, 0.99):
            made = restored(space_of(name), plate, np.full((1, 4), alpha), torch.full((3, 1, 4), 0.4))
            assert np.isfinite(made).all()


def test_soft_edges_have_the_predicted_colour_where_nothing_else_is_known(space_of: SpaceOf) -> None:
    plate = np.full((8, 8, 3), 200, np.uint8)
    made = restored(space_of("sRGB"), plate, np.full((8, 8), 0.5), torch.full((3, 8, 8), 0.25))
    assert made == pytest.approx(np.full((8, 8, 3), 0.25), abs=4e-3)


HEIGHT, WIDTH = 120, 160
RADIUS = np.hypot(*np.mgrid[-60:60, -80:80])
EDGE = np.clip((35 - RADIUS) / 16 + 0.5, 0, 1)[..., None]


def mixed(foreground: np.ndarray | float, background: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
    """A disc with a soft edge over a background, both in linear light; and the disc's own colour."""
    colour = np.broadcast_to(np.asarray(foreground, np.float32), (HEIGHT, WIDTH, 3))
    return (EDGE * colour + (1 - EDGE) * background).astype(np.float32), colour


def predicted(colour: np.ndarray) -> Tensor:
    """What a good network says of a colour: its picture, a little off and blurred into patches."""
    shown = roll_off(torch.tensor(colour.transpose(2, 0, 1)))
    off = torch.randn(3, HEIGHT // 8, WIDTH // 8, generator=torch.Generator().manual_seed(5)) * 0.005
    return (shown + off.repeat_interleave(8, 1).repeat_interleave(8, 2)).clamp(0, 1)


def soft(low: float, high: float) -> np.ndarray:
    return np.logical_and(low < EDGE, high > EDGE)[..., 0]


@pytest.mark.parametrize("light", [3.0, 20.0, 60.0])
def test_a_bright_edge_over_a_dark_background_keeps_its_energy(space_of: SpaceOf, light: float) -> None:
    plate, colour = mixed(light, 0.05)
    made = restored(space_of("lin_rec709"), plate, EDGE[..., 0], predicted(colour))
    for low, high, least in ((0.3, 0.7, 0.9), (0.7, 1.0, 0.98)):
        assert made[soft(low, high)].mean() / light == pytest.approx(1, abs=1 - least)


@pytest.mark.parametrize(("dark", "sky"), [(0.02, 8.0), (0.02, 60.0), (0.2, 60.0), (0.8, 20.0)])
def test_a_bright_background_does_not_light_the_edge(space_of: SpaceOf, dark: float, sky: float) -> None:
    plate, colour = mixed(dark, sky)
    made = restored(space_of("lin_rec709"), plate, EDGE[..., 0], predicted(colour))
    edge = soft(0.02, 0.99)
    assert made[edge].mean() == pytest.approx(dark, rel=0.15)
    assert (np.abs(made - colour) * EDGE)[edge].max() < 0.15


def test_the_hue_of_a_bright_edge_is_kept(space_of: SpaceOf) -> None:
    lamp = np.array([40.0, 12.0, 2.0])
    plate, colour = mixed(lamp, 0.05)
    made = restored(space_of("lin_rec709"), plate, EDGE[..., 0], predicted(colour))
    mean = made[soft(0.4, 0.95)].mean(axis=0)
    assert mean / mean[0] == pytest.approx(lamp / lamp[0], abs=0.03)


def test_colours_outside_rec709_stay_there(space_of: SpaceOf, studio: Config) -> None:
    saturated = studio.convert(np.array([[0.02, 0.6, 0.02]], np.float32), "ACEScg", "lin_rec709")[0]
    assert saturated[0] < -0.1
    plate, colour = mixed(saturated, saturated)
    made = restored(space_of("lin_rec709"), plate, EDGE[..., 0], predicted(colour))
    assert made[soft(0.1, 0.99)].mean(axis=0) == pytest.approx(saturated, abs=0.01)


@pytest.mark.parametrize(("foreground", "background"), [(0.2, 0.7), (0.02, 60.0), (30.0, 0.1), (0.9, 5.0)])
def test_no_seam_shows_where_alpha_reaches_one(
    space_of: SpaceOf, foreground: float, background: float
) -> None:
    """Along a slow ramp of alpha no step is larger than the ramp itself makes it."""
    alpha = np.linspace(0.5, 1, 4000, dtype=np.float32)[None].repeat(8, axis=0)
    alpha[4:] = 0
    plate = np.float32(alpha * foreground + (1 - alpha) * background)[..., None].repeat(3, axis=2)
    picture = roll_off(torch.full((3, 8, 4000), foreground)) - 0.01
    made = restored(space_of("lin_rec709"), plate, alpha, picture)[0, :, 0]
    # Where the plate takes over it still holds a 510th of the background, which no edge can hide.
    assert np.abs(np.diff(made)).max() < 0.01 * foreground + background / 510 / 4
    assert made[-1] == np.float32(foreground)


def test_lifting_the_picture_does_not_lift_the_foreground(space_of: SpaceOf) -> None:
    plate = np.full((8, 8, 3), 0.02, np.float32)
    transform = PictureTransform(space_of("lin_rec709"), exposure_stops=3)
    alpha = torch.full((8, 8), 0.5)
    made = transform.restore(plate=plate, alpha=alpha, fgr=transform.to_network(plate, CPU))
    assert made == pytest.approx(plate, rel=0.01)


def test_a_gradient_comes_back_without_bands(studio: Config, space_of: SpaceOf) -> None:
    ramp = np.linspace(0.05, 0.6, 2000, dtype=np.float32)[None, :, None].repeat(3, axis=2)
    plate = studio.convert(ramp.reshape(-1, 3), "lin_rec709", "ARRI LogC4").reshape(ramp.shape)
    transform = PictureTransform(space_of("ARRI LogC4"))
    alpha = torch.full((1, 2000), 0.5)
    made = transform.restore(plate=plate, alpha=alpha, fgr=roll_off(torch.from_numpy(ramp)).permute(2, 0, 1))
    steps = np.diff(made[0, :, 0])
    assert (steps > -1e-6).all()
    assert steps.max() < 4 / 4095


@pytest.mark.parametrize("name", ["sRGB", "ACEScg", "ARRI LogC4"])
def test_the_bare_prediction_is_in_the_plates_space_everywhere(space_of: SpaceOf, name: str) -> None:
    space = space_of(name)
    light = np.random.default_rng(2).uniform(0.01, 0.7, (6, 8, 3)).astype(np.float32)
    plate = np.zeros(light.shape, np.uint8 if space.is_picture else np.float32)
    made = PictureTransform(space).network_foreground(
        plate=plate, fgr=encode(torch.from_numpy(light)).permute(2, 0, 1)
    )
    assert light_of(space, made) == pytest.approx(light, rel=0.01, abs=2e-3)
