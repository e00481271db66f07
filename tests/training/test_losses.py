"""The losses against an independent computation in numpy, pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from matteline.training.losses import (
    alpha_loss,
    foreground_loss,
    laplacian_loss,
    segmentation_loss,
    temporal_error,
)

TAPS = np.array([1, 4, 6, 4, 1]) / 16


def _random(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random(shape)


def _blur(picture: np.ndarray) -> np.ndarray:
    """Burt's 5x5 blur by two passes over a mirrored border."""
    for axis in (0, 1):
        width = [(2, 2) if each == axis else (0, 0) for each in (0, 1)]
        padded = np.pad(picture, width, mode="reflect")
        size = picture.shape[axis]
        parts = [np.take(padded, range(tap, tap + size), axis) * TAPS[tap] for tap in range(5)]
        picture = sum(parts)
    return picture


def _bands(picture: np.ndarray, levels: int) -> list[np.ndarray]:
    bands = []
    for _ in range(levels):
        picture = picture[: picture.shape[0] // 2 * 2, : picture.shape[1] // 2 * 2]
        smaller = _blur(picture)[::2, ::2]
        spread = np.zeros_like(picture)
        spread[::2, ::2] = 4 * smaller
        bands.append(picture - _blur(spread))
        picture = smaller
    return bands


def _pyramid_distance(one: np.ndarray, other: np.ndarray, levels: int = 5) -> float:
    pairs = zip(_bands(one, levels), _bands(other, levels), strict=True)
    return sum(2**level * np.abs(a - b).mean() for level, (a, b) in enumerate(pairs)) / levels


def _clip(array: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(array)[None, :, None]


@pytest.mark.parametrize("size", [(64, 96), (70, 66), (127, 101)])
def test_the_laplacian_loss_is_that_of_pyramids_built_one_by_one(size: tuple[int, int]) -> None:
    one, other = _random(*size), _random(*size, seed=1)

    loss = laplacian_loss(torch.from_numpy(one)[None, None], torch.from_numpy(other)[None, None])

    assert float(loss) == pytest.approx(_pyramid_distance(one, other), rel=1e-9)


def test_the_pyramid_ends_where_a_picture_is_too_small_for_another_level() -> None:
    one, other = _random(16, 16), _random(16, 16, seed=1)

    loss = laplacian_loss(torch.from_numpy(one)[None, None], torch.from_numpy(other)[None, None])

    assert float(loss) == pytest.approx(_pyramid_distance(one, other, 3) * 3 / 5, rel=1e-9)


def test_alpha_pays_for_its_value_its_pyramid_and_its_flicker() -> None:
    alpha, truth = _random(3, 64, 64), _random(3, 64, 64, seed=1)
    flicker = np.mean((np.diff(alpha, axis=0) - np.diff(truth, axis=0)) ** 2)
    pyramids = np.mean([_pyramid_distance(a, t) for a, t in zip(alpha, truth, strict=True)])

    loss = alpha_loss(_clip(alpha), _clip(truth))

    assert float(loss) == pytest.approx(np.abs(alpha - truth).mean() + pyramids + 5 * flicker, rel=1e-9)


def test_foreground_counts_only_where_there_is_any() -> None:
    fgr, truth = _random(2, 3, 8, 8), _random(2, 3, 8, 8, seed=1)
    alpha = (_random(2, 1, 8, 8, seed=2) > 0.5).astype(float)
    seen = alpha > 0
    flicker = np.mean((np.diff(fgr * seen, axis=0) - np.diff(truth * seen, axis=0)) ** 2)
    expected = np.abs((fgr - truth) * seen).mean() + 5 * flicker

    loss = foreground_loss(*(torch.from_numpy(each)[None] for each in (fgr, truth, alpha)))

    assert float(loss) == pytest.approx(expected, rel=1e-9)


def test_any_colour_is_right_where_alpha_is_zero() -> None:
    fgr, truth = torch.rand(1, 2, 3, 8, 8), torch.rand(1, 2, 3, 8, 8)

    assert float(foreground_loss(fgr, truth, torch.zeros(1, 2, 1, 8, 8))) == 0


def test_segmentation_is_judged_by_cross_entropy() -> None:
    logits, truth = _random(2, 8, 8) * 6 - 3, (_random(2, 8, 8, seed=1) > 0.5).astype(float)
    chance = 1 / (1 + np.exp(-logits))
    expected = -np.mean(truth * np.log(chance) + (1 - truth) * np.log(1 - chance))

    loss = segmentation_loss(torch.from_numpy(logits), torch.from_numpy(truth).float())

    assert float(loss) == pytest.approx(expected, rel=1e-5)


def test_a_single_frame_cannot_flicker() -> None:
    assert float(temporal_error(torch.rand(2, 1, 1, 4, 4), torch.rand(2, 1, 1, 4, 4))) == 0


def test_an_error_that_does_not_change_is_no_flicker() -> None:
    truth = torch.rand(1, 4, 1, 8, 8, dtype=torch.float64)

    assert float(temporal_error(truth + 0.25, truth)) == pytest.approx(0, abs=1e-30)
