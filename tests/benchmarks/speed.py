"""Processor time and wall time of whole renders, beside the research script's way and beside another version.

Every command is a process of its own, start-up counted, and the ways take turns, so that a busy machine slows all of
them. Run by hand:

    python -m tests.benchmarks.speed research MOVIE --weights FILE --count 36 --count 139
    python -m tests.benchmarks.speed versions MOVIE --weights FILE --other /path/to/other/core
    python -m tests.benchmarks.speed writers MOVIE --weights FILE

`versions` renders a short and a longer range: what they differ in has no start-up in it.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import av
import numpy as np
import OpenImageIO as oiio
import torch
from safetensors.torch import load_file

from matteline.contract.plate import Header, Window
from matteline.matting.rvm.network import MattingNetwork
from matteline.media.writer import Encoding, write_image

CORE = Path(__file__).parents[2] / "core"

# The published network's own pixels, which 0.1.0 made by these flags and later versions make by `--stock`, too.
STOCK = ("--foreground", "network", "--exposure", "0", "--denoise", "0", "--preroll", "0")

# Decode, infer in frozen TorchScript and write by Pillow, one after another: arguments are the network, the
# movie, the folder, the shapes of the state and the number of frames.
RESEARCH_SCRIPT = """
import json, sys
import av, numpy as np, torch
from PIL import Image
network, movie, folder, shapes, count = sys.argv[1:]
step, state = torch.jit.load(network).eval(), [torch.zeros(each) for each in json.loads(shapes)]
with av.open(movie) as container, torch.no_grad():
    for number, frame in zip(range(int(count)), container.decode(video=0)):
        picture = torch.from_numpy(frame.to_ndarray(format="rgb24")).permute(2, 0, 1)[None] / 255
        fgr, pha, *state = step(picture, *state)
        rgba = torch.cat([fgr * pha.gt(0), pha], 1)[0].permute(1, 2, 0).mul(255).byte().numpy()
        Image.fromarray(np.ascontiguousarray(rgba)).save(f"{folder}/{number:04d}.png")
"""


@dataclass(frozen=True)
class Cost:
    """Seconds of one process."""

    cpu: float
    wall: float

    def __sub__(self, other: Cost) -> Cost:
        return Cost(self.cpu - other.cpu, self.wall - other.wall)


def cost_of(command: list[str], core: Path = CORE) -> Cost:
    """Run a command that imports matteline from `core`, and return what it and its children took."""
    began = time.perf_counter()
    process = subprocess.Popen(
        command,
        env={**os.environ, "PYTHONPATH": str(core), "OMP_WAIT_POLICY": "PASSIVE"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    said = process.stderr.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{said}")
    return Cost(usage.ru_utime + usage.ru_stime, time.perf_counter() - began)


def least(costs: list[Cost]) -> Cost:
    """Return the least of each, since whatever else runs only adds to it."""
    return Cost(min(each.cpu for each in costs), min(each.wall for each in costs))


def in_turns(ways: dict[str, Callable[[], Cost]], rounds: int) -> dict[str, Cost]:
    """Run all ways in turn, several times, and return the least cost of each."""
    costs: dict[str, list[Cost]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            costs[name].append(way())
    return {name: least(each) for name, each in costs.items()}


def render(plate: str, weights: str, folder: Path, frames: str, *flags: str, core: Path = CORE) -> Cost:
    """Render into a new folder."""
    shutil.rmtree(folder, ignore_errors=True)
    command = [sys.executable, "-m", "matteline", "render", plate, "-o", str(folder), "--weights", weights]
    return cost_of([*command, "--frames", frames, "--device", "cpu", *flags], core)


def save_torchscript(weights: str, picture: torch.Tensor, file: Path) -> str:
    """Save the plain network as a frozen TorchScript step, and return the shapes of the state it takes, as JSON."""

    ratio = 512 / max(picture.shape[2:])  # here, or else tracing makes a tensor of it

    class Step(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = MattingNetwork("mobilenetv3", "deep_guided_filter")
            self.network.load_state_dict(load_file(weights))

        def forward(self, src, r1, r2, r3, r4):  # type: ignore[no-untyped-def]
            return self.network(src, r1, r2, r3, r4, downsample_ratio=ratio)

    step = Step().eval()
    with torch.no_grad():
        state = [torch.zeros_like(each) for each in step.network(picture, downsample_ratio=ratio)[2:]]
        torch.jit.freeze(torch.jit.trace(step, (picture, *state), check_trace=False)).save(str(file))
    return json.dumps([list(each.shape) for each in state])


def against_research(movie: str, weights: str, counts: list[int], rounds: int) -> None:
    """Print whole processes from movie to RGBA PNG."""
    with tempfile.TemporaryDirectory(prefix="matteline-speed-") as name:
        folder, network = Path(name), Path(name) / "network.pt"
        with av.open(movie) as container:
            first = next(container.decode(video=0)).to_ndarray(format="rgb24")
        shapes = save_torchscript(weights, torch.from_numpy(first).permute(2, 0, 1)[None] / 255, network)
        (folder / "research").mkdir()
        products = ("--write", "rgba", "--format", "png")
        script = [
            sys.executable,
            "-c",
            RESEARCH_SCRIPT,
            str(network),
            movie,
            str(folder / "research"),
            shapes,
        ]
        for count in counts:
            ways = {
                "research script's way": partial(cost_of, [*script, str(count)]),
                "matteline --stock": partial(
                    render, movie, weights, folder / "stock", f"1-{count}", *products, "--stock"
                ),
                "matteline": partial(render, movie, weights, folder / "own", f"1-{count}", *products),
            }
            costs = in_turns(ways, rounds)
            base = costs["research script's way"]
            for way, cost in costs.items():
                ratios = f"{base.cpu / cost.cpu:.2f} {base.wall / cost.wall:.2f}"
                print(
                    f"{count} frames  {way:24} {cost.cpu:7.2f} s CPU {cost.wall:7.2f} s wall  times {ratios}"
                )


def against_version(movie: str, weights: str, other: Path, rounds: int, only: str) -> None:
    """Print seconds per frame of both versions, and whether their pixels are the same."""
    with tempfile.TemporaryDirectory(prefix="matteline-speed-") as name:
        folder = Path(name)
        large = enlarged(movie, folder / "large", 8) if only in "4K PNG, EXR alpha and fgr" else ""
        exr, png = ("--write", "alpha,fgr"), ("--write", "alpha", "--format", "png")
        cases = {
            "HD movie, EXR alpha and fgr": (movie, exr, 2, 18),
            "HD movie, PNG alpha": (movie, png, 2, 26),
            "HD movie, PNG RGBA": (movie, ("--write", "rgba", "--format", "png"), 2, 18),
            "4K PNG, EXR alpha and fgr": (large, exr, 2, 8),
        }
        for case, (plate, products, short, long) in cases.items():
            if only not in case:
                continue
            ways = {}
            for last in (short, long):
                for which, core, stock in (("other", other, ()), ("own", CORE, ("--stock",))):
                    flags = (f"1-{last}", *products, *STOCK, *stock)
                    ways[f"{which} {last}"] = partial(
                        render, plate, weights, folder / which, *flags, core=core
                    )
            costs = in_turns(ways, rounds)
            before = costs[f"other {long}"] - costs[f"other {short}"]
            own = costs[f"own {long}"] - costs[f"own {short}"]
            print(
                f"{case:28} {before.cpu / (long - short) * 1000:6.0f} -> {own.cpu / (long - short) * 1000:6.0f} ms"
                f" CPU a frame, times {before.cpu / own.cpu:.2f}, pixels {difference(folder)}",
                flush=True,
            )


def writers(movie: str, weights: str, rounds: int) -> None:
    """Print what one frame's foreground and matte take to write and to read, by format and compression."""
    ways = [("exr", "half", each) for each in ("zips", "zip", "piz", "rle", "none", "dwaa")]
    ways += [("png", "8", ""), ("png", "16", "")]
    with tempfile.TemporaryDirectory(prefix="matteline-speed-") as name:
        render(movie, weights, Path(name), "31", "--depth", "float", "--compression", "none", "--stock")
        (fgr,) = (oiio.ImageBuf(str(each)).get_pixels(oiio.FLOAT) for each in Path(name).glob("fgr/*"))
        (alpha,) = (oiio.ImageBuf(str(each)).get_pixels(oiio.FLOAT) for each in Path(name).glob("alpha/*"))
        for (file_format, depth, compression), (what, pixels) in itertools.product(
            ways, (("fgr", fgr), ("alpha", alpha))
        ):
            channels = ("Y",) if file_format == "png" and what == "alpha" else ("R", "G", "B")
            window, path = Window(0, 0, fgr.shape[1], fgr.shape[0]), Path(name) / f"one.{file_format}"
            stored = pixels[..., : 3 if what == "fgr" else 1].astype(
                np.float16 if depth == "half" else np.float32
            )
            written, read = [], []
            for _ in range(rounds):
                began = time.process_time()
                encoding, header = Encoding(file_format, depth, compression), Header(window, window)
                write_image(path, stored, encoding, header, channels=channels)
                written.append(time.process_time() - began)
                began = time.process_time()
                image = oiio.ImageInput.open(str(path))
                image.read_image(image.spec().format)
                image.close()
                read.append(time.process_time() - began)
            print(
                f"{file_format} {depth:4} {compression:4} {what:5} write {min(written) * 1000:4.0f} ms"
                f" read {min(read) * 1000:4.0f} ms {path.stat().st_size / 1e6:6.2f} MB"
            )


def enlarged(movie: str, folder: Path, count: int) -> str:
    """Write the first frames at twice the size as PNG, and return the pattern of their names."""
    folder.mkdir()
    with av.open(movie) as container:
        for number, frame in zip(range(1, count + 1), container.decode(video=0), strict=False):
            larger = frame.reformat(2 * frame.width, 2 * frame.height, "rgb24")
            picture = oiio.ImageBuf(np.ascontiguousarray(larger.to_ndarray()))
            picture.write(str(folder / f"large.{number:04d}.png"))
    return str(folder / "large.####.png")


def difference(folder: Path) -> str:
    """Return whether both versions' files hold the same pixels."""
    hashes = [
        [
            hashlib.sha256(oiio.ImageBuf(str(path)).get_pixels(oiio.FLOAT).tobytes()).hexdigest()
            for path in sorted((folder / which).glob("[!.]*/*.*"))
        ]
        for which in ("own", "other")
    ]
    return f"the same in {len(hashes[0])} files" if hashes[0] == hashes[1] else "DIFFERENT"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("research", "versions", "writers"))
    parser.add_argument("movie")
    parser.add_argument("--weights", required=True)
    parser.add_argument("--count", type=int, action="append", help="frames; may be given again")
    parser.add_argument("--other", type=Path, help="the folder `core` of the other version")
    parser.add_argument("--only", default="", help="part of the name of a case")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    if given.what == "research":
        against_research(given.movie, given.weights, given.count or [36, 139], given.rounds)
    elif given.what == "writers":
        writers(given.movie, given.weights, given.rounds)
    else:
        against_version(given.movie, given.weights, given.other, given.rounds, given.only)


if __name__ == "__main__":
    main()
