"""Parts of a render, for machines that share one: the states first, then chunks, then what needs all frames.

A chunk is the same as a resume that finds everything done but its own frames: it continues from the latest
state at or before them, so its pixels are those of one unbroken run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from matteline.contract.events import Event, Finished, Started
from matteline.contract.frames import FrameRange, FrameSet
from matteline.engine.checkpoints import StateFiles, StateHashes, begin_from_states
from matteline.engine.outputs import prepare_folders
from matteline.engine.pipeline import do_nothing
from matteline.engine.plan import Plan
from matteline.engine.record import record_plan
from matteline.engine.timeline import SavedState, Span, begin_at, lay_out, resume

if TYPE_CHECKING:
    from matteline.matting.rvm.inference import Network


def chunk_of(plan: Plan, frames: FrameSet, done: FrameSet, states: StateFiles, hashes: StateHashes) -> Plan:
    """Plan some of the frames, from the latest usable state before them.

    Args:
        plan: The plan of the whole.
        frames: The frames of the chunk.
        done: Frames that need not be rendered again.
        states: The files of states.
        hashes: What a state must have been saved with.
    """
    # What other chunks render counts as done: the span then begins as close to this chunk as a state allows.
    others = plan.frames.minus(frames)
    done = FrameSet.joined((*others.ranges, *done.ranges))
    # A farm's states are saved for one job: one of anything else tells that its plate, model or settings changed.
    spans = begin_from_states(plan.spans, done, states, hashes, refuse_others=True)
    return replace(plan, spans=spans)


def prerolled_chunk(plan: Plan, frames: FrameSet, done: FrameSet, preroll_frames: int) -> Plan:
    """Plan some of the frames, settled by a preroll instead: near the whole, but not equal to it."""
    return replace(
        plan,
        spans=resume(
            lay_out(frames, [segment.frames for segment in plan.segments], preroll_frames, plan.shots),
            done,
            (),
        ),
    )


def state_pass(plan: Plan, frames: FrameRange, states: StateFiles, there: Sequence[SavedState]) -> Plan:
    """Plan the pass that writes the states which rendering these frames needs, except those already `there`."""
    wanted = (_state_span(span, frames, states, there) for span in plan.spans)
    return replace(plan, spans=tuple(span for span in wanted if span is not None), user_mattes=())


def _state_span(
    span: Span, frames: FrameRange, states: StateFiles, there: Sequence[SavedState]
) -> Span | None:
    if span.render.first > frames.last or span.render.last < frames.first:
        return None
    missing = [each for each in states.due(span) if each.next_frame <= frames.last and each not in there]
    if not missing:
        return None
    first, last = missing[0].next_frame, missing[-1].next_frame - 1
    return replace(begin_at(span, first, last, there), render=FrameSet())


def run_part(
    plan: Plan,
    states: StateFiles,
    hashes: StateHashes,
    *,
    network: Network | None = None,
    between_frames: Callable[[], None] = do_nothing,
) -> Generator[Event, None, None]:
    """Run what `chunk_of`, `prerolled_chunk` or `state_pass` planned. Raises as `run` does.

    Args:
        plan: The part.
        states: The files of states; their folder exists. None of them is removed.
        hashes: What a state must have been saved with.
        network: The plan's network, for callers that keep one loaded.
        between_frames: As for `run`.
    """
    started = time.perf_counter()
    yield Started(len(plan.render), plan.weights.name, plan.settings.device, str(plan.outputs.folder))
    if plan.render.ranges:
        prepare_folders(plan.outputs)
        record_plan(plan)
    if plan.spans:
        # It loads torch: whether there is anything to do at all is found without.
        from matteline.engine.run import run_spans

        yield from run_spans(plan, network, between_frames, states, hashes)
    yield Finished(len(plan.render), time.perf_counter() - started)
