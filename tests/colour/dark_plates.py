"""How well dark plates matte: six moving composites of known alpha, as a sensor would record them.

Portraits with true alpha move over backgrounds in linear light; the scene is darkened by some stops, then
gets photon and read noise and 10-bit codes. `python -m tests.colour.dark_plates FOOTAGE WEIGHTS` prints the
mean absolute difference of alpha, times a thousand, for the plate as it is, lifted by what was taken from it,
lifted by measured exposure, and with the grain taken out of the network's picture too.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import grid_sample, interpolate

from matteline.colour.config import open_config
from matteline.colour.exposure import measure_denoise, measure_exposure
from matteline.colour.picture import PictureTransform
from matteline.colour.space import PlateSpace, choose_space
from matteline.contract.plate import ColourTags
from matteline.matting.rvm.network import MattingNetwork
from matteline.matting.weights.load import load_state

from .curves import decode, encode

WIDTH, HEIGHT = 640, 360
RATIO = 512 / WIDTH
ELECTRONS, READ_NOISE, CODES = 8000.0, 3.0, 1023
"""Electrons at white, electrons of read noise, and the highest of the 10-bit codes."""

PAIRS = (
    ("p_07141906", "simpl_crissyField"),
    ("p_0865636e", "vh_field"),
    ("p_09ba26b4", "simpl_curtains"),
    ("p_22fc0130", "simpl_curtains"),
    ("p_514ca06a", "simpl_room"),
    ("p_819ea202", "bm2_street"),
)
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Composite:
    """A moving scene in linear Rec.709 (T, 3, H, W), its true alpha (T, H, W) and foreground (T, 3, H, W)."""

    name: str
    light: Tensor
    alpha: Tensor
    colour: Tensor


def composites(footage: Path, frames: int) -> Iterator[Composite]:
    """The six scenes, `frames` frames of each, a fifteenth of a second apart."""
    for number, (portrait, background) in enumerate(PAIRS):
        cut = _loaded(footage / "rgba" / f"{portrait}_rgba.png")
        front = torch.cat([decode(cut[:3]) * cut[3:], cut[3:]])
        back = decode(_loaded(footage / "backgrounds" / f"{background}.jpg"))
        yield _composed(f"{portrait} over {background}", number, front, back, frames)


def _loaded(path: Path) -> Tensor:
    with Image.open(path) as image:
        pixels = np.asarray(image, np.float32) / 255
    return torch.from_numpy(pixels).permute(2, 0, 1).contiguous()


def _composed(name: str, number: int, front: Tensor, back: Tensor, frames: int) -> Composite:
    front = _scaled(front, 1.05 * HEIGHT / front.shape[1])
    back = _scaled(back, 1.15 * max(HEIGHT / back.shape[1], WIDTH / back.shape[2]))
    light, alpha, colour = [], [], []
    for frame in range(frames):
        turn = 2 * math.pi * 2 * frame / 48
        sway = math.sin(turn + number)
        moved = _moved(
            front,
            zoom=1 + 0.04 * sway,
            right=(30 + 5 * number) * sway - 20,
            down=17 + 6 * math.cos(1.3 * turn),
            tilt=0.05 * math.sin(0.7 * turn + number),
        )
        behind = _moved(back, 1, 18 * math.sin(0.6 * turn + 2 * number), 10 * math.cos(0.5 * turn), 0)
        light.append(moved[:3] + (1 - moved[3:]) * behind)
        alpha.append(moved[3])
        colour.append(moved[:3] / moved[3:].clamp(min=1e-3))
    return Composite(name, torch.stack(light), torch.stack(alpha), torch.stack(colour))


def _scaled(picture: Tensor, factor: float) -> Tensor:
    height, width = (int(side * factor) for side in picture.shape[1:])
    return interpolate(picture[None], size=(height, width), mode="area")[0]


def _moved(picture: Tensor, zoom: float, right: float, down: float, tilt: float) -> Tensor:
    """The picture around the middle of the frame; beyond its border is nothing, or its mirror if opaque."""
    rows, columns = torch.meshgrid(
        torch.arange(HEIGHT) + 0.5 - HEIGHT / 2 - down,
        torch.arange(WIDTH) + 0.5 - WIDTH / 2 - right,
        indexing="ij",
    )
    x = (columns * math.cos(tilt) - rows * math.sin(tilt)) / zoom
    y = (columns * math.sin(tilt) + rows * math.cos(tilt)) / zoom
    channels, height, width = picture.shape
    place = torch.stack([x / (width / 2), y / (height / 2)], dim=-1)
    beyond = "zeros" if channels == 4 else "reflection"
    return grid_sample(picture[None], place[None], padding_mode=beyond, align_corners=False)[0]


def recorded(light: Tensor, stops: float, seed: int) -> np.ndarray:
    """The scene `stops` darker as a camera records it: (T, H, W, 3) sRGB, 10-bit codes full-scale in 16."""
    generator = torch.Generator().manual_seed(seed)
    photons = torch.poisson(light * (ELECTRONS * 2.0**-stops), generator=generator)
    counted = photons + READ_NOISE * torch.randn(light.shape, generator=generator)
    codes = (encode(counted.clamp(min=0) / ELECTRONS).clamp(0, 1) * CODES).round()
    return (codes * (65535 / CODES)).round().permute(0, 2, 3, 1).numpy().astype(np.uint16)


@torch.inference_mode()
def mad(network: MattingNetwork, plate: np.ndarray, alpha: Tensor, transform: PictureTransform) -> float:
    """Mean absolute difference of the network's alpha from the truth over a plate, times a thousand."""
    state: tuple[Tensor | None, ...] = (None,) * 4
    missed = []
    for pixels, truth in zip(plate, alpha, strict=True):
        picture = transform.to_network(pixels, CPU)
        _, made, *state = network(picture[None], *state, downsample_ratio=RATIO)  # type: ignore[assignment]
        missed.append((made[0, 0] - truth).abs().mean())
    return 1000 * float(torch.stack(missed).mean())


Way = Callable[[np.ndarray, float], PictureTransform]


def ways(space: PlateSpace) -> dict[str, Way]:
    """How a plate that is so many stops too dark may be shown to the network."""

    def measured(plate: np.ndarray, denoised: bool) -> PictureTransform:
        some = plate[:: max(len(plate) // 4, 1)]
        stops = measure_exposure(some, space)
        strength = measure_denoise(some, space, stops) if denoised else 0.0
        return PictureTransform(space, exposure_stops=stops, denoise=strength)

    return {
        "as it is": lambda plate, stops: PictureTransform(space),
        "lifted back": lambda plate, stops: PictureTransform(space, exposure_stops=stops),
        "auto exposure": lambda plate, stops: measured(plate, False),
        "auto, denoised": lambda plate, stops: measured(plate, True),
    }


def srgb() -> PlateSpace:
    """The space that `recorded` writes."""
    return choose_space(
        "sRGB", tags=ColourTags(), path="", pixel_type="uint10", kind="sequence", config=open_config(None)
    )


def network_of(weights: Path) -> MattingNetwork:
    """The network with a deep guided filter."""
    network = MattingNetwork()
    network.load_state_dict(load_state(weights))
    return network.eval()


def measure(
    footage: Path, weights: Path, frames: int, stops: tuple[float, ...], names: tuple[str, ...]
) -> dict[tuple[float, str], list[float]]:
    """MAD of each scene, for every darkness and way of showing it."""
    network, known = network_of(weights), ways(srgb())
    found: dict[tuple[float, str], list[float]] = {}
    for composite in composites(footage, frames):
        for dark in stops:
            plate = recorded(composite.light, dark, seed=int(dark))
            for name in names:
                missed = mad(network, plate, composite.alpha, known[name](plate, dark))
                found.setdefault((dark, name), []).append(missed)
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("footage", type=Path)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--frames", type=int, default=12)
    chosen = parser.parse_args()
    for dark in (0.0, 2.0, 3.0, 4.0):
        names = tuple(ways(srgb()))
        found = measure(chosen.footage, chosen.weights, chosen.frames, (dark,), names)
        for (_, name), missed in found.items():
            each = "  ".join(f"{value:6.1f}" for value in missed)
            print(f"-{dark:.0f} stops  {name:15s} {np.mean(missed):6.1f}    {each}", flush=True)


if __name__ == "__main__":
    main()
