"""What the band solver and the foreground estimate gain: the figures of docs/quality.md.

`python -m tests.benchmarks.quality alpha|hd|masks|foreground|still|cost`, with footage and weights
beside the project. MAD times 1000, Grad unstretched divided by 1000, dtSSD times 100 and counted from the second
frame on, all by `matteline.judging.metrics`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Final

import av
import numpy as np
import torch
from PIL import Image
from torch import Tensor

from matteline.colour.config import open_config
from matteline.colour.picture import PictureTransform
from matteline.colour.space import choose_space
from matteline.contract.plate import ColourTags
from matteline.drawing import draw_people
from matteline.engine.demo import DEMO_SEED
from matteline.judging.metrics import dtssd, grad, mad
from matteline.matting.closed_form import FOR_MASKS, FOR_NETWORK, halvings
from matteline.matting.picture import as_picture
from matteline.matting.rvm.network import MattingNetwork
from matteline.matting.session import Matte, NetworkInput, Session
from matteline.matting.weights.find import find_weights
from matteline.matting.weights.load import load_network

from .composites import FOOTAGE, SIX, WALKERS, Composite, at_height, frame, frames

OFFICIAL: Final = FOOTAGE.parent / "weights" / "official" / "rvm_official_fp32.safetensors"
CPU: Final = torch.device("cpu")
MIRRORED: Final = 10
"""Frames shown before the first one, in reverse, as the command does."""

PORTRAITS: Final = (
    *(replace(each, walk=min(each.walk, 0.03)) for each in SIX[:5]),
    Composite("white", "p_0865636e_rgba.png", "simpl_curtains.jpg", height=0.98, walk=0.03),
    Composite("dark", "p_22fc0130_rgba.png", "vh_field.jpg", height=0.95, walk=0.03),
)
"""All seven cut-outs of stills; the white shirt is before the red curtain."""

SIXTEEN: Final = (
    *PORTRAITS,
    *(replace(each, background="simpl_crissyField.jpg") for each in PORTRAITS if each.name != "shirt"),
    *(replace(each, background="simpl_room.jpg") for each in PORTRAITS[-2:]),
    replace(SIX[1], background="simpl_curtains.jpg"),
)
"""Sixteen composites for the foreground."""

CROP: Final = (slice(20, 160), slice(300, 510))
"""Rows and columns of the drawn person's hair."""

Scores = tuple[float, float, float]


def mattes(network: MattingNetwork, pictures: Sequence[Tensor], ratio: float) -> Iterator[Matte]:
    """Mattes of a clip as the command makes them, before anything is done to their edges."""
    _, height, width = pictures[0].shape
    session = Session(network, width=width, height=height, downsample_ratio=ratio, device=CPU)
    session.preroll([session.reduce(each) for each in pictures[MIRRORED:0:-1]])
    for number, picture in enumerate(pictures):
        yield session.advance([NetworkInput(number, picture)])[0]


def scores(preds: Sequence[np.ndarray], truths: Sequence[np.ndarray]) -> Scores:
    """Means of MAD, Grad and dtSSD."""
    changes = [
        dtssd(p1, t1, p0, t0) for (p0, p1), (t0, t1) in zip(pairwise(preds), pairwise(truths), strict=True)
    ]
    pairs = list(zip(preds, truths, strict=True))
    return (
        float(np.mean([mad(*each) for each in pairs])),
        float(np.mean([grad(*each, stretched=False) for each in pairs])),
        float(np.mean(changes)),
    )


def table(rows: Sequence[tuple[str, Scores, Scores]], title: str) -> None:
    """Print what the network and the band solver reach, clip by clip, and the mean of all."""
    means = [tuple(np.mean([row[which] for row in rows], 0)) for which in (1, 2)]
    worst = np.max([np.divide(fine, network) - 1 for _, network, fine in rows], 0)
    print(f"{title:22s} network: MAD  Grad  dtSSD   fine: MAD  Grad  dtSSD")
    for name, network, fine in (*rows, ("mean", *means)):
        print(f"{name:22s}{''.join(f'{each:8.2f}' for each in (*network, *fine))}")
    print(f"{'worst change':46s}{''.join(f'{100 * each:+7.1f}%' for each in worst)}\n", flush=True)


def compared(
    network: MattingNetwork, composite: Composite, size: tuple[int, int], ratio: float, count: int
) -> tuple[str, Scores, Scores]:
    """One clip's scores without and with the band solver."""
    truths = list(frames(composite, *size, count))
    pictures = [as_picture(each.plate) for each in truths]
    alphas = [each.alpha for each in mattes(network, pictures, ratio)]
    fine = [FOR_NETWORK.refine(*each, halvings(ratio)) for each in zip(pictures, alphas, strict=True)]
    true = [each.alpha for each in truths]
    return composite.name, scores(_arrays(alphas), true), scores(_arrays(fine), true)


def _arrays(alphas: Sequence[Tensor]) -> list[np.ndarray]:
    return [each.numpy() for each in alphas]


def alpha(network: MattingNetwork) -> None:
    """Six moving composites at 640x360, at the ratio that `auto` takes and at full size."""
    for ratio in (0.8, 1.0):
        table([compared(network, each, (640, 360), ratio, 24) for each in SIX], f"640x360, ratio {ratio}")


def hd(network: MattingNetwork) -> None:
    """Three people at HD at the ratio that `auto` takes, as tall as the plate and half as tall."""
    for share in (0.9, 0.5):
        clips = [at_height(each, share) for each in WALKERS]
        rows = [compared(network, each, (1920, 1080), 512 / 1920, 12) for each in clips]
        table(rows, f"1920x1080, height {share}")


def masks(_network: MattingNetwork) -> None:
    """Binary masks of the seven portraits at 1440x1080."""
    kept = []
    for composite in PORTRAITS:
        made = frame(composite, 1440, 1080, 5)
        mask = (made.alpha > 0.5).astype(np.float32)
        solved = FOR_MASKS.refine(as_picture(made.plate), torch.from_numpy(mask), 1).numpy()
        before, after = mad(mask, made.alpha), mad(solved, made.alpha)
        kept.append((before, after))
        print(f"{composite.name:10s} mask {before:5.2f}   solved {after:5.2f}   left {after / before:.2f}")
    before, after = np.mean(kept, 0)
    print(f"{'mean':10s} mask {before:5.2f}   solved {after:5.2f}   left {after / before:.2f}")


def foreground(network: MattingNetwork) -> None:
    """Colour in soft pixels of sixteen composites, with solved alpha: RMS x 1000, weighed by true alpha."""
    space = choose_space(
        "sRGB", tags=ColourTags(), path="", pixel_type="uint8", kind="sequence", config=open_config(None)
    )
    transform, rows = PictureTransform(space), []
    for composite in SIXTEEN:
        truths = list(frames(composite, 640, 360, MIRRORED + 2))
        pictures = [as_picture(each.plate) for each in truths]
        matte, true = list(mattes(network, pictures, 0.8))[5], truths[5]
        cover = FOR_NETWORK.refine(pictures[5], matte.alpha, 1)
        predicted = matte.fgr
        assert predicted is not None
        made = transform.restore(plate=true.plate, alpha=cover, fgr=predicted)
        alone = transform.restore(plate=true.plate, alpha=cover, fgr=None)
        kinds = (true.plate / np.float32(255), predicted.permute(1, 2, 0).numpy(), alone, made)
        soft = (true.alpha > 0.02) & (true.alpha < 0.98)
        errors = [(true.alpha[..., None] * (each - true.fgr))[soft] for each in kinds]
        rows.append([1000 * float(np.sqrt(np.square(each).mean())) for each in errors])
        name = f"{composite.name}, {composite.background}"
        print(f"{name:34s}{''.join(f'{each:8.1f}' for each in rows[-1])}", flush=True)
    print(
        f"{'mean: plate, network, estimate, all':34s}{''.join(f'{each:8.1f}' for each in np.mean(rows, 0))}"
    )


def still(network: MattingNetwork) -> None:
    """Change of alpha where real plates stand still, from frame to frame: root mean square times 100."""
    for name in ("lp_d10_longhair.mp4", "intel_asl_milk.mkv", "lp_s32_dark.mp4"):
        pictures = _decoded(FOOTAGE / "clips" / name, 14)
        ratio = min(512 / max(pictures[0].shape), 1)
        alphas = [each.alpha for each in mattes(network, pictures, ratio)]
        fine = [FOR_NETWORK.refine(*each, halvings(ratio)) for each in zip(pictures, alphas, strict=True)]
        changes: list[list[float]] = []
        for (before, after), old, new in zip(
            pairwise(pictures), pairwise(alphas), pairwise(fine), strict=True
        ):
            # Three 8-bit codes: less than the grain of these clips.
            stands = (after - before).abs().amax(0) < 3.5 / 255
            edge = ((new[1] > 0.02) & (new[1] < 0.98)) | ((old[1] > 0.02) & (old[1] < 0.98))
            place = stands & edge
            changes.append([100 * float((b - a)[place].square().mean().sqrt()) for a, b in (old, new)])
        network_flicker, fine_flicker = np.mean(changes, 0)
        print(f"{name:24s} network {network_flicker:.2f}   fine {fine_flicker:.2f}", flush=True)


def _decoded(path: Path, count: int) -> list[Tensor]:
    with av.open(str(path)) as container:
        found = container.decode(video=0)
        return [as_picture(next(found).to_ndarray(format="rgb24")) for _ in range(count)]


def cost(network: MattingNetwork) -> None:
    """CPU milliseconds of one frame on one thread: the least of six, network and solver by turns."""
    for width, height in ((1920, 1080), (3840, 2160)):
        made = frame(at_height(SIX[1], 0.9), width, height, 5)
        picture, ratio = as_picture(made.plate), 512 / width
        session = Session(network, width=width, height=height, downsample_ratio=ratio, device=CPU)
        number = iter(range(1000))

        def infer(
            session: Session = session, picture: Tensor = picture, number: Iterator[int] = number
        ) -> Matte:
            return session.advance([NetworkInput(next(number), picture)])[0]

        def solve(matte: Matte, picture: Tensor = picture, ratio: float = ratio) -> Tensor:
            return FOR_NETWORK.refine(picture, matte.alpha, halvings(ratio))

        matte = infer()
        soft = int(((matte.alpha > 0.02) & (matte.alpha < 0.98)).sum())
        both = [(_milliseconds(infer), _milliseconds(lambda: solve(matte))) for _ in range(6)]  # noqa: B023
        of_network, of_solver = np.min(both, 0)
        print(
            f"{width}x{height}, {soft} soft pixels: network {of_network:.0f}, solver {of_solver:.0f} CPU ms, "
            f"{100 * of_solver / of_network:.0f} %"
        )


def picture(network: MattingNetwork) -> None:
    """Draw docs/pictures/edges_fine.png: drawn hair, plate and true matte above, both mattes below."""
    drawn = list(draw_people(640, 360, MIRRORED + 2, seed=DEMO_SEED))
    pictures = [as_picture(each.plate) for each in drawn]
    coarse = list(mattes(network, pictures, 0.8))[-1].alpha
    fine = FOR_NETWORK.refine(pictures[-1], coarse, 1)
    plate = np.asarray(drawn[-1].plate, np.float32) / (255 if drawn[-1].plate.dtype == np.uint8 else 1)
    true = np.asarray(drawn[-1].alpha, np.float32)
    panels = [plate, *(np.repeat(each[..., None], 3, 2) for each in (true, coarse.numpy(), fine.numpy()))]
    rows, columns = CROP
    cut = [each[rows, columns].repeat(3, 0).repeat(3, 1) for each in panels]
    sheet = np.concatenate([np.concatenate(cut[:2], 1), np.concatenate(cut[2:], 1)])
    path = Path(__file__).resolve().parents[2] / "docs" / "pictures" / "edges_fine.png"
    Image.fromarray(np.rint(sheet.clip(0, 1) * 255).astype(np.uint8)).save(path)
    print(f"{path}: MAD {mad(coarse.numpy(), true):.2f} above, {mad(fine.numpy(), true):.2f} below")


def _milliseconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return 1000 * (time.process_time() - start)


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    tables = {each.__name__: each for each in (alpha, hd, masks, foreground, still, cost, picture)}
    parser.add_argument("table", choices=tables)
    parser.add_argument("--weights", default=str(OFFICIAL))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with torch.no_grad():
        tables[arguments.table](load_network(find_weights(arguments.weights, folders=()), "deep"))


if __name__ == "__main__":
    main()
