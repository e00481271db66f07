"""What tests of the writers share: pictures, headers, and reading files back with other libraries."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import OpenEXR

from matteline.contract.plate import Header, Window

RGB = ("R", "G", "B")
RGBA = ("R", "G", "B", "A")


def header(width: int, height: int, **words) -> Header:
    window = Window(0, 0, width, height)
    return Header(**{"data_window": window, "display_window": window, **words})


def picture(width: int, height: int, channels: int, seed: int = 0) -> np.ndarray:
    """Ramps with grain, (H, W, C) float32 from 0 to 1, different in every channel."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    waves = [0.5 + 0.4 * np.sin(x / (7 + each) + y / (5 + 2 * each)) for each in range(channels)]
    grain = np.random.default_rng(seed).normal(0, 0.02, (height, width, channels))
    return np.clip(np.stack(waves, -1) + grain, 0, 1).astype(np.float32)


def exr_channels(path: Path) -> dict[str, np.ndarray]:
    """Channel name to pixels as stored, by OpenEXR's own binding."""
    with OpenEXR.File(str(path), separate_channels=True) as file:
        return {name: channel.pixels.copy() for name, channel in file.channels().items()}


def exr_header(path: Path) -> dict:
    with OpenEXR.File(str(path), header_only=True) as file:
        return dict(file.header())
