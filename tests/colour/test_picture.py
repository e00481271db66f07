"""From plate to the network's picture: what must be exact, what must agree, and what must never appear."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from matteline.colour.config import Config
from matteline.colour.levels import SHOULDER_START
from matteline.colour.picture import PictureTransform
from matteline.colour.space import PlateSpace, choose_space
from matteline.contract.plate import ColourTags
from matteline.media.samples import to_codes

from .conftest import CAMERA_LOGS, CPU
from .curves import decode, encode, roll_off

SpaceOf = Callable[[str], PlateSpace]

RAMP = np.arange(256, dtype=np.uint8).reshape(4, 64, 1).repeat(3, axis=2)


def noise(*shape: int, high: float = 1.0) -> np.ndarray:
    return np.random.default_rng(3).uniform(0, high, shape).astype(np.float32)


SHOWN = ["sRGB", "Rec.709", "sRGB - Display", "Camera Rec.709", "Gamma 2.4 Encoded Rec.709"]


@pytest.mark.parametrize("name", SHOWN)
def test_eight_bit_video_and_srgb_pass_as_they_are(space_of: SpaceOf, name: str) -> None:
    made = PictureTransform(space_of(name)).to_network(RAMP, CPU)
    assert torch.equal(made[0], torch.from_numpy(RAMP[..., 0]).float() / 255)


def test_sixteen_bit_srgb_passes_as_it_is(space_of: SpaceOf) -> None:
    codes = np.arange(65536, dtype=np.uint16).reshape(64, 1024, 1).repeat(3, axis=2)
    made = PictureTransform(space_of("sRGB")).to_network(codes, CPU)
    assert np.array_equal(made[2].numpy(), codes[..., 2] / np.float32(65535))


def test_a_picture_is_contiguous_float32_planes_without_the_plates_alpha(space_of: SpaceOf) -> None:
    for pixels in (
        RAMP,
        noise(6, 9, 4),
        noise(6, 9, 4).astype(np.float16),
        (noise(6, 9, 4) * 255).astype(np.uint8),
    ):
        made = PictureTransform(space_of("sRGB")).to_network(pixels, CPU)
        assert made.shape == (3, *pixels.shape[:2])
        assert made.dtype == torch.float32
        assert made.is_contiguous()


def test_the_plate_is_left_as_it_was(space_of: SpaceOf) -> None:
    for name in ("sRGB", "ACEScg", "ARRI LogC4"):
        plate = noise(5, 7, 3)
        before = plate.copy()
        transform = PictureTransform(space_of(name), exposure_stops=1)
        picture = transform.to_network(plate, CPU)
        transform.restore(plate=plate, alpha=torch.full((5, 7), 0.5), fgr=picture)
        assert np.array_equal(plate, before)


def test_a_plate_that_may_not_be_written_to_is_read(space_of: SpaceOf) -> None:
    plate = np.broadcast_to(noise(1, 7, 3), (5, 7, 3))
    made = PictureTransform(space_of("ACEScg")).to_network(plate, CPU)
    assert torch.equal(made[:, 0], made[:, 4])


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (5, 1), (33, 47)])
@pytest.mark.parametrize("name", ["sRGB", "ACEScg", "ARRI LogC4"])
@pytest.mark.parametrize("predicted", [True, False], ids=["predicted", "given"])
def test_codes_are_those_that_the_floats_round_to(
    space_of: SpaceOf, name: str, size: tuple[int, int], predicted: bool
) -> None:
    plate = (noise(*size, 4) * 255).astype(np.uint8)
    alpha = torch.from_numpy(np.clip(noise(*size, high=1.6) - 0.3, 0, 1))
    transform = PictureTransform(space_of(name))
    fgr = transform.to_network(plate, CPU).flip(0) if predicted else None
    floats = transform.restore(plate=plate, alpha=alpha, fgr=fgr)
    codes = transform.restore(plate=plate, alpha=alpha, fgr=fgr, codes=True)
    assert codes.dtype == np.uint8
    assert np.array_equal(codes, to_codes(floats, np.uint8))


def test_nothing_of_a_damaged_plate_is_left_where_alpha_is_0(space_of: SpaceOf) -> None:
    plate = np.full((4, 6, 3), np.nan, np.float16)
    plate[:, 3:] = np.float16([np.inf, -np.inf, 6e-8])
    made = PictureTransform(space_of("ACEScg")).restore(
        plate=plate, alpha=torch.tensor([0.0, 1.0]).repeat(4, 3), fgr=torch.zeros(3, 4, 6)
    )
    assert made.dtype == np.float16
    assert not made[:, ::2].view(np.uint16).any()
    assert np.array_equal(made[:, 1::2], plate[:, 1::2], equal_nan=True)


def test_a_linear_plate_is_shown_like_the_same_picture_in_srgb(studio: Config, space_of: SpaceOf) -> None:
    codes = (noise(90, 160, 3) * 255).astype(np.uint8)
    flat = studio.convert((codes / 255).reshape(-1, 3), "sRGB", "ACEScg").reshape(codes.shape)
    shown = PictureTransform(space_of("ACEScg")).to_network(flat.astype(np.float16), CPU)
    plain = PictureTransform(space_of("sRGB")).to_network(codes, CPU)
    assert (shown - plain).abs().mean() < 0.002
    below = plain.amax(dim=0) < SHOULDER_START
    # A half keeps a dark channel of a bright colour only to the precision of the bright one.
    assert (shown - plain).abs()[:, below].max() < 0.005


@pytest.mark.slow
@pytest.mark.parametrize("name", CAMERA_LOGS)
def test_a_camera_log_is_shown_like_the_light_it_records(
    studio: Config, space_of: SpaceOf, name: str
) -> None:
    light = noise(40, 60, 3, high=4.0)
    recorded = studio.convert(light.reshape(-1, 3), "lin_rec709", name).reshape(light.shape)
    codes = np.rint(recorded.clip(0, 1) * 65535).astype(np.uint16)
    shown = PictureTransform(space_of(name)).to_network(codes, CPU)
    assert (shown - roll_off(torch.from_numpy(light)).permute(2, 0, 1)).abs().max() < 0.004


def test_highlights_are_rolled_off_and_told_apart(space_of: SpaceOf) -> None:
    plate = np.array([0.5, 1, 2, 4, 8], np.float32).reshape(1, 5, 1).repeat(3, axis=2)
    shown = PictureTransform(space_of("lin_rec709")).to_network(plate, CPU)[0, 0]
    assert (shown.diff() > 1e-3).sum() == 3
    assert (shown.diff() > 0).all()
    assert float(shown[-1]) < 1


def test_no_value_of_a_plate_makes_a_picture_that_is_not_one(space_of: SpaceOf) -> None:
    every_half = np.arange(65536, dtype=np.uint16).view(np.float16).reshape(64, 1024, 1).repeat(3, axis=2)
    for name in ("ACEScg", "lin_rec709", "sRGB", "ARRI LogC4", "ACEScct", "Rec.2100-HLG - Display"):
        for stops in (0.0, 6.0):
            made = PictureTransform(space_of(name), exposure_stops=stops).to_network(every_half, CPU)
            assert torch.isfinite(made).all()
            assert made.min() >= 0
            assert made.max() <= 1


def test_exposure_lifts_in_linear_light(space_of: SpaceOf) -> None:
    dark = np.rint(encode(torch.tensor(0.18 / 8)).numpy() * 65535).astype(np.uint16)
    plate = np.full((2, 2, 3), dark)
    made = PictureTransform(space_of("sRGB"), exposure_stops=3).to_network(plate, CPU)
    assert made == pytest.approx(encode(torch.full((3, 2, 2), 0.18)), abs=1e-3)


def pq(nits: np.ndarray) -> np.ndarray:
    """SMPTE ST 2084: code of absolute luminance."""
    power = (nits / 10000) ** (2610 / 16384)
    return ((3424 / 4096 + 2413 / 128 * power) / (1 + 2392 / 128 * power)) ** (2523 / 32)


def hlg(scene: np.ndarray) -> np.ndarray:
    """ITU-R BT.2100: code of scene light, where 1 is the peak."""
    upper = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), upper)


REC709_TO_REC2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])
"""ITU-R BT.2087."""

PATCHES = np.array([[1, 1, 1], [0.6, 0.1, 0.1], [0.1, 0.6, 0.1], [0.1, 0.1, 0.6], [0.18, 0.18, 0.18]])


def tagged(studio: Config, transfer: str) -> PlateSpace:
    tags = ColourTags(primaries="bt2020", transfer=transfer, matrix="bt2020nc", full_range=False)
    return choose_space("auto", tags=tags, path="a.mov", pixel_type="uint12", kind="movie", config=studio)


def twelve_bit(codes: np.ndarray) -> np.ndarray:
    """Codes 0..1 as a 12-bit movie delivers them: full-scale 16-bit."""
    return np.rint(np.rint(codes * 4095) * 65535 / 4095).astype(np.uint16)[None]


def test_pq_is_shown_with_its_white_at_the_shoulder_and_its_primaries_undone(studio: Config) -> None:
    plate = twelve_bit(pq(203 * PATCHES @ REC709_TO_REC2020.T))
    made = PictureTransform(tagged(studio, "smpte2084")).to_network(plate, CPU)[:, 0].T
    wanted = roll_off(decode(torch.tensor(SHOULDER_START)) * torch.from_numpy(PATCHES))
    assert made == pytest.approx(wanted, abs=4e-3)


def test_hlg_is_shown_with_its_white_at_the_shoulder_and_its_primaries_undone(studio: Config) -> None:
    display = 0.203 * PATCHES @ REC709_TO_REC2020.T
    luminance = display @ np.array([0.2627, 0.6780, 0.0593])
    plate = twelve_bit(hlg(display * luminance[:, None] ** (1 / 1.2 - 1)))
    made = PictureTransform(tagged(studio, "arib-std-b67")).to_network(plate, CPU)[:, 0].T
    wanted = roll_off(decode(torch.tensor(SHOULDER_START)) * torch.from_numpy(PATCHES))
    assert made == pytest.approx(wanted, abs=4e-3)


@pytest.mark.parametrize("transfer", ["smpte2084", "arib-std-b67"])
def test_hdr_highlights_are_not_clipped(studio: Config, transfer: str) -> None:
    # 600, 800 and 1000 nits, the peak of HLG.
    nits = np.array([[600.0], [800.0], [1000.0]]).repeat(3, axis=1)
    codes = pq(nits) if transfer == "smpte2084" else hlg((nits / 1000) ** (1 / 1.2))
    made = PictureTransform(tagged(studio, transfer)).to_network(twelve_bit(codes), CPU)[0, 0]
    assert (made.diff() > 2e-4).all()
    assert float(made[-1]) < 1


def test_several_threads_may_share_a_transform(space_of: SpaceOf) -> None:
    transform = PictureTransform(space_of("ARRI LogC4"))
    plates = [noise(30, 40, 3, high=0.1 * each) for each in range(1, 9)]
    alone = [transform.to_network(plate, CPU) for plate in plates]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda plate: transform.to_network(plate, CPU), plates))
    assert all(torch.equal(*pair) for pair in zip(alone, together, strict=True))
