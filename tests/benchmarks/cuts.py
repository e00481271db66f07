"""How surely cuts are found: artificial cuts, what looks like cuts, and whole clips of footage.

    python -m tests.benchmarks.cuts --each 25

For every kind of clip of `tests/engine/edited_clips.py` it prints how many cuts there were, how many of them
were missed, and how many were found where there are none; then the same for the twelve clips as they are. The
seed differs from those that thresholds were chosen with, and so do the photos.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import av
import numpy as np
import torch
from PIL import Image
from tests.engine.edited_clips import SIDE, WITH_CUTS, WITHOUT_CUTS, Frames, Material, edited

from matteline.engine.cuts import find_cuts, thumbnail

FOOTAGE = Path(__file__).resolve().parents[3] / "shared" / "footage"
PHOTO_SIDE = 192


def clips() -> Mapping[str, Frames]:
    """The twelve clips by name, each (T, 96, 96, 3) uint8."""
    return {path.stem: _decoded(path) for path in sorted((FOOTAGE / "clips").iterdir())}


def _decoded(path: Path) -> Frames:
    with av.open(str(path)) as container:
        pictures = (frame.to_image() for frame in container.decode(video=0))
        return np.stack([np.asarray(each.resize((SIDE, SIDE), Image.Resampling.BOX)) for each in pictures])


def photos(first: int, last: int) -> list[Frames]:
    """Photos of people, by their place in the sorted folder."""
    paths = sorted((FOOTAGE / "people" / "photos").iterdir())[first:last]
    pictures = (Image.open(path).convert("RGB") for path in paths)
    return [np.asarray(each.resize((PHOTO_SIDE, PHOTO_SIDE), Image.Resampling.BOX)) for each in pictures]


def look(frames: Iterable[Frames]) -> tuple[tuple[int, ...], float]:
    """The cuts of some frames, and the processor time in milliseconds that a frame took."""
    thumbnails = [thumbnail(torch.from_numpy(np.array(frame)).permute(2, 0, 1) / 255) for frame in frames]
    before = time.process_time()
    found = find_cuts(thumbnails)
    return found, 1000 * (time.process_time() - before) / len(thumbnails)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=25, help="Clips of each kind.")
    parser.add_argument("--seed", type=int, default=1000)
    parser.add_argument("--photos", default="1500-1999", help="Which of the sorted photos are used.")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    first, last = map(int, arguments.photos.split("-"))
    footage, stills = clips(), photos(first, last)
    there = missed = wrong = 0
    print("| kind | clips | cuts | missed | false |\n|---|---|---|---|---|")
    for kind in (*WITH_CUTS, *WITHOUT_CUTS):
        row = [0, 0, 0]
        for number in range(arguments.each):
            clip = edited(kind, Material(footage, stills, arguments.seed + number))
            found, _ = look(clip.frames)
            row[0] += len(clip.cuts)
            row[1] += len(set(clip.cuts) - set(found))
            row[2] += len(set(found) - set(clip.cuts))
            if set(found) != set(clip.cuts):
                print(
                    f"{kind.__name__}, seed {arguments.seed + number}: {clip.cuts}, found {found}", flush=True
                )
        there, missed, wrong = there + row[0], missed + row[1], wrong + row[2]
        name = kind.__name__.replace("_", " ")
        print(f"| {name} | {arguments.each} | {row[0]} | {row[1]} | {row[2]} |", flush=True)
    print(
        f"\n{there} cuts, {there - missed} found ({100 * (1 - missed / max(there, 1)):.2f} %), {wrong} false\n"
    )
    for name, frames in footage.items():
        found, milliseconds = look(frames)
        print(f"{name}: {len(frames)} frames, cuts {list(found)}, {milliseconds:.2f} ms a frame", flush=True)


if __name__ == "__main__":
    main()
