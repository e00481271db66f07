"""Infer: the network over one span, in batches aligned to absolute frame numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from matteline.contract.errors import DeviceError, ReadError
from matteline.contract.frames import FrameSet
from matteline.engine.read import PlateFrame
from matteline.matting.rvm.network import MattingNetwork
from matteline.matting.session import Matte, NetworkInput, Session, State


@dataclass(frozen=True)
class SessionShape:
    """Size, ratio and arithmetic of the sessions of one shot; see `Session`."""

    width: int
    height: int
    downsample_ratio: float
    device: torch.device
    dtype: torch.dtype
    want_fgr: bool


@dataclass(frozen=True)
class FrameResult:
    """One frame after the network, on its way to its files.

    Attributes:
        number: The plate's own frame number.
        notes: Sentences for the user.
        frame: The plate's frame; None once its files are written.
        matte: The network's matte; None where only the state was advanced over the frame.
        state: The recurrent state after this frame, where it is to be saved; None elsewhere.
        files: The files written; empty before that, and for frames without a matte.
    """

    number: int
    notes: tuple[str, ...] = ()
    frame: PlateFrame | None = None
    matte: Matte | None = None
    state: State | None = None
    files: tuple[str, ...] = ()


class Inference:
    """The network over one span. When GPU memory runs out it halves its batch and continues.

    Args:
        network: Weights, in evaluation mode.
        shape: Size and arithmetic of the sessions.
        batch: Frames to encode at once, as long as memory allows.
    """

    def __init__(self, network: MattingNetwork, shape: SessionShape, batch: int) -> None:
        self._network = network
        self._shape = shape
        self._batch = batch
        self._session = self._new_session()
        self._notes: list[str] = []

    def _new_session(self) -> Session:
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

    def run(self, frames: Iterable[PlateFrame], render: FrameSet) -> Iterator[list[FrameResult]]:
        """Advance over conditioned frames of consecutive numbers, batch by batch.

        When a batch is yielded, the session's state is the one after its last frame.

        Args:
            frames: Conditioned frames.
            render: Numbers of the frames whose mattes are wanted.
        """
        for batch in self._batches(frames):
            yield from self._advance(batch, render)

    def _batches(self, frames: Iterable[PlateFrame]) -> Iterator[list[PlateFrame]]:
        batch: list[PlateFrame] = []
        try:
            for frame in frames:
                batch.append(frame)
                if (frame.number + 1) % self._batch == 0:
                    yield batch
                    batch = []
        except ReadError:
            # The frames before the unreadable one still get their mattes.
            if batch:
                yield batch
            raise
        if batch:
            yield batch

    def _advance(self, frames: list[PlateFrame], render: FrameSet) -> Iterator[list[FrameResult]]:
        inputs = [NetworkInput(frame.number, _picture(frame), frame.number in render) for frame in frames]
        try:
            mattes = self._session.advance(inputs)
        except torch.OutOfMemoryError:
            mattes = None
        if mattes is None:
            # Outside the `except`: there the traceback would keep the tensors of the failed call alive.
            self._halve_batch()
            yield from self.run(frames, render)
            return
        of_batch, self._notes = self._notes, []
        by_number = {matte.number: matte for matte in mattes}
        results = [
            FrameResult(frame.number, _notes(frame), frame, by_number.get(frame.number)) for frame in frames
        ]
        results[0] = replace(results[0], notes=(*of_batch, *results[0].notes))
        yield results

    def _halve_batch(self) -> None:
        if self._batch == 1:
            raise DeviceError(
                f"{self._shape.device} has too little memory for this plate, even frame by frame.",
                hint="Close other programs that use the GPU, lower the downsample ratio, or render on the CPU.",
                settings=("downsample_ratio", "device=cpu"),
            )
        state: State | None = self._session.state
        self._batch //= 2
        torch.cuda.empty_cache()
        self._session = self._new_session()
        self._session.restore(state)
        self._notes.append(
            f"{self._shape.device} ran out of memory; continuing with batches of {self._batch} frames."
        )


def _picture(frame: PlateFrame) -> Tensor:
    assert frame.picture is not None, "frames are conditioned before they are inferred"
    return frame.picture


def _notes(frame: PlateFrame) -> tuple[str, ...]:
    return (frame.note,) if frame.note else ()
