"""What focus gains: moving composites of people of several sizes, whole plate against chosen regions.

    python -m tests.benchmarks.focus --weights FILE --size 1920x1080 --person 0.5 0.25

For every clip it prints MAD (times 1000), Grad (unstretched) and dtSSD (times 100) of the plate at the weights'
own size and of the regions that `engine.focus` chooses from a first look, with what the network sees of both in
pixels. The first look is done as `engine.first_look` does it.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from tests.benchmarks import composites

from matteline.contract.frames import FrameRange
from matteline.contract.plate import Window
from matteline.contract.shot_notes import LookedFrame, Region, Segment, ShotNotes
from matteline.engine.focus import choose_segments, people_boxes
from matteline.engine.regions import RegionBlend, cut_out, strides_between
from matteline.engine.timeline import mirror
from matteline.judging import metrics
from matteline.matting.moved_state import moved_state
from matteline.matting.rvm.network import MattingNetwork
from matteline.matting.session import NetworkInput, Session
from matteline.matting.weights.load import load_state

CPU = torch.device("cpu")
LONGER_SIDE = 512
PREROLL = 10
LOOK_EVERY = 8
LOOK_SIDE = 768

Frames = list[torch.Tensor]


def first_look(network: MattingNetwork, frames: Frames) -> ShotNotes:
    """Notes with people's boxes, each frame seen by itself."""
    _, height, width = frames[0].shape
    numbers = sorted({*range(0, len(frames), LOOK_EVERY), len(frames) - 1})
    looked = []
    for number in numbers:
        (alpha,) = matte(network, frames[number : number + 1], LOOK_SIDE, preroll=0)
        reduced = torch.nn.functional.interpolate(
            alpha[None, None], scale_factor=min(1, LOOK_SIDE / max(width, height)), mode="area"
        )[0, 0]
        looked.append(LookedFrame(number, people_boxes(reduced.numpy(), width, height), 0.0))
    notes = ShotNotes(FrameRange(0, len(frames) - 1), width, height, looked=tuple(looked))
    (segment,) = choose_segments(notes, LONGER_SIDE)
    return ShotNotes(notes.frames, width, height, looked=notes.looked, segments=(segment,))


def matte(
    network: MattingNetwork, frames: Sequence[torch.Tensor], side: int, preroll: int = PREROLL
) -> list[torch.Tensor]:
    """Alpha of whole plates whose longer side is reduced to `side`."""
    _, height, width = frames[0].shape
    ratio = min(1.0, side / max(width, height))
    session = Session(network, width=width, height=height, downsample_ratio=ratio, device=CPU, want_fgr=False)
    settle(session, frames, preroll)
    return [session.advance([NetworkInput(n, frame)])[0].alpha for n, frame in enumerate(frames)]


def settle(session: Session, frames: Sequence[torch.Tensor], preroll: int) -> None:
    """Show a session the mirrored frames before the first one."""
    session.preroll([session.reduce(frames[n]) for n in mirror(FrameRange(0, len(frames) - 1), preroll)])


def region_mattes(
    network: MattingNetwork, frames: Frames, region: Region
) -> list[tuple[torch.Tensor, Window]]:
    """Alpha of a region in every frame, and where it lies."""
    session = Session(
        network,
        width=region.width,
        height=region.height,
        downsample_ratio=region.ratio,
        device=CPU,
        want_fgr=False,
    )
    window = region.window(0)
    # Mirrored frames are seen where the region lies in the first frame.
    settle(session, [cut_out(frame, window) for frame in frames[: PREROLL + 1]], PREROLL)
    made = []
    for number, frame in enumerate(frames):
        now = region.window(number)
        if now != window and session.state is not None:
            session.restore(moved_state(session.state, *strides_between(window, now, region.step)))
            window = now
        made.append((session.advance([NetworkInput(number, cut_out(frame, now))])[0].alpha, now))
    return made


def focused(network: MattingNetwork, frames: Frames, segment: Segment) -> list[torch.Tensor]:
    """Alpha of a segment's frames, its regions put together."""
    if not segment.regions:
        return matte(network, frames, LONGER_SIDE)
    _, height, width = frames[0].shape
    blends = [RegionBlend(height, width, frame) for frame in frames]
    for region in segment.regions:
        for blend, (alpha, window) in zip(blends, region_mattes(network, frames, region), strict=True):
            blend.put(alpha, window, region.step)
    return [blend.alpha for blend in blends]


def score(made: Sequence[torch.Tensor], truth: Sequence[np.ndarray]) -> tuple[float, float, float]:
    """MAD, Grad and dtSSD, means over the frames."""
    alphas = [each.numpy() for each in made]
    pairs = list(zip(alphas, truth, strict=True))
    changes = zip(alphas[1:], truth[1:], alphas, truth, strict=False)
    return (
        float(np.mean([metrics.mad(alpha, true) for alpha, true in pairs])),
        float(np.mean([metrics.grad(alpha, true, stretched=False) for alpha, true in pairs])),
        float(np.mean([metrics.dtssd(*change) for change in changes])),
    )


def picture(codes: np.ndarray) -> torch.Tensor:
    """A plate's frame as the network takes it, (3, H, W) float32."""
    return torch.from_numpy(np.ascontiguousarray(codes.transpose(2, 0, 1), np.float32) / 255)


def network_of(weights: Path) -> MattingNetwork:
    """The network with a deep guided filter."""
    network = MattingNetwork()
    network.load_state_dict(load_state(weights))
    return network.eval()


def seen(region: Region) -> str:
    """Size of the network's picture of a region, and how often the region moves."""
    moves = f", {len(region.places) - 1} moves" if len(region.places) > 1 else ""
    return f"{int(region.width * region.ratio)}x{int(region.height * region.ratio)}{moves}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--size", default="1920x1080")
    parser.add_argument("--person", type=float, nargs="*", default=[0.5, 0.25])
    parser.add_argument("--six", action="store_true", help="The six composites as they are, instead.")
    parser.add_argument("--walk", type=float, help="How far people walk, as a share of the plate's width.")
    parser.add_argument("--frames", type=int, default=composites.FRAMES)
    arguments = parser.parse_args()
    width, height = map(int, arguments.size.split("x"))
    torch.set_num_threads(1)
    network = network_of(arguments.weights)
    clips = [composites.at_height(each, share) for share in arguments.person for each in composites.WALKERS]
    if arguments.six:
        clips = list(composites.SIX)
    for clip in clips:
        clip = clip if arguments.walk is None else composites.replace(clip, walk=arguments.walk)
        made = list(composites.frames(clip, width, height, arguments.frames))
        frames, truth = [picture(each.plate) for each in made], [each.alpha for each in made]
        (segment,) = first_look(network, frames).segments
        shown = " + ".join(map(seen, segment.regions)) or "the plate"
        for name, alphas in (
            ("plate", matte(network, frames, LONGER_SIDE)),
            (f"focus ({shown})", focused(network, frames, segment)),
        ):
            print(f"{clip.name}: {name}: {' / '.join(f'{x:.3f}' for x in score(alphas, truth))}", flush=True)


if __name__ == "__main__":
    main()
