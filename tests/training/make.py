"""Small things to train on, drawn here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from matteline.contract.plate import Header, Window
from matteline.matting.rvm.network import MattingNetwork
from matteline.media.encoding import Encoding
from matteline.media.writer import write_image
from matteline.training.backgrounds import Backgrounds
from matteline.training.checkpoint import write_tensors
from matteline.training.distillation import DistillationBatches
from matteline.training.pack import Example, Pack, add_to_pack
from matteline.training.presets import Preset, Rates, Stage

WIDTH = 0.125
RATES = Rates(1e-3, 1e-3, 1e-3, 1e-3)
TINY = Preset(
    "tiny",
    "for tests",
    WIDTH,
    (
        Stage("pictures", 0.5, RATES, clips=2, spans=((1, 0),), sizes=((64, 64), (64, 80))),
        Stage("clips", 0.5, RATES, 1, ((2, 2),), ((64, 64),), refined_every=2, refined_clips=1),
    ),
    last_rate=0.1,
    averaging=0.9,
)


def discs(count: int, side: int = 64) -> list[Example]:
    """Bright discs before dark noise: what stands for people here."""
    rng = np.random.default_rng(5)
    down, across = np.mgrid[:side, :side]
    examples = []
    for number in range(count):
        y, x = rng.integers(side // 4, side * 3 // 4, 2)
        pha = (255 * ((down - y) ** 2 + (across - x) ** 2 < (side / 5) ** 2)).astype(np.uint8)
        colour = rng.integers(150, 255, 3)
        fgr = np.broadcast_to(colour, (side, side, 3)).astype(np.uint8)
        behind = rng.integers(0, 100, (side, side, 3))
        picture = np.where(pha[..., None] > 0, fgr, behind).astype(np.uint8)
        examples.append(Example(f"disc-{number}", picture, fgr, pha, pha, 1.0))
    return examples


def disc_pack(folder: Path, count: int = 6) -> Pack:
    """A pack of discs."""
    for _ in add_to_pack(folder, discs(count), 64):
        pass
    return Pack(folder)


def disc_batches(folder: Path) -> DistillationBatches:
    """BatchSource from a pack of discs."""
    return DistillationBatches(
        disc_pack(folder), Backgrounds([torch.randint(0, 100, (3, 64, 64), dtype=torch.uint8)], None)
    )


def write_png(path: Path, pixels: np.ndarray) -> None:
    """One 8-bit picture (H, W, 3)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    window = Window(0, 0, pixels.shape[1], pixels.shape[0])
    write_image(path, pixels, Encoding("png", "8"), Header(window, window), channels=("R", "G", "B"))


def disc_pictures(folder: Path, count: int) -> Path:
    """A folder of pictures of discs."""
    for example in discs(count):
        write_png(folder / f"{example.key}.png", example.picture)
    return folder


def weights(path: Path, width: float = WIDTH, seed: int = 3) -> Path:
    """A weights file of a small network, as it was born."""
    torch.manual_seed(seed)
    write_tensors(path, MattingNetwork(width=width).state_dict(), {})
    return path
