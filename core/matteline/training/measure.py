"""How good a model is, in the figures of its card: against the official network, and against the truth.

::

    python -m matteline.training.measure MODEL FOOTAGE OFFICIAL [LONGER_SIDE]

FOOTAGE holds `clips/` with the official network's mattes in `reference/*.npz`, `people/photos` and
`people/ccp_photos`, `rgba/*.png` with true alpha, and `backgrounds/`. Nothing of it that is measured on is
learned from: clips and cut-outs never are, and of the photos every tenth is held out (see `splits`).
LONGER_SIDE is that of the reduced picture, in pixels, instead of what the model wishes for.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice
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
from matteline.training.splits import measured, split
from matteline.training.stills import pictures_in, read_picture, resized, shrunk

PHOTOS: Final = 126
"""At least how many held-out photos are measured, evenly over those that did not choose the model."""

_LOOKS: Final = 2  # of a still; the first one, without a memory, is a network's worst
_LONGEST: Final = 1280

Alpha = NDArray[np.float32]


@dataclass(frozen=True)
class Model:
    """A network, ready to matte pictures of any size at the ratio it was trained for."""

    network: MattingNetwork
    longer_side: int

    @classmethod
    def load(cls, weights: str) -> Model:
        """The network of a weights file.

        Raises:
            ModelError: The file cannot be used.
        """
        found = find_weights(weights, folders=())
        return cls(load_network(found, "auto"), found.longer_side)

    def clip(self, pictures: Iterable[UInt8Array]) -> Iterator[Alpha]:
        """Alpha of the frames of a shot, without preroll."""
        session: Session | None = None
        for number, picture in enumerate(pictures):
            session = session or self._session(picture)
            (matte,) = session.advance([NetworkInput(number, as_picture(picture))])
            yield matte.alpha.numpy()

    def still(self, picture: UInt8Array) -> Alpha:
        """Alpha of a picture at the network's second look."""
        return list(self.clip([picture] * _LOOKS))[-1]

    def _session(self, picture: UInt8Array) -> Session:
        height, width = picture.shape[:2]
        ratio = min(1.0, self.longer_side / max(height, width))
        return Session(
            self.network, width=width, height=height, downsample_ratio=ratio, device=torch.device("cpu")
        )


@dataclass(frozen=True)
class Agreement:
    """How much mattes agree, each frame counting the same: MAD is in thousandths."""

    iou: float
    mad: float


def agreement(pairs: Iterable[tuple[Alpha, Alpha]]) -> Agreement:
    """Mean intersection over union of what is over 0.5, and mean absolute difference, of pairs."""
    ious, mads = [], []
    for alpha, truth in pairs:
        one, other = alpha > SOLID, truth > SOLID
        either = int((one | other).sum())
        ious.append(int((one & other).sum()) / either if either else 1.0)
        mads.append(1000 * float(np.abs(alpha - truth).mean()))
    return Agreement(float(np.mean(ious)), float(np.mean(mads)))


def clips(model: Model, footage: Path) -> dict[str, Agreement]:
    """By clip, how a model agrees with the official mattes of its first frames."""
    found = {}
    for reference in sorted((footage / "reference").glob("*.npz")):
        movie = next((footage / "clips").glob(f"{reference.stem}.*"))
        truths = np.load(reference, allow_pickle=False)["alpha"].astype(np.float32) / 255
        frames = _frames(movie, len(truths))
        found[reference.stem] = agreement(zip(model.clip(frames), truths, strict=True))
    return found


def taught_photos(official: Model, footage: Path, count: int = PHOTOS) -> list[tuple[UInt8Array, Alpha]]:
    """About so many photos that were held out, each with the official network's alpha."""
    folders = (footage / "people" / "photos", footage / "people" / "ccp_photos")
    held = [file for folder in folders for file in measured(split(pictures_in(folder))[1])]
    pictures = [read_picture(file) for file in held[:: max(1, len(held) // count)]]
    return [(picture, official.still(picture)) for picture in pictures]


def portraits(models: Sequence[Model], footage: Path) -> list[Agreement]:
    """How models agree with the true alpha of cut-outs, each put before a background."""
    scenes = list(_composites(footage))
    return [agreement((model.still(scene), truth) for scene, truth in scenes) for model in models]


def _composites(footage: Path) -> Iterator[tuple[UInt8Array, Alpha]]:
    behind = pictures_in(footage / "backgrounds")
    for number, file in enumerate(sorted((footage / "rgba").glob("*.png"))):
        cut = shrunk(_rgba(file), _LONGEST)
        scene = resized(read_picture(behind[number % len(behind)]), cut.shape[:2]).astype(np.float32)
        truth: Alpha = cut[..., 3].astype(np.float32) / np.float32(255)
        cover = truth[..., None]
        composite: UInt8Array = np.round(cover * cut[..., :3] + (1 - cover) * scene).astype(np.uint8)
        yield composite, truth


def _rgba(file: Path) -> UInt8Array:
    _, pixels = read_image(SourceFile(str(file), str(file)))
    if pixels.shape[2] != 4 or pixels.dtype != np.uint8:
        raise JobError(f"{file} is no 8-bit cut-out with alpha.", field="footage")
    cut: UInt8Array = pixels
    return cut


def _frames(movie: Path, count: int) -> Iterator[UInt8Array]:
    with open_plate(str(movie)) as plate, closing(plate.read(plate.info.frames)) as frames:  # type: ignore[type-var]
        for frame in islice(frames, count):
            yield frame.pixels[..., :3]


def main(words: Sequence[str]) -> None:
    """Print the figures of a model."""
    weights, folder, reference, *side = words
    model, official, footage = Model.load(weights), Model.load(reference), Path(folder)
    model = replace(model, longer_side=int(side[0])) if side else model
    by_clip = clips(model, footage)
    for name, each in by_clip.items():
        _tell(f"clip {name}", each)
    mean = [np.mean([(each.iou, each.mad) for each in by_clip.values()], 0)]
    _tell("all clips, against the official network", Agreement(*map(float, mean[0])))
    held = agreement((model.still(each), truth) for each, truth in taught_photos(official, footage))
    _tell("held-out photos, against the official network", held)
    ours, theirs = portraits((model, official), footage)
    _tell("cut-outs, against the truth", ours)
    _tell("cut-outs, the official network against the truth", theirs)


def _tell(what: str, found: Agreement) -> None:
    print(f"{what:52} IoU {found.iou:.3f}  MAD {found.mad:6.2f}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
