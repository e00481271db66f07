"""From conditioned frames to mattes: one span's session, in windows aligned to absolute frame numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch

from matteline.contract.errors import DeviceError, ReadError
from matteline.matting.rvm.network import MattingNetwork
from matteline.matting.session import Matte, Session, State, Take


@dataclass(frozen=True)
class Shape:
    """What a session is made for: the plate's size, the ratio, and how the device computes."""

    width: int
    height: int
    downsample_ratio: float
    device: torch.device
    dtype: torch.dtype
    want_fgr: bool


class Inference:
    """The network over one span. When GPU memory runs out it halves its batch and goes on.

    Args:
        network: Weights, in evaluation mode.
        shape: What the sessions are made for.
        batch: Frames to encode at once, as long as memory allows.
    """

    def __init__(self, network: MattingNetwork, shape: Shape, batch: int) -> None:
        self._network = network
        self._shape = shape
        self._batch = batch
        self._session = self._open()
        self._notes: list[str] = []

    def _open(self) -> Session:
        shape = self._shape
        return Session(
            self._network,
            width=shape.width,
            height=shape.height,
            downsample_ratio=shape.downsample_ratio,
            device=shape.device,
            dtype=shape.dtype,
            batch=self._batch,
            want_fgr=shape.want_fgr,
        )

    @property
    def session(self) -> Session:
        """The session in use; a new one after the batch was halved."""
        return self._session

    def notes(self) -> list[str]:
        """Sentences since the last call about what was changed to go on."""
        notes, self._notes = self._notes, []
        return notes

    def over(self, takes: Iterable[Take]) -> Iterator[tuple[Sequence[Take], list[Matte]]]:
        """Advance over consecutive takes, window by window."""
        for window in self._windows(takes):
            yield from self._advance(window)

    def _windows(self, takes: Iterable[Take]) -> Iterator[list[Take]]:
        window: list[Take] = []
        try:
            for take in takes:
                window.append(take)
                if (take.number + 1) % self._batch == 0:
                    yield window
                    window = []
        except ReadError:
            # The frames before the unreadable one still get their mattes.
            if window:
                yield window
            raise
        if window:
            yield window

    def _advance(self, takes: list[Take]) -> Iterator[tuple[Sequence[Take], list[Matte]]]:
        try:
            mattes = self._session.advance(takes)
        except torch.OutOfMemoryError:
            self._halve()
        else:
            yield takes, mattes
            return
        yield from self.over(takes)

    def _halve(self) -> None:
        if self._batch == 1:
            raise DeviceError(
                f"{self._shape.device} has too little memory for this plate, even frame by frame.",
                hint="Close other programs that use the GPU, lower --downsample-ratio, or use --device cpu.",
            )
        state: State | None = self._session.state
        self._batch //= 2
        torch.cuda.empty_cache()
        self._session = self._open()
        self._session.restore(state)
        self._notes.append(
            f"{self._shape.device} ran out of memory; going on with batches of {self._batch} frames."
        )
