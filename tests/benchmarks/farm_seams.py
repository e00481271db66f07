"""What a cut costs: alpha behind a chunk's border against one unbroken render, and the first pass's share.

Run by hand; it takes some minutes:

    python tests/benchmarks/farm_seams.py --weights FILE --clips a.mp4 b.mkv --large hd.mp4

For every clip and every way to begin a chunk it prints the greatest and the mean difference of alpha, 0 to 1,
over the first frames of the chunks, against `matteline render` of the same frames. For a large clip it prints
the processor time of the first pass as a share of that of the whole render.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from matteline.contract.farm_settings import FarmSettings
from matteline.contract.frames import FrameRange, FrameSet
from matteline.contract.job import Job
from matteline.contract.settings import MatteSettings
from matteline.engine.kept_network import KeptNetwork
from matteline.engine.plan import Resources
from matteline.engine.planner import plan
from matteline.engine.run import run
from matteline.farm.chunk import render_chunk, save_states
from matteline.farm.open_farm_job import open_to_render
from matteline.farm.request import ShotRequest
from matteline.farm.submission import PreparedShot
from matteline.farm.submit import prepare, write_farm_job
from matteline.media.plate import open_plate
from matteline.media.result import read_result

AROUND = Resources()
CHUNK_FRAMES = 24
BEHIND_A_SEAM = 8
"""Frames looked at behind each border, where a cut shows."""


@dataclass(frozen=True)
class Way:
    """A way to begin chunks: its name, `--exact`, and the preroll of `none`."""

    name: str
    exact: str
    preroll: int = 0


WAYS = (
    Way("cut, no preroll", "none", 0),
    Way("preroll 8", "none", 8),
    Way("preroll 16", "none", 16),
    Way("preroll 32", "none", 32),
    Way("chain", "chain"),
    Way("states", "states"),
)


def submitted(clip: str, frames: FrameSet, folder: Path, settings: MatteSettings, way: Way) -> PreparedShot:
    """Write the farm job of a clip."""
    farm = FarmSettings(chunk=CHUNK_FRAMES, exact=way.exact, chunk_preroll=way.preroll)
    job = Job(clip, str(folder), frames, settings=settings)
    (one,) = prepare([ShotRequest(job)], farm, AROUND)
    write_farm_job(one)
    return one


def whole(one: PreparedShot, folder: Path, networks: KeptNetwork) -> None:
    """Render the same frames in one unbroken run."""
    ready = plan(replace(one.farm_job.job, output=str(folder)), AROUND)
    for _ in run(ready, network=networks.take(ready)):
        pass


def alpha(folder: Path, number: int) -> np.ndarray:
    """The matte of a frame, (H, W) float32."""
    (path,) = (folder / "alpha").glob(f"*.{number:04d}.exr")
    return read_result(path, number).pixels[..., 0]


def first_frames(clip: str, count: int) -> FrameSet:
    """The first frames of a clip, as many as it has."""
    with open_plate(clip) as plate:
        return FrameSet((FrameRange(1, min(count, plate.info.frames.last)),))


def seams(clip: str, count: int, settings: MatteSettings, networks: KeptNetwork, room: Path) -> None:
    """Print one clip's differences."""
    frames = first_frames(clip, count)
    reference = room / "whole"
    whole(submitted(clip, frames, room / "farm", settings, WAYS[-1]), reference, networks)
    print(f"\n{Path(clip).name}, frames {frames}, seams every {CHUNK_FRAMES}")
    for way in WAYS:
        output = room / way.name.replace(" ", "_")
        heads = chunks(submitted(clip, frames, output, settings, way), networks)
        apart = [np.abs(alpha(output, n) - alpha(reference, n)) for n in heads]
        first = [each for n, each in zip(heads, apart, strict=True) if n % CHUNK_FRAMES == 0]
        print(
            f"| {way.name} | {max(each.max() for each in apart):.4f} "
            f"| {np.mean(first):.6f} | {np.mean(apart):.6f} |",
            flush=True,
        )


def chunks(one: PreparedShot, networks: KeptNetwork) -> list[int]:
    """Render what is behind the borders, and what must come before it; the frames to look at."""
    clip = open_to_render(one.folder, AROUND)
    if one.farm_job.farm.exact == "states":
        follow(save_states(clip, one.farm_job.frames, networks=networks.take))
    heads: list[int] = []
    for chunk in one.farm_job.chunks():
        head = FrameRange(chunk.first, min(chunk.first + BEHIND_A_SEAM - 1, chunk.last))
        wanted = chunk if one.farm_job.farm.exact == "chain" else head
        if chunk.first > one.farm_job.frames.first:
            heads += head
        elif one.farm_job.farm.exact != "chain":
            continue
        follow(render_chunk(clip, FrameSet((wanted,)), networks=networks.take))
    return heads


def follow(events: object) -> None:
    """Work to the end."""
    for _ in events:  # type: ignore[attr-defined]
        pass


def processor_seconds(work: Callable[[], None]) -> float:
    """Processor time of some work: unlike the clock, it does not count what other programs take."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    work()
    after = resource.getrusage(resource.RUSAGE_SELF)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def share(clip: str, count: int, settings: MatteSettings, networks: KeptNetwork, room: Path) -> None:
    """Print what a frame of the first pass costs against a rendered one."""
    frames = first_frames(clip, count)
    one = submitted(clip, frames, room / "large", settings, WAYS[-1])
    opened = open_to_render(one.folder, AROUND)
    ready = plan(replace(one.farm_job.job, output=str(room / "large_whole")), AROUND)
    networks.take(ready)
    rendered = processor_seconds(lambda: whole(one, room / "large_whole", networks))
    rolled = processor_seconds(lambda: follow(save_states(opened, frames, networks=networks.take)))
    rendered, rolled = rendered / len(frames), rolled / (opened.states.saved()[-1] - frames.first)
    canvas = ready.plate.canvas
    print(
        f"\n{Path(clip).name}, {canvas.width}x{canvas.height}: a frame rendered {rendered:.3f} s of "
        f"processor, a frame of the first pass {rolled:.3f} s, {100 * rolled / rendered:.0f}%"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", required=True)
    parser.add_argument("--clips", nargs="*", default=[])
    parser.add_argument("--large", nargs="*", default=[])
    parser.add_argument("--count", type=int, default=72)
    parser.add_argument("--large-count", type=int, default=33)
    parser.add_argument("--ratio", type=float, default=0.5)
    given = parser.parse_args()
    networks = KeptNetwork()
    common = MatteSettings(weights=given.weights, device="cpu", write=("alpha",), depth="float")
    for clip in given.clips:
        with tempfile.TemporaryDirectory() as room:
            settings = replace(common, downsample_ratio=given.ratio)
            seams(clip, given.count, settings, networks, Path(room))
    for clip in given.large:
        with tempfile.TemporaryDirectory() as room:
            settings = replace(common, write=("alpha", "fgr"), depth="auto", preroll=0)
            share(clip, given.large_count, settings, networks, Path(room))


if __name__ == "__main__":
    main()
