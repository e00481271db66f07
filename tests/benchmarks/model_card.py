"""Everything that a model card needs: figures, the best reduced size, and a contact sheet.

::

    python tests/benchmarks/model_card.py MODEL FOOTAGE OFFICIAL                      the figures
    python tests/benchmarks/model_card.py MODEL FOOTAGE OFFICIAL --sides              choose the reduced size
    python tests/benchmarks/model_card.py MODEL FOOTAGE OFFICIAL --sheet sheet.png    mattes, beside official ones

MODEL and OFFICIAL are weights files; FOOTAGE is laid out as `matteline.training.measure` says. The size is chosen
on the held-out photos that also chose the model; those that are measured, and the clips, have no part in it. A sheet
shows real people and is not for publication.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import safetensors
import torch

from matteline.cli.demo import _size
from matteline.contract.job import Job
from matteline.contract.plate import Header, Window
from matteline.contract.settings import MatteSettings
from matteline.drawing import contact_sheet
from matteline.engine.demo import Verdict, draw_plate, judge
from matteline.engine.plan import Resources
from matteline.engine.planner import plan
from matteline.engine.run import run
from matteline.media.encoding import Encoding
from matteline.media.writer import write_image
from matteline.training.footage import UInt8Array
from matteline.training.measure import Model, agreement, clip_frames, held_out_photos, main
from matteline.training.pictures import resize
from matteline.training.splits import validation_half

SIDES = (224, 256, 288, 320, 352, 384, 416)
DEMO_SIZE, DEMO_FRAMES = "960x540", 24
SHEET_PHOTOS, SHEET_CLIPS, SHEET_FRAME = 20, 6, 15
SHEET_SIZE = (180, 240)  # height and width of a picture


def demo(weights: Path) -> Verdict:
    """Return what `matteline demo` measures of a model."""
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
    """Return the reduced size at which a model agrees best with the official network on validation photos."""
    model, reference = Model.load(str(weights)), Model.load(str(official))
    photos = held_out_photos(reference, footage, 60, half=validation_half)
    scores = {}
    for side in SIDES:
        sized = replace(model, longer_side=side)
        score = agreement((sized.still(picture), truth) for picture, truth in photos)
        scores[side] = score.iou
        print(f"longer side {side}: IoU {score.iou:.3f}, MAD {score.mad:.1f}", flush=True)
    return max(scores, key=lambda side: scores[side])


def write_sheet(path: Path, weights: Path, footage: Path, official: Path) -> None:
    """Write pictures, official mattes and a model's mattes side by side, two to a row."""
    model, reference = Model.load(str(weights)), Model.load(str(official))
    shown: list[tuple[UInt8Array, np.ndarray, np.ndarray]] = []
    for picture, truth in held_out_photos(reference, footage, SHEET_PHOTOS)[:SHEET_PHOTOS]:
        shown.append((picture, truth, model.still(picture)))
    for movie in sorted((footage / "clips").iterdir())[:: 12 // SHEET_CLIPS]:
        frames = list(clip_frames(movie, SHEET_FRAME + 1))
        mattes = [next(islice(each.clip(frames), SHEET_FRAME, None)) for each in (reference, model)]
        shown.append((frames[-1], mattes[0], mattes[1]))
    pictures = []
    for picture, *mattes in shown:
        planes = [
            picture,
            *(np.round(each * 255).astype(np.uint8)[..., None].repeat(3, 2) for each in mattes),
        ]
        pictures += [
            resize(np.ascontiguousarray(each), SHEET_SIZE).astype(np.float32) / 255 for each in planes
        ]
    sheet = contact_sheet([pictures[first : first + 6] for first in range(0, len(pictures), 6)])
    window = Window(0, 0, sheet.shape[1], sheet.shape[0])
    write_image(path, sheet, Encoding("png", "8"), Header(window, window), channels=("R", "G", "B"))


def describe(weights: Path) -> None:
    """Print a model's metadata and its size."""
    found = Model.load(str(weights))
    parameters = sum(each.numel() for each in found.network.parameters())
    print(f"{weights.name}: {weights.stat().st_size / 1e6:.2f} MB, {parameters:,} parameters")
    with safetensors.safe_open(weights, framework="pt") as file:
        for name, words in sorted((file.metadata() or {}).items()):
            print(f"  {name}: {words}")


def report() -> None:
    """Print the figures, choose the size, or write the sheet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("model", "footage", "official"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--sides", action="store_true", help="only choose the reduced size")
    parser.add_argument("--sheet", type=Path, help="only write a contact sheet to this PNG")
    given = parser.parse_args()
    torch.set_grad_enabled(False)
    if given.sides:
        print(choose_side(given.model, given.footage, given.official))
        return
    if given.sheet:
        write_sheet(given.sheet, given.model, given.footage, given.official)
        return
    describe(given.model)
    main([str(given.model), str(given.footage), str(given.official)])
    for words, weights in (("this model", given.model), ("the official network", given.official)):
        verdict = demo(weights)
        print(f"demo, {words}: MAD {verdict.mad:.2f}, first frame {verdict.mad_first:.2f}", flush=True)


if __name__ == "__main__":
    report()
