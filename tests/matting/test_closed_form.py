"""Alpha solved in a band round the edge: against the formula's definition, and its promises of bits."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import avg_pool2d

from matteline.matting.closed_form import FOR_MASKS, FOR_NETWORK, BandSolver, halvings


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def disc(height: int, width: int, softness: float = 3.0) -> Tensor:
    """A disc in the middle whose alpha falls from 1 to 0 over some pixels."""
    rows, columns = torch.meshgrid(
        torch.arange(height) - height / 2, torch.arange(width) - width / 2, indexing="ij"
    )
    distance = (rows.square() + columns.square()).sqrt()
    return ((0.3 * min(height, width) - distance) / softness + 0.5).clamp(0, 1)


def painted(alpha: Tensor) -> Tensor:
    """A person of one colour, shaded and grained a little, before a wall of another."""
    noise = torch.rand(3, *alpha.shape, generator=torch.Generator().manual_seed(7))
    shade = torch.linspace(0.8, 1, alpha.shape[1])
    person, wall = torch.tensor([0.8, 0.5, 0.4]), torch.tensor([0.1, 0.3, 0.5])
    mixed = alpha * person[:, None, None] * shade + (1 - alpha) * wall[:, None, None]
    return (mixed + 0.01 * (noise - 0.5)).clamp(0, 1)


def blurred(alpha: Tensor, radius: int = 2) -> Tensor:
    return avg_pool2d(alpha[None, None], 2 * radius + 1, 1, radius, count_include_pad=False)[0, 0]


def laplacian(picture: Tensor, epsilon: float) -> np.ndarray:
    """The matting Laplacian by its definition, window by window, in double precision."""
    _, height, width = picture.shape
    colours = picture.double().permute(1, 2, 0).reshape(-1, 3).numpy()
    number = np.arange(height * width).reshape(height, width)
    made = np.zeros((height * width, height * width))
    for row, column in itertools.product(range(1, height - 1), range(1, width - 1)):
        window = number[row - 1 : row + 2, column - 1 : column + 2].ravel()
        apart = colours[window] - colours[window].mean(0)
        inverse = np.linalg.inv(apart.T @ apart / 9 + epsilon / 9 * np.eye(3))
        made[np.ix_(window, window)] += np.eye(9) - (1 + apart @ inverse @ apart.T) / 9
    return made


@pytest.mark.parametrize("size", [(16, 16), (13, 19)])
def test_many_steps_give_the_solution_of_the_written_equations(size: tuple[int, int]) -> None:
    random = torch.Generator().manual_seed(3)
    picture = torch.rand(3, *size, generator=random)
    alpha = 0.021 + 0.03 * torch.rand(size, generator=random)
    alpha = torch.where(torch.rand(size, generator=random) < 0.5, alpha, 1 - alpha)
    solver = BandSolver(reach_pixels=1, certainty=20, coarse_steps=400, fine_steps=0, weight=1)
    pull = 20 * (2 * alpha.double().numpy().ravel() - 1) ** 16
    system = laplacian(picture, 1e-6) + np.diag(pull)
    exact = np.linalg.solve(system, pull * alpha.double().numpy().ravel()).reshape(size)
    solved = solver.refine(picture, alpha, 0).numpy()
    assert solved == pytest.approx(exact.clip(0, 1), abs=2e-4)


@pytest.mark.parametrize(("halved", "radius"), [(0, 1), (1, 1), (2, 4), (3, 8)])
def test_a_blurred_matte_comes_much_nearer_to_the_truth(halved: int, radius: int) -> None:
    """The smaller the picture that the network saw, the wider its edges."""
    truth = disc(240, 320)
    matte = blurred(truth, radius)
    solved = FOR_NETWORK.refine(painted(truth), matte, halved)
    assert (solved - truth).abs().sum() < 0.5 * (matte - truth).abs().sum()


def test_a_binary_mask_becomes_the_soft_matte() -> None:
    truth = disc(120, 160, softness=6)
    mask = (truth > 0.5).float()
    solved = FOR_MASKS.refine(painted(truth), mask, 1)
    assert (solved - truth).abs().sum() < 0.25 * (mask - truth).abs().sum()


def test_nothing_changes_away_from_edges() -> None:
    truth = disc(96, 128)
    matte = blurred(truth)
    far = ((matte < 0.02) | (matte > 0.98)) & (blurred(((matte > 0.02) & (matte < 0.98)).float(), 9) == 0)
    picture = torch.rand(3, 96, 128, generator=torch.Generator().manual_seed(1))
    solved = FOR_NETWORK.refine(picture, matte, 1)
    assert far.any()
    assert torch.equal(solved[far], matte[far])
    assert not torch.equal(solved, matte)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_matte_without_edges_comes_back_equal(value: float) -> None:
    alpha = torch.full((40, 50), value)
    assert torch.equal(FOR_NETWORK.refine(torch.rand(3, 40, 50), alpha, 2), alpha)


def test_the_matte_that_is_given_is_not_changed() -> None:
    matte = blurred(disc(64, 64))
    kept = matte.clone()
    FOR_NETWORK.refine(painted(matte), matte, 1)
    assert torch.equal(matte, kept)


@pytest.mark.parametrize("size", [(1, 1), (2, 5), (3, 3), (9, 7), (8, 17), (33, 21)])
def test_pictures_of_any_size_give_alpha_between_0_and_1(size: tuple[int, int]) -> None:
    random = torch.Generator().manual_seed(2)
    solved = FOR_NETWORK.refine(torch.rand(3, *size, generator=random), torch.rand(size, generator=random), 2)
    assert solved.shape == size
    assert (solved >= 0).all()
    assert (solved <= 1).all()


@pytest.mark.parametrize("solver", [FOR_NETWORK, FOR_MASKS], ids=["network", "masks"])
def test_flat_colours_give_finite_alpha(solver: BandSolver) -> None:
    matte = blurred(disc(60, 60))
    assert torch.isfinite(solver.refine(torch.full((3, 60, 60), 0.25), matte, 1)).all()


def test_any_number_of_threads_gives_the_same_bits() -> None:
    # Soft enough for more pixels than torch leaves to a single thread.
    truth = disc(401, 513, softness=80)
    matte, picture = blurred(truth), painted(truth)
    alone = FOR_NETWORK.refine(picture, matte, 1)
    for threads in (2, 3):
        torch.set_num_threads(threads)
        assert torch.equal(FOR_NETWORK.refine(picture, matte, 1), alone)


def test_a_band_solved_in_strips_gives_the_same_bits() -> None:
    truth = disc(301, 413, softness=40)
    matte, picture = blurred(truth), painted(truth)
    whole = FOR_NETWORK.refine(picture, matte, 1)
    assert torch.equal(replace(FOR_NETWORK, most_tiles=60).refine(picture, matte, 1), whole)


def test_a_pixel_does_not_depend_on_what_is_far_away() -> None:
    truth = disc(160, 400)
    matte, picture = blurred(truth), painted(truth)
    other, elsewhere = matte.clone(), picture.clone()
    other[:, 360:] = torch.rand(160, 40, generator=torch.Generator().manual_seed(4))
    elsewhere[:, :, 360:] = 0.5
    first, second = (FOR_NETWORK.refine(p, a, 1) for p, a in ((picture, matte), (elsewhere, other)))
    assert torch.equal(first[:, :260], second[:, :260])


@pytest.mark.parametrize(
    ("ratio", "times"), [(1.0, 1), (0.8, 1), (512 / 1280, 1), (512 / 1920, 2), (512 / 4096, 3)]
)
def test_plates_are_halved_to_about_the_size_that_the_network_saw(ratio: float, times: int) -> None:
    assert halvings(ratio) == times


@pytest.mark.gpu
def test_a_gpu_gives_the_same_alpha_and_the_same_bits_twice(cuda: torch.device) -> None:
    truth = disc(301, 413, softness=40)
    matte, picture = blurred(truth), painted(truth)
    first, second = (FOR_NETWORK.refine(picture.to(cuda), matte.to(cuda), 1).cpu() for _ in range(2))
    assert torch.equal(first, second)
    assert (first - FOR_NETWORK.refine(picture, matte, 1)).abs().max() < 1e-3


@pytest.mark.footage
def test_a_binary_mask_of_a_portrait_has_less_than_half_of_its_error_left(footage: Path) -> None:
    rgba = Image.open(footage / "rgba" / "p_514ca06a_rgba.png").resize((600, 540), Image.Resampling.BOX)
    room = Image.open(footage / "backgrounds" / "vh_field.jpg").resize((600, 540), Image.Resampling.BOX)
    person, behind = (
        torch.from_numpy(np.asarray(each, np.float32) / 255).permute(2, 0, 1) for each in (rgba, room)
    )
    truth = person[3]
    picture = truth * person[:3] + (1 - truth) * behind
    mask = (truth > 0.5).float()
    solved = FOR_MASKS.refine(picture, mask, 1)
    assert (solved - truth).abs().mean() < 0.5 * (mask - truth).abs().mean()
