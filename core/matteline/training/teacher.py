"""The teacher: a trained network whose mattes of ordinary pictures are learned, made once and kept."""

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
from matteline.training.agreement import self_agreement
from matteline.training.clip_files import MovieFrames
from matteline.training.footage import UInt8Array
from matteline.training.pack import Example, Pack, add_agreement, add_to_pack, agreed_keys, packed_keys
from matteline.training.pictures import is_movie, read_picture, shrink
from matteline.training.teacher_features import TeacherFeatures

LONGEST: Final = 512
"""Longer side in pixels of the picture that the teacher is shown: its authors' rule, and the size at which its mattes
are measured."""

MOVIE_FRAMES: Final = 12
"""Frames of a movie that the teacher mattes, evenly over its length; batches move them like photos."""

# Times that it is shown the same picture: its first matte, without a recurrent state, is its worst.
_PASSES: Final = 2

TeacherProgress = Callable[[int, int], None]
"""Called with the number of pictures done, and of all."""


@dataclass(frozen=True)
class _TeacherInput:
    """A picture, or one frame of a movie, and the key that it is known by; -1 stands for a picture."""

    key: str
    file: Path
    frame: int

    def example(self, teacher: Teacher, *, stretched: bool) -> Example:
        """Read and matte it."""
        still = self.frame < 0
        picture = read_picture(self.file) if still else MovieFrames(self.file).read(self.frame, 1)[0]
        height, width = picture.shape[:2]
        return teacher.example(shrink(picture, LONGEST), self.key, 0.0 if stretched else width / height)


class Teacher:
    """The network that teaches.

    Args:
        found: Its weights.
        device: Device to compute on.

    Attributes:
        name: Name under which its mattes are cached.
        network: The network with its weights as published.

    Raises:
        ModelError: The weights cannot be loaded.
    """

    def __init__(self, found: FoundWeights, device: torch.device) -> None:
        # By content, so that weights that are renamed keep their cache.
        self.name = found.sha256[:12]
        self._device = device
        self.network: MattingNetwork = load_network(found, "auto").to(device)
        # Folded, and laid out as convolutions are fastest, it takes a quarter less time; it errs by 1e-5.
        self._fast = placed(folded(self.network), device, torch.float32)
        # Weights that were published for matting alone may hold zeros here.
        self._segments = bool(self.network.project_seg.conv.weight.any())

    def features(self, precision: torch.dtype) -> TeacherFeatures:
        """Return its encoder in that precision."""
        return TeacherFeatures(self.network, self._device, precision)

    def self_agreement(self, planes: Tensor) -> Tensor:
        """Return how far it agrees with its own mattes, (N,); see `self_agreement`."""
        return self_agreement(planes, self.network, self._device)

    def example(self, picture: UInt8Array, key: str, aspect: float) -> Example:
        """Matte a picture (H, W, 3), sRGB-encoded.

        Where its weights hold no segmentation, alpha stands in for it.
        """
        small = as_picture(picture)[None].to(self._device)
        shown = small.repeat(_PASSES, 1, 1, 1).to(memory_format=torch.channels_last)
        network = self._fast
        with torch.inference_mode():
            # The same picture as a clip of two frames; the last one has the better matte.
            hidden, _ = network.decode(shown, (None, None, None, None), _PASSES)
            residual, pha = network.project_mat(hidden[-1:])[0].split([3, 1])
            seg = network.project_seg(hidden[-1:])[0].sigmoid() if self._segments else pha
        fgr = residual + small[0]
        return Example(key, picture, _bytes(fgr), _bytes(pha)[..., 0], _bytes(seg)[..., 0], aspect)


def teacher_examples(
    files: Sequence[Path],
    teacher: Teacher,
    cache: Path,
    *,
    side: int,
    stretched: bool,
    progress: TeacherProgress,
    agreement: float = 0.0,
) -> Pack:
    """Return a teacher's mattes of pictures, from the cache as far as it goes; the others are made and kept.

    Examples are known by the content of their picture, the cache by teacher and size. So pictures may be added,
    moved or renamed, and a stopped run resumes where it was.

    Args:
        files: Pictures and movies.
        teacher: The network that mattes them.
        cache: Folder for all caches.
        side: Side in pixels of the squares that are kept.
        stretched: The pictures' own aspect is not that of what they show.
        progress: Called after every few pictures.
        agreement: Leave out pictures on which the teacher agrees less with itself; 0 takes all.

    Raises:
        ReadError: A picture cannot be read.
        WriteError: The cache cannot be written.
    """
    folder = cache / f"{teacher.name}-{LONGEST}-{side}"
    inputs = {each.key: each for file in files for each in _inputs(file)}
    there = packed_keys(folder)
    # In the order of names, so that a stopped preparation loses the last shard alone.
    missing = [each for key, each in inputs.items() if key not in there]
    made = (each.example(teacher, stretched=stretched) for each in missing)
    for added in add_to_pack(folder, made, side):
        progress(len(inputs) - len(missing) + added, len(inputs))
    if not agreement:
        return Pack(folder, list(inputs))
    add_agreement(folder, teacher.name, teacher.self_agreement)
    keys = agreed_keys(folder, teacher.name, agreement)
    return Pack(folder, [key for key in inputs if key in keys])


def _inputs(file: Path) -> Iterator[_TeacherInput]:
    """Yield a picture, or some frames of a movie, known by the file's content."""
    try:
        with file.open("rb") as opened:
            key = hashlib.file_digest(opened, "sha256").hexdigest()[:24]
    except OSError as error:
        raise ReadError(f"{file} cannot be read: {error.strerror}.", path=file) from error
    if not is_movie(file):
        yield _TeacherInput(key, file, -1)
        return
    count = MovieFrames(file).count
    for frame in np.linspace(0, count - 1, min(count, MOVIE_FRAMES)).astype(int).tolist():
        yield _TeacherInput(f"{key}-{frame}", file, frame)


def _bytes(planes: Tensor) -> UInt8Array:
    """Planes (C, h, w), 0..1, as (h, w, C), rounded."""
    array: UInt8Array = (planes.clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).cpu().numpy()
    return np.ascontiguousarray(array)
