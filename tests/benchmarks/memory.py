"""How much memory a render holds, for a short and a long 1080p plate.

Run by hand; it takes some minutes: `python tests/benchmarks/memory.py --weights FILE`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import av
import numpy as np
import psutil


def write_movie(path: Path, frames: int) -> None:
    """A 1080p H.264 movie with something moving in it."""
    base = np.random.default_rng(1).integers(0, 255, (1080, 1920, 3), np.uint8)
    base = base // 8 + 100
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast", "crf": "28"})
        stream.width, stream.height, stream.pix_fmt = 1920, 1080, "yuv420p"
        for number in range(frames):
            base[300:900, 600 + number % 300 : 1200 + number % 300] = 60 + number % 100
            container.mux(stream.encode(av.VideoFrame.from_ndarray(base, format="rgb24")))
        container.mux(stream.encode(None))


def peak(command: list[str]) -> tuple[float, float]:
    """Greatest resident memory of a process in megabytes, and its seconds."""
    begun = time.perf_counter()
    process = psutil.Popen(command, stdout=subprocess.DEVNULL)
    greatest = 0

    def watch() -> None:
        nonlocal greatest
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            greatest = max(greatest, process.memory_info().rss)
            time.sleep(0.05)

    watcher = threading.Thread(target=watch)
    watcher.start()
    code = process.wait()
    watcher.join()
    if code:
        sys.exit(f"{command} ended with {code}")
    return greatest / 1e6, time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", required=True)
    parser.add_argument("--counts", type=int, nargs="+", default=[60, 600])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="matteline-memory-") as folder:
        for count in arguments.counts:
            movie = Path(folder) / f"plate{count}.mp4"
            write_movie(movie, count)
            command = [sys.executable, "-m", "matteline", "render", str(movie), "-o", f"{folder}/{count}"]
            command += ["--weights", arguments.weights, "--write", "alpha", "--format", "png"]
            memory, seconds = peak([*command, "--device", "cpu", "--progress", "none"])
            print(f"{count} frames: {memory:.0f} MB at most, {seconds:.0f} s", flush=True)


if __name__ == "__main__":
    main()
