"""Infer: the network over one span, in batches aligned to absolute frame numbers.

The network sees the whole plate, or regions of it that follow its people. Each has a session and so a recurrent state
of its own; their mattes are blended into one of the whole canvas.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import torch
from torch import Tensor

from matteline.contract.errors import ReadError
from matteline.contract.frames import FrameSet
from matteline.contract.plate import Window
from matteline.contract.shot_notes import Region, Segment
from matteline.engine.read import PlateFrame
from matteline.engine.regions import RegionBlend, cut_out, strides_between
from matteline.matting.devices import attempt, release_memory, too_little_memory
from matteline.matting.moved_state import moved_state
from matteline.matting.rvm.inference import Network
from matteline.matting.session import Matte, NetworkInput, Session, State


@dataclass(frozen=True)
class SessionShape:
    """Size and arithmetic of the sessions of one shot.

    Attributes:
        width: Of the plate's canvas, in pixels.
        height: Of the plate's canvas, in pixels.
        plate_ratio: Size of the network's picture of the whole plate, as a fraction of the plate.
        device: The device of the network.
        dtype: Precision of encoder and decoder.
        want_fgr: True where mattes need a foreground.
    """

    width: int
    height: int
    plate_ratio: float
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
        ratio: Size of the network's picture as a fraction of the plate, where it was largest.
        states: The recurrent states after this frame, where they are to be saved; empty elsewhere.
        files: The files written; empty before that, and for frames without a matte.
    """

    number: int
    notes: tuple[str, ...] = ()
    frame: PlateFrame | None = None
    matte: Matte | None = None
    ratio: float = 1.0
    states: tuple[State, ...] = ()
    files: tuple[str, ...] = ()


class Inference:
    """The network over one span. When GPU memory runs out it halves its batch and continues.

    Args:
        network: Weights, in evaluation mode.
        shape: Size and arithmetic of the sessions.
        segment: The frames that the span belongs to, and the regions that the network sees of them.
        batch: Frames to encode at once, as long as memory allows.
    """

    def __init__(self, network: Network, shape: SessionShape, segment: Segment, batch: int) -> None:
        self._network = network
        self._shape = shape
        self._segment = segment
        self._batch = batch
        self._views = self._new_views()
        self._notes: list[str] = []

    def _new_views(self) -> list[_View]:
        regions: Sequence[Region | None] = self._segment.regions or (None,)
        return [
            _View(self._network, self._shape, region, self._segment.frames.first, self._batch)
            for region in regions
        ]

    @property
    def ratio(self) -> float:
        """Size of the network's picture as a fraction of the plate, where it is largest."""
        return max(view.ratio for view in self._views)

    @property
    def states(self) -> tuple[State, ...]:
        """Copies of the recurrent states, one for each region; empty before the first frame."""
        states = [view.session.state for view in self._views]
        return tuple(state for state in states if state is not None)

    def restore(self, states: Sequence[State], next_frame: int) -> None:
        """Continue from saved states.

        Raises:
            JobError: They are of another network, of other regions or of another size.
        """
        for view, state in zip(self._views, states, strict=True):
            view.restore(state, next_frame)

    def reduce(self, picture: Tensor, at_frame: int) -> tuple[Tensor, ...]:
        """Return the reduced pictures of all regions, where they lie in another frame.

        Args:
            picture: (3, H, W) float32, sRGB-encoded 0..1.
            at_frame: The frame that the picture is shown before: mirrored frames are seen where the regions lie in
                the first one.
        """
        return tuple(view.reduce(picture, at_frame) for view in self._views)

    def preroll(self, reduced: Sequence[tuple[Tensor, ...]], at_frame: int) -> None:
        """Advance the states over reduced pictures in the order given, without mattes.

        Args:
            reduced: From `reduce`.
            at_frame: As they were reduced for.
        """
        before = self._states_to_go_back_to()
        while not attempt(lambda: self._preroll(reduced)):
            self._halve_batch(before, at_frame + 1)

    def _preroll(self, reduced: Sequence[tuple[Tensor, ...]]) -> None:
        for index, view in enumerate(self._views):
            view.session.preroll([pictures[index] for pictures in reduced])

    def _states_to_go_back_to(self) -> tuple[State, ...]:
        # Only a GPU runs out of memory, and then some regions may have advanced and others not.
        return self.states if self._shape.device.type == "cuda" else ()

    def run(self, frames: Iterable[PlateFrame], render: FrameSet) -> Iterator[list[FrameResult]]:
        """Advance over conditioned frames of consecutive numbers, batch by batch.

        When a batch is yielded, `states` are those after its last frame.

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
                # Batches end at multiples of absolute frame numbers, so that a range and the whole encode the same
                # frames together.
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
        before = self._states_to_go_back_to()
        made = attempt(lambda: self._mattes(frames, render))
        if not made:
            self._halve_batch(before, frames[0].number)
            # Through `run`, which cuts the frames of the failed batch into smaller ones, aligned like all others.
            yield from self.run(frames, render)
            return
        mattes = made[0]
        of_batch, self._notes = self._notes, []
        results = [
            FrameResult(frame.number, _notes(frame), frame, mattes.get(frame.number), self.ratio)
            for frame in frames
        ]
        results[0] = replace(results[0], notes=(*of_batch, *results[0].notes))
        yield results

    def _mattes(self, frames: Sequence[PlateFrame], render: FrameSet) -> dict[int, Matte]:
        """Return the mattes wanted of a batch, of the whole canvas."""
        if self._segment.regions:
            blends = {frame.number: _Blend(self._shape) for frame in frames if frame.number in render}
            for view in self._views:
                for matte, window in view.advance(frames, render):
                    blends[matte.number].put(matte, window, view)
            return {number: blend.matte(number) for number, blend in blends.items()}
        (plate,) = self._views
        return {matte.number: matte for matte, _ in plate.advance(frames, render)}

    def _halve_batch(self, states: Sequence[State], next_frame: int) -> None:
        if self._batch == 1:
            raise too_little_memory(self._shape.device)
        self._batch //= 2
        # Before new sessions are made: the old ones hold memory that the device has run out of.
        self._views = []
        release_memory()
        self._views = self._new_views()
        if states:
            self.restore(states, next_frame)
        self._notes.append(
            f"{self._shape.device} ran out of memory; continuing with batches of {self._batch} frames."
        )


class _View:
    """A session that sees one region of the plate, or all of it.

    Args:
        network: Weights, in evaluation mode.
        shape: Size and arithmetic.
        region: The region; None for the whole plate.
        first: The first frame of the segment: in earlier frames, its handles, the region lies as in this one.
        batch: Frames to encode at once.
    """

    def __init__(
        self, network: Network, shape: SessionShape, region: Region | None, first: int, batch: int
    ) -> None:
        self._region, self._first = region, first
        self._canvas = Window(0, 0, shape.width, shape.height)
        self.ratio = shape.plate_ratio if region is None else region.ratio
        self.step = 0 if region is None else region.step
        self._window: Window | None = None
        window = self._canvas if region is None else region.window(first)
        self.session = Session(
            network,
            width=window.width,
            height=window.height,
            downsample_ratio=self.ratio,
            device=shape.device,
            dtype=shape.dtype,
            batch=batch,
            want_fgr=shape.want_fgr,
        )

    def restore(self, state: State, next_frame: int) -> None:
        self.session.restore(state)
        # The state fits the place of the frame before; it is moved when the next one enters.
        self._window = self._window_in(next_frame - 1)

    def reduce(self, picture: Tensor, at_frame: int) -> Tensor:
        # The mirrored frames settle the state for this place, from which `advance` moves it on.
        self._window = self._window_in(at_frame)
        return self.session.reduce(self._part(picture, self._window))

    def advance(self, frames: Sequence[PlateFrame], render: FrameSet) -> Iterator[tuple[Matte, Window]]:
        for window, still in groupby(frames, key=lambda frame: self._window_in(frame.number)):
            self._move_to(window)
            inputs = [
                NetworkInput(frame.number, self._part(_picture(frame), window), frame.number in render)
                for frame in still
            ]
            for matte in self.session.advance(inputs):
                yield matte, window

    def _window_in(self, number: int) -> Window:
        return self._canvas if self._region is None else self._region.window(max(number, self._first))

    def _part(self, picture: Tensor, window: Window) -> Tensor:
        return picture if self._region is None else cut_out(picture, window)

    def _move_to(self, window: Window) -> None:
        """Move the state along with the region."""
        before, self._window = self._window, window
        state = self.session.state if before not in (None, window) else None
        if state is not None and before is not None:
            self.session.restore(moved_state(state, *strides_between(before, window, self.step)))


class _Blend:
    """The matte of one frame, put together from its regions."""

    def __init__(self, shape: SessionShape) -> None:
        like = torch.empty(0, device=shape.device)
        self._blend = RegionBlend(shape.height, shape.width, like)
        # Outside all regions nobody was seen: alpha is 0, and so is the foreground.
        self._fgr = like.new_zeros(3, shape.height, shape.width) if shape.want_fgr else None

    def put(self, matte: Matte, window: Window, view: _View) -> None:
        self._blend.put(matte.alpha, window, view.step, matte.fgr, self._fgr)

    def matte(self, number: int) -> Matte:
        return Matte(number, self._blend.alpha, self._fgr)


def _picture(frame: PlateFrame) -> Tensor:
    assert frame.picture is not None, "frames are conditioned before they are inferred"
    return frame.picture


def _notes(frame: PlateFrame) -> tuple[str, ...]:
    return (frame.note,) if frame.note else ()
