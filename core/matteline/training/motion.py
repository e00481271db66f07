"""Moving cameras over still pictures: one affine motion for a picture, its foreground and its matte."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

_UNKNOWN_ASPECT = (0.55, 1.5)  # width over height, of pictures that do not say
_ZOOM = (0.5, 1.15)  # height of a view, over the largest that fits into the picture
_WIDE = 0.45  # share of views that try to hold the whole picture
_MAX_OUTSIDE = 1.7  # a wide view is at most this much larger than what fits; beyond, the picture is mirrored
_TURN_DEGREES = 7.0  # standard deviation of the camera's roll
_WHOLE = (0.85, 1.05)  # height of a view without augmentation, in heights of the picture


@dataclass(frozen=True)
class Views:
    """Views of N pictures in T frames each.

    Attributes:
        theta: (N, T, 2, 3), as `affine_grid` takes it.
    """

    theta: Tensor

    def sampled(self, planes: Tensor, height: int, width: int) -> Tensor:
        """Return clips (N, T, C, height, width) of square pictures (N, C, side, side), as float32.

        Pictures that a view shrinks are averaged first, or they would flicker and fray.
        """
        first = self.theta[:, 0]
        across = first[:, :, 0].norm(dim=1) * planes.shape[-1] / width
        down = first[:, :, 1].norm(dim=1) * planes.shape[-1] / height
        # Stored pixels for each pixel of a view; 1.7 and 3.4 lie between the factors by which it is averaged.
        steps = torch.minimum(across, down).tolist()
        factors = [4 if step >= 3.4 else 2 if step >= 1.7 else 1 for step in steps]
        clips = planes.new_empty(
            len(planes), self.theta.shape[1], planes.shape[1], height, width, dtype=torch.float32
        )
        for factor in set(factors):
            chosen = [number for number, each in enumerate(factors) if each == factor]
            pooled = _pooled(planes[chosen].float(), factor)
            clips[chosen] = Views(self.theta[chosen])._sampled_as_is(pooled, height, width)
        return clips

    def _sampled_as_is(self, planes: Tensor, height: int, width: int) -> Tensor:
        count, frames = self.theta.shape[:2]
        grid = functional.affine_grid(
            self.theta.flatten(0, 1), [count * frames, 1, height, width], align_corners=False
        )
        # All frames of a clip are one tall picture, so that the pictures are not copied for each.
        tall = grid.view(count, frames * height, width, 2)
        seen = functional.grid_sample(
            planes, tall, mode="bilinear", padding_mode="reflection", align_corners=False
        )
        return seen.view(count, -1, frames, height, width).transpose(1, 2)

    def of_frames(self, planes: Tensor, height: int, width: int) -> Tensor:
        """Return one clip (1, T, C, height, width) of T frames of its own (T, C, H, W), as float32.

        The views must be those of one clip of T frames.
        """
        grid = functional.affine_grid(self.theta[0], [len(planes), 1, height, width], align_corners=False)
        return functional.grid_sample(
            planes.float(), grid, mode="bilinear", padding_mode="reflection", align_corners=False
        )[None]


def _pooled(planes: Tensor, factor: int) -> Tensor:
    """Average each 2x2 or 4x4 pixels; on processors in half the time of the library's pooling."""
    while factor > 1:
        planes = planes[..., : planes.shape[-2] // 2 * 2, : planes.shape[-1] // 2 * 2]
        rows = planes[..., 0::2, :] + planes[..., 1::2, :]
        planes, factor = (rows[..., 0::2] + rows[..., 1::2]) / 4, factor // 2
    return planes


def random_views(
    aspects: Tensor,
    frames: int,
    height: int,
    width: int,
    rng: np.random.Generator,
    *,
    speed: float = 1.0,
    augmentation: float = 1.0,
) -> Views:
    """Return a random view of each picture, moving smoothly where there are several frames.

    Args:
        aspects: (N,), true width over height of each square picture; 0 for a random one.
        frames: T, number of frames.
        height: Height of the view, in pixels.
        width: Width of the view, in pixels.
        rng: Source of chance.
        speed: Factor of the motion from frame to frame.
        augmentation: Share of the views that zoom, turn and crop; the others show nearly the whole picture.
    """
    paths = [_path(float(aspect), frames, width / height, rng, speed, augmentation) for aspect in aspects]
    return Views(torch.from_numpy(np.stack(paths)).float())


def _path(
    aspect: float,
    frames: int,
    view_aspect: float,
    rng: np.random.Generator,
    speed: float,
    augmentation: float,
) -> np.ndarray:
    """Return the matrices (T, 2, 3) of one clip, in units in which the picture is 1 high and `aspect` wide."""
    strong = rng.random() < augmentation
    if not strong:
        aspect, extent = view_aspect * math.exp(rng.uniform(-0.1, 0.1)), float(rng.uniform(*_WHOLE))
    else:
        low, high = map(math.log, _UNKNOWN_ASPECT)
        aspect = aspect or math.exp(rng.uniform(low, high))
        extent = _random_extent(aspect, view_aspect, rng)
    # Views that hold the whole picture still move a little.
    least = 0.08 if strong else 0.02
    reach = max(least, 1 - extent), max(least * aspect, aspect - extent * view_aspect)
    down, across = rng.uniform(-0.5, 0.5) * reach[0], rng.uniform(-0.5, 0.5) * reach[1]
    mirrored = rng.random() < 0.5
    turn = strong * math.radians(_TURN_DEGREES) * rng.standard_normal()
    drift = speed * extent * rng.standard_normal(2) * 0.025
    grow, spin = speed * 0.015 * rng.standard_normal(), math.radians(1.2) * speed * rng.standard_normal()
    thetas = []
    for moment in _moments(frames, rng):
        size = extent * math.exp(grow * moment)
        centre = across + drift[0] * moment, down + drift[1] * moment
        thetas.append(_theta(aspect, view_aspect, size, centre, turn + spin * moment, mirrored))
    return np.stack(thetas)


def _random_extent(aspect: float, view_aspect: float, rng: np.random.Generator) -> float:
    """Return a height of the view, where the picture is 1 high and `aspect` wide."""
    inside = min(1.0, aspect / view_aspect)
    if rng.random() < _WIDE:
        whole = max(1.0, aspect / view_aspect)
        return float(rng.uniform(inside, min(whole, inside * _MAX_OUTSIDE)))
    low, high = map(math.log, _ZOOM)
    return float(inside * math.exp(rng.uniform(low, high)))


def _moments(frames: int, rng: np.random.Generator) -> np.ndarray:
    """Return the moment of each frame, 0 in the middle: evenly, with pauses, or to and fro."""
    steps = np.ones(frames)
    if frames > 1 and rng.random() < 0.3:
        steps *= rng.random(frames) < 0.6
    if frames > 2 and rng.random() < 0.2:
        steps[frames // 2 :] *= -1
    times = np.cumsum(steps)
    return np.asarray(times - times.mean())


def _theta(
    aspect: float,
    view_aspect: float,
    extent: float,
    centre: tuple[float, float],
    turn: float,
    mirrored: bool,
) -> np.ndarray:
    """Return the matrix (2, 3) from the view's -1..1 to the square picture's -1..1."""
    half_width, half_height = extent * view_aspect / 2, extent / 2
    sign = -1.0 if mirrored else 1.0
    cosine, sine = math.cos(turn), math.sin(turn)
    across = np.array([sign * half_width * cosine, -half_height * sine, centre[0]]) * 2 / aspect
    down = np.array([sign * half_width * sine, half_height * cosine, centre[1]]) * 2
    return np.stack([across, down])
