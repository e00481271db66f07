"""What each lever gains and costs in whole renders: the moving composites, through the engine to files and back.

    python -m tests.benchmarks.levers six|half|quarter|cut [--weights FILE] [--only NAME]

`six` renders the six composites at 640x360, `half` and `quarter` the three walkers at HD, half and a quarter as high
as the plate, `cut` a person and then an empty place. Every clip is rendered with each of `LEVERS`. It prints
MAD (times 1000), Grad (divided by 1000, unstretched) and dtSSD (times 100, from the second frame on), and CPU seconds
of the render on one thread, the first look included.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import numpy as np
import OpenImageIO as oiio
import torch
from PIL import Image
from tests.benchmarks import composites

from matteline.contract.job import Job
from matteline.contract.settings import STOCK, MatteSettings
from matteline.engine.plan import Resources
from matteline.engine.planner import plan
from matteline.engine.run import run
from matteline.judging.metrics import dtssd, grad, mad

OFFICIAL: Final = composites.FOOTAGE.parent / "weights" / "official" / "rvm_official_fp32.safetensors"

_PLAIN: Final[dict[str, Any]] = {"cuts": "none", "focus": "plate", "edges": "network"}
LEVERS: Final[dict[str, dict[str, Any]]] = {
    "stock": dict(STOCK),
    "preroll": _PLAIN,
    "edges": {**_PLAIN, "edges": "fine"},
    "focus": {**_PLAIN, "focus": "auto"},
    "all": {},
}

CLIPS: Final = {
    "six": (composites.SIX, 640, 360),
    "half": (tuple(composites.at_height(each, 0.5) for each in composites.WALKERS), 1920, 1080),
    "quarter": (tuple(composites.at_height(each, 0.25) for each in composites.WALKERS), 1920, 1080),
}


def rendered(plate: Path, settings: dict[str, Any], weights: Path) -> tuple[list[np.ndarray], float]:
    """Render a plate; returns alpha (H, W) of each frame, and CPU seconds."""
    with tempfile.TemporaryDirectory() as folder:
        chosen = MatteSettings(
            **{**settings, "weights": str(weights), "device": "cpu", "write": ("alpha",), "depth": "float"}
        )
        ready = plan(Job(str(plate), folder, settings=chosen), Resources())
        start = time.process_time()
        for _ in run(ready):
            pass
        seconds = time.process_time() - start
        files = sorted((Path(folder) / "alpha").glob("*.exr"))
        alphas = [np.asarray(oiio.ImageBuf(str(file)).get_pixels(oiio.FLOAT))[..., 0] for file in files]
    return alphas, seconds


def score(made: list[np.ndarray], truth: list[np.ndarray]) -> np.ndarray:
    """Return MAD, Grad and dtSSD, means over the frames."""
    pairs = list(zip(made, truth, strict=True))
    changes = zip(made[1:], truth[1:], made, truth, strict=False)
    return np.array(
        [
            np.mean([mad(alpha, true) for alpha, true in pairs]),
            np.mean([grad(alpha, true, stretched=False) for alpha, true in pairs]),
            np.mean([dtssd(*change) for change in changes]),
        ]
    )


def compare(name: str, weights: Path, only: str) -> None:
    """Print the table of a group of clips, a line for each clip and lever, and their means."""
    clips, width, height = CLIPS[name]
    sums: dict[str, list[np.ndarray]] = {}
    for clip in clips:
        with tempfile.TemporaryDirectory() as folder:
            composites.write(clip, Path(folder), width, height)
            truth = [each.alpha for each in composites.frames(clip, width, height)]
            for lever, settings in LEVERS.items():
                if only and lever not in ("stock", only):
                    continue
                made, seconds = rendered(Path(folder) / "plate", settings, weights)
                figures = np.append(score(made, truth), seconds)
                sums.setdefault(lever, []).append(figures)
                print(f"{clip.name:<14} {lever:<8} {_line(figures)}", flush=True)
    for lever, found in sums.items():
        print(f"{'mean':<14} {lever:<8} {_line(np.mean(found, 0))}", flush=True)


def _line(figures: np.ndarray) -> str:
    return f"MAD {figures[0]:6.2f}  Grad {figures[1]:5.2f}  dtSSD {figures[2]:5.2f}  {figures[3]:6.1f} CPU s"


def cut(weights: Path) -> None:
    """Render a person's shot cut to an empty place, and its two shots alone; print what crosses the cut."""
    clip, width, height, count = composites.SIX[1], 640, 360, composites.FRAMES
    with tempfile.TemporaryDirectory() as folder:
        made = [each.plate for each in composites.frames(clip, width, height)]
        place = composites.empty_place(composites.SIX[2], width, height, count)
        for name, pictures in (("both", made + place), ("one", made), ("two", place)):
            (Path(folder) / name).mkdir()
            for number, picture in enumerate(pictures, 1):
                Image.fromarray(picture).save(Path(folder) / name / f"plate.{number:04d}.png")
        for lever, settings in (("without", {"cuts": "none"}), ("with", {})):
            both, _ = rendered(Path(folder) / "both", {**settings, "exposure": 0.0}, weights)
            worst = [float(alpha.max()) for alpha in both[count : count + 6]]
            print(f"{lever:<8} largest alpha in the first frames after the cut: {worst}", flush=True)
        alone = [
            each
            for name in ("one", "two")
            for each in rendered(Path(folder) / name, {"exposure": 0.0}, weights)[0]
        ]
        same = sum(np.array_equal(a, b) for a, b in zip(both, alone, strict=True))
        print(f"{same} of {len(both)} frames equal those of the shots rendered alone")


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clips", choices=[*CLIPS, "cut"])
    parser.add_argument("--weights", type=Path, default=OFFICIAL)
    parser.add_argument("--only", default="", choices=["", *LEVERS], help="One lever beside stock.")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.clips == "cut":
        cut(arguments.weights)
    else:
        compare(arguments.clips, arguments.weights, arguments.only)


if __name__ == "__main__":
    main()
