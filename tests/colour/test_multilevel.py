"""The colour of soft edges from plate and matte alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from matteline.colour.multilevel import estimate_foreground
from matteline.colour.picture import PictureTransform
from matteline.colour.space import PlateSpace

SHIRT, CURTAIN = torch.tensor([0.9, 0.88, 0.85]), torch.tensor([0.5, 0.05, 0.08])


def disc(height: int, width: int, softness: float = 6.0) -> Tensor:
    rows, columns = torch.meshgrid(
        torch.arange(height) - height / 2, torch.arange(width) - width / 2, indexing="ij"
    )
    distance = (rows.square() + columns.square()).sqrt()
    return ((0.3 * min(height, width) - distance) / softness + 0.5).clamp(0, 1)


def shirt(alpha: Tensor) -> tuple[Tensor, Tensor]:
    """A shaded white shirt before a red curtain with folds: the plate and the shirt, (3, H, W) each."""
    shade = torch.linspace(0.7, 1, alpha.shape[0])[:, None]
    folds = 1 + 0.3 * torch.sin(torch.arange(alpha.shape[1]) / 6)
    front = (SHIRT[:, None, None] * shade).expand(3, *alpha.shape)
    return alpha * front + (1 - alpha) * CURTAIN[:, None, None] * folds, front


def soft_places(alpha: Tensor) -> Tensor:
    return torch.nonzero(((alpha > 0) & (alpha < 1)).view(-1)).squeeze(1)


def estimated(plate: Tensor, alpha: Tensor) -> Tensor:
    flat = plate.reshape(3, -1)
    return estimate_foreground(lambda places: flat[:, places], alpha, soft_places(alpha))


@pytest.mark.parametrize("size", [(120, 160), (121, 83), (540, 1300)])
def test_the_foreground_comes_back_from_plate_and_alpha(size: tuple[int, int]) -> None:
    alpha = disc(*size)
    plate, front = shirt(alpha)
    places = soft_places(alpha)
    truth, mixed = front.reshape(3, -1)[:, places], plate.reshape(3, -1)[:, places]
    cover = alpha.view(-1)[places]
    left = (cover * (estimated(plate, alpha) - truth)).abs().mean()
    assert left < 0.05 * (cover * (mixed - truth)).abs().mean()


def test_the_estimate_is_linear_in_the_plate() -> None:
    alpha = disc(60, 80)
    plate, _ = shirt(alpha)
    dark = estimated(plate, alpha)
    assert torch.allclose(estimated(1000 * plate, alpha), 1000 * dark, rtol=1e-4, atol=1e-2)
    assert torch.allclose(estimated(-plate, alpha), -dark, atol=1e-5)


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (3, 2), (5, 600)])
def test_frames_of_any_size_have_a_finite_estimate(size: tuple[int, int]) -> None:
    random = torch.Generator().manual_seed(1)
    alpha = torch.rand(size, generator=random)
    assert torch.isfinite(estimated(torch.rand(3, *size, generator=random), alpha)).all()


def test_a_large_frame_is_looked_at_round_soft_pixels_and_at_every_fourth_pixel_alone() -> None:
    alpha = disc(1080, 1920, softness=4)
    flat = shirt(alpha)[0].reshape(3, -1)
    asked: list[int] = []

    def colours(places: Tensor) -> Tensor:
        asked.append(len(places))
        return flat[:, places]

    estimate_foreground(colours, alpha, soft_places(alpha))
    assert sum(asked) < 1080 * 1920 / 16 + 4 * len(soft_places(alpha))


def test_any_number_of_threads_gives_the_same_bits() -> None:
    alpha = disc(600, 800, softness=150)
    plate, _ = shirt(alpha)
    alone = estimated(plate, alpha)
    for threads in (2, 3):
        torch.set_num_threads(threads)
        assert torch.equal(estimated(plate, alpha), alone)


@pytest.mark.parametrize("name", ["sRGB", "lin_rec709", "ACEScg"])
def test_a_white_shirt_before_a_red_curtain_has_no_rim_where_the_network_predicts_one(
    space_of: Callable[[str], PlateSpace], name: str
) -> None:
    alpha = disc(120, 160)
    plate, front = (each.permute(1, 2, 0).numpy() for each in shirt(alpha))
    shown = name == "sRGB"
    pixels = np.rint(plate * 255).astype(np.uint8) if shown else plate
    transform = PictureTransform(space_of(name))
    # A prediction that has kept the rim: the plate's own colour.
    rim = transform.to_network(pixels, torch.device("cpu"))
    made = transform.restore(plate=pixels, alpha=alpha, fgr=rim)
    bare = transform.restore(plate=pixels, alpha=alpha, fgr=None)
    edge = ((alpha > 0.3) & (alpha < 0.9)).numpy()
    assert np.abs(made - front)[edge].mean() < 0.4 * np.abs(plate - front)[edge].mean()
    assert np.abs(bare - front)[edge].mean() < 0.1 * np.abs(plate - front)[edge].mean()


def test_a_matte_from_elsewhere_keeps_the_plate_where_it_is_solid(
    space_of: Callable[[str], PlateSpace],
) -> None:
    alpha = disc(60, 80)
    plate = (40 * shirt(alpha)[0] - 0.5).permute(1, 2, 0).contiguous().numpy()
    made = PictureTransform(space_of("lin_rec709")).restore(plate=plate, alpha=alpha, fgr=None)
    solid, empty = (alpha == 1).numpy(), (alpha == 0).numpy()
    assert np.array_equal(made[solid], plate[solid])
    assert not made[empty].any()
    assert np.isfinite(made).all()


@pytest.mark.gpu
def test_a_gpu_gives_the_same_foreground(cuda: torch.device) -> None:
    alpha = disc(540, 1300)
    plate, _ = shirt(alpha)
    there = estimated(plate.to(cuda), alpha.to(cuda)).cpu()
    assert torch.allclose(there, estimated(plate, alpha), atol=1e-4)
