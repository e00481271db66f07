"""Shares of people in the cells of one frame, packed for files, and of frames between two that were observed."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class FrameShares:
    """Shares of people in each cell of one frame.

    Attributes:
        number: The plate's own frame number.
        shares: (K, rows, columns) uint8 in the order of the people; they sum to 255 where somebody is and
            are 0 elsewhere.
    """

    number: int
    shares: npt.NDArray[np.uint8]

    def to_bytes(self) -> bytes:
        """Pack, usually into a few kilobytes."""
        head = np.array([self.number, *self.shares.shape], "<i4").tobytes()
        return head + zlib.compress(self.shares.tobytes(), 1)

    @classmethod
    def from_bytes(cls, data: bytes) -> FrameShares:
        """Read what `to_bytes` wrote.

        Raises:
            ValueError: It is damaged.
        """
        if len(data) < 16:
            raise ValueError("Shares of people are cut short.")
        number, people, rows, columns = (int(each) for each in np.frombuffer(data[:16], "<i4"))
        size = people * rows * columns
        if min(people, rows, columns) < 0 or size > 1 << 26:
            raise ValueError("Shares of people have an impossible size.")
        unpacker = zlib.decompressobj()
        try:
            # Bounded, since damaged data may unfold to any size. A bound of 0 would be none.
            unpacked = unpacker.decompress(data[16:], max(size, 1))
        except zlib.error as error:
            raise ValueError("Shares of people are damaged.") from error
        if len(unpacked) != size or not unpacker.eof:
            raise ValueError("Shares of people are damaged.")
        return cls(number, np.frombuffer(unpacked, np.uint8).reshape(people, rows, columns))

    def box(self, person: int) -> tuple[float, float, float, float] | None:
        """Left, top, right and bottom of a person as shares of width and height; None where absent."""
        rows, columns = np.nonzero(self.shares[person] >= 128)
        if not len(rows):
            return None
        height, width = self.shares.shape[1:]
        return (
            float(columns.min() / width),
            float(rows.min() / height),
            float((columns.max() + 1) / width),
            float((rows.max() + 1) / height),
        )


def shares_between(before: FrameShares, after: FrameShares) -> Iterator[FrameShares]:
    """Return the shares of the frames between two others of a scene, in order.

    Everyone moves evenly from their place in the one to their place in the other. A cell that is somebody's in
    either of them, once moved, is somebody's: alpha, which is that of each frame itself, decides how far people
    reach.
    """
    ways = [_way(one, other) for one, other in zip(before.shares, after.shares, strict=True)]
    for number in range(before.number + 1, after.number):
        late = (number - before.number) / (after.number - before.number)
        mixed = np.zeros(before.shares.shape, np.float32)
        for person, (down, right) in enumerate(ways):
            mixed[person] = (1 - late) * _moved(before.shares[person], late * down, late * right)
            mixed[person] += late * _moved(after.shares[person], (late - 1) * down, (late - 1) * right)
        yield FrameShares(number, whole_shares(mixed))


def whole_shares(shares: Floats) -> npt.NDArray[np.uint8]:
    """Round shares (K, …) of K people to a sum of 255 in each cell that has any, and 0 in the others."""
    total = shares.sum(0)
    whole = (shares * (255 / np.maximum(total, np.float32(1e-6)))).round().astype(np.int64)
    if len(whole):
        # What rounding leaves over goes to whoever has most of the cell, where it changes least.
        most = whole.argmax(0)[None]
        rest = np.where(total > 0, 255 - whole.sum(0), 0)
        np.put_along_axis(whole, most, np.take_along_axis(whole, most, 0) + rest, 0)
    shares_of_255: npt.NDArray[np.uint8] = whole.astype(np.uint8)
    return shares_of_255


def _way(before: npt.NDArray[np.uint8], after: npt.NDArray[np.uint8]) -> tuple[float, float]:
    """Return cells downwards and to the right that somebody's middle moves; none for who comes or leaves."""
    if not before.any() or not after.any():
        return 0.0, 0.0
    rows, columns = (
        float(_middle(after.sum(axis, dtype=np.int64)) - _middle(before.sum(axis, dtype=np.int64)))
        for axis in (1, 0)
    )
    return rows, columns


def _middle(amounts: npt.NDArray[np.int64]) -> float:
    return float((amounts * np.arange(len(amounts))).sum() / amounts.sum())


def _moved(plane: npt.NDArray[np.uint8], down: float, right: float) -> Floats:
    """Move a plane (rows, columns) by parts of cells; its border is repeated."""
    moved = plane.astype(np.float32)
    for axis, way in ((0, down), (1, right)):
        place = np.clip(np.arange(plane.shape[axis]) - way, 0, plane.shape[axis] - 1)
        low = np.floor(place).astype(np.int64)
        high = np.minimum(low + 1, plane.shape[axis] - 1)
        share = (place - low).astype(np.float32).reshape((-1, 1) if axis == 0 else (1, -1))
        moved = (1 - share) * moved.take(low, axis) + share * moved.take(high, axis)
    return moved
