#!/usr/bin/env python3
"""Check and measure a machine with a GPU, in ten minutes at most.

python scripts/check_gpu.py --weights rvm_mobilenetv3.safetensors --output gpu
python scripts/check_gpu.py --weights ... --output cpu --device cpu --frames 4     all but the tests, to try it

Needs a development installation with a build of torch for the GPU. Output is a folder of one text file for each step:
the tests that need a GPU, `matteline bench` of drawn plates in HD and 4K, and what each improvement of the mattes
costs.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

MINUTES = 10


def steps(weights: str, device: str, frames: int) -> Iterator[tuple[str, list[str]]]:
    """Yield the name and the command of each step, what matters most first."""
    matteline = [sys.executable, "-m", "matteline"]
    chosen = ["--weights", weights, "--device", device]
    if device != "cpu":
        yield "tests", [sys.executable, "-m", "pytest", "-m", "gpu", "-p", "no:cacheprovider"]
    yield "doctor", [*matteline, "doctor"]
    bench = [*matteline, "bench", *chosen, "--count", str(frames)]
    yield "bench_exr", [*bench, "--json"]
    yield "bench_png", [*bench, "--size", "hd", "--write", "rgba", "--format", "png", "--json"]
    yield "levers", [*bench, "--levers", "--json"]


def main() -> int:
    """Run all steps until the time is over; return 1 where one failed or was left out."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--weights", required=True, help="checkpoint to render with")
    parser.add_argument("--output", required=True, type=Path, help="folder for the figures; made if needed")
    parser.add_argument("--device", default="cuda", help="device to measure [cuda]")
    # Enough for a GPU to be warm; the CPU beside it has to encode them all.
    parser.add_argument("--frames", type=int, default=24, help="frames of each measurement [24]")
    chosen = parser.parse_args()
    chosen.output.mkdir(parents=True, exist_ok=True)
    ends = time.monotonic() + 60 * MINUTES
    failed = 0
    # Resolved, because the steps run in the repository's root.
    for name, command in steps(str(Path(chosen.weights).resolve()), chosen.device, chosen.frames):
        began = time.monotonic()
        with (chosen.output / f"{name}.txt").open("w", encoding="utf-8") as file:
            try:
                code = subprocess.run(
                    command,
                    stdout=file,
                    stderr=subprocess.STDOUT,
                    # What comes after the end of the time still has a file, and counts as failed.
                    timeout=max(1.0, ends - began),
                    # Else the tests would skip on a machine whose GPU torch does not find, and the step would pass.
                    env={**os.environ, "REQUIRE_GPU": "1"},
                    cwd=Path(__file__).resolve().parent.parent,
                ).returncode
            except subprocess.TimeoutExpired:
                code = -1
        failed += code != 0
        word = "done" if code == 0 else "out of time" if code == -1 else f"failed with {code}"
        print(f"{name}: {word}, {time.monotonic() - began:.0f} s", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
