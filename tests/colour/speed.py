"""How long a 1080p frame takes to the network's picture and back: `python -m tests.colour.speed`."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np
import torch

from matteline.colour.config import open_config
from matteline.colour.picture import PictureTransform
from matteline.colour.space import choose_space
from matteline.contract.plate import ColourTags

WIDTH, HEIGHT = 1920, 1080
CPU = torch.device("cpu")

PLATES = (
    ("sRGB", "uint8"),
    ("ACEScg", "float16"),
    ("ACEScg", "float32"),
    ("ARRI LogC3 (EI800)", "uint16"),
    ("Rec.2100-PQ - Display", "uint16"),
    ("Rec.2100-HLG - Display", "uint16"),
    ("ACEScc", "uint16"),
)


def plate_of(dtype: str) -> np.ndarray:
    """A frame of noise."""
    values = np.random.default_rng(0).uniform(0, 0.7, (HEIGHT, WIDTH, 3)).astype(np.float32)
    return (values * np.iinfo(dtype).max if dtype.startswith("u") else values).astype(dtype)


def matte() -> torch.Tensor:
    """A soft disc: a quarter of the frame is solid, a twentieth soft."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    distance = np.hypot(columns - WIDTH / 2, rows - HEIGHT / 2)
    return torch.from_numpy(np.clip((430 - distance) / 40 + 0.5, 0, 1).astype(np.float32))


def milliseconds(work: Callable[[], object], times: int = 15) -> str:
    """The least and the median."""
    work()
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(1000 * (time.perf_counter() - start))
    return f"{min(taken):6.1f} {statistics.median(taken):6.1f}"


def main() -> None:
    """Print a table: least and median milliseconds to the network, least and median back."""
    config, alpha = open_config(None), matte()
    print(f"{torch.get_num_threads()} threads{'':29s}to network        back")
    for name, dtype in PLATES:
        space = choose_space(
            name, tags=ColourTags(), path="", pixel_type=dtype, kind="sequence", config=config
        )
        transform, plate = PictureTransform(space), plate_of(dtype)
        fgr = transform.to_network(plate, CPU)
        there = milliseconds(lambda: transform.to_network(plate, CPU))  # noqa: B023
        back = milliseconds(lambda: transform.restore(plate=plate, alpha=alpha, fgr=fgr))  # noqa: B023
        print(f"{name:24s} {dtype:10s}  {there}   {back}", flush=True)


if __name__ == "__main__":
    main()
