"""A trained network that teaches another: what it sees in pictures nobody has matted, made once and kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor

from matteline.contract.errors import ReadError
from matteline.matting.picture import as_picture
from matteline.matting.rvm.folded import folded, placed
from matteline.matting.rvm.network import MattingNetwork
from matteline.matting.weights.find import FoundWeights
from matteline.matting.weights.load import load_network
from matteline.training.agreement import agreement
from matteline.training.footage import UInt8Array
from matteline.training.hints import Thinker
from matteline.training.pack import Example, Pack, add_agreement, add_to_pack, agreed_keys, packed_keys
from matteline.training.stacks import MovieFrames
from matteline.training.stills import is_movie, read_picture, shrunk

LONGEST: Final = 512
"""The longer side in pixels of the picture that the teacher looks at: its authors' rule, and the size at
which its mattes are measured."""

MOVIE_FRAMES: Final = 12
"""Frames of a movie that the teacher looks at, evenly over its length. Lessons move them like photos."""

_LOOKS: Final = 2
"""How often it sees the same picture: its first look, without a memory, is its worst."""

Progress = Callable[[int, int], None]
"""Told how many pictures are done, of how many."""


@dataclass(frozen=True)
class _Look:
    """What the teacher is shown: a picture, or one frame of a movie, and what it is known by."""

    key: str
    file: Path
    frame: int | None


class Teacher:
    """The network that teaches.

    Args:
        found: Its weights.
        device: Where to compute.

    Attributes:
        name: What its sayings are filed under.
        network: As its weights have it.

    Raises:
        ModelError: The weights cannot be loaded.
    """

    def __init__(self, found: FoundWeights, device: torch.device) -> None:
        self.name = found.sha256[:12]
        self._device = device
        self.network: MattingNetwork = load_network(found, "auto").to(device)
        # Folded and laid out for convolutions it takes a quarter less time, and errs by 1e-5.
        self._exact = placed(folded(self.network), device, torch.float32)
        # Weights that were published for matting alone may hold zeros here.
        self._segments = bool(self.network.project_seg.conv.weight.any())

    def thinker(self, precision: torch.dtype) -> Thinker:
        """The part of it that sees, in that precision."""
        return Thinker(self.network, self._device, precision)

    def agreement(self, planes: Tensor) -> Tensor:
        """How far it agrees with its own mattes; see `agreement`."""
        return agreement(planes, self.network, self._device)

    def example(self, picture: UInt8Array, key: str, aspect: float) -> Example:
        """What the teacher sees in a picture (H, W, 3), sRGB-encoded.

        Where its weights hold no segmentation, alpha stands in for it.
        """
        small = as_picture(picture)[None].to(self._device)
        looks = small.repeat(_LOOKS, 1, 1, 1).to(memory_format=torch.channels_last)
        network = self._exact
        with torch.inference_mode():
            hidden, _ = network.decode(looks, (None, None, None, None), _LOOKS)
            residual, pha = network.project_mat(hidden[-1:])[0].split([3, 1])
            seg = network.project_seg(hidden[-1:])[0].sigmoid() if self._segments else pha
        fgr = residual + small[0]
        return Example(key, picture, _bytes(fgr), _bytes(pha)[..., 0], _bytes(seg)[..., 0], aspect)


def taught(
    files: Sequence[Path],
    teacher: Teacher,
    cache: Path,
    *,
    side: int,
    stretched: bool,
    progress: Progress,
    agreed: float = 0.0,
) -> Pack:
    """What a teacher sees in pictures, from the cache as far as it goes, the rest computed and kept.

    Examples are known by the content of their picture; the folder is known by the teacher and the size. So
    pictures may be added, moved or renamed, and a stopped run goes on where it was.

    Args:
        files: The pictures and movies.
        teacher: Who looks at them.
        cache: The folder for all caches.
        side: Of the squares that are kept, in pixels.
        stretched: The pictures' own aspect is not that of what they show.
        progress: Told after every few pictures.
        agreed: Leave out pictures on which the teacher agrees less with itself; see `agreement`.

    Raises:
        ReadError: A picture cannot be read.
        WriteError: The cache cannot be written.
    """
    folder = cache / f"{teacher.name}-{LONGEST}-{side}"
    looks = {look.key: look for file in files for look in _looks_at(file)}
    there = packed_keys(folder)
    missing = [look for key, look in looks.items() if key not in there]
    made = (_example(look, teacher, stretched) for look in missing)
    for added in add_to_pack(folder, made, side):
        progress(len(looks) - len(missing) + added, len(looks))
    if not agreed:
        return Pack(folder, list(looks))
    add_agreement(folder, teacher.name, teacher.agreement)
    keys = agreed_keys(folder, teacher.name, agreed)
    return Pack(folder, [key for key in looks if key in keys])


def _looks_at(file: Path) -> Iterator[_Look]:
    """A picture is looked at as it is, a movie at some of its frames."""
    key = _key(file)
    if not is_movie(file):
        yield _Look(key, file, None)
        return
    count = MovieFrames(file).count
    for frame in np.linspace(0, count - 1, min(count, MOVIE_FRAMES)).astype(int).tolist():
        yield _Look(f"{key}-{frame}", file, frame)


def _example(look: _Look, teacher: Teacher, stretched: bool) -> Example:
    picture = read_picture(look.file) if look.frame is None else MovieFrames(look.file).read(look.frame, 1)[0]
    height, width = picture.shape[:2]
    return teacher.example(shrunk(picture, LONGEST), look.key, 0.0 if stretched else width / height)


def _key(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()[:24]
    except OSError as error:
        raise ReadError(f"{file} cannot be read: {error.strerror}.", path=file) from error


def _bytes(planes: Tensor) -> UInt8Array:
    """Planes (C, h, w), 0..1, as (h, w, C), rounded."""
    array: UInt8Array = (planes.clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).cpu().numpy()
    return np.ascontiguousarray(array)
