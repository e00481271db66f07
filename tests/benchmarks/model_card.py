"""What a model card needs: how good a network is, and the reduced size that suits it best.

::

    python tests/benchmarks/model_card.py MODEL FOOTAGE OFFICIAL                  the figures
    python tests/benchmarks/model_card.py MODEL FOOTAGE OFFICIAL --sides          which size suits it best

MODEL and OFFICIAL are weights files; FOOTAGE is laid out as `matteline.training.measure` says. The size is
chosen on half of the held-out photos; the clips have no part in it.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

import safetensors
import torch

from matteline.cli.demo import _size
from matteline.contract.job import Job
from matteline.contract.settings import MatteSettings
from matteline.engine.demo import Verdict, draw_plate, judge
from matteline.engine.plan import Resources
from matteline.engine.planner import plan
from matteline.engine.run import run
from matteline.training.measure import Model, agreement, main, taught_photos

SIDES = (192, 224, 256, 288, 320, 384)
DEMO_SIZE, DEMO_FRAMES = "960x540", 24


def demo(weights: Path) -> Verdict:
    """What `matteline demo` says of a model."""
    width, height = _size(DEMO_SIZE)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        plate = draw_plate(folder / "plate", width, height, DEMO_FRAMES)
        settings = MatteSettings(weights=str(weights), device="cpu", format="png", write=("alpha", "fgr"))
        ready = plan(Job(plate, str(folder / "mattes"), settings=settings), Resources())
        for _ in run(ready):
            pass
        return judge(ready.outputs, folder, width, height, DEMO_FRAMES)


def choose_side(weights: Path, footage: Path, official: Path) -> int:
    """The reduced size at which a model agrees best with the official network on some held-out photos."""
    model, reference = Model.load(str(weights)), Model.load(str(official))
    taught = taught_photos(reference, footage, 50)
    scores = {}
    for side in SIDES:
        sized = replace(model, longer_side=side)
        score = agreement((sized.still(picture), truth) for picture, truth in taught)
        scores[side] = score.iou
        print(f"longer side {side}: IoU {score.iou:.3f}, MAD {score.mad:.1f}", flush=True)
    return max(scores, key=lambda side: scores[side])


def describe(weights: Path) -> None:
    """Print what a model says of itself, and how large it is."""
    found = Model.load(str(weights))
    parameters = sum(each.numel() for each in found.network.parameters())
    print(f"{weights.name}: {weights.stat().st_size / 1e6:.2f} MB, {parameters:,} parameters")
    with safetensors.safe_open(weights, framework="pt") as file:
        for name, words in sorted((file.metadata() or {}).items()):
            print(f"  {name}: {words}")


def report() -> None:
    """Print the figures, or choose the size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("model", "footage", "official"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--sides", action="store_true", help="only choose the reduced size")
    given = parser.parse_args()
    torch.set_grad_enabled(False)
    if given.sides:
        print(choose_side(given.model, given.footage, given.official))
        return
    describe(given.model)
    main([str(given.model), str(given.footage), str(given.official)])
    for words, weights in (("this model", given.model), ("the official network", given.official)):
        verdict = demo(weights)
        print(f"demo, {words}: MAD {verdict.mad:.2f}, first frame {verdict.mad_first:.2f}", flush=True)


if __name__ == "__main__":
    report()
