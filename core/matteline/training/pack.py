"""Examples for training, packed: pictures with their mattes, all of one size, in files that load at once.

A pack is a folder of shards, each a safetensors file of `SHARD` examples. Every example lies as eight square
planes, stretched, beside the aspect that restores it: so one affine sampling at training time crops, turns,
scales and restores all of them at once. What an example was made from is known by its key, so that a
pack is continued, not redone.
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
from matteline.training.stills import resized

SHARD: Final = 128
_AT_ONCE: Final = 16


@dataclass(frozen=True)
class Example:
    """One picture and what is known of it.

    Attributes:
        key: What it was made from.
        picture: (H, W, 3), sRGB-encoded.
        fgr: (H, W, 3), straight foreground.
        pha: (H, W), alpha.
        seg: (H, W), how likely a pixel is of a person, 255 certain.
        aspect: Width over height as it should be seen; 0 where nobody knows.
    """

    key: str
    picture: UInt8Array
    fgr: UInt8Array
    pha: UInt8Array
    seg: UInt8Array
    aspect: float


@dataclass(frozen=True)
class Batch:
    """Packed examples, chosen by number.

    Attributes:
        planes: (N, 8, side, side), uint8: picture, foreground, alpha, segmentation.
        aspect: (N,), float32; as of `Example`.
    """

    planes: Tensor
    aspect: Tensor

    @property
    def pictures(self) -> Tensor:
        """(N, 3, side, side)."""
        return self.planes[:, :3]

    @property
    def pha(self) -> Tensor:
        """(N, 1, side, side)."""
        return self.planes[:, 6:7]


class Pack:
    """Examples that lie in a folder. Reading is lazy: the system's page cache holds what is used often.

    Args:
        folder: Where the shards lie; may not exist yet.
        keys: Which examples to take, in this order; None for all there are.

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
        self._places = [places[key] for key in self.keys]

    def __len__(self) -> int:
        return len(self._places)

    def take(self, numbers: Iterable[int]) -> Batch:
        """Some examples, by their numbers."""
        places = [self._places[number] for number in numbers]
        return Batch(
            torch.cat([_part(self._files[file], "planes", row) for file, row in places]),
            torch.cat([_part(self._files[file], "aspect", row) for file, row in places]),
        )


class Examples(Protocol):
    """What examples are taken from: a pack, or several as one."""

    def __len__(self) -> int: ...

    def take(self, numbers: Iterable[int]) -> Batch:
        """Some examples, by their numbers."""


class Packs:
    """Several packs of one size as one, their examples one after another."""

    def __init__(self, packs: Sequence[Examples]) -> None:
        self._packs = packs
        self._ends = list(accumulate(len(pack) for pack in packs))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def take(self, numbers: Iterable[int]) -> Batch:
        """Some examples, by their numbers."""
        batches = [self._one(number) for number in numbers]
        return Batch(
            torch.cat([each.planes for each in batches]),
            torch.cat([each.aspect for each in batches]),
        )

    def _one(self, number: int) -> Batch:
        pack = bisect_right(self._ends, number)
        first = self._ends[pack - 1] if pack else 0
        return self._packs[pack].take([number - first])


def packed_keys(folder: Path) -> set[str]:
    """The keys of all examples that a folder holds already.

    Raises:
        ModelError: A shard is damaged.
    """
    return {key for path in shards_in(folder) for key in _keys(_opened(path))}


def add_to_pack(folder: Path, examples: Iterable[Example], side: int) -> Iterator[int]:
    """Append examples to a pack, yielding how many were added after each shard.

    A shard appears whole or not at all: stopping in the middle costs `SHARD` examples at most.

    Raises:
        WriteError: The folder cannot be written.
    """
    make_folder(folder)
    number, added = len(shards_in(folder)), 0
    remaining = iter(examples)
    while part := list(islice(remaining, SHARD)):
        _write(folder / f"shard-{number:05d}.safetensors", part, side)
        number, added = number + 1, added + len(part)
        yield added


def _write(path: Path, examples: Sequence[Example], side: int) -> None:
    arrays: dict[str, np.ndarray] = {
        "planes": np.stack([_squared(each, side) for each in examples]),
        "aspect": np.array([each.aspect for each in examples], np.float32),
    }
    words = {"keys": json.dumps([each.key for each in examples])}
    with replacing(path) as temporary:
        temporary.write_bytes(safetensors.numpy.save(arrays, words))


def _squared(example: Example, side: int) -> UInt8Array:
    known = [example.picture, example.fgr, example.pha[..., None], example.seg[..., None]]
    shown = np.concatenate(known, axis=2)
    return np.ascontiguousarray(resized(shown, (side, side)).transpose(2, 0, 1))


def shards_in(folder: Path) -> list[Path]:
    """The files of a pack, in order."""
    return sorted(folder.glob("shard-*.safetensors"))


def _beside(shard: Path, teacher: str) -> Path:
    return shard.with_name(f"{shard.stem.replace('shard', 'agreement')}-{teacher}.safetensors")


def add_agreement(folder: Path, teacher: str, agree: Callable[[Tensor], Tensor]) -> None:
    """Write beside every shard how far a teacher agrees with itself, where that is not yet done.

    Args:
        folder: The pack's.
        teacher: Its name; what several teachers say lies side by side.
        agree: From planes (N, 8, side, side), uint8, a few examples at a time, to agreement (N,).

    Raises:
        ModelError: A shard is damaged.
        WriteError: The folder cannot be written.
    """
    for shard in shards_in(folder):
        path = _beside(shard, teacher)
        if path.exists():
            continue
        agreed = torch.cat([agree(part) for part in torch.split(_planes_in(shard), _AT_ONCE)])
        with replacing(path) as temporary:
            temporary.write_bytes(safetensors.numpy.save({"agreement": agreed.contiguous().numpy()}))


def _planes_in(shard: Path) -> Tensor:
    planes: Tensor = torch.from_numpy(_opened(shard).get_tensor("planes"))  # type: ignore[no-untyped-call]
    return planes


def agreed_keys(folder: Path, teacher: str, least: float) -> set[str]:
    """The keys of the examples on which a teacher agrees with itself, by intersection over union.

    Raises:
        ModelError: A shard is damaged.
    """
    agreed: set[str] = set()
    for path in shards_in(folder):
        ious = _opened(_beside(path, teacher)).get_tensor("agreement")  # type: ignore[no-untyped-call]
        agreed.update(key for key, iou in zip(_keys(_opened(path)), ious, strict=True) if iou >= least)
    return agreed


def _opened(path: Path) -> safetensors.safe_open:
    try:
        return safetensors.safe_open(path, framework="numpy")
    except (safetensors.SafetensorError, OSError) as error:
        raise ModelError(
            f"{path} is damaged: it is no pack of examples ({error}).",
            path=path,
            hint="Remove the file; what it held is made again.",
        ) from error


def _part(shard: safetensors.safe_open, name: str, row: int) -> Tensor:
    part: Tensor = torch.from_numpy(shard.get_slice(name)[row : row + 1])  # type: ignore[no-untyped-call]
    return part


def _keys(shard: safetensors.safe_open) -> list[str]:
    words = shard.metadata() or {}  # type: ignore[no-untyped-call]
    keys: list[str] = json.loads(words.get("keys", "[]"))
    return keys
