"""Faults of cameras and compressed files: noise, and blocks of coarsely quantised frequencies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matteline.drawing.shapes.arrays import Floats, floats

_BLOCK = 8
_LUMA = floats([0.299, 0.587, 0.114])


@dataclass(frozen=True)
class Sensor:
    """A camera and the compression of its files.

    Attributes:
        noise: Standard deviation of the noise in mid grey, of the full scale.
        coarse: Noise spreads over several pixels.
        coarseness: Step to which frequencies are rounded, of the full scale; 0 for no compression.
    """

    noise: float = 0.0
    coarse: bool = False
    coarseness: float = 0.0

    @classmethod
    def random(cls, rng: np.random.Generator) -> Sensor:
        """Return a random camera, from perfect to poor."""
        return cls(
            noise=float(rng.choice([0.0, rng.uniform(0.002, 0.012), rng.uniform(0.01, 0.05)])),
            coarse=bool(rng.random() < 0.4),
            # Half of all files are hardly compressed.
            coarseness=float(rng.choice([0.0, 0.0, rng.uniform(0.01, 0.05), rng.uniform(0.05, 0.14)])),
        )

    def recorded(self, plate: Floats, rng: np.random.Generator) -> Floats:
        """Return a plate (H, W, 3), 0..1, as this camera records it; `rng` decides the noise."""
        if self.noise:
            grain = rng.standard_normal(plate.shape, dtype=np.float32)
            if self.coarse:
                grain = grain + np.roll(grain, 1, 0) + np.roll(grain, 1, 1)
            # Photons arrive by chance: their noise grows with the root of the light.
            shade = np.sqrt(np.clip(plate @ _LUMA, 0.02, 1))[..., None]
            plate = plate + grain * floats(self.noise) * (0.4 + 0.9 * shade)
        if self.coarseness:
            plate = _compressed(plate, self.coarseness)
        return np.clip(plate, 0, 1).astype(np.float32)


def _compressed(plate: Floats, step: float) -> Floats:
    """Compress as JPEG does: luma in blocks of rounded frequencies, colour at half the size, more coarsely."""
    # Rec. 601 luma, as JPEG has it.
    luma = plate @ _LUMA
    height, width = luma.shape
    # Each two by two pixels of colour become their mean.
    padded = np.pad(plate - luma[..., None], ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    means = 0.25 * (padded[::2, ::2] + padded[1::2, ::2] + padded[::2, 1::2] + padded[1::2, 1::2])
    soft = means.repeat(2, 0).repeat(2, 1)[:height, :width]
    # Frequencies of blocks of eight by eight pixels, high ones rounded more coarsely, by the orthonormal discrete
    # cosine transform (Ahmed, Natarajan and Rao, 1974).
    padded = np.pad(luma, ((0, -height % _BLOCK), (0, -width % _BLOCK)), mode="edge")
    rows, columns = padded.shape[0] // _BLOCK, padded.shape[1] // _BLOCK
    blocks = padded.reshape(rows, _BLOCK, columns, _BLOCK).transpose(0, 2, 1, 3)
    order = np.arange(_BLOCK, dtype=np.float32)
    cosines = np.cos(np.pi * (2 * order[None, :] + 1) * order[:, None] / (2 * _BLOCK)) * np.sqrt(2 / _BLOCK)
    cosines[0] /= np.sqrt(2)
    cosines = floats(cosines)
    steps = floats(step) * (1 + 0.6 * (order[:, None] + order[None, :]))
    restored = cosines.T @ (np.round(cosines @ blocks @ cosines.T / steps) * steps) @ cosines
    rounded = restored.transpose(0, 2, 1, 3).reshape(padded.shape)[:height, :width]
    result: Floats = rounded[..., None] + np.round(soft / floats(step)) * floats(step) * 0.5 + 0.5 * soft
    return result
