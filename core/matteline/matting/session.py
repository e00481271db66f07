"""A session: the network over the frames of one shot, pictures in, mattes out, with the recurrent state between."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import numpy as np
import torch
from torch import Tensor

from matteline.contract.errors import JobError
from matteline.matting.picture import as_picture
from matteline.matting.rvm.decoder import State
from matteline.matting.rvm.fullsize import FullSize
from matteline.matting.rvm.inference import InferenceNetwork, Network
from matteline.matting.rvm.network import reduce
from matteline.matting.rvm.reduction import reduced_size

__all__ = ["Matte", "NetworkInput", "Session", "State"]


@dataclass(frozen=True)
class NetworkInput:
    """One frame for the session.

    Attributes:
        number: The plate's own frame number.
        picture: (3, H, W), float32, sRGB-encoded 0..1 and finite, on the session's device.
        matte_wanted: False advances the state over the frame without making its matte.
    """

    number: int
    picture: Tensor
    matte_wanted: bool = True


@dataclass(frozen=True)
class Matte:
    """The network's result for one frame. The tensors are the receiver's to keep or change.

    Attributes:
        number: The plate's own frame number.
        alpha: (H, W), float32, 0..1.
        fgr: Straight foreground (3, H, W), float32, sRGB-encoded 0..1; None unless wanted.
    """

    number: int
    alpha: Tensor
    fgr: Tensor | None


class Session:
    """The network and the recurrent state of one shot. A new shot, size or ratio is a new session.

    A frame's matte depends on the frames before it, never on how a range was cut into calls: the network
    always runs on exactly `batch` slots, frame n sits in slot n % batch, and empty slots are padded. So a
    range that starts from the state saved at its first frame equals the same frames of the whole.

    Args:
        network: The weights, which are copied and left unchanged; or prepared ones for `device` and `dtype`, which
            sessions may share.
        width: Of the pictures, in pixels.
        height: Of the pictures, in pixels.
        downsample_ratio: Size of the picture the network looks at, over the size of the picture. Above 1 the
            network looks at an enlarged picture, and its mattes are averaged down again.
        device: Where to compute.
        dtype: Precision of encoder and decoder.
        batch: Frames encoded at once.
        want_fgr: Whether mattes have a foreground; alpha alone is faster.

    Raises:
        JobError: The ratio leaves nothing of a picture of that size.
    """

    def __init__(
        self,
        network: Network,
        *,
        width: int,
        height: int,
        downsample_ratio: float,
        device: torch.device,
        dtype: torch.dtype = torch.float32,
        batch: int = 1,
        want_fgr: bool = True,
    ) -> None:
        if batch < 1:
            raise ValueError(f"A batch holds at least one frame, not {batch}.")
        self.reduced_size: Final = _reduced(width, height, downsample_ratio)
        """Width and height in pixels of the picture the network looks at."""
        self._size = (width, height)
        self._ratio = downsample_ratio
        self._device = device
        self._batch = batch
        self._want_fgr = want_fgr
        shapes = network.architecture.state_shapes(*self.reduced_size)
        self._state_shapes = tuple((1, *shape) for shape in shapes)
        self._network = InferenceNetwork.of(network, device, dtype)
        self._full_size = FullSize(self.reduced_size, self._size, device)
        self._state: State | None = None

    @property
    def state(self) -> State | None:
        """A copy of the recurrent state, (1, C, h, w) each; None before the first frame."""
        if self._state is None:
            return None
        one, two, three, four = (each.clone() for each in self._state)
        return one, two, three, four

    def restore(self, state: State | None) -> None:
        """Continue from a state; None resets it.

        Raises:
            JobError: The state is of another network or size. The session is unchanged.
        """
        if state is not None and tuple(tuple(each.shape) for each in state) != self._state_shapes:
            raise JobError(
                "The recurrent state belongs to another network, picture size or downsample ratio.",
                hint="Go on from a state of the same shot, or render the shot from its start.",
            )
        self._state = None if state is None else self._network.adopted(state)

    def reduce(self, picture: Tensor) -> Tensor:
        """The picture that the network looks at and the state depends on, (3, h, w).

        Args:
            picture: (3, H, W), float32, sRGB-encoded 0..1.

        Raises:
            JobError: It is not of the session's size.
        """
        self._check_size(picture)
        # Laid out the same however it came: resizing rounds differently for other layouts.
        with torch.no_grad():
            return reduce(picture[None].contiguous(), self._ratio)[0]

    def preroll(self, smalls: Sequence[Tensor]) -> None:
        """Advance the state over reduced pictures in the order given, without mattes.

        Bit for bit the same state follows only when the same pictures are cut into calls in the same way.

        Args:
            smalls: From `reduce`, such as the mirrored frames before a shot.
        """
        state = self._state
        with torch.inference_mode():
            for first in range(0, len(smalls), self._batch):
                part = smalls[first : first + self._batch]
                _, state = self._advanced(part, range(len(part)), state, finish=False)
        self._state = state

    def advance(self, inputs: Sequence[NetworkInput]) -> list[Matte]:
        """Advance the state over frames and return the mattes that are wanted. A failure leaves the state unchanged.

        Args:
            inputs: One or more of consecutive numbers, all in one window k * batch to (k + 1) * batch - 1.

        Raises:
            JobError: A picture is not of the session's size.
            ValueError: The numbers are not consecutive or not in one window.
        """
        # Checked before anything is computed: one bad frame must not leave the state half way.
        slots = self._slots(inputs)
        smalls = [self.reduce(each.picture) for each in inputs]
        mattes = {each.number: self._blank(each.number) for each in inputs if each.matte_wanted}
        with torch.inference_mode():
            hidden, state = self._advanced(smalls, slots, self._state, finish=bool(mattes))
            for each, small, slot in zip(inputs, smalls, slots, strict=True):
                if hidden is not None and each.matte_wanted:
                    # From a ratio of 1 on there is no smaller picture, and the guided filter would only blur.
                    coarse = self._network.coarse(small, hidden[slot], refined=self._ratio < 1)
                    matte = mattes[each.number]
                    self._full_size.finish(coarse, each.picture, matte.alpha, matte.fgr)
        self._state = state
        return list(mattes.values())

    def mattes(self, pictures: Iterable[np.ndarray | Tensor], first: int = 0) -> Iterator[Matte]:
        """Matte pictures one after another: arrays in, mattes out.

        Args:
            pictures: Arrays (H, W, 3) of uint8, uint16 or floats, or float tensors (3, H, W); sRGB-encoded,
                integers full-scale, floats 0..1.
            first: Number of the first picture.

        Raises:
            JobError: A picture is not of the session's size.
        """
        inputs = (
            NetworkInput(number, as_picture(each).to(self._device))
            for number, each in enumerate(pictures, first)
        )
        for _, window in groupby(inputs, key=lambda each: each.number // self._batch):
            yield from self.advance(list(window))

    def _slots(self, inputs: Sequence[NetworkInput]) -> range:
        numbers = [each.number for each in inputs]
        slot = numbers[0] % self._batch
        slots = range(slot, slot + len(numbers))
        if slots[-1] >= self._batch or numbers != [*range(numbers[0], numbers[0] + len(numbers))]:
            words = ", ".join(map(str, numbers))
            raise ValueError(f"Frames {words} are not consecutive in one window of {self._batch}.")
        return slots

    def _advanced(
        self, smalls: Sequence[Tensor], slots: range, state: State | None, *, finish: bool
    ) -> tuple[Tensor | None, State]:
        in_slots = dict(zip(slots, smalls, strict=True))
        # Any picture will do as padding: no frame sees another in the encoder, and empty slots are not remembered.
        batch = torch.stack([in_slots.get(slot, smalls[0]) for slot in range(self._batch)])
        return self._network.decode(self._network.encode(batch), state, slots, finish=finish)

    def _blank(self, number: int) -> Matte:
        # Made outside inference mode, so that whoever receives it may change it.
        width, height = self._size
        alpha = torch.empty(height, width, device=self._device)
        return Matte(number, alpha, alpha.new_empty(3, height, width) if self._want_fgr else None)

    def _check_size(self, picture: Tensor) -> None:
        width, height = self._size
        if tuple(picture.shape) != (3, height, width):
            raise JobError(
                f"A picture of shape {tuple(picture.shape)} came into a shot of {width}x{height}.",
                field="plate",
                hint="All frames of a shot have one size; matte pictures of another size as another shot.",
            )


def _reduced(width: int, height: int, downsample_ratio: float) -> tuple[int, int]:
    reduced = reduced_size(width, height, downsample_ratio)
    if min(reduced) < 1:
        raise JobError(
            f"A downsample ratio of {downsample_ratio:g} leaves nothing of a {width}x{height} picture.",
            field="downsample_ratio",
            hint="Choose one that makes the longer side about 512 pixels, or 'auto'.",
        )
    return reduced
