"""One shot on its way from frames to files: the steps that `run` sets side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import torch

from matteline.colour.picture import PictureTransform
from matteline.engine.checkpoints import StateFiles, StateHashes, state_files
from matteline.engine.infer import FrameResult, Inference, SessionShape
from matteline.engine.people_mattes import PeopleMattes
from matteline.engine.pipeline import do_nothing
from matteline.engine.plan import Plan
from matteline.engine.provenance import attributes, frame_provenance
from matteline.engine.read import PlateFrame
from matteline.engine.recipe import RunHashes
from matteline.engine.restore import Restore
from matteline.engine.segments import segment_of
from matteline.engine.timeline import SavedState, Span
from matteline.engine.write import ProductWriter
from matteline.matting.devices import DTYPES, with_memory
from matteline.matting.rvm.inference import Network
from matteline.matting.session import Matte, State
from matteline.matting.state import load_state, save_state

Item = TypeVar("Item")

PREROLL_CALL_FRAMES = 8
"""Mirrored frames shown to the network at once. Fixed, because the state depends on how they are cut into calls."""


class Shot:
    """Network, colour transform and writers of one plan. Call `begin` before each span.

    Args:
        plan: The plan to render.
        network: The plan's network; None where it uses none.
        between_frames: Called before each frame enters the network; what it raises ends `begin` or `infer`.
        states: Files of the recurrent state; by default those of a render on one machine.
        hashes: What a state must have been saved with; by default the plan's own.
    """

    def __init__(
        self,
        plan: Plan,
        network: Network | None,
        between_frames: Callable[[], None] = do_nothing,
        states: StateFiles | None = None,
        hashes: StateHashes | None = None,
    ) -> None:
        canvas, conditioning = plan.plate.canvas, plan.conditioning
        self._plan = plan
        self._states = states or state_files(plan.outputs)
        self._hashes = hashes
        self._device = torch.device(plan.settings.device)
        self._network = network
        self._between_frames = between_frames
        self._transform = PictureTransform(
            plan.space,
            exposure_stops=conditioning.exposure_stops,
            denoise=conditioning.denoise,
            view=conditioning.view,
        )
        products = plan.outputs.products
        restore = Restore(plan.settings, plan.space, self._transform, self._device)
        metadata = {product.name: attributes(plan, product) for product in products}
        self._writer = ProductWriter(
            plan.outputs,
            restore,
            canvas,
            metadata,
            frame_attributes=frame_provenance(plan),
            people=PeopleMattes(plan) if plan.people is not None else None,
        )
        self._shape = SessionShape(
            width=canvas.width,
            height=canvas.height,
            plate_ratio=plan.downsample_ratio,
            device=self._device,
            dtype=DTYPES[plan.settings.precision],
            # Nobody reads the foreground where only alpha and people are written.
            want_fgr=any(not product.is_matte for product in products),
        )
        self._inference: Inference | None = None
        self._span: Span | None = None
        self._first = 0

    def begin(self, span: Span, mirrored: Iterable[PlateFrame]) -> Iterator[int]:
        """Reset the state and bring it to the first frame of a span; yields each frame number of the preroll.

        Args:
            span: The span that `infer` will be called for next.
            mirrored: The distinct frames of `span.mirrored`, in ascending order.
        """
        if not self._plan.uses_network:
            self._span = span
            return
        assert self._network is not None
        # A span that renders nothing, as one that only saves states, belongs to the segment that it ends in.
        segment = segment_of(
            self._plan.segments, span.render.first if span.render.ranges else span.frames.last
        )
        inference = Inference(self._network, self._shape, segment, self._plan.batch)
        self._inference, self._span, self._first = inference, span, segment.frames.first
        if span.from_state:
            inference.restore(self._saved_states(span), span.frames.first)
        # Only the reduced pictures are held, so a long preroll at 4K costs little memory.
        first = span.frames.first
        reduced = {
            frame.number: inference.reduce(self._network_picture(frame), first)
            for frame in self._checked(mirrored)
        }
        for start in range(0, len(span.mirrored), PREROLL_CALL_FRAMES):
            numbers = span.mirrored[start : start + PREROLL_CALL_FRAMES]
            inference.preroll([reduced[number] for number in numbers], first)
            yield from numbers

    def condition(self, frame: PlateFrame) -> PlateFrame:
        """Add the network's picture to a frame of the plate."""
        return replace(frame, picture=self._network_picture(frame))

    def _network_picture(self, frame: PlateFrame) -> torch.Tensor:
        pixels = frame.frame.pixels
        return with_memory(self._device, lambda: self._transform.to_network(pixels, self._device))

    def infer(self, frames: Iterable[PlateFrame]) -> Iterator[FrameResult]:
        """Run the network over the conditioned frames of the span, in order; or take the alpha that is given."""
        if not self._plan.uses_network:
            yield from map(self._given, self._checked(frames))
            return
        assert self._span is not None and self._inference is not None, "begin() names the span"
        for batch in self._inference.run(self._checked(frames), self._span.render):
            yield from batch[:-1]
            after = batch[-1].number + 1
            # Not among the handles before a segment: there the state is another segment's as well.
            due = self._states.is_due(batch[0].number, after) and after > self._first
            # Copied now: the next batch changes it before this frame is on disk.
            yield replace(batch[-1], states=self._inference.states) if due else batch[-1]

    def _given(self, frame: PlateFrame) -> FrameResult:
        """Return a frame with the alpha that another tool made."""
        alpha = frame.user_mattes.alpha
        assert alpha is not None, "frames carry the mattes that the plan names"
        notes = (frame.note,) if frame.note else ()
        matte = Matte(frame.number, torch.from_numpy(alpha).to(self._device), None)
        return FrameResult(frame.number, notes, frame, matte)

    def _checked(self, items: Iterable[Item]) -> Iterator[Item]:
        for item in items:
            self._between_frames()
            yield item
            # The next one may be long in coming.
            self._between_frames()

    def restore_and_write(self, result: FrameResult) -> FrameResult:
        """Write the products of a frame, if it has a matte, and drop its pixels."""
        frame, matte = result.frame, result.matte
        if matte is None or frame is None:
            return replace(result, frame=None)
        files = with_memory(self._device, lambda: self._writer.write(frame, matte, result.ratio))
        # Results wait in a queue until the frames before them are written; their pixels are on disk already.
        return replace(result, files=files, frame=None, matte=None)

    def save_states(self, after: int, states: Sequence[State]) -> None:
        """Save the states after the frame before `after`, which is wholly on disk."""
        assert self._span is not None, "begin() names the span"
        saved = SavedState(self._span.run, after)
        save_state(self._states.file(saved), states, next_frame=after, hashes=self._state_hashes(saved))

    def _saved_states(self, span: Span) -> Sequence[State]:
        saved = SavedState(span.run, span.frames.first)
        states, _ = load_state(self._states.file(saved), hashes=self._state_hashes(saved))
        return states

    def _state_hashes(self, saved: SavedState) -> Mapping[str, str]:
        # Only once it is needed: it reads from every file of the run.
        if self._hashes is None:
            self._hashes = RunHashes(self._plan)
        return self._hashes(saved)
