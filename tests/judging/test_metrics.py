"""The measures against cases computed by hand, and against slow implementations that share nothing."""

from __future__ import annotations

import math

import numpy as np
import pytest

from matteline.judging.connectivity import conn
from matteline.judging.metrics import dtssd, foreground_mse, grad, mad, mse


def _array(*rows: list[float]) -> np.ndarray:
    return np.array(rows, np.float32)


@pytest.fixture
def pair() -> tuple[np.ndarray, np.ndarray]:
    """A rough matte and a truth, 23x31, with several bodies and every level of alpha."""
    random = np.random.default_rng(3)
    y, x = np.mgrid[:23, :31].astype(np.float32)
    truth = np.clip((9 - np.hypot(x - 12, y - 11)) / 4, 0, 1) + np.clip(
        (4 - np.hypot(x - 26, y - 5)) / 3, 0, 1
    )
    pred = np.clip(truth + random.normal(0, 0.25, truth.shape), 0, 1)
    return np.rint(pred * 255).astype(np.float32) / 255, truth.astype(np.float32)


def test_mad_is_the_mean_absolute_difference_times_1000():
    assert mad(_array([0, 1], [0.5, 0.25]), _array([0, 0.5], [1, 0.25])) == pytest.approx(250)


def test_mse_is_the_mean_squared_difference_times_1000():
    assert mse(_array([0, 1], [0.5, 0.25]), _array([0, 0.5], [1, 0.25])) == pytest.approx(125)


def test_the_foreground_counts_only_where_the_true_alpha_is_above_0():
    pred, truth = np.zeros((1, 2, 3), np.float32), np.zeros((1, 2, 3), np.float32)
    pred[0, 0], pred[0, 1] = (0.5, 0.5, 0.2), (1, 1, 1)
    assert foreground_mse(pred, truth, _array([0.004, 0])) == pytest.approx(1000 * (0.25 + 0.25 + 0.04) / 3)


def test_a_frame_without_foreground_has_no_foreground_error():
    colour = np.zeros((1, 2, 3), np.float32)
    assert foreground_mse(colour, colour, _array([0, 0])) is None


def test_dtssd_is_the_difference_of_the_changes_times_100():
    # The matte changes by 0.5 and 0, the truth by 0.1 and 0.3: differences 0.4 and -0.3.
    error = dtssd(_array([0.5, 1]), _array([0.1, 0.3]), _array([0, 1]), _array([0, 0]))
    assert error == pytest.approx(100 * math.sqrt((0.16 + 0.09) / 2), rel=1e-5)


def test_dtssd_of_the_first_frame_is_0():
    assert dtssd(_array([0.5]), _array([0.1]), None, None) == 0.0


def _gradient_by_loops(alpha: np.ndarray) -> np.ndarray:
    """Both nine by nine filters written out and laid over every pixel, borders repeated."""

    def gaussian(x: float) -> float:
        return math.exp(-x * x / (2 * 1.4**2)) / (1.4 * math.sqrt(2 * math.pi))

    kernel = np.array(
        [[gaussian(i - 4) * -(j - 4) * gaussian(j - 4) / 1.4**2 for j in range(9)] for i in range(9)]
    )
    kernel /= math.sqrt((kernel**2).sum())
    height, width = alpha.shape
    result = np.zeros(alpha.shape)
    for y in range(height):
        for x in range(width):
            across = down = 0.0
            for i in range(9):
                for j in range(9):
                    value = alpha[min(max(y + i - 4, 0), height - 1), min(max(x + j - 4, 0), width - 1)]
                    across += kernel[i, j] * value
                    down += kernel[j, i] * value
            result[y, x] = math.hypot(across, down)
    return result


def test_grad_agrees_with_the_filters_written_out(pair):
    pred, truth = pair
    expected = ((_gradient_by_loops(pred) - _gradient_by_loops(truth)) ** 2).sum() / 1000
    assert grad(pred, truth, stretched=False) == pytest.approx(expected, rel=1e-4)


def test_grad_stretches_both_pictures_unless_told_otherwise(pair):
    pred, truth = pair
    assert grad(0.5 * pred + 0.2, truth) == pytest.approx(grad(pred, truth), rel=1e-4)
    assert grad(0.5 * pred, truth, stretched=False) != pytest.approx(grad(pred, truth), rel=0.01)


def test_grad_of_an_even_matte_is_that_of_an_empty_one(pair):
    _, truth = pair
    assert grad(np.full_like(truth, 0.7), truth) == grad(np.zeros_like(truth), truth) > 0


def _conn_by_flooding(pred: np.ndarray, truth: np.ndarray) -> float:
    """Pixel by pixel: areas are flooded, levels kept in lists."""
    height, width = truth.shape
    level = [[None] * width for _ in range(height)]
    for step in range(1, 11):
        threshold = np.float32(step / 10)
        inside = {
            (y, x)
            for y in range(height)
            for x in range(width)
            if pred[y, x] >= threshold and truth[y, x] >= threshold
        }
        body = _largest_area(inside, height, width)
        for y in range(height):
            for x in range(width):
                if level[y][x] is None and (y, x) not in body:
                    level[y][x] = (step - 1) / 10
    total = 0.0
    for y in range(height):
        for x in range(width):
            base = 1.0 if level[y][x] is None else level[y][x]
            loose = [float(alpha[y, x]) - base for alpha in (pred, truth)]
            phi = [1 - each if each >= 0.15 - 1e-7 else 1.0 for each in loose]
            total += abs(phi[0] - phi[1])
    return total / 1000


def _largest_area(inside: set, height: int, width: int) -> set:
    best: set = set()
    left = set(inside)
    for y in range(height):
        for x in range(width):
            if (y, x) not in left:
                continue
            area, waiting = set(), [(y, x)]
            while waiting:
                at = waiting.pop()
                if at in left:
                    left.remove(at)
                    area.add(at)
                    waiting += [(at[0] + dy, at[1] + dx) for dy, dx in ((0, 1), (1, 0), (0, -1), (-1, 0))]
            if len(area) > len(best):
                best = area
    return best


def test_conn_agrees_with_flooding_pixel_by_pixel(pair):
    assert conn(*pair) == pytest.approx(_conn_by_flooding(*pair), rel=1e-4)


@pytest.mark.parametrize("seed", range(6))
def test_conn_agrees_with_flooding_on_noise(seed):
    random = np.random.default_rng(seed)
    pred, truth = random.integers(0, 256, (2, 14, 17)).astype(np.float32) / 255
    assert conn(pred, truth) == pytest.approx(_conn_by_flooding(pred, truth), rel=1e-4)


def test_conn_of_a_loose_speck_is_its_size():
    truth = np.zeros((8, 8), np.float32)
    truth[1:4, 1:4] = 1
    pred = truth.copy()
    pred[6, 5:7] = 1  # two pixels that belong to nothing: phi 0 against 1
    assert conn(pred, truth) == pytest.approx(2 / 1000)


def test_conn_passes_over_what_is_barely_loose():
    truth = np.zeros((4, 4), np.float32)
    truth[1:3, 1:3] = 1
    pred = truth.copy()
    pred[0, 0] = 0.14
    assert conn(pred, truth) == 0


def test_conn_of_equal_mattes_is_0(pair):
    assert conn(pair[0], pair[0]) == 0
    assert conn(np.zeros((3, 3), np.float32), np.zeros((3, 3), np.float32)) == 0
