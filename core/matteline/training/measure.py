"""Figures of a model card: a network against the official one, and against true mattes.

::

    python -m matteline.training.measure MODEL FOOTAGE OFFICIAL [--longer-side N]

FOOTAGE holds `clips/` with the official network's mattes in `reference_official/*.npz` (else in `reference/`),
`people/photos` and `people/ccp_photos`, `rgba/*.png` with true alpha, and `backgrounds/`. Nothing that is measured on
was learned from or has chosen the model: clips, cut-outs and backgrounds never, and of the photos every tenth is held
out, of which every second is measured (see `splits`).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from matteline.contract.errors import JobError
from matteline.matting.picture import as_picture
from matteline.matting.rvm.network import MattingNetwork
from matteline.matting.session import NetworkInput, Session
from matteline.matting.weights.find import find_weights
from matteline.matting.weights.load import load_network
from matteline.media.image import read_image
from matteline.media.plate import open_plate
from matteline.media.source_file import SourceFile
from matteline.training.evaluation import SOLID
from matteline.training.footage import UInt8Array
from matteline.training.pictures import pictures_in, read_picture, resize, shrink
from matteline.training.splits import measured_half, split

PHOTOS: Final = 126
"""Held-out photos that are measured, at least, evenly over those that did not choose the model."""

_PASSES: Final = 2  # of a still; the first one, without a recurrent state, is a network's worst
_LONGEST: Final = 1280  # of a cut-out before a background
_STILL_CODES: Final = 5  # of 255: changes from frame to frame up to which a pixel is still
_FLICKER_CLIP: Final = "tfjs_squats"  # filmed from a tripod

Alpha = NDArray[np.float32]


@dataclass(frozen=True)
class Model:
    """A network that mattes pictures of any size at the reduced size that it was trained for.

    Attributes:
        network: The network.
        longer_side: Longer side of the reduced picture, in pixels.
    """

    network: MattingNetwork
    longer_side: int

    @classmethod
    def load(cls, weights: str) -> Model:
        """Load the network of a weights file.

        Raises:
            ModelError: The file cannot be used.
        """
        found = find_weights(weights, folders=())
        return cls(load_network(found, "auto"), found.longer_side)

    def clip(self, pictures: Iterable[UInt8Array]) -> Iterator[Alpha]:
        """Yield alpha (H, W), 0..1, of the frames (H, W, 3) of a shot, without preroll."""
        session: Session | None = None
        for number, picture in enumerate(pictures):
            if session is None:
                height, width = picture.shape[:2]
                ratio = min(1.0, self.longer_side / max(height, width))
                device = torch.device("cpu")
                session = Session(
                    self.network, width=width, height=height, downsample_ratio=ratio, device=device
                )
            (matte,) = session.advance([NetworkInput(number, as_picture(picture))])
            yield matte.alpha.numpy()

    def still(self, picture: UInt8Array) -> Alpha:
        """Return alpha of a picture that the network has seen once before."""
        return list(self.clip([picture] * _PASSES))[-1]


@dataclass(frozen=True)
class Agreement:
    """Agreement of mattes, each frame counting the same.

    Attributes:
        iou: Mean intersection over union of alpha above 0.5.
        mad: Mean absolute difference of alpha, times 1000.
    """

    iou: float
    mad: float


def agreement(pairs: Iterable[tuple[Alpha, Alpha]]) -> Agreement:
    """Return the agreement of pairs of mattes."""
    ious, mads = [], []
    for alpha, truth in pairs:
        one, other = alpha > SOLID, truth > SOLID
        # Where both are empty they agree.
        either = int((one | other).sum())
        ious.append(int((one & other).sum()) / either if either else 1.0)
        mads.append(1000 * float(np.abs(alpha - truth).mean()))
    return Agreement(float(np.mean(ious)), float(np.mean(mads)))


def clip_agreements(model: Model, footage: Path) -> dict[str, Agreement]:
    """Return, by clip, how a model agrees with the official mattes of its first frames."""
    found = {}
    references = footage / "reference_official"
    if not references.is_dir():
        references = footage / "reference"
    for reference in sorted(references.glob("*.npz")):
        movie = next((footage / "clips").glob(f"{reference.stem}.*"))
        truths = np.load(reference, allow_pickle=False)["alpha"].astype(np.float32) / 255
        frames = clip_frames(movie, len(truths))
        found[reference.stem] = agreement(zip(model.clip(frames), truths, strict=True))
    return found


def flicker(model: Model, footage: Path, count: int = 20) -> float:
    """Return the mean change of alpha from frame to frame where the plate is still throughout, times 1000."""
    frames = list(clip_frames(next((footage / "clips").glob(f"{_FLICKER_CLIP}.*")), count))
    # A tripod and no movement: whatever alpha does there is the network's own.
    changes = [
        np.abs(now.astype(np.int16) - before.astype(np.int16)).max(-1) for before, now in pairwise(frames)
    ]
    still = np.max(changes, axis=0) <= _STILL_CODES
    flickers = [float(np.abs(after - alpha)[still].mean()) for alpha, after in pairwise(model.clip(frames))]
    return 1000 * float(np.mean(flickers))


def held_out_photos(
    official: Model,
    footage: Path,
    count: int = PHOTOS,
    half: Callable[[Sequence[Path]], list[Path]] = measured_half,
) -> list[tuple[UInt8Array, Alpha]]:
    """Return about `count` held-out photos, each with the official network's alpha.

    Args:
        official: The official network.
        footage: Folder of photos, as the module says.
        count: Number of photos, evenly over all of them.
        half: Which half of the held-out photos; those that decided nothing unless another is given.
    """
    folders = (footage / "people" / "photos", footage / "people" / "ccp_photos")
    held = [file for folder in folders for file in half(split(pictures_in(folder))[1])]
    pictures = [read_picture(file) for file in held[:: max(1, len(held) // count)]]
    return [(picture, official.still(picture)) for picture in pictures]


def portrait_agreements(models: Sequence[Model], footage: Path) -> list[Agreement]:
    """Return how models agree with the true alpha of cut-outs, each put before a background."""
    scenes: list[tuple[UInt8Array, Alpha]] = []
    behind = pictures_in(footage / "backgrounds")
    for number, file in enumerate(sorted((footage / "rgba").glob("*.png"))):
        _, pixels = read_image(SourceFile(str(file), str(file)))
        if pixels.shape[2] != 4 or pixels.dtype != np.uint8:
            raise JobError(f"{file} is no 8-bit cut-out with alpha.", field="footage")
        cut = shrink(pixels, _LONGEST)
        place = resize(read_picture(behind[number % len(behind)]), cut.shape[:2]).astype(np.float32)
        truth: Alpha = cut[..., 3].astype(np.float32) / np.float32(255)
        cover = truth[..., None]
        # On encoded values, as the network's own definition of alpha is.
        composite: UInt8Array = np.round(cover * cut[..., :3] + (1 - cover) * place).astype(np.uint8)
        scenes.append((composite, truth))
    return [agreement((model.still(scene), truth) for scene, truth in scenes) for model in models]


def clip_frames(movie: Path, count: int) -> Iterator[UInt8Array]:
    """Yield the first frames (H, W, 3) of a movie."""
    with open_plate(str(movie)) as plate, closing(plate.read(plate.info.frames)) as frames:  # type: ignore[type-var]
        for frame in islice(frames, count):
            yield frame.pixels[..., :3]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures of a model."""
    parser = argparse.ArgumentParser(description="Print the figures of a model card.")
    parser.add_argument("model", help="weights of the network to measure")
    parser.add_argument("footage", type=Path, help="folder of clips, photos and cut-outs")
    parser.add_argument("official", help="weights of the official network")
    parser.add_argument("--longer-side", type=int, help="of the reduced picture, instead of the model's own")
    given = parser.parse_args(arguments)
    model, official, footage = Model.load(given.model), Model.load(given.official), given.footage
    if given.longer_side:
        model = replace(model, longer_side=given.longer_side)
    by_clip = clip_agreements(model, footage)
    for name, each in by_clip.items():
        _show(f"clip {name}", each)
    iou, mad = np.mean([(each.iou, each.mad) for each in by_clip.values()], 0)
    _show("all clips, against the official network", Agreement(float(iou), float(mad)))
    photos = held_out_photos(official, footage)
    held = agreement((model.still(picture), truth) for picture, truth in photos)
    _show("held-out photos, against the official network", held)
    ours, theirs = portrait_agreements((model, official), footage)
    _show("cut-outs, against the truth", ours)
    _show("cut-outs, the official network against the truth", theirs)
    for name, each_model in (("", model), (", the official network", official)):
        print(
            f"{'flicker where ' + _FLICKER_CLIP + ' is still' + name:52} {flicker(each_model, footage):.2f}"
        )


def _show(what: str, found: Agreement) -> None:
    print(f"{what:52} IoU {found.iou:.3f}  MAD {found.mad:6.2f}", flush=True)


if __name__ == "__main__":
    main()
