"""One shot on its way from frames to files: the steps that `run` sets side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import torch

from matteline.colour.picture import PictureTransform
from matteline.contract.frames import FrameRange
from matteline.engine.checkpoints import StateFiles, state_files
from matteline.engine.infer import Inference, Shape
from matteline.engine.pipeline import do_nothing
from matteline.engine.plan import Plan
from matteline.engine.read import PlateFrame
from matteline.engine.restore import Finish
from matteline.engine.timeline import Span
from matteline.engine.write import Delivery, Rendered
from matteline.matting.devices import DTYPES
from matteline.matting.rvm.network import MattingNetwork
from matteline.matting.session import Matte, State, Take
from matteline.matting.state import load_state, save_state

Item = TypeVar("Item")

PREROLL_CALL_FRAMES = 8
"""Mirrored frames rolled at once. Fixed, because the state depends on how they are cut into calls."""


@dataclass(frozen=True)
class Conditioned:
    """A frame with its picture for the network."""

    source: PlateFrame
    take: Take


@dataclass(frozen=True)
class Step:
    """One frame on its way out.

    Attributes:
        number: The plate's own frame number.
        notes: What the user should know of it.
        rendered: Frame and matte; None where the state was only rolled over it.
        state: The recurrent state after this frame, where it is to be saved.
        files: What was written; empty until `Shot.deliver`, and for frames rolled over only.
    """

    number: int
    notes: tuple[str, ...]
    rendered: Rendered | None = None
    state: State | None = None
    files: tuple[str, ...] = ()


class Shot:
    """Network, colour transform and writers of one plan. Call `begin` before each span.

    Args:
        plan: What to render.
        network: The plan's network.
        between_frames: Called before each frame enters the network; what it raises ends `begin` or `infer`.
        states: Where the recurrent state is saved and found; by default as a render on one machine does.
    """

    def __init__(
        self,
        plan: Plan,
        network: MattingNetwork,
        between_frames: Callable[[], None] = do_nothing,
        states: StateFiles | None = None,
    ) -> None:
        canvas = plan.plate.canvas
        self._plan = plan
        self._states = states or state_files(plan.outputs)
        self._own: FrameRange | None = None
        self._hashes: Mapping[str, str] | None = None
        self._device = torch.device(plan.device)
        self._network = network
        self._between_frames = between_frames
        self._transform = PictureTransform(
            plan.space,
            exposure_stops=plan.showing.exposure_stops,
            denoise=plan.showing.denoise,
            view=plan.showing.view,
        )
        attributes = {product.name: plan.attributes(product) for product in plan.outputs.products}
        finish = Finish(plan.job.settings, plan.space, self._transform, self._device)
        self._delivery = Delivery(plan.outputs, finish, canvas, attributes)
        self._shape = Shape(
            width=canvas.width,
            height=canvas.height,
            downsample_ratio=plan.downsample_ratio,
            device=self._device,
            dtype=DTYPES[plan.precision],
            want_fgr=any(product.name != "alpha" for product in plan.outputs.products),
        )
        self._inference = self._fresh()

    def _fresh(self) -> Inference:
        return Inference(self._network, self._shape, self._plan.batch)

    def begin(self, span: Span, handles: Iterable[PlateFrame]) -> Iterator[int]:
        """Forget the last span and settle the state for this one; yields each frame number rolled over.

        Args:
            span: What will be run over next.
            handles: The distinct frames of `span.mirrored`, in ascending order.
        """
        self._inference, self._own = self._fresh(), span.own
        session = self._inference.session
        if span.from_state:
            session.restore(self._saved_state(span.frames.first))
        # Only the reduced pictures are held, so a long preroll at 4K costs little memory.
        reduced = {each.frame.number: session.reduce(self._picture(each)) for each in self._checked(handles)}
        for start in range(0, len(span.mirrored), PREROLL_CALL_FRAMES):
            numbers = span.mirrored[start : start + PREROLL_CALL_FRAMES]
            session.preroll([reduced[number] for number in numbers])
            yield from numbers

    def condition(self, source: PlateFrame, span: Span) -> Conditioned:
        """Turn a frame of the plate into the picture that the network sees."""
        number = source.frame.number
        return Conditioned(source, Take(number, self._picture(source), finish=number in span.render))

    def _picture(self, source: PlateFrame) -> torch.Tensor:
        return self._transform.to_network(source.frame.pixels, self._device)

    def infer(self, conditioned: Iterable[Conditioned]) -> Iterator[Step]:
        """Run the network over conditioned frames, in order."""
        waiting: dict[int, PlateFrame] = {}
        for takes, mattes in self._inference.over(_remember(self._checked(conditioned), waiting)):
            state = self._state_after(takes)
            finished = {matte.number: matte for matte in mattes}
            for take in takes:
                step = self._step(waiting.pop(take.number), finished.get(take.number))
                yield replace(step, state=state) if take is takes[-1] else step

    def _checked(self, items: Iterable[Item]) -> Iterator[Item]:
        for item in items:
            self._between_frames()
            yield item
            # The next one may be long in coming.
            self._between_frames()

    def _step(self, source: PlateFrame, matte: Matte | None) -> Step:
        notes = (*self._inference.notes(), *((source.note,) if source.note else ()))
        rendered = None if matte is None else Rendered(source.frame, matte, source.hand)
        return Step(source.frame.number, notes, rendered)

    def _state_after(self, takes: Sequence[Take]) -> State | None:
        first, after = takes[0].number, takes[-1].number + 1
        own = self._own is not None and after in self._own
        return self._inference.session.state if own and self._states.is_due(first, after) else None

    def deliver(self, step: Step) -> Step:
        """Write the products of a frame, if it has any, and let its pixels go."""
        if step.rendered is None:
            return step
        return replace(step, files=self._delivery.write(step.rendered), rendered=None)

    def keep_state(self, step: Step) -> None:
        """Save the state after a frame that is wholly on disk, and drop older ones."""
        if step.state is not None:
            after = step.number + 1
            save_state(self._states.file(after), step.state, next_frame=after, hashes=self._made_with())
            self._states.trim(self._states.keep)

    def _saved_state(self, next_frame: int) -> State:
        state, _ = load_state(self._states.file(next_frame), hashes=self._made_with())
        return state

    def _made_with(self) -> Mapping[str, str]:
        # Only once it is needed: it reads from every file of the plate.
        if self._hashes is None:
            self._hashes = self._states.hashes or self._plan.hashes()
        return self._hashes


def _remember(conditioned: Iterable[Conditioned], waiting: dict[int, PlateFrame]) -> Iterator[Take]:
    for each in conditioned:
        waiting[each.take.number] = each.source
        yield each.take
