"""One 1080p movie, disk to disk: the way of the research script against `matteline render`, in one run.

The research script's way is decode, infer in frozen TorchScript, write PNG by Pillow, one after another. Run
by hand on a quiet machine: `python tests/benchmarks/research_script.py MOVIE --weights FILE`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import av
import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file

from matteline.matting.rvm.network import MattingNetwork


class _Frames(torch.nn.Module):
    """The plain network as a single traced step, its state handed in and out."""

    def __init__(self, network: MattingNetwork, ratio: float) -> None:
        super().__init__()
        self.network, self.ratio = network, ratio

    def forward(self, src, r1, r2, r3, r4):  # type: ignore[no-untyped-def]
        return self.network(src, r1, r2, r3, r4, downsample_ratio=self.ratio)


def research(movie: str, weights: str, folder: Path, frames: int) -> float:
    """Frames per second of the one-after-another way; the first two frames are not counted."""
    network = MattingNetwork("mobilenetv3", "deep_guided_filter")
    network.load_state_dict(load_file(weights))
    step, state, begun = None, None, 0.0
    with av.open(movie) as container, torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number, frame in enumerate(container.decode(video=0)):
            if number == frames:
                break
            if number == 2:
                begun = time.perf_counter()
            picture = torch.from_numpy(frame.to_ndarray(format="rgb24")).permute(2, 0, 1)[None] / 255
            if step is None:
                ratio = 512 / max(frame.width, frame.height)
                first = network.eval()(picture, downsample_ratio=ratio)
                state = [torch.zeros_like(each) for each in first[2:]]
                traced = torch.jit.trace(_Frames(network, ratio).eval(), (picture, *state), check_trace=False)
                step = torch.jit.freeze(traced)
            fgr, pha, *state = step(picture, *state)
            rgba = torch.cat([fgr * pha.gt(0), pha], 1)[0].permute(1, 2, 0).mul(255).byte().numpy()
            Image.fromarray(np.ascontiguousarray(rgba)).save(folder / f"{number:04d}.png")
    return (min(number, frames) - 2) / (time.perf_counter() - begun)


def matteline(movie: str, weights: str, folder: Path, frames: int, foreground: str) -> tuple[float, float]:
    """Frames per second of `matteline render`: the whole process, and as it says of the render alone."""
    command = [sys.executable, "-m", "matteline", "render", movie, "-o", str(folder), "--weights", weights]
    command += ["--write", "rgba", "--format", "png", "--preroll", "0", "--frames", f"1-{frames}"]
    command += ["--device", "cpu", "--foreground", foreground, "--exposure", "0"]
    begun = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    said = float(done.stderr.rpartition(" s, ")[2].partition(" frames/s")[0])
    return frames / (time.perf_counter() - begun), said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("movie")
    parser.add_argument("--weights", required=True)
    parser.add_argument("--count", type=int, default=40)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="matteline-speed-") as name:
        folder = Path(name)
        (folder / "research").mkdir()
        ours = matteline(arguments.movie, arguments.weights, folder / "ours", arguments.count, "network")
        plate = matteline(arguments.movie, arguments.weights, folder / "plate", arguments.count, "plate")
        theirs = research(arguments.movie, arguments.weights, folder / "research", arguments.count)
        worst = _worst(folder, arguments.count)
    print(f"research script's way             {theirs:.2f} frames/s")
    print(f"matteline, network's foreground   {ours[0]:.2f} with start-up, {ours[1]:.2f} without")
    print(f"matteline, plate's foreground     {plate[0]:.2f} with start-up, {plate[1]:.2f} without")
    with_start, without = ours[0] / theirs, ours[1] / theirs
    print(f"ratio                             {with_start:.2f} with start-up, {without:.2f} without")
    print(f"greatest difference of any value  {worst} of 255")


def _worst(folder: Path, frames: int) -> int:
    """Greatest difference between both ways, of alpha and of colour where alpha is above 0."""
    worst = 0
    for number in range(frames):
        theirs = np.asarray(Image.open(folder / "research" / f"{number:04d}.png")).astype(int)
        (path,) = (folder / "ours" / "rgba").glob(f"*.{number + 1:04d}.png")
        apart = np.abs(np.asarray(Image.open(path)).astype(int) - theirs)
        apart[..., :3] *= theirs[..., 3:] > 0
        worst = max(worst, int(apart.max()))
    return worst


if __name__ == "__main__":
    main()
