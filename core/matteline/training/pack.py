"""Packs of training examples: pictures with their mattes, all of one size, in files that load at once.

A pack is a folder of shards, each a safetensors file of `SHARD` examples. Every example is eight square planes,
stretched, beside the aspect that restores it: so one affine sampling at training time crops, turns, scales and
restores all of them at once. An example's key says what it was made from, so that a pack is continued, not redone.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import safetensors
import safetensors.numpy
import torch
from torch import Tensor

from matteline.contract.errors import ModelError
from matteline.contract.files import make_folder, replacing
from matteline.training.footage import UInt8Array
from matteline.training.pictures import resize

SHARD: Final = 128
"""Examples in one file: the most that is lost when a run is stopped while they are made."""

_AT_ONCE: Final = 16  # examples in memory


@dataclass(frozen=True)
class Example:
    """One picture with its matte.

    Attributes:
        key: Names its origin: a hash of the picture, or a drawing's seed.
        picture: (H, W, 3), sRGB-encoded.
        fgr: (H, W, 3), straight foreground.
        pha: (H, W), alpha.
        seg: (H, W), probability that a pixel shows a person; 255 for certain.
        aspect: True width over height; 0 where it is unknown.
    """

    key: str
    picture: UInt8Array
    fgr: UInt8Array
    pha: UInt8Array
    seg: UInt8Array
    aspect: float


@dataclass(frozen=True)
class PackedBatch:
    """Some examples of a pack.

    Attributes:
        planes: (N, 8, side, side), uint8: picture, foreground, alpha, segmentation.
        aspect: (N,), float32; see `Example`.
    """

    planes: Tensor
    aspect: Tensor

    @property
    def pictures(self) -> Tensor:
        """Pictures, (N, 3, side, side), uint8."""
        return self.planes[:, :3]

    @property
    def pha(self) -> Tensor:
        """Alpha, (N, 1, side, side), uint8."""
        return self.planes[:, 6:7]


class Pack:
    """The examples of a folder. Reading is lazy: the system's page cache holds those that are used often.

    Args:
        folder: Folder of the shards; may not exist yet.
        keys: Keys of the examples to take, in this order; None for all.

    Raises:
        ModelError: A shard is damaged.
        KeyError: An example of `keys` is not there.
    """

    def __init__(self, folder: Path, keys: Sequence[str] | None = None) -> None:
        self._files = [_opened(path) for path in shards_in(folder)]
        places = {
            key: (file, row) for file, shard in enumerate(self._files) for row, key in enumerate(_keys(shard))
        }
        self.keys = list(places) if keys is None else list(keys)
        # A missing key is a fault of ours, not of the user's.
        self._places = [places[key] for key in self.keys]

    def __len__(self) -> int:
        return len(self._places)

    def take(self, numbers: Iterable[int]) -> PackedBatch:
        """Return some examples, by their numbers."""
        places = [self._places[number] for number in numbers]
        return PackedBatch(
            torch.cat([_part(self._files[file], "planes", row) for file, row in places]),
            torch.cat([_part(self._files[file], "aspect", row) for file, row in places]),
        )


class Examples(Protocol):
    """Anything that examples are taken from: a pack, or several as one."""

    def __len__(self) -> int: ...

    def take(self, numbers: Iterable[int]) -> PackedBatch:
        """Return some examples, by their numbers."""


class Packs:
    """Several packs of one size as one, their examples one after another."""

    def __init__(self, packs: Sequence[Examples]) -> None:
        self._packs = packs
        self._ends = list(accumulate(len(pack) for pack in packs))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def take(self, numbers: Iterable[int]) -> PackedBatch:
        """Return some examples, by their numbers."""
        batches = []
        for number in numbers:
            pack = bisect_right(self._ends, number)
            first = self._ends[pack - 1] if pack else 0
            batches.append(self._packs[pack].take([number - first]))
        return PackedBatch(
            torch.cat([each.planes for each in batches]),
            torch.cat([each.aspect for each in batches]),
        )


def packed_keys(folder: Path) -> set[str]:
    """Return the keys of all examples that a folder holds.

    Raises:
        ModelError: A shard is damaged.
    """
    return {key for path in shards_in(folder) for key in _keys(_opened(path))}


def add_to_pack(folder: Path, examples: Iterable[Example], side: int) -> Iterator[int]:
    """Append examples to a pack, yielding the number added after each shard.

    A shard appears whole or not at all.

    Raises:
        WriteError: The folder cannot be written.
    """
    make_folder(folder)
    # Not the number of shards: where a damaged one was removed, the last would be written over.
    number = 1 + max((int(each.stem.rpartition("-")[2]) for each in shards_in(folder)), default=-1)
    added = 0
    remaining = iter(examples)
    while part := list(islice(remaining, SHARD)):
        arrays: dict[str, np.ndarray] = {
            "planes": np.stack([_planes(each, side) for each in part]),
            "aspect": np.array([each.aspect for each in part], np.float32),
        }
        metadata = {"keys": json.dumps([each.key for each in part])}
        with replacing(folder / f"shard-{number:05d}.safetensors") as temporary:
            temporary.write_bytes(safetensors.numpy.save(arrays, metadata))
        number, added = number + 1, added + len(part)
        yield added


def _planes(example: Example, side: int) -> UInt8Array:
    """All planes of an example as squares, (8, side, side)."""
    planes = [example.picture, example.fgr, example.pha[..., None], example.seg[..., None]]
    stacked = np.concatenate(planes, axis=2)
    return np.ascontiguousarray(resize(stacked, (side, side)).transpose(2, 0, 1))


def shards_in(folder: Path) -> list[Path]:
    """Return the files of a pack, in order."""
    return sorted(folder.glob(f"shard-{'[0-9]' * 5}.safetensors"))


def _agreement_file(shard: Path, teacher: str) -> Path:
    return shard.with_name(f"{shard.stem.replace('shard', 'agreement')}-{teacher}.safetensors")


def add_agreement(folder: Path, teacher: str, agree: Callable[[Tensor], Tensor]) -> None:
    """Write beside every shard how far a teacher agrees with itself, where that is not yet done.

    Args:
        folder: Folder of the pack.
        teacher: Name of the teacher; each has files of its own.
        agree: Function from planes (N, 8, side, side), uint8, of a few examples to their agreement (N,).

    Raises:
        ModelError: A shard is damaged.
        WriteError: The folder cannot be written.
    """
    for shard in shards_in(folder):
        path = _agreement_file(shard, teacher)
        if path.exists():
            continue
        planes = torch.from_numpy(_opened(shard).get_tensor("planes"))  # type: ignore[no-untyped-call]
        agreed = torch.cat([agree(part) for part in torch.split(planes, _AT_ONCE)])
        with replacing(path) as temporary:
            temporary.write_bytes(safetensors.numpy.save({"agreement": agreed.contiguous().numpy()}))


def agreed_keys(folder: Path, teacher: str, least: float) -> set[str]:
    """Return the keys of examples on which a teacher agrees with itself by an IoU of at least `least`.

    Raises:
        ModelError: A shard is damaged.
    """
    agreed: set[str] = set()
    for path in shards_in(folder):
        ious = _opened(_agreement_file(path, teacher)).get_tensor("agreement")  # type: ignore[no-untyped-call]
        agreed.update(key for key, iou in zip(_keys(_opened(path)), ious, strict=True) if iou >= least)
    return agreed


def _opened(path: Path) -> safetensors.safe_open:
    try:
        return safetensors.safe_open(path, framework="numpy")
    except (safetensors.SafetensorError, OSError) as error:
        raise ModelError(
            f"{path} is damaged: it is no pack of examples ({error}).",
            path=path,
            hint="Remove the file; its examples are made again.",
        ) from error


def _part(shard: safetensors.safe_open, name: str, row: int) -> Tensor:
    # A slice reads one row from the disk, not the whole shard.
    part: Tensor = torch.from_numpy(shard.get_slice(name)[row : row + 1])  # type: ignore[no-untyped-call]
    return part


def _keys(shard: safetensors.safe_open) -> list[str]:
    words = shard.metadata() or {}  # type: ignore[no-untyped-call]
    keys: list[str] = json.loads(words.get("keys", "[]"))
    return keys
